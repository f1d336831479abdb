/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtcprobe bench`: how many allocations a second a server makes, and how much it relays.
 * Load, so it says first what it will send at the most, and keeps to it.
 *
 * Allocations are made by some threads side by side, each: open, Allocate (with its
 * challenge), Refresh with lifetime 0, close. The throughput is that of one pair of
 * allocations, one way, with a bounded number of packets on their way.
 */
#include "probes/commands/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/commands/quantity.h"
#include "probes/commands/relay_text.h"
#include "probes/commands/session.h"
#include "probes/core/error.h"
#include "probes/core/relay_run.h"
#include "probes/core/wait.h"

struct bench_values {
    struct target_options target;
    uint64_t allocations, clients, packets, size, window;
    int64_t duration_ns;
    bool uses_indications;
};

static gboolean take_allocations(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 0, 100 * 1000, place, error);
}

static gboolean take_clients(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, 64, place, error);
}

static gboolean take_packets(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 0, 100 * 1000 * 1000, place, error);
}

static gboolean take_size(const char *text, void *place, GError **error)
{
    return option_read_whole(text, RELAY_MIN_SIZE, TURN_MAX_DATA, place, error);
}

static gboolean take_window(const char *text, void *place, GError **error)
{
    return option_read_whole(text, 1, 4096, place, error);
}

#define BENCH_NUMBER(name_, argument_, preset_, help_, take_, field_)           \
    {                                                                           \
        .name = name_, .argument = argument_, .preset = preset_, .help = help_, \
        .take = take_, .offset = offsetof(struct bench_values, field_)          \
    }

static const struct option options[] = {
    BENCH_NUMBER("allocations", "N", "500", "Allocations to make, and give back; 0: none",
                 take_allocations, allocations),
    BENCH_NUMBER("clients", "N", "8", "Side by side", take_clients, clients),
    BENCH_NUMBER("packets", "N", "100000", "Payloads to relay at the most; 0: none",
                 take_packets, packets),
    BENCH_NUMBER("duration", "TIME", "5s", "Of each of the two at the most",
                 quantity_take_duration, duration_ns),
    BENCH_NUMBER("size", "BYTES", "1000", "Of a payload", take_size, size),
    BENCH_NUMBER("window", "N", "64", "Payloads on their way at the most", take_window,
                 window),
    { .name = "indications",
      .help = "Send and Data indications instead of a channel",
      .take = option_take_flag,
      .offset = offsetof(struct bench_values, uses_indications) },
    TARGET_OPTIONS(struct bench_values),
};

/* ---- Allocations ------------------------------------------------------------------ */

struct allocating {
    const struct client_options *client;
    gint left;         /* atomic: still to be begun */
    gint made, failed; /* atomic */
    int64_t end_ns;
    GMutex lock;
    GError *first_error; /* under the lock */
};

static void note_failure(struct allocating *all, GError *error_consumed)
{
    g_atomic_int_inc(&all->failed);
    g_mutex_lock(&all->lock);
    if (all->first_error)
        g_error_free(error_consumed);
    else
        all->first_error = error_consumed;
    g_mutex_unlock(&all->lock);
}

static void allocate_once(struct allocating *all, gint number)
{
    struct client_options own = *all->client;
    struct allocation allocation;
    GError *error = NULL;
    g_autofree char *name = g_strdup_printf("allocation %d", number);
    own.rng = rng_fork(&all->client->rng, name);
    g_autoptr(auto_client) client = turn_open(&own, NULL, &allocation, &error);
    if (!client) {
        note_failure(all, error);
        return;
    }
    g_atomic_int_inc(&all->made);
    turn_release(client);
}

static gpointer allocate_many(gpointer data)
{
    struct allocating *all = data;
    while (!wait_is_interrupted() && clock_now_ns() < all->end_ns) {
        gint number = g_atomic_int_add(&all->left, -1);
        if (number <= 0)
            break;
        allocate_once(all, number);
    }
    return NULL;
}

static json_t *bench_allocations(const struct bench_values *values,
                                 const struct client_options *client,
                                 GError **ret_first_error)
{
    enum { MOST_CLIENTS = 64 };
    GThread *threads[MOST_CLIENTS];
    struct allocating all = { .client = client, .left = (gint)values->allocations };
    int64_t start_ns = clock_now_ns();
    all.end_ns = start_ns + values->duration_ns;
    g_mutex_init(&all.lock);
    for (unsigned i = 0; i < values->clients; i++)
        threads[i] = g_thread_new("allocate", allocate_many, &all);
    for (unsigned i = 0; i < values->clients; i++)
        g_thread_join(threads[i]);
    g_mutex_clear(&all.lock);
    double seconds = (double)(clock_now_ns() - start_ns) / (double)NS_PER_S;
    *ret_first_error = all.first_error;
    return json_pack("{s:i, s:i, s:f, s:f}", "made", all.made, "failed", all.failed,
                     "seconds", seconds, "per_second",
                     seconds > 0 ? all.made / seconds : 0.0);
}

/* ---- Throughput ------------------------------------------------------------------- */

static json_t *bench_throughput(const struct bench_values *values,
                                const struct client_options *client, GError **error)
{
    struct relay_pair pair;
    struct relay_result result;
    if (!relay_pair_open(client, !values->uses_indications, &pair, error))
        return NULL;
    struct relay_options run = { .count = (unsigned)values->packets,
                                 .window = (unsigned)values->window,
                                 .size = values->size,
                                 .end_ns = clock_now_ns() + values->duration_ns,
                                 .linger_ns = NS_PER_S,
                                 .uses_channels = !values->uses_indications,
                                 .is_one_way = true };
    relay_run(&pair, &run, &result, error);
    double seconds = (double)(result.ended_ns - result.started_ns) / (double)NS_PER_S;
    double packets = (double)result.arrived, bits = 8.0 * (double)result.bytes_arrived;
    double lost = result.sent ? 1 - packets / (double)result.sent : 0;
    json_t *found = json_pack(
        "{s:I, s:I, s:f, s:f, s:f, s:f, s:I}", "sent", (json_int_t)result.sent, "arrived",
        (json_int_t)result.arrived, "loss", lost, "seconds", MAX(seconds, 0.0),
        "packets_per_second", seconds > 0 ? packets / seconds : 0.0,
        "megabits_per_second", seconds > 0 ? bits / seconds / 1e6 : 0.0, "corrupted",
        (json_int_t)result.corrupted);
    relay_pair_close(&pair);
    relay_result_clear(&result);
    return found;
}

/* ---- All of it -------------------------------------------------------------------- */

static void state_limits(const struct bench_values *values, const char *uri)
{
    g_autofree char *time = quantity_format_ns(values->duration_ns);
    double megabytes = (double)values->packets * (double)values->size / 1e6;
    fprintf(stderr,
            "rtcprobe bench: to %s at the most %" PRIu64 " allocations by %" PRIu64
            " clients in %s,\nthen %" PRIu64 " payloads of %" PRIu64
            " bytes (%.1f MB) in %s\n",
            uri, values->allocations, values->clients, time, values->packets,
            values->size, megabytes, time);
}

static gboolean execute(const void *given, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct bench_values *values = given;
    g_auto(auto_session) session = { 0 };
    g_autoptr(GError) broken = NULL;
    if (values->allocations == 0 && values->packets == 0)
        return rtc_fail_usage(error,
                              "nothing is left to do: --allocations and --packets are 0");
    if (!session_begin(&values->target, g_ptr_array_index(arguments->words, 0), &session,
                       error) ||
        !session_need_turn(&session, error) || !session_need_credentials(&session, error))
        return FALSE;
    state_limits(values, session.target->uri);
    struct client_options client = session_client_options(&session);
    int64_t start_ns = clock_now_ns();
    json_t *item = json_pack("{s:s}", "name", session.target->uri);
    if (values->allocations > 0)
        json_object_set_new(item, "allocations",
                            bench_allocations(values, &client, &broken));
    if (!broken && values->packets > 0 && !wait_is_interrupted()) {
        json_t *throughput = bench_throughput(values, &client, &broken);
        if (throughput)
            json_object_set_new(item, "throughput", throughput);
    }
    bool was_stopped = wait_is_interrupted();
    bool has_failed = broken && !was_stopped;
    json_object_set_new(
        item, "status",
        json_string(verdict_name(has_failed ? VERDICT_FAIL : VERDICT_INFO)));
    json_object_set_new(item, "message", json_string(has_failed ? broken->message : ""));
    double seconds = (double)(clock_now_ns() - start_ns) / (double)NS_PER_S;
    json_object_set_new(item, "duration_ms", json_real(seconds * 1000));
    struct report *report =
        target_report(&values->target, "bench", session.seed, bench_format_item, NULL);
    report_item(report, item);
    metrics_add(report_metrics(report), "probe_success", !has_failed, "target",
                session.target->uri, NULL);
    metrics_add(report_metrics(report), "probe_duration_seconds", seconds, "target",
                session.target->uri, NULL);
    *ret_status = report_end(report, was_stopped  ? EXIT_INTERRUPTED
                                     : has_failed ? probe_error_exit_status(broken)
                                                  : EXIT_AS_EXPECTED);
    return TRUE;
}

const struct command probe_command_bench = {
    .name = "bench",
    .usage = "URI",
    .summary = "Measure how many allocations and how much data a TURN server handles",
    .description = "Says first what it will send at the most. Only for servers that are "
                   "yours to load.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct bench_values),
    .least_words = 1,
    .most_words = 1,
    .execute = execute,
};
