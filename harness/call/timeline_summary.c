/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A datagram that holds no STUN in one line: DTLS and TLS records by their handshake
 * messages, RTP and RTCP, TCP's flags, DNS, ICMP.
 *
 * It does not follow connections: what is encrypted is called so, and SCTP inside DTLS is
 * application data.
 *
 * RFC 6347 §4.1, §4.3.2 (DTLS 1.2), RFC 9147 §4 (1.3), RFC 8446 §4 (handshake types),
 * RFC 3550 §5.1, §6 (RTP, RTCP), RFC 1035 §4.1 (DNS), RFC 792, RFC 4443 (ICMP).
 */
#include "call/timeline_make.h"

#include "wire/ip.h"

enum { DNS_PORT = 53, MDNS_PORT = 5353 };

/* ---- DTLS and TLS ---- */

enum { RECORD_HANDSHAKE = 22 };

static const char *handshake_name(uint8_t type)
{
    switch (type) {
    case 0:
        return "HelloRequest";
    case 1:
        return "ClientHello";
    case 2:
        return "ServerHello";
    case 3:
        return "HelloVerifyRequest";
    case 4:
        return "NewSessionTicket";
    case 8:
        return "EncryptedExtensions";
    case 11:
        return "Certificate";
    case 12:
        return "ServerKeyExchange";
    case 13:
        return "CertificateRequest";
    case 14:
        return "ServerHelloDone";
    case 15:
        return "CertificateVerify";
    case 16:
        return "ClientKeyExchange";
    case 20:
        return "Finished";
    default:
        return NULL;
    }
}

static const char *record_name(uint8_t type)
{
    switch (type) {
    case 20:
        return "ChangeCipherSpec";
    case 21:
        return "alert";
    case 22:
        return "handshake";
    case 23:
        return "application data";
    case 24:
        return "heartbeat";
    case 26:
        return "ACK";
    default:
        return NULL;
    }
}

/* One record's words, added once however often they come in a row. */
static void add_word(GString *out, const char *word)
{
    size_t length = strlen(word);
    if (out->len >= length && strcmp(out->str + out->len - length, word) == 0)
        return;
    if (strchr(out->str, ' '))
        g_string_append(out, ", ");
    else
        g_string_append_c(out, ' ');
    g_string_append(out, word);
}

static void add_handshake(GString *out, struct cursor body, bool is_dtls)
{
    enum { FRAGMENT_HEADER = 12, TLS_HEADER = 4 };
    while (body.left >= (is_dtls ? FRAGMENT_HEADER : TLS_HEADER)) {
        const char *name = handshake_name(body.at[0]);
        size_t length = (size_t)body.at[1] << 16 | load_be16(body.at + 2);
        size_t offset = is_dtls ? (size_t)body.at[6] << 16 | load_be16(body.at + 7) : 0;
        size_t here =
            is_dtls ? (size_t)body.at[9] << 16 | load_be16(body.at + 10) : length;
        g_autofree char *part = g_strdup_printf("%s%s", name ? name : "handshake",
                                                offset > 0 ? " (continued)" : "");
        add_word(out, part);
        cursor_take(&body, is_dtls ? FRAGMENT_HEADER : TLS_HEADER);
        if (!cursor_take(&body, here))
            return;
    }
}

static char *summarise_dtls(const uint8_t *bytes, size_t size)
{
    struct cursor c = cursor_over(bytes, size);
    g_autoptr(GString) out = g_string_new("DTLS");
    while (c.left > 0 && !c.bad) {
        if (c.at[0] >> 5 == 1) { /* RFC 9147 §4: a unified header, always encrypted */
            add_word(out, "encrypted record");
            break;
        }
        uint8_t type = cursor_u8(&c);
        cursor_u16(&c); /* version */
        uint16_t epoch = cursor_u16(&c);
        cursor_take(&c, 6); /* sequence number */
        uint16_t length = cursor_u16(&c);
        const uint8_t *body = cursor_take(&c, length);
        const char *name = record_name(type);
        if (!body && c.bad)
            break;
        if (type == RECORD_HANDSHAKE && epoch == 0)
            add_handshake(out, cursor_over(body, length), true);
        else if (epoch > 0 && type != 23)
            add_word(out, type == RECORD_HANDSHAKE ? "encrypted handshake"
                          : type == 21             ? "encrypted alert"
                          : name                   ? name
                                                   : "record");
        else
            add_word(out, name ? name : "record");
    }
    return g_strdup(out->str);
}

static char *summarise_tls(const uint8_t *bytes, size_t size)
{
    struct cursor c = cursor_over(bytes, size);
    g_autoptr(GString) out = g_string_new("TLS");
    while (c.left > 0 && !c.bad) {
        uint8_t type = cursor_u8(&c);
        cursor_u16(&c);
        uint16_t length = cursor_u16(&c);
        struct cursor body = cursor_over(c.at, MIN(length, c.left));
        const char *name = record_name(type);
        bool is_plain =
            type == RECORD_HANDSHAKE && body.left > 0 && handshake_name(body.at[0]);
        if (c.bad || !name)
            break;
        if (is_plain)
            add_handshake(out, body, false);
        else
            add_word(out, type == RECORD_HANDSHAKE ? "encrypted handshake" : name);
        cursor_take(&c, length);
    }
    return g_strdup(out->str);
}

/* ---- others ---- */

static char *summarise_rtcp(const uint8_t *bytes)
{
    switch (bytes[1]) {
    case 200:
        return g_strdup("RTCP sender report");
    case 201:
        return g_strdup("RTCP receiver report");
    case 203:
        return g_strdup("RTCP goodbye");
    case 205:
        return g_strdup("RTCP transport feedback");
    case 206:
        return g_strdup("RTCP payload feedback");
    default:
        return g_strdup_printf("RTCP type %u", bytes[1]);
    }
}

static char *summarise_dns(const uint8_t *bytes, size_t size, const char *protocol)
{
    struct cursor c = cursor_over(bytes, size);
    cursor_u16(&c);
    uint16_t flags = cursor_u16(&c);
    cursor_take(&c, 8);
    g_autoptr(GString) name = g_string_new(NULL);
    for (unsigned i = 0; i < 64; i++) {
        uint8_t length = cursor_u8(&c);
        const uint8_t *label = length < 64 ? cursor_take(&c, length) : NULL;
        if (length == 0 || !label)
            break;
        if (name->len)
            g_string_append_c(name, '.');
        for (unsigned k = 0; k < length; k++)
            g_string_append_c(name, g_ascii_isgraph(label[k]) ? (char)label[k] : '?');
    }
    return g_strdup_printf("%s %s%s%s", protocol, flags & 0x8000 ? "answer" : "query",
                           name->len ? " " : "", name->str);
}

static char *summarise_payload(const struct transport_view *t, const uint8_t *payload,
                               size_t size)
{
    uint16_t ports[] = { t->source_port, t->destination_port };
    for (unsigned i = 0; i < G_N_ELEMENTS(ports); i++)
        if (ports[i] == DNS_PORT || ports[i] == MDNS_PORT)
            return summarise_dns(payload, size, ports[i] == DNS_PORT ? "DNS" : "mDNS");
    switch (stunmsg_classify(payload, size)) {
    case STUNMSG_TRAFFIC_DTLS:
        return summarise_dtls(payload, size);
    case STUNMSG_TRAFFIC_RTP:
        return g_strdup_printf("RTP payload type %u%s", payload[1] & 0x7fu,
                               payload[1] & 0x80 ? ", marker" : "");
    case STUNMSG_TRAFFIC_RTCP:
        return summarise_rtcp(payload);
    case STUNMSG_TRAFFIC_ZRTP:
        return g_strdup("ZRTP");
    case STUNMSG_TRAFFIC_CHANNEL:
    case STUNMSG_TRAFFIC_STUN:
    case STUNMSG_TRAFFIC_OTHER:
    case STUNMSG_N_TRAFFIC:
        break;
    }
    return NULL;
}

static const char *const relayed_suffix = ", relayed";

static char *summarise_udp(const struct transport_view *t, const uint8_t *payload,
                           size_t size)
{
    struct stunmsg_peeled peeled;
    if (size == 0)
        return g_strdup("UDP, empty");
    stunmsg_peel(payload, size, &peeled);
    g_autofree char *inner = summarise_payload(t, peeled.bytes, peeled.size);
    if (!inner)
        inner = g_strdup_printf("%zu bytes", peeled.size);
    return g_strconcat(peeled.is_relayed || !g_ascii_isdigit(*inner) ? "" : "UDP, ",
                       inner, peeled.is_relayed ? relayed_suffix : "", NULL);
}

static char *summarise_tcp(const struct transport_view *t, const uint8_t *payload,
                           size_t size)
{
    struct stunmsg_peeled peeled;
    g_autoptr(GString) out = g_string_new(NULL);
    if (size >= 5 && payload[0] >= 20 && payload[0] <= 23 && payload[1] == 3 &&
        payload[2] <= 4)
        return summarise_tls(payload, size);
    if (size > 0 && stunmsg_peel_segment(payload, size, &peeled)) {
        g_autofree char *inner = summarise_payload(t, peeled.bytes, peeled.size);
        if (inner)
            return g_strconcat(inner, peeled.is_relayed ? relayed_suffix : "", NULL);
    }
    g_string_append(out, "TCP");
    if (t->tcp_flags & TCP_SYN)
        g_string_append(out, " SYN");
    if (t->tcp_flags & TCP_FIN)
        g_string_append(out, " FIN");
    if (t->tcp_flags & TCP_RST)
        g_string_append(out, " RST");
    if (t->tcp_flags & TCP_ACK && (size == 0 || t->tcp_flags & (TCP_SYN | TCP_FIN)))
        g_string_append(out, " ACK");
    if (size > 0)
        g_string_append_printf(out, ", %zu bytes", size);
    return g_strdup(out->str);
}

static char *summarise_icmp(const struct transport_view *t)
{
    enum { V4_UNREACHABLE = 3, V4_EXCEEDED = 11, V6_UNREACHABLE = 1 };
    enum { V6_TOO_BIG = 2, V6_EXCEEDED = 3 };
    static const char *const v4_codes[] = { "network", "host", "protocol", "port",
                                            "fragmentation needed" };
    bool is_v6 = t->protocol == IPPROTO_ICMPV6;
    if (t->icmp_kind == ICMP_KIND_REQUEST)
        return g_strdup("ICMP request");
    if (t->icmp_kind == ICMP_KIND_REPLY)
        return g_strdup("ICMP reply");
    if (!is_v6 && t->icmp_type == V4_UNREACHABLE) {
        if (t->icmp_code == 4)
            return g_strdup("ICMP too big");
        if (t->icmp_code == 13 || t->icmp_code == 9 || t->icmp_code == 10)
            return g_strdup("ICMP unreachable: prohibited");
        return g_strdup_printf(
            "ICMP unreachable: %s",
            t->icmp_code < G_N_ELEMENTS(v4_codes) ? v4_codes[t->icmp_code] : "other");
    }
    if (is_v6 && t->icmp_type == V6_UNREACHABLE)
        return g_strdup_printf("ICMP unreachable: %s", t->icmp_code == 4   ? "port"
                                                       : t->icmp_code == 1 ? "prohibited"
                                                                           : "address");
    if (is_v6 ? t->icmp_type == V6_TOO_BIG : false)
        return g_strdup("ICMP too big");
    if (t->icmp_type == (is_v6 ? V6_EXCEEDED : V4_EXCEEDED))
        return g_strdup("ICMP time exceeded");
    return g_strdup_printf("ICMP type %u code %u", t->icmp_type, t->icmp_code);
}

char *timeline_summarise(const uint8_t *bytes, size_t size)
{
    struct ip_view ip;
    struct transport_view transport;
    if (ip_parse_quote(bytes, size, &ip) != IP_OK)
        return g_strdup("not IP");
    if (ip.fragment_offset > 0)
        return g_strdup_printf("fragment from byte %u on", ip.fragment_offset);
    if (ip_parse_transport(bytes, &ip, &transport) != IP_OK)
        return g_strdup_printf("IP protocol %u", ip.protocol);
    if (ip_is_icmp(transport.protocol))
        return summarise_icmp(&transport);
    uint32_t header = transport.protocol == IPPROTO_TCP ? transport.tcp_header_bytes
                                                        : (uint32_t)UDP_HEADER;
    const uint8_t *payload = bytes + transport.at + header;
    size_t left = header < transport.bytes ? transport.bytes - header : 0;
    return transport.protocol == IPPROTO_TCP ? summarise_tcp(&transport, payload, left)
                                             : summarise_udp(&transport, payload, left);
}
