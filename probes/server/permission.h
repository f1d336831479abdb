/* SPDX-License-Identifier: Apache-2.0 */
/* Permissions (RFC 8656 §9, §10). */
#ifndef RTCLAB_PROBES_SERVER_PERMISSION_H
#define RTCLAB_PROBES_SERVER_PERMISSION_H

#include "probes/server/allocation.h"

enum { SRV_PERMISSION_SECONDS = 300 };

void srv_permission_handle(struct probe_server *s, struct srv_request *q);

/* Whether a peer's data may pass, either way. */
bool srv_permission_allows(const struct probe_server *s, const struct srv_allocation *a,
                           const struct endpoint *peer);

/* Installs or refreshes one; false if there is no room. */
bool srv_permission_install(struct probe_server *s, struct srv_allocation *a,
                            const struct endpoint *peer, unsigned lifetime_s);

/* Refreshes one that there is. */
void srv_permission_refresh(struct probe_server *s, struct srv_allocation *a,
                            const struct endpoint *peer);

/* Why an allocation cannot have a peer: 443, 403 or 0. */
unsigned srv_permission_judge(const struct probe_server *s,
                              const struct srv_allocation *a,
                              const struct endpoint *peer);

#endif
