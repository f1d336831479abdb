/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.json from a run's facts. What a seed decides stands in "scenarios", "calls" and
 * "comparisons", which on the virtual clock are the same with every run of that seed;
 * what it does not, such as the machine and real time, stands in "run".
 */
#include "call/run_results.h"

#include <math.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "call/predict.h"
#include "reports/compare.h"
#include "scenario/digest.h"

static json_t *describe_host(void)
{
    struct utsname name;
    uname(&name);
    return json_pack("{s:s, s:s, s:s, s:i}", "system", name.sysname, "kernel",
                     name.release, "machine", name.machine, "cores",
                     (int)g_get_num_processors());
}

/* Paths and command lines need not be UTF-8, as JSON is. */
static void set_text(json_t *object, const char *key, const char *bytes)
{
    g_autofree char *text = g_utf8_make_valid(bytes, -1);
    json_object_set_new(object, key, json_string(text));
}

static json_t *describe_left_out(const struct run_options *options)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < options->n_left_out; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s}", "stack", options->left_out[i].stack,
                                        "why", options->left_out[i].why));
    return list;
}

static json_t *describe_run(const struct run_facts *facts)
{
    g_autoptr(GDateTime) at =
        g_date_time_new_from_unix_utc(facts->calendar_ns / NS_PER_S);
    g_autofree char *started = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *compact = g_date_time_format(at, "%Y%m%dT%H%M%SZ");
    g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, facts->options->seed);
    g_autofree char *id = g_strdup_printf("%s-%s", compact, seed);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:f, s:o}", "id", id,
                               "started", started, "version", RTCLAB_VERSION, "seed",
                               seed, "clock", lab_clock_names[facts->options->clock],
                               "complete", (int)facts->is_complete, "elapsed_s",
                               round((double)facts->elapsed_ns / (double)NS_PER_MS) / 1e3,
                               "host", describe_host());
    if (facts->is_interrupted)
        json_object_set_new(object, "interrupted", json_true());
    if (facts->n_resumed > 0)
        json_object_set_new(object, "resumed", json_integer(facts->n_resumed));
    set_text(object, "command", facts->options->command);
    if (facts->options->has_kernel_random)
        json_object_set_new(object, "kernel_random", json_true());
    if (facts->options->known)
        set_text(object, "known_failures", facts->options->known->path);
    if (facts->options->n_left_out > 0)
        json_object_set_new(object, "left_out", describe_left_out(facts->options));
    if (facts->options->n_shards > 1) {
        g_autofree char *shard =
            g_strdup_printf("%u/%u", facts->options->shard, facts->options->n_shards);
        json_object_set_new(object, "shard", json_string(shard));
    }
    if (facts->options->shard_source)
        set_text(object, "shard_source", facts->options->shard_source);
    json_object_set(object, "plan", facts->plan->note);
    json_object_set(object, "costs", facts->costs);
    return object;
}

static json_t *describe_scenarios(const GPtrArray *scenarios)
{
    json_t *all = json_object();
    for (unsigned i = 0; i < scenarios->len; i++) {
        const struct scenario *s = scenarios->pdata[i];
        json_t *expect = json_object_get(s->document, "expect");
        json_t *tags = json_array();
        for (char **tag = s->tags; tag && *tag; tag++)
            json_array_append_new(tags, json_string(*tag));
        g_autofree char *digest = scenario_digest(s);
        json_object_set_new(all, s->id,
                            json_pack("{s:s, s:o, s:O?, s:s, s:b}", "title", s->title,
                                      "tags", tags, "expect", expect, "digest", digest,
                                      "has_chance", scenario_has_chance(s)));
    }
    return all;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const struct call_spec *find_spec(const struct plan *plan,
                                         const json_t *comparison)
{
    for (unsigned i = 0; i < plan->calls->len; i++) {
        const struct call_spec *spec = &g_array_index(plan->calls, struct call_spec, i);
        if (g_strcmp0(spec->scenario->id, text_of(comparison, "scenario")) == 0 &&
            g_strcmp0(spec->names[ROLE_OFFERER], text_of(comparison, "offerer")) == 0 &&
            g_strcmp0(spec->names[ROLE_ANSWERER], text_of(comparison, "answerer")) == 0)
            return spec;
    }
    return NULL;
}

/* What the saving should be, or why that is not known. */
static void add_prediction(const struct plan *plan, json_t *comparison)
{
    const struct call_spec *spec = find_spec(plan, comparison);
    struct prediction prediction;
    g_autofree char *text = NULL;
    if (!spec)
        return;
    const char *names[N_ROLES] = { spec->names[ROLE_OFFERER],
                                   spec->names[ROLE_ANSWERER] };
    if (predict_saving(spec->scenario, names, spec->clock, &prediction, &text)) {
        compare_set_prediction(comparison, prediction.saving_ms);
        text = predict_describe(&prediction);
    }
    json_object_set_new(comparison, "prediction", json_string(text));
}

/* Says of each comparison whether more repeats would have made a difference, and what was
   to be expected of it. */
static json_t *compare_calls(const struct run_facts *facts, const json_t *calls)
{
    json_t *comparisons = compare_modes(calls);
    size_t i;
    json_t *comparison;
    json_array_foreach(comparisons, i, comparison)
    {
        if (repeats_are_same(facts->repeats, text_of(comparison, "scenario"),
                             text_of(comparison, "offerer"),
                             text_of(comparison, "answerer")))
            json_object_set_new(comparison, "deterministic", json_true());
        add_prediction(facts->plan, comparison);
    }
    return comparisons;
}

json_t *run_results_make(const struct run_facts *facts)
{
    json_t *calls = json_array();
    for (unsigned i = 0; i < facts->plan->calls->len; i++)
        if (facts->results[i])
            json_array_append(calls, facts->results[i]);
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "schema", "rtclab/results/1", "run",
                     describe_run(facts), "scenarios",
                     describe_scenarios(facts->scenarios), "calls", calls, "comparisons",
                     compare_calls(facts, calls));
}
