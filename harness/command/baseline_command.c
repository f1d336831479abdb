/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A comparison with a baseline, as commands make it, and the calls that are made afresh.
 *
 * These take the baseline's seed. On the virtual clock they are then the baseline's own
 * calls made again: exact evidence, whatever chance the run's own seed had. On the wall
 * clock they are pairs with the baseline's, at another time and so with other neighbours
 * on the machine.
 */
#include "command/baseline_command.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "call/journal.h"
#include "command/results_file.h"
#include "call/journal.h"

#define MARGIN_MAX    100.0
#define EFFECT_MAX_MS 3600000.0

/* A decimal number without a sign; strtod() alone would take "nan" and "0x10" too. */
static bool read_number(const char *text, double most, double *ret)
{
    bool is_decimal = *text && text[strspn(text, "0123456789.")] == '\0';
    char *end;
    double value = g_ascii_strtod(text, &end);
    if (!is_decimal || *end || value > most)
        return false;
    *ret = value;
    return true;
}

gboolean baseline_take_margin(const char *text, void *place, GError **error)
{
    if (read_number(text, MARGIN_MAX, place))
        return TRUE;
    return rtc_fail_usage(error, "must be a number from 0 to %.0f, is \"%s\"", MARGIN_MAX,
                          text);
}

gboolean baseline_take_effect(const char *text, void *place, GError **error)
{
    double effect[2];
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    if (g_strv_length(parts) != 2 || !read_number(parts[0], MARGIN_MAX, &effect[0]) ||
        !read_number(parts[1], EFFECT_MAX_MS, &effect[1]))
        return rtc_fail_usage(error,
                              "must be percent and milliseconds, such as 10,25, is "
                              "\"%s\"",
                              text);
    memcpy(place, effect, sizeof effect);
    return TRUE;
}

gboolean baseline_hold(const struct baseline_values *values, struct baseline_held *ret,
                       GError **error)
{
    *ret = (struct baseline_held){ 0 };
    if (!values->path)
        return TRUE;
    ret->results = results_file_read(values->path, error);
    ret->folder = results_file_folder(values->path);
    ret->options = (struct baseline_options){
        .path = values->path,
        .folder_before = ret->folder,
        .margin = values->margin / 100,
        .least_share = values->effect[0] / 100,
        .least_effect_ms = values->effect[1],
    };
    return ret->results != NULL;
}

void baseline_release(struct baseline_held *held)
{
    json_decref(held->results);
    g_free(held->folder);
    *held = (struct baseline_held){ 0 };
}

void baseline_apply(const struct baseline_held *held, json_t *results, const char *folder)
{
    if (!held->results)
        return;
    struct baseline_options options = held->options;
    options.folder_after = folder;
    json_object_set_new(results, "baseline",
                        baseline_compare(held->results, results, &options));
}

static bool is_same(const json_t *call, const json_t *change, const char *key)
{
    return json_equal(json_object_get(call, key), json_object_get(change, key));
}

/* The baseline's calls of groups that are suspected; `ret_most` is their last repeat. */
static GPtrArray *list_suspected(const struct baseline_held *held, const json_t *baseline,
                                 unsigned *ret_most)
{
    GPtrArray *keys = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    size_t i, j;
    json_t *change, *call;
    json_array_foreach(json_object_get(baseline, "changes"), i, change)
    {
        if (!baseline_is_suspicion(change))
            continue;
        json_array_foreach(json_object_get(held->results, "calls"), j, call)
        {
            const char *key = json_string_value(json_object_get(call, "key"));
            json_int_t repeat = json_integer_value(json_object_get(call, "repeat"));
            if (!key || !is_same(call, change, "scenario") ||
                !is_same(call, change, "offerer") || !is_same(call, change, "answerer") ||
                !is_same(call, change, "mode") || !g_hash_table_add(seen, (char *)key))
                continue;
            g_ptr_array_add(keys, (char *)key);
            *ret_most = MAX(*ret_most, (unsigned)MAX(repeat, 1));
        }
    }
    g_ptr_array_add(keys, NULL);
    g_ptr_array_set_size(keys, (int)keys->len - 1);
    return keys;
}

static gboolean make_again(const struct baseline_held *held, json_t *results,
                           const GPtrArray *keys, unsigned most_repeats,
                           const GPtrArray *scenarios, const struct run_options *options,
                           GError **error)
{
    g_autofree char *folder = g_build_filename(options->out, BASELINE_AGAIN_FOLDER, NULL);
    const json_t *run = json_object_get(held->results, "run");
    struct run_options again = *options;
    again.out = folder;
    again.resumes = false;
    again.repeat = most_repeats;
    again.all_repeats = true;
    again.shard = again.n_shards = 1;
    again.shard_source = NULL;
    again.only_keys = (const char *const *)keys->pdata;
    const char *seed = json_string_value(json_object_get(run, "seed"));
    if (!seed || !option_read_whole(seed, 0, UINT64_MAX, &again.seed, error))
        return seed || rtc_fail_usage(error, "the baseline has no seed");
    json_t *fresh;
    if (options->resumes)
        file_remove_tree(folder); /* of the part of this run that was cut off */
    if (!file_make_folder(folder, error) ||
        !run_execute(scenarios, &again, &fresh, error))
        return FALSE;
    g_autofree char *path = g_build_filename(folder, "results.json", NULL);
    gboolean ok = file_replace_json(path, fresh, error);
    journal_remove(folder);
    if (json_is_true(json_object_get(json_object_get(fresh, "run"), "interrupted")))
        json_object_set_new(json_object_get(results, "run"), "interrupted", json_true());
    baseline_confirm(json_object_get(results, "baseline"), held->results, fresh,
                     &held->options, BASELINE_AGAIN_FOLDER);
    json_decref(fresh);
    return ok;
}

void baseline_check_suspicions(const struct baseline_held *held, json_t *results,
                               const GPtrArray *scenarios,
                               const struct run_options *options)
{
    unsigned most_repeats = 1;
    g_autoptr(GPtrArray) keys =
        list_suspected(held, json_object_get(results, "baseline"), &most_repeats);
    bool is_interrupted =
        json_is_true(json_object_get(json_object_get(results, "run"), "interrupted"));
    if (keys->len == 0 || is_interrupted)
        return;
    g_autoptr(GError) error = NULL;
    if (make_again(held, results, keys, most_repeats, scenarios, options, &error))
        return;
    g_autofree char *text = text_escape(error->message);
    fprintf(stderr, "rtclab: no calls made afresh to confirm what changed: %s\n", text);
}
