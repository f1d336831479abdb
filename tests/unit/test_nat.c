/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NAT, seen only through packets: mapping and filtering in all combinations, port
 * allocation, hairpinning, TCP, ICMP, fragments, checksums. RFC 4787's requirements one
 * by one are in test_nat_rfc4787.c.
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

/* ---- TCP ---- */

static void tcp_handshake(struct probe *p, struct endpoint inside, struct endpoint server,
                          struct endpoint *ret_external)
{
    struct arrived syn = probe_tcp(p, ALICE, inside, server, TCP_SYN);
    CU_ASSERT_TRUE(syn.is && syn.iface == SERVER_A);
    *ret_external = syn.from;
    CU_ASSERT_TRUE(probe_tcp(p, SERVER_A, server, syn.from, TCP_SYN | TCP_ACK).is);
    CU_ASSERT_TRUE(probe_tcp(p, ALICE, inside, server, TCP_ACK).is);
}

static void test_tcp_timers(void)
{
    /* RFC 5382 REQ-5: 4 minutes partly open or closing, 2 h 4 min established. */
    static const struct {
        const char *what;
        bool handshake;
        uint8_t then_out, then_in;
        int64_t lives_s;
    } rows[] = {
        { "only a SYN", false, 0, 0, 240 },
        { "established", true, 0, 0, 7440 },
        { "half closed", true, TCP_FIN | TCP_ACK, 0, 7440 },
        { "closed by both", true, TCP_FIN | TCP_ACK, TCP_FIN | TCP_ACK, 240 },
        { "reset from outside", true, 0, TCP_RST, 240 },
        { "reset from inside", true, TCP_RST, 0, 240 },
    };
    struct endpoint inside = E("192.168.1.2", 40000), server = E("198.51.100.1", 443);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
        struct home *h = home_new(&c);
        struct probe p = probe_new(&h->config, 1);
        struct endpoint external = { 0 };
        if (rows[i].handshake)
            tcp_handshake(&p, inside, server, &external);
        else
            probe_tcp(&p, ALICE, inside, server, TCP_SYN);
        if (rows[i].then_out)
            CU_ASSERT_TRUE(probe_tcp(&p, ALICE, inside, server, rows[i].then_out).is);
        if (rows[i].then_in)
            CU_ASSERT_TRUE(probe_tcp(&p, SERVER_A, server, external, rows[i].then_in).is);
        probe_wait(&p, rows[i].lives_s * NS_PER_S - 1);
        CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
        probe_wait(&p, 1);
        CU_ASSERT_EQUAL(network_n_mappings(p.net), 0);
        CU_ASSERT_EQUAL(p.n_expired, 1);
        probe_end(&p);
        g_free(h);
    }
}

static void test_tcp_simultaneous_open(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint inside = E("192.168.1.2", 40000), peer = E("198.51.100.1", 50000);
    /* RFC 5382 REQ-2a: the SYNs cross; both get through, and both SYN-ACKs. */
    struct arrived syn = probe_tcp(&p, ALICE, inside, peer, TCP_SYN);
    CU_ASSERT_TRUE(probe_tcp(&p, SERVER_A, peer, syn.from, TCP_SYN).iface == ALICE);
    CU_ASSERT_TRUE(probe_tcp(&p, ALICE, inside, peer, TCP_SYN | TCP_ACK).is);
    CU_ASSERT_TRUE(probe_tcp(&p, SERVER_A, peer, syn.from, TCP_SYN | TCP_ACK).is);
    CU_ASSERT_TRUE(probe_tcp(&p, ALICE, inside, peer, TCP_ACK).is);
    probe_wait(&p, 7000 * NS_PER_S);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
    probe_end(&p);
    g_free(h);
}

static void test_unsolicited_syn(void)
{
    static const struct {
        enum nat_unsolicited_syn policy;
        bool answered_at_once, answered_after_6_s;
    } rows[] = {
        { NAT_SYN_DROP, false, false },
        { NAT_SYN_RESET, true, false },
        { NAT_SYN_ICMP, false, true },
    };
    struct endpoint peer = E("198.51.100.1", 50000), nat = E("192.0.2.1", 40000);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                .unsolicited_syn = rows[i].policy };
        struct home *h = home_new(&c);
        struct probe p = probe_new(&h->config, 1);
        struct arrived a = probe_tcp(&p, SERVER_A, peer, nat, TCP_SYN);
        CU_ASSERT_EQUAL(a.is, rows[i].answered_at_once);
        if (a.is)
            CU_ASSERT_TRUE(a.tcp_flags == (TCP_RST | TCP_ACK) &&
                           endpoint_equal(&a.from, &nat) && endpoint_equal(&a.to, &peer));
        CU_ASSERT_EQUAL(p.drops[DROP_NAT_NO_MAPPING], 1);
        probe_wait(&p, 6 * NS_PER_S - 1);
        CU_ASSERT_FALSE(probe_take(&p).is);
        probe_wait(&p, 1);
        a = probe_take(&p);
        CU_ASSERT_EQUAL(a.is, rows[i].answered_after_6_s);
        if (a.is)
            CU_ASSERT_TRUE(a.icmp_type == 3 && a.icmp_code == 3 && a.iface == SERVER_A);
        probe_end(&p);
        g_free(h);
    }
}

static void test_outbound_syn_cancels_the_answer(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                            .unsolicited_syn = NAT_SYN_ICMP };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint inside = E("192.168.1.2", 40000), peer = E("198.51.100.1", 50000);
    probe_tcp(&p, SERVER_A, peer, E("192.0.2.1", 40000), TCP_SYN);
    probe_wait(&p, 3 * NS_PER_S);
    CU_ASSERT_TRUE(probe_tcp(&p, ALICE, inside, peer, TCP_SYN).is);
    probe_wait(&p, 30 * NS_PER_S);
    CU_ASSERT_FALSE(probe_take(&p).is);
    probe_end(&p);
    g_free(h);
}

/* ---- ICMP ---- */

static void test_ping(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct address server = A("198.51.100.1");
    struct datagram ping = make_icmp(8, A("192.168.1.2"), server, 77);
    struct datagram other = make_icmp(8, A("192.168.1.3"), server, 77);
    struct arrived one = probe_send_take(&p, ALICE, &ping);
    struct arrived two = probe_send_take(&p, ADAM, &other);
    CU_ASSERT_TRUE(one.iface == SERVER_A && two.iface == SERVER_A);
    CU_ASSERT_NOT_EQUAL(one.from.port, two.from.port);
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
    { "TCP mappings live as long as RFC 5382 wants", test_tcp_timers },
    { "TCP opens simultaneously", test_tcp_simultaneous_open },
    { "an unsolicited SYN gets what the policy says", test_unsolicited_syn },
    { "an outbound SYN cancels the answer", test_outbound_syn_cancels_the_answer },
    { "ping works, and only from inside", test_ping },
    { "an ICMP error comes in with its quote translated", test_icmp_error_inbound },
    { "an ICMP error goes out with its quote translated", test_icmp_error_outbound },
    { "an ICMP error is hairpinned", test_icmp_error_hairpinned },
    { "hairpinning honours the filter", test_hairpin_honours_the_filter },
    { "UDP checksum 0 stays, a computed 0 becomes ffff",
      test_udp_checksum_special_values },
    { "broken packets are dropped with the reason", test_broken_packets_are_dropped },
    { "fragments follow the first in any order", test_fragments },
    { "a filter can expire before its mapping", test_filter_lifetime },
};

int main(int argc, char **argv)
{
    return suite_run("nat", tests, G_N_ELEMENTS(tests), argc, argv);
}
