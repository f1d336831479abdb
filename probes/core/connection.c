/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection, whatever it runs over: the parts in connection_internal.h read and write
 * without blocking; here is what is the same for all: whole messages, waiting, counting,
 * the transcript.
 *
 * Reading goes before waiting: GnuTLS and the stream's buffer may hold what poll(2) knows
 * nothing of.
 *
 * It deliberately knows no STUN beyond where a message of a stream ends: what is received
 * may be anything.
 *
 * RFC 8489 §6.2, RFC 8656 §3.1, RFC 7350.
 */
#include "probes/core/connection_internal.h"

#include <netinet/in.h>
#include <unistd.h>

#include "probes/core/error.h"
#include "probes/core/wait.h"
#include "wire/stunmsg.h"

/* ---- Opening and closing -------------------------------------------------------- */

static gboolean open_all(struct connection *c, const struct connection_options *options,
                         int64_t deadline_ns, struct connection_times *times,
                         struct tls_report *report, GError **error)
{
    static const struct tls_options no_options;
    enum address_family family = (enum address_family)c->server.address.family;
    c->fd = connection_socket_make(c->transport, &options->local, family, error);
    if (c->fd < 0)
        return FALSE;
    int64_t start_ns = clock_now_ns();
    gboolean done = connection_socket_connect(c, deadline_ns, error);
    if (transport_is_stream(c->transport))
        times->connect_ns = clock_now_ns() - start_ns;
    times->is_connected = done;
    if (!done || !transport_is_secure(c->transport))
        return done;
    return connection_tls_open(c, options->tls ? options->tls : &no_options, deadline_ns,
                               times, report, error);
}

struct connection *connection_open(const struct connection_options *options,
                                   int64_t deadline_ns,
                                   struct connection_times *ret_times,
                                   struct tls_report *ret_report, GError **error)
{
    struct connection_times times = { 0 };
    struct tls_report report = { 0 };
    GError *failure = NULL;
    struct connection *c = g_new0(struct connection, 1);
    c->transport = options->transport;
    c->server = options->server;
    c->transcript = options->transcript;
    c->marks = (struct datagram_marks){ .tos = -1, .ttl = -1 };
    if (!transport_is_stream(c->transport))
        c->datagram = g_malloc(CONNECTION_MAX_MESSAGE);
    gboolean done = open_all(c, options, deadline_ns, &times, &report, &failure);
    if (ret_times)
        *ret_times = times;
    if (ret_report)
        *ret_report = report;
    else
        tls_report_clear(&report);
    if (done)
        return c;
    struct transcript_path path = connection_path(c);
    transcript_add_event(c->transcript, &path, failure->message);
    g_propagate_error(error, failure);
    connection_close(c);
    return NULL;
}

void tls_report_clear(struct tls_report *report)
{
    g_free(report->version);
    g_free(report->cipher);
    g_free(report->alpn);
    g_free(report->subject);
    g_free(report->problem);
    *report = (struct tls_report){ 0 };
}

static void release(struct connection *c, bool says_goodbye)
{
    connection_tls_close(c, says_goodbye && !c->is_broken);
    if (c->fd >= 0)
        close(c->fd);
    stream_frames_clear(&c->frames);
    g_free(c->datagram);
    g_free(c);
}

void connection_close(struct connection *c)
{
    if (c)
        release(c, true);
}

void connection_abort(struct connection *c)
{
    static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    if (transport_is_stream(c->transport))
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    release(c, false);
}

enum probe_transport connection_transport(const struct connection *c)
{
    return c->transport;
}

struct endpoint connection_local(const struct connection *c)
{
    return c->local;
}

struct endpoint connection_server(const struct connection *c)
{
    return c->server;
}

int connection_fd(const struct connection *c)
{
    return c->fd;
}

struct connection_counts connection_counts(const struct connection *c)
{
    return c->counts;
}

/* ---- Sending -------------------------------------------------------------------- */

static enum io write_some(struct connection *c, const uint8_t *bytes, size_t size,
                          size_t *ret_size, GError **error)
{
    return c->session ? connection_tls_write(c, bytes, size, ret_size, error)
                      : connection_socket_write(c, bytes, size, ret_size, error);
}

/* Half a message cannot be taken back: nothing that follows would be understood. */
static gboolean refuse_broken(const struct connection *c, GError **error)
{
    g_autofree char *name = connection_name(c);
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_CLOSED,
                "%s: the connection broke while a message was sent", name);
    return FALSE;
}

static gboolean wait_for_room(struct connection *c, int64_t deadline_ns, GError **error)
{
    g_autofree char *name = connection_name(c);
    g_autofree char *phase =
        g_strdup_printf("sending by %s (the server reads nothing)", name);
    return connection_wait(c, POLLOUT, deadline_ns, phase, error);
}

static gboolean write_all(struct connection *c, const uint8_t *bytes, size_t size,
                          GError **error)
{
    int64_t deadline_ns = clock_after_ns(clock_now_ns(), CONNECTION_SEND_NS);
    size_t sent = 0;
    if (c->is_broken)
        return refuse_broken(c, error);
    do { /* once at least: there are empty datagrams */
        size_t n = 0;
        enum io came_to = write_some(c, bytes + sent, size - sent, &n, error);
        if (came_to == IO_AGAIN && wait_for_room(c, deadline_ns, error))
            continue;
        if (came_to != IO_DONE) {
            c->is_broken = transport_is_stream(c->transport);
            return FALSE;
        }
        if (!transport_is_stream(c->transport))
            break;
        sent += n;
    } while (sent < size);
    return TRUE;
}

static gboolean send_noted(struct connection *c, const uint8_t *bytes, size_t size,
                           bool in_bytes, const char *note, GError **error)
{
    struct transcript_path path = connection_path(c);
    size_t piece = in_bytes ? 1 : size, at = 0;
    enum { GAP_US = 1000 }; /* so that the server reads a byte before the next comes */
    g_assert(!c->is_peer);
    /* Before it goes: the answer may be there first, and a failure is seen to follow. */
    transcript_add(c->transcript, &path, true, bytes, size, note);
    do {
        g_autoptr(GError) failure = NULL;
        if (!write_all(c, bytes + at, piece, &failure)) {
            transcript_add_event(c->transcript, &path, failure->message);
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        at += piece;
        if (at < size && !wait_until(clock_now_ns() + GAP_US * NS_PER_US, error))
            return FALSE;
    } while (at < size);
    c->counts.sent++;
    c->counts.sent_bytes += size;
    return TRUE;
}

gboolean connection_send(struct connection *c, const uint8_t *bytes, size_t size,
                         const char *note, GError **error)
{
    return send_noted(c, bytes, size, false, note, error);
}

gboolean connection_send_bytewise(struct connection *c, const uint8_t *bytes, size_t size,
                                  GError **error)
{
    g_assert(transport_is_stream(c->transport));
    return send_noted(c, bytes, size, true, "one byte a segment", error);
}

/* ---- Receiving ------------------------------------------------------------------ */

gboolean connection_may_take(struct connection *c, int64_t deadline_ns, GError **error)
{
    bool is_interrupted = wait_is_interrupted();
    if (!is_interrupted && clock_now_ns() < deadline_ns)
        return TRUE;
    if (c->late_deadline_ns != deadline_ns) {
        c->late_deadline_ns = deadline_ns;
        c->n_late = 0;
    }
    if (!is_interrupted && c->n_late++ < CONNECTION_LATE_MESSAGES)
        return TRUE;
    c->n_late = 0;
    g_autofree char *name = connection_name(c);
    if (is_interrupted)
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED, "%s: interrupted", name);
    else
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_SILENT, "%s: no answer in time",
                    name);
    return FALSE;
}

static enum io read_some(struct connection *c, uint8_t *out, size_t size,
                         size_t *ret_size, GError **error)
{
    return c->session ? connection_tls_read(c, out, size, ret_size, error)
                      : connection_socket_read(c, out, size, ret_size, error);
}

/* What a stream held when it ended or was lost, in a few words; caller owns. */
static char *describe_rest(const struct connection *c)
{
    size_t size, wanted;
    const uint8_t *rest = stream_frames_rest(&c->frames, &size);
    GString *text = g_string_new("");
    if (size == 0)
        return g_string_free(text, FALSE);
    if (stunmsg_frame_size(rest, size, &wanted) == STUNMSG_OK)
        g_string_append_printf(text, " within a message (%zu of %zu bytes)", size,
                               wanted);
    g_string_append(text, ", which begins with ");
    size_t n_shown = MIN(size, 16), n_printable = 0;
    while (n_printable < n_shown && g_ascii_isprint((char)rest[n_printable]))
        n_printable++;
    if (n_printable >= 4)
        g_string_append_printf(text, "\"%.*s\"", (int)n_printable, (const char *)rest);
    for (size_t i = 0; n_printable < 4 && i < n_shown; i++)
        g_string_append_printf(text, "%02x", rest[i]);
    return g_string_free(text, FALSE);
}

static void set_ended(const struct connection *c, GError **error)
{
    g_autofree char *name = connection_name(c);
    g_autofree char *rest = describe_rest(c);
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_CLOSED, "%s: closed by the server%s",
                name, rest);
}

static void set_lost(const struct connection *c, GError **error)
{
    g_autofree char *name = connection_name(c);
    g_autofree char *rest = describe_rest(c);
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_GARBAGE,
                "%s: neither STUN nor ChannelData in the stream%s", name, rest);
}

/* A message that needs no reading, or the next piece of a stream. */
static enum io take_stream(struct connection *c, struct received *ret, GError **error)
{
    size_t room, n;
    switch (stream_frames_next(&c->frames, &ret->bytes, &ret->size)) {
    case STREAM_FRAME_MESSAGE:
        return IO_DONE;
    case STREAM_FRAME_LOST:
        set_lost(c, error);
        return IO_FAILED;
    case STREAM_FRAME_MORE:
        break;
    }
    uint8_t *at = stream_frames_room(&c->frames, &room);
    enum io came_to = read_some(c, at, room, &n, error);
    if (came_to != IO_DONE)
        return came_to;
    stream_frames_added(&c->frames, n);
    return IO_PARTIAL;
}

static enum io take(struct connection *c, struct received *ret, GError **error)
{
    if (transport_is_stream(c->transport))
        return take_stream(c, ret, error);
    ret->bytes = c->datagram;
    return read_some(c, c->datagram, CONNECTION_MAX_MESSAGE, &ret->size, error);
}

static gboolean receive(struct connection *c, int64_t deadline_ns, struct received *ret,
                        GError **error)
{
    for (;;) {
        if (!connection_may_take(c, deadline_ns, error))
            return FALSE;
        switch (take(c, ret, error)) {
        case IO_DONE:
            return TRUE;
        case IO_FAILED:
            return FALSE;
        case IO_ENDED:
            set_ended(c, error);
            return FALSE;
        case IO_PARTIAL:
            break;
        case IO_AGAIN:
            if (!connection_wait(c, POLLIN, deadline_ns, NULL, error))
                return FALSE;
            break;
        }
    }
}

gboolean connection_receive(struct connection *c, int64_t deadline_ns,
                            struct received *ret, GError **error)
{
    struct received got = { 0 };
    g_autoptr(GError) failure = NULL;
    struct transcript_path path = connection_path(c);
    g_assert(!c->is_peer);
    if (!receive(c, deadline_ns, &got, &failure)) {
        if (!g_error_matches(failure, PROBE_ERROR, PROBE_ERROR_SILENT))
            transcript_add_event(c->transcript, &path, failure->message);
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    got.at_ns = clock_now_ns();
    c->counts.received++;
    c->counts.received_bytes += got.size;
    transcript_add(c->transcript, &path, false, got.bytes, got.size, NULL);
    *ret = got;
    return TRUE;
}

bool connection_has_message(const struct connection *c)
{
    /* GnuTLS holds nothing back: there is room for a whole record in each read. */
    return transport_is_stream(c->transport) &&
           stream_frames_peek(&c->frames) != STREAM_FRAME_MORE;
}
