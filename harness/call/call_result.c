/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call's entry in results.json, keys as harness/README.md has them ("Records"). What
 * was not reached is null, never 0.
 */
#include "call/call_state.h"

#include <math.h>

#include "base/clock.h"
#include "call/judge.h"
#include "call/media.h"
#include "call/timeline.h"

/* Beyond the 99th percentile of this, packets were so late that the latencies of the call
   are not the network's alone. A tenth of a short path's round trip. */
static const int64_t lateness_budget_ns = 2 * NS_PER_MS;

static const char *const phase_names[N_PHASES] = {
#define X(symbol, name) [PHASE_##symbol] = name,
    CALL_PHASES(X)
#undef X
};

static json_t *milliseconds(int64_t ns)
{
    return json_real(round((double)ns / (double)NS_PER_US) / 1000.0);
}

static json_t *since_start(const struct call *call, int64_t at_ns)
{
    return at_ns < 0 ? json_null() : milliseconds(at_ns - call->start_ns);
}

static json_t *describe_phases(const struct call *call, const struct call_peer *peer)
{
    json_t *phases = json_object();
    for (unsigned i = 0; i < N_PHASES; i++) {
        int64_t at_ns = peer->phases_ns[i];
        if (i == PHASE_FIRST_CHECK)
            at_ns = call->traffic.first_check_ns[peer->role];
        if (i == PHASE_FIRST_VALID)
            at_ns = call->traffic.first_valid_ns[peer->role];
        json_object_set_new(phases, phase_names[i], since_start(call, at_ns));
    }
    return phases;
}

static json_t *describe_pair(const struct call_peer *peer)
{
    json_t *local = json_object_get(peer->selected, "local");
    json_t *remote = json_object_get(peer->selected, "remote");
    if (!local || !remote)
        return json_null();
    return json_pack("{s:O?, s:O?, s:O?}", "local", json_object_get(local, "type"),
                     "remote", json_object_get(remote, "type"), "protocol",
                     json_object_get(local, "protocol"));
}

/* From when it was connected until its statistics were asked for. */
static json_t *describe_media(const struct call_peer *peer)
{
    if (!peer->stats)
        return json_null();
    bool has_flown = peer->connected_ns >= 0 && peer->stats_ns > peer->connected_ns;
    int64_t flown_ns = has_flown ? peer->stats_ns - peer->connected_ns : 0;
    return media_describe(json_object_get(peer->stats, "stats"),
                          (double)flown_ns / NS_PER_S);
}

/* What a scenario may ask for beyond a connection. */
static void add_session(const struct call *call, json_t *result)
{
    const struct scenario_session *session = &call->spec->scenario->session;
    const struct call_peer *offerer = &call->peers[ROLE_OFFERER];
    const struct call_peer *answerer = &call->peers[ROLE_ANSWERER];
    if (session->negotiate & ~(unsigned)SCENARIO_DATA)
        json_object_set_new(result, "media",
                            json_pack("{s:o, s:o}", "offerer", describe_media(offerer),
                                      "answerer", describe_media(answerer)));
    int64_t reconnected_ns = MAX(offerer->reconnected_ns, answerer->reconnected_ns);
    bool is_restarted = offerer->reconnected_ns >= 0 && answerer->reconnected_ns >= 0;
    if (session->restart_ice)
        json_object_set_new(result, "ice_restart_ms",
                            is_restarted ? milliseconds(reconnected_ns - call->restart_ns)
                                         : json_null());
}

static json_t *describe_lateness(const struct call *call)
{
    const struct lateness *l = lab_lateness(call->lab);
    int64_t p99_ns = lateness_quantile_ns(l, 0.99);
    return json_pack("{s:I, s:f, s:f, s:f, s:b}", "packets", (json_int_t)l->count,
                     "p50_us", (double)lateness_quantile_ns(l, 0.5) / NS_PER_US, "p99_us",
                     (double)p99_ns / NS_PER_US, "max_us", (double)l->max_ns / NS_PER_US,
                     "within_budget", p99_ns <= lateness_budget_ns);
}

static json_t *blank(const struct call_spec *spec)
{
    g_autofree char *folder = g_strdup_printf("calls/%s", spec->key);
    g_autofree char *events = g_strdup_printf("%s/%s", folder, RECORD_EVENTS_FILE);
    g_autofree char *capture = g_strdup_printf("%s/%s", folder, RECORD_CAPTURE_FILE);
    g_autofree char *timeline = g_strdup_printf("%s/%s", folder, TIMELINE_FILE);
    g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, spec->seed);
    json_t *result = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:b, s:s, s:n, s:n, s:n, s:n,"
        " s:n, s:n, s:n, s:{s:s, s:s, s:s}}",
        "key", spec->key, "scenario", spec->scenario->id, "offerer",
        spec->names[ROLE_OFFERER], "answerer", spec->names[ROLE_ANSWERER], "mode",
        mode_names[spec->mode], "repeat", (int)spec->repeat, "seed", seed, "clock",
        lab_clock_names[spec->clock], "outcome", outcome_names[OUTCOME_ERROR],
        "as_expected", 0, "why", "", "setup_ms", "setup_parts_ms", "cause", "phases_ms",
        "selected", "counts", "peers", "artifacts", "events", events, "pcap", capture,
        "timeline", timeline);
    json_object_set_new(result, "timeout_ms", milliseconds(spec->timeout_ns));
    if (spec->clock_why) {
        /* It may quote a path, and a path need not be UTF-8. */
        g_autofree char *why = g_utf8_make_valid(spec->clock_why, -1);
        json_object_set_new(result, "clock_why", json_string(why));
    }
    return result;
}

static void judge(json_t *result, const struct call_spec *spec, const char *why)
{
    /* It may quote a path, and a path need not be UTF-8. */
    g_autofree char *text = g_utf8_make_valid(why ? why : "", -1);
    json_object_set_new(result, "why", json_string(text));
    g_autofree char *unexpected = judge_call(&spec->scenario->expect, spec->mode, result);
    json_object_set_new(result, "as_expected", json_boolean(!unexpected));
    if (unexpected)
        json_object_set_new(result, "why", json_string(unexpected));
}

json_t *call_blank_result(const struct call_spec *spec, const char *why)
{
    json_t *result = blank(spec);
    judge(result, spec, why);
    return result;
}

json_t *call_missing_result(const struct call_spec *spec)
{
    json_t *result = blank(spec);
    json_object_set_new(result, "outcome",
                        json_string(outcome_names[OUTCOME_UNSUPPORTED]));
    json_object_set_new(result, "artifacts", json_null());
    judge(result, spec, spec->missing);
    return result;
}

static json_t *describe_peer(const struct call_peer *peer)
{
    if (!peer->stack)
        return json_null();
    return json_pack("{s:s, s:s}", "stack", peer->stack, "version", peer->version);
}

json_t *call_make_result(const struct call *call)
{
    const struct call_peer *offerer = &call->peers[ROLE_OFFERER];
    const struct call_peer *answerer = &call->peers[ROLE_ANSWERER];
    json_t *result = blank(call->spec);
    json_object_set_new(result, "outcome", json_string(outcome_names[call->outcome]));
    json_object_set_new(result, "peers",
                        json_pack("{s:o, s:o}", "offerer", describe_peer(offerer),
                                  "answerer", describe_peer(answerer)));
    if (call->outcome == OUTCOME_CONNECTED)
        json_object_set_new(
            result, "setup_ms",
            since_start(call, MAX(offerer->connected_ns, answerer->connected_ns)));
    if (call->started) {
        json_object_set_new(result, "phases_ms",
                            json_pack("{s:o, s:o}", "offerer",
                                      describe_phases(call, offerer), "answerer",
                                      describe_phases(call, answerer)));
        json_object_set_new(result, "selected",
                            json_pack("{s:o, s:o}", "offerer", describe_pair(offerer),
                                      "answerer", describe_pair(answerer)));
        json_object_set_new(
            result, "counts",
            json_pack("{s:I, s:I, s:I, s:I}", "packets",
                      (json_int_t)call->traffic.packets, "stun_requests",
                      (json_int_t)call->traffic.stun_requests, "retransmissions",
                      (json_int_t)call->traffic.retransmissions, "dropped",
                      (json_int_t)record_dropped(call->record)));
        add_session(call, result);
        if (call->spec->clock == LAB_CLOCK_WALL)
            json_object_set_new(result, "lateness", describe_lateness(call));
        else if (!lab_is_repeatable(call->lab))
            json_object_set_new(result, "repeatable", json_false());
    }
    judge(result, call->spec, call->why);
    return result;
}

void call_count_bypasses(const struct call_spec *spec, json_t *result)
{
    json_int_t n_lines = 0;
    g_autofree char *text = NULL;
    gsize size = 0;
    if (g_file_get_contents(spec->audit_path, &text, &size, NULL))
        for (gsize i = 0; i < size; i++)
            n_lines += text[i] == '\n';
    json_object_set_new(result, "clock_bypasses", json_integer(n_lines));
}
