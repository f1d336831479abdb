/* SPDX-License-Identifier: Apache-2.0 */
/* What is to happen at a time, in the order of (time, sequence). */
#ifndef RTCLAB_NET_HEAP_H
#define RTCLAB_NET_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_kind {
    HEAP_ARRIVE_UP,   /**< a packet has crossed a site's link towards the internet */
    HEAP_ARRIVE_DOWN, /**< … towards the hosts */
    HEAP_NAT,         /**< something expires in a NAT */
};

struct heap_item {
    int64_t at_ns;
    uint64_t sequence; /**< set by heap_push() */
    enum heap_kind kind;
    uint32_t site;
    uint32_t middlebox;
    struct packet *packet;
};

/** All zeros is an empty heap. */
struct heap {
    struct heap_item *items;
    size_t used, capacity;
    uint64_t next_sequence;
};

void heap_push(struct heap *h, struct heap_item item);

/** The time of the first item; CLOCK_NEVER if there is none. */
int64_t heap_first_ns(const struct heap *h);

/** Takes the first item out of a heap that has one. */
struct heap_item heap_pop(struct heap *h);

/** Frees the array; the caller has popped what owns something. */
void heap_clear(struct heap *h);

#endif
