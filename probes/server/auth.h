/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_PROBES_SERVER_AUTH_H
#define RTCLAB_PROBES_SERVER_AUTH_H

#include "probes/server/request.h"

/* Checks who made a request. If nobody proven did, the request is answered and false is
 * returned; else its user and key are set. */
bool srv_auth_check(struct probe_server *s, struct srv_request *q);

#endif
