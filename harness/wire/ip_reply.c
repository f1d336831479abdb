/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP errors and TCP resets about a datagram. Both are built from nothing but that
 * datagram and are complete, checksums included. They carry no IP options, DF, and the
 * TTL that RFC 1700 recommends; rate limits (RFC 1812 §4.3.2.8) are left out on purpose:
 * a lab wants every error.
 *
 * RFC 792, RFC 1122 §3.2.2, RFC 1191 §4, RFC 1812 §4.3.2, RFC 4443, RFC 9293 §3.10.7.1.
 */
#include "wire/ip_reply.h"

#include <netinet/in.h>
#include <string.h>

#include "base/cursor.h"
#include "wire/ip.h"

enum { DEFAULT_TTL = 64, ICMPV4_ERROR_MAX_BYTES = 576 };

static const struct {
    uint8_t type_v4, code_v4, type_v6, code_v6;
} errors[] = {
    [ICMP_ERROR_TIME_EXCEEDED] = { 11, 0, 3, 0 },
    [ICMP_ERROR_PORT_UNREACHABLE] = { 3, 3, 1, 4 },
    [ICMP_ERROR_PROHIBITED] = { 3, 13, 1, 1 },
    [ICMP_ERROR_TOO_BIG] = { 3, 4, 2, 0 },
};
_Static_assert(sizeof errors / sizeof errors[0] == ICMP_N_ERRORS, "one row an error");

/* Writes an IP header without options; returns its size. */
static size_t put_ip(uint8_t *out, uint8_t protocol, const struct address *from,
                     const struct address *to, size_t payload)
{
    if (from->family == ADDRESS_IPV4) {
        memset(out, 0, IP_V4_HEADER);
        out[0] = 0x45;
        store_be16(out + 2, (uint16_t)(IP_V4_HEADER + payload));
        store_be16(out + 6, 0x4000);
        out[8] = DEFAULT_TTL;
        out[9] = protocol;
        memcpy(out + 12, from->bytes, 4);
        memcpy(out + 16, to->bytes, 4);
        return IP_V4_HEADER;
    }
    memset(out, 0, IP_V6_HEADER);
    out[0] = 0x60;
    store_be16(out + 4, (uint16_t)payload);
    out[6] = protocol;
    out[7] = DEFAULT_TTL;
    memcpy(out + 8, from->bytes, 16);
    memcpy(out + 24, to->bytes, 16);
    return IP_V6_HEADER;
}

/* Fills the checksums of what was just written. */
static size_t seal(uint8_t *out, size_t size)
{
    struct ip_view ip;
    struct transport_view transport;
    if (ip_parse(out, size, &ip) != IP_OK ||
        ip_parse_transport(out, &ip, &transport) != IP_OK)
        return 0;
    ip_set_header_checksum(out, &ip);
    ip_set_transport_checksum(out, &ip, &transport);
    return size;
}

/* True if a source can stand for one host that an answer reaches: not the unspecified or
 * loopback addresses, not multicast, not class E. */
static bool is_single_host(const struct address *a)
{
    static const uint8_t zeros[16];
    if (address_is_multicast(a))
        return false;
    if (a->family == ADDRESS_IPV4)
        return a->bytes[0] != 0 && a->bytes[0] != 127 && a->bytes[0] < 240;
    return memcmp(a->bytes, zeros, 15) != 0 || a->bytes[15] > 1; /* ::, ::1 */
}

/* RFC 1122 §3.2.2: no error about these. */
static bool may_answer(const uint8_t *offending, const struct ip_view *ip)
{
    if (ip->fragment_offset > 0 || address_is_multicast(&ip->destination) ||
        !is_single_host(&ip->source))
        return false;
    if (!ip_is_icmp(ip->protocol))
        return true;
    struct transport_view t;
    if (ip_parse_transport(offending, ip, &t) != IP_OK)
        return false; /* it might be an error */
    return t.icmp_kind == ICMP_KIND_REQUEST || t.icmp_kind == ICMP_KIND_REPLY;
}

size_t ip_reply_icmp_error(uint8_t *out, const struct address *from,
                           const uint8_t *offending, size_t size, enum icmp_error error,
                           uint32_t mtu_bytes)
{
    struct ip_view ip;
    if (ip_parse(offending, size, &ip) != IP_OK || ip.version != from->family ||
        !may_answer(offending, &ip))
        return 0;
    bool v4 = ip.version == ADDRESS_IPV4;
    size_t headers = (v4 ? IP_V4_HEADER : IP_V6_HEADER) + ICMP_HEADER;
    size_t room = (v4 ? ICMPV4_ERROR_MAX_BYTES : IP_REPLY_MAX_BYTES) - headers;
    size_t quoted = ip.total_bytes < room ? ip.total_bytes : room;

    uint8_t protocol = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    size_t at = put_ip(out, protocol, from, &ip.source, ICMP_HEADER + quoted);
    uint8_t *icmp = out + at;
    memset(icmp, 0, ICMP_HEADER);
    icmp[0] = v4 ? errors[error].type_v4 : errors[error].type_v6;
    icmp[1] = v4 ? errors[error].code_v4 : errors[error].code_v6;
    if (error == ICMP_ERROR_TOO_BIG)
        store_be32(icmp + 4, v4 ? mtu_bytes & 0xffff : mtu_bytes);
    memcpy(icmp + ICMP_HEADER, offending, quoted);
    return seal(out, headers + quoted);
}

size_t ip_reply_tcp_reset(uint8_t *out, const uint8_t *offending, size_t size)
{
    struct ip_view ip;
    struct transport_view t;
    if (ip_parse(offending, size, &ip) != IP_OK || ip.protocol != IPPROTO_TCP ||
        ip.more_fragments || ip_parse_transport(offending, &ip, &t) != IP_OK ||
        t.tcp_flags & TCP_RST)
        return 0;
    const uint8_t *segment = offending + t.at;
    size_t at = put_ip(out, IPPROTO_TCP, &ip.destination, &ip.source, TCP_HEADER);
    uint8_t *tcp = out + at;
    memset(tcp, 0, TCP_HEADER);
    store_be16(tcp, t.destination_port);
    store_be16(tcp + 2, t.source_port);
    tcp[12] = (TCP_HEADER / 4) << 4;
    if (t.tcp_flags & TCP_ACK) {
        memcpy(tcp + 4, segment + 8, 4); /* SEQ = SEG.ACK */
        tcp[13] = TCP_RST;
    } else { /* SEQ = 0, ACK = SEG.SEQ + SEG.LEN; SYN and FIN count one each */
        uint32_t length = t.bytes - t.tcp_header_bytes;
        length += (t.tcp_flags & TCP_SYN ? 1u : 0u) + (t.tcp_flags & TCP_FIN ? 1u : 0u);
        store_be32(tcp + 8, load_be32(segment + 4) + length);
        tcp[13] = TCP_RST | TCP_ACK;
    }
    return seal(out, at + TCP_HEADER);
}
