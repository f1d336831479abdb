/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay proper: Send indications out, Data indications or ChannelData back, and what
 * the network says of datagrams that did not arrive.
 *
 * The DSCP is carried over both ways; fragmentation is left to the network unless the
 * client says DONT-FRAGMENT.
 *
 * RFC 8656 §11, §12.7, §14, §18.13.
 */
#include "probes/server/relay.h"

#include <errno.h>
#include <linux/errqueue.h>

#include "probes/server/channel.h"
#include "probes/server/path.h"
#include "probes/server/permission.h"
#include "probes/server/socket_address.h"
#include "probes/server/tcp_relay.h"
#include "probes/server/watch.h"

enum { DSCP_MASK = 0xfc, CONTROL_BYTES = 256 };

static uint8_t carried_tos(const struct probe_server *s, uint8_t tos)
{
    if (srv_has(s, DEFECT_DSCP_CHANGED))
        tos >>= 1;
    return tos & DSCP_MASK;
}

void srv_relay_to_peer(struct probe_server *s, struct srv_allocation *a,
                       const struct endpoint *peer, const uint8_t *data, size_t size,
                       bool is_dont_fragment, uint8_t tos)
{
    bool is_ipv6 = peer->address.family == ADDRESS_IPV6;
    int fd = a->relays[is_ipv6 ? SRV_RELAY_IPV6 : SRV_RELAY_IPV4].fd;
    struct sockaddr_storage address;
    socklen_t address_size = socket_address_make(peer, &address);
    if (fd < 0 || a->is_tcp)
        return;
    if (is_ipv6) {
        srv_socket_set(fd, IPPROTO_IPV6, IPV6_TCLASS, carried_tos(s, tos));
        srv_socket_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
                       is_dont_fragment ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT);
    } else {
        srv_socket_set(fd, IPPROTO_IP, IP_TOS, carried_tos(s, tos));
        srv_socket_set(fd, IPPROTO_IP, IP_MTU_DISCOVER,
                       is_dont_fragment ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
    }
    ssize_t sent = sendto(fd, data, size, 0, (struct sockaddr *)&address, address_size);
    if (sent < 0 && errno != EAGAIN) /* an earlier datagram's error: this one's turn */
        (void)sendto(fd, data, size, 0, (struct sockaddr *)&address, address_size);
}

/* What Send lacks; an indication has no error response (RFC 8656 §11.2). */
static void refuse_send(struct probe_server *s, const struct srv_request *q,
                        enum probe_defect defect, unsigned code)
{
    if (srv_has(s, defect))
        srv_reply_error(s, q, code);
}

void srv_relay_handle_send(struct probe_server *s, struct srv_request *q)
{
    struct endpoint peer;
    struct stunmsg_attribute data;
    bool is_complete =
        stunmsg_get_address(&q->message, STUNMSG_XOR_PEER_ADDRESS, &peer) == STUNMSG_OK &&
        stunmsg_find(&q->message, STUNMSG_DATA, &data) == STUNMSG_OK;
    struct srv_allocation *a = srv_allocation_for_data(s, q->path);
    if (!a) {
        refuse_send(s, q, DEFECT_STRAY_SEND_ANSWERED, STUNMSG_CODE_ALLOCATION_MISMATCH);
        return;
    }
    if (!is_complete) {
        refuse_send(s, q, DEFECT_SEND_ERRORS_ANSWERED, STUNMSG_CODE_BAD_REQUEST);
        return;
    }
    if (srv_has(s, DEFECT_SEND_PERMITS))
        srv_permission_install(s, a, &peer, SRV_PERMISSION_SECONDS);
    if (srv_has(s, DEFECT_SEND_REFRESHES))
        srv_permission_refresh(s, a, &peer);
    if (!srv_permission_allows(s, a, &peer) && !srv_has(s, DEFECT_SEND_UNFILTERED))
        return;
    if (data.size == 0 && srv_has(s, DEFECT_EMPTY_DATA_LOST))
        return;
    srv_relay_to_peer(s, a, &peer, data.value, data.size,
                      stunmsg_has(&q->message, STUNMSG_DONT_FRAGMENT), q->path->tos);
}

static void send_channel_data(struct probe_server *s, const struct srv_allocation *a,
                              uint16_t channel, const uint8_t *data, size_t size,
                              uint8_t tos)
{
    g_autofree uint8_t *message = g_malloc(STUNMSG_CHANNEL_HEADER_SIZE + size);
    stunmsg_channel_data_header(message, channel, (uint16_t)size);
    if (size > 0)
        memcpy(message + STUNMSG_CHANNEL_HEADER_SIZE, data, size);
    srv_path_send_tos(s, &a->path, message, STUNMSG_CHANNEL_HEADER_SIZE + size, tos);
}

static void to_client(struct probe_server *s, const struct srv_allocation *a,
                      const struct endpoint *peer, const uint8_t *data, size_t size,
                      uint8_t tos)
{
    if (!srv_permission_allows(s, a, peer) && !srv_has(s, DEFECT_INBOUND_UNFILTERED))
        return;
    uint16_t channel = srv_channel_of_peer(s, a, peer);
    if (channel != 0 && !srv_has(s, DEFECT_DATA_DESPITE_CHANNEL)) {
        send_channel_data(s, a, channel, data, size, carried_tos(s, tos));
        return;
    }
    struct srv_reply r;
    srv_indication_begin(&r, STUNMSG_DATA_INDICATION);
    if (!srv_has(s, DEFECT_DATA_WITHOUT_PEER))
        srv_reply_add_address(s, &r, STUNMSG_XOR_PEER_ADDRESS, peer);
    stunmsg_add(&r.b, STUNMSG_DATA, data, size);
    srv_indication_send(s, &a->path, &r, carried_tos(s, tos));
}

/* The client learns what became of its datagram, if it may talk to that peer. */
static void report_icmp(struct probe_server *s, const struct srv_allocation *a,
                        const struct endpoint *peer, const struct sock_extended_err *e)
{
    struct srv_reply r;
    bool is_icmp =
        e->ee_origin == SO_EE_ORIGIN_ICMP || e->ee_origin == SO_EE_ORIGIN_ICMP6;
    uint8_t value[8] = { 0, 0, e->ee_type, e->ee_code };
    if (!is_icmp || !srv_permission_allows(s, a, peer))
        return;
    if (srv_has(s, DEFECT_ICMP_CODE_WRONG))
        value[3] ^= 1;
    if (e->ee_errno == EMSGSIZE)
        store_be32(value + 4, e->ee_info);
    srv_indication_begin(&r, STUNMSG_DATA_INDICATION);
    if (!srv_has(s, DEFECT_ICMP_PEER_UNSAID))
        srv_reply_add_address(s, &r, STUNMSG_XOR_PEER_ADDRESS, peer);
    stunmsg_add(&r.b, STUNMSG_ICMP, value, sizeof value);
    srv_indication_send(s, &a->path, &r, 0);
}

/* The first control message of one of two kinds, by family; NULL: none. */
static const void *find_control(struct msghdr *header, int type, int type_ipv6)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == type) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == type_ipv6))
            return CMSG_DATA(c);
    }
    return NULL;
}

/* One datagram, or one error; false if there is none. */
static bool receive(struct probe_server *s, struct srv_relay *relay, bool is_error)
{
    struct sockaddr_storage from = { 0 };
    char control[CONTROL_BYTES];
    struct iovec data = { s->input, sizeof s->input };
    struct msghdr header = { .msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control };
    ssize_t size = recvmsg(relay->fd, &header, is_error ? MSG_ERRQUEUE : 0);
    if (size < 0)
        return false;
    const struct endpoint peer = srv_address_from_kernel(&from);
    if (is_error) {
        struct sock_extended_err e;
        const void *found = find_control(&header, IP_RECVERR, IPV6_RECVERR);
        if (found) {
            memcpy(&e, found, sizeof e);
            report_icmp(s, relay->allocation, &peer, &e);
        }
        return true;
    }
    /* The TOS of IPv4 is a byte, the class of IPv6 an int. */
    const void *tos = find_control(&header, IP_TOS, -1);
    const void *class = find_control(&header, -1, IPV6_TCLASS);
    int value = tos ? *(const uint8_t *)tos : 0;
    if (class)
        memcpy(&value, class, sizeof value);
    to_client(s, relay->allocation, &peer, s->input, (size_t)size, (uint8_t)value);
    return true;
}

static void relay_ready(struct probe_server *s, void *subject, short events)
{
    struct srv_relay *relay = subject;
    for (int i = 0; i < 16 && events & POLLERR && relay->fd >= 0; i++) {
        if (!receive(s, relay, true))
            break;
    }
    for (int i = 0; i < 64 && relay->fd >= 0; i++) {
        if (!receive(s, relay, false))
            break;
    }
}

bool srv_relay_start(struct probe_server *s, struct srv_relay *relay)
{
    if (relay->allocation->is_tcp)
        return srv_tcp_relay_start(s, relay);
    srv_socket_set(relay->fd, SOL_SOCKET, SO_RCVBUF, 1 << 20);
    srv_socket_set(relay->fd, IPPROTO_IP, IP_RECVERR, 1);
    srv_socket_set(relay->fd, IPPROTO_IP, IP_RECVTOS, 1);
    if (relay->local.address.family == ADDRESS_IPV6) {
        srv_socket_set(relay->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
        srv_socket_set(relay->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    }
    relay->watch = srv_watch_add(s, relay->fd, POLLIN, relay_ready, relay);
    return true;
}
