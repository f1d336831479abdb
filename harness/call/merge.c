/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls go back into the order of the plan, which follows from what the plan was made
 * from: repeat, then scenario, then pair, then mode (plan.c). Comparisons are made anew
 * from all calls; whether more repeats would have made a difference is what the shards
 * found, each of which had all repeats of a series or none (shards.h).
 *
 * What a file says is somebody's data: nothing is taken as a path before it was looked
 * at.
 */
#include "call/merge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "call/plan_note.h"
#include "call/shards.h"
#include "reports/compare.h"

struct shard {
    const struct merge_part *part;
    const json_t *run;
    unsigned number, count; /* K/N; 1/1: all */
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---- do they belong together ---- */

static gboolean read_shard(const struct merge_part *part, struct shard *ret,
                           GError **error)
{
    const json_t *run = json_object_get(part->results, "run");
    const json_t *shard = json_object_get(run, "shard");
    *ret = (struct shard){ part, run, 1, 1 };
    if (!json_is_object(json_object_get(run, "plan")))
        return rtc_fail_usage(error, "%s: /run/plan: must be there, to know its shards",
                              part->folder);
    if (!json_is_array(json_object_get(part->results, "calls")) ||
        !json_is_object(json_object_get(part->results, "scenarios")))
        return rtc_fail_usage(error, "%s: /calls and /scenarios: must be there",
                              part->folder);
    if (!shard)
        return TRUE;
    int end = 0;
    const char *text = text_of(run, "shard");
    if (g_ascii_isdigit(text[0]) &&
        sscanf(text, "%5u/%5u%n", &ret->number, &ret->count, &end) == 2 &&
        text[end] == '\0' && ret->number >= 1 && ret->number <= ret->count &&
        ret->count <= SHARDS_MAX)
        return TRUE;
    return rtc_fail_usage(error, "%s: /run/shard: must be K/N with K from 1 to N",
                          part->folder);
}

static gboolean check_pair(const struct shard *a, const struct shard *b, GError **error)
{
    const char *a_folder = a->part->folder, *b_folder = b->part->folder;
    const char *a_version = text_of(a->run, "version");
    const char *b_version = text_of(b->run, "version");
    if (strcmp(a_version, b_version) != 0)
        return rtc_fail_usage(error,
                              "not of one run: version %s made %s and version %s made %s",
                              a_version, a_folder, b_version, b_folder);
    g_autofree char *difference =
        plan_note_differ(json_object_get(a->run, "plan"), json_object_get(b->run, "plan"),
                         a_folder, b_folder);
    if (difference)
        return rtc_fail_usage(error, "not of one run: %s", difference);
    if (a->count != b->count)
        return rtc_fail_usage(error, "%s is one of %u shards and %s one of %u", a_folder,
                              a->count, b_folder, b->count);
    if (a->number == b->number)
        return rtc_fail_usage(error, "shard %u/%u is there twice: %s and %s", a->number,
                              a->count, a_folder, b_folder);
    return TRUE;
}

static int by_number(const void *a, const void *b)
{
    const struct shard *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

/* All shards by their number; NULL: they are not of one run. */
static GArray *read_shards(const struct merge_part *parts, unsigned n, GError **error)
{
    g_autoptr(GArray) shards = g_array_sized_new(FALSE, FALSE, sizeof(struct shard), n);
    for (unsigned i = 0; i < n; i++) {
        struct shard shard;
        if (!read_shard(&parts[i], &shard, error))
            return NULL;
        g_array_append_val(shards, shard);
    }
    g_array_sort(shards, by_number);
    for (unsigned i = 1; i < n; i++)
        if (!check_pair(&g_array_index(shards, struct shard, i - 1),
                        &g_array_index(shards, struct shard, i), error))
            return NULL;
    return g_steal_pointer(&shards);
}

/* ---- calls ---- */

/* A call and its place in the plan. */
struct placed {
    unsigned repeat, scenario, pair, mode;
    json_t *call;
};

static int by_place(const void *a, const void *b)
{
    const struct placed *left = a, *right = b;
    if (left->repeat != right->repeat)
        return left->repeat < right->repeat ? -1 : 1;
    if (left->scenario != right->scenario)
        return left->scenario < right->scenario ? -1 : 1;
    if (left->pair != right->pair)
        return left->pair < right->pair ? -1 : 1;
    return (left->mode > right->mode) - (left->mode < right->mode);
}

/* From 1 by their order; 0: there is no such. */
static unsigned find_scenario(const json_t *scenarios, const char *id)
{
    unsigned number = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)scenarios, key, value)
    {
        number++;
        if (strcmp(key, id) == 0)
            return number;
    }
    return 0;
}

static unsigned find_pair(const json_t *pairs, const char *offerer, const char *answerer)
{
    size_t i;
    json_t *pair;
    json_array_foreach(pairs, i, pair)
    {
        const char *first = json_string_value(json_array_get(pair, 0));
        const char *second = json_string_value(json_array_get(pair, 1));
        if (g_strcmp0(first, offerer) == 0 && g_strcmp0(second, answerer) == 0)
            return (unsigned)i + 1;
    }
    return 0;
}

static unsigned find_mode(const char *name)
{
    for (unsigned mode = 0; mode < N_MODES; mode++)
        if (strcmp(mode_names[mode], name) == 0)
            return mode + 1;
    return 0;
}

/* Whether a key leads to a folder below the one that it is looked for in. */
static bool stays_below(const char *key)
{
    g_auto(GStrv) names = g_strsplit(key, "/", -1);
    for (char **name = names; *name; name++)
        if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
            return false;
    return true;
}

static gboolean place_call(json_t *call, const struct shard *shard, struct placed *ret,
                           GError **error)
{
    const json_t *plan = json_object_get(shard->run, "plan");
    const json_t *pairs = json_object_get(json_object_get(plan, "options"), "peers");
    const char *offerer = text_of(call, "offerer"), *answerer = text_of(call, "answerer");
    const char *scenario = text_of(call, "scenario"), *mode = text_of(call, "mode");
    json_int_t repeat = json_integer_value(json_object_get(call, "repeat"));
    g_autofree char *key = g_strdup_printf("%s~%s/%s/%s/%" JSON_INTEGER_FORMAT, offerer,
                                           answerer, scenario, mode, repeat);
    *ret = (struct placed){
        .repeat = (unsigned)repeat,
        .scenario = find_scenario(json_object_get(plan, "scenarios"), scenario),
        .pair = find_pair(pairs, offerer, answerer),
        .mode = find_mode(mode),
        .call = call,
    };
    if (repeat >= 1 && repeat <= G_MAXINT && ret->scenario && ret->pair && ret->mode &&
        strcmp(key, text_of(call, "key")) == 0 && stays_below(key))
        return TRUE;
    return rtc_fail_usage(error, "%s: the call %s is none of its plan",
                          shard->part->folder, text_of(call, "key"));
}

/* All calls in the order of the plan; NULL: something is wrong with one. */
static json_t *gather_calls(const GArray *shards, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct placed));
    for (unsigned i = 0; i < shards->len; i++) {
        const struct shard *shard = &g_array_index(shards, struct shard, i);
        size_t c;
        json_t *call;
        json_array_foreach(json_object_get(shard->part->results, "calls"), c, call)
        {
            struct placed placed;
            if (!place_call(call, shard, &placed, error))
                return NULL;
            g_array_append_val(all, placed);
        }
    }
    g_array_sort(all, by_place);
    json_t *calls = json_array();
    for (unsigned i = 0; i < all->len; i++) {
        const struct placed *placed = &g_array_index(all, struct placed, i);
        if (i > 0 && by_place(placed, placed - 1) == 0) {
            rtc_fail_usage(error, "the call %s is in two shards",
                           text_of(placed->call, "key"));
            json_decref(calls);
            return NULL;
        }
        json_array_append(calls, placed->call);
    }
    return calls;
}

/* ---- comparisons ---- */

static char *name_comparison(const json_t *comparison)
{
    return g_strjoin("\n", text_of(comparison, "scenario"),
                     text_of(comparison, "offerer"), text_of(comparison, "answerer"),
                     NULL);
}

/* What a shard knew of a comparison beside its calls. */
static void take_known(json_t *comparison, const json_t *known)
{
    const json_t *predicted = json_object_get(known, "predicted_saving_ms");
    compare_set_prediction(
        comparison, json_is_number(predicted) ? json_number_value(predicted) : NAN);
    if (json_is_true(json_object_get(known, "deterministic")))
        json_object_set_new(comparison, "deterministic", json_true());
    json_t *prediction = json_object_get(known, "prediction");
    if (prediction)
        json_object_set(comparison, "prediction", prediction);
}

static json_t *compare_all(const GArray *shards, const json_t *calls)
{
    g_autoptr(GHashTable) known =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    size_t i;
    json_t *comparison;
    for (unsigned s = 0; s < shards->len; s++) {
        const struct shard *shard = &g_array_index(shards, struct shard, s);
        json_array_foreach(json_object_get(shard->part->results, "comparisons"), i,
                           comparison)
        {
            g_hash_table_insert(known, name_comparison(comparison), comparison);
        }
    }
    json_t *comparisons = compare_modes(calls);
    json_array_foreach(comparisons, i, comparison)
    {
        g_autofree char *name = name_comparison(comparison);
        take_known(comparison, g_hash_table_lookup(known, name));
    }
    return comparisons;
}

/* ---- the run ---- */

static json_t *describe_shard(const struct shard *shard)
{
    g_autofree char *number = g_strdup_printf("%u/%u", shard->number, shard->count);
    return json_pack("{s:s, s:O?, s:O?, s:O?, s:i, s:O?, s:O?}", "shard", number, "id",
                     json_object_get(shard->run, "id"), "started",
                     json_object_get(shard->run, "started"), "elapsed_s",
                     json_object_get(shard->run, "elapsed_s"), "calls",
                     (int)json_array_size(json_object_get(shard->part->results, "calls")),
                     "complete", json_object_get(shard->run, "complete"), "host",
                     json_object_get(shard->run, "host"));
}

/* Which numbers are not there; NULL: none. */
static json_t *list_missing(const GArray *shards, GPtrArray *notes)
{
    json_t *missing = json_array();
    unsigned count = g_array_index(shards, struct shard, 0).count;
    for (unsigned number = 1, i = 0; number <= count; number++) {
        if (i < shards->len && g_array_index(shards, struct shard, i).number == number) {
            i++;
            continue;
        }
        g_autofree char *name = g_strdup_printf("%u/%u", number, count);
        json_array_append_new(missing, json_string(name));
        g_ptr_array_add(notes, g_strdup_printf("shard %s is missing", name));
    }
    if (json_array_size(missing) > 0)
        return missing;
    json_decref(missing);
    return NULL;
}

static bool are_complete(const GArray *shards, GPtrArray *notes)
{
    bool all = true;
    for (unsigned i = 0; i < shards->len; i++) {
        const struct shard *shard = &g_array_index(shards, struct shard, i);
        if (json_is_true(json_object_get(shard->run, "complete")))
            continue;
        all = false;
        g_ptr_array_add(notes, g_strdup_printf("shard %u/%u is not complete: --resume %s "
                                               "goes on with it",
                                               shard->number, shard->count,
                                               shard->part->folder));
    }
    return all;
}

/* In the order of the calls, as a run that is no shard has them. */
static json_t *gather_costs(const GArray *shards, const json_t *calls)
{
    json_t *costs = json_object();
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        const char *key = text_of(call, "key");
        for (unsigned s = 0; s < shards->len; s++) {
            const struct shard *shard = &g_array_index(shards, struct shard, s);
            json_t *cost = json_object_get(json_object_get(shard->run, "costs"), key);
            if (cost)
                json_object_set(costs, key, cost);
        }
    }
    return costs;
}

static json_t *copy_plan(const struct shard *shard)
{
    json_t *plan = json_copy(json_object_get(shard->run, "plan"));
    json_object_del(plan, "shards");
    json_object_del(plan, "dealt");
    return plan;
}

/* What all shards have in common stands as it does in the first; a run that is made on
   many machines begins with its first shard, and takes as long as its longest. */
static json_t *describe_run(const GArray *shards, const json_t *calls, GPtrArray *notes)
{
    static const char *const own[] = { "shard",   "shard_source",  "interrupted",
                                       "resumed", "costs",         "plan",
                                       "shards",  "missing_shards" };
    const struct shard *first = &g_array_index(shards, struct shard, 0);
    json_t *run = json_copy((json_t *)first->run);
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        json_object_del(run, own[i]);
    json_t *list = json_array();
    double elapsed_s = 0;
    const char *started = text_of(first->run, "started");
    for (unsigned i = 0; i < shards->len; i++) {
        const struct shard *shard = &g_array_index(shards, struct shard, i);
        double its_s = json_number_value(json_object_get(shard->run, "elapsed_s"));
        elapsed_s = MAX(elapsed_s, its_s);
        if (strcmp(text_of(shard->run, "started"), started) < 0) { /* ISO 8601, UTC */
            started = text_of(shard->run, "started");
            json_object_set(run, "id", json_object_get(shard->run, "id"));
            json_object_set(run, "started", json_object_get(shard->run, "started"));
        }
        json_array_append_new(list, describe_shard(shard));
    }
    json_t *missing = list_missing(shards, notes);
    bool is_complete = are_complete(shards, notes) && !missing;
    json_object_set_new(run, "complete", json_boolean(is_complete));
    json_object_set_new(run, "elapsed_s", json_real(elapsed_s));
    json_object_set_new(run, "plan", copy_plan(first));
    json_object_set_new(run, "costs", gather_costs(shards, calls));
    json_object_set_new(run, "shards", list);
    if (missing)
        json_object_set_new(run, "missing_shards", missing);
    return run;
}

json_t *merge_results(const struct merge_part *parts, unsigned n_parts,
                      GPtrArray *ret_notes, GError **error)
{
    g_autoptr(GArray) shards = read_shards(parts, n_parts, error);
    json_t *calls = shards ? gather_calls(shards, error) : NULL;
    if (!calls)
        return NULL;
    const struct shard *first = &g_array_index(shards, struct shard, 0);
    return json_pack("{s:s, s:o, s:O, s:o, s:o}", "schema", "rtclab/results/1", "run",
                     describe_run(shards, calls, ret_notes), "scenarios",
                     json_object_get(first->part->results, "scenarios"), "calls", calls,
                     "comparisons", compare_all(shards, calls));
}
