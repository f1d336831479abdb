/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations that follow their client from one address to another (RFC 8016). */
#ifndef RTCLAB_PROBES_SERVER_MOBILITY_H
#define RTCLAB_PROBES_SERVER_MOBILITY_H

#include "probes/server/allocation.h"

/* Whether an Allocate's ticket is in order (or there is none); if not, it is answered. */
bool srv_mobility_check_allocate(struct probe_server *s, const struct srv_request *q,
                                 bool *ret_is_mobile);

/* Makes an allocation's next ticket and adds it to a reply. */
void srv_mobility_add_ticket(struct probe_server *s, struct srv_allocation *a,
                             struct srv_reply *r);

/* Handles a Refresh that has a ticket: moves the allocation, which is returned; or
 * answers and returns NULL. */
struct srv_allocation *srv_mobility_refresh(struct probe_server *s,
                                            const struct srv_request *q,
                                            const struct stunmsg_text *ticket);

#endif
