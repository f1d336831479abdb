/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_PROBES_SERVER_PATH_H
#define RTCLAB_PROBES_SERVER_PATH_H

#include "probes/server/state.h"

/* Sends a whole STUN or ChannelData message to the client; ChannelData is padded here
 * where the transport needs it. What cannot be sent is lost, as on any network. */
void srv_path_send(struct probe_server *s, const struct srv_path *path,
                   const uint8_t *bytes, size_t size);

/* The same with an IPv4 TOS or IPv6 traffic class; over streams there is none. */
void srv_path_send_tos(struct probe_server *s, const struct srv_path *path,
                       const uint8_t *bytes, size_t size, uint8_t tos);

/* Sends a datagram from a listener to an address, without any transport above UDP. */
void srv_path_send_udp(const struct srv_listener *from, const struct endpoint *to,
                       const uint8_t *bytes, size_t size, uint8_t tos);

/* The UDP listener that a reply by RFC 5780 comes from, or NULL. */
struct srv_listener *srv_path_listener(struct probe_server *s,
                                       const struct srv_listener *near,
                                       bool at_other_address, bool at_other_port);

#endif
