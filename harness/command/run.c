/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab run: from the command line to struct run_options, and from results to text.
 *
 * A word that is a call's key ("nice~nice/nat/open~open/trickle/2") says by itself which
 * scenario, peers, mode and repeat it means: what is not given is taken from the keys.
 * That is the command that the report names for a call to be repeated.
 *
 * Interrupts, workers and progress are run_execute()'s.
 */
#include "command/command.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "call/journal.h"
#include "call/run.h"
#include "call/stacks.h"
#include "command/finish.h"
#include "command/load.h"
#include "command/results_file.h"
#include "command/run_options.h"

static gboolean load_for_run(const struct run_values *values,
                             const struct run_words *words, struct loaded *ret,
                             GError **error)
{
    const char *const *selectors = (const char *const *)words->selectors->pdata;
    const GPtrArray *keys = words->keys;
    if (words->selectors->len > 0)
        return load_scenarios(values->folder, selectors, ret, error);
    if (keys->len > 0) {
        g_autoptr(GPtrArray) ids = g_ptr_array_new();
        for (guint i = 0; i < keys->len; i++) {
            const struct call_key *key = keys->pdata[i];
            g_ptr_array_add(ids, key->scenario);
        }
        g_ptr_array_add(ids, NULL);
        return load_scenarios(values->folder, (const char *const *)ids->pdata, ret,
                              error);
    }
    if (!load_scenarios(values->folder, selectors, ret, error))
        return FALSE;
    loaded_keep_tagged(ret, "default");
    if (ret->scenarios->len > 0 || ret->n_invalid > 0)
        return TRUE;
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "no scenario has the tag \"default\": name some (see rtclab list)");
    loaded_clear(ret);
    return FALSE;
}

/* How a command that makes a call of this run again starts: the program as it was called,
   its options, its files. */
static char *format_command(const struct arguments *arguments)
{
    g_autofree char *program = text_quote_word(arguments->program);
    GString *out = g_string_new(program);
    g_string_append_printf(out, " run%s", arguments->rerun->str);
    for (guint i = 0; i < arguments->words->len; i++) {
        const char *word = arguments->words->pdata[i];
        if (!g_str_has_suffix(word, ".json") && !g_file_test(word, G_FILE_TEST_IS_DIR))
            continue; /* ids are in the keys */
        g_autofree char *quoted = text_quote_word(word);
        g_string_append_printf(out, " %s", quoted);
    }
    return g_string_free(out, FALSE);
}

static gboolean run_scenarios(const GPtrArray *scenarios,
                              const struct run_options *options,
                              const struct baseline_held *baseline, int *ret_status,
                              GError **error)
{
    json_t *results = NULL;
    if (options->shard_source) {
        printf("Shard %u/%u: %s (--shard 1/1 runs all)\n\n", options->shard,
               options->n_shards, options->shard_source);
        fflush(stdout);
    }
    if (!run_execute(scenarios, options, &results, error)) {
        rmdir(options->out); /* only if nothing was recorded in it */
        return FALSE;
    }
    baseline_apply(baseline, results, options->out);
    baseline_check_suspicions(baseline, results, scenarios, options);
    gboolean ok = finish_results(results, options->out, ret_status, error);
    if (ok && json_is_true(json_object_get(json_object_get(results, "run"), "complete")))
        journal_remove(options->out);
    else if (ok)
        g_printerr("rtclab: not complete: with --resume %s the same command goes on\n",
                   options->out);
    json_decref(results);
    return ok;
}

static json_t *costs_of(const json_t *results)
{
    return json_object_get(json_object_get(results, "run"), "costs");
}

/* What an earlier run's calls took, the baseline's if no other is named; `ret_costs`
   stays NULL if there is none to ask. */
static gboolean read_durations(const char *folder, const json_t *baseline,
                               json_t **ret_costs, GError **error)
{
    if (!folder) {
        *ret_costs = json_incref(costs_of(baseline));
        return TRUE;
    }
    g_autoptr(json_t) results = results_file_read(folder, error);
    if (!results)
        return FALSE;
    json_t *costs = costs_of(results);
    if (json_object_size(costs) == 0)
        return rtc_fail_usage(error, "--durations %s: no call of that run was started",
                              folder);
    *ret_costs = json_incref(costs);
    return TRUE;
}

/* Unless another seed is asked for, calls are compared with themselves. */
static void take_seed_of(const struct baseline_held *baseline,
                         const struct arguments *arguments, struct run_options *options)
{
    const struct option_list list = { run_option_table, RUN_N_OPTIONS };
    const json_t *run = json_object_get(baseline->results, "run");
    const char *seed = json_string_value(json_object_get(run, "seed"));
    if (seed && !options_were_given(&list, arguments, "seed"))
        option_read_whole(seed, 0, UINT64_MAX, &options->seed, NULL);
}

static gboolean run_loaded(const struct run_values *values,
                           const struct arguments *arguments,
                           const struct run_words *words, const GPtrArray *scenarios,
                           int *ret_status, GError **error)
{
    struct known_failures *known;
    if (load_known_failures(values->known, values->folder, &known) > 0) {
        *ret_status = EXIT_USAGE; /* the mistakes are printed */
        return TRUE;
    }
    g_autoptr(GPtrArray) stacks =
        run_options_want_stacks(values, words) ? stacks_examine() : NULL;
    g_autoptr(json_t) durations = NULL;
    struct baseline_held baseline;
    struct run_options options;
    gboolean ok =
        baseline_hold(&values->baseline, &baseline, error) &&
        read_durations(values->durations, baseline.results, &durations, error) &&
        run_options_make(values, arguments, words, stacks, &options, error);
    if (ok) {
        g_autofree char *out = run_make_folder(values->out, values->resume, error);
        g_autofree char *command = format_command(arguments);
        options.out = out;
        options.durations = durations;
        options.resumes = values->resume != NULL;
        options.command = command;
        options.known = known;
        take_seed_of(&baseline, arguments, &options);
        ok = out && run_scenarios(scenarios, &options, &baseline, ret_status, error);
        run_options_clear(&options);
    }
    baseline_release(&baseline);
    known_failures_free(known);
    return ok;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct run_values *values = data;
    struct run_words words;
    run_words_sort(arguments->words, &words);
    struct loaded loaded = { 0 };
    gboolean ok = load_for_run(values, &words, &loaded, error);
    if (ok && loaded.n_invalid > 0)
        *ret_status = EXIT_USAGE; /* the mistakes are printed */
    else if (ok)
        ok = run_loaded(values, arguments, &words, loaded.scenarios, ret_status, error);
    loaded_clear(&loaded);
    run_words_clear(&words);
    return ok;
}

const struct command command_run = {
    .name = "run",
    .usage = "[SELECTOR...|KEY...]",
    .summary = "Set up calls, and say whether each did what it should",
    .description = "Without a selector, the scenarios with the tag \"default\". A call's "
                   "key,\nPEER~PEER/SCENARIO/MODE/REPEAT, runs just that call.",
    .options = { run_option_table, RUN_N_OPTIONS },
    .values_size = sizeof(struct run_values),
    .most_words = G_MAXUINT,
    .execute = execute,
};
