/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lifetimes without scanning, and without moving anything at a refresh. A heap holds each
 * object at a time at which it is to be looked at, which is never after its end. A
 * refresh only notes the new end: one array element, one cache line. What is looked at
 * too early goes down the heap to its end, once a lifetime at most.
 *
 * Objects are named by slab numbers. Those that end together come out by number.
 */
#ifndef RTCLAB_NET_LIFETIMES_H
#define RTCLAB_NET_LIFETIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIFETIMES_MAX_CLASSES = 4 };

struct lifetimes {
    struct lifetime {
        int64_t expires_ns;
        uint32_t place; /**< in the heap */
    } * lifetimes;      /**< by object */
    size_t n_lifetimes;
    struct lifetime_look {
        int64_t at_ns;
        uint32_t object;
    } * heap;
    size_t used, capacity;
    int64_t class_ns[LIFETIMES_MAX_CLASSES];
};

/** Sets the classes up: how long an object of each lives after a refresh, in ns. */
void lifetimes_init(struct lifetimes *l, const int64_t *class_ns, unsigned n_classes);
void lifetimes_clear(struct lifetimes *l);

/** Gives an object that has none a lifetime, as refreshed now. */
void lifetimes_add(struct lifetimes *l, uint32_t object, unsigned class, int64_t now_ns);

/** Takes an object's lifetime away. */
void lifetimes_remove(struct lifetimes *l, uint32_t object);

/** Refreshes an object, perhaps into another class. */
void lifetimes_refresh(struct lifetimes *l, uint32_t object, unsigned class,
                       int64_t now_ns);

/** Says that an object is about to be refreshed, so that its line is fetched meanwhile.
 */
static inline void lifetimes_prefetch(const struct lifetimes *l, uint32_t object)
{
    __builtin_prefetch(&l->lifetimes[object], 1);
}

/** When to call lifetimes_pop_expired() next: not after the next end, perhaps before it;
 * CLOCK_NEVER if nothing ends. */
int64_t lifetimes_deadline(const struct lifetimes *l);

/** Takes out one object that has expired by `now_ns`, the earliest first; false if there
 * is none. */
bool lifetimes_pop_expired(struct lifetimes *l, int64_t now_ns, uint32_t *ret_object);

#endif
