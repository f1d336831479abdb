/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_PROBES_SERVER_MESSAGE_H
#define RTCLAB_PROBES_SERVER_MESSAGE_H

#include "probes/server/state.h"

/* Handles a datagram, or a whole message of a stream, whatever is in it. */
void srv_message_receive(struct probe_server *s, const struct srv_path *path,
                         const uint8_t *bytes, size_t size);

/* As stunmsg_frame_size(), with the channels that the server's profile has. */
enum stunmsg_error srv_message_frame_size(const struct probe_server *s,
                                          const uint8_t *bytes, size_t size,
                                          size_t *ret_size);

#endif
