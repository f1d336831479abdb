/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether payloads cross the relay: two allocations are each other's peers (relay_run.h).
 * Where a second one is refused (a quota), the one that there is talks to its own relayed
 * address; then there is no way back to be checked.
 *
 * Data goes in Send and Data indications (RFC 8656 §11), which each server must have.
 */
#include "base/clock.h"
#include "probes/core/check_internal.h"
#include "probes/core/error.h"
#include "probes/core/relay_run.h"

void check_open_second(struct attempt *a)
{
    a->clients[1] = check_open(a, 1, NULL, NULL);
    a->has_allocation[1] = a->clients[1] && check_limit_time(a, a->clients[1], NULL) &&
                           turn_allocate(a->clients[1], NULL, &a->allocations[1], NULL);
    a->to->relay.is_own = !a->has_allocation[1];
}

static gboolean permit(struct attempt *a, unsigned who, const struct endpoint *peer,
                       GError **error)
{
    struct client *c = a->clients[who];
    if (!check_limit_time(a, c, error))
        return FALSE;
    a->to->code = 0;
    if (turn_permit(c, peer, 1, error))
        return TRUE;
    a->to->code = client_last_code(c);
    return FALSE;
}

gboolean check_permit(struct attempt *a, GError **error)
{
    struct check_relay *relay = &a->to->relay;
    g_autoptr(GError) cause = NULL;
    char text[ENDPOINT_TEXT_SIZE];
    const struct endpoint *first = &a->allocations[0].relayed;
    const struct endpoint *other = relay->is_own ? first : &a->allocations[1].relayed;
    if (permit(a, 0, other, &cause) && (relay->is_own || permit(a, 1, first, &cause))) {
        a->to->steps[CHECK_PHASE_PERMISSION].text = g_strdup_printf(
            "for %s%s", endpoint_format(other, text),
            relay->is_own ? ", itself: a second allocation is refused" : "");
        return TRUE;
    }
    /* A server may well refuse to relay to its own addresses, and yet serve. */
    if (a->to->code == STUNMSG_CODE_FORBIDDEN) {
        relay->not_tried = g_strdup_printf(
            "the server refuses its own relayed address %s as a peer (403)",
            endpoint_format(other, text));
        a->to->steps[CHECK_PHASE_PERMISSION].text = g_strdup("403 for its own address");
        a->to->code = 0;
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* How long the last answers are waited for: at most half of what time there is. */
static int64_t linger_ns(const struct attempt *a)
{
    int64_t deadline_ns = a->options->deadline_ns;
    int64_t left_ns =
        deadline_ns == CLOCK_NEVER ? CLOCK_NEVER : MAX(deadline_ns - clock_now_ns(), 0);
    return MIN(NS_PER_S, left_ns / 2);
}

gboolean check_relay_payloads(struct attempt *a, GError **error)
{
    struct check_relay *relay = &a->to->relay;
    unsigned other = relay->is_own ? 0 : 1;
    struct relay_pair pair = { .a = a->clients[0],
                               .b = a->clients[other],
                               .at_a = a->allocations[0],
                               .at_b = a->allocations[other] };
    struct relay_options options = { .count = a->options->n_payloads,
                                     .interval_ns = a->options->interval_ns,
                                     .size = a->options->payload_bytes,
                                     .end_ns = CLOCK_NEVER,
                                     .linger_ns = linger_ns(a) };
    if (a->options->deadline_ns != CLOCK_NEVER)
        options.end_ns = a->options->deadline_ns - options.linger_ns;
    relay->was_measured = true;
    struct relay_result *r = &relay->result;
    if (!relay_run(&pair, &options, r, error))
        return FALSE;
    if (r->corrupted > 0) {
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                    "%" G_GUINT64_FORMAT " payloads came out of the relay altered",
                    r->corrupted);
        return FALSE;
    }
    if (r->returned == 0) {
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_SILENT,
                    "none of %" G_GUINT64_FORMAT " payloads came through the relay",
                    r->sent);
        return FALSE;
    }
    return TRUE;
}
