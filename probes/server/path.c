/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending to clients, whatever they came by. RFC 8489 §6.3.1.2: the same path back.
 */
#include "probes/server/path.h"

#include "probes/server/dtls.h"
#include "probes/server/socket_address.h"
#include "probes/server/stream.h"

void srv_path_send_udp(const struct srv_listener *from, const struct endpoint *to,
                       const uint8_t *bytes, size_t size, uint8_t tos)
{
    struct sockaddr_storage address;
    socklen_t address_bytes = socket_address_make(to, &address);
    if (to->address.family == ADDRESS_IPV6)
        srv_socket_set(from->fd, IPPROTO_IPV6, IPV6_TCLASS, tos);
    else
        srv_socket_set(from->fd, IPPROTO_IP, IP_TOS, tos);
    (void)sendto(from->fd, bytes, size, MSG_DONTWAIT, (struct sockaddr *)&address,
                 address_bytes);
}

struct srv_listener *srv_path_listener(struct probe_server *s,
                                       const struct srv_listener *near,
                                       bool at_other_address, bool at_other_port)
{
    for (guint i = 0; i < s->listeners->len; i++) {
        struct srv_listener *l = s->listeners->pdata[i];
        if (l->transport == SRV_UDP &&
            l->local.address.family == near->local.address.family &&
            l->at_alternate_address == (near->at_alternate_address != at_other_address) &&
            l->at_alternate_port == (near->at_alternate_port != at_other_port))
            return l;
    }
    return NULL;
}

void srv_path_send_tos(struct probe_server *s, const struct srv_path *path,
                       const uint8_t *bytes, size_t size, uint8_t tos)
{
    const struct srv_listener *from = path->listener;
    switch (path->transport) {
    case SRV_UDP:
        if (!from)
            return; /* a test without sockets */
        if (srv_has(s, DEFECT_REPLY_FROM_OTHER_PORT)) {
            const struct srv_listener *other = srv_path_listener(s, from, false, true);
            from = other ? other : from;
        }
        srv_path_send_udp(from, &path->client, bytes, size, tos);
        return;
    case SRV_DTLS:
        srv_dtls_send(s, path, bytes, size);
        return;
    case SRV_TCP:
    case SRV_TLS:
        srv_stream_send(s, path->stream, bytes, size);
        return;
    }
}

void srv_path_send(struct probe_server *s, const struct srv_path *path,
                   const uint8_t *bytes, size_t size)
{
    srv_path_send_tos(s, path, bytes, size, 0);
}
