/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NAT against hosts that mean it ill, and against configurations at their limits:
 * what it remembers is bounded, what is forged leaves no door open, what is worthless
 * keeps nothing alive. RFC 4787 REQ-14a and RFC 6888 REQ-5 ask for bounds.
 */
#include "net_probe.h"

static const char alice[] = "192.168.1.2", adam[] = "192.168.1.3";
static const char server_a[] = "198.51.100.1", server_b[] = "203.0.113.1";

/* The `i`th of many endpoints, ports first; none is anybody's. */
static struct endpoint endpoint_number(unsigned i)
{
    struct address a = A("10.0.0.0");
    unsigned n = i / 65535;
    a.bytes[2] = (uint8_t)(n / 256);
    a.bytes[3] = (uint8_t)n;
    return (struct endpoint){ a, (uint16_t)(1 + i % 65535) };
}

static uint64_t n_drops(const struct probe *p)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < DROP_N_REASONS; i++)
        n += p->drops[i];
    return n;
}

/* ---- what is remembered is bounded ---- */

static void test_filter_entries_are_bounded(void)
{
    /* From one port to every port of a few remotes: nobody's, so each is dropped as
       unreachable once it is through the NAT. */
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived out = probe_udp(&p, ALICE, E(alice, 5000), E(server_a, 9));
    for (unsigned i = 1; i < NAT_MAX_SESSIONS; i++)
        CU_ASSERT_FALSE(probe_udp(&p, ALICE, E(alice, 5000), endpoint_number(i)).is);
    CU_ASSERT_EQUAL(p.drops[DROP_NO_ROUTE], NAT_MAX_SESSIONS - 1);
    /* One too many: alice is told, on the old mapping and on a new one alike. */
    for (unsigned port = 5000; port <= 5001; port++) {
        struct arrived told = probe_udp(&p, ALICE, E(alice, port), E(server_b, 9));
        CU_ASSERT_TRUE(told.is && told.icmp_type == 3 && told.icmp_code == 13);
    }
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_QUOTA], 2);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
    /* Those that have an entry go on, and expiry makes room. */
    CU_ASSERT_TRUE(probe_udp(&p, ALICE, E(alice, 5000), E(server_a, 9)).is);
    CU_ASSERT_TRUE(probe_udp(&p, SERVER_A, E(server_a, 9), out.from).is);
    probe_wait(&p, 300 * NS_PER_S);
    CU_ASSERT_EQUAL(probe_udp(&p, ALICE, E(alice, 5000), E(server_b, 9)).iface, SERVER_B);
    probe_end(&p);
    g_free(h);
}

static void test_tcp_connections_are_bounded(void)
{
    /* Endpoint-independent filtering: here it is the outside that fills the table. */
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived out = probe_tcp(&p, ALICE, E(alice, 5000), E(server_a, 9), TCP_SYN);
    for (unsigned i = 1; i < NAT_MAX_SESSIONS; i++)
        CU_ASSERT_TRUE(probe_tcp(&p, SERVER_A, endpoint_number(i), out.from, TCP_SYN).is);
    CU_ASSERT_FALSE(probe_tcp(&p, SERVER_A, E(server_a, 7), out.from, TCP_SYN).is);
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_QUOTA], 1);
    CU_ASSERT_TRUE(
        probe_tcp(&p, SERVER_A, E(server_a, 9), out.from, TCP_SYN | TCP_ACK).is);
    /* UDP needs no entry with this filter. */
    CU_ASSERT_TRUE(probe_udp(&p, ALICE, E(alice, 5000), E(server_a, 9)).is);
    probe_end(&p);
    g_free(h);
}

static void test_mappings_are_bounded_where_ports_are_not(void)
{
    struct nat_config c = { .on_conflict = NAT_CONFLICT_OVERLOAD, .port_min = 1 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    for (unsigned i = 0; i < NAT_MAX_MAPPINGS; i++)
        CU_ASSERT_TRUE(probe_udp(&p, ALICE, endpoint_number(i), E(server_a, 9)).is);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), NAT_MAX_MAPPINGS);
    probe_udp(&p, ALICE, E(alice, 5000), E(server_a, 9));
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_QUOTA);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), NAT_MAX_MAPPINGS);
    probe_wait(&p, 300 * NS_PER_S);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 0);
    probe_end(&p);
    g_free(h);
}

static void test_pairing_outlasts_its_table(void)
{
    struct nat_config c = { .n_external = 2,
                            .external = { A("192.0.2.1"), A("192.0.2.2") },
                            .port_min = 1,
                            .icmp_lifetime_ns = 1 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    unsigned n_second = 0;
    for (unsigned i = 0; i < NAT_MAX_PAIRINGS + 64; i++) {
        struct address inside = A("10.0.0.0");
        inside.bytes[1] = (uint8_t)(i >> 16);
        inside.bytes[2] = (uint8_t)(i >> 8);
        inside.bytes[3] = (uint8_t)i;
        struct datagram one = make_icmp(8, inside, A(server_a), 1);
        struct arrived a = probe_send_take(&p, ALICE, &one);
        CU_ASSERT_TRUE_FATAL(a.is);
        n_second += a.from.address.bytes[3] == 2;
        probe_wait(&p, 1);
        if (i < NAT_MAX_PAIRINGS - 64)
            continue;
        for (unsigned again = 0; again < 4; again++) {
            struct arrived b = probe_send_take(&p, ALICE, &one);
            CU_ASSERT_TRUE(address_equal(&b.from.address, &a.from.address));
            probe_wait(&p, 1);
        }
    }
    CU_ASSERT_DOUBLE_EQUAL(n_second, NAT_MAX_PAIRINGS / 2.0, 64);
    probe_end(&p);
    g_free(h);
}

static void test_held_packets_are_bounded(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                            .unsolicited_syn = NAT_SYN_ICMP };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    enum { N = 1000, N_HELD = 64 };
    for (unsigned i = 0; i < N; i++) {
        struct datagram whole = make_udp(E(server_b, 1), E("192.0.2.1", 1), "0123456789");
        struct datagram last = make_fragment(&whole, 8, 10);
        put16(last.bytes + 4, i);
        set_ttl(&last, 64);
        probe_send(&p, SERVER_B, &last);
        probe_tcp(&p, SERVER_A, E(server_a, 1 + i), E("192.0.2.1", 1), TCP_SYN);
    }
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_FRAGMENT], N - N_HELD);
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_NO_MAPPING], N);
    /* What comes in order still passes (REQ-14a). */
    struct datagram whole = make_udp(E(alice, 5000), E(server_a, 9), "0123456789abcdef");
    struct datagram first = make_fragment(&whole, 0, 16);
    struct datagram last = make_fragment(&whole, 16, 8);
    CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &first).is);
    CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &last).is);
    probe_wait(&p, 15 * NS_PER_S);
    unsigned n_answers = 0;
    while (probe_take(&p).is)
        n_answers++;
    CU_ASSERT_EQUAL(n_answers, N_HELD);
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_FRAGMENT], N);
    probe_end(&p);
    g_free(h);
}

/* ---- what is forged or worthless ---- */

static void test_a_reset_opens_and_keeps_nothing(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived out = probe_tcp(&p, ALICE, E(alice, 5000), E(server_a, 9), TCP_SYN);
    probe_wait(&p, 200 * NS_PER_S);
    /* A stranger's reset passes this filter, but is no connection that lives on. */
    CU_ASSERT_TRUE(probe_tcp(&p, SERVER_B, E(server_b, 9), out.from, TCP_RST).is);
    probe_wait(&p, 40 * NS_PER_S);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 0);
    probe_end(&p);
    g_free(h);

    c.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT;
    h = home_new(&c);
    p = probe_new(&h->config, 1);
    out = probe_tcp(&p, ALICE, E(alice, 5000), E(server_a, 9), TCP_SYN);
    CU_ASSERT_TRUE(probe_tcp(&p, ALICE, E(alice, 5000), E(server_b, 9), TCP_RST).is);
    CU_ASSERT_FALSE(probe_tcp(&p, SERVER_B, E(server_b, 9), out.from, TCP_SYN).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_FILTERED);
    probe_end(&p);
    g_free(h);
}

static void test_a_forged_reset_is_outlived(void)
{
    /* RFC 7857 §2.2: gone four minutes after the reset only if nothing follows it. */
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint inside = E(alice, 5000), server = E(server_a, 443);
    struct arrived syn = probe_tcp(&p, ALICE, inside, server, TCP_SYN);
    probe_tcp(&p, SERVER_A, server, syn.from, TCP_SYN | TCP_ACK);
    probe_tcp(&p, ALICE, inside, server, TCP_ACK);
    probe_tcp(&p, SERVER_A, server, syn.from, TCP_RST);
    probe_wait(&p, 239 * NS_PER_S);
    probe_tcp(&p, ALICE, inside, server, TCP_ACK);
    probe_wait(&p, 7440 * NS_PER_S - 1);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
    probe_wait(&p, 1);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 0);
    probe_end(&p);
    g_free(h);
}

static void test_replies_to_nothing_stay_inside(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_DEPENDENT };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct datagram ping = make_icmp(8, A(alice), A(server_a), 7);
    CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &ping).is);
    /* The identifier is mapped, but no query came in that this could answer. */
    struct datagram pong = make_icmp(0, A(alice), A(server_b), 7);
    CU_ASSERT_FALSE(probe_send_take(&p, ALICE, &pong).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_NO_MAPPING);
    CU_ASSERT_EQUAL(p.n_refreshed, 0);
    struct datagram in = make_icmp(0, A(server_b), A("192.0.2.1"), 7);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_B, &in).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_FILTERED);
    probe_end(&p);
    g_free(h);
}

static void test_a_broken_quote_is_dropped(void)
{
    /* RFC 5508 REQ-3a: the embedded IP header's checksum; REQ-3c: no other. */
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived out = probe_udp(&p, ALICE, E(alice, 5000), E(server_a, 9));
    struct datagram quote = out.datagram;
    quote.bytes[1] ^= 4; /* the type of service, which only the checksum covers */
    struct datagram error =
        make_icmp_error(3, 3, A(server_a), out.from.address, quote.bytes, 28);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_A, &error).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_BAD_CHECKSUM);
    quote = out.datagram;
    quote.bytes[27] ^= 1; /* the UDP checksum; eight bytes quoted, so nobody can know */
    error = make_icmp_error(3, 3, A(server_a), out.from.address, quote.bytes, 28);
    CU_ASSERT_EQUAL(probe_send_take(&p, SERVER_A, &error).iface, ALICE);
    /* From inside, alike. */
    struct arrived in = probe_udp(&p, SERVER_A, E(server_a, 9), out.from);
    in.datagram.bytes[1] ^= 4;
    error = make_icmp_error(3, 3, A(alice), A(server_a), in.datagram.bytes, 28);
    CU_ASSERT_FALSE(probe_send_take(&p, ALICE, &error).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_BAD_CHECKSUM);
    probe_end(&p);
    g_free(h);
}

static void test_spoofed_sources_go_nowhere(void)
{
    /* A host that calls itself the server, the NAT or another host gets mappings like
       anybody; what comes back for them finds nobody, and goes round in no circle. */
    struct nat_config c = { .hairpin = NAT_HAIRPIN_EXTERNAL_SOURCE };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    static const char *const lies[] = { "198.51.100.1", "192.0.2.1", "203.0.113.77" };
    for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
        struct arrived out = probe_udp(&p, ALICE, E(lies[i], 4000), E(server_b, 9));
        CU_ASSERT_TRUE_FATAL(out.is && out.from.address.bytes[0] == 192);
        uint64_t before = n_drops(&p);
        CU_ASSERT_FALSE(probe_udp(&p, SERVER_B, E(server_b, 9), out.from).is);
        CU_ASSERT_EQUAL(p.last_drop, DROP_NO_ROUTE);
        CU_ASSERT_FALSE(probe_udp(&p, ADAM, E(adam, 4000), out.from).is);
        CU_ASSERT_EQUAL(p.last_drop, DROP_NO_ROUTE);
        CU_ASSERT_EQUAL(n_drops(&p), before + 2);
    }
    probe_end(&p);
    g_free(h);
}

/* ---- limits of the configuration ---- */

static void test_lifetimes_may_be_endless(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_DEPENDENT,
                            .udp_lifetime_ns = CLOCK_NEVER,
                            .filter_lifetime_ns = CLOCK_NEVER,
                            .tcp_transitory_ns = CLOCK_NEVER };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    probe_wait(&p, NS_PER_S);
    struct arrived udp = probe_udp(&p, ALICE, E(alice, 5000), E(server_a, 9));
    probe_tcp(&p, ALICE, E(alice, 5000), E(server_a, 9), TCP_SYN);
    CU_ASSERT_EQUAL(network_next_deadline(p.net), CLOCK_NEVER);
    probe_wait(&p, INT64_C(1) << 62);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 2);
    CU_ASSERT_TRUE(probe_udp(&p, SERVER_A, E(server_a, 9), udp.from).is);
    probe_end(&p);
    g_free(h);
}

static void test_a_dependent_mapping_keeps_its_flow(void)
{
    struct nat_config c = { .on_conflict = NAT_CONFLICT_DEPEND };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    probe_udp(&p, ALICE, E(alice, 5000), E(server_a, 9));
    probe_wait(&p, 200 * NS_PER_S);
    struct arrived bound = probe_udp(&p, ADAM, E(adam, 5000), E(server_a, 9));
    CU_ASSERT_EQUAL(bound.from.port, 5001);
    /* Alice's mapping ends, so adam's next one has his own port and any remote … */
    probe_wait(&p, 150 * NS_PER_S);
    CU_ASSERT_EQUAL(probe_udp(&p, ADAM, E(adam, 5000), E(server_b, 9)).from.port, 5000);
    /* … but the flow that there was stays where its remote knows it. */
    CU_ASSERT_EQUAL(probe_udp(&p, ADAM, E(adam, 5000), E(server_a, 9)).from.port, 5001);
    probe_end(&p);
    g_free(h);
}

/* What a NAT's tap sees of a fragment that has waited is what stands on its outer side.
 */
static void test_taps_see_late_fragments_outside(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived out = probe_udp(&p, ALICE, E(alice, 5000), E(server_a, 9));
    struct datagram whole = make_udp(E(server_a, 9), out.from, "0123456789abcdef");
    struct datagram first = make_fragment(&whole, 0, 16);
    struct datagram last = make_fragment(&whole, 16, 8);
    probe_send(&p, SERVER_A, &last);
    network_submit(p.net, SERVER_A, first.bytes, first.size, p.now_ns);
    struct network_event e;
    unsigned n = 0;
    while (network_pop_event(p.net, &e)) {
        if (e.kind == NETWORK_PACKET && e.verdict == PACKET_TRANSLATED) {
            n++;
            CU_ASSERT_EQUAL(memcmp(e.packet->bytes + 16, "\xc0\x00\x02\x01", 4), 0);
            CU_ASSERT_TRUE(all_checksums_hold(e.packet->bytes, e.packet->size));
            CU_ASSERT_TRUE(address_equal(&e.before.address, &out.from.address));
        }
        packet_free(e.packet);
    }
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_TRUE(probe_take(&p).iface == ALICE && probe_take(&p).iface == ALICE);
    probe_end(&p);
    g_free(h);
}

static const struct test tests[] = {
    { "filter entries are bounded", test_filter_entries_are_bounded },
    { "TCP connections are bounded", test_tcp_connections_are_bounded },
    { "overloaded mappings are bounded", test_mappings_are_bounded_where_ports_are_not },
    { "pairing outlasts its table", test_pairing_outlasts_its_table },
    { "held packets are bounded", test_held_packets_are_bounded },
    { "a reset opens and keeps nothing", test_a_reset_opens_and_keeps_nothing },
    { "a forged reset is outlived", test_a_forged_reset_is_outlived },
    { "replies to nothing stay inside", test_replies_to_nothing_stay_inside },
    { "an error with a broken quote is dropped", test_a_broken_quote_is_dropped },
    { "spoofed sources go nowhere", test_spoofed_sources_go_nowhere },
    { "lifetimes may be endless", test_lifetimes_may_be_endless },
    { "a dependent mapping keeps its flow", test_a_dependent_mapping_keeps_its_flow },
    { "taps see late fragments outside", test_taps_see_late_fragments_outside },
};

int main(int argc, char **argv)
{
    return suite_run("nat_hostile", tests, G_N_ELEMENTS(tests), argc, argv);
}
