/* SPDX-License-Identifier: Apache-2.0 */
/*
 * External endpoints: which address of the pool (RFC 4787 §4.1, "pooling"), which port
 * (§4.2.1), of which parity (§4.2.2). Ports of each address and transport protocol are a
 * bitmap, searched a word at a time, so that a full pool costs a thousand words and no
 * more. UDP, TCP and ICMP identifiers are apart from each other.
 *
 * Port contiguity (§4.2.3, "RTCP = RTP + 1") is left to `preserve`. Ports below 1024 are
 * not kept below 1024 (REQ-3a, only recommended) unless `port_min` allows it.
 */
#include "net/nat_table.h"

#include <netinet/in.h>

enum { NO_PORT = -1 };

enum nat_port_space nat_space_of(uint8_t protocol)
{
    return protocol == IPPROTO_UDP   ? NAT_SPACE_UDP
           : protocol == IPPROTO_TCP ? NAT_SPACE_TCP
                                     : NAT_SPACE_ICMP;
}

struct port_range {
    uint32_t min, max;
    uint64_t mask; /* of the ports that are welcome in each word of the bitmap */
};

static bool is_taken(const struct nat_ports *ports, uint32_t port)
{
    return ports->taken[port / 64] >> (port % 64) & 1;
}

/* The lowest free port from `first` to `last`. */
static int scan(const struct nat_ports *ports, uint32_t first, uint32_t last,
                uint64_t mask)
{
    for (uint32_t word = first / 64; first <= last && word <= last / 64; word++) {
        uint64_t free = ~ports->taken[word] & mask;
        if (word == first / 64)
            free &= UINT64_MAX << (first % 64);
        if (word == last / 64)
            free &= UINT64_MAX >> (63 - last % 64);
        if (free)
            return (int)(word * 64 + (uint32_t)__builtin_ctzll(free));
    }
    return NO_PORT;
}

/* The first free port from `start` up, and then from the lowest. */
static int next_free(const struct nat_ports *ports, const struct port_range *range,
                     uint32_t start)
{
    if (start < range->min || start > range->max)
        start = range->min;
    int port = scan(ports, start, range->max, range->mask);
    if (port == NO_PORT && start > range->min)
        port = scan(ports, range->min, start - 1, range->mask);
    return port;
}

static int random_free(struct nat *nat, const struct nat_ports *ports,
                       const struct port_range *range)
{
    uint64_t n = range->max - range->min + UINT64_C(1);
    return next_free(ports, range, range->min + (uint32_t)rng_below(&nat->rng, n));
}

static struct port_range range_for(const struct nat_config *c, enum nat_port_space space,
                                   uint16_t internal_port)
{
    struct port_range range = {
        .min = c->port_min ? c->port_min : 1024,
        .max = c->port_max ? c->port_max : 65535,
        .mask = UINT64_MAX,
    };
    if (space == NAT_SPACE_ICMP) /* an identifier knows no ranges and no parity */
        return (struct port_range){ .min = 0, .max = 65535, .mask = UINT64_MAX };
    if (c->port_parity)
        range.mask = internal_port % 2 ? UINT64_C(0xaaaaaaaaaaaaaaaa)
                                       : UINT64_C(0x5555555555555555);
    return range;
}

/* A port when the wanted one is taken or out of range. */
static int resolve_conflict(struct nat *nat, struct nat_ports *ports,
                            const struct port_range *range, uint32_t wanted,
                            uint8_t *dependence, enum drop_reason *reason)
{
    switch (nat->config->on_conflict) {
    case NAT_CONFLICT_OVERLOAD:
        if (wanted >= range->min && wanted <= range->max)
            return (int)wanted;
        return next_free(ports, range, wanted + 1);
    case NAT_CONFLICT_REFUSE:
        *reason = DROP_NAT_PORT_CONFLICT;
        return NO_PORT;
    case NAT_CONFLICT_RANDOM:
        return random_free(nat, ports, range);
    case NAT_CONFLICT_DEPEND:
        *dependence = NAT_ADDRESS_AND_PORT_DEPENDENT;
        return next_free(ports, range, wanted + 1);
    case NAT_CONFLICT_NEXT:
        return next_free(ports, range, wanted + 1);
    }
    return NO_PORT;
}

/* A port of one external address. */
static int take_port(struct nat *nat, enum nat_port_space space, unsigned index,
                     uint16_t internal_port, uint8_t *dependence,
                     enum drop_reason *reason)
{
    struct nat_ports *ports = nat->ports[space][index];
    if (!ports)
        ports = nat->ports[space][index] = g_new0(struct nat_ports, 1);
    struct port_range range = range_for(nat->config, space, internal_port);
    int port = NO_PORT;
    *reason = DROP_NAT_PORTS_EXHAUSTED;
    switch (nat->config->allocation) {
    case NAT_PRESERVE:
        if (internal_port >= range.min && internal_port <= range.max &&
            !is_taken(ports, internal_port))
            port = internal_port;
        else
            port =
                resolve_conflict(nat, ports, &range, internal_port, dependence, reason);
        break;
    case NAT_SEQUENTIAL:
        port = next_free(ports, &range, nat->next_port[space][index]);
        nat->next_port[space][index] = (uint32_t)port + 1;
        break;
    case NAT_RANDOM:
        port = random_free(nat, ports, &range);
        break;
    }
    if (port != NO_PORT)
        ports->taken[port / 64] |= UINT64_C(1) << (port % 64);
    return port;
}

bool nat_ports_take(struct nat *nat, uint8_t protocol, const struct endpoint *internal,
                    struct endpoint *ret_external, uint8_t *ret_index,
                    uint8_t *ret_dependence, enum drop_reason *ret_reason)
{
    const struct nat_config *c = nat->config;
    uint32_t pool[NETWORK_MAX_ADDRESSES], n = 0, first = 0;
    for (uint32_t i = 0; i < c->n_external; i++)
        if (c->external[i].family == internal->address.family)
            pool[n++] = i;
    if (n == 0) {
        *ret_reason = DROP_NO_ROUTE;
        return false;
    }
    bool paired = c->pooling == NAT_POOLING_PAIRED;
    if (n > 1 && paired && !address_map_get(&nat->pairings, &internal->address, &first)) {
        /* In turn; by a hash, which needs no memory, where a host makes addresses up. */
        if (nat->pairings.n_entries < NAT_MAX_PAIRINGS) {
            first = nat->pairings.n_entries % n;
            address_map_add(&nat->pairings, &internal->address, first);
        } else {
            first = hash_finish(hash_address(0, &internal->address)) % n;
        }
    } else if (n > 1 && !paired) {
        first = (uint32_t)rng_below(&nat->rng, n);
    }
    /* Paired: a host whose address is full gets nothing, rather than another address. */
    for (uint32_t i = 0; i < (paired ? 1 : n); i++) {
        uint32_t index = pool[(first + i) % n];
        int port = take_port(nat, nat_space_of(protocol), index, internal->port,
                             ret_dependence, ret_reason);
        if (port == NO_PORT)
            continue;
        *ret_external = (struct endpoint){ c->external[index], (uint16_t)port };
        *ret_index = (uint8_t)index;
        return true;
    }
    return false;
}

void nat_ports_give(struct nat *nat, uint8_t protocol, unsigned index, uint16_t port)
{
    nat->ports[nat_space_of(protocol)][index]->taken[port / 64] &=
        ~(UINT64_C(1) << (port % 64));
}
