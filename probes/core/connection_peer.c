/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP sockets that speak with anyone: the peers of a relay, and clients that must hear
 * answers from another address than they asked (RFC 5780 §4.3). With each datagram comes
 * what its IP header said of its class and lifetime, which a relay has rules for (RFC
 * 8656 §14).
 */
#include "probes/core/connection_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include "probes/core/capture.h"
#include "probes/core/error.h"
#include "probes/core/socket_address.h"

static void ask_for_marks(int fd, enum address_family family)
{
    static const int on = 1;
    if (family == ADDRESS_IPV6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on);
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on);
    } else {
        setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
        setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
    }
}

struct connection *connection_open_peer(const struct endpoint *local,
                                        struct transcript *transcript, GError **error)
{
    enum address_family family = (enum address_family)local->address.family;
    int fd = connection_socket_make(PROBE_UDP, local, family, error);
    if (fd < 0)
        return NULL;
    ask_for_marks(fd, family);
    struct connection *c = g_new0(struct connection, 1);
    c->fd = fd;
    c->transport = PROBE_UDP;
    c->is_peer = true;
    c->transcript = transcript;
    c->datagram = g_malloc(CONNECTION_MAX_MESSAGE);
    c->local = socket_address_local(fd);
    c->marks = (struct datagram_marks){ .tos = -1, .ttl = -1 };
    capture_add_flow(IPPROTO_UDP, c->local.port, NULL);
    return c;
}

gboolean connection_send_to(struct connection *c, const struct endpoint *to,
                            const uint8_t *bytes, size_t size, GError **error)
{
    struct sockaddr_storage address;
    socklen_t address_size = socket_address_make(to, &address);
    int64_t deadline_ns = clock_after_ns(clock_now_ns(), CONNECTION_SEND_NS);
    g_assert(c->is_peer);
    while (sendto(c->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                  (struct sockaddr *)&address, address_size) < 0) {
        if (errno == EAGAIN) {
            if (!connection_wait(c, POLLOUT, deadline_ns, NULL, error))
                return FALSE;
        } else if (errno != EINTR) {
            int failure = errno;
            char text[ENDPOINT_TEXT_SIZE];
            g_autofree char *phase =
                g_strdup_printf("UDP to %s", endpoint_format(to, text));
            connection_set_errno_error(c, failure, phase, error);
            return FALSE;
        }
    }
    struct transcript_path path = connection_path(c);
    path.remote = *to;
    c->counts.sent++;
    c->counts.sent_bytes += size;
    transcript_add(c->transcript, &path, true, bytes, size, NULL);
    return TRUE;
}

static struct datagram_marks read_marks(struct msghdr *message)
{
    struct datagram_marks marks = { .tos = -1, .ttl = -1 };
    for (struct cmsghdr *m = CMSG_FIRSTHDR(message); m; m = CMSG_NXTHDR(message, m)) {
        int value = 0;
        if (m->cmsg_level == IPPROTO_IP && m->cmsg_type == IP_TOS) {
            marks.tos = *CMSG_DATA(m); /* of one byte, unlike the others */
            continue;
        }
        if (m->cmsg_len >= CMSG_LEN(sizeof value))
            memcpy(&value, CMSG_DATA(m), sizeof value);
        if (m->cmsg_level == IPPROTO_IP && m->cmsg_type == IP_TTL)
            marks.ttl = value;
        else if (m->cmsg_level == IPPROTO_IPV6 && m->cmsg_type == IPV6_TCLASS)
            marks.tos = value;
        else if (m->cmsg_level == IPPROTO_IPV6 && m->cmsg_type == IPV6_HOPLIMIT)
            marks.ttl = value;
    }
    return marks;
}

/* One datagram; -1 with errno. */
static ssize_t receive_now(struct connection *c, struct endpoint *ret_from)
{
    struct sockaddr_storage address;
    union {
        struct cmsghdr align;
        char bytes[4 * CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec buffer = { .iov_base = c->datagram, .iov_len = CONNECTION_MAX_MESSAGE };
    struct msghdr message = { .msg_name = &address,
                              .msg_namelen = sizeof address,
                              .msg_iov = &buffer,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof control };
    ssize_t n = recvmsg(c->fd, &message, MSG_DONTWAIT);
    if (n >= 0) {
        socket_address_read(&address, ret_from);
        c->marks = read_marks(&message);
    }
    return n;
}

static const char meaningless[] = "rtcprobe";

void connection_punch(struct connection *c, const struct endpoint *to)
{
    connection_send_to(c, to, (const uint8_t *)meaningless, strlen(meaningless), NULL);
}

bool connection_is_punch(const uint8_t *bytes, size_t size)
{
    return size == strlen(meaningless) && memcmp(bytes, meaningless, size) == 0;
}

gboolean connection_receive_from(struct connection *c, int64_t deadline_ns,
                                 struct received *ret, struct endpoint *ret_from,
                                 GError **error)
{
    struct endpoint from = { 0 };
    ssize_t n;
    g_assert(c->is_peer);
    for (;;) {
        if (!connection_may_take(c, deadline_ns, error))
            return FALSE;
        if ((n = receive_now(c, &from)) >= 0)
            break;
        if (errno != EAGAIN && errno != EINTR) {
            int failure = errno;
            g_autofree char *name = connection_name(c);
            connection_set_errno_error(c, failure, name, error);
            return FALSE;
        }
        if (!connection_wait(c, POLLIN, deadline_ns, NULL, error))
            return FALSE;
    }
    struct transcript_path path = connection_path(c);
    path.remote = from;
    c->counts.received++;
    c->counts.received_bytes += (size_t)n;
    transcript_add(c->transcript, &path, false, c->datagram, (size_t)n, NULL);
    *ret = (struct received){ .bytes = c->datagram,
                              .size = (size_t)n,
                              .at_ns = clock_now_ns() };
    *ret_from = from;
    return TRUE;
}

struct datagram_marks connection_last_marks(const struct connection *c)
{
    return c->marks;
}
