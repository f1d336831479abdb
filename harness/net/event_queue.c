/* SPDX-License-Identifier: Apache-2.0 */
/* A ring buffer that doubles when it is full and never shrinks. */
#include "net/event_queue.h"

struct network_event *event_queue_push(struct event_queue *q)
{
    if (q->used == q->capacity) {
        size_t capacity = q->capacity ? q->capacity * 2 : 64;
        struct network_event *ring = g_new(struct network_event, capacity);
        for (size_t i = 0; i < q->used; i++)
            ring[i] = q->ring[(q->first + i) & (q->capacity - 1)];
        g_free(q->ring);
        *q = (struct event_queue){ ring, capacity, 0, q->used };
    }
    struct network_event *e = &q->ring[(q->first + q->used++) & (q->capacity - 1)];
    *e = (struct network_event){ 0 };
    return e;
}

bool event_queue_pop(struct event_queue *q, struct network_event *ret_event)
{
    if (q->used == 0)
        return false;
    *ret_event = q->ring[q->first];
    q->first = (q->first + 1) & (q->capacity - 1);
    q->used--;
    return true;
}

void event_queue_clear(struct event_queue *q)
{
    struct network_event e;
    while (event_queue_pop(q, &e))
        packet_free(e.packet);
    g_free(q->ring);
    *q = (struct event_queue){ 0 };
}
