/* SPDX-License-Identifier: Apache-2.0 */
/* IP datagrams: parsing up to every truncation, checksums, rewriting, answers. */
#include "net_probe.h"

#include "base/cursor.h"
#include "base/rng.h"
#include "wire/checksum.h"
#include "wire/ip_reply.h"

/* An IPv6 UDP datagram behind hop-by-hop options and a fragment header of a whole. */
static const uint8_t ipv6_udp[] = {
    0x60, 0,    0,    0,    0, 27, 0, 64, /* 27 bytes follow */
    0x20, 0x01, 0x0d, 0xb8, 0, 0,  0, 0,  0,   0,   0,   0, 0, 0, 0, 1, /* 2001:db8::1 */
    0x20, 0x01, 0x0d, 0xb8, 0, 0,  0, 0,  0,   0,   0,   0, 0, 0, 0, 2, /* 2001:db8::2 */
    44,   0,    1,    4,    0, 0,  0, 0,                 /* hop-by-hop: PadN */
    17,   0,    0,    0,    0, 0,  0, 9,                 /* fragment, id 9 */
    0x13, 0x88, 0x0d, 0x96, 0, 11, 0, 0,  'a', 'b', 'c', /* 5000 to 3478 */
};

static void test_rfc1071_example(void)
{
    /* RFC 1071 §3: the words 0001 f203 f4f5 f6f7 sum to ddf2. */
    static const uint8_t bytes[] = { 0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7 };
    CU_ASSERT_EQUAL(checksum_finish(checksum_add(0, bytes, sizeof bytes)),
                    0xffff - 0xddf2);
    CU_ASSERT_EQUAL(checksum_finish(0), 0xffff);
    /* RFC 1624 §4: HC dd2f, 5555 becomes 3285, HC' is 0000. */
    CU_ASSERT_EQUAL(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static void test_checksum_against_word_by_word(void)
{
    struct rng rng = rng_seed(3);
    uint8_t bytes[1500];
    for (unsigned n = 0; n < 2000; n++) {
        size_t size = rng_below(&rng, sizeof bytes + 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)rng_next(&rng);
        CU_ASSERT_EQUAL(checksum_finish(checksum_add(0, bytes, size)),
                        0xffff - plain_fold(plain_sum(bytes, size)));
    }
}

static void test_update_equals_computing(void)
{
    struct rng rng = rng_seed(4);
    for (unsigned n = 0; n < 20000; n++) {
        uint8_t bytes[32], after[8];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)rng_next(&rng) | 1;
        size_t at = 2 * rng_below(&rng, 12);
        uint64_t extreme = rng_below(&rng, 3);
        for (size_t i = 0; i < sizeof after; i++)
            after[i] = extreme == 0 ? 0 : extreme == 1 ? 0xff : (uint8_t)rng_next(&rng);
        uint16_t checksum = checksum_finish(checksum_add(0, bytes, sizeof bytes));
        checksum = checksum_update_bytes(checksum, bytes + at, after, sizeof after);
        memcpy(bytes + at, after, sizeof after);
        CU_ASSERT_EQUAL(checksum, checksum_finish(checksum_add(0, bytes, sizeof bytes)));
    }
}

static void test_ipv6_extension_headers(void)
{
    struct ip_view ip;
    struct transport_view t;
    CU_ASSERT_EQUAL_FATAL(ip_parse(ipv6_udp, sizeof ipv6_udp, &ip), IP_OK);
    struct address source = A("2001:db8::1"), destination = A("2001:db8::2");
    CU_ASSERT_TRUE(address_equal(&ip.source, &source));
    CU_ASSERT_TRUE(address_equal(&ip.destination, &destination));
    CU_ASSERT_TRUE(ip.version == 6 && ip.ttl == 64 && ip.protocol == IPPROTO_UDP);
    CU_ASSERT_TRUE(ip.header_bytes == 56 && ip.fragment_id == 9 && !ip.more_fragments);
    CU_ASSERT_EQUAL_FATAL(ip_parse_transport(ipv6_udp, &ip, &t), IP_OK);
    CU_ASSERT_TRUE(t.source_port == 5000 && t.destination_port == 3478 && t.bytes == 11);

    /* Rewriting keeps the checksum right, which IPv6 has no zero for. */
    uint8_t copy[sizeof ipv6_udp];
    memcpy(copy, ipv6_udp, sizeof copy);
    ip_set_transport_checksum(copy, &ip, &t);
    CU_ASSERT_TRUE(ip_transport_checksum_holds(copy, &ip, &t));
    struct endpoint other = E("2001:db8:ffff::9", 40000);
    ip_rewrite(copy, &ip, &t, IP_SOURCE, &other);
    ip_decrement_ttl(copy, &ip);
    CU_ASSERT_TRUE(ip_transport_checksum_holds(copy, &ip, &t));
    CU_ASSERT_TRUE(copy[7] == 63 && t.source_port == 40000);
}

static void test_every_prefix_is_refused(void)
{
    struct endpoint from = E("192.0.2.1", 5000), to = E("198.51.100.1", 443);
    struct datagram rows[5] = {
        make_udp(from, to, "hello"),
        make_tcp(from, to, TCP_SYN),
        make_icmp(8, from.address, to.address, 7),
        make_icmp_error(3, 3, to.address, from.address, ipv6_udp, 30),
    };
    memcpy(rows[4].bytes, ipv6_udp, sizeof ipv6_udp);
    rows[4].size = sizeof ipv6_udp;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t n = 0; n <= rows[i].size; n++) {
            g_autofree uint8_t *copy = g_memdup2(rows[i].bytes, n);
            struct ip_view ip, untouched;
            memset(&ip, 0x5a, sizeof ip);
            untouched = ip;
            enum ip_status status = ip_parse(copy, n, &ip);
            CU_ASSERT_EQUAL(status, n == rows[i].size ? IP_OK : IP_SHORT);
            if (status != IP_OK)
                CU_ASSERT_EQUAL(memcmp(&ip, &untouched, sizeof ip), 0);
            uint8_t reply[IP_REPLY_MAX_BYTES];
            struct address router =
                rows[i].bytes[0] >> 4 == 4 ? A("192.0.2.9") : A("2001:db8::9");
            size_t icmp =
                ip_reply_icmp_error(reply, &router, copy, n, ICMP_ERROR_TIME_EXCEEDED, 0);
            CU_ASSERT_EQUAL(icmp > 0, n == rows[i].size && i != 3);
            size_t reset = ip_reply_tcp_reset(reply, copy, n);
            CU_ASSERT_EQUAL(reset > 0, n == rows[i].size && i == 1);
            /* Quotes may end anywhere; what is read of them is bounded. */
            struct transport_view t;
            if (n > 0 && ip_parse_quote(copy, n, &ip) == IP_OK) {
                CU_ASSERT_EQUAL(ip.available_bytes, n);
                if (ip_parse_transport_quote(copy, &ip, &t) == IP_OK) {
                    CU_ASSERT_TRUE(t.bytes >= 8 && t.at + t.bytes <= n);
                    CU_ASSERT_TRUE(t.checksum_at == 0 || t.checksum_at + 2u <= n);
                }
            }
        }
}

static void test_impossible_fields(void)
{
    static const struct {
        const char *what;
        unsigned at;
        uint8_t value;
    } rows[] = {
        { "version 5", 0, 0x55 },
        { "a header of 16 bytes", 0, 0x44 },
        { "total length below the header's", 3, 19 },
        { "an offset past 65,535", 6, 0x1f },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct datagram d = make_udp(E("192.0.2.1", 1), E("192.0.2.2", 2), "hello");
        if (rows[i].at == 6)
            d.bytes[7] = 0xff;
        d.bytes[rows[i].at] = rows[i].value;
        struct ip_view ip;
        CU_ASSERT_EQUAL(ip_parse(d.bytes, d.size, &ip), IP_BAD);
    }
    /* A walk over extension headers ends. */
    uint8_t endless[40 + 16 * 8] = { 0x60 };
    put16(endless + 4, sizeof endless - 40);
    struct ip_view ip;
    CU_ASSERT_EQUAL(ip_parse(endless, sizeof endless, &ip), IP_BAD);
}

static void test_resets(void)
{
    /* RFC 9293 §3.10.7.1: SEQ = SEG.ACK, or ACK = SEG.SEQ + SEG.LEN. */
    static const struct {
        uint8_t flags, answer;
        uint32_t sequence, acknowledgment;
    } rows[] = {
        { TCP_SYN, TCP_RST | TCP_ACK, 0, 1001 },
        { TCP_FIN, TCP_RST | TCP_ACK, 0, 1001 },
        { TCP_SYN | TCP_FIN, TCP_RST | TCP_ACK, 0, 1002 },
        { TCP_ACK, TCP_RST, 2000, 0 },
        { TCP_SYN | TCP_ACK, TCP_RST, 2000, 0 },
    };
    uint8_t reply[IP_REPLY_MAX_BYTES];
    struct endpoint from = E("192.0.2.1", 5000), to = E("198.51.100.1", 443);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct datagram d = make_tcp(from, to, rows[i].flags);
        size_t size = ip_reply_tcp_reset(reply, d.bytes, d.size);
        CU_ASSERT_EQUAL_FATAL(size, 40);
        CU_ASSERT_TRUE(all_checksums_hold(reply, size));
        CU_ASSERT_EQUAL(reply[33], rows[i].answer);
        CU_ASSERT_EQUAL(load_be32(reply + 24), rows[i].sequence);
        CU_ASSERT_EQUAL(load_be32(reply + 28), rows[i].acknowledgment);
        CU_ASSERT_EQUAL(memcmp(reply + 12, to.address.bytes, 4), 0);
    }
    struct datagram reset = make_tcp(from, to, TCP_RST);
    CU_ASSERT_EQUAL(ip_reply_tcp_reset(reply, reset.bytes, reset.size), 0);
}

static void test_icmp_errors(void)
{
    static const struct {
        enum icmp_error error;
        uint8_t type, code;
    } rows[] = {
        { ICMP_ERROR_TIME_EXCEEDED, 11, 0 },
        { ICMP_ERROR_PORT_UNREACHABLE, 3, 3 },
        { ICMP_ERROR_PROHIBITED, 3, 13 },
        { ICMP_ERROR_TOO_BIG, 3, 4 },
    };
    uint8_t reply[IP_REPLY_MAX_BYTES];
    char text[1401];
    memset(text, 'x', 1400);
    text[1400] = '\0';
    struct address router = A("192.0.2.9");
    struct datagram d = make_udp(E("192.0.2.1", 5000), E("198.51.100.1", 443), text);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t size =
            ip_reply_icmp_error(reply, &router, d.bytes, d.size, rows[i].error, 1280);
        CU_ASSERT_EQUAL(size, 576); /* RFC 1812 §4.3.2.3 */
        CU_ASSERT_TRUE(all_checksums_hold(reply, size));
        CU_ASSERT_TRUE(reply[20] == rows[i].type && reply[21] == rows[i].code);
        CU_ASSERT_EQUAL(load_be16(reply + 26),
                        rows[i].error == ICMP_ERROR_TOO_BIG ? 1280 : 0);
        CU_ASSERT_EQUAL(memcmp(reply + 28, d.bytes, 548), 0);
    }
    /* RFC 1122 §3.2.2: never about these. */
    struct datagram error =
        make_icmp_error(3, 3, A("192.0.2.1"), A("198.51.100.1"), d.bytes, 28);
    struct datagram later = make_fragment(&d, 8, 16);
    struct datagram many = make_udp(E("192.0.2.1", 1), E("224.0.0.1", 2), "x");
    struct datagram nobody = make_udp(E("0.0.0.0", 1), E("192.0.2.2", 2), "x");
    struct datagram itself = make_udp(E("127.0.0.1", 1), E("192.0.2.2", 2), "x");
    struct datagram reserved = make_udp(E("240.0.0.1", 1), E("192.0.2.2", 2), "x");
    struct datagram group = make_udp(E("224.0.0.1", 1), E("192.0.2.2", 2), "x");
    const struct datagram *silent[] = { &error,  &later,    &many, &nobody,
                                        &itself, &reserved, &group };
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
        CU_ASSERT_EQUAL(ip_reply_icmp_error(reply, &router, silent[i]->bytes,
                                            silent[i]->size, ICMP_ERROR_PROHIBITED, 0),
                        0);
}

static const struct test tests[] = {
    { "checksums give the RFCs' own examples", test_rfc1071_example },
    { "checksums equal a word-by-word sum", test_checksum_against_word_by_word },
    { "an updated checksum equals a computed one", test_update_equals_computing },
    { "IPv6 is read past its extension headers", test_ipv6_extension_headers },
    { "every prefix is refused and nothing touched", test_every_prefix_is_refused },
    { "impossible fields are refused", test_impossible_fields },
    { "a reset has RFC 9293's numbers", test_resets },
    { "ICMP errors quote, and are silent where they must", test_icmp_errors },
};

int main(int argc, char **argv)
{
    return suite_run("ip", tests, G_N_ELEMENTS(tests), argc, argv);
}
