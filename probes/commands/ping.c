/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe ping`: Binding requests at an interval, each sent once, and what came back.
 *
 * The replies are told as they come only to people and as JSON lines; other formats get
 * them within the one item that is made at the end, so that a test, a metric or a
 * monitoring check is one thing, not one for each packet.
 */
#include "probes/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "probes/commands/ping_text.h"
#include "probes/commands/quantity.h"
#include "probes/commands/session.h"
#include "probes/core/error.h"
#include "probes/core/ping_run.h"
#include "probes/core/wait.h"

enum { MAX_KEPT_REPLIES = 10000, LEAST_INTERVAL_MS = 10 };

struct ping_values {
    struct target_options target;
    uint64_t count;
    int64_t interval_ns;
    struct time_gate max_rtt;
    struct share_gate max_loss;
};

static gboolean take_count(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 0, 1000 * 1000 * 1000, place, error);
}

static gboolean take_interval(const char *text, void *place, GError **error)
{
    int64_t ns;
    if (!quantity_take_duration(text, &ns, error))
        return FALSE;
    if (ns < LEAST_INTERVAL_MS * NS_PER_MS) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "must be %d ms or more, is %s",
                    LEAST_INTERVAL_MS, text);
        return FALSE;
    }
    *(int64_t *)place = ns;
    return TRUE;
}

static const struct option options[] = {
    { .name = "count",
      .letter = 'c',
      .argument = "N",
      .preset = "0",
      .help = "Requests to send; 0: until Ctrl-C",
      .take = take_count,
      .offset = offsetof(struct ping_values, count) },
    { .name = "interval",
      .letter = 'i',
      .argument = "SECONDS",
      .preset = "1",
      .help = "Between two requests, or as in 200ms",
      .take = take_interval,
      .offset = offsetof(struct ping_values, interval_ns) },
    { .name = "max-rtt",
      .argument = "[pN=]TIME",
      .help = "Fail (1) if round trips take longer: 80ms, p95=80ms",
      .take = quantity_take_time_gate,
      .offset = offsetof(struct ping_values, max_rtt) },
    { .name = "max-loss",
      .argument = "N%",
      .help = "Fail (1) if more is lost",
      .take = quantity_take_share_gate,
      .offset = offsetof(struct ping_values, max_loss) },
    TARGET_OPTIONS(struct ping_values),
};

/* ---- Telling -------------------------------------------------------------------- */

struct telling {
    const struct ping_values *values;
    struct session session;
    struct report *report;
    json_t *replies; /* kept for the item; NULL: told already */
    int64_t start_ns;
    struct connection_times times;
    struct ping_result result;
};

static void set_endpoint(json_t *object, const char *key, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (e->address.family != ADDRESS_NONE)
        json_object_set_new(object, key, json_string(endpoint_format(e, text)));
}

static double to_ms(int64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

static json_t *describe_event(const struct telling *t, const struct ping_event *event)
{
    json_t *object =
        json_pack("{s:s, s:I, s:f}", "event", ping_event_name(event->kind), "number",
                  (json_int_t)event->number, "t_ms", to_ms(clock_now_ns() - t->start_ns));
    if (event->kind == PING_LOST || event->kind == PING_UNREACHABLE)
        return object;
    json_object_set_new(object, "rtt_ms", json_real(to_ms(event->rtt_ns)));
    json_object_set_new(object, "is_success", json_boolean(event->is_success));
    if (!event->is_success)
        json_object_set_new(object, "code", json_integer(event->code));
    set_endpoint(object, "mapped", &event->mapped);
    set_endpoint(object, "before", &event->before);
    return object;
}

static void on_event(const struct ping_event *event, void *data)
{
    struct telling *t = data;
    json_t *object = describe_event(t, event);
    if (t->values->target.format == REPORT_HUMAN) {
        g_autofree char *line = ping_format_event(object);
        fputs(line, stdout);
        fflush(stdout);
    } else if (t->values->target.format == REPORT_JSONL) {
        g_autofree char *name = g_strdup_printf("%s #%" G_GUINT64_FORMAT,
                                                t->session.target->uri, event->number);
        json_object_set_new(object, "name", json_string(name));
        json_object_set_new(object, "status", json_string(verdict_name(VERDICT_INFO)));
        report_item(t->report, json_incref(object));
    } else if (json_array_size(t->replies) < MAX_KEPT_REPLIES) {
        json_array_append(t->replies, object);
    }
    json_decref(object);
}

static void tell_start(const struct telling *t, const struct client_options *client)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (t->values->target.format != REPORT_HUMAN)
        return;
    g_autofree char *uri = text_escape(t->session.target->uri);
    printf("%s at %s, %s", uri, endpoint_format(&client->connection.server, text),
           transport_name(client->connection.transport));
    if (t->times.connect_ns > 0)
        printf(", connected in %.1f ms", to_ms(t->times.connect_ns));
    if (t->times.tls_ns > 0)
        printf(", handshake %.1f ms", to_ms(t->times.tls_ns));
    putchar('\n');
    fflush(stdout);
}

/* ---- Judging -------------------------------------------------------------------- */

static double share_lost(const struct ping_result *r)
{
    return r->sent > 0 ? (double)r->lost / (double)r->sent : 0;
}

/* Why it fails, and with which status; NULL: it does not. Caller owns. */
static char *find_failure(const struct ping_values *values, const struct ping_result *r,
                          int *ret_status)
{
    *ret_status = EXIT_UNEXPECTED;
    if (r->sent > 0 && r->received == 0) {
        *ret_status = RTC_ERROR_UNREACHABLE;
        return g_strdup_printf("no answer to %" G_GUINT64_FORMAT " requests%s", r->sent,
                               r->unreachable > 0 ? ": port or host unreachable (ICMP)"
                                                  : "");
    }
    if (r->received > 0 && r->successes == 0)
        return g_strdup_printf("each Binding request is answered with an error, %u last",
                               r->last_code);
    if (values->max_loss.is_set && share_lost(r) > values->max_loss.most)
        return g_strdup_printf("%.2f %% lost, at most %.2f %% may be",
                               100 * share_lost(r), 100 * values->max_loss.most);
    int64_t rtt_ns = samples_percentile(&r->rtt, values->max_rtt.percentile);
    if (values->max_rtt.is_set && rtt_ns > values->max_rtt.most_ns) {
        g_autofree char *is = quantity_format_ns(rtt_ns);
        g_autofree char *most = quantity_format_ns(values->max_rtt.most_ns);
        return g_strdup_printf("the round trip's p%g is %s, at most %s may be",
                               values->max_rtt.percentile, is, most);
    }
    return NULL;
}

static json_t *describe_result(const struct ping_result *r)
{
    json_t *object = json_pack(
        "{s:I, s:I, s:f, s:I, s:I, s:I, s:o}", "sent", (json_int_t)r->sent, "received",
        (json_int_t)r->received, "loss", share_lost(r), "doubled", (json_int_t)r->doubled,
        "unreachable", (json_int_t)r->unreachable, "mapped_changes",
        (json_int_t)r->changes, "rtt", samples_to_json(&r->rtt));
    set_endpoint(object, "mapped", &r->mapped);
    return object;
}

static void add_metrics(struct metrics *m, const char *uri, const struct ping_result *r,
                        bool is_good, double duration_ms)
{
    static const double percentiles[] = { 50, 95, 99 };
    metrics_add(m, "probe_success", is_good, "target", uri, NULL);
    metrics_add(m, "probe_duration_seconds", duration_ms / 1000, "target", uri, NULL);
    for (unsigned i = 0; r->rtt.count > 0 && i < G_N_ELEMENTS(percentiles); i++) {
        g_autofree char *percentile = g_strdup_printf("%g", percentiles[i]);
        int64_t rtt_ns = samples_percentile(&r->rtt, percentiles[i]);
        metrics_add(m, "rtcprobe_stun_rtt_seconds", (double)rtt_ns / (double)NS_PER_S,
                    "target", uri, "percentile", percentile, NULL);
    }
}

/** @param broken what ended it before its time; NULL: nothing did */
static int tell_end(struct telling *t, const GError *broken)
{
    int status = EXIT_AS_EXPECTED;
    double duration_ms = to_ms(clock_now_ns() - t->start_ns);
    const char *uri = t->session.target->uri;
    g_autofree char *failure =
        broken ? g_strdup(broken->message) : find_failure(t->values, &t->result, &status);
    if (broken)
        status = probe_error_exit_status(broken);
    json_t *item =
        json_pack("{s:s, s:s, s:s, s:f}", "name", uri, "status",
                  verdict_name(failure ? VERDICT_FAIL : VERDICT_PASS), "message",
                  failure ? failure : "", "duration_ms", duration_ms);
    if (t->result.sent > 0)
        json_object_set_new(item, "ping", describe_result(&t->result));
    if (json_array_size(t->replies) > 0)
        json_object_set(item, "replies", t->replies);
    report_item(t->report, item);
    add_metrics(report_metrics(t->report), uri, &t->result, !failure, duration_ms);
    if (wait_is_interrupted())
        status = EXIT_INTERRUPTED;
    else if (!failure)
        status = EXIT_AS_EXPECTED;
    return report_end(t->report, status);
}

/* ---- Doing ---------------------------------------------------------------------- */

/* FALSE with what kept it from beginning, or broke it. */
static gboolean ping(struct telling *t, GError **error)
{
    struct client_options how = session_client_options(&t->session);
    struct ping_options run = { .count = t->values->count,
                                .interval_ns = t->values->interval_ns,
                                .timeout_ns = t->values->target.timeout_ns,
                                .tell = on_event,
                                .data = t };
    struct client *client = client_open(&how, &t->times, NULL, error);
    if (!client)
        return FALSE;
    tell_start(t, &how);
    gboolean is_whole = ping_run(client, &run, &t->result, error);
    client_close(client);
    return is_whole;
}

static gboolean execute(const void *given, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    struct telling t = { .values = given, .start_ns = clock_now_ns() };
    g_autoptr(GError) broken = NULL;
    const struct target_options *target = &t.values->target;
    gboolean is_ready = session_begin(target, g_ptr_array_index(arguments->words, 0),
                                      &t.session, &broken);
    /* A wrong command line, or machine, is nothing that the server did. */
    bool is_known = is_ready || broken->domain == PROBE_ERROR;
    if (is_known) {
        t.replies = json_array();
        t.report = target_report(target, "ping", t.session.seed, ping_format_item, NULL);
        if (is_ready)
            ping(&t, &broken);
        *ret_status = tell_end(&t, broken);
        json_decref(t.replies);
        ping_result_clear(&t.result);
    } else {
        g_propagate_error(error, g_steal_pointer(&broken));
    }
    session_clear(&t.session);
    return is_known;
}

const struct command probe_command_ping = {
    .name = "ping",
    .usage = "URI",
    .summary = "Ask a server again and again how it sees us, and time it",
    .description =
        "Binding requests, each sent once, so that loss is seen: how many came back, how "
        "fast,\nand whether the address that the server sees stays the same. Ctrl-C ends "
        "it with what\ncame.\n\n"
        "Exit status: 0 all is well; 1 a gate is not kept; 3 nothing came back; 5 TLS "
        "fails.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct ping_values),
    .least_words = 1,
    .most_words = 1,
    .execute = execute,
};
