/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap with four children a node that knows where each object is in it, so that one can
 * be taken out, or moved up where a refresh shortens its life (a TCP connection that
 * closes). Refreshes that prolong, nearly all, leave the heap alone.
 */
#include "net/lifetimes.h"

#include <glib.h>

#include "base/clock.h"

enum { ARITY = 4 };

void lifetimes_init(struct lifetimes *l, const int64_t *class_ns, unsigned n_classes)
{
    *l = (struct lifetimes){ 0 };
    for (unsigned i = 0; i < n_classes; i++)
        l->class_ns[i] = class_ns[i];
}

void lifetimes_clear(struct lifetimes *l)
{
    g_free(l->lifetimes);
    g_free(l->heap);
    *l = (struct lifetimes){ 0 };
}

static bool before(const struct lifetime_look *a, const struct lifetime_look *b)
{
    uint32_t last = l->links[class].before;
    l->links[link] = (struct lifetime_link){
        .expires_ns = clock_after_ns(now_ns, l->class_ns[class]),
        .before = last,
        .after = class,
    };
    l->links[last].after = link;
    l->links[class].before = link;
}

static void put(struct lifetimes *l, size_t at, struct lifetime_look look)
{
    l->heap[at] = look;
    l->lifetimes[look.object].place = (uint32_t)at;
}

/* Finds the place of `look`, starting from a hole. */
static void sift_up(struct lifetimes *l, size_t hole, struct lifetime_look look)
{
    while (hole > 0 && before(&look, &l->heap[(hole - 1) / ARITY])) {
        put(l, hole, l->heap[(hole - 1) / ARITY]);
        hole = (hole - 1) / ARITY;
    }
    put(l, hole, look);
}

static void sift_down(struct lifetimes *l, size_t hole, struct lifetime_look look)
{
    for (;;) {
        size_t child = hole * ARITY + 1, end = MIN(child + ARITY, l->used);
        if (child >= l->used)
            break;
        size_t least = child;
        for (size_t i = child + 1; i < end; i++)
            if (before(&l->heap[i], &l->heap[least]))
                least = i;
        if (!before(&l->heap[least], &look))
            break;
        put(l, hole, l->heap[least]);
        hole = least;
    }
    put(l, hole, look);
}

void lifetimes_add(struct lifetimes *l, uint32_t object, unsigned class, int64_t now_ns)
{
    if (object >= l->n_lifetimes) {
        l->n_lifetimes = MAX(64, l->n_lifetimes);
        while (object >= l->n_lifetimes)
            l->n_lifetimes *= 2;
        l->lifetimes = g_renew(struct lifetime, l->lifetimes, l->n_lifetimes);
    }
    if (l->used == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 64;
        l->heap = g_renew(struct lifetime_look, l->heap, l->capacity);
    }
    int64_t expires_ns = clock_after_ns(now_ns, l->class_ns[class]);
    l->lifetimes[object].expires_ns = expires_ns;
    l->used++;
    sift_up(l, l->used - 1, (struct lifetime_look){ expires_ns, object });
}

void lifetimes_remove(struct lifetimes *l, uint32_t object)
{
    size_t hole = l->lifetimes[object].place;
    struct lifetime_look last = l->heap[--l->used];
    if (last.object == object)
        return;
    if (before(&last, &l->heap[hole]))
        sift_up(l, hole, last);
    else
        sift_down(l, hole, last);
}

void lifetimes_refresh(struct lifetimes *l, uint32_t object, unsigned class,
                       int64_t now_ns)
{
    struct lifetime *lifetime = &l->lifetimes[object];
    int64_t expires_ns = clock_after_ns(now_ns, l->class_ns[class]);
    bool is_shorter = expires_ns < lifetime->expires_ns;
    lifetime->expires_ns = expires_ns;
    if (is_shorter && expires_ns < l->heap[lifetime->place].at_ns)
        sift_up(l, lifetime->place, (struct lifetime_look){ expires_ns, object });
}

int64_t lifetimes_deadline(const struct lifetimes *l)
{
    return l->used ? l->heap[0].at_ns : CLOCK_NEVER;
}

bool lifetimes_pop_expired(struct lifetimes *l, int64_t now_ns, uint32_t *ret_object)
{
    uint32_t link = l->links[first_class(l)].after;
    if (link < LIFETIMES_MAX_CLASSES || l->links[link].expires_ns > now_ns ||
        l->links[link].expires_ns == CLOCK_NEVER)
        return false;
    unlink_link(l, link);
    *ret_object = link - LIFETIMES_MAX_CLASSES;
    return true;
}
