/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded table of flows. Objects are taken from a slab in the order of their numbers
 * and never given back, so that once all are in use the oldest is simply the next number
 * in turn. Nothing expires by time: an entry costs memory alone, and that is bounded.
 */
#include "net/flow_table.h"

void flow_table_clear(struct flow_table *t)
{
    slab_clear(&t->flows);
    hash_index_clear(&t->index);
    t->oldest = 0;
}

static uint32_t hash_key(const struct flow_key *key)
{
    uint64_t hash =
        hash_mix(key->iface, (uint64_t)key->local.port << 16 | key->remote.port);
    hash = hash_address(hash, &key->local.address);
    return hash_finish(hash_address(hash, &key->remote.address));
}

static bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return a->iface == b->iface && endpoint_equal(&a->local, &b->local) &&
           endpoint_equal(&a->remote, &b->remote);
}

void *flow_table_find(const struct flow_table *t, const struct flow_key *key)
{
    uint32_t hash = hash_key(key), number;
    for (size_t at = hash_index_first(&t->index, hash);
         hash_index_at(&t->index, at, &number);
         at = hash_index_next(&t->index, at, hash)) {
        struct flow_entry *e = slab_at(&t->flows, number);
        if (key_equal(&e->key, key))
            return e;
    }
    return NULL;
}

void *flow_table_add(struct flow_table *t, const struct flow_key *key)
{
    uint32_t number;
    if (slab_n_used(&t->flows) < t->max_flows) {
        number = slab_take(&t->flows);
    } else {
        number = t->oldest;
        t->oldest = (t->oldest + 1) % t->max_flows;
        const struct flow_entry *gone = slab_at(&t->flows, number);
        hash_index_remove(&t->index, gone->hash, number);
    }
    struct flow_entry *e = slab_at(&t->flows, number);
    memset(e, 0, t->flows.object_bytes);
    e->key = *key;
    e->hash = hash_key(key);
    hash_index_insert(&t->index, e->hash, number);
    return e;
}

struct flow_key flow_key_of(unsigned iface, const struct ip_view *ip,
                            const struct transport_view *t, bool outward)
{
    struct endpoint from = { ip->source, t->source_port };
    struct endpoint to = { ip->destination, t->destination_port };
    return (struct flow_key){ .iface = iface,
                              .local = outward ? from : to,
                              .remote = outward ? to : from };
}
