/* SPDX-License-Identifier: Apache-2.0 */
/* Ports for relays, and those kept for a RESERVATION-TOKEN. */
#ifndef RTCLAB_PROBES_SERVER_RELAY_PORT_H
#define RTCLAB_PROBES_SERVER_RELAY_PORT_H

#include "probes/server/state.h"

enum srv_parity { SRV_PARITY_ANY, SRV_PARITY_EVEN, SRV_PARITY_ODD };

/* Binds a socket of `type` (SOCK_DGRAM, SOCK_STREAM) to a free port at `address`; -1 if
 * there is none. */
int srv_relay_port_open(struct probe_server *s, int type, const struct address *address,
                        enum srv_parity parity, struct endpoint *ret_local);

/* An even port, and the next one kept for 30 s under a token. */
int srv_relay_port_open_pair(struct probe_server *s, const struct address *address,
                             struct endpoint *ret_local, uint64_t *ret_token);

/* The family of what is kept under a token; ADDRESS_NONE if there is nothing. */
uint8_t srv_relay_port_family(const struct probe_server *s, uint64_t token);

/* The socket that was kept under a token; -1 if there is none. */
int srv_relay_port_redeem(struct probe_server *s, uint64_t token,
                          struct endpoint *ret_local);

/* Gives up what nobody has redeemed; returns when to be called again. */
int64_t srv_reservations_expire(struct probe_server *s);

void srv_reservation_clear(gpointer reservation);

#endif
