/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_PROBES_SERVER_ALLOCATE_H
#define RTCLAB_PROBES_SERVER_ALLOCATE_H

#include "probes/server/request.h"

void srv_allocate_handle(struct probe_server *s, struct srv_request *q);
void srv_refresh_handle(struct probe_server *s, struct srv_request *q);

#endif
