/* SPDX-License-Identifier: Apache-2.0 */
/* Clients' connections: TCP and TLS. */
#ifndef RTCLAB_PROBES_SERVER_STREAM_H
#define RTCLAB_PROBES_SERVER_STREAM_H

#include <gnutls/gnutls.h>

#include "probes/server/state.h"

struct srv_connection; /* tcp_relay.h */

struct srv_stream {
    int fd;
    struct srv_watch *watch;
    struct srv_path path;
    gnutls_session_t tls; /* NULL over TCP */
    bool is_handshaking;
    bool is_closed;        /* freed by srv_streams_expire() */
    bool closes_when_sent; /* DEFECT_CLOSES_AFTER_REPLY */
    int64_t handshake_until_ns;
    GByteArray *input;  /* less than a message */
    GByteArray *output; /* what the socket did not take yet */
    size_t tls_unsent;  /* bytes that GnuTLS has taken from `output` and not sent */
    /* After ConnectionBind all bytes are this one's (RFC 6062 §5.4). */
    struct srv_connection *connection;
};

/* Takes a connection over; closes `fd` if there are too many. */
void srv_stream_open(struct probe_server *s, int fd, enum srv_transport transport,
                     const struct endpoint *client, const struct endpoint *local);

/* Sends a message, ChannelData with its padding (RFC 8656 §12.5). */
void srv_stream_send(struct probe_server *s, struct srv_stream *stream,
                     const uint8_t *bytes, size_t size);

/* Sends bytes as they are. */
void srv_stream_send_raw(struct probe_server *s, struct srv_stream *stream,
                         const uint8_t *bytes, size_t size);

/* Whether so much waits to be sent that no more should be taken from a peer. */
bool srv_stream_is_full(const struct srv_stream *stream);

/* Whether the client may send: false while its peer does not read. */
void srv_stream_set_reading(struct srv_stream *stream, bool is_reading);

/* Closes it, and ends what lives by it. It stays allocated until the next
 * srv_streams_expire(). */
void srv_stream_close(struct probe_server *s, struct srv_stream *stream);

/* Frees those closed, closes those too slow; returns when to be called again. */
int64_t srv_streams_expire(struct probe_server *s);

void srv_stream_free(gpointer stream);

#endif
