/* SPDX-License-Identifier: Apache-2.0 */
/* Channels (RFC 8656 §12). */
#ifndef RTCLAB_PROBES_SERVER_CHANNEL_H
#define RTCLAB_PROBES_SERVER_CHANNEL_H

#include "probes/server/allocation.h"

void srv_channel_handle(struct probe_server *s, struct srv_request *q);

/* Handles a datagram, or a message of a stream, that starts like ChannelData. */
void srv_channel_receive(struct probe_server *s, const struct srv_path *path,
                         const uint8_t *bytes, size_t size);

/* Whether a number is one of a channel. */
bool srv_channel_is_valid(const struct probe_server *s, unsigned number);

/* The channel that is bound to a peer; 0: none. */
uint16_t srv_channel_of_peer(const struct probe_server *s, const struct srv_allocation *a,
                             const struct endpoint *peer);

#endif
