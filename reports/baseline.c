/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole of a comparison: groups that are exact evidence call by call
 * (baseline_calls.c), the others by their repeats (baseline_repeats.c); calls that only
 * one run has; what else differs between the runs; the verdict.
 *
 * What a run did not make is told and no regression: whoever selects a few scenarios may
 * hold them against a baseline of all.
 */
#include "reports/baseline.h"

#include <string.h>

#include "base/file.h"
#include "reports/baseline_groups.h"
#include "reports/divergence.h"

enum { MAX_DIVERGENCES = 50, MAX_NOTED = 3 };

const char *const baseline_verdict_names[BASELINE_N_VERDICTS] = {
    [BASELINE_PASS] = "pass",
    [BASELINE_INCONCLUSIVE] = "inconclusive",
    [BASELINE_REGRESSED] = "regressed",
    [BASELINE_FAILED] = "failed",
};

/* ---- what else differs ---- */

static void add_note(json_t *notes, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_note(json_t *notes, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *text = g_strdup_vprintf(format, values);
    va_end(values);
    json_array_append_new(notes, json_string(text));
}

static void note_run(const json_t *before, const json_t *after, json_t *notes)
{
    const json_t *was = json_object_get(before, "run");
    const json_t *is = json_object_get(after, "run");
    const char *version = baseline_text(is, "version");
    if (strcmp(baseline_text(was, "version"), version) != 0)
        add_note(notes, "rtclab is %s, was %s", version, baseline_text(was, "version"));
    const char *clock = baseline_text(is, "clock");
    if (strcmp(baseline_text(was, "clock"), clock) != 0)
        add_note(notes, "the clock is %s, was %s", clock, baseline_text(was, "clock"));
    const char *seed = baseline_text(is, "seed");
    if (strcmp(baseline_text(was, "seed"), seed) != 0)
        add_note(
            notes,
            "the seed is %s, was %s: repeats are compared, not each call with itself",
            seed, baseline_text(was, "seed"));
    if (json_is_false(json_object_get(was, "complete")))
        add_note(notes, "the baseline is not complete");
}

/* "a, b, c and 4 more"; of char *. */
static char *join_names(const GPtrArray *names)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < MIN(names->len, MAX_NOTED); i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                               (const char *)names->pdata[i]);
    if (names->len > MAX_NOTED)
        g_string_append_printf(text, " and %u more", names->len - MAX_NOTED);
    return g_string_free(text, FALSE);
}

/* Tells scenarios in both runs of which `key` differs. */
static void note_scenarios(const json_t *before, const json_t *after, const char *key,
                           const char *what, json_t *notes)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const json_t *all = json_object_get(before, "scenarios");
    const char *id;
    json_t *scenario;
    json_object_foreach(json_object_get(after, "scenarios"), id, scenario)
    {
        json_t *was = json_object_get(json_object_get(all, id), key);
        if (was && !json_equal(was, json_object_get(scenario, key)))
            g_ptr_array_add(names, (char *)id);
    }
    g_autofree char *text = join_names(names);
    if (names->len > 0)
        add_note(notes, "%s: %s", what, text);
}

/* The stacks' versions as the peers told them: "libnice 0.1.21 (nice)". */
static void note_stacks(const GPtrArray *groups, json_t *notes)
{
    static const char *const roles[] = { "offerer", "answerer" };
    g_autoptr(GHashTable) told =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint g = 0; g < groups->len; g++) {
        const struct baseline_group *group = groups->pdata[g];
        for (size_t r = 0; r < G_N_ELEMENTS(roles) && group->pairs->len > 0; r++) {
            const struct baseline_pair *pair =
                &g_array_index(group->pairs, struct baseline_pair, 0);
            const json_t *was =
                json_object_get(json_object_get(pair->before, "peers"), roles[r]);
            const json_t *is =
                json_object_get(json_object_get(pair->after, "peers"), roles[r]);
            if (!json_is_object(was) || !json_is_object(is) ||
                json_equal((json_t *)was, (json_t *)is))
                continue;
            char *text = g_strdup_printf(
                "%s is %s %s, was %s %s", baseline_text(pair->after, roles[r]),
                baseline_text(is, "stack"), baseline_text(is, "version"),
                baseline_text(was, "stack"), baseline_text(was, "version"));
            if (!g_hash_table_contains(told, text))
                add_note(notes, "%s", text);
            g_hash_table_add(told, text);
        }
    }
}

/* ---- calls of one run only ---- */

static void tell_unpaired(const GPtrArray *groups, json_t *changes)
{
    for (guint g = 0; g < groups->len; g++) {
        const struct baseline_group *group = groups->pdata[g];
        if (group->before->len > 0 && group->after->len > 0)
            continue;
        bool is_new = group->after->len > 0;
        unsigned count = is_new ? group->after->len : group->before->len;
        char *text = g_strdup_printf("%u %s %s", count, count == 1 ? "call" : "calls",
                                     is_new ? "that the baseline does not have"
                                            : "of the baseline not made in this run");
        json_t *number = json_integer(count);
        json_array_append_new(
            changes, baseline_make_change(group, is_new ? BASELINE_NEW : BASELINE_MISSING,
                                          false, NULL, is_new ? NULL : number,
                                          is_new ? number : NULL, text));
    }
}

/* ---- the first divergence ---- */

/* The folder of a call's record; NULL: there is none, or it is outside the run's. */
static char *record_of(const char *folder, const json_t *call)
{
    const char *events =
        json_string_value(json_object_get(json_object_get(call, "artifacts"), "events"));
    if (!folder || !events)
        return NULL;
    g_autofree char *inner = g_path_get_dirname(events);
    return file_find_inside(folder, inner);
}

static const struct baseline_pair *find_pair(const GPtrArray *groups, const char *key,
                                             const struct baseline_group **ret_group)
{
    for (guint g = 0; g < groups->len; g++) {
        const struct baseline_group *group = groups->pdata[g];
        for (guint i = 0; i < group->pairs->len; i++) {
            const struct baseline_pair *pair =
                &g_array_index(group->pairs, struct baseline_pair, i);
            if (strcmp(baseline_text(pair->after, "key"), key) == 0) {
                *ret_group = group;
                return pair;
            }
        }
    }
    return NULL;
}

static void add_divergences(const GPtrArray *groups, json_t *changes,
                            const struct baseline_options *options)
{
    unsigned left = MAX_DIVERGENCES;
    size_t i;
    json_t *change;
    json_array_foreach(changes, i, change)
    {
        const struct baseline_group *group;
        const char *key = baseline_text(change, "key");
        const struct baseline_pair *pair =
            *key && left > 0 ? find_pair(groups, key, &group) : NULL;
        if (!pair)
            continue;
        g_autofree char *before = record_of(options->folder_before, pair->before);
        g_autofree char *after = record_of(options->folder_after, pair->after);
        json_t *divergence =
            before && after ? divergence_find(before, after, group->is_exact) : NULL;
        if (divergence)
            json_object_set_new(change, "divergence", divergence);
        left--;
    }
}

/* ---- the whole ---- */

/* Whether the call does the same as before, and pays more for it. */
static bool is_cost(const json_t *change)
{
    const char *kind = baseline_text(change, "kind");
    return strcmp(kind, baseline_kind_names[BASELINE_LATENCY]) == 0 ||
           strcmp(kind, baseline_kind_names[BASELINE_COUNTS]) == 0;
}

/* Where nothing could be compared, nothing is known: a gate must not pass by that. */
static enum baseline_verdict verdict_of(const json_t *changes, bool has_evidence)
{
    enum baseline_verdict verdict = has_evidence ? BASELINE_PASS : BASELINE_INCONCLUSIVE;
    size_t i;
    json_t *change;
    json_array_foreach(changes, i, change)
    {
        enum baseline_verdict own = BASELINE_PASS;
        if (json_is_true(json_object_get(change, "is_regression")))
            own = is_cost(change) ? BASELINE_REGRESSED : BASELINE_FAILED;
        else if (json_object_get(change, "repeats_needed"))
            own = BASELINE_INCONCLUSIVE;
        verdict = MAX(verdict, own);
    }
    return verdict;
}

static unsigned count_compared(const GPtrArray *groups)
{
    unsigned count = 0;
    for (guint g = 0; g < groups->len; g++) {
        const struct baseline_group *group = groups->pdata[g];
        if (group->is_exact)
            count += group->pairs->len;
        else if (group->before->len > 0)
            count += group->after->len;
    }
    return count;
}

/* Regressions first, then what is not known, then the rest; each in the run's order. */
static json_t *order_changes(const json_t *changes)
{
    json_t *ordered = json_array();
    for (int rank = 0; rank < 3; rank++) {
        size_t i;
        json_t *change;
        json_array_foreach(changes, i, change)
        {
            int own = json_is_true(json_object_get(change, "is_regression")) ? 0
                      : json_object_get(change, "repeats_needed")            ? 1
                                                                             : 2;
            if (own == rank)
                json_array_append(ordered, change);
        }
    }
    return ordered;
}

json_t *baseline_compare(const json_t *before, const json_t *after,
                         const struct baseline_options *options)
{
    g_autoptr(GPtrArray) groups = baseline_group_calls(before, after);
    g_autoptr(json_t) changes = json_array();
    for (guint g = 0; g < groups->len; g++) {
        const struct baseline_group *group = groups->pdata[g];
        if (group->is_exact)
            baseline_compare_calls(group, options, changes);
    }
    baseline_compare_repeats(groups, options, changes);
    tell_unpaired(groups, changes);
    add_divergences(groups, changes, options);
    json_t *notes = json_array();
    note_run(before, after, notes);
    note_stacks(groups, notes);
    note_scenarios(before, after, "digest", "other network or session", notes);
    note_scenarios(before, after, "expect", "something else is expected", notes);
    /* A shard may be left without calls: then the others have them. */
    unsigned compared = count_compared(groups);
    bool has_calls = json_array_size(json_object_get(after, "calls")) > 0;
    bool has_evidence = compared > 0 || !has_calls;
    if (!has_evidence)
        add_note(notes, "no call of this run is in the baseline: nothing was compared");
    const json_t *run = json_object_get(before, "run");
    g_autofree char *path = g_utf8_make_valid(options->path, -1);
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o}", "path", path, "id",
                     baseline_text(run, "id"), "version", baseline_text(run, "version"),
                     "verdict", baseline_verdict_names[verdict_of(changes, has_evidence)],
                     "compared", (int)compared, "notes", notes, "changes",
                     order_changes(changes));
}

/* ---- suspicions ---- */

bool baseline_is_suspicion(const json_t *change)
{
    return json_is_true(json_object_get(change, "is_suspicion"));
}

static bool is_of_group(const json_t *change, const struct baseline_group *group)
{
    return strcmp(baseline_text(change, "scenario"), group->scenario) == 0 &&
           strcmp(baseline_text(change, "offerer"), group->offerer) == 0 &&
           strcmp(baseline_text(change, "answerer"), group->answerer) == 0 &&
           strcmp(baseline_text(change, "mode"), group->mode) == 0;
}

static const struct baseline_group *find_group(const GPtrArray *groups,
                                               const json_t *change)
{
    for (guint g = 0; g < groups->len; g++)
        if (is_of_group(change, groups->pdata[g]))
            return groups->pdata[g];
    return NULL;
}

/* What fresh calls of a group show: a regression, else what is not known, else NULL. */
static json_t *find_shown(const json_t *fresh, const struct baseline_group *group)
{
    json_t *shown = NULL;
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(fresh, "changes"), i, change)
    {
        if (!is_of_group(change, group))
            continue;
        if (json_is_true(json_object_get(change, "is_regression")))
            return change;
        if (json_object_get(change, "repeats_needed"))
            shown = change;
    }
    return shown;
}

static void settle(json_t *change, const struct baseline_group *group, json_t *shown,
                   const char *path)
{
    json_t *needed = json_object_get(shown, "repeats_needed");
    /* Too few to show it alone, but they agree: what the run's own calls show stands. */
    bool agrees = needed && json_number_value(json_object_get(shown, "shift_ms")) > 0;
    bool is_confirmed =
        json_is_true(json_object_get(shown, "is_regression")) ||
        (agrees && json_is_true(json_object_get(change, "is_regression")));
    g_autofree char *text =
        shown ? g_strdup_printf("%u calls made afresh: %s", group->after->len,
                                baseline_text(shown, "text"))
              : g_strdup_printf("%u calls made afresh do not show it", group->after->len);
    g_autofree char *valid_path = g_utf8_make_valid(path, -1);
    json_object_set_new(change, "is_regression", json_boolean(is_confirmed));
    if (needed && !is_confirmed)
        json_object_set(change, "repeats_needed", needed);
    else
        json_object_del(change, "repeats_needed");
    json_object_set_new(change, "confirmation",
                        json_pack("{s:s, s:b, s:s}", "path", valid_path, "is_confirmed",
                                  is_confirmed, "text", text));
}

void baseline_confirm(json_t *baseline, const json_t *before, const json_t *fresh,
                      const struct baseline_options *options, const char *path)
{
    if (json_is_false(json_object_get(json_object_get(fresh, "run"), "complete")))
        return; /* interrupted: they show less than was asked of them */
    g_autoptr(GPtrArray) groups = baseline_group_calls(before, fresh);
    g_autoptr(json_t) again = baseline_compare(before, fresh, options);
    json_t *changes = json_object_get(baseline, "changes");
    size_t i;
    json_t *change;
    json_array_foreach(changes, i, change)
    {
        const struct baseline_group *group =
            baseline_is_suspicion(change) ? find_group(groups, change) : NULL;
        /* A group of which no fresh call was made is as suspect as before. */
        if (group && group->after->len > 0)
            settle(change, group, find_shown(again, group), path);
    }
    bool has_evidence = json_integer_value(json_object_get(baseline, "compared")) > 0;
    json_object_set_new(
        baseline, "verdict",
        json_string(baseline_verdict_names[verdict_of(changes, has_evidence)]));
    json_object_set_new(baseline, "changes", order_changes(changes));
}
