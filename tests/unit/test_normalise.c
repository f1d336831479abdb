/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel draws is replaced: the segments of two kernels that drew differently come
 * out the same, what comes back suits each, and all checksums hold.
 */
#include "net_probe.h"

#include "base/cursor.h"
#include "lab/normalise.h"
#include "wire/checksum.h"

enum { HOST, OTHER, N_HOSTS };
static const char *const names[] = { "alice/eth0", "server/eth0" };
static const char alice[] = "192.168.1.2", server[] = "198.51.100.1";

static struct normaliser *new_normaliser(uint64_t seed)
{
    struct rng rng = rng_seed(seed);
    return normaliser_new(names, N_HOSTS, &rng);
}

struct segment {
    uint8_t flags;
    uint32_t sequence, acknowledgment;
    const char *text;
    bool is_inward;
    uint16_t port; /* of the host; 0: 4000 */
};

#define SEGMENT(flags_, sequence_, acknowledgment_, text_)                               \
    (struct segment)                                                                     \
    {                                                                                    \
        .flags = (flags_), .sequence = (sequence_), .acknowledgment = (acknowledgment_), \
        .text = (text_)                                                                  \
    }

static struct datagram make_segment(const struct segment *s)
{
    struct endpoint local = E(alice, s->port ? s->port : 4000), remote = E(server, 443);
    struct datagram d = s->is_inward ? make_tcp(remote, local, s->flags)
                                     : make_tcp(local, remote, s->flags);
    const char *text = s->text ? s->text : "";
    store_be32(d.bytes + 24, s->sequence);
    store_be32(d.bytes + 28, s->acknowledgment);
    memcpy(d.bytes + 40, text, strlen(text));
    seal_ipv4(&d, IPPROTO_TCP, (s->is_inward ? remote : local).address,
              (s->is_inward ? local : remote).address, 20 + strlen(text));
    put16(d.bytes + 6, 0x4000); /* DF */
    set_ttl(&d, 64);
    return d;
}

static uint32_t sequence_of(const struct datagram *d)
{
    return load_be32(d->bytes + 24);
}

static uint32_t acknowledgment_of(const struct datagram *d)
{
    return load_be32(d->bytes + 28);
}

/* False: swallowed. */
static bool outward(struct normaliser *n, struct segment s, struct datagram *ret)
{
    *ret = make_segment(&s);
    bool passes = normaliser_outward(n, HOST, ret->bytes, ret->size);
    CU_ASSERT_TRUE(all_checksums_hold(ret->bytes, ret->size));
    return passes;
}

static struct datagram inward(struct normaliser *n, struct segment s)
{
    s.is_inward = true;
    struct datagram d = make_segment(&s);
    normaliser_inward(n, HOST, d.bytes, d.size);
    CU_ASSERT_TRUE(all_checksums_hold(d.bytes, d.size));
    return d;
}

/* Opens a flow; returns what is seen of the first sequence number. */
static uint32_t open_flow(struct normaliser *n, uint32_t isn)
{
    struct datagram d;
    CU_ASSERT_TRUE(outward(n, SEGMENT(TCP_SYN, isn, 0, NULL), &d));
    return sequence_of(&d);
}

static void test_connection(void)
{
    static const uint32_t kernels[] = { 1, 0x89abcdef, UINT32_MAX - 2 };
    struct datagram first[3];
    for (size_t k = 0; k < G_N_ELEMENTS(kernels); k++) {
        struct normaliser *n = new_normaliser(7);
        uint32_t isn = kernels[k];
        struct datagram syn, ack, data, fin;
        CU_ASSERT_TRUE(outward(n, SEGMENT(TCP_SYN, isn, 0, NULL), &syn));
        uint32_t seen = sequence_of(&syn);
        struct datagram syn_ack =
            inward(n, SEGMENT(TCP_SYN | TCP_ACK, 900, seen + 1, NULL));
        CU_ASSERT_EQUAL(acknowledgment_of(&syn_ack), isn + 1);
        CU_ASSERT_EQUAL(sequence_of(&syn_ack), 900);
        CU_ASSERT_TRUE(outward(n, SEGMENT(TCP_ACK, isn + 1, 901, NULL), &ack));
        CU_ASSERT_TRUE(outward(n, SEGMENT(TCP_ACK, isn + 1, 901, "hello"), &data));
        CU_ASSERT_EQUAL(sequence_of(&data), seen + 1);
        CU_ASSERT_EQUAL(acknowledgment_of(&data), 901);
        struct datagram got = inward(n, SEGMENT(TCP_ACK, 901, seen + 6, NULL));
        CU_ASSERT_EQUAL(acknowledgment_of(&got), isn + 6);
        CU_ASSERT_TRUE(outward(n, SEGMENT(TCP_FIN | TCP_ACK, isn + 6, 901, NULL), &fin));
        CU_ASSERT_EQUAL(sequence_of(&fin), seen + 6);
        struct datagram reset = inward(n, SEGMENT(TCP_RST, 901, 0, NULL));
        CU_ASSERT_EQUAL(acknowledgment_of(&reset), 0);
        if (k == 0)
            first[0] = syn, first[1] = data, first[2] = fin;
        CU_ASSERT_EQUAL(memcmp(first[0].bytes, syn.bytes, syn.size), 0);
        CU_ASSERT_EQUAL(memcmp(first[1].bytes, data.bytes, data.size), 0);
        CU_ASSERT_EQUAL(memcmp(first[2].bytes, fin.bytes, fin.size), 0);
        CU_ASSERT_EQUAL(normaliser_counts(n).retransmissions, 0);
        normaliser_free(n);
    }
}

/* By seed, host and ends; not by what else goes on. */
static void test_numbers(void)
{
    struct normaliser *a = new_normaliser(7), *b = new_normaliser(8);
    uint32_t one = open_flow(a, 5);
    CU_ASSERT_NOT_EQUAL(one, open_flow(b, 5));
    struct normaliser *c = new_normaliser(7);
    struct datagram d;
    outward(c, (struct segment){ .flags = TCP_SYN, .port = 4001 }, &d);
    CU_ASSERT_NOT_EQUAL(sequence_of(&d), one);
    CU_ASSERT_EQUAL(open_flow(c, 77), one);
    d = make_segment(&SEGMENT(TCP_SYN, 5, 0, NULL));
    CU_ASSERT_TRUE(normaliser_outward(c, OTHER, d.bytes, d.size));
    CU_ASSERT_NOT_EQUAL(sequence_of(&d), one);
    normaliser_free(a);
    normaliser_free(b);
    normaliser_free(c);
}

static void test_retransmissions(void)
{
    struct normaliser *n = new_normaliser(1);
    struct datagram d;
    uint32_t isn = UINT32_MAX - 3, seen = open_flow(n, isn);
    const struct {
        struct segment segment; /* numbers relative to the first */
        bool passes;
    } rows[] = {
        { SEGMENT(TCP_SYN, 0, 0, NULL), false },
        { SEGMENT(TCP_ACK, 1, 1, NULL), true },
        { SEGMENT(TCP_ACK, 1, 1, NULL), true }, /* an acknowledgment may be said twice */
        { SEGMENT(TCP_ACK, 1, 1, "12345"), true },
        { SEGMENT(TCP_ACK, 1, 1, "12345"), false },
        { SEGMENT(TCP_ACK, 1, 1, "123"), false },
        { SEGMENT(TCP_ACK, 3, 1, "345678"), true }, /* there is something new in it */
        { SEGMENT(TCP_ACK, 3, 1, "345678"), false },
        { SEGMENT(TCP_ACK | TCP_FIN, 9, 1, NULL), true },
        { SEGMENT(TCP_ACK | TCP_FIN, 9, 1, NULL), false },
        { SEGMENT(TCP_ACK, 10, 1, NULL), true },
        { SEGMENT(TCP_RST, 10, 0, NULL), true },
        { SEGMENT(TCP_RST, 10, 0, NULL), true },
    };
    unsigned swallowed = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct segment s = rows[i].segment;
        s.sequence += isn;
        CU_ASSERT_EQUAL(outward(n, s, &d), rows[i].passes);
        swallowed += !rows[i].passes;
        CU_ASSERT_EQUAL(normaliser_counts(n).retransmissions, swallowed);
        CU_ASSERT_TRUE(!rows[i].passes ||
                       sequence_of(&d) == seen + rows[i].segment.sequence);
    }
    /* A keep-alive: one below what is acknowledged. */
    inward(n, SEGMENT(TCP_ACK, 1, seen + 10, NULL));
    CU_ASSERT_FALSE(outward(n, SEGMENT(TCP_ACK, isn + 9, 1, NULL), &d));
    normaliser_free(n);
}

static void test_simultaneous_open(void)
{
    struct normaliser *n = new_normaliser(1);
    uint32_t seen = open_flow(n, 100);
    struct datagram d;
    struct segment answer = SEGMENT(TCP_SYN | TCP_ACK, 100, 51, NULL);
    CU_ASSERT_TRUE(outward(n, answer, &d));
    CU_ASSERT_EQUAL(sequence_of(&d), seen);
    CU_ASSERT_FALSE(outward(n, answer, &d));
    normaliser_free(n);
}

/* The same ends again: above all that was sent, whatever the kernel drew. */
static void test_ports_reused(void)
{
    struct normaliser *n = new_normaliser(1);
    struct datagram d;
    uint32_t before = open_flow(n, 5000);
    CU_ASSERT_TRUE(outward(n, SEGMENT(TCP_ACK, 5001, 1, "hello"), &d));
    uint32_t after = open_flow(n, 17);
    CU_ASSERT_TRUE((int32_t)(after - (before + 6)) > 0);
    d = inward(n, SEGMENT(TCP_SYN | TCP_ACK, 1, after + 1, NULL));
    CU_ASSERT_EQUAL(acknowledgment_of(&d), 18);
    CU_ASSERT_EQUAL(normaliser_n_flows(n), 1);
    normaliser_free(n);
}

static void test_resets(void)
{
    struct normaliser *n = new_normaliser(1);
    struct datagram d;
    /* A closed port's, without a flow, and where there was one before. */
    struct segment closed = SEGMENT(TCP_RST | TCP_ACK, 0, 12, NULL);
    CU_ASSERT_TRUE(outward(n, closed, &d));
    CU_ASSERT_TRUE(sequence_of(&d) == 0 && acknowledgment_of(&d) == 12);
    uint32_t seen = open_flow(n, 100);
    CU_ASSERT_TRUE(outward(n, closed, &d));
    CU_ASSERT_EQUAL(sequence_of(&d), 0);
    /* A refused connection. */
    d = inward(n, SEGMENT(TCP_RST | TCP_ACK, 0, seen + 1, NULL));
    CU_ASSERT_EQUAL(acknowledgment_of(&d), 101);
    /* A stray segment of nobody's flow, answered with its own number. */
    CU_ASSERT_TRUE(
        outward(n, (struct segment){ .flags = TCP_RST, .sequence = 9, .port = 9 }, &d));
    CU_ASSERT_EQUAL(sequence_of(&d), 9);
    normaliser_free(n);
}

static void test_sack(void)
{
    /* At an even and at an odd place; a block cut short is left alone. */
    for (unsigned pad = 0; pad < 2; pad++) {
        struct normaliser *n = new_normaliser(1);
        uint32_t seen = open_flow(n, 100);
        struct datagram d = make_tcp(E(server, 443), E(alice, 4000), TCP_ACK);
        store_be32(d.bytes + 28, seen + 1);
        uint8_t *option = d.bytes + 40;
        memset(option, 1, 12);
        option[pad] = 5;
        option[pad + 1] = 10;
        store_be32(option + pad + 2, seen + 7);
        store_be32(option + pad + 6, seen + 9);
        d.bytes[32] = 0x80;
        seal_ipv4(&d, IPPROTO_TCP, A(server), A(alice), 32);
        normaliser_inward(n, HOST, d.bytes, d.size);
        CU_ASSERT_TRUE(all_checksums_hold(d.bytes, d.size));
        CU_ASSERT_EQUAL(load_be32(d.bytes + 28), 101);
        CU_ASSERT_EQUAL(load_be32(option + pad + 2), 107);
        CU_ASSERT_EQUAL(load_be32(option + pad + 6), 109);
        normaliser_free(n);
    }
}

/* However much of the segment is quoted. */
static void test_icmp_errors(void)
{
    struct normaliser *n = new_normaliser(1);
    uint32_t isn = 100, seen = open_flow(n, isn);
    struct datagram data;
    CU_ASSERT_TRUE(outward(n, SEGMENT(TCP_ACK, isn + 1, 50, "hello"), &data));
    for (size_t quoted = 28; quoted <= data.size; quoted++) {
        struct datagram e =
            make_icmp_error(3, 1, A("192.0.2.9"), A(alice), data.bytes, quoted);
        normaliser_inward(n, HOST, e.bytes, e.size);
        CU_ASSERT_TRUE(all_checksums_hold(e.bytes, e.size));
        CU_ASSERT_EQUAL(load_be32(e.bytes + 28 + 24), isn + 1);
        CU_ASSERT_TRUE(quoted < data.size || quoted_checksums_hold(e.bytes + 28, quoted));
    }
    /* What the host quotes of what it got: there the acknowledgment was changed. */
    struct segment in = SEGMENT(TCP_ACK, 50, seen + 6, "hi");
    struct datagram sent = make_segment(&(struct segment){ .flags = TCP_ACK,
                                                           .sequence = 50,
                                                           .acknowledgment = seen + 6,
                                                           .text = "hi",
                                                           .is_inward = true });
    struct datagram got = inward(n, in);
    CU_ASSERT_EQUAL(acknowledgment_of(&got), isn + 6);
    struct datagram e = make_icmp_error(3, 13, A(alice), A(server), got.bytes, got.size);
    CU_ASSERT_TRUE(normaliser_outward(n, HOST, e.bytes, e.size));
    CU_ASSERT_TRUE(all_checksums_hold(e.bytes, e.size));
    CU_ASSERT_EQUAL(memcmp(e.bytes + 28, sent.bytes, sent.size), 0);
    normaliser_free(n);
}

/* What was too big is sent again at once, in smaller pieces. */
static void test_too_big(void)
{
    struct normaliser *n = new_normaliser(1);
    open_flow(n, 100);
    struct datagram big, d;
    struct segment whole = SEGMENT(TCP_ACK, 101, 50, "0123456789");
    struct segment half = SEGMENT(TCP_ACK, 101, 50, "01234");
    struct segment other_half = SEGMENT(TCP_ACK, 106, 50, "56789");
    CU_ASSERT_TRUE(outward(n, whole, &big));
    CU_ASSERT_FALSE(outward(n, half, &d));
    struct datagram e = make_icmp_error(3, 4, A("192.0.2.9"), A(alice), big.bytes, 28);
    normaliser_inward(n, HOST, e.bytes, e.size);
    CU_ASSERT_TRUE(outward(n, half, &d));
    CU_ASSERT_TRUE(outward(n, other_half, &d));
    CU_ASSERT_FALSE(outward(n, half, &d));
    normaliser_free(n);
}

static void send_udp(struct normaliser *n, struct datagram *d, unsigned id, bool df)
{
    put16(d->bytes + 4, id);
    d->bytes[6] = (uint8_t)((d->bytes[6] & 0x3f) | (df ? 0x40 : 0));
    set_ttl(d, 64);
    CU_ASSERT_TRUE(normaliser_outward(n, HOST, d->bytes, d->size));
    CU_ASSERT_TRUE(all_checksums_hold(d->bytes, d->size));
}

static void test_ipv4_ids(void)
{
    struct normaliser *n = new_normaliser(1);
    struct datagram whole = make_udp(E(alice, 1), E(server, 2), "0123456789abcdef");
    struct datagram d = whole;
    send_udp(n, &d, 0xbeef, true);
    CU_ASSERT_EQUAL(load_be16(d.bytes + 4), 0);
    for (unsigned i = 1; i <= 70000; i++) {
        d = whole;
        send_udp(n, &d, 0xbeef + 3 * i, false);
        CU_ASSERT_EQUAL(load_be16(d.bytes + 4), (i - 1) % 65535 + 1);
    }
    normaliser_free(n);

    n = new_normaliser(1);
    struct datagram a = make_fragment(&whole, 0, 8), b = make_fragment(&whole, 8, 8),
                    c = make_fragment(&whole, 16, 8);
    struct datagram x = a, y = b;
    send_udp(n, &a, 500, false);
    send_udp(n, &x, 501, false); /* another datagram in between */
    send_udp(n, &b, 500, false);
    send_udp(n, &y, 501, false);
    send_udp(n, &c, 500, false);
    CU_ASSERT_EQUAL(load_be16(a.bytes + 4), 1);
    CU_ASSERT_EQUAL(load_be16(b.bytes + 4), 1);
    CU_ASSERT_EQUAL(load_be16(c.bytes + 4), 1);
    CU_ASSERT_EQUAL(load_be16(x.bytes + 4), 2);
    CU_ASSERT_EQUAL(load_be16(y.bytes + 4), 2);
    normaliser_free(n);
}

/* IPv6 headers, then `size` bytes that are there already. */
static void seal_ipv6(struct datagram *d, uint8_t next, struct address from,
                      struct address to, size_t size)
{
    memset(d->bytes, 0, 40);
    d->bytes[0] = 0x60;
    put16(d->bytes + 4, (unsigned)size);
    d->bytes[6] = next;
    d->bytes[7] = 64;
    memcpy(d->bytes + 8, from.bytes, 16);
    memcpy(d->bytes + 24, to.bytes, 16);
    d->size = 40 + size;
}

static void test_ipv6(void)
{
    struct normaliser *n = new_normaliser(1);
    struct address from = A("2001:db8::1"), to = A("2001:db8::2");
    /* Fragments, the first behind destination options. */
    struct datagram a = { 0 }, b = { 0 };
    a.bytes[40] = IPPROTO_FRAGMENT;
    a.bytes[42] = 1, a.bytes[43] = 4; /* PadN */
    a.bytes[48] = IPPROTO_UDP;
    put16(a.bytes + 50, 1);
    store_be32(a.bytes + 52, 0xdeadbeef);
    put16(a.bytes + 60, 100);
    seal_ipv6(&a, IPPROTO_DSTOPTS, from, to, 24);
    b.bytes[40] = IPPROTO_UDP;
    put16(b.bytes + 42, 8);
    store_be32(b.bytes + 44, 0xdeadbeef);
    seal_ipv6(&b, IPPROTO_FRAGMENT, from, to, 16);
    CU_ASSERT_TRUE(normaliser_outward(n, HOST, a.bytes, a.size));
    CU_ASSERT_TRUE(normaliser_outward(n, HOST, b.bytes, b.size));
    CU_ASSERT_EQUAL(load_be32(a.bytes + 52), 1);
    CU_ASSERT_EQUAL(load_be32(b.bytes + 44), 1);
    /* A SYN, and the checksum with IPv6's pseudo-header. */
    struct datagram syn = { 0 };
    put16(syn.bytes + 40, 4000);
    put16(syn.bytes + 42, 443);
    store_be32(syn.bytes + 44, 0xffffff00);
    syn.bytes[52] = 0x50;
    syn.bytes[53] = TCP_SYN;
    seal_ipv6(&syn, IPPROTO_TCP, from, to, 20);
    struct ip_view ip;
    struct transport_view t;
    CU_ASSERT_EQUAL_FATAL(ip_parse(syn.bytes, syn.size, &ip), IP_OK);
    CU_ASSERT_EQUAL_FATAL(ip_parse_transport(syn.bytes, &ip, &t), IP_OK);
    ip_set_transport_checksum(syn.bytes, &ip, &t);
    CU_ASSERT_TRUE(normaliser_outward(n, HOST, syn.bytes, syn.size));
    CU_ASSERT_NOT_EQUAL(load_be32(syn.bytes + 44), 0xffffff00);
    CU_ASSERT_TRUE(ip_transport_checksum_holds(syn.bytes, &ip, &t));
    /* An ICMPv6 error about it. */
    struct datagram e = { 0 };
    e.bytes[40] = 1;
    memcpy(e.bytes + 48, syn.bytes, syn.size);
    seal_ipv6(&e, IPPROTO_ICMPV6, to, from, 8 + syn.size);
    CU_ASSERT_EQUAL_FATAL(ip_parse(e.bytes, e.size, &ip), IP_OK);
    CU_ASSERT_EQUAL_FATAL(ip_parse_transport(e.bytes, &ip, &t), IP_OK);
    ip_set_transport_checksum(e.bytes, &ip, &t);
    normaliser_inward(n, HOST, e.bytes, e.size);
    CU_ASSERT_EQUAL(load_be32(e.bytes + 48 + 44), 0xffffff00);
    CU_ASSERT_TRUE(ip_transport_checksum_holds(e.bytes, &ip, &t));
    /* A router solicitation. */
    struct datagram chat = { 0 };
    chat.bytes[40] = 133;
    seal_ipv6(&chat, IPPROTO_ICMPV6, from, A("ff02::2"), 8);
    CU_ASSERT_FALSE(normaliser_outward(n, HOST, chat.bytes, chat.size));
    CU_ASSERT_EQUAL(normaliser_counts(n).multicast, 1);
    normaliser_free(n);
}

static void test_wrong_checksums_stay_wrong(void)
{
    struct normaliser *n = new_normaliser(1);
    struct datagram d = make_segment(&SEGMENT(TCP_SYN, 77, 0, NULL));
    d.bytes[36] ^= 1; /* TCP's */
    d.bytes[10] ^= 1; /* IP's */
    CU_ASSERT_TRUE(normaliser_outward(n, HOST, d.bytes, d.size));
    d.bytes[10] ^= 1;
    CU_ASSERT_FALSE(all_checksums_hold(d.bytes, d.size));
    d.bytes[36] ^= 1;
    CU_ASSERT_TRUE(all_checksums_hold(d.bytes, d.size));
    normaliser_free(n);
}

static void test_flows_are_bounded(void)
{
    struct normaliser *n = new_normaliser(1);
    struct datagram d = make_segment(&SEGMENT(TCP_SYN, 77, 0, NULL));
    for (unsigned i = 0; i < 100000; i++) {
        struct datagram copy = d;
        put16(copy.bytes + 20, i % 65536);
        put16(copy.bytes + 22, 1 + i / 65536);
        CU_ASSERT_TRUE(normaliser_outward(n, HOST, copy.bytes, copy.size));
    }
    CU_ASSERT_EQUAL(normaliser_n_flows(n), NORMALISER_MAX_FLOWS);
    normaliser_free(n);
}

/* Also with bytes changed, and lengths that lie. */
static void test_every_prefix(void)
{
    struct normaliser *n = new_normaliser(1);
    open_flow(n, 100);
    struct datagram data = make_segment(&SEGMENT(TCP_ACK, 101, 50, "0123456789abcdef"));
    struct datagram kinds[] = {
        data,
        make_icmp_error(3, 4, A(server), A(alice), data.bytes, data.size),
        make_fragment(&data, 0, 24),
        make_fragment(&data, 24, 8),
    };
    struct rng rng = rng_seed(1);
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
        for (size_t size = 0; size <= kinds[k].size; size++)
            for (unsigned i = 0; i < 200; i++) {
                uint8_t *copy = g_memdup2(kinds[k].bytes, size);
                if (size >= 4 && i > 0)
                    put16(copy + 2, (unsigned)size);
                for (uint64_t flips = i ? rng_below(&rng, 4) : 0; flips && size; flips--)
                    copy[rng_below(&rng, size)] = (uint8_t)rng_next(&rng);
                if (rng_below(&rng, 2))
                    normaliser_outward(n, HOST, copy, size);
                else
                    normaliser_inward(n, HOST, copy, size);
                g_free(copy);
            }
    /* What cannot be read passes as it is. */
    for (size_t size = 0; size < data.size; size++) {
        g_autofree uint8_t *copy = g_memdup2(data.bytes, size);
        CU_ASSERT_TRUE(normaliser_outward(n, HOST, copy, size));
        normaliser_inward(n, HOST, copy, size);
        CU_ASSERT_TRUE(size == 0 || memcmp(copy, data.bytes, size) == 0);
    }
    CU_ASSERT_TRUE(normaliser_outward(n, 99, data.bytes, data.size));
    normaliser_free(n);
}

static const struct test tests[] = {
    { "two kernels' connections come out the same", test_connection },
    { "the first number depends on seed, host and ends alone", test_numbers },
    { "what was sent before is swallowed", test_retransmissions },
    { "a simultaneous open has both SYN and SYN-ACK", test_simultaneous_open },
    { "ports used again begin above", test_ports_reused },
    { "resets fit", test_resets },
    { "selective acknowledgments fit", test_sack },
    { "ICMP errors quote what the reader knows", test_icmp_errors },
    { "what was too big is sent again", test_too_big },
    { "IPv4 identifications", test_ipv4_ids },
    { "IPv6: fragments, TCP, errors, chatter", test_ipv6 },
    { "wrong checksums stay wrong", test_wrong_checksums_stay_wrong },
    { "a hundred thousand flows are bounded", test_flows_are_bounded },
    { "every prefix is harmless", test_every_prefix },
};

int main(int argc, char **argv)
{
    return suite_run("normalise", tests, G_N_ELEMENTS(tests), argc, argv);
}
