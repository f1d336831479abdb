/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear probing with deletion by shifting back, so that there are no tombstones and a
 * long-lived table does not slow down. Slots hold the hash: growing touches no keys, and
 * a lookup reads one cache line of the table and then only the object it is after. The
 * table is at most half full and never shrinks.
 */
#include "net/hash_index.h"

#include <glib.h>

enum { FIRST_SLOTS = 16 };

void hash_index_clear(struct hash_index *ix)
{
    g_free(ix->slots);
    *ix = (struct hash_index){ 0 };
}

static void put(struct hash_index *ix, struct hash_slot slot)
{
    size_t at = slot.hash & ix->mask;
    while (ix->slots[at].value_plus_1)
        at = (at + 1) & ix->mask;
    ix->slots[at] = slot;
}

static void grow(struct hash_index *ix)
{
    struct hash_index larger = { .used = ix->used };
    size_t n_slots = ix->slots ? (ix->mask + 1) * 2 : FIRST_SLOTS;
    larger.slots = g_new0(struct hash_slot, n_slots);
    larger.mask = n_slots - 1;
    for (size_t i = 0; ix->slots && i <= ix->mask; i++)
        if (ix->slots[i].value_plus_1)
            put(&larger, ix->slots[i]);
    g_free(ix->slots);
    *ix = larger;
}

void hash_index_insert(struct hash_index *ix, uint32_t hash, uint32_t value)
{
    if (!ix->slots || (ix->used + 1) * 2 > ix->mask + 1)
        grow(ix);
    put(ix, (struct hash_slot){ .hash = hash, .value_plus_1 = value + 1 });
    ix->used++;
}

void hash_index_remove(struct hash_index *ix, uint32_t hash, uint32_t value)
{
    size_t hole = hash & ix->mask;
    while (ix->slots[hole].hash != hash || ix->slots[hole].value_plus_1 != value + 1) {
        g_return_if_fail(ix->slots[hole].value_plus_1);
        hole = (hole + 1) & ix->mask;
    }
    /* Shift back each slot of the run whose home is not between the hole and itself. */
    for (size_t at = (hole + 1) & ix->mask; ix->slots[at].value_plus_1;
         at = (at + 1) & ix->mask) {
        size_t home = ix->slots[at].hash & ix->mask;
        if (((at - home) & ix->mask) >= ((at - hole) & ix->mask)) {
            ix->slots[hole] = ix->slots[at];
            hole = at;
        }
    }
    ix->slots[hole] = (struct hash_slot){ 0 };
    ix->used--;
}

void address_map_clear(struct address_map *map)
{
    hash_index_clear(&map->index);
    g_free(map->entries);
    *map = (struct address_map){ 0 };
}

bool address_map_get(const struct address_map *map, const struct address *a,
                     uint32_t *ret_value)
{
    uint32_t hash = hash_finish(hash_address(0, a)), i;
    for (size_t at = hash_index_first(&map->index, hash);
         hash_index_at(&map->index, at, &i); at = hash_index_next(&map->index, at, hash))
        if (address_equal(&map->entries[i].address, a)) {
            *ret_value = map->entries[i].value;
            return true;
        }
    return false;
}

void address_map_add(struct address_map *map, const struct address *a, uint32_t value)
{
    uint32_t there;
    if (address_map_get(map, a, &there))
        return;
    uint32_t n = map->n_entries;
    if ((n & (n - 1)) == 0) /* all that there is room for, or none at all */
        map->entries = g_renew(struct address_map_entry, map->entries, n ? 2 * n : 1);
    map->entries[n] = (struct address_map_entry){ .address = *a, .value = value };
    hash_index_insert(&map->index, hash_finish(hash_address(0, a)), map->n_entries++);
}
