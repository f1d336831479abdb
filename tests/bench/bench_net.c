/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many packets a second one core pushes through the network's elements. Each packet
 * is a UDP datagram of 200 bytes; mappings are used in an order that defeats the cache.
 * Every delivery and event is read, as a user of the library would.
 */
#include <netinet/in.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "net/network.h"
#include "wire/ip.h"

enum { PACKET_BYTES = 200, N_PACKETS = 3000000 };

static struct address address_of(uint32_t value)
{
    uint8_t bytes[4];
    store_be32(bytes, value);
    return address_from_bytes(ADDRESS_IPV4, bytes);
}

/* The datagram of inside endpoint 0 to the server. */
static void make_first(uint8_t *b, struct ip_view *ip, struct transport_view *t)
{
    memset(b, 0, PACKET_BYTES);
    b[0] = 0x45;
    store_be16(b + 2, PACKET_BYTES);
    b[8] = 64;
    b[9] = IPPROTO_UDP;
    store_be32(b + 12, 0x0a000001u);
    store_be32(b + 16, 0xc6336401u);
    store_be16(b + 22, 3478);
    store_be16(b + 24, PACKET_BYTES - 20);
    if (ip_parse(b, PACKET_BYTES, ip) != IP_OK || ip_parse_transport(b, ip, t) != IP_OK)
        g_error("the datagram is malformed");
    ip_set_header_checksum(b, ip);
    ip_set_transport_checksum(b, ip, t);
}

/* One datagram is changed for each endpoint, so that the input does not fill the cache
 * that is to be measured. */
struct sender {
    uint8_t bytes[PACKET_BYTES];
    struct ip_view ip;
    struct transport_view transport;
};

static void send_from(struct sender *s, struct network *net, uint32_t i, int64_t now_ns)
{
    struct endpoint from = { address_of(0x0a000001u + i / 1000),
                             (uint16_t)(10000 + i % 1000) };
    ip_rewrite(s->bytes, &s->ip, &s->transport, IP_SOURCE, &from);
    network_submit(net, 0, s->bytes, PACKET_BYTES, now_ns);
}

static unsigned drain(struct network *net)
{
    unsigned n = 0;
    struct delivery d;
    struct network_event e;
    struct packet *p;
    while ((p = network_pop_delivery(net, &d))) {
        packet_free(p);
        n++;
    }
    while (network_pop_event(net, &e))
        packet_free(e.packet);
    return n;
}

static void set_nat(struct middlebox_config *box, const char *name, unsigned subnet,
                    enum nat_behaviour filtering)
{
    box->name = name;
    box->kind = MIDDLEBOX_NAT;
    box->nat = (struct nat_config){ .filtering = filtering,
                                    .allocation = NAT_SEQUENTIAL,
                                    .pooling = NAT_POOLING_ARBITRARY,
                                    .n_external = 4 };
    for (unsigned i = 0; i < 4; i++)
        box->nat.external[i] = address_of(0xc0000201u + (subnet << 8) + i);
}

static void measure(const char *what, struct site_config *home, unsigned n_endpoints)
{
    struct interface_config host = { .name = "host", .n_addresses = 1 };
    struct interface_config server = { .name = "server", .n_addresses = 1 };
    host.addresses[0] = address_of(0x0a000001u);
    server.addresses[0] = address_of(0xc6336401u);
    home->name = "home";
    home->parent = -1;
    home->interfaces = &host;
    home->n_interfaces = 1;
    struct site_config sites[] = {
        *home,
        { .name = "server", .parent = -1, .interfaces = &server, .n_interfaces = 1 },
    };
    struct network_config config = { .sites = sites, .n_sites = 2 };
    struct rng rng = rng_seed(1);
    struct network *net = network_new(&config, &rng, false);

    struct sender sender;
    make_first(sender.bytes, &sender.ip, &sender.transport);
    for (uint32_t i = 0; i < n_endpoints; i++)
        send_from(&sender, net, i, 0);
    network_advance(net, NS_PER_S);
    drain(net);
    size_t n_mappings = network_n_mappings(net);

    unsigned arrived = 0;
    int64_t start_ns = clock_now_ns(), at_ns = NS_PER_S;
    for (unsigned i = 0; i < N_PACKETS; i++) {
        send_from(&sender, net, (uint32_t)(rng_next(&rng) % n_endpoints), at_ns += 250);
        if (i % 32 == 31)
            arrived += drain(net);
    }
    network_advance(net, at_ns + NS_PER_S);
    arrived += drain(net);
    double seconds = (double)(clock_now_ns() - start_ns) / (double)NS_PER_S;
    printf("%-44s %7.2f million packets/s  %4.0f ns each  %6zu mappings  %u arrived\n",
           what, N_PACKETS / seconds / 1e6, seconds * 1e9 / N_PACKETS, n_mappings,
           arrived);
    network_free(net);
}

int main(void)
{
    struct site_config none = { 0 }, link = { 0 }, wall = { 0 };
    measure("router only", &none, 1000);
    link.link.up = (struct link_direction){ .delay_ns = 5 * NS_PER_MS,
                                            .jitter_ns = NS_PER_MS,
                                            .loss = 0.01,
                                            .rate_bps = UINT64_C(100000000000) };
    measure("link: delay, jitter, loss, rate", &link, 1000);
    for (unsigned filtering = 0; filtering < 3; filtering += 2) {
        const char *axis = filtering ? "port-dependent" : "independent";
        static const unsigned counts[] = { 1000, 100000 };
        for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) {
            struct site_config nat = { .n_middleboxes = 1 };
            set_nat(&nat.middleboxes[0], "home/nat", 0, filtering);
            g_autofree char *what =
                g_strdup_printf("NAT, filtering %s, %u", axis, counts[i]);
            measure(what, &nat, counts[i]);
        }
    }
    struct site_config two = { .n_middleboxes = 2 };
    set_nat(&two.middleboxes[0], "carrier/nat", 1, NAT_ENDPOINT_INDEPENDENT);
    set_nat(&two.middleboxes[1], "home/nat", 2, NAT_ADDRESS_AND_PORT_DEPENDENT);
    measure("two NATs, 1000", &two, 1000);
    wall.n_middleboxes = 1;
    wall.middleboxes[0].name = "wall";
    wall.middleboxes[0].kind = MIDDLEBOX_FIREWALL;
    firewall_preset("stateful", &wall.middleboxes[0].firewall);
    measure("stateful firewall, 1000 flows", &wall, 1000);
    return 0;
}
