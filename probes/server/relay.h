/* SPDX-License-Identifier: Apache-2.0 */
/* Data between clients and peers, over UDP. */
#ifndef RTCLAB_PROBES_SERVER_RELAY_H
#define RTCLAB_PROBES_SERVER_RELAY_H

#include "probes/server/allocation.h"

/* Starts to take in what comes to a relayed address; false: not possible. */
bool srv_relay_start(struct probe_server *s, struct srv_relay *relay);

/* Handles a Send indication. */
void srv_relay_handle_send(struct probe_server *s, struct srv_request *q);

/* Sends a datagram to a peer; `tos` is what the client's came with. */
void srv_relay_to_peer(struct probe_server *s, struct srv_allocation *a,
                       const struct endpoint *peer, const uint8_t *data, size_t size,
                       bool is_dont_fragment, uint8_t tos);

#endif
