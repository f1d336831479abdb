/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests go out when they are due, whether or not those before were answered; what
 * comes in is matched by its transaction id. A request is remembered until its time is
 * over, also when it was answered: a second answer to it is a doubled one.
 *
 * Who falls behind the interval (a machine that slept) goes on from now instead of making
 * up: nobody wants a burst.
 *
 * RFC 8489 §6.1 (forming), §6.2.1 (what is deliberately not done: retransmission).
 */
#include "probes/core/ping_run.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"

/* How long the last requests are waited for, once round trips are known. */
enum { PATIENCE_ROUND_TRIPS = 3, LEAST_PATIENCE_MS = 500 };

struct request {
    uint64_t number;
    int64_t sent_ns;
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    bool is_answered;
};

struct run {
    struct client *client;
    const struct ping_options *options;
    struct ping_result *result;
    GQueue out;       /* struct request *, by number */
    unsigned waiting; /* of those the unanswered */
    int64_t due_ns;   /* when to send next */
    int64_t slowest_ns;
};

const char *ping_event_name(enum ping_event_kind kind)
{
    static const char *const names[PING_N_EVENTS] = {
#define X(symbol, name) [PING_##symbol] = name,
        PING_EVENTS(X)
#undef X
    };
    return names[kind];
}

void ping_result_clear(struct ping_result *result)
{
    samples_clear(&result->rtt);
    *result = (struct ping_result){ 0 };
}

static void tell(const struct run *run, const struct ping_event *event)
{
    if (run->options->tell)
        run->options->tell(event, run->options->data);
}

static bool has_more(const struct run *run)
{
    return run->options->count == 0 || run->result->sent < run->options->count;
}

/* ---- Requests --------------------------------------------------------------------- */

/* FALSE with an error other than a refusal. */
static gboolean settle_refusal(struct run *run, GError *failure, GError **error)
{
    if (!g_error_matches(failure, PROBE_ERROR, PROBE_ERROR_REFUSED)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_error_free(failure);
    run->result->unreachable++;
    tell(run,
         &(struct ping_event){ .kind = PING_UNREACHABLE, .number = run->result->sent });
    return TRUE;
}

static gboolean send_next(struct run *run, GError **error)
{
    struct draft draft;
    GError *failure = NULL;
    client_begin(run->client, &draft, STUNMSG_BINDING, STUNMSG_REQUEST);
    struct request *request = g_new0(struct request, 1);
    memcpy(request->transaction, draft_transaction(&draft), sizeof request->transaction);
    request->number = ++run->result->sent;
    request->sent_ns = clock_now_ns();
    g_queue_push_tail(&run->out, request);
    run->waiting++;
    run->due_ns = clock_after_ns(run->due_ns, run->options->interval_ns);
    if (run->due_ns < request->sent_ns)
        run->due_ns = clock_after_ns(request->sent_ns, run->options->interval_ns);
    /* An ICMP error of the request before may end this one: it counts as lost. */
    return client_send(run->client, &draft, &failure) ||
           settle_refusal(run, failure, error);
}

static void drop_oldest(struct run *run)
{
    g_autofree struct request *request = g_queue_pop_head(&run->out);
    if (request->is_answered)
        return;
    run->waiting--;
    run->result->lost++;
    tell(run, &(struct ping_event){ .kind = PING_LOST, .number = request->number });
}

static int64_t expiry_ns(const struct run *run, const struct request *request)
{
    return clock_after_ns(request->sent_ns, run->options->timeout_ns);
}

static void drop_expired(struct run *run, int64_t now_ns)
{
    const struct request *oldest;
    while ((oldest = g_queue_peek_head(&run->out)) && expiry_ns(run, oldest) <= now_ns)
        drop_oldest(run);
}

/* ---- Responses -------------------------------------------------------------------- */

/* The newest first: it is nearly always that. */
static struct request *find_request(struct run *run, const uint8_t *transaction)
{
    for (GList *i = run->out.tail; i; i = i->prev) {
        struct request *request = i->data;
        if (memcmp(request->transaction, transaction, sizeof request->transaction) == 0)
            return request;
    }
    return NULL;
}

static void note_mapped(struct ping_result *r, struct ping_event *event)
{
    if (event->mapped.address.family == ADDRESS_NONE)
        return;
    if (r->mapped.address.family != ADDRESS_NONE &&
        !endpoint_equal(&r->mapped, &event->mapped)) {
        event->before = r->mapped;
        r->changes++;
    }
    r->mapped = event->mapped;
}

static void count_reply(struct run *run, struct ping_event *event)
{
    struct ping_result *r = run->result;
    run->waiting--;
    run->slowest_ns = MAX(run->slowest_ns, event->rtt_ns);
    r->received++;
    r->successes += event->is_success;
    if (event->code != 0)
        r->last_code = event->code;
    samples_add(&r->rtt, event->rtt_ns);
    note_mapped(r, event);
}

/* Anything but a response to one of ours is passed over. */
static void take_inbound(struct run *run, const struct inbound *in)
{
    struct stunmsg m;
    struct stunmsg_error_code code;
    if (stunmsg_decode(in->bytes, in->size, &m) != STUNMSG_OK ||
        m.method != STUNMSG_BINDING ||
        (m.class != STUNMSG_SUCCESS && m.class != STUNMSG_FAILURE))
        return;
    struct request *request = find_request(run, m.transaction);
    if (!request)
        return;
    struct ping_event event = { .kind = request->is_answered ? PING_DOUBLED : PING_REPLY,
                                .number = request->number,
                                .rtt_ns = in->at_ns - request->sent_ns,
                                .is_success = m.class == STUNMSG_SUCCESS };
    if (!event.is_success &&
        stunmsg_get_error(&m, STUNMSG_ERROR_CODE, &code) == STUNMSG_OK)
        event.code = code.code;
    if (event.is_success &&
        stunmsg_get_address(&m, STUNMSG_XOR_MAPPED_ADDRESS, &event.mapped) != STUNMSG_OK)
        stunmsg_get_address(&m, STUNMSG_MAPPED_ADDRESS, &event.mapped);
    if (request->is_answered)
        run->result->doubled++;
    else
        count_reply(run, &event);
    request->is_answered = true;
    tell(run, &event);
}

/* ---- The run ---------------------------------------------------------------------- */

/* Until when the requests that are out are waited for, when no more are sent. */
static int64_t patience_end_ns(struct run *run)
{
    const struct request *last = g_queue_peek_tail(&run->out);
    if (!last || run->result->received == 0)
        return CLOCK_NEVER; /* each to its own expiry */
    int64_t patience_ns =
        MAX(PATIENCE_ROUND_TRIPS * run->slowest_ns, LEAST_PATIENCE_MS * NS_PER_MS);
    return clock_after_ns(last->sent_ns, patience_ns);
}

static int64_t next_moment_ns(struct run *run)
{
    const struct request *oldest = g_queue_peek_head(&run->out);
    int64_t next_ns = oldest ? expiry_ns(run, oldest) : CLOCK_NEVER;
    return MIN(next_ns, has_more(run) ? run->due_ns : patience_end_ns(run));
}

static bool is_over(struct run *run, int64_t now_ns)
{
    if (wait_is_interrupted())
        return true;
    return !has_more(run) && (run->waiting == 0 || now_ns >= patience_end_ns(run));
}

static gboolean step(struct run *run, int64_t now_ns, GError **error)
{
    GError *failure = NULL;
    struct inbound in = { 0 };
    if (has_more(run) && now_ns >= run->due_ns)
        return send_next(run, error);
    if (client_next(run->client, next_moment_ns(run), &in, &failure)) {
        take_inbound(run, &in);
        inbound_clear(&in);
        return TRUE;
    }
    if (g_error_matches(failure, PROBE_ERROR, PROBE_ERROR_SILENT) ||
        g_error_matches(failure, PROBE_ERROR, PROBE_ERROR_INTERRUPTED)) {
        g_error_free(failure);
        return TRUE;
    }
    return settle_refusal(run, failure, error);
}

gboolean ping_run(struct client *client, const struct ping_options *options,
                  struct ping_result *ret, GError **error)
{
    struct run run = {
        .client = client, .options = options, .result = ret, .due_ns = clock_now_ns()
    };
    gboolean is_whole = TRUE;
    *ret = (struct ping_result){ 0 };
    g_queue_init(&run.out);
    for (;;) {
        int64_t now_ns = clock_now_ns();
        drop_expired(&run, now_ns);
        if (is_over(&run, now_ns) || !(is_whole = step(&run, now_ns, error)))
            break;
    }
    while (!g_queue_is_empty(&run.out))
        drop_oldest(&run);
    return is_whole;
}
