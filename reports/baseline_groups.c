/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls are paired by their keys, which hold scenario, peers, mode and repeat; whether a
 * pair is one experiment made twice, its seeds and clocks say.
 */
#include "reports/baseline_groups.h"

#include <math.h>
#include <string.h>

const char *const baseline_kind_names[BASELINE_N_KINDS] = {
#define X(symbol, name) [BASELINE_##symbol] = name,
    BASELINE_KINDS(X)
#undef X
};

const char *baseline_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

bool baseline_is_good(const json_t *call)
{
    const json_t *known = json_object_get(call, "known_failure");
    return json_is_true(json_object_get(call, "as_expected")) ||
           strcmp(baseline_text(known, "status"), "fails") == 0;
}

bool baseline_has_outcome(const json_t *call, const char *outcome)
{
    return strcmp(baseline_text(call, "outcome"), outcome) == 0;
}

double baseline_least_ms(const struct baseline_options *options, double before_ms)
{
    return fmax(options->least_effect_ms, options->least_share * before_ms);
}

static void group_free(void *data)
{
    struct baseline_group *group = data;
    g_ptr_array_unref(group->before);
    g_ptr_array_unref(group->after);
    g_array_unref(group->pairs);
    g_free(group);
}

struct sides {
    GPtrArray *groups;
    GHashTable *by_name; /* of struct baseline_group */
    GHashTable *by_key;  /* the baseline's calls */
};

static struct baseline_group *group_of(struct sides *sides, const json_t *call)
{
    const char *scenario = baseline_text(call, "scenario");
    const char *offerer = baseline_text(call, "offerer");
    const char *answerer = baseline_text(call, "answerer");
    const char *mode = baseline_text(call, "mode");
    if (!*scenario || !*offerer || !*answerer || !*mode)
        return NULL;
    g_autofree char *name = g_strjoin("\n", scenario, offerer, answerer, mode, NULL);
    struct baseline_group *group = g_hash_table_lookup(sides->by_name, name);
    if (group)
        return group;
    group = g_new(struct baseline_group, 1);
    *group = (struct baseline_group){
        .scenario = scenario,
        .offerer = offerer,
        .answerer = answerer,
        .mode = mode,
        .before = g_ptr_array_new(),
        .after = g_ptr_array_new(),
        .pairs = g_array_new(FALSE, FALSE, sizeof(struct baseline_pair)),
    };
    g_ptr_array_add(sides->groups, group);
    g_hash_table_insert(sides->by_name, g_steal_pointer(&name), group);
    return group;
}

static bool is_virtual(const json_t *call)
{
    return strcmp(baseline_text(call, "clock"), "virtual") == 0;
}

/* Whether the seed alone decides how a call goes. */
static bool is_repeatable(const json_t *call, const json_t *results)
{
    const json_t *run = json_object_get(results, "run");
    return is_virtual(call) && !json_is_false(json_object_get(call, "repeatable")) &&
           !json_is_true(json_object_get(run, "kernel_random"));
}

static const json_t *scenario_of(const json_t *results, const char *id)
{
    return json_object_get(json_object_get(results, "scenarios"), id);
}

static bool lacks_chance(const json_t *results, const char *id)
{
    return json_is_false(json_object_get(scenario_of(results, id), "has_chance"));
}

static void judge_evidence(struct baseline_group *group, const json_t *before,
                           const json_t *after)
{
    group->has_same_seeds = group->pairs->len > 0;
    for (guint i = 0; i < group->pairs->len; i++) {
        const struct baseline_pair *pair =
            &g_array_index(group->pairs, struct baseline_pair, i);
        const char *seed = baseline_text(pair->before, "seed");
        group->has_same_seeds &=
            *seed && strcmp(seed, baseline_text(pair->after, "seed")) == 0;
    }
    const GPtrArray *sides[] = { group->before, group->after };
    for (size_t side = 0; side < G_N_ELEMENTS(sides); side++)
        for (guint i = 0; i < sides[side]->len; i++)
            group->is_wall |= !is_virtual(sides[side]->pdata[i]);
    group->is_exact = group->has_same_seeds;
    for (guint i = 0; i < group->pairs->len; i++) {
        const struct baseline_pair *pair =
            &g_array_index(group->pairs, struct baseline_pair, i);
        group->is_exact &=
            is_repeatable(pair->before, before) && is_repeatable(pair->after, after);
    }
    group->has_chance =
        !lacks_chance(before, group->scenario) || !lacks_chance(after, group->scenario);
}

GPtrArray *baseline_group_calls(const json_t *before, const json_t *after)
{
    struct sides sides = {
        .groups = g_ptr_array_new_with_free_func(group_free),
        .by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .by_key = g_hash_table_new(g_str_hash, g_str_equal),
    };
    const json_t *was = json_object_get(before, "calls");
    size_t i;
    json_t *call;
    json_array_foreach(was, i, call)
        g_hash_table_insert(sides.by_key, (char *)baseline_text(call, "key"), call);
    json_array_foreach(json_object_get(after, "calls"), i, call)
    {
        struct baseline_group *group = group_of(&sides, call);
        if (!group)
            continue;
        g_ptr_array_add(group->after, call);
        struct baseline_pair pair = {
            .before = g_hash_table_lookup(sides.by_key, baseline_text(call, "key")),
            .after = call,
        };
        if (pair.before)
            g_array_append_val(group->pairs, pair);
    }
    json_array_foreach(was, i, call)
    {
        struct baseline_group *group = group_of(&sides, call);
        if (group)
            g_ptr_array_add(group->before, call);
    }
    for (guint g = 0; g < sides.groups->len; g++)
        judge_evidence(sides.groups->pdata[g], before, after);
    g_hash_table_unref(sides.by_name);
    g_hash_table_unref(sides.by_key);
    return sides.groups;
}

json_t *baseline_make_change(const struct baseline_group *group, enum baseline_kind kind,
                             bool is_regression, const char *key, json_t *before_consumed,
                             json_t *after_consumed, char *text_consumed)
{
    json_t *change = json_pack(
        "{s:s?, s:s?, s:s?, s:s?, s:s?, s:s, s:b, s:o, s:o, s:s, s:n}", "scenario",
        group ? group->scenario : NULL, "offerer", group ? group->offerer : NULL,
        "answerer", group ? group->answerer : NULL, "mode", group ? group->mode : NULL,
        "key", key, "kind", baseline_kind_names[kind], "is_regression", is_regression,
        "before", before_consumed ? before_consumed : json_null(), "after",
        after_consumed ? after_consumed : json_null(), "text", text_consumed,
        "divergence");
    g_free(text_consumed);
    return change;
}

char *baseline_describe_shift(double before_ms, double after_ms)
{
    double shift = after_ms - before_ms;
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%.0f ms, was %.0f ms: %+.0f ms", after_ms, before_ms, shift);
    if (before_ms > 0)
        g_string_append_printf(text, " (%+.0f %%)", 100 * shift / before_ms);
    return g_string_free(text, FALSE);
}

char *baseline_describe_part(const json_t *before, const json_t *after)
{
    const json_t *was = json_object_get(before, "setup_parts_ms");
    json_t *is = json_object_get(after, "setup_parts_ms");
    double total = json_number_value(json_object_get(after, "setup_ms")) -
                   json_number_value(json_object_get(before, "setup_ms"));
    const char *most = NULL, *part;
    double most_ms = 0;
    json_t *value;
    json_object_foreach(is, part, value)
    {
        double ms =
            json_number_value(value) - json_number_value(json_object_get(was, part));
        if (ms * total > 0 && fabs(ms) > fabs(most_ms)) {
            most = part;
            most_ms = ms;
        }
    }
    if (!was || !most)
        return g_strdup("");
    return g_strdup_printf(", most of it %s (%+.0f ms)", most, most_ms);
}
