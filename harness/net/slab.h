/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of one size, named by small numbers, at places that never move: chunks and a
 * free list. The number is what indexes and lifetime lists hold.
 */
#ifndef RTCLAB_NET_SLAB_H
#define RTCLAB_NET_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

enum { SLAB_CHUNK_BITS = 8 };
#define SLAB_NONE UINT32_MAX

struct slab {
    size_t object_bytes;
    uint8_t **chunks;
    uint32_t n_made; /**< numbers ever handed out */
    uint32_t n_free;
    uint32_t *free;
    uint32_t free_capacity;
};

static inline void *slab_at(const struct slab *s, uint32_t i)
{
    return s->chunks[i >> SLAB_CHUNK_BITS] +
           (i & ((1u << SLAB_CHUNK_BITS) - 1)) * s->object_bytes;
}

/** The number of a free object; what it holds is undefined. */
static inline uint32_t slab_take(struct slab *s)
{
    if (s->n_free > 0)
        return s->free[--s->n_free];
    if ((s->n_made & ((1u << SLAB_CHUNK_BITS) - 1)) == 0) {
        uint32_t chunk = s->n_made >> SLAB_CHUNK_BITS;
        s->chunks = g_renew(uint8_t *, s->chunks, chunk + 1);
        s->chunks[chunk] = g_malloc_n(s->object_bytes, 1u << SLAB_CHUNK_BITS);
    }
    return s->n_made++;
}

static inline void slab_give(struct slab *s, uint32_t i)
{
    if (s->n_free == s->free_capacity) {
        s->free_capacity = s->free_capacity ? s->free_capacity * 2 : 64;
        s->free = g_renew(uint32_t, s->free, s->free_capacity);
    }
    s->free[s->n_free++] = i;
}

/** The number of objects in use. */
static inline uint32_t slab_n_used(const struct slab *s)
{
    return s->n_made - s->n_free;
}

static inline void slab_clear(struct slab *s)
{
    uint32_t n_chunks = (s->n_made + (1u << SLAB_CHUNK_BITS) - 1) >> SLAB_CHUNK_BITS;
    for (uint32_t i = 0; i < n_chunks; i++)
        g_free(s->chunks[i]);
    g_free(s->chunks);
    g_free(s->free);
    *s = (struct slab){ .object_bytes = s->object_bytes };
}

#endif
