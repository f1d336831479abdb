/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 4787's requirements, one row each: a configuration that meets it, one that violates
 * it, and a probe, made of packets only, that must tell the two apart. Where a
 * requirement is about more than packets, the row says which observable part is probed.
 */
#include "net_probe.h"

static const char server_a[] = "198.51.100.1", server_b[] = "203.0.113.1";
static const char alice[] = "192.168.1.2", adam[] = "192.168.1.3";

typedef bool probe_fn(struct probe *p);

/* REQ-1: the same internal endpoint gets the same external one to any destination. */
static bool mapping_is_endpoint_independent(struct probe *p)
{
    struct arrived one = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    struct arrived two = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 2));
    struct arrived three = probe_udp(p, ALICE, E(alice, 5000), E(server_b, 1));
    return one.is && two.is && three.is && endpoint_equal(&one.from, &two.from) &&
           endpoint_equal(&one.from, &three.from);
}

/* REQ-2: all mappings of one internal address have one external address. */
static bool pooling_is_paired(struct probe *p)
{
    struct arrived first = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    bool paired = first.is;
    for (unsigned i = 1; i < 32; i++) {
        struct arrived a = probe_udp(p, ALICE, E(alice, 5000 + i), E(server_a, 1));
        paired = paired && a.is && address_equal(&a.from.address, &first.from.address);
    }
    return paired;
}

/* REQ-3: two internal endpoints never share an external one. */
static bool ports_are_not_overloaded(struct probe *p)
{
    struct arrived one = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    struct arrived two = probe_udp(p, ADAM, E(adam, 5000), E(server_b, 1));
    return one.is && two.is && !endpoint_equal(&one.from, &two.from);
}

/* REQ-4: an even port gets an even one, an odd one an odd. */
static bool parity_is_kept(struct probe *p)
{
    bool kept = true;
    for (unsigned i = 0; i < 8; i++) {
        /* Two even ports, then two odd ones, so that no counter is right by chance. */
        unsigned port = 5000 + (i / 2) * 2 + (i / 2) % 2 + (i % 2) * 20;
        struct arrived a = probe_udp(p, ALICE, E(alice, port), E(server_a, 1));
        kept = kept && a.is && a.from.port % 2 == port % 2;
    }
    return kept;
}

/* REQ-5: a mapping lives for at least two minutes without traffic. */
static bool mapping_lives_two_minutes(struct probe *p)
{
    struct arrived out = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    probe_wait(p, 120 * NS_PER_S - 1);
    return probe_udp(p, SERVER_A, E(server_a, 1), out.from).is;
}

/* REQ-6: outbound packets keep a mapping alive. */
static bool outbound_packets_refresh(struct probe *p)
{
    struct arrived out = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    for (unsigned i = 0; i < 4; i++) {
        probe_wait(p, 100 * NS_PER_S);
        probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    }
    return p->n_expired == 0 && probe_udp(p, SERVER_A, E(server_a, 1), out.from).is;
}

/* REQ-8: a filter is at most address-dependent: the host that was sent to may answer from
 * another port. */
static bool filter_allows_other_ports(struct probe *p)
{
    struct arrived out = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    return probe_udp(p, SERVER_A, E(server_a, 2), out.from).is;
}

/* REQ-9 and 9a: hairpinning, with the external source address and port. */
static bool hairpins_with_external_source(struct probe *p)
{
    struct arrived a = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    struct arrived b = probe_udp(p, ADAM, E(adam, 6000), E(server_a, 1));
    struct arrived got = probe_udp(p, ALICE, E(alice, 5000), b.from);
    return got.is && got.iface == ADAM && endpoint_equal(&got.from, &a.from);
}

/* REQ-10, observable: an address inside a payload arrives as it was sent. */
static bool payload_is_untouched(struct probe *p)
{
    struct address inside = A(alice);
    char text[9] = "abc....";
    memcpy(text + 3, inside.bytes, 4);
    struct datagram d = make_udp(E(alice, 5000), E(server_a, 1), text);
    struct arrived a = probe_send_take(p, ALICE, &d);
    return a.is && a.datagram.size == d.size &&
           memcmp(a.datagram.bytes + 28, d.bytes + 28, d.size - 28) == 0;
}

/* REQ-11: the mapping behaviour stays the same when ports collide. */
static bool behaviour_is_deterministic(struct probe *p)
{
    struct arrived first = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    struct arrived other = probe_udp(p, ALICE, E(alice, 5000), E(server_b, 1));
    bool independent = endpoint_equal(&first.from, &other.from);
    /* Adam's port is the same and so in conflict. */
    struct arrived one = probe_udp(p, ADAM, E(adam, 5000), E(server_a, 1));
    struct arrived two = probe_udp(p, ADAM, E(adam, 5000), E(server_b, 1));
    return one.is && two.is && endpoint_equal(&one.from, &two.from) == independent;
}

/* REQ-12: an ICMP error does not end the mapping. */
static bool icmp_error_leaves_the_mapping(struct probe *p)
{
    struct arrived out = probe_udp(p, ALICE, E(alice, 5000), E(server_a, 1));
    struct datagram error = make_icmp_error(3, 3, A(server_a), out.from.address,
                                            out.datagram.bytes, out.datagram.size);
    probe_send(p, SERVER_A, &error);
    while (probe_take(p).is)
        ;
    return probe_udp(p, SERVER_A, E(server_a, 1), out.from).is;
}

/* REQ-13: a datagram with DF that is too big for the outer link is answered with
 * "fragmentation needed and DF set" and the MTU, 1280 here. */
static bool too_big_is_answered(struct probe *p)
{
    char text[1401];
    memset(text, 'x', 1400);
    text[1400] = '\0';
    struct datagram d = make_udp(E(alice, 5000), E(server_a, 1), text);
    d.bytes[6] = 0x40;
    set_ttl(&d, 64);
    struct arrived a = probe_send_take(p, ALICE, &d);
    CU_ASSERT_EQUAL(p->drops[DROP_TOO_BIG], 1);
    return a.is && a.iface == ALICE && a.icmp_type == 3 && a.icmp_code == 4 &&
           a.datagram.bytes[26] * 256 + a.datagram.bytes[27] == 1280 &&
           memcmp(a.datagram.bytes + 28 + 12, d.bytes + 12, 4) == 0;
}

/* REQ-14: fragments in order and out of order. */
static bool fragments_pass_in_any_order(struct probe *p)
{
    struct datagram whole = make_udp(E(alice, 5000), E(server_a, 1), "0123456789abcdef");
    struct datagram first = make_fragment(&whole, 0, 16);
    struct datagram last = make_fragment(&whole, 16, 8);
    probe_send(p, ALICE, &first);
    probe_send(p, ALICE, &last);
    bool in_order = probe_take(p).is && probe_take(p).is;
    CU_ASSERT_EQUAL(in_order, p->drops[DROP_NAT_FRAGMENT] == 0);
    first.bytes[5] ^= 1; /* another identification */
    last.bytes[5] ^= 1;
    set_ttl(&first, 64);
    set_ttl(&last, 64);
    probe_send(p, ALICE, &last);
    probe_send(p, ALICE, &first);
    return in_order && probe_take(p).is && probe_take(p).is;
}

static const struct requirement {
    const char *number, *section, *what;
    probe_fn *holds;
    struct nat_config compliant, violating;
} requirements[] = {
    { "REQ-1", "4.1", "endpoint-independent mapping", mapping_is_endpoint_independent,
      .violating = { .mapping = NAT_ADDRESS_DEPENDENT } },
    { "REQ-1", "4.1", "endpoint-independent mapping", mapping_is_endpoint_independent,
      .violating = { .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT } },
    { "REQ-2", "4.1", "paired pooling", pooling_is_paired,
      .compliant = { .n_external = 2 },
      .violating = { .n_external = 2, .pooling = NAT_POOLING_ARBITRARY } },
    { "REQ-3", "4.2.1", "no port overloading", ports_are_not_overloaded,
      .violating = { .on_conflict = NAT_CONFLICT_OVERLOAD } },
    { "REQ-4", "4.2.2", "port parity", parity_is_kept,
      .compliant = { .allocation = NAT_SEQUENTIAL, .port_parity = true },
      .violating = { .allocation = NAT_SEQUENTIAL } },
    { "REQ-5", "4.3", "two minutes", mapping_lives_two_minutes,
      .violating = { .udp_lifetime_ns = 60 * NS_PER_S } },
    { "REQ-6", "4.3", "outbound refresh", outbound_packets_refresh,
      .violating = { .refresh = NAT_REFRESH_INBOUND } },
    { "REQ-8", "5", "filter at most address-dependent", filter_allows_other_ports,
      .compliant = { .filtering = NAT_ADDRESS_DEPENDENT },
      .violating = { .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT } },
    { "REQ-9", "6", "hairpinning", hairpins_with_external_source,
      .compliant = { .hairpin = NAT_HAIRPIN_EXTERNAL_SOURCE },
      .violating = { .hairpin = NAT_HAIRPIN_OFF } },
    { "REQ-9a", "6", "hairpinning's source", hairpins_with_external_source,
      .compliant = { .hairpin = NAT_HAIRPIN_EXTERNAL_SOURCE },
      .violating = { .hairpin = NAT_HAIRPIN_INTERNAL_SOURCE } },
    { "REQ-10", "7", "no ALG", payload_is_untouched,
      .violating = { .rewrites_payload = true } },
    { "REQ-11", "8", "deterministic", behaviour_is_deterministic,
      .violating = { .on_conflict = NAT_CONFLICT_DEPEND } },
    { "REQ-12", "9", "ICMP ends no mapping", icmp_error_leaves_the_mapping,
      .violating = { .icmp_error_ends_mapping = true } },
    { "REQ-13", "10", "fragmentation needed", too_big_is_answered,
      .violating = { .drops_icmp_errors = true } },
    { "REQ-14", "11", "fragments out of order", fragments_pass_in_any_order,
      .violating = { .fragments = NAT_FRAGMENTS_IN_ORDER } },
    { "REQ-14", "11", "fragments", fragments_pass_in_any_order,
      .violating = { .fragments = NAT_FRAGMENTS_NONE } },
};

static bool holds_with(const struct requirement *r, const struct nat_config *config)
{
    struct nat_config c = *config;
    if (c.n_external == 2) {
        c.external[0] = A("192.0.2.1");
        c.external[1] = A("192.0.2.2");
    }
    struct home *h = home_new(&c);
    h->sites[0].link.up.mtu_bytes = r->holds == too_big_is_answered ? 1280 : 0;
    struct probe p = probe_new(&h->config, 1);
    bool holds = r->holds(&p);
    probe_end(&p);
    g_free(h);
    return holds;
}

static void test_each_requirement(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(requirements); i++) {
        const struct requirement *r = &requirements[i];
        bool compliant = holds_with(r, &r->compliant);
        bool violating = holds_with(r, &r->violating);
        if (!compliant || violating)
            g_print("%s (section %s), %s: compliant %s, violating %s\n", r->number,
                    r->section, r->what, compliant ? "holds" : "FAILS",
                    violating ? "HOLDS" : "fails");
        CU_ASSERT_TRUE(compliant);
        CU_ASSERT_FALSE(violating);
    }
}

/* REQ-7 (§4.4) is about addresses, not about a NAT's axes. Observable: a host behind two
 * NATs reaches a host on the LAN in between, unless the inner realm uses its address. */
static bool reaches_the_lan_between(const char *inner_neighbour)
{
    struct interface_config outer_host = { .name = "outer", .n_addresses = 1 };
    struct interface_config inner[2] = { { .name = "inner", .n_addresses = 1 },
                                         { .name = "neighbour", .n_addresses = 1 } };
    outer_host.addresses[0] = A("192.168.1.50");
    inner[0].addresses[0] =
        A(strcmp(inner_neighbour, "10.0.0.50") ? "192.168.1.2" : "10.0.0.2");
    inner[1].addresses[0] = A(inner_neighbour);
    struct site_config sites[2] = {
        { .name = "outer",
          .parent = -1,
          .n_middleboxes = 1,
          .interfaces = &outer_host,
          .n_interfaces = 1 },
        { .name = "inner",
          .parent = 0,
          .n_middleboxes = 1,
          .interfaces = inner,
          .n_interfaces = 2 },
    };
    for (unsigned i = 0; i < 2; i++) {
        struct middlebox_config *m = &sites[i].middleboxes[0];
        m->name = i ? "inner/nat" : "outer/nat";
        m->nat.n_external = 1;
        m->nat.external[0] = A(i ? "192.168.1.10" : "192.0.2.1");
    }
    struct network_config config = { .sites = sites, .n_sites = 2 };
    struct probe p = probe_new(&config, 1);
    struct arrived a = probe_udp(&p, 1, (struct endpoint){ inner[0].addresses[0], 5000 },
                                 E("192.168.1.50", 9));
    bool reached = a.is && a.iface == 0 &&
                   endpoint_equal(&a.from, &(struct endpoint){ A("192.168.1.10"), 5000 });
    probe_end(&p);
    return reached;
}

static void test_overlapping_realms(void)
{
    CU_ASSERT_TRUE(reaches_the_lan_between("10.0.0.50"));
    CU_ASSERT_FALSE(reaches_the_lan_between("192.168.1.50"));
}

static const struct test tests[] = {
    { "each requirement is met and can be violated", test_each_requirement },
    { "REQ-7: overlapping realms hide each other's hosts", test_overlapping_realms },
};

int main(int argc, char **argv)
{
    return suite_run("nat_rfc4787", tests, G_N_ELEMENTS(tests), argc, argv);
}
