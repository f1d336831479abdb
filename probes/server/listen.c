/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that clients find: UDP and TCP on one port, TLS and DTLS on another, at
 * the primary address; for RFC 5780 UDP at both addresses with both of two ports.
 *
 * Where any port may be taken, the kernel chooses one for the first socket of a group
 * and the group is tried again with another if a later socket finds it in use.
 */
#include "probes/server/listen.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "probes/server/dtls.h"
#include "probes/server/message.h"
#include "probes/server/socket_address.h"
#include "probes/server/stream.h"
#include "probes/server/watch.h"

/* One socket of a group that shares a port. */
struct place {
    enum srv_transport transport;
    const struct address *address;
    bool at_alternate_address;
};

void srv_listener_free(gpointer listener)
{
    struct srv_listener *l = listener;
    srv_watch_remove(l->watch);
    close(l->fd);
    g_free(l);
}

/* The TOS that came along with a datagram. */
static uint8_t received_tos(struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
            return *(const uint8_t *)CMSG_DATA(c);
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            int class;
            memcpy(&class, CMSG_DATA(c), sizeof class);
            return (uint8_t) class;
        }
    }
    return 0;
}

static void datagram_ready(struct probe_server *s, void *subject, short events)
{
    struct srv_listener *l = subject;
    (void)events;
    /* One at a time: see watch.c on what comes first. */
    struct sockaddr_storage from;
    char control[64];
    struct iovec data = { s->input, sizeof s->input };
    struct msghdr header = { .msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control };
    ssize_t size = recvmsg(l->fd, &header, MSG_DONTWAIT);
    if (size < 0)
        return;
    struct srv_path path = { .transport = l->transport,
                             .client = srv_address_from_kernel(&from),
                             .local = l->local,
                             .listener = l,
                             .tos = received_tos(&header) };
    if (l->transport == SRV_DTLS)
        srv_dtls_receive(s, &path, s->input, (size_t)size);
    else
        srv_message_receive(s, &path, s->input, (size_t)size);
}

static void connection_ready(struct probe_server *s, void *subject, short events)
{
    struct srv_listener *l = subject;
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    (void)events;
    int fd =
        accept4(l->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    const struct endpoint client = srv_address_from_kernel(&from);
    srv_stream_open(s, fd, l->transport, &client, &l->local);
}

static bool open_place(struct probe_server *s, const struct place *place, uint16_t port,
                       bool at_alternate_port)
{
    bool is_stream = srv_transport_is_stream(place->transport);
    const struct endpoint local = { *place->address, port };
    int fd = srv_socket_bound(is_stream ? SOCK_STREAM : SOCK_DGRAM, &local);
    if (fd < 0)
        return false;
    if (is_stream && listen(fd, SOMAXCONN) != 0) {
        close(fd);
        return false;
    }
    srv_socket_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
    if (local.address.family == ADDRESS_IPV6)
        srv_socket_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    if (!is_stream)
        srv_socket_set(fd, SOL_SOCKET, SO_RCVBUF, 1 << 20);
    struct srv_listener *l = g_new0(struct srv_listener, 1);
    l->transport = place->transport;
    l->at_alternate_address = place->at_alternate_address;
    l->at_alternate_port = at_alternate_port;
    l->fd = fd;
    l->local = socket_address_local(fd);
    l->watch =
        srv_watch_add(s, fd, POLLIN, is_stream ? connection_ready : datagram_ready, l);
    g_ptr_array_add(s->listeners, l);
    return true;
}

/* Opens a group of sockets on one port. */
static gboolean open_group(struct probe_server *s, const struct place *places, size_t n,
                           uint16_t port, bool at_alternate_port, uint16_t *ret_port,
                           GError **error)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        guint before = s->listeners->len;
        uint16_t chosen = port;
        size_t i = 0;
        while (i < n && open_place(s, &places[i], chosen, at_alternate_port)) {
            const struct srv_listener *last = s->listeners->pdata[s->listeners->len - 1];
            chosen = last->local.port;
            i++;
        }
        if (i == n) {
            *ret_port = chosen;
            return TRUE;
        }
        int reason = errno;
        if (port != 0 || reason != EADDRINUSE || attempt == 19) {
            char text[ADDRESS_TEXT_SIZE];
            rtc_set_errno_error(
                error, RTC_ERROR_ENVIRONMENT, reason, "cannot listen at %s port %u",
                address_format(places[i].address, text), (unsigned)chosen);
            return FALSE;
        }
        g_ptr_array_set_size(s->listeners, (gint)before);
    }
    return FALSE;
}

static gboolean listen_ipv4(struct probe_server *s, GError **error)
{
    const struct probe_server_options *o = &s->options;
    bool has_alternate = o->alternate.family != ADDRESS_NONE;
    const struct place places[] = {
        { SRV_UDP, &o->primary, false },
        { SRV_TCP, &o->primary, false },
        { SRV_UDP, &o->alternate, true },
        { SRV_TCP, &o->alternate, true },
    };
    const struct place secure[] = {
        { SRV_DTLS, &o->primary, false },
        { SRV_TLS, &o->primary, false },
    };
    const struct place other[] = {
        { SRV_UDP, &o->primary, false },
        { SRV_UDP, &o->alternate, true },
    };
    struct probe_server_endpoints *e = &s->endpoints;
    uint16_t port;
    if (!open_group(s, places, has_alternate ? 4 : 2, o->port, false, &port, error))
        return FALSE;
    e->plain = (struct endpoint){ o->primary, port };
    /* Without a second address the other port still serves DEFECT_REPLY_FROM_OTHER_PORT.
     */
    if (!open_group(s, other, has_alternate ? 2 : 1, 0, true, &port, error))
        return FALSE;
    if (has_alternate)
        e->alternate = (struct endpoint){ o->alternate, port };
    if (o->has_tls) {
        if (!open_group(s, secure, G_N_ELEMENTS(secure), 0, false, &port, error))
            return FALSE;
        e->secure = (struct endpoint){ o->primary, port };
    }
    return TRUE;
}

static gboolean listen_ipv6(struct probe_server *s, GError **error)
{
    const struct probe_server_options *o = &s->options;
    const struct place places[] = {
        { SRV_UDP, &o->ipv6, false },
        { SRV_TCP, &o->ipv6, false },
    };
    const struct place secure[] = {
        { SRV_DTLS, &o->ipv6, false },
        { SRV_TLS, &o->ipv6, false },
    };
    uint16_t port;
    if (!open_group(s, places, G_N_ELEMENTS(places), o->port, false, &port, error))
        return FALSE;
    s->endpoints.plain_ipv6 = (struct endpoint){ o->ipv6, port };
    if (o->has_tls) {
        if (!open_group(s, secure, G_N_ELEMENTS(secure), 0, false, &port, error))
            return FALSE;
        s->endpoints.secure_ipv6 = (struct endpoint){ o->ipv6, port };
    }
    return TRUE;
}

gboolean srv_listen(struct probe_server *s, GError **error)
{
    return listen_ipv4(s, error) &&
           (s->options.ipv6.family == ADDRESS_NONE || listen_ipv6(s, error));
}
