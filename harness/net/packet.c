/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet pool: a free list of packets of one size, which every usual MTU fits in.
 * Larger ones are allocated for themselves. A packet outlives its network where the
 * caller still holds it, so the pool counts what is out and goes with the last.
 *
 * A pool belongs to one thread. Under AddressSanitizer nothing is kept on the free list:
 * there a use after free must be seen.
 */
#include "net/packet.h"

#include <string.h>

enum { POOLED_BYTES = 2048, MAX_FREE = 1 << 14 };

#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_FREE_PACKETS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_FREE_PACKETS 0
#endif
#endif
#ifndef KEEPS_FREE_PACKETS
#define KEEPS_FREE_PACKETS 1
#endif

struct packet_pool {
    struct packet *free;
    size_t n_free;
    size_t n_out;
    bool released;
};

/* Stands before each packet in memory. */
struct packet_owner {
    struct packet_pool *pool;
    uint64_t keeps_packet_aligned;
};

static struct packet_owner *owner_of(struct packet *p)
{
    return (struct packet_owner *)((char *)p - sizeof(struct packet_owner));
}

struct packet_pool *packet_pool_new(void)
{
    return g_new0(struct packet_pool, 1);
}

static void pool_free(struct packet_pool *pool)
{
    while (pool->free) {
        struct packet *p = pool->free;
        pool->free = p->next;
        g_free(owner_of(p));
    }
    g_free(pool);
}

void packet_pool_release(struct packet_pool *pool)
{
    pool->released = true;
    if (pool->n_out == 0)
        pool_free(pool);
}

struct packet *packet_new(struct packet_pool *pool, uint64_t id, const uint8_t *bytes,
                          size_t size)
{
    struct packet *p;
    if (size <= POOLED_BYTES && pool->free) {
        p = pool->free;
        pool->free = p->next;
        pool->n_free--;
    } else {
        /* Exact under AddressSanitizer, so that a read past the packet is seen. */
        size_t capacity = KEEPS_FREE_PACKETS && size < POOLED_BYTES ? POOLED_BYTES : size;
        struct packet_owner *owner =
            g_malloc(sizeof *owner + sizeof(struct packet) + capacity);
        owner->pool = pool;
        p = (struct packet *)(owner + 1);
        p->capacity = (uint32_t)capacity;
    }
    pool->n_out++;
    p->id = id;
    p->size = (uint32_t)size;
    p->next = NULL;
    p->segment = (struct packet_segment){ .kind = SEGMENT_NONE };
    if (size > 0)
        memcpy(p->bytes, bytes, size);
    return p;
}

struct packet *packet_copy(struct packet_pool *pool, const struct packet *p)
{
    struct packet *copy = packet_new(pool, p->id, p->bytes, p->size);
    copy->segment = p->segment;
    return copy;
}

void packet_free(struct packet *p)
{
    if (!p)
        return;
    struct packet_pool *pool = owner_of(p)->pool;
    pool->n_out--;
    if (KEEPS_FREE_PACKETS && !pool->released && p->capacity == POOLED_BYTES &&
        pool->n_free < MAX_FREE) {
        p->next = pool->free;
        pool->free = p;
        pool->n_free++;
        return;
    }
    g_free(owner_of(p));
    if (pool->released && pool->n_out == 0)
        pool_free(pool);
}
