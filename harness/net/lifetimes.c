/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of lifetimes: circular, doubly linked by number, one a class, whose ends are the
 * first links of the array. Times handed in never go back, which keeps each list sorted.
 */
#include "net/lifetimes.h"

#include <glib.h>

#include "base/clock.h"

void lifetimes_init(struct lifetimes *l, const int64_t *class_ns, unsigned n_classes)
{
    *l = (struct lifetimes){ 0 };
    l->n_links = 64;
    l->links = g_new0(struct lifetime_link, l->n_links);
    for (uint32_t i = 0; i < LIFETIMES_MAX_CLASSES; i++) {
        l->links[i] = (struct lifetime_link){ .expires_ns = CLOCK_NEVER, i, i };
        l->class_ns[i] = i < n_classes ? class_ns[i] : 0;
    }
}

void lifetimes_clear(struct lifetimes *l)
{
    g_free(l->links);
    *l = (struct lifetimes){ 0 };
}

static void link_last(struct lifetimes *l, uint32_t link, unsigned class, int64_t now_ns)
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

static void unlink_link(struct lifetimes *l, uint32_t link)
{
    struct lifetime_link *it = &l->links[link];
    l->links[it->before].after = it->after;
    l->links[it->after].before = it->before;
}

void lifetimes_add(struct lifetimes *l, uint32_t object, unsigned class, int64_t now_ns)
{
    uint32_t link = object + LIFETIMES_MAX_CLASSES;
    if (link >= l->n_links) {
        while (link >= l->n_links)
            l->n_links *= 2;
        l->links = g_renew(struct lifetime_link, l->links, l->n_links);
    }
    link_last(l, link, class, now_ns);
}

void lifetimes_remove(struct lifetimes *l, uint32_t object)
{
    unlink_link(l, object + LIFETIMES_MAX_CLASSES);
}

void lifetimes_refresh(struct lifetimes *l, uint32_t object, unsigned class,
                       int64_t now_ns)
{
    unlink_link(l, object + LIFETIMES_MAX_CLASSES);
    link_last(l, object + LIFETIMES_MAX_CLASSES, class, now_ns);
}

/* The class whose head expires first. */
static unsigned first_class(const struct lifetimes *l)
{
    unsigned first = 0;
    for (unsigned i = 1; i < LIFETIMES_MAX_CLASSES; i++)
        if (l->links[l->links[i].after].expires_ns <
            l->links[l->links[first].after].expires_ns)
            first = i;
    return first;
}

int64_t lifetimes_deadline(const struct lifetimes *l)
{
    return l->links[l->links[first_class(l)].after].expires_ns;
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
