/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path's round trip, asked of the network itself: a packet is sent through the model
 * that calls run on (harness/net), on a clock of its own, and another one back to
 * wherever it seemed to come from. So links, NATs and firewalls have no second model that
 * could differ from the first.
 */
#include "call/predict.h"

#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "net/network.h"
#include "wire/ip.h"

enum {
    PAYLOAD = 80,
    MAX_BYTES = IP_V6_HEADER + TCP_HEADER + PAYLOAD,
    LOCAL_PORT = 40000
};

/* Long enough for any path that a call would use. */
static const int64_t limit_ns = 60 * NS_PER_S;

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The transport header and its payload; its size. */
static size_t write_transport(uint8_t *at, uint16_t from, uint16_t to, bool is_tcp,
                              unsigned flags)
{
    memset(at, 0, TCP_HEADER + PAYLOAD);
    put16(at, from);
    put16(at + 2, to);
    if (is_tcp) {
        at[7] = 1; /* a sequence number */
        at[11] = flags & TCP_ACK ? 2 : 0;
        at[12] = TCP_HEADER / 4 << 4;
        at[13] = (uint8_t)flags;
        put16(at + 14, 65535);
        return TCP_HEADER;
    }
    put16(at + 4, UDP_HEADER + PAYLOAD);
    return UDP_HEADER + PAYLOAD;
}

static size_t write_packet(uint8_t bytes[MAX_BYTES], const struct endpoint *from,
                           const struct endpoint *to, bool is_tcp, unsigned flags)
{
    bool is_v6 = from->address.family == ADDRESS_IPV6;
    size_t header = is_v6 ? IP_V6_HEADER : IP_V4_HEADER;
    size_t size = write_transport(bytes + header, from->port, to->port, is_tcp, flags);
    uint8_t protocol = is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
    memset(bytes, 0, header);
    bytes[0] = is_v6 ? 0x60 : 0x45;
    if (is_v6) {
        put16(bytes + 4, (unsigned)size);
        bytes[6] = protocol;
        bytes[7] = 64;
        memcpy(bytes + 8, from->address.bytes, 16);
        memcpy(bytes + 24, to->address.bytes, 16);
    } else {
        put16(bytes + 2, (unsigned)(header + size));
        bytes[8] = 64;
        bytes[9] = protocol;
        memcpy(bytes + 12, from->address.bytes, 4);
        memcpy(bytes + 16, to->address.bytes, 4);
    }
    struct ip_view ip;
    struct transport_view transport;
    if (ip_parse(bytes, header + size, &ip) != IP_OK ||
        ip_parse_transport(bytes, &ip, &transport) != IP_OK)
        g_assert_not_reached();
    ip_set_header_checksum(bytes, &ip);
    ip_set_transport_checksum(bytes, &ip, &transport);
    return header + size;
}

/* What came out at an interface. */
struct arrival {
    int64_t at_ns;
    struct endpoint from, to;
    bool is_reset;
};

static bool read_arrival(const struct packet *packet, bool is_tcp,
                         struct arrival *ret_arrival)
{
    struct ip_view ip;
    struct transport_view transport;
    if (ip_parse(packet->bytes, packet->size, &ip) != IP_OK ||
        ip_parse_transport(packet->bytes, &ip, &transport) != IP_OK ||
        transport.protocol != (is_tcp ? IPPROTO_TCP : IPPROTO_UDP))
        return false; /* an ICMP error: to the sender it is silence */
    ret_arrival->from = (struct endpoint){ ip.source, transport.source_port };
    ret_arrival->to = (struct endpoint){ ip.destination, transport.destination_port };
    ret_arrival->is_reset = transport.tcp_flags & TCP_RST;
    return true;
}

/* Lets the network go on until a packet comes out at one of two interfaces. */
static bool await_arrival(struct network *net, const unsigned ifaces[2], bool is_tcp,
                          unsigned *ret_iface, struct arrival *ret_arrival)
{
    for (;;) {
        struct delivery delivery;
        struct packet *packet;
        while ((packet = network_pop_delivery(net, &delivery))) {
            bool is_it = (delivery.iface == ifaces[0] || delivery.iface == ifaces[1]) &&
                         read_arrival(packet, is_tcp, ret_arrival);
            packet_free(packet);
            if (!is_it)
                continue;
            ret_arrival->at_ns = delivery.due_ns;
            *ret_iface = delivery.iface;
            return true;
        }
        int64_t next_ns = network_next_deadline(net);
        if (next_ns > limit_ns)
            return false;
        network_advance(net, next_ns);
        struct network_event event;
        while (network_pop_event(net, &event))
            continue;
    }
}

static const struct interface_config *find_interface(const struct network_config *network,
                                                     unsigned number)
{
    for (unsigned i = 0; i < network->n_sites; i++) {
        const struct site_config *site = &network->sites[i];
        if (number < site->n_interfaces)
            return &site->interfaces[number];
        number -= site->n_interfaces;
    }
    return NULL;
}

/* The interface's address of the family that the other end has. */
static bool find_own(const struct interface_config *interface, enum address_family family,
                     struct endpoint *ret_own)
{
    for (unsigned i = 0; interface && i < interface->n_addresses; i++)
        if (interface->addresses[i].family == family) {
            *ret_own = (struct endpoint){ interface->addresses[i], LOCAL_PORT };
            return true;
        }
    return false;
}

struct predict_path predict_path(const struct network_config *network, unsigned from,
                                 unsigned to, const struct endpoint *endpoint,
                                 bool is_tcp)
{
    struct predict_path path = { 0 };
    struct endpoint own;
    if (!find_own(find_interface(network, from), endpoint->address.family, &own))
        return path;
    struct rng rng = rng_seed(1); /* nothing draws from it: there is no chance here */
    struct network *net = network_new(network, &rng, false);
    const unsigned ifaces[] = { from, to };
    uint8_t bytes[MAX_BYTES];
    unsigned iface;
    struct arrival arrival;
    network_submit(net, from, bytes, write_packet(bytes, &own, endpoint, is_tcp, TCP_SYN),
                   0);
    bool has_come = await_arrival(net, ifaces, is_tcp, &iface, &arrival);
    if (has_come && iface == to && !arrival.is_reset) {
        path.there_ns = arrival.at_ns;
        network_submit(
            net, to, bytes,
            write_packet(bytes, &arrival.to, &arrival.from, is_tcp, TCP_SYN | TCP_ACK),
            arrival.at_ns);
        has_come = await_arrival(net, ifaces, is_tcp, &iface, &arrival);
    }
    if (has_come && iface == from) {
        path.is_refused = arrival.is_reset;
        path.is_open = !arrival.is_reset;
        path.round_trip_ns = arrival.at_ns;
    }
    network_free(net);
    return path;
}

bool predict_reaches(const struct network_config *network, unsigned from, unsigned to,
                     bool is_tcp)
{
    const struct interface_config *interface = find_interface(network, to);
    struct endpoint own, other;
    if (!interface || interface->n_addresses == 0 ||
        !find_own(find_interface(network, from), interface->addresses[0].family, &own))
        return false;
    other = (struct endpoint){ interface->addresses[0], LOCAL_PORT };
    struct rng rng = rng_seed(1);
    struct network *net = network_new(network, &rng, false);
    const unsigned ifaces[] = { from, to };
    uint8_t bytes[MAX_BYTES];
    unsigned iface = from;
    struct arrival arrival = { 0 };
    /* What the other side sends first lets it in at a firewall. */
    network_submit(net, to, bytes, write_packet(bytes, &other, &own, is_tcp, TCP_SYN), 0);
    while (await_arrival(net, ifaces, is_tcp, &iface, &arrival))
        continue;
    int64_t now_ns = limit_ns / 2;
    network_advance(net, now_ns);
    network_submit(net, from, bytes, write_packet(bytes, &own, &other, is_tcp, TCP_SYN),
                   now_ns);
    bool has_come = await_arrival(net, ifaces, is_tcp, &iface, &arrival) && iface == to &&
                    !arrival.is_reset;
    network_free(net);
    return has_come;
}
