/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link, as a rule for times: queue, wire, delay. A packet first waits in a tail-drop
 * queue for the wire, which sends `rate_bps`. It is then lost or not, so that a lost
 * packet has used its share of the rate as on a radio link. It arrives after the delay
 * and its jitter, but never before one that entered earlier, unless it is chosen to
 * overtake. The queue is not stored: the time at which the wire will be idle says how
 * many bytes wait.
 *
 * Loss in bursts is the chain of Gilbert (1960) and Elliott (1963): at each packet first
 * the state may change, then the loss is drawn with the probability of the state.
 */
#include "net/link.h"

#include "base/clock.h"

enum { DEFAULT_QUEUE_BYTES = 64 * 1024 };

struct link link_init(const struct link_direction *config, struct rng rng)
{
    return (struct link){
        .config = config, .rng = rng, .idle_from_ns = INT64_MIN, .last_due_ns = INT64_MIN
    };
}

/* Queues a packet for the wire; false if there is no room. */
static bool send_on_wire(struct link *link, size_t size_bytes, int64_t now_ns)
{
    const struct link_direction *c = link->config;
    if (link->idle_from_ns < now_ns)
        link->idle_from_ns = now_ns;
    if (c->rate_bps == 0)
        return true;
    uint64_t bound = c->queue_bytes ? c->queue_bytes : DEFAULT_QUEUE_BYTES;
    uint64_t wait_ns = (uint64_t)(link->idle_from_ns - now_ns);
    const uint64_t bits_ns = 8 * (uint64_t)NS_PER_S;
    uint64_t queued = (uint64_t)((unsigned __int128)wait_ns * c->rate_bps / bits_ns);
    if (wait_ns > 0 && queued + size_bytes > bound)
        return false;
    uint64_t wire_ns = (size_bytes * bits_ns - 1) / c->rate_bps + 1;
    link->idle_from_ns = clock_after_ns(link->idle_from_ns, (int64_t)wire_ns);
    return true;
}

/* Draws the losses; false if the packet is lost, with the reason. */
static bool survives(struct link *link, enum drop_reason *reason)
{
    const struct link_direction *c = link->config;
    if (c->burst.enter > 0) {
        double change = link->burst_is_bad ? c->burst.leave : c->burst.enter;
        if (rng_chance(&link->rng, change))
            link->burst_is_bad = !link->burst_is_bad;
        if (rng_chance(&link->rng,
                       link->burst_is_bad ? c->burst.loss_bad : c->burst.loss_good)) {
            *reason = link->burst_is_bad ? DROP_LINK_BURST_LOSS : DROP_LINK_LOSS;
            return false;
        }
    }
    *reason = DROP_LINK_LOSS;
    return !rng_chance(&link->rng, c->loss);
}

/* When a packet arrives that leaves the wire at `sent_ns`. */
static int64_t arrival(struct link *link, int64_t sent_ns)
{
    const struct link_direction *c = link->config;
    if (rng_chance(&link->rng, c->reorder)) {
        int64_t gap = c->reorder_gap_ns < c->delay_ns ? c->reorder_gap_ns : c->delay_ns;
        return clock_after_ns(sent_ns, c->delay_ns - gap);
    }
    int64_t due = clock_after_ns(sent_ns, c->delay_ns);
    if (c->jitter_ns > 0)
        due = clock_after_ns(due,
                             (int64_t)rng_below(&link->rng, (uint64_t)c->jitter_ns + 1));
    if (due < link->last_due_ns)
        due = link->last_due_ns;
    link->last_due_ns = due;
    return due;
}

struct link_fate link_submit(struct link *link, size_t size_bytes, int64_t now_ns)
{
    struct link_fate fate = { .reason = DROP_QUEUE_FULL };
    if (!send_on_wire(link, size_bytes, now_ns))
        return fate;
    int64_t sent_ns = link->idle_from_ns;
    if (!survives(link, &fate.reason))
        return fate;
    fate.due_ns[fate.n_copies++] = arrival(link, sent_ns);
    if (rng_chance(&link->rng, link->config->duplicate))
        fate.due_ns[fate.n_copies++] = arrival(link, sent_ns);
    return fate;
}
