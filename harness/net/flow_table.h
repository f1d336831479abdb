/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of each flow at a host's interface, found by both its ends as the host
 * itself names them, so that NATs on the way do not matter. The table has a bound: when
 * it is full, the flow that was added first makes room for the new one.
 *
 *     struct my_flow { struct flow_entry entry; ... };
 *     struct flow_table t = flow_table_of(sizeof(struct my_flow), 1000);
 */
#ifndef RTCLAB_NET_FLOW_TABLE_H
#define RTCLAB_NET_FLOW_TABLE_H

#include "net/hash_index.h"
#include "net/slab.h"
#include "wire/ip.h"

/** Whose flow, and between which ends. */
struct flow_key {
    uint32_t iface;         /**< the interface's number */
    struct endpoint local;  /**< the host's own end */
    struct endpoint remote; /**< the other end, as the host sees it */
};

/** Stands first in each object of a table. */
struct flow_entry {
    struct flow_key key;
    uint32_t hash;
};

struct flow_table {
    uint32_t max_flows;
    uint32_t oldest; /**< number of the object to be replaced next, once all are used */
    struct slab flows;
    struct hash_index index;
};

/** An empty table. @param object_bytes size of an object that begins with flow_entry */
static inline struct flow_table flow_table_of(size_t object_bytes, uint32_t max_flows)
{
    return (struct flow_table){ .max_flows = max_flows,
                                .flows = { .object_bytes = object_bytes } };
}

void flow_table_clear(struct flow_table *t);

/** The flow, borrowed until it is replaced; NULL if it is not there. */
void *flow_table_find(const struct flow_table *t, const struct flow_key *key);

/** Adds a flow that is not there, all zeros but for its entry; borrowed likewise. */
void *flow_table_add(struct flow_table *t, const struct flow_key *key);

/** The number of flows that are kept. */
static inline uint32_t flow_table_n_flows(const struct flow_table *t)
{
    return slab_n_used(&t->flows);
}

/** The key of a datagram that the host sends (`outward`) or gets. */
struct flow_key flow_key_of(unsigned iface, const struct ip_view *ip,
                            const struct transport_view *t, bool outward);

#endif
