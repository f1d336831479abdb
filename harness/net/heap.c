/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one event heap, with four children a node: half as deep as a binary one, and the
 * children share cache lines. The sequence makes the order of equal times that of
 * insertion, so that a run is the same each time.
 */
#include "net/heap.h"

#include <glib.h>

#include "base/clock.h"

enum { ARITY = 4 };

static bool before(const struct heap_item *a, const struct heap_item *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

void heap_push(struct heap *h, struct heap_item item)
{
    if (h->used == h->capacity) {
        h->capacity = h->capacity ? h->capacity * 2 : 64;
        h->items = g_renew(struct heap_item, h->items, h->capacity);
    }
    item.sequence = h->next_sequence++;
    size_t at = h->used++;
    while (at > 0) {
        size_t parent = (at - 1) / ARITY;
        if (!before(&item, &h->items[parent]))
            break;
        h->items[at] = h->items[parent];
        at = parent;
    }
    h->items[at] = item;
}

int64_t heap_first_ns(const struct heap *h)
{
    return h->used ? h->items[0].at_ns : CLOCK_NEVER;
}

struct heap_item heap_pop(struct heap *h)
{
    struct heap_item first = h->items[0], last = h->items[--h->used];
    size_t at = 0;
    for (;;) {
        size_t child = at * ARITY + 1, least = child;
        if (child >= h->used)
            break;
        size_t end = MIN(child + ARITY, h->used);
        for (size_t i = child + 1; i < end; i++)
            if (before(&h->items[i], &h->items[least]))
                least = i;
        if (!before(&h->items[least], &last))
            break;
        h->items[at] = h->items[least];
        at = least;
    }
    h->items[at] = last;
    return first;
}

void heap_clear(struct heap *h)
{
    g_free(h->items);
    *h = (struct heap){ 0 };
}
