/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An open-addressing table from 32-bit hashes to 32-bit values, several values a hash
 * allowed. Keys live with their owner, who compares them:
 *
 *     for (size_t at = hash_index_first(&ix, hash); hash_index_at(&ix, at, &value);
 *          at = hash_index_next(&ix, at, hash))
 *         if (the key of `value` is the one sought) ...
 */
#ifndef RTCLAB_NET_HASH_INDEX_H
#define RTCLAB_NET_HASH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/address.h"

struct hash_slot {
    uint32_t hash;
    uint32_t value_plus_1; /**< 0: empty */
};

/** All zeros is an empty index. */
struct hash_index {
    struct hash_slot *slots;
    size_t mask;
    size_t used;
};

void hash_index_clear(struct hash_index *ix);
void hash_index_insert(struct hash_index *ix, uint32_t hash, uint32_t value);

/** Removes one pair of hash and value, which must be there. */
void hash_index_remove(struct hash_index *ix, uint32_t hash, uint32_t value);

static inline size_t hash_index_probe(const struct hash_index *ix, size_t at,
                                      uint32_t hash)
{
    while (ix->slots[at].value_plus_1 && ix->slots[at].hash != hash)
        at = (at + 1) & ix->mask;
    return at;
}

/** The place of the first value of a hash, or one where hash_index_at() says false. */
static inline size_t hash_index_first(const struct hash_index *ix, uint32_t hash)
{
    return ix->used ? hash_index_probe(ix, hash & ix->mask, hash) : 0;
}

static inline size_t hash_index_next(const struct hash_index *ix, size_t at,
                                     uint32_t hash)
{
    return hash_index_probe(ix, (at + 1) & ix->mask, hash);
}

/** The value at a place; false at the end. */
static inline bool hash_index_at(const struct hash_index *ix, size_t at,
                                 uint32_t *ret_value)
{
    if (!ix->used || !ix->slots[at].value_plus_1)
        return false;
    *ret_value = ix->slots[at].value_plus_1 - 1;
    return true;
}

/** Mixes a number into a hash. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

/** Mixes an address into a hash. */
static inline uint64_t hash_address(uint64_t hash, const struct address *a)
{
    uint64_t halves[2];
    memcpy(halves, a->bytes, sizeof halves);
    hash = hash_mix(hash, halves[0] + a->family);
    return a->family == ADDRESS_IPV6 ? hash_mix(hash, halves[1]) : hash;
}

static inline uint32_t hash_finish(uint64_t hash)
{
    return (uint32_t)(hash ^ (hash >> 32));
}

/* ---- a map from addresses, built on it: routes, pairings ---- */

struct address_map {
    struct hash_index index;
    struct address_map_entry {
        struct address address;
        uint32_t value;
    } * entries;
    uint32_t n_entries;
};

void address_map_clear(struct address_map *map);

/** Adds an address; the first value that an address got stays. */
void address_map_add(struct address_map *map, const struct address *a, uint32_t value);

/** Looks an address up; false, and nothing set, if it is not there. */
bool address_map_get(const struct address_map *map, const struct address *a,
                     uint32_t *ret_value);

#endif
