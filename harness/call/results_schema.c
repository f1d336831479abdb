/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.json as JSON Schema, draft 2020-12. Names of modes, outcomes and phases come
 * from the lists that also write them. It is strict: a key that is written must stand
 * here, which tests/lab/test_schema.sh holds against the record of a real run.
 */
#include "call/blame.h"
#include "call/results_schema.h"

#include "call/call_state.h"
#include "call/known.h"
#include "call/media.h"
#include "reports/baseline.h"
#include "reports/divergence.h"
#include "scenario/scenario.h"

static json_t *type(const char *name)
{
    return json_pack("{s:s}", "type", name);
}

/* The same or null: for what was not reached. */
static json_t *or_null(json_t *schema_consumed)
{
    return json_pack("{s:[o, o]}", "anyOf", schema_consumed, type("null"));
}

static json_t *reference(const char *def)
{
    g_autofree char *path = g_strconcat("#/$defs/", def, NULL);
    return json_pack("{s:s}", "$ref", path);
}

static json_t *list_of(json_t *items_consumed)
{
    return json_pack("{s:s, s:o}", "type", "array", "items", items_consumed);
}

static json_t *names_of(const char *const *names, unsigned n)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(list, json_string(names[i]));
    return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

/* Which keys must be there: all whose name does not begin with '?'. */
static json_t *object_of(json_t *properties_consumed)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    const char *key;
    json_t *value;
    json_object_foreach(properties_consumed, key, value)
    {
        if (*key != '?')
            json_array_append_new(required, json_string(key));
        json_object_set(properties, *key == '?' ? key + 1 : key, value);
    }
    json_decref(properties_consumed);
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties,
                     "required", required, "additionalProperties", 0);
}

/* An object with the same schema (borrowed) under each name. */
static json_t *same_for(const char *const *names, unsigned n, json_t *schema_consumed)
{
    json_t *properties = json_object();
    for (unsigned i = 0; i < n; i++)
        json_object_set(properties, names[i], schema_consumed);
    json_decref(schema_consumed);
    return object_of(properties);
}

/* What a call took of real time. */
static json_t *schema_of_cost(void)
{
    static const char *const names[] = { "start_up_ms", "call_ms", "teardown_ms",
                                         "lab_s" };
    return same_for(names, G_N_ELEMENTS(names), type("number"));
}

/* See call/plan_note.h. */
static json_t *schema_of_plan(void)
{
    json_t *texts = list_of(type("string"));
    json_t *options = object_of(json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "peers",
        list_of(texts), "modes", list_of(names_of(mode_names, N_MODES)), "repeat",
        type("integer"), "all_repeats", type("boolean"), "seed", type("string"), "clock",
        names_of(lab_clock_names, LAB_N_CLOCKS), "calendar_s", type("integer"),
        "kernel_random", type("boolean"), "audit_clock", type("boolean"), "timeout_s",
        type("number"), "retries", type("integer"), "keys",
        or_null(list_of(type("string"))), "known", or_null(type("string"))));
    return object_of(json_pack("{s:o, s:o, s:o, s:{s:s, s:o}, s:o, s:o}", "calls",
                               type("integer"), "digest", type("string"), "options",
                               options, "scenarios", "type", "object",
                               "additionalProperties", type("string"), "?shards",
                               type("integer"), "?dealt", type("string")));
}

/* One of the shards that were merged. */
static json_t *schema_of_shard(json_t *host)
{
    return object_of(
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:O}", "shard", type("string"), "id",
                  type("string"), "started", type("string"), "elapsed_s", type("number"),
                  "calls", type("integer"), "complete", type("boolean"), "host", host));
}

static json_t *schema_of_run(void)
{
    json_t *costs = json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                              schema_of_cost());
    json_t *host = object_of(json_pack("{s:o, s:o, s:o, s:o}", "system", type("string"),
                                       "kernel", type("string"), "machine",
                                       type("string"), "cores", type("integer")));
    json_t *left_out = object_of(
        json_pack("{s:o, s:o}", "stack", type("string"), "why", type("string")));
    return object_of(json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
        " s:o, s:o, s:o, s:o}",
        "id", type("string"), "command", type("string"), "started", type("string"),
        "version", type("string"), "seed", type("string"), "clock",
        names_of(lab_clock_names, LAB_N_CLOCKS), "complete", type("boolean"), "elapsed_s",
        type("number"), "host", host, "?interrupted", type("boolean"), "?shard",
        type("string"), "?left_out", list_of(left_out), "?known_failures", type("string"),
        "?kernel_random", type("boolean"), "costs", costs, "?shard_source",
        type("string"), "plan", schema_of_plan(), "?resumed", type("integer"), "?shards",
        list_of(schema_of_shard(host)), "?missing_shards", list_of(type("string"))));
}

static json_t *schema_of_scenario(void)
{
    return object_of(json_pack("{s:o, s:o, s:o, s:o, s:o}", "title", type("string"),
                               "tags", list_of(type("string")), "expect", type("object"),
                               "digest", type("string"), "has_chance", type("boolean")));
}

static json_t *schema_of_phases(void)
{
    static const char *const names[] = {
#define X(symbol, name) [PHASE_##symbol] = name,
        CALL_PHASES(X)
#undef X
    };
    return same_for(names, N_PHASES, or_null(type("number")));
}

static json_t *schema_of_pair(void)
{
    static const char *const names[] = { "local", "remote", "protocol" };
    return or_null(same_for(names, G_N_ELEMENTS(names), or_null(type("string"))));
}

static json_t *schema_of_counts(void)
{
    static const char *const names[] = { "packets", "stun_requests", "retransmissions",
                                         "dropped" };
    return same_for(names, G_N_ELEMENTS(names), type("integer"));
}

static json_t *schema_of_lateness(void)
{
    return object_of(json_pack("{s:o, s:o, s:o, s:o, s:o}", "packets", type("integer"),
                               "p50_us", type("number"), "p99_us", type("number"),
                               "max_us", type("number"), "within_budget",
                               type("boolean")));
}

static json_t *schema_of_media(void)
{
    json_t *figures =
        same_for(media_figure_names, MEDIA_N_FIGURES, or_null(type("number")));
    return same_for(role_names, N_ROLES,
                    or_null(same_for(media_kind_names, MEDIA_N_KINDS, figures)));
}

/* What a peer said it is; null: nothing. */
static json_t *schema_of_peer(void)
{
    return or_null(object_of(
        json_pack("{s:o, s:o}", "stack", type("string"), "version", type("string"))));
}

static json_t *schema_of_known(void)
{
    return object_of(json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "entry", type("string"), "calls", type("string"),
        "outcome", names_of(outcome_names, N_OUTCOMES), "reason", type("string"),
        "status", names_of(known_status_names, KNOWN_N_STATUSES)));
}

/* Where the set-up time went. */
static json_t *schema_of_parts(void)
{
    return or_null(same_for(blame_part_names, BLAME_N_PARTS, type("number")));
}

/* Why a call failed. */
static json_t *schema_of_cause(void)
{
    return or_null(object_of(json_pack(
        "{s:o, s:o, s:o, s:o}", "code", names_of(blame_cause_names, BLAME_N_CAUSES),
        "text", type("string"), "element", or_null(type("string")), "packets",
        list_of(type("integer")))));
}

static json_t *schema_of_attempt(void)
{
    return object_of(json_pack("{s:o, s:o, s:o}", "outcome",
                               names_of(outcome_names, N_OUTCOMES), "why", type("string"),
                               "folder", type("string")));
}

static json_t *schema_of_call(void)
{
    json_t *artifacts =
        or_null(object_of(json_pack("{s:o, s:o, s:o}", "events", type("string"), "pcap",
                                    type("string"), "timeline", type("string"))));
    json_t *call = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "key",
        type("string"), "scenario", type("string"), "offerer", type("string"), "answerer",
        type("string"), "mode", names_of(mode_names, N_MODES), "repeat", type("integer"),
        "seed", type("string"), "clock", names_of(lab_clock_names, LAB_N_CLOCKS),
        "outcome", names_of(outcome_names, N_OUTCOMES), "as_expected", type("boolean"),
        "why", type("string"), "artifacts", artifacts);
    json_object_set_new(call, "peers",
                        or_null(same_for(role_names, N_ROLES, schema_of_peer())));
    json_object_set_new(call, "timeout_ms", type("number"));
    json_object_set_new(call, "setup_ms", or_null(type("number")));
    json_object_set_new(call, "setup_parts_ms", schema_of_parts());
    json_object_set_new(call, "cause", schema_of_cause());
    json_object_set_new(call, "phases_ms",
                        or_null(same_for(role_names, N_ROLES, reference("phases"))));
    json_object_set_new(call, "selected",
                        or_null(same_for(role_names, N_ROLES, reference("pair"))));
    json_object_set_new(call, "counts", or_null(schema_of_counts()));
    json_object_set_new(call, "?media", schema_of_media());
    json_object_set_new(call, "?ice_restart_ms", or_null(type("number")));
    json_object_set_new(call, "?lateness", schema_of_lateness());
    json_object_set_new(call, "?flaky", type("boolean"));
    json_object_set_new(call, "?attempts", type("integer"));
    json_object_set_new(call, "?failed_attempts", list_of(schema_of_attempt()));
    json_object_set_new(call, "?clock_why", type("string"));
    json_object_set_new(call, "?clock_bypasses", type("integer"));
    json_object_set_new(call, "?repeatable", type("boolean"));
    json_object_set_new(call, "?known_failure", schema_of_known());
    return object_of(call);
}

/* An end that the calls leave open is null. */
static json_t *schema_of_interval(void)
{
    return or_null(list_of(or_null(type("number"))));
}

/* What a mode saves over full gathering (reports/compare.h). */
static json_t *schema_of_saving(void)
{
    static const char *const figures[] = { "median", "shift", "p_faster", "p_value",
                                           "p_holm" };
    json_t *saving = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(figures); i++)
        json_object_set_new(saving, figures[i], or_null(type("number")));
    json_object_set_new(saving, "samples", list_of(type("number")));
    json_object_set_new(saving, "interval", schema_of_interval());
    json_object_set_new(saving, "censored", type("integer"));
    return or_null(object_of(saving));
}

static json_t *schema_of_mode(void)
{
    return object_of(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "calls",
                               type("integer"), "connected", type("integer"), "success",
                               schema_of_interval(), "p50_ms", or_null(type("number")),
                               "p90_ms", or_null(type("number")), "p99_ms",
                               or_null(type("number")), "censored", type("integer")));
}

static json_t *schema_of_comparison(void)
{
    json_t *comparison = json_pack("{s:o, s:o, s:o}", "scenario", type("string"),
                                   "offerer", type("string"), "answerer", type("string"));
    json_object_set_new(comparison, "median_setup_ms",
                        same_for(mode_names, N_MODES, or_null(type("number"))));
    json_object_set_new(comparison, "connected",
                        same_for(mode_names, N_MODES, list_of(type("integer"))));
    json_object_set_new(comparison, "modes",
                        same_for(mode_names, N_MODES, schema_of_mode()));
    json_object_set_new(comparison, "trickle_saves_ms", schema_of_saving());
    json_object_set_new(comparison, "half_saves_ms", schema_of_saving());
    json_object_set_new(comparison, "predicted_saving_ms", or_null(type("number")));
    json_object_set_new(comparison, "residual_ms", or_null(type("number")));
    json_object_set_new(comparison, "?prediction", type("string"));
    json_object_set_new(comparison, "?deterministic", type("boolean"));
    return object_of(comparison);
}

/* What a divergence of two records is (reports/divergence.h). */
static json_t *schema_of_divergence(void)
{
    return object_of(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "what",
                               names_of(divergence_what_names, DIVERGENCE_N_WHATS), "of",
                               type("string"), "common", type("integer"), "since",
                               or_null(type("string")), "before", or_null(type("string")),
                               "after", or_null(type("string")), "before_ms",
                               or_null(type("number")), "after_ms",
                               or_null(type("number")), "text", type("string")));
}

/* An outcome in words, milliseconds, [as expected, of], counts, a number of calls. */
static json_t *schema_of_changed(void)
{
    json_t *counts = json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                               type("integer"));
    return json_pack("{s:[o, o, o, o, o]}", "anyOf", type("string"), type("number"),
                     list_of(type("integer")), counts, type("null"));
}

static json_t *schema_of_change(void)
{
    static const char *const names[] = { "scenario", "offerer", "answerer", "mode",
                                         "key" };
    json_t *change = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        json_object_set_new(change, names[i], or_null(type("string")));
    json_t *confirmation =
        object_of(json_pack("{s:o, s:o, s:o}", "path", type("string"), "is_confirmed",
                            type("boolean"), "text", type("string")));
    json_t *more = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
        names_of(baseline_kind_names, BASELINE_N_KINDS), "is_regression", type("boolean"),
        "before", schema_of_changed(), "after", schema_of_changed(), "text",
        type("string"), "divergence", or_null(schema_of_divergence()), "?p_value",
        type("number"), "?shift_ms", type("number"), "?repeats_needed", type("integer"),
        "?is_suspicion", type("boolean"), "?confirmation", confirmation);
    json_object_update(change, more);
    json_decref(more);
    return object_of(change);
}

static json_t *schema_of_baseline(void)
{
    return object_of(
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "path", type("string"), "id",
                  type("string"), "version", type("string"), "verdict",
                  names_of(baseline_verdict_names, BASELINE_N_VERDICTS), "compared",
                  type("integer"), "notes", list_of(type("string")), "changes",
                  list_of(schema_of_change())));
}

json_t *results_schema(void)
{
    json_t *schema = object_of(
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
                  json_pack("{s:s}", "const", "rtclab/results/1"), "run", schema_of_run(),
                  "scenarios",
                  json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                            schema_of_scenario()),
                  "calls", list_of(reference("call")), "comparisons",
                  list_of(schema_of_comparison()), "?baseline", schema_of_baseline()));
    json_t *whole =
        json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                  "title", "The results of a run of rtclab: results.json");
    json_object_update(whole, schema);
    json_decref(schema);
    json_object_set_new(whole, "$defs",
                        json_pack("{s:o, s:o, s:o}", "call", schema_of_call(), "phases",
                                  schema_of_phases(), "pair", schema_of_pair()));
    return whole;
}
