/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How libnice, and webrtcbin that has it inside, gather: a tick every Ta, at which at
 * most one request goes out, first or again; what an answer has to be followed by waits
 * for a tick, too, and so does the end (priv_discovery_tick_unlocked() in its
 * discovery.c). TURN takes two round trips, as the first request is answered by 401 with
 * a nonce (RFC 8489 section 9.2.4; priv_map_reply_to_relay_request() in conncheck.c);
 * over TCP one more for the connection.
 */
#include "call/predict.h"

#include "base/clock.h"

struct item {
    const struct predict_server *server;
    unsigned trips_left;
    unsigned n_sent;   /* of the request under way; 0: it waits for a tick */
    int64_t begun_ns;  /* it was first sent */
    int64_t answer_ns; /* comes; CLOCK_NEVER */
    bool is_done, is_answered;
};

/* The end of a request that nobody answers. */
static int64_t given_up_ns(const struct predict_stack *stack, const struct item *item)
{
    unsigned ms = item->server->is_tcp ? stack->stream_ms : stack->silent_ms;
    return item->begun_ns + ms * NS_PER_MS;
}

/* A TCP connection is begun with gathering (priv_add_new_candidate_discovery_turn());
   what is sent before it stands waits for it. */
static void send_first(struct item *item, int64_t now_ns)
{
    const struct predict_path *path = &item->server->path;
    int64_t goes_ns = item->server->is_tcp ? MAX(now_ns, path->round_trip_ns) : now_ns;
    item->begun_ns = now_ns;
    item->n_sent = 1;
    item->answer_ns = path->is_open ? goes_ns + path->round_trip_ns : CLOCK_NEVER;
}

/* What has come in by now, between two ticks. */
static void take_answers(struct item *item, int64_t now_ns)
{
    const struct predict_path *path = &item->server->path;
    if (path->is_refused && item->n_sent > 0 &&
        item->begun_ns + path->round_trip_ns <= now_ns)
        item->is_done = true;
    if (item->is_done || item->n_sent == 0 || item->answer_ns > now_ns)
        return;
    item->trips_left--;
    item->n_sent = 0;
    item->is_done = item->is_answered = item->trips_left == 0;
}

/* Whether a request is sent again at this tick. */
static bool resends(const struct predict_stack *stack, struct item *item, int64_t now_ns)
{
    unsigned index = item->n_sent - 1;
    if (item->server->is_tcp || index >= G_N_ELEMENTS(stack->resend_ms) ||
        now_ns < item->begun_ns + stack->resend_ms[index] * NS_PER_MS)
        return false;
    item->n_sent++;
    return true;
}

/* A tick; whether there is more to do. */
static bool tick(const struct predict_stack *stack, struct item *items, unsigned n,
                 int64_t now_ns)
{
    bool has_more = false;
    for (unsigned i = 0; i < n; i++)
        take_answers(&items[i], now_ns);
    for (unsigned i = 0; i < n; i++) {
        struct item *item = &items[i];
        if (item->is_done)
            continue;
        if (item->n_sent == 0) {
            send_first(item, now_ns);
            return true;
        }
        if (now_ns >= given_up_ns(stack, item)) {
            item->is_done = true;
            continue;
        }
        has_more = true;
        if (resends(stack, item, now_ns))
            return true;
    }
    return has_more;
}

static void note_first(int64_t *at_ms, int64_t ns)
{
    int64_t ms = ns / NS_PER_MS;
    if (*at_ms < 0 || ms < *at_ms)
        *at_ms = ms;
}

struct predict_gathering predict_gather(const struct predict_stack *stack,
                                        const struct predict_server *servers,
                                        unsigned n_servers)
{
    struct predict_gathering gathering = { .reflexive_ms = -1, .relayed_ms = -1 };
    g_autofree struct item *items = g_new0(struct item, n_servers + 1);
    for (unsigned i = 0; i < n_servers; i++)
        items[i] = (struct item){ .server = &servers[i],
                                  .trips_left = servers[i].is_turn ? 2 : 1,
                                  .answer_ns = CLOCK_NEVER };
    int64_t now_ns = 0;
    while (tick(stack, items, n_servers, now_ns))
        now_ns += stack->pacing_ms * NS_PER_MS;
    gathering.complete_ms = now_ns / NS_PER_MS;
    for (unsigned i = 0; i < n_servers; i++) {
        if (!items[i].is_answered)
            continue;
        if (!servers[i].is_tcp)
            note_first(&gathering.reflexive_ms, items[i].answer_ns);
        if (servers[i].is_turn)
            note_first(&gathering.relayed_ms, items[i].answer_ns);
    }
    return gathering;
}
