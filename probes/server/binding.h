/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_PROBES_SERVER_BINDING_H
#define RTCLAB_PROBES_SERVER_BINDING_H

#include "probes/server/request.h"

void srv_binding_handle(struct probe_server *s, struct srv_request *q);

/* Whether a client of this path can be answered from another address. */
bool srv_binding_can_change(const struct probe_server *s, const struct srv_path *path);

#endif
