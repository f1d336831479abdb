/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a network, shared by its files: network.c (life, time and queues),
 * topology.c (the tree, taps, routes) and path.c (the way of a packet).
 */
#ifndef RTCLAB_NET_TOPOLOGY_H
#define RTCLAB_NET_TOPOLOGY_H

#include "net/event_queue.h"
#include "net/firewall.h"
#include "net/hash_index.h"
#include "net/heap.h"
#include "net/link.h"
#include "net/nat.h"
#include "net/packet.h"
#include "net/tcp_flows.h"

struct middlebox {
    const struct middlebox_config *config;
    struct nat *nat; /**< or NULL, and then a firewall */
    struct firewall *firewall;
    uint32_t tap;
    int64_t scheduled_ns; /**< when the heap wakes the NAT; CLOCK_NEVER: it does not */
};

/** One direction of a site's link. */
struct site_link {
    struct link link;
    uint32_t n_in_flight;
    size_t in_flight_bytes; /**< of memory */
};

struct site {
    const struct site_config *config;
    uint32_t number;
    struct site *parent; /**< NULL: the internet */
    struct middlebox middleboxes[NETWORK_MAX_MIDDLEBOXES];
    struct site_link up, down;
    uint32_t link_tap;
    bool has_nat;              /**< else the site has a plain router */
    struct address_map routes; /**< of its LAN, see route_value */
};

/** Values of a route: an interface's number, or a site's with this bit. */
#define ROUTE_SITE 0x80000000u

struct interface {
    const struct interface_config *config;
    struct site *site;
};

struct tap {
    char *name;
};

struct network {
    const struct network_config *config;
    bool record;
    int64_t now_ns;
    uint64_t next_packet_id;

    struct site *sites;
    struct interface *interfaces;
    unsigned n_interfaces;
    struct tap *taps;
    unsigned n_taps;
    uint32_t internet_tap;
    struct address_map internet_routes;

    struct packet_pool *pool;
    struct tcp_flows *tcp; /**< NULL: a lost segment is dropped as any other packet */
    struct heap heap;
    struct event_queue events;
    struct queued_delivery {
        struct packet *packet;
        struct delivery delivery;
    } * deliveries; /**< a ring */
    size_t deliveries_capacity, first_delivery, n_deliveries;
};

/* ---- topology.c ---- */

/** Makes sites, middleboxes, taps and routes from the configuration. */
void topology_build(struct network *net, const struct rng *rng);
void topology_clear(struct network *net);

/* ---- path.c ---- */

/** A host's datagram sets out; consumes the packet. */
void path_from_host(struct network *net, uint32_t iface, struct packet *p);

/** A packet has crossed a site's link; consumes the packet. */
void path_from_link(struct network *net, struct site *site,
                    enum packet_direction direction, struct packet *p);

/** A NAT's time has come. */
void path_wake_nat(struct network *net, struct site *site, uint32_t middlebox,
                   int64_t scheduled_ns);

/* ---- network.c ---- */

/** A packet has reached a host; consumes the packet. */
void network_push_delivery(struct network *net, uint32_t iface, struct packet *p);

#endif
