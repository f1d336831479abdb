/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lifetimes without scanning. All objects of a class live equally long after their last
 * refresh, so a class is one list in the order of refresh: to refresh is to move to the
 * tail, and what expires stands at the head. Objects are named by slab numbers; the links
 * lie in an array of their own, 16 bytes an object, so that a refresh touches no object.
 */
#ifndef RTCLAB_NET_LIFETIMES_H
#define RTCLAB_NET_LIFETIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIFETIMES_MAX_CLASSES = 4 };

struct lifetimes {
    struct lifetime_link {
        int64_t expires_ns;
        uint32_t before, after;
    } * links; /**< the first LIFETIMES_MAX_CLASSES are the lists' ends */
    size_t n_links;
    int64_t class_ns[LIFETIMES_MAX_CLASSES];
};

/** Sets the classes up: how long an object of each lives after a refresh, in ns. */
void lifetimes_init(struct lifetimes *l, const int64_t *class_ns, unsigned n_classes);
void lifetimes_clear(struct lifetimes *l);

/** Puts an object that is in no list into a class, as refreshed now. */
void lifetimes_add(struct lifetimes *l, uint32_t object, unsigned class, int64_t now_ns);

/** Takes an object out of its class. */
void lifetimes_remove(struct lifetimes *l, uint32_t object);

/** Refreshes an object, perhaps into another class. */
void lifetimes_refresh(struct lifetimes *l, uint32_t object, unsigned class,
                       int64_t now_ns);

/** Says that an object is about to be refreshed, so that its link is fetched meanwhile.
 */
static inline void lifetimes_prefetch(const struct lifetimes *l, uint32_t object)
{
    __builtin_prefetch(&l->links[object + LIFETIMES_MAX_CLASSES]);
}

/** When the next object of any class expires; CLOCK_NEVER if there is none. */
int64_t lifetimes_deadline(const struct lifetimes *l);

/** Takes out one object that has expired by `now_ns`; false if there is none. */
bool lifetimes_pop_expired(struct lifetimes *l, int64_t now_ns, uint32_t *ret_object);

#endif
