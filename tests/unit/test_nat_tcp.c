/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NAT's way with TCP, seen only through packets: RFC 5382, and RFC 7857 where it
 * updates it.
 */
#include "net_probe.h"

static void test_a_reset_makes_no_mapping(void)
{
    struct nat_config c = { 0 };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint inside = E("192.168.1.2", 5000), server = E("198.51.100.1", 9);
    CU_ASSERT_FALSE(probe_tcp(&p, ALICE, inside, server, TCP_RST).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_NAT_NO_MAPPING);
    CU_ASSERT_EQUAL(p.n_created, 0);
    probe_end(&p);
    g_free(h);
}

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
        { "a SYN and its answer", false, 0, TCP_SYN | TCP_ACK, 240 },
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
            external = probe_tcp(&p, ALICE, inside, server, TCP_SYN).from;
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

/* RFC 9293 §3.6.1: a SYN may reopen what is in TIME-WAIT. */
static void test_tcp_opens_again(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint inside = E("192.168.1.2", 40000), server = E("198.51.100.1", 443);
    struct endpoint external;
    tcp_handshake(&p, inside, server, &external);
    probe_tcp(&p, ALICE, inside, server, TCP_FIN | TCP_ACK);
    probe_tcp(&p, SERVER_A, server, external, TCP_FIN | TCP_ACK);
    tcp_handshake(&p, inside, server, &external);
    probe_wait(&p, 7440 * NS_PER_S - 1);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
    probe_wait(&p, 1);
    CU_ASSERT_EQUAL(network_n_mappings(p.net), 0);
    probe_end(&p);
    g_free(h);
}

/* With one port two connections, each with a life of its own, whatever the filter. */
static void test_tcp_connections_of_one_mapping(void)
{
    for (unsigned filtering = 0; filtering < 3; filtering++) {
        struct nat_config c = { .filtering = filtering };
        struct home *h = home_new(&c);
        struct probe p = probe_new(&h->config, 1);
        struct endpoint inside = E("192.168.1.2", 40000), external;
        tcp_handshake(&p, inside, E("198.51.100.1", 443), &external);
        tcp_handshake(&p, inside, E("198.51.100.1", 80), &external);
        CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
        probe_tcp(&p, ALICE, inside, E("198.51.100.1", 80), TCP_RST);
        probe_wait(&p, 7440 * NS_PER_S - 1);
        CU_ASSERT_EQUAL(network_n_mappings(p.net), 1);
        /* The other one ended long ago, and its permission with it. */
        bool let_in =
            probe_tcp(&p, SERVER_A, E("198.51.100.1", 80), external, TCP_ACK).is;
        CU_ASSERT_EQUAL(let_in, filtering != NAT_ADDRESS_AND_PORT_DEPENDENT);
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

static void test_only_its_own_syn_cancels_an_answer(void)
{
    struct nat_config c = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                            .unsolicited_syn = NAT_SYN_ICMP };
    struct home *h = home_new(&c);
    struct probe p = probe_new(&h->config, 1);
    struct endpoint inside = E("192.168.1.2", 40000), peer = E("198.51.100.1", 50000);
    probe_tcp(&p, SERVER_A, peer, E("192.0.2.1", 40000), TCP_SYN);
    /* Not a SYN to another remote, nor a segment to this one that is no SYN. */
    CU_ASSERT_TRUE(probe_tcp(&p, ALICE, inside, E("203.0.113.1", 1), TCP_SYN).is);
    CU_ASSERT_TRUE(probe_tcp(&p, ALICE, inside, peer, TCP_ACK).is);
    probe_wait(&p, 6 * NS_PER_S);
    struct arrived a = probe_take(&p);
    CU_ASSERT_TRUE(a.iface == SERVER_A && a.icmp_type == 3 && a.icmp_code == 3);
    probe_end(&p);
    g_free(h);
}

static const struct test tests[] = {
    { "a reset makes no mapping", test_a_reset_makes_no_mapping },
    { "TCP mappings live as long as RFC 5382 wants", test_tcp_timers },
    { "a connection opens again", test_tcp_opens_again },
    { "connections of one mapping are apart", test_tcp_connections_of_one_mapping },
    { "TCP opens simultaneously", test_tcp_simultaneous_open },
    { "an unsolicited SYN gets what the policy says", test_unsolicited_syn },
    { "an outbound SYN cancels the answer", test_outbound_syn_cancels_the_answer },
    { "no other segment cancels it", test_only_its_own_syn_cancels_an_answer },
};

int main(int argc, char **argv)
{
    return suite_run("nat_tcp", tests, G_N_ELEMENTS(tests), argc, argv);
}
