/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and rewriting IP datagrams. Each parser assumes truncation at any byte: sizes
 * are compared before a field is read, and a view is filled only when all of it is known.
 * Of IPv6's extension headers those that may stand before a transport header are walked
 * (RFC 8200 §4: hop-by-hop, routing, destination options, fragment). Authentication and
 * ESP end the walk as a protocol that is not read; jumbograms (RFC 2675) are refused.
 *
 * RFC 791, RFC 8200, RFC 768, RFC 9293 §3.1, RFC 792, RFC 4443, RFC 1624.
 */
#include "wire/ip.h"

#include <netinet/in.h>

#include "base/cursor.h"
#include "wire/checksum.h"

enum { IPV4_DF = 0x4000, IPV4_MF = 0x2000, IPV4_OFFSET = 0x1fff };
enum { MAX_EXTENSIONS = 8 };

bool ip_is_icmp(uint8_t protocol)
{
    return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

static enum ip_status parse_v4(const uint8_t *b, size_t size, struct ip_view *v)
{
    if (size < IP_V4_HEADER)
        return IP_SHORT;
    unsigned header = (b[0] & 15u) * 4u, total = load_be16(b + 2);
    if (header < IP_V4_HEADER || total < header)
        return IP_BAD;
    if (size < header)
        return IP_SHORT;
    unsigned fragment = load_be16(b + 6);
    *v = (struct ip_view){
        .version = ADDRESS_IPV4,
        .protocol = b[9],
        .ttl = b[8],
        .dont_fragment = fragment & IPV4_DF,
        .more_fragments = fragment & IPV4_MF,
        .header_bytes = (uint16_t)header,
        .total_bytes = total,
        .fragment_offset = (fragment & IPV4_OFFSET) * 8u,
        .fragment_id = load_be16(b + 4),
        .source = address_from_bytes(ADDRESS_IPV4, b + 12),
        .destination = address_from_bytes(ADDRESS_IPV4, b + 16),
    };
    if (v->fragment_offset + (total - header) > 65535u - header)
        return IP_BAD; /* would not fit when reassembled: the "ping of death" */
    return IP_OK;
}

static enum ip_status parse_v6(const uint8_t *b, size_t size, struct ip_view *v)
{
    if (size < IP_V6_HEADER)
        return IP_SHORT;
    *v = (struct ip_view){
        .version = ADDRESS_IPV6,
        .protocol = b[6],
        .ttl = b[7],
        .dont_fragment = true, /* RFC 8200 §4.5: routers never fragment */
        .header_bytes = IP_V6_HEADER,
        .total_bytes = IP_V6_HEADER + (uint32_t)load_be16(b + 4),
        .source = address_from_bytes(ADDRESS_IPV6, b + 8),
        .destination = address_from_bytes(ADDRESS_IPV6, b + 24),
    };
    for (unsigned i = 0; i < MAX_EXTENSIONS; i++) {
        uint8_t next = v->protocol;
        if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
            next != IPPROTO_DSTOPTS && next != IPPROTO_FRAGMENT)
            return IP_OK;
        if (v->fragment_offset > 0)
            return IP_OK; /* in a later fragment no header follows */
        if (size - v->header_bytes < 8)
            return IP_SHORT;
        const uint8_t *extension = b + v->header_bytes;
        unsigned length = 8;
        if (next == IPPROTO_FRAGMENT) {
            v->fragment_offset = load_be16(extension + 2) & 0xfff8u;
            v->more_fragments = extension[3] & 1;
            v->fragment_id = load_be32(extension + 4);
        } else {
            length = 8u * (extension[1] + 1u);
        }
        if (size - v->header_bytes < length)
            return IP_SHORT;
        if (v->total_bytes - v->header_bytes < length)
            return IP_BAD;
        v->header_bytes = (uint16_t)(v->header_bytes + length);
        v->protocol = extension[0];
    }
    return IP_BAD;
}

static enum ip_status parse(const uint8_t *bytes, size_t size, bool whole,
                            struct ip_view *ret_view)
{
    struct ip_view v;
    if (size < 1)
        return IP_SHORT;
    enum ip_status status;
    switch (bytes[0] >> 4) {
    case 4:
        status = parse_v4(bytes, size, &v);
        break;
    case 6:
        status = parse_v6(bytes, size, &v);
        break;
    default:
        return IP_BAD;
    }
    if (status != IP_OK)
        return status;
    if (whole && size < v.total_bytes)
        return IP_SHORT;
    v.available_bytes = size < v.total_bytes ? (uint32_t)size : v.total_bytes;
    *ret_view = v;
    return IP_OK;
}

enum ip_status ip_parse(const uint8_t *bytes, size_t size, struct ip_view *ret_view)
{
    return parse(bytes, size, true, ret_view);
}

enum ip_status ip_parse_quote(const uint8_t *bytes, size_t size, struct ip_view *ret_view)
{
    return parse(bytes, size, false, ret_view);
}

static enum icmp_kind icmp_kind_of(uint8_t protocol, uint8_t type)
{
    if (protocol == IPPROTO_ICMPV6) {
        if (type < 128) /* RFC 4443 §2.1: the high bit tells errors from the rest */
            return type >= 1 && type <= 4 ? ICMP_KIND_ERROR : ICMP_KIND_OTHER;
        return type == 128   ? ICMP_KIND_REQUEST
               : type == 129 ? ICMP_KIND_REPLY
                             : ICMP_KIND_OTHER;
    }
    switch (type) {
    case 8:  /* echo */
    case 13: /* timestamp */
    case 17: /* address mask, RFC 950 */
        return ICMP_KIND_REQUEST;
    case 0:
    case 14:
    case 18:
        return ICMP_KIND_REPLY;
    case 3:  /* destination unreachable */
    case 4:  /* source quench */
    case 11: /* time exceeded */
    case 12: /* parameter problem */
        return ICMP_KIND_ERROR;
    }
    return ICMP_KIND_OTHER;
}

static enum ip_status parse_udp(const uint8_t *l4, const struct ip_view *ip, bool quoted,
                                struct transport_view *t)
{
    if (t->bytes < UDP_HEADER)
        return IP_SHORT;
    uint32_t length = load_be16(l4 + 4);
    if (length < UDP_HEADER)
        return IP_BAD;
    if (!quoted && !ip->more_fragments) {
        if (length > t->bytes)
            return IP_BAD;
        t->bytes = length;
    }
    t->checksum_at = t->at + 6;
    return IP_OK;
}

static enum ip_status parse_tcp(const uint8_t *l4, bool quoted, struct transport_view *t)
{
    if (t->bytes < TCP_HEADER)
        return quoted && t->bytes >= 8 ? IP_OK : IP_SHORT;
    unsigned header = (l4[12] >> 4) * 4u;
    if (!quoted && header < TCP_HEADER)
        return IP_BAD;
    if (!quoted && header > t->bytes)
        return IP_SHORT;
    t->tcp_header_bytes = (uint8_t)header;
    t->tcp_flags = l4[13];
    t->checksum_at = t->at + 16;
    return IP_OK;
}

static enum ip_status parse_icmp(const uint8_t *l4, struct transport_view *t)
{
    if (t->bytes < ICMP_HEADER)
        return IP_SHORT;
    t->icmp_type = l4[0];
    t->icmp_code = l4[1];
    t->icmp_kind = icmp_kind_of(t->protocol, t->icmp_type);
    t->checksum_at = t->at + 2;
    bool query = t->icmp_kind == ICMP_KIND_REQUEST || t->icmp_kind == ICMP_KIND_REPLY;
    t->source_port = t->destination_port = query ? load_be16(l4 + 4) : 0;
    return IP_OK;
}

static enum ip_status parse_transport(const uint8_t *bytes, const struct ip_view *ip,
                                      bool quoted, struct transport_view *ret_view)
{
    struct transport_view t = {
        .protocol = ip->protocol,
        .at = ip->header_bytes,
        .bytes = ip->available_bytes - ip->header_bytes,
    };
    const uint8_t *l4 = bytes + t.at;
    if (ip->fragment_offset > 0)
        return IP_BAD;
    enum ip_status status;
    switch (ip->protocol) {
    case IPPROTO_UDP:
        status = parse_udp(l4, ip, quoted, &t);
        break;
    case IPPROTO_TCP:
        status = parse_tcp(l4, quoted, &t);
        break;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        if ((ip->protocol == IPPROTO_ICMP) != (ip->version == ADDRESS_IPV4))
            return IP_PROTOCOL;
        status = parse_icmp(l4, &t);
        break;
    default:
        return IP_PROTOCOL;
    }
    if (status != IP_OK)
        return status;
    if (!ip_is_icmp(t.protocol)) {
        t.source_port = load_be16(l4);
        t.destination_port = load_be16(l4 + 2);
    }
    *ret_view = t;
    return IP_OK;
}

enum ip_status ip_parse_transport(const uint8_t *bytes, const struct ip_view *ip,
                                  struct transport_view *ret_view)
{
    return parse_transport(bytes, ip, false, ret_view);
}

enum ip_status ip_parse_transport_quote(const uint8_t *bytes, const struct ip_view *ip,
                                        struct transport_view *ret_view)
{
    return parse_transport(bytes, ip, true, ret_view);
}

bool ip_header_checksum_holds(const uint8_t *bytes, const struct ip_view *ip)
{
    if (ip->version != ADDRESS_IPV4)
        return true;
    return checksum_finish(checksum_add(0, bytes, (bytes[0] & 15u) * 4u)) == 0;
}

/* ICMP over IPv4 is the only one here without a pseudo-header (RFC 4443 §2.3). */
static bool has_pseudo_header(const struct transport_view *t)
{
    return t->protocol != IPPROTO_ICMP;
}

static uint64_t transport_sum(const uint8_t *bytes, const struct ip_view *ip,
                              const struct transport_view *t)
{
    uint64_t sum = 0;
    if (has_pseudo_header(t)) {
        sum = checksum_add(sum, ip->source.bytes, address_size(&ip->source));
        sum = checksum_add(sum, ip->destination.bytes, address_size(&ip->destination));
        sum += t->bytes + (uint64_t)t->protocol;
    }
    return checksum_add(sum, bytes + t->at, t->bytes);
}

bool ip_transport_checksum_holds(const uint8_t *bytes, const struct ip_view *ip,
                                 const struct transport_view *transport)
{
    if (transport->protocol == IPPROTO_UDP && ip->version == ADDRESS_IPV4 &&
        load_be16(bytes + transport->checksum_at) == 0)
        return true;
    return checksum_finish(transport_sum(bytes, ip, transport)) == 0;
}

void ip_set_transport_checksum(uint8_t *bytes, const struct ip_view *ip,
                               const struct transport_view *transport)
{
    store_be16(bytes + transport->checksum_at, 0);
    uint16_t checksum = checksum_finish(transport_sum(bytes, ip, transport));
    if (transport->protocol == IPPROTO_UDP && checksum == 0)
        checksum = 0xffff; /* RFC 768: 0 would mean that there is none */
    store_be16(bytes + transport->checksum_at, checksum);
}

void ip_set_header_checksum(uint8_t *bytes, const struct ip_view *ip)
{
    if (ip->version != ADDRESS_IPV4)
        return;
    store_be16(bytes + 10, 0);
    store_be16(bytes + 10,
               checksum_finish(checksum_add(0, bytes, (bytes[0] & 15u) * 4u)));
}

void ip_decrement_ttl(uint8_t *bytes, struct ip_view *ip)
{
    ip->ttl--;
    if (ip->version == ADDRESS_IPV6) {
        bytes[7] = ip->ttl;
        return;
    }
    uint16_t before = load_be16(bytes + 8);
    bytes[8] = ip->ttl;
    store_be16(bytes + 10,
               checksum_update(load_be16(bytes + 10), before, load_be16(bytes + 8)));
}

/* The transport checksum after `size` bytes that it covers changed. */
static void update_transport(uint8_t *bytes, const struct ip_view *ip,
                             const struct transport_view *t, const uint8_t *before,
                             const uint8_t *after, size_t size)
{
    if (t->checksum_at == 0)
        return;
    bool udp = t->protocol == IPPROTO_UDP;
    uint16_t checksum = load_be16(bytes + t->checksum_at);
    if (udp && checksum == 0 && ip->version == ADDRESS_IPV4)
        return;
    checksum = checksum_update_bytes(checksum, before, after, size);
    if (udp && checksum == 0)
        checksum = 0xffff;
    store_be16(bytes + t->checksum_at, checksum);
}

static void rewrite_address(uint8_t *bytes, struct ip_view *ip,
                            const struct transport_view *t, enum ip_end end,
                            const struct address *to)
{
    struct address *in_view = end == IP_SOURCE ? &ip->source : &ip->destination;
    size_t size = address_size(in_view);
    size_t at = ip->version == ADDRESS_IPV4 ? 12 : 8;
    if (end == IP_DESTINATION)
        at += size;
    if (ip->version == ADDRESS_IPV4)
        store_be16(bytes + 10, checksum_update_bytes(load_be16(bytes + 10), bytes + at,
                                                     to->bytes, size));
    if (t && has_pseudo_header(t))
        update_transport(bytes, ip, t, bytes + at, to->bytes, size);
    memcpy(bytes + at, to->bytes, size);
    *in_view = *to;
}

static void rewrite_port(uint8_t *bytes, const struct ip_view *ip,
                         struct transport_view *t, enum ip_end end, uint16_t to)
{
    bool icmp = ip_is_icmp(t->protocol);
    if (icmp && t->icmp_kind != ICMP_KIND_REQUEST && t->icmp_kind != ICMP_KIND_REPLY)
        return;
    size_t at = t->at + (icmp ? 4u : end == IP_SOURCE ? 0u : 2u);
    uint8_t after[2];
    store_be16(after, to);
    update_transport(bytes, ip, t, bytes + at, after, 2);
    memcpy(bytes + at, after, 2);
    if (icmp || end == IP_SOURCE)
        t->source_port = to;
    if (icmp || end == IP_DESTINATION)
        t->destination_port = to;
}

void ip_rewrite(uint8_t *bytes, struct ip_view *ip, struct transport_view *transport,
                enum ip_end end, const struct endpoint *to)
{
    rewrite_address(bytes, ip, transport, end, &to->address);
    if (transport)
        rewrite_port(bytes, ip, transport, end, to->port);
}
