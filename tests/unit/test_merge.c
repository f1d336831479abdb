/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shards of a run put together (harness/call/merge.h), and a run that goes on after a
 * break (harness/call/journal.h). Calls are not made: what they come to is made up from
 * their keys, and goes through what a real run goes through.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/journal.h"
#include "call/merge.h"
#include "call/run_results.h"

static struct site_config lossy_site = { .name = "home",
                                         .link = { .up = { .loss = 0.1 } } };
static struct scenario scenarios[] = {
    { .id = (char *)"stun/z", .title = (char *)"Last by name" },
    { .id = (char *)"link/lossy",
      .title = (char *)"Chance",
      .network = { .sites = &lossy_site, .n_sites = 1 } },
    { .id = (char *)"nat/a", .title = (char *)"First by name" },
};
static const struct run_pair pairs[] = { { { "/bin/sh", "/bin/cat" } },
                                         { { "/bin/cat", "/bin/sh" } } };

static struct run_options usual(void)
{
    return (struct run_options){
        .out = "out",
        .command = "rtclab run",
        .pairs = pairs,
        .n_pairs = G_N_ELEMENTS(pairs),
        .modes = { true, true, true },
        .repeat = 4,
        .seed = 7,
        .timeout_s = 30,
        .shard = 1,
        .n_shards = 1,
        .clock = LAB_CLOCK_VIRTUAL,
    };
}

static GPtrArray *all_scenarios(void)
{
    GPtrArray *all = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++)
        g_ptr_array_add(all, &scenarios[i]);
    return all;
}

/* As it comes from a worker. */
static json_t *pass_on(json_t *result_consumed)
{
    char *text = json_dumps(result_consumed, FILE_JSON_REALS);
    json_t *read = json_loads(text, 0, NULL);
    free(text);
    json_decref(result_consumed);
    return read;
}

/* Where there is chance, the repeat matters; one call of the run does not connect. */
static json_t *make_result(const struct call_spec *spec)
{
    bool has_chance = spec->scenario == &scenarios[1];
    double setup_ms = 100.123 + 10 * (double)spec->mode +
                      (has_chance ? (double)(g_str_hash(spec->key) % 100000) / 1000 : 0);
    json_t *result = call_blank_result(spec, "");
    if (strcmp(spec->key, "sh~cat/link/lossy/full/3") == 0) {
        json_object_set_new(result, "outcome", json_string("timeout"));
        return result;
    }
    json_object_set_new(result, "outcome", json_string("connected"));
    json_object_set_new(result, "as_expected", json_true());
    json_object_set_new(result, "setup_ms", json_real(setup_ms));
    return pass_on(result);
}

/* What a run with these options comes to. */
static json_t *play(const struct run_options *options)
{
    g_autoptr(GPtrArray) all = all_scenarios();
    struct plan *plan = plan_new(all, options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    struct repeats *repeats = repeats_new(plan, options->all_repeats);
    g_autofree json_t **results = g_new0(json_t *, plan->calls->len + 1);
    g_autoptr(json_t) costs = json_object();
    for (unsigned i = 0; i < plan->calls->len; i++) {
        const struct call_spec *spec = &g_array_index(plan->calls, struct call_spec, i);
        if (repeats_ask(repeats, i) != REPEATS_RUN)
            continue;
        results[i] = make_result(spec);
        json_object_set_new(costs, spec->key, json_pack("{s:f}", "call_ms", 5.0));
        repeats_take(repeats, i, results[i]);
    }
    json_t *whole = run_results_make(&(struct run_facts){
        .options = options,
        .plan = plan,
        .scenarios = all,
        .repeats = repeats,
        .results = results,
        .costs = costs,
        .calendar_ns = (1700000000 + (int64_t)options->shard) * NS_PER_S,
        .elapsed_ns = (int64_t)options->shard * NS_PER_S,
        .is_complete = true,
    });
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    for (unsigned i = 0; i < plan->calls->len; i++)
        json_decref(results[i]);
    repeats_free(repeats);
    plan_free(plan);
    return pass_on(whole); /* as it is read from the file */
}

enum { MOST_SHARDS = 20 };

struct shards {
    struct merge_part parts[MOST_SHARDS];
    char *folders[MOST_SHARDS];
    unsigned n;
};

static void play_shards(struct run_options options, unsigned n, struct shards *ret)
{
    *ret = (struct shards){ .n = n };
    options.n_shards = n;
    for (unsigned i = 0; i < n; i++) {
        options.shard = i + 1;
        ret->folders[i] = g_strdup_printf("shard-%u", i + 1);
        ret->parts[i] = (struct merge_part){ ret->folders[i], play(&options) };
    }
}

static void shards_clear(struct shards *shards)
{
    for (unsigned i = 0; i < shards->n; i++) {
        json_decref((json_t *)shards->parts[i].results);
        g_free(shards->folders[i]);
    }
}

static void assert_same_member(const json_t *a, const json_t *b, const char *member)
{
    char *left = json_dumps(json_object_get(a, member), FILE_JSON_REALS);
    char *right = json_dumps(json_object_get(b, member), FILE_JSON_REALS);
    ASSERT_TEXT(left, right);
    free(left);
    free(right);
}

/* In whatever order the shards come. */
static void test_merged_is_unsharded(void)
{
    struct run_options options = usual();
    g_autoptr(json_t) whole = play(&options);
    for (unsigned n = 1; n <= 12; n++) {
        struct shards shards;
        play_shards(options, n, &shards);
        for (unsigned i = 0; i < n / 2; i++) {
            struct merge_part kept = shards.parts[i];
            shards.parts[i] = shards.parts[n - 1 - i];
            shards.parts[n - 1 - i] = kept;
        }
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(json_t) merged = merge_results(shards.parts, n, notes, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
        CU_ASSERT_EQUAL(notes->len, 0);
        assert_same_member(merged, whole, "calls");
        assert_same_member(merged, whole, "comparisons");
        assert_same_member(merged, whole, "scenarios");
        const json_t *run = json_object_get(merged, "run");
        assert_same_member(run, json_object_get(whole, "run"), "plan");
        assert_same_member(run, json_object_get(whole, "run"), "costs");
        CU_ASSERT_TRUE(json_is_true(json_object_get(run, "complete")));
        CU_ASSERT_EQUAL(json_array_size(json_object_get(run, "shards")), n);
        CU_ASSERT_EQUAL(json_number_value(json_object_get(run, "elapsed_s")), n);
        ASSERT_TEXT(json_string_value(json_object_get(run, "started")),
                    "2023-11-14T22:13:21Z");
        shards_clear(&shards);
    }
}

static void test_missing_shard(void)
{
    struct shards shards;
    play_shards(usual(), 5, &shards);
    struct merge_part some[] = { shards.parts[4], shards.parts[0], shards.parts[2] };
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(json_t) merged = merge_results(some, 3, notes, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
    CU_ASSERT_EQUAL_FATAL(notes->len, 2);
    ASSERT_TEXT(notes->pdata[0], "shard 2/5 is missing");
    ASSERT_TEXT(notes->pdata[1], "shard 4/5 is missing");
    const json_t *run = json_object_get(merged, "run");
    CU_ASSERT_TRUE(json_is_false(json_object_get(run, "complete")));
    char *missing = json_dumps(json_object_get(run, "missing_shards"), JSON_COMPACT);
    ASSERT_TEXT(missing, "[\"2/5\",\"4/5\"]");
    free(missing);
    shards_clear(&shards);
}

static void test_incomplete_shard(void)
{
    struct shards shards;
    play_shards(usual(), 2, &shards);
    json_t *run = json_object_get(shards.parts[1].results, "run");
    json_object_set_new(run, "complete", json_false());
    json_object_set_new(run, "interrupted", json_true());
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(json_t) merged = merge_results(shards.parts, 2, notes, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
    CU_ASSERT_EQUAL_FATAL(notes->len, 1);
    ASSERT_TEXT(notes->pdata[0],
                "shard 2/2 is not complete: --resume shard-2 goes on with it");
    const json_t *all = json_object_get(merged, "run");
    CU_ASSERT_TRUE(json_is_false(json_object_get(all, "complete")));
    CU_ASSERT_PTR_NULL(json_object_get(all, "interrupted"));
    shards_clear(&shards);
}

static void assert_refused(const struct merge_part *parts, unsigned n, const char *words)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) merged = merge_results(parts, n, notes, &error);
    CU_ASSERT_PTR_NULL(merged);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(error->code, RTC_ERROR_USAGE);
    ASSERT_TEXT(error->message, words);
}

static void test_twice(void)
{
    struct shards shards;
    play_shards(usual(), 3, &shards);
    struct merge_part some[] = { shards.parts[0], shards.parts[1], shards.parts[0] };
    some[2].folder = "copy";
    assert_refused(some, 3, "shard 1/3 is there twice: shard-1 and copy");
    shards_clear(&shards);
}

/* The second of two shards was made with other options. */
static void assert_other_refused(struct run_options other, const char *words)
{
    struct shards shards, others;
    play_shards(usual(), 2, &shards);
    play_shards(other, 2, &others);
    struct merge_part some[] = { shards.parts[0], others.parts[1] };
    assert_refused(some, 2, words);
    shards_clear(&shards);
    shards_clear(&others);
}

static void test_different_runs(void)
{
    struct run_options other = usual();
    other.seed = 8;
    assert_other_refused(other, "not of one run: --seed: 7 in shard-1, 8 in shard-2");
    other = usual();
    other.modes[MODE_HALF] = false;
    assert_other_refused(other, "not of one run: --modes: trickle,half,full in shard-1, "
                                "trickle,full in shard-2");
    other = usual();
    other.n_pairs = 1;
    assert_other_refused(other, "not of one run: --peers: sh~cat,cat~sh in shard-1, "
                                "sh~cat in shard-2");
    other = usual();
    other.all_repeats = true;
    assert_other_refused(other,
                         "not of one run: --all-repeats: off in shard-1, on in shard-2");
    other = usual();
    other.timeout_s = 2.5;
    assert_other_refused(other,
                         "not of one run: --timeout: 30 in shard-1, 2.5 in shard-2");
    other = usual();
    g_autoptr(json_t) costs =
        json_pack("{s:{s:f}}", "cat~sh/nat/a/full/2", "call_ms", 9e5);
    other.durations = costs;
    assert_other_refused(other, "not of one run: the calls were dealt out by other "
                                "durations in shard-1 than in shard-2");
    scenarios[2].document = json_pack("{s:i}", "delay_ms", 5);
    struct shards before, after;
    play_shards(usual(), 2, &before);
    json_object_set_new(scenarios[2].document, "delay_ms", json_integer(6));
    play_shards(usual(), 2, &after);
    g_clear_pointer(&scenarios[2].document, json_decref);
    struct merge_part some[] = { before.parts[0], after.parts[1] };
    assert_refused(some, 2,
                   "not of one run: the scenario nat/a is another one in shard-1 "
                   "than in shard-2");
    shards_clear(&before);
    shards_clear(&after);
}

static void test_other_numbers_and_versions(void)
{
    struct shards two, three;
    play_shards(usual(), 2, &two);
    play_shards(usual(), 3, &three);
    struct merge_part some[] = { two.parts[0], three.parts[1] };
    some[1].folder = "other";
    assert_refused(some, 2, "not of one run: shard-1 is one of 2 shards, other one of 3");
    struct run_options options = usual();
    g_autoptr(json_t) whole = play(&options);
    some[1] = (struct merge_part){ "whole", whole };
    assert_refused(some, 2, "not of one run: shard-1 is one of 2 shards, whole one of 1");
    json_object_set_new(json_object_get(two.parts[1].results, "run"), "version",
                        json_string("0.0.9"));
    assert_refused(two.parts, 2,
                   "not of one run: version " RTCLAB_VERSION
                   " made shard-1 and version 0.0.9 made shard-2");
    shards_clear(&two);
    shards_clear(&three);
}

/* A file that somebody made by hand. */
static void test_hostile(void)
{
    struct run_options options = usual();
    g_autoptr(json_t) whole = play(&options);
    struct merge_part part = { "dir", whole };
    json_t *call = json_array_get(json_object_get(whole, "calls"), 0);
    json_object_set_new(call, "key", json_string("../../../etc"));
    assert_refused(&part, 1, "dir: the call ../../../etc is none of its plan");
    json_object_set_new(call, "key", json_string("sh~cat/../x/trickle/1"));
    json_object_set_new(call, "scenario", json_string("../x"));
    json_t *run = json_object_get(whole, "run");
    json_t *plan = json_object_get(run, "plan");
    json_object_set_new(json_object_get(plan, "scenarios"), "../x", json_string("0"));
    assert_refused(&part, 1, "dir: the call sh~cat/../x/trickle/1 is none of its plan");
    static const char *const shards[] = { "9/3",  "0/3",  "1/10001", "1/4294967295",
                                          "-1/3", "1/-1", "1/3 ",    "4294967297/3" };
    for (size_t i = 0; i < G_N_ELEMENTS(shards); i++) {
        json_object_set_new(run, "shard", json_string(shards[i]));
        assert_refused(&part, 1, "dir: /run/shard: must be K/N with K from 1 to N");
    }
    json_object_del(run, "plan");
    assert_refused(&part, 1, "dir: /run/plan: must be there, to know its shards");
}

/* ---- journals ---- */

/* A plan in a folder of its own. */
struct place {
    char *folder;
    struct run_options options;
    struct plan *plan;
};

static void place_init(struct place *place)
{
    g_autoptr(GPtrArray) all = all_scenarios();
    place->folder = g_dir_make_tmp("rtclab-journal-XXXXXX", NULL);
    place->options = usual();
    place->options.out = place->folder;
    place->plan = plan_new(all, &place->options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(place->plan);
}

static void place_clear(struct place *place)
{
    plan_free(place->plan);
    file_remove_tree(place->folder);
    g_free(place->folder);
}

static const struct call_spec *spec_of(const struct place *place, unsigned i)
{
    return &g_array_index(place->plan->calls, struct call_spec, i);
}

/* The first `n` calls end, each with a record. */
static void write_calls(const struct place *place, unsigned n)
{
    g_autoptr(GError) error = NULL;
    struct journal *journal =
        journal_begin(&place->options, place->plan, 1700000000 * NS_PER_S, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    for (unsigned i = 0; i < n; i++) {
        const struct call_spec *spec = spec_of(place, i);
        g_autofree char *events = g_build_filename(spec->folder, "events.jsonl", NULL);
        g_autoptr(json_t) result = make_result(spec);
        g_autoptr(json_t) cost = json_pack("{s:f}", "call_ms", 3.0);
        CU_ASSERT_TRUE(file_make_folder(spec->folder, NULL));
        CU_ASSERT_TRUE(g_file_set_contents(events, "{}\n", -1, NULL));
        journal_add(journal, result, cost, (i + 1) * NS_PER_S);
    }
    journal_close(journal);
}

static char *journal_path(const struct place *place)
{
    return g_build_filename(place->folder, JOURNAL_FILE, NULL);
}

/* Cuts the journal's end off. */
static void cut(const struct place *place, off_t bytes)
{
    g_autofree char *path = journal_path(place);
    g_autofree char *text = NULL;
    gsize size;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, &size, NULL));
    CU_ASSERT_EQUAL(truncate(path, (off_t)size - bytes), 0);
}

static void resume(const struct place *place, struct journal_past *ret)
{
    g_autoptr(GError) error = NULL;
    struct journal *journal = journal_resume(&place->options, place->plan, ret, &error);
    if (!journal)
        ASSERT_TEXT(error->message, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    journal_close(journal);
}

static void test_journal_is_read_back(void)
{
    struct place place;
    place_init(&place);
    write_calls(&place, 5);
    struct journal_past past;
    resume(&place, &past);
    CU_ASSERT_EQUAL(json_object_size(past.results), 5);
    CU_ASSERT_EQUAL(json_object_size(past.costs), 5);
    CU_ASSERT_EQUAL(past.calendar_ns, 1700000000 * NS_PER_S);
    CU_ASSERT_EQUAL(past.elapsed_ns, 5 * NS_PER_S);
    CU_ASSERT_EQUAL(past.n_parts, 1);
    g_autoptr(json_t) first = make_result(spec_of(&place, 0));
    CU_ASSERT_TRUE(
        json_equal(json_object_get(past.results, spec_of(&place, 0)->key), first));
    journal_past_clear(&past);
    /* Going on is written, too. */
    resume(&place, &past);
    CU_ASSERT_EQUAL(json_object_size(past.results), 5);
    CU_ASSERT_EQUAL(past.n_parts, 2);
    journal_past_clear(&past);
    place_clear(&place);
}

/* Killed in the middle of a line: whatever is left of it. */
static void test_torn_line(void)
{
    struct place place;
    place_init(&place);
    for (off_t bytes = 1; bytes < 400; bytes += 57) {
        journal_remove(place.folder);
        write_calls(&place, 3);
        cut(&place, bytes);
        struct journal_past past;
        resume(&place, &past);
        CU_ASSERT(json_object_size(past.results) < 3);
        journal_past_clear(&past);
    }
    /* A line that could not be written whole, and one after it. */
    g_autofree char *path = journal_path(&place);
    journal_remove(place.folder);
    write_calls(&place, 1);
    g_autofree char *text = NULL;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, NULL, NULL));
    const char *second = strchr(text, '\n') + 1;
    g_autofree char *torn = g_strdup_printf("%.*s{\"elapsed_s\":1,\"resu\n%s",
                                            (int)(second - text), text, second);
    CU_ASSERT_TRUE(g_file_set_contents(path, torn, -1, NULL));
    struct journal_past past;
    resume(&place, &past);
    CU_ASSERT_EQUAL(json_object_size(past.results), 1);
    journal_past_clear(&past);
    place_clear(&place);
}

static void test_lost_record(void)
{
    struct place place;
    place_init(&place);
    write_calls(&place, 3);
    file_remove_tree(spec_of(&place, 1)->folder);
    struct journal_past past;
    resume(&place, &past);
    CU_ASSERT_EQUAL(json_object_size(past.results), 2);
    CU_ASSERT_PTR_NULL(json_object_get(past.results, spec_of(&place, 1)->key));
    CU_ASSERT_PTR_NULL(json_object_get(past.costs, spec_of(&place, 1)->key));
    journal_past_clear(&past);
    place_clear(&place);
}

static void test_results_of_an_interrupted_run(void)
{
    struct place place;
    place_init(&place);
    write_calls(&place, 4);
    journal_remove(place.folder);
    CU_ASSERT_FALSE(journal_is_in(place.folder));
    g_autoptr(json_t) results = play(&place.options);
    json_object_set_new(json_object_get(results, "run"), "complete", json_false());
    g_autofree char *path = g_build_filename(place.folder, "results.json", NULL);
    CU_ASSERT_TRUE(file_replace_json(path, results, NULL));
    struct journal_past past;
    resume(&place, &past);
    CU_ASSERT_EQUAL(json_object_size(past.results), 4); /* only they have a record */
    CU_ASSERT_EQUAL(past.elapsed_ns, NS_PER_S);
    CU_ASSERT_TRUE(journal_is_in(place.folder));
    journal_past_clear(&past);
    place_clear(&place);
}

static void assert_not_resumed(const struct place *place,
                               const struct run_options *options, int code,
                               const char *words)
{
    g_autoptr(GPtrArray) all = all_scenarios();
    struct plan *plan = plan_new(all, options, NULL);
    struct journal_past past = { .n_parts = 77 };
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(journal_resume(options, plan, &past, &error));
    CU_ASSERT_EQUAL(past.n_parts, 77);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(error->code, code);
    g_autofree char *wanted = g_strdup_printf(words, place->folder, place->folder);
    ASSERT_TEXT(error->message, wanted);
    plan_free(plan);
}

static void test_other_run_is_not_resumed(void)
{
    struct place place;
    place_init(&place);
    struct run_options other = place.options;
    assert_not_resumed(
        &place, &other, RTC_ERROR_USAGE,
        "%s has neither journal.jsonl nor results.json: there is no run to "
        "go on with");
    write_calls(&place, 2);
    other.repeat = 3;
    assert_not_resumed(
        &place, &other, RTC_ERROR_USAGE,
        "cannot go on with %s: --repeat: 4 in the run in %s, 3 in this one");
    other = place.options;
    other.shard = 2;
    other.n_shards = 3;
    assert_not_resumed(&place, &other, RTC_ERROR_USAGE,
                       "cannot go on with %s: the run in %s is one of 1 shards, this one "
                       "one of 3");
    /* What changes no call may differ. */
    struct journal_past past;
    place.options.jobs = 7;
    resume(&place, &past);
    CU_ASSERT_EQUAL(json_object_size(past.results), 2);
    journal_past_clear(&past);
    /* And nothing begins where something is. */
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(journal_begin(&place.options, place.plan, 0, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(error->code, RTC_ERROR_ENVIRONMENT);
    place_clear(&place);
}

static const struct test tests[] = {
    { "merged shards are the run on one machine", test_merged_is_unsharded },
    { "a missing shard is told", test_missing_shard },
    { "so is one that is not complete", test_incomplete_shard },
    { "a shard that is there twice is refused", test_twice },
    { "shards of different runs are refused, with the difference", test_different_runs },
    { "so are those of other numbers of shards, and of other versions",
      test_other_numbers_and_versions },
    { "a call outside of its plan is refused", test_hostile },
    { "a journal is read back", test_journal_is_read_back },
    { "a line that was not written whole is no call", test_torn_line },
    { "a call without its record is made again", test_lost_record },
    { "without a journal a run goes on from its results",
      test_results_of_an_interrupted_run },
    { "a run with other calls is not gone on with", test_other_run_is_not_resumed },
};

int main(int argc, char **argv)
{
    return suite_run("merge", tests, G_N_ELEMENTS(tests), argc, argv);
}
