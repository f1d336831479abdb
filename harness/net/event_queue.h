/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions of the network that wait to be read: a ring that grows. */
#ifndef RTCLAB_NET_EVENT_QUEUE_H
#define RTCLAB_NET_EVENT_QUEUE_H

#include "net/network.h"

/** All zeros is an empty queue. */
struct event_queue {
    struct network_event *ring;
    size_t capacity; /**< a power of two, or 0 */
    size_t first;
    size_t used;
};

/** Room for one more event at the tail, all zeros; borrowed until the next call. */
struct network_event *event_queue_push(struct event_queue *q);
bool event_queue_pop(struct event_queue *q, struct network_event *ret_event);

/** Frees the queue and the packets in it. */
void event_queue_clear(struct event_queue *q);

#endif
