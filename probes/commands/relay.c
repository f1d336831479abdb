/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe relay`: two allocations on one server talk to each other through it, and what
 * comes of their payloads is counted and timed.
 */
#include "probes/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "probes/commands/quantity.h"
#include "probes/commands/relay_text.h"
#include "probes/commands/session.h"
#include "probes/core/error.h"
#include "probes/core/relay_run.h"
#include "probes/core/wait.h"

struct relay_values {
    struct target_options target;
    uint64_t count, pps, size;
    bool uses_indications;
    struct time_gate max_rtt;
    struct share_gate max_loss;
};

static gboolean take_count(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, 10 * 1000 * 1000, place, error);
}

static gboolean take_pps(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, 100 * 1000, place, error);
}

static gboolean take_size(const char *text, void *place, GError **error)
{
    return option_read_whole(text, RELAY_MIN_SIZE, TURN_MAX_DATA, place, error);
}

static const struct option options[] = {
    { .name = "count",
      .letter = 'c',
      .argument = "N",
      .preset = "50",
      .help = "Payloads to send",
      .take = take_count,
      .offset = offsetof(struct relay_values, count) },
    { .name = "pps",
      .argument = "N",
      .preset = "50",
      .help = "Payloads a second",
      .take = take_pps,
      .offset = offsetof(struct relay_values, pps) },
    { .name = "size",
      .argument = "BYTES",
      .preset = "160",
      .help = "Of a payload",
      .take = take_size,
      .offset = offsetof(struct relay_values, size) },
    { .name = "indications",
      .help = "Send and Data indications instead of a channel",
      .take = option_take_flag,
      .offset = offsetof(struct relay_values, uses_indications) },
    { .name = "max-rtt",
      .argument = "[pN=]TIME",
      .help = "Fail (1) if round trips take longer: 80ms, p95=80ms",
      .take = quantity_take_time_gate,
      .offset = offsetof(struct relay_values, max_rtt) },
    { .name = "max-loss",
      .argument = "N%",
      .help = "Fail (1) if more is lost, there or back",
      .take = quantity_take_share_gate,
      .offset = offsetof(struct relay_values, max_loss) },
    TARGET_OPTIONS(struct relay_values),
};

static double share_lost(uint64_t of, uint64_t came)
{
    return of > 0 ? 1.0 - (double)came / (double)of : 0;
}

static json_t *describe_pair(const struct relay_pair *pair)
{
    char a[ENDPOINT_TEXT_SIZE], b[ENDPOINT_TEXT_SIZE];
    return json_pack("{s:[s, s], s:I, s:f, s:f}", "relayed",
                     endpoint_format(&pair->at_a.relayed, a),
                     endpoint_format(&pair->at_b.relayed, b), "lifetime_s",
                     (json_int_t)pair->at_a.lifetime_s, "allocate_ms",
                     (double)pair->allocate_ns / (double)NS_PER_MS, "permission_ms",
                     (double)pair->permission_ns / (double)NS_PER_MS);
}

static json_t *describe_result(const struct relay_result *r)
{
    return json_pack(
        "{s:I, s:I, s:I, s:f, s:f, s:f, s:I, s:I, s:I, s:o}", "sent", (json_int_t)r->sent,
        "arrived", (json_int_t)r->arrived, "returned", (json_int_t)r->returned, "loss",
        share_lost(r->sent, r->returned), "loss_there", share_lost(r->sent, r->arrived),
        "loss_back", share_lost(r->arrived, r->returned), "duplicates",
        (json_int_t)r->duplicates, "reordered", (json_int_t)r->reordered, "corrupted",
        (json_int_t)r->corrupted, "rtt", samples_to_json(&r->rtt));
}

/* The first gate that is not kept, in words; NULL: all are. Nothing back is a failure
   without any gate. */
static char *find_failure(const struct relay_values *values, const struct relay_result *r)
{
    double lost = share_lost(r->sent, r->returned);
    if (r->sent > 0 && r->returned == 0)
        return g_strdup_printf("none of %" G_GUINT64_FORMAT " payloads came back "
                               "through the relay (%" G_GUINT64_FORMAT " arrived)",
                               r->sent, r->arrived);
    if (r->corrupted > 0)
        return g_strdup_printf("%" G_GUINT64_FORMAT " payloads were altered",
                               r->corrupted);
    if (values->max_loss.is_set && lost > values->max_loss.most)
        return g_strdup_printf("%.2f %% lost, at most %.2f %% may be", 100 * lost,
                               100 * values->max_loss.most);
    if (values->max_rtt.is_set) {
        int64_t rtt_ns = samples_percentile(&r->rtt, values->max_rtt.percentile);
        if (rtt_ns > values->max_rtt.most_ns) {
            g_autofree char *is = quantity_format_ns(rtt_ns);
            g_autofree char *most = quantity_format_ns(values->max_rtt.most_ns);
            return g_strdup_printf("the round trip's p%g is %s, at most %s may be",
                                   values->max_rtt.percentile, is, most);
        }
    }
    return NULL;
}

static void add_metrics(struct metrics *m, const char *uri, const struct relay_result *r)
{
    metrics_add(m, "rtcprobe_relay_packets_sent_total", (double)r->sent, "target", uri,
                NULL);
    metrics_add(m, "rtcprobe_relay_packets_received_total", (double)r->returned, "target",
                uri, NULL);
    if (r->rtt.count == 0)
        return;
    static const double percentiles[] = { 50, 95, 99 };
    for (unsigned i = 0; i < G_N_ELEMENTS(percentiles); i++) {
        g_autofree char *percentile = g_strdup_printf("%g", percentiles[i]);
        metrics_add(m, "rtcprobe_relay_rtt_seconds",
                    (double)samples_percentile(&r->rtt, percentiles[i]) /
                        (double)NS_PER_S,
                    "target", uri, "percentile", percentile, NULL);
    }
    metrics_add(m, "rtcprobe_relay_jitter_seconds", r->rtt.jitter_ns / (double)NS_PER_S,
                "target", uri, NULL);
}

/* A report of what was measured, also if the path broke in the middle. */
static int tell(const struct relay_values *values, const struct session *session,
                const struct relay_pair *pair, const struct relay_result *result,
                const GError *broken, double duration_ms)
{
    bool was_stopped = wait_is_interrupted();
    g_autofree char *failure =
        broken && !was_stopped ? g_strdup(broken->message) : find_failure(values, result);
    bool has_failed = failure && !(was_stopped && result->returned == 0);
    struct report *report =
        target_report(&values->target, "relay", session->seed, relay_format_item, NULL);
    json_t *item =
        json_pack("{s:s, s:s, s:s, s:f, s:o, s:o}", "name", session->target->uri,
                  "status", verdict_name(has_failed ? VERDICT_FAIL : VERDICT_PASS),
                  "message", has_failed ? failure : "", "duration_ms", duration_ms,
                  "allocation", describe_pair(pair), "relay", describe_result(result));
    report_item(report, item);
    struct metrics *metrics = report_metrics(report);
    metrics_add(metrics, "probe_success", !has_failed, "target", session->target->uri,
                NULL);
    metrics_add(metrics, "probe_duration_seconds", duration_ms / 1000, "target",
                session->target->uri, NULL);
    add_metrics(metrics, session->target->uri, result);
    return report_end(report, was_stopped  ? EXIT_INTERRUPTED
                              : broken     ? probe_error_exit_status(broken)
                              : has_failed ? EXIT_UNEXPECTED
                                           : EXIT_AS_EXPECTED);
}

static gboolean execute(const void *given, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    enum { LINGER_S = 2 };
    const struct relay_values *values = given;
    g_auto(auto_session) session = { 0 };
    g_autoptr(GError) broken = NULL;
    struct relay_pair pair;
    struct relay_result result;
    if (!session_begin(&values->target, g_ptr_array_index(arguments->words, 0), &session,
                       error) ||
        !session_need_turn(&session, error) || !session_need_credentials(&session, error))
        return FALSE;
    struct client_options client = session_client_options(&session);
    int64_t start_ns = clock_now_ns();
    if (!relay_pair_open(&client, !values->uses_indications, &pair, error))
        return FALSE;
    struct relay_options run = { .count = (unsigned)values->count,
                                 .interval_ns = NS_PER_S / (int64_t)values->pps,
                                 .size = values->size,
                                 .end_ns = CLOCK_NEVER,
                                 .linger_ns = LINGER_S * NS_PER_S,
                                 .uses_channels = !values->uses_indications };
    relay_run(&pair, &run, &result, &broken);
    double duration_ms = (double)(clock_now_ns() - start_ns) / (double)NS_PER_MS;
    *ret_status = tell(values, &session, &pair, &result, broken, duration_ms);
    relay_pair_close(&pair);
    relay_result_clear(&result);
    return TRUE;
}

const struct command probe_command_relay = {
    .name = "relay",
    .usage = "URI",
    .summary = "Send payloads through a TURN server and back, and measure",
    .description =
        "Two allocations on the server talk to each other; no peer is needed. Each "
        "payload has a\nnumber and a hash, and is sent back by the second one. Ctrl-C "
        "ends it with what came.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct relay_values),
    .least_words = 1,
    .most_words = 1,
    .execute = execute,
};
