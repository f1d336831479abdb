/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink requests, built by hand: one request, one acknowledgement.
 *
 * ioctl() would do for IPv4 alone; netlink gives a second address without an alias name,
 * and IPv6, in the same words.
 */
#include "lab/netlink.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

struct request {
    struct nlmsghdr header;
    union {
        struct ifinfomsg link;
        struct ifaddrmsg address;
        struct rtmsg route;
    };
    uint8_t attributes[128];
};

int netlink_open(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static void add_attribute(struct request *r, unsigned short type, const void *value,
                          size_t size)
{
    struct rtattr *at = (void *)((uint8_t *)r + NLMSG_ALIGN(r->header.nlmsg_len));
    at->rta_type = type;
    at->rta_len = (unsigned short)RTA_LENGTH(size);
    memcpy(RTA_DATA(at), value, size);
    r->header.nlmsg_len =
        (uint32_t)(NLMSG_ALIGN(r->header.nlmsg_len) + RTA_ALIGN(at->rta_len));
}

static int transact(int netlink, struct request *r)
{
    r->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    if (send(netlink, r, r->header.nlmsg_len, 0) < 0)
        return -errno;
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        uint8_t rest[512];
    } answer;
    ssize_t size = recv(netlink, &answer, sizeof answer, 0);
    if (size < 0)
        return -errno;
    if ((size_t)size < NLMSG_LENGTH(sizeof answer.error) ||
        answer.header.nlmsg_type != NLMSG_ERROR)
        return -EPROTO;
    return answer.error.error;
}

static unsigned char af_of(enum address_family family)
{
    return family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
}

static int set_flags(int netlink, unsigned iface_index, unsigned flags)
{
    struct request r = {
        .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.link), .nlmsg_type = RTM_NEWLINK },
        .link = { .ifi_index = (int)iface_index,
                  .ifi_flags = flags,
                  .ifi_change = IFF_UP },
    };
    return transact(netlink, &r);
}

int netlink_set_up(int netlink, unsigned iface_index)
{
    return set_flags(netlink, iface_index, IFF_UP);
}

int netlink_set_down(int netlink, unsigned iface_index)
{
    return set_flags(netlink, iface_index, 0);
}

int netlink_set_queue(int netlink, unsigned iface_index, uint32_t packets)
{
    struct request r = {
        .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.link), .nlmsg_type = RTM_NEWLINK },
        .link = { .ifi_index = (int)iface_index },
    };
    add_attribute(&r, IFLA_TXQLEN, &packets, sizeof packets);
    return transact(netlink, &r);
}

int netlink_set_single_segments(int netlink, unsigned iface_index)
{
    const uint32_t one = 1;
    struct request r = {
        .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.link), .nlmsg_type = RTM_NEWLINK },
        .link = { .ifi_index = (int)iface_index },
    };
    add_attribute(&r, IFLA_GSO_MAX_SEGS, &one, sizeof one);
    return transact(netlink, &r);
}

int netlink_add_address(int netlink, unsigned iface_index, const struct address *address,
                        unsigned prefix_bits)
{
    struct request r = {
        .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.address),
                    .nlmsg_type = RTM_NEWADDR,
                    .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL },
        .address = { .ifa_family = af_of(address->family),
                     .ifa_prefixlen = (unsigned char)prefix_bits,
                     .ifa_index = iface_index },
    };
    /* Usable at once: no duplicate address detection. */
    const uint32_t flags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
    add_attribute(&r, IFA_FLAGS, &flags, sizeof flags);
    add_attribute(&r, IFA_LOCAL, address->bytes, address_size(address));
    add_attribute(&r, IFA_ADDRESS, address->bytes, address_size(address));
    return transact(netlink, &r);
}

int netlink_remove_address(int netlink, unsigned iface_index,
                           const struct address *address, unsigned prefix_bits)
{
    struct request r = {
        .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.address),
                    .nlmsg_type = RTM_DELADDR },
        .address = { .ifa_family = af_of(address->family),
                     .ifa_prefixlen = (unsigned char)prefix_bits,
                     .ifa_index = iface_index },
    };
    add_attribute(&r, IFA_LOCAL, address->bytes, address_size(address));
    return transact(netlink, &r);
}

/* Without its bit in RTAX_LOCK the kernel takes no notice of RTAX_RTO_MIN. */
static void add_metrics(struct request *r, const struct netlink_metrics *metrics)
{
    struct {
        struct rtattr header;
        uint32_t value;
    } nested[3];
    const struct {
        unsigned short type;
        uint32_t value;
    } all[] = {
        { RTAX_LOCK, metrics->rto_min_ms > 0 ? 1u << RTAX_RTO_MIN : 0 },
        { RTAX_RTO_MIN, metrics->rto_min_ms },
        { RTAX_QUICKACK, metrics->acknowledges_at_once },
    };
    size_t n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i].value == 0)
            continue;
        nested[n].header.rta_type = all[i].type;
        nested[n].header.rta_len = RTA_LENGTH(sizeof all[i].value);
        nested[n++].value = all[i].value;
    }
    if (n > 0)
        add_attribute(r, RTA_METRICS, nested, n * sizeof nested[0]);
}

int netlink_add_route(int netlink, unsigned iface_index, const struct address *source,
                      unsigned prefix_bits, const struct netlink_metrics *metrics)
{
    uint8_t prefix[sizeof source->bytes] = { 0 };
    memcpy(prefix, source->bytes, prefix_bits / 8);
    struct request r = {
        .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.route),
                    .nlmsg_type = RTM_NEWROUTE,
                    .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL },
        .route = { .rtm_family = af_of(source->family),
                   .rtm_dst_len = (unsigned char)prefix_bits,
                   .rtm_table = RT_TABLE_MAIN,
                   .rtm_protocol = RTPROT_STATIC,
                   .rtm_scope = RT_SCOPE_LINK,
                   .rtm_type = RTN_UNICAST },
    };
    if (prefix_bits > 0)
        add_attribute(&r, RTA_DST, prefix, address_size(source));
    add_attribute(&r, RTA_OIF, &iface_index, sizeof iface_index);
    add_attribute(&r, RTA_PREFSRC, source->bytes, address_size(source));
    add_metrics(&r, metrics);
    return transact(netlink, &r);
}
