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
 *
 * TCP segments may be late instead of lost. A retransmission would come to this link, by
 * the same way, one timeout of its sender after the first transmission; there it may be
 * lost again, which is drawn again. Not modelled: the share of the rate, here and on the
 * links before, that a retransmission takes (it takes its time on the wire, but nobody
 * waits for it), and what is in the queue by then beside what is in it now.
 *
 * Two kinds of segments are never sent again. A pure acknowledgment is repaired by the
 * next one, which says more; but the last has no next, and the kernel that waits for it
 * would come to its timer, and the handshake's third segment opens the state of NATs and
 * of the server. A reset is given anew to each segment of the other side, of which there
 * are none while that side's timers stand still. So these arrive as if nothing had been.
 *
 * A late segment is waited for by the later ones of its flow: their receiver would only
 * buffer them, and answer with duplicate acknowledgments. Pure acknowledgments do not
 * wait, for they say nothing of this direction's data. Flows are told apart by the low
 * bits of their numbers: beyond LINK_ORDER_SLOTS of them, some wait for another's.
 */
#include "net/link.h"

#include "base/clock.h"
#include "net/tcp_flows.h"

enum { DEFAULT_QUEUE_BYTES = 64 * 1024 };

struct link link_init(const struct link_direction *config, struct rng rng)
{
    return (struct link){
        .config = config, .rng = rng, .idle_from_ns = INT64_MIN, .last_due_ns = INT64_MIN
    };
}

void link_clear(struct link *link)
{
    g_free(link->not_before_ns);
    link->not_before_ns = NULL;
}

static const uint64_t bits_ns = 8 * (uint64_t)NS_PER_S;

/* Whether the queue, as it is now, would take a packet at a time not before now. */
static bool has_room(const struct link *link, size_t size_bytes, int64_t at_ns)
{
    const struct link_direction *c = link->config;
    if (c->rate_bps == 0 || link->idle_from_ns <= at_ns)
        return true;
    uint64_t bound = c->queue_bytes ? c->queue_bytes : DEFAULT_QUEUE_BYTES;
    uint64_t wait_ns = (uint64_t)(link->idle_from_ns - at_ns);
    uint64_t queued = (uint64_t)((unsigned __int128)wait_ns * c->rate_bps / bits_ns);
    return queued + size_bytes <= bound;
}

/* When the wire has sent a packet that it begins with at `from_ns`. */
static int64_t sent_after(const struct link *link, size_t size_bytes, int64_t from_ns)
{
    const struct link_direction *c = link->config;
    if (c->rate_bps == 0)
        return from_ns;
    uint64_t wire_ns = (size_bytes * bits_ns - 1) / c->rate_bps + 1;
    return clock_after_ns(from_ns, (int64_t)wire_ns);
}

/* Queues a packet for the wire; false if there is no room. */
static bool send_on_wire(struct link *link, size_t size_bytes, int64_t now_ns)
{
    if (link->idle_from_ns < now_ns)
        link->idle_from_ns = now_ns;
    if (!has_room(link, size_bytes, now_ns))
        return false;
    link->idle_from_ns = sent_after(link, size_bytes, link->idle_from_ns);
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

/* ---- late instead of lost ---- */

/* How much later a lost segment comes; false if its sender gives up before. */
static bool repeat(struct link *link, size_t size_bytes,
                   const struct packet_segment *segment, int64_t now_ns,
                   int64_t *ret_late_ns)
{
    int64_t late_ns = 0, rto_ns = segment->rto_ns;
    for (unsigned i = 0; i < segment->max_repeats; i++) {
        late_ns = clock_after_ns(late_ns, rto_ns);
        rto_ns = rto_ns < TCP_RTO_MAX_NS / 2 ? 2 * rto_ns : TCP_RTO_MAX_NS;
        enum drop_reason reason;
        if (has_room(link, size_bytes, clock_after_ns(now_ns, late_ns)) &&
            survives(link, &reason)) {
            *ret_late_ns = late_ns;
            return true;
        }
    }
    return false;
}

/* When a segment arrives that is sent again: out of the order of all other packets. */
static int64_t late_arrival(struct link *link, size_t size_bytes, int64_t at_ns)
{
    const struct link_direction *c = link->config;
    int64_t from_ns = link->idle_from_ns > at_ns ? link->idle_from_ns : at_ns;
    int64_t due = clock_after_ns(sent_after(link, size_bytes, from_ns), c->delay_ns);
    if (c->jitter_ns > 0)
        due = clock_after_ns(due,
                             (int64_t)rng_below(&link->rng, (uint64_t)c->jitter_ns + 1));
    return due;
}

/* Lets the late segments of a flow stay first. */
static void keep_order(struct link *link, const struct packet_segment *segment,
                       struct link_fate *fate)
{
    if (segment->flow == 0 || segment->kind == SEGMENT_ACK)
        return;
    if (!link->not_before_ns) {
        if (fate->late_ns == 0)
            return;
        link->not_before_ns = g_new(int64_t, LINK_ORDER_SLOTS);
        for (unsigned i = 0; i < LINK_ORDER_SLOTS; i++)
            link->not_before_ns[i] = INT64_MIN;
    }
    int64_t *not_before_ns = &link->not_before_ns[segment->flow % LINK_ORDER_SLOTS];
    for (unsigned i = 0; i < fate->n_copies; i++)
        fate->due_ns[i] = MAX(fate->due_ns[i], *not_before_ns);
    if (fate->late_ns > 0)
        *not_before_ns = fate->due_ns[0];
}

struct link_fate link_submit_segment(struct link *link, size_t size_bytes,
                                     const struct packet_segment *segment, int64_t now_ns)
{
    struct link_fate fate = { .reason = DROP_QUEUE_FULL };
    bool is_queued = send_on_wire(link, size_bytes, now_ns);
    int64_t sent_ns = link->idle_from_ns;
    fate.was_lost = !is_queued || !survives(link, &fate.reason);
    if (fate.was_lost && segment->kind == SEGMENT_REPEATED) {
        if (!repeat(link, size_bytes, segment, now_ns, &fate.late_ns)) {
            fate.was_lost = false;
            return fate; /* the sender gives up: now it is lost indeed */
        }
        fate.due_ns[fate.n_copies++] =
            late_arrival(link, size_bytes, clock_after_ns(now_ns, fate.late_ns));
    } else {
        if (!is_queued)
            sent_ns = sent_after(link, size_bytes, sent_ns);
        fate.due_ns[fate.n_copies++] = arrival(link, sent_ns);
        if (rng_chance(&link->rng, link->config->duplicate))
            fate.due_ns[fate.n_copies++] = arrival(link, sent_ns);
    }
    keep_order(link, segment, &fate);
    return fate;
}
