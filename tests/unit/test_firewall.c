/* SPDX-License-Identifier: Apache-2.0 */
/* Firewalls: what each preset lets through, what each action answers, state. */
#include "net_probe.h"

/* The home of net_probe.h with a firewall in place of the NAT and public addresses. */
static struct home *walled(const struct firewall_config *firewall)
{
    struct nat_config unused = { 0 };
    struct home *h = home_new(&unused);
    h->hosts[0].addresses[0] = A("192.0.2.2");
    h->hosts[1].addresses[0] = A("192.0.2.3");
    h->sites[0].middleboxes[0] = (struct middlebox_config){ .name = "home/wall",
                                                            .kind = MIDDLEBOX_FIREWALL,
                                                            .firewall = *firewall };
    return h;
}

static const char host[] = "192.0.2.2", server[] = "198.51.100.1";

static void test_presets(void)
{
    static const struct {
        const char *name;
        bool udp_out, udp_reply, tcp_out, tcp_reply, https_out, https_reply, udp_in;
    } rows[] = {
        { "stateful", true, true, true, true, true, true, false },
        { "udp-blocked", false, false, true, true, true, true, false },
        { "tcp-443-only", false, false, false, false, true, true, false },
        { "inbound-blocked", true, false, true, false, true, false, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct firewall_config c;
        CU_ASSERT_TRUE_FATAL(firewall_preset(rows[i].name, &c));
        ASSERT_TEXT(firewall_preset_names[i], rows[i].name);
        struct home *h = walled(&c);
        struct probe p = probe_new(&h->config, 1);
#define CHECK(call, expected) CU_ASSERT_EQUAL((call).is, rows[i].expected)
        CHECK(probe_udp(&p, ALICE, E(host, 1), E(server, 443)), udp_out);
        CHECK(probe_udp(&p, SERVER_A, E(server, 443), E(host, 1)), udp_reply);
        CHECK(probe_tcp(&p, ALICE, E(host, 2), E(server, 80), TCP_SYN), tcp_out);
        CHECK(probe_tcp(&p, SERVER_A, E(server, 80), E(host, 2), TCP_SYN | TCP_ACK),
              tcp_reply);
        CHECK(probe_tcp(&p, ALICE, E(host, 3), E(server, 443), TCP_SYN), https_out);
        CHECK(probe_tcp(&p, SERVER_A, E(server, 443), E(host, 3), TCP_SYN | TCP_ACK),
              https_reply);
        CHECK(probe_udp(&p, SERVER_B, E("203.0.113.1", 9), E(host, 1)), udp_in);
#undef CHECK
        probe_end(&p);
        g_free(h);
    }
    CU_ASSERT_PTR_NULL(firewall_preset_names[G_N_ELEMENTS(rows)]);
    struct firewall_config c = { .n_rules = 7 };
    CU_ASSERT_FALSE(firewall_preset("no-such", &c));
    CU_ASSERT_EQUAL(c.n_rules, 7);
}

static void test_actions(void)
{
    static const struct {
        enum firewall_action action;
        enum drop_reason reason;
        bool icmp_to_udp, icmp_to_tcp, reset_to_tcp;
    } rows[] = {
        { FIREWALL_DROP, DROP_FIREWALL_DROPPED, false, false, false },
        { FIREWALL_REJECT, DROP_FIREWALL_REJECTED, true, true, false },
        { FIREWALL_RESET, DROP_FIREWALL_RESET, true, false, true },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct firewall_config c = { .default_outbound = rows[i].action,
                                     .default_inbound = rows[i].action };
        struct home *h = walled(&c);
        struct probe p = probe_new(&h->config, 1);
        for (unsigned outward = 0; outward < 2; outward++) {
            unsigned sender = outward ? ALICE : SERVER_A;
            struct endpoint from = outward ? E(host, 1) : E(server, 1);
            struct endpoint to = outward ? E(server, 2) : E(host, 2);
            struct arrived a = probe_udp(&p, sender, from, to);
            CU_ASSERT_EQUAL(p.last_drop, rows[i].reason);
            CU_ASSERT_EQUAL(a.is, rows[i].icmp_to_udp);
            if (a.is)
                CU_ASSERT_TRUE(a.iface == sender && a.icmp_type == 3 &&
                               a.icmp_code == 13);
            a = probe_tcp(&p, sender, from, to, TCP_SYN);
            CU_ASSERT_EQUAL(a.is && a.protocol == IPPROTO_ICMP, rows[i].icmp_to_tcp);
            CU_ASSERT_EQUAL(a.is && a.protocol == IPPROTO_TCP, rows[i].reset_to_tcp);
            if (rows[i].reset_to_tcp)
                CU_ASSERT_TRUE(a.iface == sender && (a.tcp_flags & TCP_RST) &&
                               endpoint_equal(&a.from, &to));
        }
        probe_end(&p);
        g_free(h);
    }
}

static void test_state_expires(void)
{
    struct firewall_config c;
    CU_ASSERT_TRUE(firewall_preset("stateful", &c));
    struct home *h = walled(&c);
    struct probe p = probe_new(&h->config, 1);
    probe_udp(&p, ALICE, E(host, 1), E(server, 2));
    probe_tcp(&p, ALICE, E(host, 1), E(server, 2), TCP_SYN);
    probe_wait(&p, 100 * NS_PER_S);
    CU_ASSERT_TRUE(probe_udp(&p, SERVER_A, E(server, 2), E(host, 1)).is); /* refreshes */
    probe_wait(&p, 120 * NS_PER_S - 1);
    CU_ASSERT_TRUE(probe_udp(&p, SERVER_A, E(server, 2), E(host, 1)).is);
    probe_wait(&p, 120 * NS_PER_S);
    CU_ASSERT_FALSE(probe_udp(&p, SERVER_A, E(server, 2), E(host, 1)).is);
    CU_ASSERT_TRUE(probe_tcp(&p, SERVER_A, E(server, 2), E(host, 1), TCP_ACK).is);
    probe_wait(&p, 7440 * NS_PER_S);
    CU_ASSERT_FALSE(probe_tcp(&p, SERVER_A, E(server, 2), E(host, 1), TCP_ACK).is);
    probe_end(&p);
    g_free(h);
}

static void test_icmp_errors_of_a_flow_are_established(void)
{
    struct firewall_config c;
    CU_ASSERT_TRUE(firewall_preset("stateful", &c));
    struct home *h = walled(&c);
    struct probe p = probe_new(&h->config, 1);
    struct arrived out = probe_udp(&p, ALICE, E(host, 1), E(server, 2));
    struct datagram error =
        make_icmp_error(3, 3, A("203.0.113.1"), A(host), out.datagram.bytes, 28);
    CU_ASSERT_EQUAL(probe_send_take(&p, SERVER_B, &error).icmp_type, 3);
    struct datagram forged = make_udp(E(host, 9), E(server, 9), "never sent");
    error = make_icmp_error(3, 3, A("203.0.113.1"), A(host), forged.bytes, 28);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_B, &error).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_FIREWALL_DROPPED);
    /* An echo reply is of the query's flow, by its identifier. */
    struct datagram ping = make_icmp(8, A(host), A(server), 5);
    struct datagram pong = make_icmp(0, A(server), A(host), 5);
    struct datagram other = make_icmp(0, A(server), A(host), 6);
    CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &ping).is);
    CU_ASSERT_TRUE(probe_send_take(&p, SERVER_A, &pong).is);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_A, &other).is);
    probe_end(&p);
    g_free(h);
}

static void test_first_matching_rule_decides(void)
{
    struct firewall_config c = {
        .rules = {
            { .direction = FIREWALL_INBOUND, .protocol = IPPROTO_UDP,
              .local_port_min = 5000, .local_port_max = 5009,
              .remote_address = A("198.51.100.2"), .action = FIREWALL_REJECT },
            { .direction = FIREWALL_INBOUND, .protocol = IPPROTO_UDP,
              .local_port_min = 5000, .local_port_max = 5009, .action = FIREWALL_ALLOW },
        },
        .n_rules = 2,
        .default_inbound = FIREWALL_DROP,
    };
    static const struct {
        const char *from;
        uint16_t to_port;
        bool passes;
    } rows[] = {
        { "198.51.100.1", 5000, true },  { "198.51.100.1", 5009, true },
        { "198.51.100.1", 4999, false }, { "198.51.100.1", 5010, false },
        { "198.51.100.2", 5005, false },
    };
    struct home *h = walled(&c);
    struct probe p = probe_new(&h->config, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct arrived a =
            probe_udp(&p, SERVER_A, E(rows[i].from, 9), E(host, rows[i].to_port));
        CU_ASSERT_EQUAL(a.is && a.iface == ALICE, rows[i].passes);
    }
    CU_ASSERT_EQUAL(p.drops[DROP_FIREWALL_REJECTED], 1);
    CU_ASSERT_EQUAL(p.drops[DROP_FIREWALL_DROPPED], 2);
    probe_end(&p);
    g_free(h);
}

static void test_fragments_follow_the_first(void)
{
    struct firewall_config c;
    CU_ASSERT_TRUE(firewall_preset("udp-blocked", &c));
    c.rules[0].remote_port_min = c.rules[0].remote_port_max = 9; /* only port 9 is */
    struct home *h = walled(&c);
    struct probe p = probe_new(&h->config, 1);
    for (uint16_t port = 8; port <= 9; port++) {
        struct datagram whole = make_udp(E(host, 1), E(server, port), "0123456789abcdef");
        whole.bytes[5] = (uint8_t)port;
        struct datagram first = make_fragment(&whole, 0, 16);
        struct datagram last = make_fragment(&whole, 16, 8);
        CU_ASSERT_EQUAL(probe_send_take(&p, ALICE, &first).is, port == 8);
        CU_ASSERT_EQUAL(probe_send_take(&p, ALICE, &last).is, port == 8);
    }
    probe_end(&p);
    g_free(h);
}

static void test_one_port_is_a_range(void)
{
    struct firewall_config c = {
        .rules = { { .direction = FIREWALL_INBOUND,
                     .protocol = IPPROTO_UDP,
                     .local_port_min = 5000,
                     .action = FIREWALL_ALLOW } },
        .n_rules = 1,
        .default_inbound = FIREWALL_DROP,
    };
    struct home *h = walled(&c);
    struct probe p = probe_new(&h->config, 1);
    CU_ASSERT_TRUE(probe_udp(&p, SERVER_A, E(server, 9), E(host, 5000)).is);
    CU_ASSERT_FALSE(probe_udp(&p, SERVER_A, E(server, 9), E(host, 5001)).is);
    probe_end(&p);
    g_free(h);
}

/* An empty firewall is none: it does not even mind a fragment whose first is missing. */
static void test_an_empty_firewall_is_a_wire(void)
{
    struct firewall_config c = { 0 };
    struct home *h = walled(&c);
    struct probe p = probe_new(&h->config, 1);
    struct datagram whole = make_udp(E(host, 1), E(server, 9), "0123456789abcdef");
    struct datagram last = make_fragment(&whole, 16, 8);
    CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &last).is);
    probe_end(&p);
    g_free(h);
    c.default_outbound = FIREWALL_DROP;
    h = walled(&c);
    p = probe_new(&h->config, 1);
    CU_ASSERT_FALSE(probe_send_take(&p, ALICE, &last).is);
    probe_end(&p);
    g_free(h);
}

static void test_a_ping_out_lets_no_ping_in(void)
{
    struct firewall_config c;
    CU_ASSERT_TRUE(firewall_preset("stateful", &c));
    struct home *h = walled(&c);
    struct probe p = probe_new(&h->config, 1);
    struct datagram ping = make_icmp(8, A(host), A(server), 5);
    struct datagram pong = make_icmp(0, A(server), A(host), 5);
    struct datagram ping_in = make_icmp(8, A(server), A(host), 5);
    struct datagram pong_out = make_icmp(0, A(host), A(server), 6);
    struct datagram ping_in_6 = make_icmp(8, A(server), A(host), 6);
    CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &ping).is);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_A, &ping_in).is);
    CU_ASSERT_TRUE(probe_send_take(&p, SERVER_A, &pong).is);
    /* Nor does an answer that nobody asked for. */
    CU_ASSERT_TRUE(probe_send_take(&p, ALICE, &pong_out).is);
    CU_ASSERT_FALSE(probe_send_take(&p, SERVER_A, &ping_in_6).is);
    CU_ASSERT_EQUAL(p.drops[DROP_FIREWALL_DROPPED], 2);
    probe_end(&p);
    g_free(h);
}

static void test_flows_are_bounded(void)
{
    struct firewall_config c;
    CU_ASSERT_TRUE(firewall_preset("stateful", &c));
    struct home *h = walled(&c);
    struct probe p = probe_new(&h->config, 1);
    CU_ASSERT_TRUE(probe_udp(&p, ALICE, E(host, 7), E(server, 7)).is);
    for (unsigned i = 1; i < FIREWALL_MAX_FLOWS; i++)
        CU_ASSERT_TRUE(
            probe_udp(&p, ALICE, E(host, 8 + i / 65536), E(server, i % 65536)).is);
    CU_ASSERT_FALSE(probe_udp(&p, ALICE, E(host, 6), E(server, 6)).is);
    CU_ASSERT_EQUAL(p.last_drop, DROP_FIREWALL_FULL);
    CU_ASSERT_TRUE(probe_udp(&p, ALICE, E(host, 7), E(server, 7)).is);
    CU_ASSERT_TRUE(probe_udp(&p, SERVER_A, E(server, 7), E(host, 7)).is);
    probe_wait(&p, 120 * NS_PER_S);
    CU_ASSERT_TRUE(probe_udp(&p, ALICE, E(host, 6), E(server, 6)).is);
    probe_end(&p);
    g_free(h);
}

static const struct test tests[] = {
    { "each preset lets through what its name says", test_presets },
    { "drop is silent, reject and reset answer", test_actions },
    { "state expires, and packets refresh it", test_state_expires },
    { "ICMP about a flow is established", test_icmp_errors_of_a_flow_are_established },
    { "the first rule that matches decides", test_first_matching_rule_decides },
    { "later fragments follow the first", test_fragments_follow_the_first },
    { "one port is a range", test_one_port_is_a_range },
    { "an empty firewall is a wire", test_an_empty_firewall_is_a_wire },
    { "a ping out lets no ping in", test_a_ping_out_lets_no_ping_in },
    { "flows are bounded", test_flows_are_bounded },
};

int main(int argc, char **argv)
{
    return suite_run("firewall", tests, G_N_ELEMENTS(tests), argc, argv);
}
