/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer's end of the contract.
 *
 * Reading is pulled by the peer (contract_peer_next()), so that a message never arrives
 * in the middle of something. Sending never blocks, as that would hold up the stack's
 * timers and so falsify what is measured: what the socket does not take waits in memory
 * for the main loop. A harness that does not read for QUEUE_MAX_BYTES is taken for dead,
 * and the end of the contract is reported.
 */
#include "peer/contract_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/clock.h"
#include "base/error.h"
#include "peer/line_reader.h"

#define QUEUE_MAX_BYTES (8 * 1024 * 1024)
#define WARNINGS_MAX    100

struct contract_peer {
    int fd;
    enum contract_end other; /* whose messages are read */
    struct line_reader reader;
    GByteArray *queue; /* not yet sent */
    guint writable;    /* source that waits to send the queue; 0 if it is empty */
    unsigned n_warnings;
    bool ended;
};

int contract_peer_fd(GError **error)
{
    const char *text = g_getenv(CONTRACT_FD_VARIABLE);
    guint64 fd;
    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, 65535, &fd, NULL)) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "%s: must be the number of a descriptor, is %s; "
                    "this program is started by rtclab",
                    CONTRACT_FD_VARIABLE, text ? text : "not set");
        return -1;
    }
    int flags = fcntl((int)fd, F_GETFD);
    if (flags < 0 || fcntl((int)fd, F_SETFD, flags | FD_CLOEXEC) < 0) {
        rtc_set_errno_error(error, RTC_ERROR_USAGE, errno, "%s=%s", CONTRACT_FD_VARIABLE,
                            text);
        return -1;
    }
    return (int)fd;
}

struct contract_peer *contract_peer_new(int fd)
{
    struct contract_peer *peer = g_new0(struct contract_peer, 1);
    peer->fd = fd;
    peer->other = CONTRACT_HARNESS;
    line_reader_init(&peer->reader, CONTRACT_LINE_MAX_BYTES);
    peer->queue = g_byte_array_new();
    return peer;
}

struct contract_peer *contract_peer_new_harness(int fd)
{
    struct contract_peer *peer = contract_peer_new(fd);
    peer->other = CONTRACT_PEER;
    return peer;
}

void contract_peer_free(struct contract_peer *peer)
{
    if (peer->writable)
        g_source_remove(peer->writable);
    line_reader_clear(&peer->reader);
    g_byte_array_unref(peer->queue);
    close(peer->fd);
    g_free(peer);
}

static enum contract_next take_line(struct contract_peer *peer,
                                    struct contract_message *ret_message, GError **error)
{
    const char *line;
    size_t size;
    switch (line_reader_next(&peer->reader, &line, &size)) {
    case LINE_NONE:
        return CONTRACT_NEXT_NONE;
    case LINE_OVER_LONG:
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "a line of more than %d bytes", CONTRACT_LINE_MAX_BYTES);
        return CONTRACT_NEXT_INVALID;
    case LINE_NUL:
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "a line with a NUL in it");
        return CONTRACT_NEXT_INVALID;
    case LINE_OK:
        break;
    }
    return contract_parse(line, size, peer->other, ret_message, error)
               ? CONTRACT_NEXT_MESSAGE
               : CONTRACT_NEXT_INVALID;
}

enum contract_next contract_peer_next(struct contract_peer *peer,
                                      struct contract_message *ret_message,
                                      GError **error)
{
    for (;;) {
        enum contract_next next = take_line(peer, ret_message, error);
        if (next != CONTRACT_NEXT_NONE)
            return next;
        if (peer->ended)
            return CONTRACT_NEXT_END;
        switch (line_reader_read(&peer->reader, peer->fd)) {
        case LINE_READ_DATA:
        case LINE_READ_FULL:
            continue;
        case LINE_READ_AGAIN:
            return CONTRACT_NEXT_NONE;
        case LINE_READ_END:
        case LINE_READ_ERROR:
            peer->ended = true;
            continue;
        }
    }
}

/* Sends what the socket takes. */
static void send_queue(struct contract_peer *peer)
{
    while (peer->queue->len > 0 && !peer->ended) {
        ssize_t n = send(peer->fd, peer->queue->data, peer->queue->len,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            g_byte_array_remove_range(peer->queue, 0, (guint)n);
        else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        else if (n < 0 && errno != EINTR)
            peer->ended = true;
    }
}

static gboolean on_writable(int fd, GIOCondition condition, void *user)
{
    (void)fd, (void)condition;
    struct contract_peer *peer = user;
    send_queue(peer);
    if (peer->queue->len > 0 && !peer->ended)
        return G_SOURCE_CONTINUE;
    peer->writable = 0;
    return G_SOURCE_REMOVE;
}

void contract_peer_send(struct contract_peer *peer, json_t *message)
{
    g_autofree char *line = contract_line(message);
    if (peer->ended)
        return;
    if (!line) {
        g_warning("a message that cannot be sent was dropped");
        return;
    }
    size_t size = strlen(line);
    if (size > QUEUE_MAX_BYTES - peer->queue->len) {
        peer->ended = true;
        shutdown(peer->fd, SHUT_RDWR);
        return;
    }
    g_byte_array_append(peer->queue, (const guint8 *)line, (guint)size);
    if (!peer->writable) {
        send_queue(peer);
        if (peer->queue->len > 0 && !peer->ended)
            peer->writable = g_unix_fd_add(peer->fd, G_IO_OUT, on_writable, peer);
    }
}

void contract_peer_event(struct contract_peer *peer, enum event_kind kind, json_t *data)
{
    contract_peer_send(peer, contract_make_event(kind, clock_now_ns(), data));
}

void contract_peer_warn(struct contract_peer *peer, const char *format, ...)
{
    if (peer->n_warnings++ >= WARNINGS_MAX)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *what = g_utf8_make_valid(text, -1);
    contract_peer_event(peer, EVENT_PEER_WARNING, json_pack("{s:s}", "what", what));
}

gboolean contract_peer_flush(struct contract_peer *peer, int timeout_ms)
{
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    for (;;) {
        send_queue(peer);
        int64_t left_ns = deadline_ns - clock_now_ns();
        if (peer->queue->len == 0 || peer->ended || left_ns <= 0)
            return peer->queue->len == 0;
        struct pollfd ready = { .fd = peer->fd, .events = POLLOUT };
        poll(&ready, 1, (int)(left_ns / NS_PER_MS) + 1);
    }
}
