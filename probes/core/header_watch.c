/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A raw socket beside a UDP one (raw(7)): the kernel hands it a copy of each datagram
 * with its IPv4 header, whose DF bit no UDP socket tells. Datagrams that came in
 * fragments come whole. It reads nothing but what is for one local address and port.
 */
#include "probes/core/header_watch.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/socket_address.h"
#include "probes/core/wait.h"

enum { MAX_DATAGRAM = 65536 };

struct header_watch {
    int fd;
    uint16_t port;
    uint8_t bytes[MAX_DATAGRAM];
};

static gboolean fail(GError **error, const char *doing)
{
    const char *cause = errno == EPERM || errno == EACCES
                            ? "not permitted: it needs CAP_NET_RAW, such as root has"
                            : g_strerror(errno);
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL, "%s: %s", doing, cause);
    return FALSE;
}

struct header_watch *header_watch_open(const struct endpoint *local, GError **error)
{
    struct sockaddr_storage address;
    struct endpoint host = { .address = local->address };
    g_assert(local->address.family == ADDRESS_IPV4);
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    if (fd < 0) {
        fail(error, "opening a raw socket");
        return NULL;
    }
    socklen_t size = socket_address_make(&host, &address);
    if (bind(fd, (struct sockaddr *)&address, size) < 0) {
        fail(error, "binding a raw socket");
        close(fd);
        return NULL;
    }
    struct header_watch *watch = g_new0(struct header_watch, 1);
    watch->fd = fd;
    watch->port = local->port;
    return watch;
}

void header_watch_close(struct header_watch *watch)
{
    if (!watch)
        return;
    close(watch->fd);
    g_free(watch);
}

static bool is_wanted(const struct header_watch *watch, size_t received,
                      const uint8_t *payload, size_t size, struct ip_view *ret)
{
    struct ip_view ip;
    struct transport_view udp;
    if (ip_parse(watch->bytes, received, &ip) != IP_OK ||
        ip_parse_transport(watch->bytes, &ip, &udp) != IP_OK ||
        udp.protocol != IPPROTO_UDP || udp.destination_port != watch->port ||
        udp.bytes != UDP_HEADER + size ||
        memcmp(watch->bytes + udp.at + UDP_HEADER, payload, size) != 0)
        return false;
    *ret = ip;
    return true;
}

gboolean header_watch_find(struct header_watch *watch, const uint8_t *payload,
                           size_t size, int64_t deadline_ns, struct ip_view *ret,
                           GError **error)
{
    for (;;) {
        ssize_t n = recv(watch->fd, watch->bytes, sizeof watch->bytes, MSG_DONTWAIT);
        if (n >= 0 && is_wanted(watch, (size_t)n, payload, size, ret))
            return TRUE;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return fail(error, "reading a raw socket");
        /* All of this address's datagrams come here: there may be no end of them. */
        bool is_late = n >= 0 && clock_now_ns() >= deadline_ns;
        switch (is_late ? WAIT_TIMEOUT : wait_for_fd(watch->fd, POLLIN, deadline_ns)) {
        case WAIT_READY:
            break;
        case WAIT_TIMEOUT:
            g_set_error(error, PROBE_ERROR, PROBE_ERROR_SILENT, "no such datagram came");
            return FALSE;
        case WAIT_INTERRUPTED:
            g_set_error(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED, "interrupted");
            return FALSE;
        }
    }
}
