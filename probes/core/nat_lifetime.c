/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a NAT keeps a mapping that nothing uses. A socket X gets a mapping and is left
 * alone for a time T; then another one, Y, has the server answer to X's mapping: what X
 * does not hear any more is gone.
 *
 * RFC 5780 §4.6 searches with one X, a T after the other. Here a round has many, whose T
 * divide what is still open, so that a round lasts as long as one T; it ends with the
 * first mapping that is gone. The first round has as many as divide the whole into as
 * many parts again, so that the second comes down to a second. New transactions begin at
 * most ten a second (§5).
 *
 * RFC 5780 §4.6, §5, §7.5.
 */
#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/nat_discovery_internal.h"
#include "probes/core/wait.h"

enum {
    MOST_SOCKETS = 60,
    PACE_MS = 100,
    MOST_ROUNDS = 3, /* a long way to the server can make two too coarse */
};
#define RESOLUTION_NS  NS_PER_S
#define FINE_ENOUGH_NS (RESOLUTION_NS * 3 / 2) /* with the round trips that are added */

/* A socket that is left alone. */
struct idle {
    struct connection *socket;
    struct endpoint mapped;
    int64_t sent_ns, received_ns; /* of its Binding: what refreshed the mapping last */
    int64_t idle_ns;              /* T */
};

static void idle_free(gpointer data)
{
    struct idle *idle = data;
    connection_close(idle->socket);
    g_free(idle);
}

static gboolean pace(int64_t *next_ns, GError **error)
{
    gboolean done = wait_until(*next_ns, error);
    *next_ns = clock_now_ns() + PACE_MS * NS_PER_MS;
    return done;
}

static struct idle *open_idle(struct nat_discovery *d, int64_t idle_ns, GError **error)
{
    struct draft request;
    g_auto(auto_heard) heard = { 0 };
    g_autoptr(auto_connection) socket = nat_discovery_socket(d, error);
    struct endpoint mapped;
    if (!socket)
        return NULL;
    const struct binding_way way = { .by = socket,
                                     .to = d->options.server,
                                     .timing = d->options.timing };
    nat_discovery_begin_request(d, &request);
    if (!nat_discovery_ask(&way, &request, &heard, &mapped, error))
        return NULL;
    struct idle *idle = g_new(struct idle, 1);
    *idle = (struct idle){ .socket = g_steal_pointer(&socket),
                           .mapped = mapped,
                           .sent_ns = heard.answer.sent_ns,
                           .received_ns = heard.answer.received_ns,
                           .idle_ns = idle_ns };
    return idle;
}

/* Where the answer to a request of Y's came that should come to X. */
enum arrival { ARRIVAL_AT_X, ARRIVAL_AT_Y, ARRIVAL_NONE, ARRIVAL_FAILED };

/* Copies at once, against loss: what is sent again later would find a mapping that ended
   meanwhile, and make its end seem earlier. */
static enum arrival call(struct nat_discovery *d, struct connection *y,
                         const struct idle *x, GError **error)
{
    enum { COPIES = 6, LAST = 4 };
    struct draft request;
    struct endpoint mapped;
    g_auto(auto_heard) heard = { 0 };
    GError *cause = NULL;
    struct binding_way way = {
        .by = y, .or_at = x->socket, .to = d->options.server, .timing = d->options.timing
    };
    way.timing.rc = 1;
    way.timing.rm = LAST;
    nat_discovery_begin_request(d, &request);
    stunmsg_add_number(&request.b, STUNMSG_RESPONSE_PORT, x->mapped.port);
    for (unsigned i = 1; i < COPIES; i++) /* binding_ask() sends the last */
        if (!connection_send_to(y, &way.to, request.bytes, draft_size(&request), error))
            return ARRIVAL_FAILED;
    if (nat_discovery_ask(&way, &request, &heard, &mapped, &cause))
        return heard.at == x->socket ? ARRIVAL_AT_X : ARRIVAL_AT_Y;
    if (g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_SILENT)) {
        g_error_free(cause);
        return ARRIVAL_NONE;
    }
    g_propagate_prefixed_error(error, cause, "RESPONSE-PORT: ");
    return ARRIVAL_FAILED;
}

/* Whether the server does its part: a mapping that is fresh must be reached. */
static gboolean check_server(struct nat_discovery *d, struct connection *y,
                             GError **error)
{
    struct idle *x = open_idle(d, 0, error);
    if (!x)
        return FALSE;
    enum arrival arrival = call(d, y, x, error);
    idle_free(x);
    if (arrival == ARRIVAL_AT_Y)
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                            "the server answers a request with RESPONSE-PORT to the port "
                            "that it came from: it does not honour it");
    else if (arrival == ARRIVAL_NONE)
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                            "an answer to a mapping that is fresh does not arrive: the "
                            "server does not honour RESPONSE-PORT, or the NAT gives "
                            "sockets of one host several addresses");
    return arrival == ARRIVAL_AT_X;
}

/* How many sockets divide what is open: few enough first, so that a second round can
   bring it down to a second. */
static unsigned count_sockets(int64_t open_ns, bool is_first)
{
    int64_t parts = (open_ns + RESOLUTION_NS - 1) / RESOLUTION_NS, n = 1;
    while (is_first && n * n < parts)
        n++;
    return (unsigned)CLAMP(is_first ? n : parts, 1, MOST_SOCKETS);
}

static GPtrArray *open_all(struct nat_discovery *d, const struct nat_lifetime *known,
                           int64_t end_ns, unsigned n, GError **error)
{
    int64_t next_ns = clock_now_ns();
    g_autoptr(GPtrArray) sockets = g_ptr_array_new_with_free_func(idle_free);
    for (unsigned i = 1; i <= n; i++) {
        int64_t idle_ns = known->at_least_ns + (end_ns - known->at_least_ns) / n * i;
        struct idle *idle = pace(&next_ns, error) ? open_idle(d, idle_ns, error) : NULL;
        if (!idle)
            return NULL;
        g_ptr_array_add(sockets, idle);
    }
    return g_steal_pointer(&sockets);
}

/* Calls each when its time has come. FALSE: failed. */
static gboolean call_all(struct nat_discovery *d, struct connection *y,
                         GPtrArray *sockets, struct nat_lifetime *known, GError **error)
{
    for (guint i = 0; i < sockets->len; i++) {
        const struct idle *x = g_ptr_array_index(sockets, i);
        if (!wait_until(x->received_ns + x->idle_ns, error))
            return FALSE;
        int64_t called_ns = clock_now_ns();
        switch (call(d, y, x, error)) {
        case ARRIVAL_AT_X: /* from the latest refresh that there may have been */
            known->at_least_ns = MAX(known->at_least_ns, called_ns - x->received_ns);
            break;
        case ARRIVAL_AT_Y: /* the port is Y's by now */
        case ARRIVAL_NONE: /* from the earliest, to when the call was at the NAT */
            known->below_ns = MIN(known->below_ns,
                                  called_ns - x->sent_ns + (x->received_ns - x->sent_ns));
            return TRUE;
        case ARRIVAL_FAILED:
            return FALSE;
        }
    }
    return TRUE;
}

gboolean nat_discovery_lifetime(struct nat_discovery *d, int64_t most_ns,
                                struct nat_lifetime *ret, GError **error)
{
    struct nat_lifetime known = { .at_least_ns = 0, .below_ns = CLOCK_NEVER };
    g_autoptr(auto_connection) y = nat_discovery_socket(d, error);
    if (!y || !check_server(d, y, error))
        return FALSE;
    for (unsigned round = 0; round < MOST_ROUNDS; round++) {
        int64_t end_ns = MIN(known.below_ns, most_ns);
        int64_t open_ns = end_ns - known.at_least_ns;
        if (round > 0 && (known.below_ns == CLOCK_NEVER || open_ns <= FINE_ENOUGH_NS))
            break;
        unsigned n = count_sockets(open_ns, round == 0);
        g_autoptr(GPtrArray) sockets = open_all(d, &known, end_ns, n, error);
        if (!sockets || !call_all(d, y, sockets, &known, error))
            return FALSE;
    }
    /* A NAT that kept one mapping longer than another. */
    ret->at_least_ns = MIN(known.at_least_ns, known.below_ns);
    ret->below_ns = MAX(known.at_least_ns, known.below_ns);
    return TRUE;
}

int64_t nat_discovery_lifetime_takes_ns(int64_t most_ns)
{
    /* Two rounds, each with the time to open its sockets, and the silence that ends it.
     */
    enum { SILENCE_S = 5 };
    return 2 * (most_ns + MOST_SOCKETS * PACE_MS * NS_PER_MS + SILENCE_S * NS_PER_S);
}
