/* SPDX-License-Identifier: Apache-2.0 */
/* Who the users are and what proves them. */
#ifndef RTCLAB_PROBES_SERVER_USERS_H
#define RTCLAB_PROBES_SERVER_USERS_H

#include "probes/server/request.h"

enum srv_algorithm { SRV_MD5 = 1, SRV_SHA256 = 2 }; /* RFC 8489 §18.5.1 */

/* Finds who made a request, and sets its user and key. */
bool srv_users_find(const struct probe_server *s, struct srv_request *q,
                    enum srv_algorithm algorithm);

/* Reads an ACCESS-TOKEN (RFC 7635 §6.2): sets the request's key if it is good. */
bool srv_token_open(const struct probe_server *s, const struct stunmsg_text *token,
                    struct srv_request *q);

#endif
