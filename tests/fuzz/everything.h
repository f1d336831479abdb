/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network that has every element, for fuzzing and mutation: two homes below a carrier's
 * NAT, one with a firewall outside its NAT and one inside, bad links with a small MTU,
 * and a server on the internet with a rejecting firewall.
 */
#ifndef RTCLAB_TESTS_EVERYTHING_H
#define RTCLAB_TESTS_EVERYTHING_H

#include <glib.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "net/network.h"
#include "wire/ip.h"

enum { EVERYTHING_INTERFACES = 5 };

struct everything {
    struct interface_config carrier[1], home_a[2], home_b[1], server[1];
    struct site_config sites[4];
    struct network_config config;
};

static inline void everything_address(struct interface_config *i, const char *name,
                                      const char *address)
{
    i->name = name;
    i->n_addresses = 1;
    if (!address_parse(address, &i->addresses[0]))
        g_error("%s is no address", address);
}

static inline void everything_nat(struct middlebox_config *m, const char *name,
                                  const char *external, unsigned variant)
{
    m->name = name;
    m->kind = MIDDLEBOX_NAT;
    m->nat = (struct nat_config){
        .mapping = variant % 3,
        .filtering = variant / 3 % 3,
        .allocation = variant / 9 % 3,
        .on_conflict = variant / 27 % 5,
        .hairpin = variant / 135 % 3,
        .pooling = variant % 2 ? NAT_POOLING_ARBITRARY : NAT_POOLING_PAIRED,
        .port_parity = variant & 2,
        .port_min = variant & 4 ? 4000 : 0,
        .port_max = variant & 4 ? 4015 : 0,
        .refresh = 1 + variant % 3,
        .filter_lifetime_ns = variant & 8 ? 50 * NS_PER_MS : 0,
        .udp_lifetime_ns = variant & 16 ? 100 * NS_PER_MS : 0,
        .tcp_transitory_ns = variant & 16 ? 80 * NS_PER_MS : 0,
        .unsolicited_syn = variant / 5 % 3,
        .fragments = variant / 7 % 3,
        .rewrites_payload = variant & 32,
        .icmp_error_ends_mapping = variant & 64,
        .max_mappings = variant & 128 ? 20 : 0,
        .n_external = 1,
    };
    if (!address_parse(external, &m->nat.external[0]))
        g_error("%s is no address", external);
}

/** Fills a network; `variant` chooses the NATs' axes. Borrowed by the network. */
static inline void everything_init(struct everything *e, unsigned variant)
{
    *e = (struct everything){ 0 };
    everything_address(&e->carrier[0], "neighbour", "100.64.0.9");
    everything_address(&e->home_a[0], "alice", "192.168.1.2");
    everything_address(&e->home_a[1], "adam", "192.168.1.3");
    everything_address(&e->home_b[0], "bob", "192.168.1.2");
    everything_address(&e->server[0], "server", "198.51.100.1");
    struct site_config *s = e->sites;
    s[0] = (struct site_config){ .name = "carrier",
                                 .parent = -1,
                                 .n_middleboxes = 1,
                                 .interfaces = e->carrier,
                                 .n_interfaces = 1 };
    s[1] = (struct site_config){ .name = "home-a",
                                 .parent = 0,
                                 .n_middleboxes = 2,
                                 .interfaces = e->home_a,
                                 .n_interfaces = 2 };
    s[2] = (struct site_config){ .name = "home-b",
                                 .parent = 0,
                                 .n_middleboxes = 2,
                                 .interfaces = e->home_b,
                                 .n_interfaces = 1 };
    s[3] = (struct site_config){ .name = "server",
                                 .parent = -1,
                                 .n_middleboxes = 1,
                                 .interfaces = e->server,
                                 .n_interfaces = 1 };
    everything_nat(&s[0].middleboxes[0], "carrier/nat", "192.0.2.1", variant * 7);
    everything_nat(&s[1].middleboxes[0], "home-a/nat", "100.64.0.1", variant);
    everything_nat(&s[2].middleboxes[1], "home-b/nat", "100.64.0.2", variant * 11);
    struct middlebox_config *walls[] = { &s[1].middleboxes[1], &s[2].middleboxes[0],
                                         &s[3].middleboxes[0] };
    static const char *const names[] = { "home-a/wall", "home-b/wall", "server/wall" };
    for (unsigned i = 0; i < G_N_ELEMENTS(walls); i++) {
        walls[i]->name = names[i];
        walls[i]->kind = MIDDLEBOX_FIREWALL;
        firewall_preset("stateful", &walls[i]->firewall);
    }
    walls[2]->firewall.default_inbound = variant % 2 ? FIREWALL_RESET : FIREWALL_ALLOW;
    s[1].link.up = (struct link_direction){
        .delay_ns = 5 * NS_PER_MS,
        .jitter_ns = 2 * NS_PER_MS,
        .loss = 0.02,
        .burst = { 0.05, 0.3, 0, 0.5 },
        .rate_bps = 5000000,
        .queue_bytes = 20000,
        .reorder = 0.1,
        .reorder_gap_ns = 3 * NS_PER_MS,
        .duplicate = 0.05,
        .mtu_bytes = 576,
    };
    s[0].link.down = s[2].link.down = s[1].link.up;
    e->config = (struct network_config){ .sites = s, .n_sites = 4 };
}

/** Makes the checksums of a packet right, if it has any, so that it gets past them. */
static inline void everything_mend(uint8_t *bytes, size_t size)
{
    struct ip_view ip;
    struct transport_view t;
    if (ip_parse(bytes, size, &ip) != IP_OK)
        return;
    ip_set_header_checksum(bytes, &ip);
    if (!ip.more_fragments && ip_parse_transport(bytes, &ip, &t) == IP_OK)
        ip_set_transport_checksum(bytes, &ip, &t);
}

/** Reads and frees all that has come out; returns the number of packets. */
static inline unsigned everything_drain(struct network *net)
{
    unsigned n = 0;
    struct delivery d;
    struct network_event e;
    struct packet *p;
    while ((p = network_pop_delivery(net, &d))) {
        if (d.iface >= EVERYTHING_INTERFACES || p->size > p->capacity)
            g_error("a delivery that cannot be");
        packet_free(p);
        n++;
    }
    while (network_pop_event(net, &e))
        packet_free(e.packet);
    return n;
}

#endif
