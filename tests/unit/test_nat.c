/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NAT, seen only through packets: mapping and filtering in all combinations, port
 * allocation, hairpinning, ICMP, fragments, checksums. RFC 4787's requirements one by one
 * are in test_nat_rfc4787.c, TCP is in test_nat_tcp.c.
 */
#include "net_probe.h"

/* ---- what kind of NAT is this? ---- */

static enum nat_behaviour probe_mapping(const struct nat_config *c)
{
    struct home *h = home_new(c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint alice = E("192.168.1.2", 5000);
    struct arrived one = probe_udp(&p, ALICE, alice, E("198.51.100.1", 3478));
    struct arrived same = probe_udp(&p, ALICE, alice, E("198.51.100.1", 3478));
    struct arrived port = probe_udp(&p, ALICE, alice, E("198.51.100.1", 3479));
    struct arrived address = probe_udp(&p, ALICE, alice, E("203.0.113.1", 3478));
    CU_ASSERT_TRUE(one.is && same.is && port.is && address.is);
    CU_ASSERT_TRUE(address_equal(&one.from.address, &c->external[0]) ||
                   c->n_external == 0);
    CU_ASSERT_TRUE(endpoint_equal(&one.from, &same.from));
    enum nat_behaviour found =
        !endpoint_equal(&one.from, &port.from)      ? NAT_ADDRESS_AND_PORT_DEPENDENT
        : !endpoint_equal(&one.from, &address.from) ? NAT_ADDRESS_DEPENDENT
                                                    : NAT_ENDPOINT_INDEPENDENT;
    probe_end(&p);
    g_free(h);
    return found;
}

static enum nat_behaviour probe_filtering(const struct nat_config *c)
{
    struct home *h = home_new(c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived out =
        probe_udp(&p, ALICE, E("192.168.1.2", 5000), E("198.51.100.1", 3478));
    struct arrived reply = probe_udp(&p, SERVER_A, E("198.51.100.1", 3478), out.from);
    struct arrived port = probe_udp(&p, SERVER_A, E("198.51.100.1", 3479), out.from);
    struct arrived address = probe_udp(&p, SERVER_B, E("203.0.113.1", 3478), out.from);
    CU_ASSERT_TRUE(reply.is && reply.iface == ALICE && reply.to.port == 5000);
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_FILTERED], (uint64_t)(!port.is + !address.is));
    CU_ASSERT_TRUE(port.is || !address.is);
    probe_end(&p);
    g_free(h);
    return address.is ? NAT_ENDPOINT_INDEPENDENT
           : port.is  ? NAT_ADDRESS_DEPENDENT
                      : NAT_ADDRESS_AND_PORT_DEPENDENT;
}

static void test_nine_combinations(void)
{
    for (unsigned mapping = 0; mapping < 3; mapping++)
        for (unsigned filtering = 0; filtering < 3; filtering++)
            for (unsigned allocation = 0; allocation < 3; allocation++) {
                struct nat_config c = { .mapping = mapping,
                                        .filtering = filtering,
                                        .allocation = allocation };
                CU_ASSERT_EQUAL(probe_mapping(&c), mapping);
                CU_ASSERT_EQUAL(probe_filtering(&c), filtering);
            }
}

static void test_presets(void)
{
    static const struct {
        const char *name;
        enum nat_behaviour mapping, filtering;
    } rows[] = {
        { "full-cone", NAT_ENDPOINT_INDEPENDENT, NAT_ENDPOINT_INDEPENDENT },
        { "restricted-cone", NAT_ENDPOINT_INDEPENDENT, NAT_ADDRESS_DEPENDENT },
        { "port-restricted-cone", NAT_ENDPOINT_INDEPENDENT,
          NAT_ADDRESS_AND_PORT_DEPENDENT },
        { "symmetric", NAT_ADDRESS_AND_PORT_DEPENDENT, NAT_ADDRESS_AND_PORT_DEPENDENT },
    };
    CU_ASSERT_EQUAL_FATAL(nat_n_presets, G_N_ELEMENTS(rows));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nat_config c = { .mapping = nat_presets[i].mapping,
                                .filtering = nat_presets[i].filtering };
        ASSERT_TEXT(nat_presets[i].name, rows[i].name);
        CU_ASSERT_EQUAL(probe_mapping(&c), rows[i].mapping);
        CU_ASSERT_EQUAL(probe_filtering(&c), rows[i].filtering);
    }
}

/* ---- ports ---- */

static void test_allocation(void)
{
    static const struct {
        const char *what;
        enum nat_allocation allocation;
        enum nat_conflict conflict;
        bool parity;
        unsigned alice_port, adam_port; /* adam's own port is alice's, 5000 */
    } rows[] = {
        { "preserve, next", NAT_PRESERVE, NAT_CONFLICT_NEXT, false, 5000, 5001 },
        { "preserve, next, parity", NAT_PRESERVE, NAT_CONFLICT_NEXT, true, 5000, 5002 },
        { "preserve, overload", NAT_PRESERVE, NAT_CONFLICT_OVERLOAD, false, 5000, 5000 },
        { "preserve, refuse", NAT_PRESERVE, NAT_CONFLICT_REFUSE, false, 5000, 0 },
        { "preserve, depend", NAT_PRESERVE, NAT_CONFLICT_DEPEND, false, 5000, 5001 },
        { "sequential", NAT_SEQUENTIAL, NAT_CONFLICT_NEXT, false, 1024, 1025 },
        { "sequential, parity", NAT_SEQUENTIAL, NAT_CONFLICT_NEXT, true, 1024, 1026 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nat_config c = { .allocation = rows[i].allocation,
                                .on_conflict = rows[i].conflict,
                                .port_parity = rows[i].parity };
        struct home *h = home_new(&c);
        struct probe p = probe_new(&h->config, 1);
        struct endpoint server = E("198.51.100.1", 3478);
        struct arrived alice = probe_udp(&p, ALICE, E("192.168.1.2", 5000), server);
        struct arrived adam = probe_udp(&p, ADAM, E("192.168.1.3", 5000), server);
        CU_ASSERT_EQUAL(alice.from.port, rows[i].alice_port);
        if (rows[i].adam_port) {
            CU_ASSERT_EQUAL(adam.from.port, rows[i].adam_port);
        } else { /* refused: adam is told so (RFC 5508 REQ-8) */
            CU_ASSERT_EQUAL(p.drops[DROP_NAT_PORT_CONFLICT], 1);
            CU_ASSERT_TRUE(adam.is && adam.iface == ADAM && adam.icmp_type == 3 &&
                           adam.icmp_code == 13);
        }
        probe_end(&p);
        g_free(h);
    }
}

static void test_random_ports(void)
{
    struct nat_config c = {
        .allocation = NAT_RANDOM, .port_min = 2000, .port_max = 2099, .port_parity = true
    };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 7);
    bool seen[100] = { 0 };
    unsigned in_order = 0, last = 0;
    for (unsigned i = 0; i < 50; i++) {
        struct arrived a =
            probe_udp(&p, ALICE, E("192.168.1.2", 5000 + 2 * i), E("198.51.100.1", 1));
        CU_ASSERT_TRUE_FATAL(a.from.port >= 2000 && a.from.port <= 2099);
        CU_ASSERT_EQUAL(a.from.port % 2, 0);
        CU_ASSERT_FALSE(seen[a.from.port - 2000]);
        seen[a.from.port - 2000] = true;
        in_order += a.from.port == last + 2u;
        last = a.from.port;
    }
    CU_ASSERT_TRUE(in_order < 25);
    /* All even ports are taken: one more even one fails, an odd one does not. */
    struct arrived even =
        probe_udp(&p, ALICE, E("192.168.1.2", 6000), E("198.51.100.1", 1));
    CU_ASSERT_EQUAL(even.icmp_type, 3);
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_PORTS_EXHAUSTED], 1);
    CU_ASSERT_EQUAL(
        probe_udp(&p, ALICE, E("192.168.1.2", 6001), E("198.51.100.1", 1)).iface,
        SERVER_A);
    /* After the lifetime all are free again. */
    probe_wait(&p, 301 * NS_PER_S);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 0);
    CU_ASSERT_EQUAL(p.n_created, p.n_expired);
    CU_ASSERT_EQUAL(
        probe_udp(&p, ALICE, E("192.168.1.2", 6000), E("198.51.100.1", 1)).iface,
        SERVER_A);
    probe_end(&p);
    g_free(h);
}

static void test_quota(void)
{
    struct nat_config c = { .max_mappings = 2 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    for (unsigned i = 0; i < 3; i++)
        probe_udp(&p, ALICE, E("192.168.1.2", 5000 + i), E("198.51.100.1", 1));
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_QUOTA], 1);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 2);
    CU_ASSERT_EQUAL(p.n_created, 2);
    probe_end(&p);
    g_free(h);
}

static void overloaded_ports_are_told_apart(enum nat_behaviour filtering)
{
    struct nat_config c = { .on_conflict = NAT_CONFLICT_OVERLOAD,
                            .filtering = filtering };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint alice = E("192.168.1.2", 5000), adam = E("192.168.1.3", 5000);
    struct endpoint a1 = E("198.51.100.1", 1), a2 = E("198.51.100.1", 2);
    struct endpoint b = E("203.0.113.1", 1), both = E("192.0.2.1", 5000);
    probe_udp(&p, ALICE, alice, a1);
    probe_udp(&p, ADAM, adam, a2);
    CU_ASSERT_EQUAL(probe_udp(&p, SERVER_A, a1, both).iface, ALICE);
    CU_ASSERT_EQUAL(probe_udp(&p, SERVER_A, a2, both).iface, ADAM);
    /* A later remote is known to the one who sent to it, where the filter keeps it. */
    probe_udp(&p, ADAM, adam, b);
    if (filtering != NAT_ENDPOINT_INDEPENDENT)
        CU_ASSERT_EQUAL(probe_udp(&p, SERVER_B, b, both).iface, ADAM);
    /* When adam's mapping has ended, alice still has the port: a third gets no other. */
    probe_wait(&p, 200 * NS_PER_S);
    probe_udp(&p, ALICE, alice, a1);
    probe_wait(&p, 100 * NS_PER_S);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
    CU_ASSERT_EQUAL(probe_udp(&p, SERVER_A, a1, both).iface, ALICE);
    CU_ASSERT_EQUAL(probe_udp(&p, ADAM, adam, b).from.port, 5000);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 2);
    probe_end(&p);
    g_free(h);
}

static void test_overloaded_ports_are_told_apart(void)
{
    overloaded_ports_are_told_apart(NAT_ENDPOINT_INDEPENDENT);
    overloaded_ports_are_told_apart(NAT_ADDRESS_AND_PORT_DEPENDENT);
}

static void test_a_shared_port_is_given_back_by_the_last(void)
{
    /* Another host's mapping is in the way as long as one of the two lives: `refuse`
       cannot be asked for at the same time, so a sequential port shows it. */
    struct nat_config c = { .on_conflict = NAT_CONFLICT_OVERLOAD,
                            .port_min = 5000,
                            .port_max = 5001 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint server = E("198.51.100.1", 1);
    probe_udp(&p, ALICE, E("192.168.1.2", 5000), server);
    probe_wait(&p, 100 * NS_PER_S);
    probe_udp(&p, ADAM, E("192.168.1.3", 5000), server);
    probe_wait(&p, 200 * NS_PER_S); /* alice's has ended, adam's has not */
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
    /* A port that is out of range gets a free one: 5000 is not free. */
    CU_ASSERT_EQUAL(probe_udp(&p, ALICE, E("192.168.1.2", 80), server).from.port, 5001);
    probe_udp(&p, ALICE, E("192.168.1.2", 81), server);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_PORTS_EXHAUSTED);
    probe_wait(&p, 300 * NS_PER_S);
    CU_ASSERT_EQUAL(probe_udp(&p, ALICE, E("192.168.1.2", 80), server).from.port, 5000);
    probe_end(&p);
    g_free(h);
}

/* RFC 4787 §4.1: a host that is paired with a full address gets no other. */
static void test_a_full_address(void)
{
    for (unsigned arbitrary = 0; arbitrary < 2; arbitrary++) {
        struct nat_config c = { .port_min = 5000,
                                .port_max = 5007,
                                .pooling = arbitrary,
                                .external = { A("192.0.2.1"), A("192.0.2.2") },
                                .n_external = 2 };
        struct home *h = home_new(&c);
        struct probe p = probe_new(&h->config, 1);
        unsigned n = 0;
        for (unsigned i = 0; i < 17; i++) {
            struct arrived a =
                probe_udp(&p, ALICE, E("192.168.1.2", 6000 + i), E("198.51.100.1", 1));
            n += a.is && a.iface == SERVER_A;
        }
        CU_ASSERT_EQUAL(n, arbitrary ? 16 : 8);
        CU_ASSERT_EQUAL(p.drops[DROP_NAT_PORTS_EXHAUSTED], 17 - n);
        probe_end(&p);
        g_free(h);
    }
}

/* ---- ICMP ---- */

static void test_ping(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                            .port_parity = true };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct address server = A("198.51.100.1");
    struct datagram ping = make_icmp(8, A("192.168.1.2"), server, 77);
    struct datagram other = make_icmp(8, A("192.168.1.3"), server, 77);
    struct arrived one = probe_send_take(&p, ALICE, &ping);
    struct arrived two = probe_send_take(&p, ADAM, &other);
    CU_ASSERT_TRUE(one.iface == SERVER_A && two.iface == SERVER_A);
    CU_ASSERT_EQUAL(one.from.port, 77); /* ranges of ports are none of identifiers */
    CU_ASSERT_EQUAL(two.from.port, 78); /* nor is parity */
    struct datagram pong = make_icmp(0, server, two.from.address, two.from.port);
    struct arrived back = probe_send_take(&p, SERVER_A, &pong);
    CU_ASSERT_TRUE(back.iface == ADAM && back.to.port == 77);
    /* A query from outside has no mapping, whatever its identifier. */
    struct datagram query = make_icmp(8, server, two.from.address, two.from.port);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_A, &query).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_NO_MAPPING);
    /* RFC 5508 REQ-2: 60 s. */
    probe_wait(&p, 60 * NS_PER_S);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_A, &pong).is);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 0);
    probe_end(&p);
    g_free(h);
}

static void test_icmp_error_inbound(void)
{
    static const size_t quoted[] = { 28, 33 }; /* RFC 792's eight bytes, and all */
    for (size_t i = 0; i < G_N_ELEMENTS(quoted); i++) {
        struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
        struct home *h = home_new(&c);
        struct probe p = probe_new(&h->config, 1);
        struct endpoint inside = E("192.168.1.2", 5000), to = E("198.51.100.1", 9);
        struct arrived out = probe_udp(&p, ALICE, inside, to);
        CU_ASSERT_EQUAL(out.datagram.size, 33);
        /* Any router may send it: here one at server B's address. */
        struct datagram error = make_icmp_error(3, 3, A("203.0.113.1"), A("192.0.2.1"),
                                                out.datagram.bytes, quoted[i]);
        struct arrived a = probe_send_take(&p, SERVER_B, &error);
        CU_ASSERT_TRUE_FATAL(a.is && a.iface == ALICE);
        const uint8_t *quote = a.datagram.bytes + 28;
        CU_ASSERT_EQUAL(memcmp(quote + 12, inside.address.bytes, 4), 0);
        CU_ASSERT_EQUAL(quote[20] * 256 + quote[21], 5000);
        CU_ASSERT_EQUAL(memcmp(quote + 16, to.address.bytes, 4), 0);
        CU_ASSERT_EQUAL(p.n_refreshed, 0); /* RFC 5508 REQ-6 */

        /* About a datagram that was never sent: RFC 5508 REQ-4. */
        struct datagram forged = out.datagram;
        put16(forged.bytes + 20, 6000);
        error = make_icmp_error(3, 3, A("203.0.113.1"), A("192.0.2.1"), forged.bytes, 28);
        CU_ASSERT_FALSE(probe_send_take(&p, SERVER_B, &error).is);
        CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_NO_MAPPING);
        /* With a broken checksum: REQ-3. */
        error = make_icmp_error(3, 3, A("203.0.113.1"), A("192.0.2.1"),
                                out.datagram.bytes, 28);
        error.bytes[40] ^= 1;
        CU_ASSERT_FALSE(probe_send_take(&p, SERVER_B, &error).is);
        CU_ASSERT_EQUAL(p.last_drop, DROP_BAD_CHECKSUM);
        probe_end(&p);
        g_free(h);
    }
}

static void test_icmp_error_about_a_stranger(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived out =
        probe_udp(&p, ALICE, E("192.168.1.2", 5000), E("198.51.100.1", 9));
    /* The mapping is there, but nothing was sent to this remote. */
    struct datagram never = make_udp(out.from, E("203.0.113.1", 9), "never");
    struct datagram error =
        make_icmp_error(3, 3, A("203.0.113.1"), A("192.0.2.1"), never.bytes, 28);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_B, &error).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_ICMP_REFUSED);
    /* An error in fragments cannot be translated. */
    error = make_icmp_error(3, 3, A("198.51.100.1"), A("192.0.2.1"), out.datagram.bytes,
                            out.datagram.size);
    struct datagram first = make_fragment(&error, 0, 40);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_A, &first).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_ICMP_REFUSED);
    probe_end(&p);
    g_free(h);
}

/* Traceroute by ping: an error that quotes a query (RFC 5508 REQ-4). */
static void test_icmp_error_about_a_query(void)
{
    for (unsigned mapping = 0; mapping < 3; mapping++) {
        struct nat_config c = { .mapping = mapping,
                                .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                .allocation = NAT_SEQUENTIAL };
        struct home *h = home_new(&c);
        struct probe p = probe_new(&h->config, 1);
        struct datagram ping = make_icmp(8, A("192.168.1.2"), A("198.51.100.1"), 76);
        probe_send_take(&p, ALICE, &ping); /* takes identifier 0 */
        ping = make_icmp(8, A("192.168.1.2"), A("198.51.100.1"), 77);
        struct arrived out = probe_send_take(&p, ALICE, &ping);
        CU_ASSERT_TRUE(out.from.port != 77 && out.from.port != 0);
        struct datagram error = make_icmp_error(11, 0, A("203.0.113.1"), A("192.0.2.1"),
                                                out.datagram.bytes, out.datagram.size);
        struct arrived a = probe_send_take(&p, SERVER_B, &error);
        CU_ASSERT_TRUE_FATAL(a.is && a.iface == ALICE && a.icmp_type == 11);
        CU_ASSERT_EQUAL(a.datagram.bytes[28 + 24] * 256 + a.datagram.bytes[28 + 25], 77);
        probe_end(&p);
        g_free(h);
    }
}

static void test_icmp_error_outbound(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint server = E("198.51.100.1", 9);
    struct arrived out = probe_udp(&p, ALICE, E("192.168.1.2", 5000), server);
    struct arrived in = probe_udp(&p, SERVER_A, server, out.from);
    /* Alice has closed the port by now; her error goes out as the NAT's (REQ-5). */
    struct datagram error = make_icmp_error(3, 3, A("192.168.1.2"), server.address,
                                            in.datagram.bytes, in.datagram.size);
    struct arrived a = probe_send_take(&p, ALICE, &error);
    CU_ASSERT_TRUE_FATAL(a.is && a.iface == SERVER_A);
    CU_ASSERT_TRUE(address_equal(&a.from.address, &out.from.address));
    const uint8_t *quote = a.datagram.bytes + 28;
    CU_ASSERT_EQUAL(memcmp(quote + 16, out.from.address.bytes, 4), 0);
    CU_ASSERT_EQUAL(quote[22] * 256 + quote[23], out.from.port);
    probe_end(&p);
    g_free(h);
}

static void test_icmp_error_hairpinned(void)
{
    struct nat_config c = { .hairpin = NAT_HAIRPIN_EXTERNAL_SOURCE };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived b = probe_udp(&p, ADAM, E("192.168.1.3", 6000), E("198.51.100.1", 9));
    struct arrived hairpinned = probe_udp(&p, ALICE, E("192.168.1.2", 5000), b.from);
    CU_ASSERT_TRUE_FATAL(hairpinned.is && hairpinned.iface == ADAM);
    struct datagram error =
        make_icmp_error(3, 3, A("192.168.1.3"), hairpinned.from.address,
                        hairpinned.datagram.bytes, hairpinned.datagram.size);
    /* RFC 5508 REQ-7: alice gets it, about the datagram as she sent it. */
    struct arrived a = probe_send_take(&p, ADAM, &error);
    CU_ASSERT_TRUE_FATAL(a.is && a.iface == ALICE);
    CU_ASSERT_TRUE(address_equal(&a.from.address, &b.from.address)); /* REQ-5c */
    const uint8_t *quote = a.datagram.bytes + 28;
    CU_ASSERT_EQUAL(memcmp(quote + 12, A("192.168.1.2").bytes, 4), 0);
    CU_ASSERT_EQUAL(quote[20] * 256 + quote[21], 5000);
    CU_ASSERT_EQUAL(memcmp(quote + 16, b.from.address.bytes, 4), 0);
    CU_ASSERT_EQUAL(quote[22] * 256 + quote[23], b.from.port);
    probe_end(&p);
    g_free(h);
}

static void test_hairpin_honours_the_filter(void)
{
    for (unsigned filtering = 0; filtering < 3; filtering++)
        for (unsigned hairpin = 0; hairpin < 3; hairpin++) {
            struct nat_config c = { .filtering = filtering, .hairpin = hairpin };
            struct home *h = home_new(&c);
            struct probe p = probe_new(&h->config, 1);
            struct endpoint server = E("198.51.100.1", 9);
            struct endpoint alice = E("192.168.1.2", 5000), adam = E("192.168.1.3", 6000);
            struct arrived b = probe_udp(&p, ADAM, adam, server);
            struct arrived a = probe_udp(&p, ALICE, alice, server);
            struct arrived got = probe_udp(&p, ALICE, alice, b.from);
            CU_ASSERT_EQUAL(got.is, hairpin != NAT_HAIRPIN_OFF &&
                                        filtering == NAT_ENDPOINT_INDEPENDENT);
            /* Once adam has sent to alice's external endpoint, she is let in. */
            probe_udp(&p, ADAM, adam, a.from);
            while (probe_take(&p).is)
                ;
            got = probe_udp(&p, ALICE, alice, b.from);
            CU_ASSERT_EQUAL(got.is, hairpin != NAT_HAIRPIN_OFF);
            if (got.is) {
                CU_ASSERT_EQUAL(got.iface, ADAM);
                CU_ASSERT_TRUE(endpoint_equal(
                    &got.from,
                    hairpin == NAT_HAIRPIN_EXTERNAL_SOURCE ? &a.from : &alice));
            } else {
                CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_HAIRPIN_OFF);
            }
            probe_end(&p);
            g_free(h);
        }
}

/* Ports outside differ from those inside, so that none is right by chance. */
static void test_hairpin_of_each_protocol(void)
{
    for (unsigned hairpin = 0; hairpin < 3; hairpin++) {
        struct nat_config c = { .hairpin = hairpin, .allocation = NAT_SEQUENTIAL };
        struct home *h = home_new(&c);
        struct probe p = probe_new(&h->config, 1);
        struct endpoint server = E("198.51.100.1", 9);
        struct endpoint alice = E("192.168.1.2", 5000), adam = E("192.168.1.3", 6000);
        for (unsigned tcp = 0; tcp < 2; tcp++) {
            struct arrived a, b, got;
            if (tcp) { /* RFC 5382 REQ-8 */
                a = probe_tcp(&p, ALICE, alice, server, TCP_SYN);
                b = probe_tcp(&p, ADAM, adam, server, TCP_SYN);
                got = probe_tcp(&p, ALICE, alice, b.from, TCP_SYN);
            } else {
                a = probe_udp(&p, ALICE, alice, server);
                b = probe_udp(&p, ADAM, adam, server);
                got = probe_udp(&p, ALICE, alice, b.from);
            }
            CU_ASSERT_TRUE(a.from.port < 2000 && b.from.port < 2000);
            CU_ASSERT_EQUAL(got.is, hairpin != NAT_HAIRPIN_OFF);
            CU_ASSERT_EQUAL(p.drops[DROP_NAT_HAIRPIN_OFF], got.is ? 0 : 1 + tcp);
            if (!got.is)
                continue;
            CU_ASSERT_TRUE(got.iface == ADAM && endpoint_equal(&got.to, &adam));
            CU_ASSERT_TRUE(endpoint_equal(
                &got.from, hairpin == NAT_HAIRPIN_EXTERNAL_SOURCE ? &a.from : &alice));
        }
        probe_end(&p);
        g_free(h);
    }
}

/* ---- checksums and the malformed ---- */

static void test_udp_checksum_special_values(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    /* 0: none; it stays 0 (RFC 768, RFC 3022 §4.1). */
    struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), "x");
    put16(d.bytes + 26, 0);
    struct arrived a = probe_send_take(&p, ALICE, &d);
    CU_ASSERT_TRUE(a.is && a.datagram.bytes[26] == 0 && a.datagram.bytes[27] == 0);
    /* One payload word of 65,536 makes the translated checksum 0: it must go out as
       0xffff. All are tried, so it is among them, and no 0 may come out. */
    unsigned n_ffff = 0, n_zero = 0;
    for (unsigned word = 0; word < 65536; word++) {
        char text[] = { (char)0x55, (char)0x55, 0 };
        d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), text);
        put16(d.bytes + 28, word);
        seal_ipv4(&d, IPPROTO_UDP, A("192.168.1.2"), A("198.51.100.1"), 10);
        a = probe_send_take(&p, ALICE, &d);
        unsigned out = a.datagram.bytes[26] * 256u + a.datagram.bytes[27];
        n_ffff += out == 0xffff;
        n_zero += out == 0;
    }
    CU_ASSERT_EQUAL(n_zero, 0);
    CU_ASSERT_TRUE(n_ffff >= 1);
    probe_end(&p);
    g_free(h);
}

static void test_broken_packets_are_dropped(void)
{
    static const struct {
        const char *what;
        unsigned at;
        uint8_t flip;
        enum drop_reason reason;
    } rows[] = {
        { "IP header checksum", 10, 1, DROP_BAD_CHECKSUM },
        { "UDP checksum", 26, 1, DROP_BAD_CHECKSUM },
        { "UDP payload", 28, 0x80, DROP_BAD_CHECKSUM },
        { "UDP length beyond the datagram", 24, 1, DROP_MALFORMED },
    };
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct datagram d = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), "xy");
        d.bytes[rows[i].at] ^= rows[i].flip;
        CU_ASSERT_FALSE(probe_send_take(&p, ALICE, &d).is);
        CU_ASSERT_EQUAL(p.last_drop, rows[i].reason);
    }
    struct datagram sctp = make_udp(E("192.168.1.2", 1), E("198.51.100.1", 9), "x");
    sctp.bytes[9] = IPPROTO_SCTP;
    set_ttl(&sctp, 64);
    CU_ASSERT_FALSE(probe_send_take(&p, ALICE, &sctp).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_PROTOCOL);
    CU_ASSERT_EQUAL(p.n_created, 0);
    probe_end(&p);
    g_free(h);
}

/* ---- fragments ---- */

static void test_fragments(void)
{
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct datagram whole = make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), text);
    struct datagram first = make_fragment(&whole, 0, 504);
    struct datagram last = make_fragment(&whole, 504, 504);

    probe_send(&p, ALICE, &last);
    CU_ASSERT_FALSE(probe_take(&p).is); /* it waits */
    probe_send(&p, ALICE, &first);
    struct arrived one = probe_take(&p), two = probe_take(&p);
    CU_ASSERT_TRUE_FATAL(one.is && two.is);
    CU_ASSERT_TRUE(address_equal(&two.from.address, &one.from.address));
    /* Reassembled, the datagram has the right UDP checksum. */
    struct datagram joined = one.datagram;
    memcpy(joined.bytes + one.datagram.size, two.datagram.bytes + 20,
           two.datagram.size - 20);
    joined.size += two.datagram.size - 20;
    put16(joined.bytes + 2, (unsigned)joined.size);
    put16(joined.bytes + 6, 0);
    set_ttl(&joined, 64);
    CU_ASSERT_TRUE(all_checksums_hold(joined.bytes, joined.size));

    /* The reply's fragments find alice, in either order. */
    struct datagram reply = make_udp(E("198.51.100.1", 9), one.from, text);
    struct datagram reply_last = make_fragment(&reply, 504, 504);
    struct datagram reply_first = make_fragment(&reply, 0, 504);
    probe_send(&p, SERVER_A, &reply_last);
    probe_send(&p, SERVER_A, &reply_first);
    CU_ASSERT_TRUE(probe_take(&p).iface == ALICE && probe_take(&p).iface == ALICE);

    /* A fragment whose first never comes is dropped when its time is over. */
    last.bytes[5] ^= 1;
    set_ttl(&last, 64);
    probe_send(&p, ALICE, &last);
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_FRAGMENT], 0);
    probe_wait(&p, 15 * NS_PER_S);
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_FRAGMENT], 1);
    probe_end(&p);
    g_free(h);
}

/* What is remembered of a datagram's first fragment: for how long, how much, of which. */
static void test_what_is_remembered_of_fragments(void)
{
    struct nat_config c = { .fragments = NAT_FRAGMENTS_IN_ORDER };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct datagram whole =
        make_udp(E("192.168.1.2", 5000), E("198.51.100.1", 9), "0123456789abcdef");
    struct datagram first = make_fragment(&whole, 0, 16);
    struct datagram last = make_fragment(&whole, 16, 8);
    /* Two at once are kept apart by their identification. */
    for (unsigned id = 0; id < 2; id++) {
        put16(first.bytes + 4, id);
        set_ttl(&first, 64);
        CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &first).is);
    }
    for (unsigned id = 0; id < 3; id++) {
        put16(last.bytes + 4, id);
        set_ttl(&last, 64);
        CU_ASSERT_EQUAL(probe_send_take(&p, ALICE, &last).is, id < 2);
    }
    /* The same identification in another protocol is another datagram. */
    struct datagram other = last;
    put16(other.bytes + 4, 0);
    other.bytes[9] = IPPROTO_TCP;
    set_ttl(&other, 64);
    CU_ASSERT_FALSE(probe_send_take(&p, ALICE, &other).is);
    /* For 15 seconds (RFC 791 §3.2). */
    put16(last.bytes + 4, 1);
    set_ttl(&last, 64);
    probe_wait(&p, 15 * NS_PER_S - 1);
    CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &last).is);
    probe_wait(&p, 1);
    CU_ASSERT_FALSE(probe_send_take(&p, ALICE, &last).is);
    CU_ASSERT_EQUAL(p.drops[DROP_NAT_FRAGMENT], 3);
    probe_end(&p);
    g_free(h);
}

static void test_filter_lifetime(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_DEPENDENT,
                            .filter_lifetime_ns = 30 * NS_PER_S };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint server = E("198.51.100.1", 9);
    struct arrived out = probe_udp(&p, ALICE, E("192.168.1.2", 5000), server);
    probe_wait(&p, 30 * NS_PER_S - 1);
    CU_ASSERT_TRUE(probe_udp(&p, SERVER_A, server, out.from).is);
    probe_wait(&p, 1);
    CU_ASSERT_FALSE(probe_udp(&p, SERVER_A, server, out.from).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_FILTERED);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
    probe_end(&p);
    g_free(h);
}

static const struct test tests[] = {
    { "nine mappings and filterings are told apart", test_nine_combinations },
    { "RFC 3489's names are the behaviours they stand for", test_presets },
    { "ports are allocated as configured", test_allocation },
    { "random ports are distinct, of the parity, in range", test_random_ports },
    { "a quota bounds the mappings", test_quota },
    { "overloaded ports are told apart", test_overloaded_ports_are_told_apart },
    { "a shared port is given back by the last",
      test_a_shared_port_is_given_back_by_the_last },
    { "a full address is left only where pooling is arbitrary", test_a_full_address },
    { "ping works, and only from inside", test_ping },
    { "an ICMP error comes in with its quote translated", test_icmp_error_inbound },
    { "an ICMP error about a stranger is refused", test_icmp_error_about_a_stranger },
    { "an ICMP error about a query comes in", test_icmp_error_about_a_query },
    { "an ICMP error goes out with its quote translated", test_icmp_error_outbound },
    { "an ICMP error is hairpinned", test_icmp_error_hairpinned },
    { "hairpinning honours the filter", test_hairpin_honours_the_filter },
    { "UDP and TCP are hairpinned", test_hairpin_of_each_protocol },
    { "UDP checksum 0 stays, a computed 0 becomes ffff",
      test_udp_checksum_special_values },
    { "broken packets are dropped with the reason", test_broken_packets_are_dropped },
    { "fragments follow the first in any order", test_fragments },
    { "of fragments little is remembered, and briefly",
      test_what_is_remembered_of_fragments },
    { "a filter can expire before its mapping", test_filter_lifetime },
};

int main(int argc, char **argv)
{
    return suite_run("nat", tests, G_N_ELEMENTS(tests), argc, argv);
}
