/* SPDX-License-Identifier: Apache-2.0 */
/* Clients over DTLS (RFC 7350). */
#ifndef RTCLAB_PROBES_SERVER_DTLS_H
#define RTCLAB_PROBES_SERVER_DTLS_H

#include "probes/server/state.h"

/* Takes a datagram in that came to a listener of DTLS. */
void srv_dtls_receive(struct probe_server *s, const struct srv_path *path,
                      const uint8_t *bytes, size_t size);

/* Sends a message to a client, if there is a session with it. */
void srv_dtls_send(struct probe_server *s, const struct srv_path *path,
                   const uint8_t *bytes, size_t size);

/* Repeats lost flights and ends silent sessions; returns when to be called again. */
int64_t srv_dtls_expire(struct probe_server *s);

void srv_dtls_free(gpointer session);

#endif
