/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network as a whole: who reaches whom, what hops cost, what taps see, in which order
 * things happen, and that no packet whatever breaks it.
 */
#include "net_probe.h"

#include "../fuzz/everything.h"

#if defined(__SANITIZE_ADDRESS__)
enum { N_MUTATED = 200000 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { N_MUTATED = 200000 };
#else
enum { N_MUTATED = 1000000 };
#endif
#else
enum { N_MUTATED = 1000000 };
#endif

static void test_hosts_of_one_lan_talk_through_it(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    h->sites[0].link.up.loss = h->sites[0].link.down.loss = 1;
    struct probe p = probe_new(&h->config, 1);
    struct arrived a = probe_udp(&p, ALICE, E("192.168.1.2", 1), E("192.168.1.3", 2));
    CU_ASSERT_TRUE(a.is && a.iface == ADAM && a.ttl == 64);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 0);
    probe_end(&p);
    g_free(h);
}

static void test_hops_lower_the_ttl(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), "x");
    /* The NAT, then the server's router. */
    struct arrived out = probe_send_take(&p, ALICE, &d);
    CU_ASSERT_EQUAL(out.ttl, 62);
    CU_ASSERT_EQUAL(probe_udp(&p, SERVER_A, E("198.51.100.1", 9), out.from).ttl, 62);
    static const struct {
        uint8_t ttl;
        const char *answers; /* NULL: it arrives */
    } rows[] = { { 1, "192.0.2.1" }, { 2, "192.0.0.8" }, { 3, NULL } };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        set_ttl(&d, rows[i].ttl);
        struct arrived a = probe_send_take(&p, ALICE, &d);
        CU_ASSERT_TRUE_FATAL(a.is);
        if (!rows[i].answers) {
            CU_ASSERT_TRUE(a.iface == SERVER_A && a.ttl == 1);
            continue;
        }
        struct address from = A(rows[i].answers);
        CU_ASSERT_TRUE(a.iface == ALICE && a.icmp_type == 11 && a.icmp_code == 0);
        CU_ASSERT_TRUE(address_equal(&a.from.address, &from));
        /* It quotes alice's datagram as she sent it, but for the TTL. */
        CU_ASSERT_EQUAL(memcmp(a.datagram.bytes + 28 + 12, d.bytes + 12, d.size - 12 - 3),
                        0);
    }
    CU_ASSERT_EQUAL(p.drops[DROP_TTL_EXPIRED], 2);
    probe_end(&p);
    g_free(h);
}

static void test_drops_without_a_way(void)
{
    static const struct {
        const char *to;
        enum drop_reason reason;
    } rows[] = {
        { "203.0.113.99", DROP_NO_ROUTE },   { "10.9.9.9", DROP_NO_ROUTE },
        { "224.0.0.251", DROP_MULTICAST },   { "255.255.255.255", DROP_MULTICAST },
        { "203.0.113.1", DROP_HOST_SILENT },
    };
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    h->server_b[0].silent = true;
    struct probe p = probe_new(&h->config, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        CU_ASSERT_FALSE(
            probe_udp(&p, ALICE, E("192.168.1.2", 5000), E(rows[i].to, 9)).is);
        CU_ASSERT_EQUAL(p.last_drop, rows[i].reason);
        ASSERT_TEXT(drop_reason_name(p.last_drop), drop_reason_name(rows[i].reason));
    }
    struct datagram d = { .size = 3 };
    probe_send(&p, ALICE, &d);
    CU_ASSERT_EQUAL(p.last_drop, DROP_MALFORMED);
    probe_end(&p);
    g_free(h);
}

/* Without NATs each address is reachable from everywhere, however deep; behind a NAT
 * none is but the NAT's. */
static void test_who_is_known_outside(void)
{
    for (unsigned nat = 0; nat < 2; nat++) {
        struct interface_config hosts[3] = { { .name = "deep", .n_addresses = 1 },
                                             { .name = "middle", .n_addresses = 1 },
                                             { .name = "far", .n_addresses = 1 } };
        hosts[0].addresses[0] = A("198.51.100.2");
        hosts[1].addresses[0] = A("198.51.100.1");
        hosts[2].addresses[0] = A("203.0.113.1");
        struct site_config sites[3] = {
            { .name = "outer", .parent = -1, .interfaces = &hosts[1], .n_interfaces = 1 },
            { .name = "inner", .parent = 0, .interfaces = &hosts[0], .n_interfaces = 1 },
            { .name = "far", .parent = -1, .interfaces = &hosts[2], .n_interfaces = 1 },
        };
        sites[0].n_middleboxes = nat;
        sites[0].middleboxes[0].name = "outer/nat";
        sites[0].middleboxes[0].nat.external[0] = A("192.0.2.1");
        sites[0].middleboxes[0].nat.n_external = 1;
        struct network_config config = { .sites = sites, .n_sites = 3 };
        struct probe p = probe_new(&config, 1);
        enum { MIDDLE, DEEP, FAR };
        struct endpoint far = E("203.0.113.1", 9);
        CU_ASSERT_EQUAL(probe_udp(&p, FAR, far, E("198.51.100.1", 1)).is, !nat);
        CU_ASSERT_EQUAL(probe_udp(&p, FAR, far, E("198.51.100.2", 1)).is, !nat);
        CU_ASSERT_EQUAL(p.drops[DROP_NO_ROUTE], 2 * nat);
        /* From inside all the ways are open. */
        CU_ASSERT_EQUAL(probe_udp(&p, DEEP, E("198.51.100.2", 1), far).iface, FAR);
        CU_ASSERT_EQUAL(
            probe_udp(&p, MIDDLE, E("198.51.100.1", 1), E("198.51.100.2", 1)).iface,
            DEEP);
        probe_end(&p);
    }
}

/* Two homes below a carrier's NAT, all of them full cones that hairpin. */
static void test_carrier_grade_nat(void)
{
    struct everything e;
    everything_init(&e, 0);
    for (unsigned i = 0; i < 4; i++) {
        e.sites[i].link = (struct link_config){ 0 };
        for (unsigned m = 0; m < e.sites[i].n_middleboxes; m++) {
            struct middlebox_config *box = &e.sites[i].middleboxes[m];
            if (box->kind == MIDDLEBOX_NAT)
                box->nat = (struct nat_config){
                    .hairpin = NAT_HAIRPIN_EXTERNAL_SOURCE,
                    .external = { box->nat.external[0] },
                    .n_external = 1,
                };
            else
                box->firewall = (struct firewall_config){ 0 };
        }
    }
    struct probe p = probe_new(&e.config, 1);
    enum { NEIGHBOUR, ALICE_, ADAM_, BOB, SERVER };
    struct arrived a =
        probe_udp(&p, ALICE_, E("192.168.1.2", 5000), E("198.51.100.1", 9));
    struct address carrier = A("192.0.2.1"), home_a = A("100.64.0.1");
    CU_ASSERT_TRUE(a.iface == SERVER && address_equal(&a.from.address, &carrier));
    /* home-a/nat, carrier/nat, the server's router */
    CU_ASSERT_EQUAL(a.ttl, 61);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 2);
    struct arrived b = probe_udp(&p, BOB, E("192.168.1.2", 5000), E("198.51.100.1", 9));
    CU_ASSERT_FALSE(endpoint_equal(&a.from, &b.from));
    /* Back in through both. */
    CU_ASSERT_EQUAL(probe_udp(&p, SERVER, E("198.51.100.1", 9), b.from).iface, BOB);
    /* From home to home by way of the carrier's hairpin. */
    struct arrived c = probe_udp(&p, ALICE_, E("192.168.1.2", 5000), b.from);
    CU_ASSERT_TRUE(c.iface == BOB && endpoint_equal(&c.from, &a.from));
    /* The neighbour on the carrier's LAN sees the home's address there. */
    struct arrived n = probe_udp(&p, ALICE_, E("192.168.1.2", 5000), E("100.64.0.9", 9));
    CU_ASSERT_TRUE(n.iface == NEIGHBOUR && address_equal(&n.from.address, &home_a));
    probe_end(&p);
}

static void test_taps(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    static const char *const names[] = { "alice/eth0", "adam/eth0", "a/eth0",
                                         "b/eth0",     "home/link", "home/nat",
                                         "a/link",     "b/link",    "internet" };
    CU_ASSERT_EQUAL_FATAL(network_n_taps(p.net), G_N_ELEMENTS(names));
    CU_ASSERT_EQUAL(network_n_interfaces(p.net), 4);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        ASSERT_TEXT(network_tap_name(p.net, i), names[i]);

    struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), "x");
    network_submit(p.net, ALICE, d.bytes, d.size, 0);
    static const struct {
        enum network_event_kind kind;
        unsigned tap;
        enum packet_verdict verdict;
        enum packet_direction direction;
        uint8_t last_source_byte; /* what the tap sees */
    } rows[] = {
        { NETWORK_PACKET, 0, PACKET_PASSED, PACKET_OUTWARD, 2 },
        { NETWORK_MAPPING_CREATED, 5, PACKET_PASSED, PACKET_OUTWARD, 0 },
        { NETWORK_PACKET, 5, PACKET_TRANSLATED, PACKET_OUTWARD, 1 },
        { NETWORK_PACKET, 2, PACKET_PASSED, PACKET_INWARD, 1 },
    };
    struct network_event e;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        CU_ASSERT_TRUE_FATAL(network_pop_event(p.net, &e));
        CU_ASSERT_TRUE(e.kind == rows[i].kind && e.tap == rows[i].tap);
        if (e.kind != NETWORK_PACKET)
            continue;
        CU_ASSERT_TRUE(e.verdict == rows[i].verdict && e.direction == rows[i].direction);
        CU_ASSERT_EQUAL(e.packet_id, 1);
        CU_ASSERT_EQUAL(e.packet->bytes[15], rows[i].last_source_byte);
        CU_ASSERT_TRUE(all_checksums_hold(e.packet->bytes, e.packet->size));
        if (e.verdict == PACKET_TRANSLATED) {
            struct endpoint before = E("192.168.1.2", 5000), after = E("192.0.2.1", 5000);
            CU_ASSERT_TRUE(endpoint_equal(&e.before, &before));
            CU_ASSERT_TRUE(endpoint_equal(&e.after, &after));
        }
        packet_free(e.packet);
    }
    CU_ASSERT_FALSE(network_pop_event(p.net, &e));
    /* Coming in, the NAT's tap sees what stands on its outer side. */
    d = make_udp(E("198.51.100.1", 9), E("192.0.2.1", 5000), "y");
    network_submit(p.net, SERVER_A, d.bytes, d.size, 1);
    CU_ASSERT_TRUE(network_pop_event(p.net, &e) && e.tap == SERVER_A);
    packet_free(e.packet);
    CU_ASSERT_TRUE_FATAL(network_pop_event(p.net, &e) && e.tap == 5 &&
                         e.verdict == PACKET_TRANSLATED);
    CU_ASSERT_EQUAL(memcmp(e.packet->bytes + 16, "\xc0\x00\x02\x01", 4), 0);
    packet_free(e.packet);
    probe_end(&p);
    g_free(h);
}

static void test_times_are_exact_and_in_order(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    h->sites[0].link.up.delay_ns = 30 * NS_PER_MS;
    h->sites[1].link.down.delay_ns = 7 * NS_PER_MS;
    struct probe p = probe_new(&h->config, 1);
    CU_ASSERT_EQUAL(network_next_deadline(p.net), CLOCK_NEVER);
    struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), "x");
    for (unsigned i = 0; i < 10; i++)
        probe_send(&p, ALICE, &d);
    CU_ASSERT_EQUAL(network_next_deadline(p.net), 30 * NS_PER_MS);
    probe_wait(&p, 37 * NS_PER_MS - 1);
    CU_ASSERT_FALSE(probe_take(&p).is);
    /* However late the network is advanced, each packet has its own time. */
    probe_wait(&p, NS_PER_S);
    for (unsigned i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(probe_take(&p).at_ns, 37 * NS_PER_MS);
    CU_ASSERT_EQUAL(network_next_deadline(p.net), 300 * NS_PER_S); /* the mapping's end */
    probe_end(&p);
    g_free(h);
}

/* Through one link, or cut again on the next one. */
static void mtu_fragments(uint32_t first_mtu)
{
    char text[2001];
    for (unsigned i = 0; i < 2000; i++)
        text[i] = (char)('a' + i % 26);
    text[2000] = '\0';
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    h->sites[0].link.up.mtu_bytes = first_mtu;
    h->sites[1].link.down.mtu_bytes = 600;
    struct probe p = probe_new(&h->config, 1);
    struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), text);
    probe_send(&p, ALICE, &d);
    uint8_t joined[4096];
    size_t size = 0;
    unsigned pieces = 0;
    for (struct arrived a; (a = probe_take(&p)).is; pieces++) {
        CU_ASSERT_TRUE_FATAL(a.datagram.size <= 600);
        size_t at = ((a.datagram.bytes[6] & 0x1fu) * 256 + a.datagram.bytes[7]) * 8;
        CU_ASSERT_EQUAL(at, size);
        CU_ASSERT_EQUAL(!(a.datagram.bytes[6] & 0x20), at + a.datagram.size - 20 == 2008);
        memcpy(joined + at, a.datagram.bytes + 20, a.datagram.size - 20);
        size += a.datagram.size - 20;
    }
    CU_ASSERT_TRUE(pieces >= 4 && size == 2008 && memcmp(joined + 8, text, 2000) == 0);
    probe_end(&p);
    g_free(h);
}

static void test_mtu_fragments(void)
{
    mtu_fragments(0);
    mtu_fragments(600);
    mtu_fragments(1000);
}

/* RFC 1191: the router before a link that leads down answers, too. */
static void test_too_big_on_the_way_down(void)
{
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    h->sites[1].link.down.mtu_bytes = 700;
    struct probe p = probe_new(&h->config, 1);
    struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), text);
    d.bytes[6] = 0x40;
    set_ttl(&d, 64);
    struct arrived a = probe_send_take(&p, ALICE, &d);
    CU_ASSERT_EQUAL(p.drops[DROP_TOO_BIG], 1);
    CU_ASSERT_TRUE(a.is && a.iface == ALICE && a.icmp_type == 3 && a.icmp_code == 4);
    CU_ASSERT_EQUAL(a.datagram.bytes[26] * 256 + a.datagram.bytes[27], 700);
    probe_end(&p);
    g_free(h);
}

static void test_ties_keep_their_order(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    h->sites[0].link.up.delay_ns = NS_PER_MS;
    struct probe p = probe_new(&h->config, 1);
    for (unsigned i = 0; i < 100; i++) {
        struct datagram d =
            make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 1 + i), "x");
        probe_send(&p, ALICE, &d);
    }
    probe_wait(&p, NS_PER_MS);
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(probe_take(&p).to.port, 1 + i);
    probe_end(&p);
    g_free(h);
}

/* The same seed and the same input: the same packets at the same times, and events. */
static uint64_t run_digest(uint64_t seed)
{
    struct everything e;
    everything_init(&e, 77);
    struct rng rng = rng_seed(seed), input = rng_seed(3);
    struct network *net = network_new(&e.config, &rng, true);
    uint64_t digest = 0;
    for (unsigned i = 0; i < 3000; i++) {
        static const char *const homes[] = { "192.168.1.2", "192.168.1.3" };
        unsigned who = (unsigned)rng_below(&input, 2);
        struct datagram d = make_udp(
            (struct endpoint){ A(homes[who]), (uint16_t)(4000 + rng_below(&input, 50)) },
            E("198.51.100.1", 9), "hello");
        network_submit(net, 1 + who, d.bytes, d.size, (int64_t)i * NS_PER_MS / 2);
        struct delivery delivery;
        struct network_event event;
        struct packet *p;
        while ((p = network_pop_delivery(net, &delivery))) {
            digest = digest * 31 + (uint64_t)delivery.due_ns;
            for (uint32_t at = 0; at < p->size; at++)
                digest = digest * 31 + p->bytes[at];
            packet_free(p);
        }
        while (network_pop_event(net, &event)) {
            digest = digest * 31 + (uint64_t)event.at_ns * 100 + event.tap * 10u +
                     event.kind + event.external.port;
            packet_free(event.packet);
        }
    }
    network_free(net);
    return digest;
}

static void test_same_seed_same_run(void)
{
    CU_ASSERT_EQUAL(run_digest(1), run_digest(1));
    CU_ASSERT_NOT_EQUAL(run_digest(1), run_digest(2));
}

/* However long a link is, what flies on it has a bound in memory. */
static void test_packets_in_flight_are_bounded(void)
{
    enum { TEXT = 4000, ENOUGH = LINK_MAX_IN_FLIGHT_BYTES / TEXT };
    char text[TEXT + 1];
    memset(text, 'x', TEXT);
    text[TEXT] = '\0';
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    h->sites[0].link.up.delay_ns = NS_PER_S;
    struct probe p = probe_new(&h->config, 1);
    struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), text);
    for (unsigned i = 0; i < ENOUGH; i++)
        probe_send(&p, ALICE, &d);
    CU_ASSERT_TRUE(p.drops[DROP_QUEUE_FULL] > 0);
    CU_ASSERT_TRUE(p.drops[DROP_QUEUE_FULL] < ENOUGH / 50);
    probe_wait(&p, NS_PER_S);
    uint64_t arrived = p.drops[DROP_QUEUE_FULL];
    while (probe_take(&p).is)
        arrived++;
    CU_ASSERT_EQUAL(arrived, ENOUGH);
    /* All have landed: there is room again. */
    uint64_t before = p.drops[DROP_QUEUE_FULL];
    probe_send(&p, ALICE, &d);
    CU_ASSERT_EQUAL(p.drops[DROP_QUEUE_FULL], before);
    probe_end(&p);
    g_free(h);
}

/* One more element in the network does not change what another one draws. */
static void test_same_seed_same_losses(void)
{
    uint64_t lost[3];
    for (unsigned run = 0; run < 3; run++) {
        struct nat_config c = { 0 };
        struct home *h = home_new(&c);
        h->sites[0].link.up.loss = 0.3;
        if (run == 2)
            h->sites[1].link.down.jitter_ns = NS_PER_MS;
        struct probe p = probe_new(&h->config, 99);
        uint64_t pattern = 0;
        for (unsigned i = 0; i < 64; i++) {
            uint64_t before = p.drops[DROP_LINK_LOSS];
            probe_udp(&p, ALICE, E("192.168.1.2", 5000), E("198.51.100.1", 9));
            pattern = pattern << 1 | (p.drops[DROP_LINK_LOSS] - before);
        }
        lost[run] = pattern;
        probe_end(&p);
        g_free(h);
    }
    CU_ASSERT_NOT_EQUAL(lost[0], 0);
    CU_ASSERT_EQUAL(lost[0], lost[1]);
    CU_ASSERT_EQUAL(lost[0], lost[2]);
}

static void test_packets_outlive_the_network(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), "late");
    probe_send(&p, ALICE, &d);
    struct delivery delivery;
    struct packet *packet = network_pop_delivery(p.net, &delivery);
    CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
    probe_end(&p);
    CU_ASSERT_EQUAL(memcmp(packet->bytes + 28, "late", 4), 0);
    packet_free(packet);
    g_free(h);
}

/* ---- 10^6 packets ---- */

static size_t make_base(struct rng *rng, uint8_t *out)
{
    static const char *const addresses[] = { "192.168.1.2", "192.168.1.3", "198.51.100.1",
                                             "192.0.2.1",   "100.64.0.1",  "100.64.0.2",
                                             "100.64.0.9" };
    struct endpoint from =
        E(addresses[rng_below(rng, 7)], (unsigned)rng_below(rng, 8) + 4000);
    struct endpoint to =
        E(addresses[rng_below(rng, 7)], (unsigned)rng_below(rng, 8) + 4000);
    struct datagram inner = make_udp(to, from, "inner"), d;
    switch (rng_below(rng, 5)) {
    case 0:
        d = make_tcp(from, to, (uint8_t)rng_below(rng, 32));
        break;
    case 1:
        d = make_icmp(rng_below(rng, 2) ? 8 : 0, from.address, to.address, from.port);
        break;
    case 2:
        d = make_icmp_error(3, 3, from.address, to.address, inner.bytes, inner.size);
        break;
    case 3:
        inner = make_udp(from, to, "0123456789abcdef0123456789abcdef");
        d = rng_below(rng, 2) ? make_fragment(&inner, 0, 24)
                              : make_fragment(&inner, 24, 16);
        d.bytes[5] = (uint8_t)rng_below(rng, 4);
        set_ttl(&d, 64);
        break;
    default:
        d = make_udp(from, to, "hello, world");
    }
    memcpy(out, d.bytes, d.size);
    return d.size;
}

static void test_mutated_packets(void)
{
    struct rng rng = rng_seed(20250101);
    uint64_t arrived = 0;
    enum { N_NETWORKS = 50 };
    for (unsigned n = 0; n < N_NETWORKS; n++) {
        struct everything e;
        everything_init(&e, n * 13);
        struct rng own = rng_seed(n);
        struct network *net = network_new(&e.config, &own, n % 2);
        if (n % 4 < 2)
            network_delay_lost_tcp(net);
        int64_t now_ns = 0;
        for (unsigned i = 0; i < N_MUTATED / N_NETWORKS; i++) {
            uint8_t bytes[256];
            size_t size = make_base(&rng, bytes);
            for (uint64_t flips = rng_below(&rng, 4); flips > 0; flips--)
                bytes[rng_below(&rng, size)] = (uint8_t)rng_next(&rng);
            if (rng_below(&rng, 8) == 0)
                size = rng_below(&rng, size + 1);
            uint8_t *exact = g_memdup2(bytes, size);
            if (size > 0 && rng_below(&rng, 4))
                everything_mend(exact, size);
            now_ns += (int64_t)rng_below(&rng, 2 * NS_PER_MS);
            network_submit(net, (unsigned)rng_below(&rng, EVERYTHING_INTERFACES), exact,
                           size, now_ns);
            g_free(exact);
            arrived += everything_drain(net);
        }
        network_free(net);
    }
    CU_ASSERT_TRUE(arrived > N_MUTATED / 20);
}

static const struct test tests[] = {
    { "hosts of one LAN talk through it", test_hosts_of_one_lan_talk_through_it },
    { "each hop lowers the TTL and answers at its end", test_hops_lower_the_ttl },
    { "what has no way is dropped with the reason", test_drops_without_a_way },
    { "who is known outside", test_who_is_known_outside },
    { "homes below a carrier's NAT reach everyone", test_carrier_grade_nat },
    { "taps see what network.h says", test_taps },
    { "packets arrive at their own time, in order", test_times_are_exact_and_in_order },
    { "a small MTU fragments, and again", test_mtu_fragments },
    { "what is too big on the way down is answered", test_too_big_on_the_way_down },
    { "packets due together keep their order", test_ties_keep_their_order },
    { "a seed gives the same run", test_same_seed_same_run },
    { "packets in flight are bounded", test_packets_in_flight_are_bounded },
    { "a seed gives the same losses whatever else there is", test_same_seed_same_losses },
    { "packets outlive the network", test_packets_outlive_the_network },
    { "mutated packets break nothing", test_mutated_packets },
};

int main(int argc, char **argv)
{
    return suite_run("network", tests, G_N_ELEMENTS(tests), argc, argv);
}
