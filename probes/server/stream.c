/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages over TCP and TLS: what comes in is gathered until there is a whole message,
 * what goes out waits here while the client does not read. A stream that is lost, because
 * what stands at the start of a message is none, is closed: RFC 8489 §6.2.2 gives no way
 * to find the next one.
 *
 * TLS is GnuTLS's; alerts and renegotiation are left to it.
 *
 * RFC 8489 §6.2.2, §6.2.3; RFC 8656 §12.5.
 */
#include "probes/server/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "probes/server/allocation.h"
#include "probes/server/message.h"
#include "probes/server/socket_address.h"
#include "probes/server/tcp_relay.h"
#include "probes/server/tls.h"
#include "probes/server/watch.h"

enum { HANDSHAKE_SECONDS = 30, FULL_BYTES = 256 * 1024 };

static void stream_ready(struct probe_server *s, void *subject, short events);

void srv_stream_free(gpointer stream)
{
    struct srv_stream *st = stream;
    srv_watch_remove(st->watch);
    if (st->tls)
        gnutls_deinit(st->tls);
    if (st->fd >= 0)
        close(st->fd);
    g_byte_array_unref(st->input);
    g_byte_array_unref(st->output);
    g_free(st);
}

void srv_stream_close(struct probe_server *s, struct srv_stream *stream)
{
    if (stream->is_closed)
        return;
    stream->is_closed = true;
    if (stream->tls && !stream->is_handshaking)
        (void)gnutls_bye(stream->tls, GNUTLS_SHUT_WR);
    srv_watch_remove(g_steal_pointer(&stream->watch));
    close(stream->fd);
    stream->fd = -1;
    if (stream->connection)
        srv_tcp_relay_client_gone(s, g_steal_pointer(&stream->connection));
    srv_allocation_path_gone(s, &stream->path);
}

/* Makes room: the oldest connection that has no allocation goes, so that one who opens
 * many cannot keep others out. */
static void evict(struct probe_server *s)
{
    for (guint i = 0; i < s->streams->len; i++) {
        struct srv_stream *st = s->streams->pdata[i];
        if (!st->is_closed && !st->connection && !srv_allocation_find(s, &st->path)) {
            srv_stream_close(s, st);
            return;
        }
    }
}

void srv_stream_open(struct probe_server *s, int fd, enum srv_transport transport,
                     const struct endpoint *client, const struct endpoint *local)
{
    if (s->streams->len >= SRV_MAX_STREAMS)
        evict(s);
    if (s->streams->len >= 2 * SRV_MAX_STREAMS) {
        close(fd);
        return;
    }
    srv_socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    struct srv_stream *st = g_new0(struct srv_stream, 1);
    st->fd = fd;
    st->path = (struct srv_path){
        .transport = transport, .client = *client, .local = *local, .stream = st
    };
    st->input = g_byte_array_new();
    st->output = g_byte_array_new();
    st->handshake_until_ns = CLOCK_NEVER;
    if (transport == SRV_TLS) {
        st->tls = srv_tls_session(s, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
        gnutls_transport_set_int(st->tls, fd);
        st->is_handshaking = true;
        st->handshake_until_ns = s->now_ns + HANDSHAKE_SECONDS * NS_PER_S;
    }
    st->watch = srv_watch_add(s, fd, POLLIN, stream_ready, st);
    g_ptr_array_add(s->streams, st);
}

bool srv_stream_is_full(const struct srv_stream *stream)
{
    return stream->output->len > FULL_BYTES;
}

void srv_stream_set_reading(struct srv_stream *stream, bool is_reading)
{
    if (stream->is_closed)
        return;
    int events = (is_reading ? POLLIN : 0) | (stream->output->len > 0 ? POLLOUT : 0);
    srv_watch_set_events(stream->watch, (short)events);
}

/* Bytes sent of those that wait; 0: not now; negative: the connection is over. */
static ssize_t send_some(struct srv_stream *st)
{
    const GByteArray *out = st->output;
    if (!st->tls) {
        ssize_t sent = send(st->fd, out->data, out->len, MSG_NOSIGNAL);
        return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
    }
    /* What GnuTLS has taken it must be given no second time. */
    ssize_t sent = st->tls_unsent > 0 ? gnutls_record_send(st->tls, NULL, 0)
                                      : gnutls_record_send(st->tls, out->data, out->len);
    if (sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED) {
        st->tls_unsent = out->len;
        return 0;
    }
    st->tls_unsent = 0;
    return sent;
}

static void flush(struct probe_server *s, struct srv_stream *st)
{
    ssize_t sent = 1;
    while (st->output->len > 0 && sent > 0) {
        sent = send_some(st);
        if (sent > 0)
            g_byte_array_remove_range(st->output, 0, (guint)sent);
    }
    if (sent < 0 || (st->closes_when_sent && st->output->len == 0)) {
        srv_stream_close(s, st);
        return;
    }
    if (st->connection)
        srv_tcp_relay_client_drained(st->connection);
    else
        srv_stream_set_reading(st, true);
}

void srv_stream_send_raw(struct probe_server *s, struct srv_stream *stream,
                         const uint8_t *bytes, size_t size)
{
    if (stream->is_closed)
        return;
    if (stream->output->len + size > SRV_MAX_QUEUED_BYTES) {
        srv_stream_close(s, stream);
        return;
    }
    g_byte_array_append(stream->output, bytes, (guint)size);
    flush(s, stream);
}

void srv_stream_send(struct probe_server *s, struct srv_stream *stream,
                     const uint8_t *bytes, size_t size)
{
    static const uint8_t zeros[4];
    if (!stream || stream->is_closed)
        return;
    size_t padding = (4 - size % 4) % 4;
    if (srv_has(s, DEFECT_CHANNEL_DATA_UNPADDED))
        padding = 0;
    if (srv_has(s, DEFECT_CLOSES_AFTER_REPLY))
        stream->closes_when_sent = true;
    g_byte_array_append(stream->output, bytes, (guint)size);
    srv_stream_send_raw(s, stream, zeros, padding);
}

static void close_all(struct probe_server *s)
{
    for (guint i = 0; i < s->streams->len; i++)
        srv_stream_close(s, s->streams->pdata[i]);
}

/* Takes one whole message out of the input; false if there is none. */
static bool take_message(struct probe_server *s, struct srv_stream *st)
{
    size_t size;
    enum stunmsg_error found =
        srv_message_frame_size(s, st->input->data, st->input->len, &size);
    if (found == STUNMSG_NOT_STUN) {
        if (srv_has(s, DEFECT_GARBAGE_ENDS_ALL))
            close_all(s);
        srv_stream_close(s, st);
        return false;
    }
    if (found != STUNMSG_OK || size > st->input->len) {
        if (srv_has(s, DEFECT_SPLIT_MESSAGE_LOST))
            g_byte_array_set_size(st->input, 0);
        return false;
    }
    srv_message_receive(s, &st->path, st->input->data, size);
    g_byte_array_remove_range(st->input, 0, (guint)size);
    if (srv_has(s, DEFECT_ONE_MESSAGE_A_SEGMENT))
        g_byte_array_set_size(st->input, 0);
    return true;
}

static void receive(struct probe_server *s, struct srv_stream *st, const uint8_t *bytes,
                    size_t size)
{
    g_byte_array_append(st->input, bytes, (guint)size);
    while (!st->is_closed && !st->connection && st->input->len > 0) {
        if (!take_message(s, st))
            return;
    }
    if (!st->is_closed && st->connection && st->input->len > 0) {
        srv_tcp_relay_from_client(s, st->connection, st->input->data, st->input->len);
        g_byte_array_set_size(st->input, 0);
    }
}

static void read_some(struct probe_server *s, struct srv_stream *st)
{
    /* What TLS has decrypted already does not wake poll(): it must be taken at once. */
    do {
        ssize_t size = st->tls ? gnutls_record_recv(st->tls, s->input, sizeof s->input)
                               : recv(st->fd, s->input, sizeof s->input, 0);
        bool is_later = st->tls ? size == GNUTLS_E_AGAIN || size == GNUTLS_E_INTERRUPTED
                                : size < 0 && (errno == EAGAIN || errno == EINTR);
        if (is_later)
            return;
        if (size <= 0) {
            srv_stream_close(s, st);
            return;
        }
        receive(s, st, s->input, (size_t)size);
    } while (!st->is_closed && st->tls && gnutls_record_check_pending(st->tls) > 0);
}

static void handshake(struct probe_server *s, struct srv_stream *st)
{
    int status = gnutls_handshake(st->tls);
    if (status == GNUTLS_E_SUCCESS) {
        st->is_handshaking = false;
        st->handshake_until_ns = CLOCK_NEVER;
        srv_watch_set_events(st->watch, POLLIN);
        if (gnutls_record_check_pending(st->tls) > 0)
            read_some(s, st);
    } else if (gnutls_error_is_fatal(status)) {
        (void)gnutls_alert_send_appropriate(st->tls, status);
        srv_stream_close(s, st);
    } else {
        srv_watch_set_events(st->watch,
                             gnutls_record_get_direction(st->tls) ? POLLOUT : POLLIN);
    }
}

static void stream_ready(struct probe_server *s, void *subject, short events)
{
    struct srv_stream *st = subject;
    if (st->is_handshaking) {
        handshake(s, st);
        return;
    }
    if (events & POLLOUT)
        flush(s, st);
    if (!st->is_closed && events & (POLLIN | POLLERR | POLLHUP))
        read_some(s, st);
}

int64_t srv_streams_expire(struct probe_server *s)
{
    int64_t next_ns = CLOCK_NEVER;
    for (guint i = s->streams->len; i > 0; i--) {
        struct srv_stream *st = s->streams->pdata[i - 1];
        if (!st->is_closed && st->handshake_until_ns <= s->now_ns)
            srv_stream_close(s, st);
        if (st->is_closed)
            g_ptr_array_remove_index(s->streams, i - 1);
        else
            next_ns = MIN(next_ns, st->handshake_until_ns);
    }
    return next_ns;
}
