/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is a regression against a baseline, what is not, and what is not known. Runs are
 * made here; tests/lab/test_gates.sh has real ones.
 */
#include "suite.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "command/results_file.h"
#include "reports/baseline.h"
#include "reports/baseline_text.h"
#include "reports/unpaired.h"

static const struct baseline_options usual = {
    .path = "before",
    .margin = BASELINE_MARGIN,
    .least_share = BASELINE_LEAST_SHARE,
    .least_effect_ms = BASELINE_LEAST_EFFECT_MS,
};

/* ---- runs ---- */

static json_t *make_run(const char *seed, const char *clock, bool has_chance)
{
    return json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:b}, s:{s:{s:s, s:b, s:{}}}, s:[]}",
                     "schema", "rtclab/results/1", "run", "id", "a-run", "version", "1.0",
                     "seed", seed, "clock", clock, "complete", 1, "scenarios", "nat/x",
                     "digest", "d1", "has_chance", (int)has_chance, "expect", "calls");
}

/* A call that connected after `setup_ms`, or timed out if that is negative. */
static json_t *add_call(json_t *run, unsigned repeat, double setup_ms)
{
    const json_t *facts = json_object_get(run, "run");
    g_autofree char *key = g_strdup_printf("a~b/nat/x/trickle/%u", repeat);
    g_autofree char *seed = g_strdup_printf(
        "%s.%u", json_string_value(json_object_get(facts, "seed")), repeat);
    bool is_connected = setup_ms >= 0;
    json_t *call = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:O, s:s, s:b, s:s, s:o}", "key", key,
        "scenario", "nat/x", "offerer", "a", "answerer", "b", "mode", "trickle", "repeat",
        (int)repeat, "seed", seed, "clock", json_object_get(facts, "clock"), "outcome",
        is_connected ? "connected" : "timeout", "as_expected", is_connected, "why",
        is_connected ? "" : "timeout, must be connected", "setup_ms",
        is_connected ? json_real(setup_ms) : json_null());
    json_object_set_new(call, "counts",
                        json_pack("{s:i, s:i}", "packets", 30, "dropped", 2));
    if (is_connected)
        json_object_set_new(call, "selected",
                            json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}}", "offerer",
                                      "local", "srflx", "remote", "srflx", "protocol",
                                      "udp", "answerer", "local", "srflx", "remote",
                                      "srflx", "protocol", "udp"));
    json_array_append_new(json_object_get(run, "calls"), call);
    return call;
}

static json_t *run_of(const char *seed, const char *clock, bool has_chance,
                      double setup_ms)
{
    json_t *run = make_run(seed, clock, has_chance);
    add_call(run, 1, setup_ms);
    return run;
}

static json_t *first_call(const json_t *run)
{
    return json_array_get(json_object_get(run, "calls"), 0);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

/* ---- what is claimed ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const json_t *change_at(const json_t *baseline, size_t at)
{
    return json_array_get(json_object_get(baseline, "changes"), at);
}

static json_t *compare(const json_t *before, const json_t *after)
{
    json_t *baseline = baseline_compare(before, after, &usual);
    CU_ASSERT_PTR_NOT_NULL_FATAL(baseline);
    return baseline;
}

/* The verdict, and the only change; `kind` NULL: there is none. */
static void assert_change(json_t *before_consumed, json_t *after_consumed,
                          const char *verdict, const char *kind, bool is_regression,
                          const char *text)
{
    g_autoptr(json_t) before = before_consumed;
    g_autoptr(json_t) after = after_consumed;
    g_autoptr(json_t) baseline = compare(before, after);
    ASSERT_TEXT(text_of(baseline, "verdict"), verdict);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(baseline, "changes")), kind ? 1 : 0);
    const json_t *change = change_at(baseline, 0);
    if (!kind || !change)
        return;
    ASSERT_TEXT(text_of(change, "kind"), kind);
    CU_ASSERT_EQUAL(json_is_true(json_object_get(change, "is_regression")),
                    is_regression);
    if (text)
        ASSERT_TEXT(text_of(change, "text"), text);
}

/* ---- exact evidence ---- */

static json_t *exact(double setup_ms)
{
    return run_of("1", "virtual", false, setup_ms);
}

static void test_unchanged(void)
{
    assert_change(exact(100), exact(100), "pass", NULL, false, NULL);
}

static void test_latency(void)
{
    assert_change(exact(100), exact(160), "regressed", "latency", true,
                  "set-up 160 ms, was 100 ms: +60 ms (+60 %)");
    assert_change(exact(160), exact(100), "pass", "latency", false,
                  "set-up 100 ms, was 160 ms: -60 ms (-38 %)");
}

/* More than the greater of 25 ms and a tenth. */
static void test_least_effect(void)
{
    assert_change(exact(100), exact(125), "pass", NULL, false, NULL);
    assert_change(exact(100), exact(125.1), "regressed", "latency", true, NULL);
    assert_change(exact(2000), exact(2200), "pass", NULL, false, NULL);
    assert_change(exact(2000), exact(2201), "regressed", "latency", true, NULL);
    assert_change(exact(0), exact(20), "pass", NULL, false, NULL);
}

static void test_part(void)
{
    json_t *before = exact(100), *after = exact(200);
    json_object_set_new(first_call(before), "setup_parts_ms",
                        json_pack("{s:f, s:f}", "gathering", 60.0, "checks", 40.0));
    json_object_set_new(first_call(after), "setup_parts_ms",
                        json_pack("{s:f, s:f}", "gathering", 155.0, "checks", 45.0));
    assert_change(
        before, after, "regressed", "latency", true,
        "set-up 200 ms, was 100 ms: +100 ms (+100 %), most of it gathering (+95 "
        "ms)");
}

static void test_phases(void)
{
    json_t *before = exact(100), *after = exact(100), *silent = exact(100);
    json_object_set_new(first_call(before), "phases_ms",
                        json_pack("{s:{s:f}}", "answerer", "first_media", 300.0));
    json_object_set_new(first_call(after), "phases_ms",
                        json_pack("{s:{s:f}}", "answerer", "first_media", 900.0));
    json_object_set_new(first_call(silent), "phases_ms",
                        json_pack("{s:{s:n}}", "answerer", "first_media"));
    assert_change(json_incref(before), after, "regressed", "latency", true,
                  "the answerer's first media comes after 900 ms, was 300 ms: +600 ms "
                  "(+200 %)");
    assert_change(before, silent, "failed", "outcome", true, NULL);
}

static void test_expectation(void)
{
    assert_change(exact(100), exact(-1), "failed", "expectation", true,
                  "not as expected any more: timeout, was connected, srflx~srflx udp; "
                  "timeout, must be connected");
    assert_change(exact(-1), exact(100), "pass", "expectation", false, NULL);
    assert_change(exact(-1), exact(-1), "pass", NULL, false, NULL);
}

static void test_known_failure_is_expected(void)
{
    json_t *known = exact(-1);
    json_object_set_new(first_call(known), "known_failure",
                        json_pack("{s:s}", "status", "fails"));
    assert_change(json_incref(known), exact(100), "pass", "outcome", false, NULL);
    assert_change(known, exact(-1), "failed", "expectation", true, NULL);
}

static void test_relay(void)
{
    json_t *after = exact(100);
    json_t *selected = json_object_get(first_call(after), "selected");
    set_text(json_object_get(selected, "offerer"), "local", "relay");
    assert_change(exact(100), json_incref(after), "failed", "outcome", true,
                  "connected, relay~srflx udp, was connected, srflx~srflx udp");
    assert_change(after, exact(100), "pass", "outcome", false, NULL);
}

static void test_unsupported(void)
{
    json_t *gone = exact(-1);
    set_text(first_call(gone), "outcome", "unsupported");
    set_text(first_call(gone), "why", "b is not installed");
    assert_change(exact(100), json_incref(gone), "failed", "outcome", true,
                  "unsupported, was connected, srflx~srflx udp; b is not installed");
    assert_change(json_incref(gone), json_incref(gone), "pass", NULL, false, NULL);
    assert_change(gone, exact(100), "pass", "outcome", false, NULL);
}

static json_t *with_packets(json_t *run, int packets)
{
    json_object_set_new(json_object_get(first_call(run), "counts"), "packets",
                        json_integer(packets));
    return run;
}

static void test_counts(void)
{
    assert_change(exact(100), with_packets(exact(100), 31), "regressed", "counts", true,
                  "packets 31, was 30");
    assert_change(exact(100), with_packets(exact(100), 29), "pass", "counts", false,
                  "packets 29, was 30");
    /* What they are worth. */
    assert_change(exact(100), with_packets(exact(99), 31), "pass", "counts", false, NULL);
    /* The greater change is told. */
    assert_change(exact(100), with_packets(exact(200), 31), "regressed", "latency", true,
                  NULL);
}

static void test_told_once_a_group(void)
{
    json_t *before = make_run("1", "virtual", false);
    json_t *after = make_run("1", "virtual", false);
    for (unsigned repeat = 1; repeat <= 5; repeat++) {
        add_call(before, repeat, 100);
        add_call(after, repeat, repeat < 3 ? 100 : 200);
    }
    assert_change(before, after, "regressed", "latency", true,
                  "set-up 200 ms, was 100 ms: +100 ms (+100 %) (in 3 of 5 calls)");
}

/* ---- chance ---- */

static json_t *repeats(const char *seed, const char *clock, bool has_chance, unsigned n,
                       double base_ms, uint64_t stream)
{
    struct rng rng = rng_seed(stream);
    json_t *run = make_run(seed, clock, has_chance);
    for (unsigned repeat = 1; repeat <= n; repeat++)
        add_call(run, repeat, base_ms + (double)rng_below(&rng, 40));
    return run;
}

static json_t *failing(const char *seed, unsigned n, unsigned n_failed)
{
    json_t *run = make_run(seed, "wall", false);
    for (unsigned repeat = 1; repeat <= n; repeat++)
        add_call(run, repeat, repeat <= n_failed ? -1 : 100);
    return run;
}

static void test_wall_single(void)
{
    g_autoptr(json_t) before = run_of("1", "wall", false, 100);
    g_autoptr(json_t) after = run_of("1", "wall", false, 103);
    g_autoptr(json_t) baseline = compare(before, after);
    ASSERT_TEXT(text_of(baseline, "verdict"), "inconclusive");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(baseline, "changes")), 2);
    const json_t *success = change_at(baseline, 0), *setup = change_at(baseline, 1);
    ASSERT_TEXT(text_of(success, "kind"), "success");
    /* 36 calls without a failure exclude a loss of a tenth: Wilson's 36 / (36 + 1.96^2)
     */
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(success, "repeats_needed")), 35);
    ASSERT_TEXT(text_of(setup, "text"),
                "set-up of 1 scenario and mode not compared: 1 call is too few to tell: "
                "repeat 10, in the baseline too");
}

/* A call that failed in both runs makes no pair; so more are needed. */
static void test_pairs_lost(void)
{
    g_autoptr(json_t) before = failing("1", 10, 1);
    g_autoptr(json_t) baseline = compare(before, before);
    const json_t *setup = change_at(baseline, 1);
    ASSERT_TEXT(
        text_of(setup, "text"),
        "set-up of 1 scenario and mode not compared: 9 calls are too few to tell: "
        "repeat 12, in the baseline too");
}

static void test_wall_repeats(void)
{
    assert_change(repeats("1", "wall", false, 40, 100, 1),
                  repeats("1", "wall", false, 40, 100, 2), "pass", NULL, false, NULL);
    assert_change(repeats("1", "wall", false, 40, 100, 1),
                  repeats("1", "wall", false, 40, 200, 2), "regressed", "latency", true,
                  NULL);
    /* sure, and too small to matter */
    assert_change(repeats("1", "wall", false, 40, 100, 1),
                  repeats("1", "wall", false, 40, 115, 2), "pass", NULL, false, NULL);
}

static void test_other_seeds(void)
{
    g_autoptr(json_t) before = repeats("1", "virtual", true, 40, 100, 1);
    g_autoptr(json_t) after = repeats("2", "virtual", true, 40, 200, 2);
    g_autoptr(json_t) baseline = compare(before, after);
    ASSERT_TEXT(text_of(baseline, "verdict"), "regressed");
    const json_t *change = change_at(baseline, 0);
    CU_ASSERT_TRUE(baseline_is_suspicion(change));
    CU_ASSERT_TRUE(strstr(text_of(change, "text"), "40 calls with other seeds") != NULL);
    CU_ASSERT_TRUE(json_number_value(json_object_get(change, "p_value")) < 1e-6);
    double shift = json_number_value(json_object_get(change, "shift_ms"));
    CU_ASSERT_TRUE(shift > 85 && shift < 115);
}

/* Another seed on the virtual clock, nothing of chance: one call shows no effect, and
   there is nothing to explain; an effect there is. */
static void test_other_seed_without_chance(void)
{
    json_t *before = make_run("1", "virtual", false);
    json_t *after = make_run("2", "virtual", false);
    json_t *slower = make_run("3", "virtual", false);
    for (unsigned repeat = 1; repeat <= 40; repeat++)
        add_call(before, repeat, 100);
    for (unsigned repeat = 1; repeat <= 2; repeat++) {
        add_call(after, repeat, 100);
        add_call(slower, repeat, 200);
    }
    g_autoptr(json_t) same = compare(before, after);
    g_autoptr(json_t) other = compare(before, slower);
    const json_t *change = change_at(other, 0);
    CU_ASSERT_TRUE(baseline_is_suspicion(change));
    ASSERT_TEXT(text_of(change, "kind"), "latency");
    CU_ASSERT_PTR_NOT_NULL(json_object_get(change, "repeats_needed"));
    size_t i;
    json_t *each;
    json_array_foreach(json_object_get(same, "changes"), i, each)
        ASSERT_TEXT(text_of(each, "kind"), "success");
    json_decref(before);
    json_decref(after);
    json_decref(slower);
}

/* A packet more moves all later losses: with chance one call that takes longer is no
   proof, even with its seed. */
static void test_exact_with_chance(void)
{
    assert_change(run_of("1", "virtual", true, 100), run_of("1", "virtual", true, 100),
                  "pass", NULL, false, NULL);
    assert_change(run_of("1", "virtual", true, 100), run_of("1", "virtual", true, 900),
                  "inconclusive", "latency", false, NULL);
    assert_change(run_of("1", "virtual", true, 100),
                  with_packets(run_of("1", "virtual", true, 100), 31), "pass", "counts",
                  false, NULL);
    assert_change(repeats("1", "virtual", true, 20, 100, 1),
                  repeats("1", "virtual", true, 20, 200, 1), "regressed", "latency", true,
                  NULL);
    /* What it came to is exact. */
    assert_change(run_of("1", "virtual", true, 100), run_of("1", "virtual", true, -1),
                  "failed", "expectation", true, NULL);
}

static void test_success(void)
{
    g_autoptr(json_t) before = failing("1", 40, 0);
    g_autoptr(json_t) few = failing("2", 40, 1);
    g_autoptr(json_t) many = failing("2", 40, 20);
    g_autoptr(json_t) pass = compare(before, few);
    g_autoptr(json_t) fail = compare(before, many);
    CU_ASSERT_STRING_NOT_EQUAL(text_of(pass, "verdict"), "failed");
    ASSERT_TEXT(text_of(fail, "verdict"), "failed");
    ASSERT_TEXT(text_of(change_at(fail, 0), "kind"), "success");
    CU_ASSERT_TRUE(g_str_has_prefix(text_of(change_at(fail, 0), "text"),
                                    "20 of 40 calls as expected, were 40 of 40: -50 "
                                    "points ["));
}

/* Nothing differs but chance: fewer alarms than the level allows. */
static void test_false_alarms(void)
{
    enum { COMPARISONS = 1000, N = 12 };
    unsigned alarms = 0;
    for (unsigned i = 0; i < COMPARISONS; i++) {
        g_autoptr(json_t) before = make_run("1", "virtual", true);
        g_autoptr(json_t) after = make_run("2", "virtual", true);
        struct rng rng = rng_seed(i);
        for (unsigned repeat = 1; repeat <= N; repeat++) {
            /* some wait for a retransmission, as calls do */
            add_call(before, repeat,
                     (double)(rng_below(&rng, 50) + 500 * rng_below(&rng, 3)));
            add_call(after, repeat,
                     (double)(rng_below(&rng, 50) + 500 * rng_below(&rng, 3)));
        }
        g_autoptr(json_t) baseline = compare(before, after);
        alarms += strcmp(text_of(baseline, "verdict"), "regressed") == 0 ||
                  strcmp(text_of(baseline, "verdict"), "failed") == 0;
    }
    CU_ASSERT_TRUE(alarms <= 10); /* 5 of 1,000, and what chance adds to it */
}

/* ---- suspicions ---- */

static json_t *confirm(const json_t *before, const json_t *after, const json_t *fresh)
{
    json_t *baseline = compare(before, after);
    baseline_confirm(baseline, before, fresh, &usual, "again");
    return baseline;
}

static void test_confirmed(void)
{
    g_autoptr(json_t) before = repeats("1", "virtual", true, 40, 100, 1);
    g_autoptr(json_t) after = repeats("2", "virtual", true, 40, 200, 2);
    g_autoptr(json_t) fresh = repeats("1", "virtual", true, 40, 200, 1);
    g_autoptr(json_t) baseline = confirm(before, after, fresh);
    ASSERT_TEXT(text_of(baseline, "verdict"), "regressed");
    const json_t *confirmation = json_object_get(change_at(baseline, 0), "confirmation");
    CU_ASSERT_TRUE(json_is_true(json_object_get(confirmation, "is_confirmed")));
    ASSERT_TEXT(text_of(confirmation, "path"), "again");
}

static void test_not_confirmed(void)
{
    g_autoptr(json_t) before = repeats("1", "virtual", true, 40, 100, 1);
    g_autoptr(json_t) after = repeats("2", "virtual", true, 40, 200, 2);
    g_autoptr(json_t) baseline = confirm(before, after, before);
    ASSERT_TEXT(text_of(baseline, "verdict"), "pass");
    const json_t *change = change_at(baseline, 0);
    CU_ASSERT_TRUE(json_is_false(json_object_get(change, "is_regression")));
    ASSERT_TEXT(text_of(json_object_get(change, "confirmation"), "text"),
                "40 calls made afresh do not show it");
}

/* Calls that were not made excuse nothing. */
static void test_not_asked(void)
{
    g_autoptr(json_t) before = repeats("1", "wall", false, 40, 100, 1);
    g_autoptr(json_t) after = repeats("1", "wall", false, 40, 200, 2);
    g_autoptr(json_t) none = make_run("1", "wall", false);
    g_autoptr(json_t) cut = repeats("1", "wall", false, 2, 100, 1);
    json_object_set_new(json_object_get(cut, "run"), "complete", json_false());
    g_autoptr(json_t) without = confirm(before, after, none);
    g_autoptr(json_t) interrupted = confirm(before, after, cut);
    ASSERT_TEXT(text_of(without, "verdict"), "regressed");
    ASSERT_TEXT(text_of(interrupted, "verdict"), "regressed");
}

/* ---- what else there is ---- */

static void test_missing_and_new(void)
{
    g_autoptr(json_t) before = exact(100);
    g_autoptr(json_t) after = exact(100);
    set_text(first_call(after), "mode", "full");
    set_text(first_call(after), "key", "a~b/nat/x/full/1");
    g_autoptr(json_t) baseline = compare(before, after);
    ASSERT_TEXT(text_of(baseline, "verdict"), "inconclusive");
    const json_t *notes = json_object_get(baseline, "notes");
    ASSERT_TEXT(json_string_value(json_array_get(notes, 0)),
                "no call of this run is in the baseline: nothing was compared");
    ASSERT_TEXT(text_of(change_at(baseline, 0), "kind"), "new");
    ASSERT_TEXT(text_of(change_at(baseline, 1), "kind"), "missing");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(baseline, "compared")), 0);
    g_autofree char *fresh = unpaired_format(baseline, true);
    g_autofree char *gone = unpaired_format(baseline, false);
    ASSERT_TEXT(fresh, "1 call that the baseline does not have: nat/x");
    ASSERT_TEXT(gone, "1 call of the baseline was not made in this run: nat/x");
    struct table_style style = { .width = 80 };
    g_autofree char *text = baseline_format(baseline, &style);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, gone));
    CU_ASSERT_PTR_NULL(strstr(text, "Other changes"));

    json_array_clear(json_object_get(after, "calls"));
    g_autoptr(json_t) idle = compare(before, after);
    ASSERT_TEXT(text_of(idle, "verdict"), "pass"); /* a shard left without calls */
}

static void test_many_missing(void)
{
    static const char *const ids[] = { "a", "b", "b", "c", "d", "e" };
    g_autoptr(json_t) baseline = json_pack("{s:[]}", "changes");
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        json_array_append_new(json_object_get(baseline, "changes"),
                              json_pack("{s:s, s:s, s:i}", "kind", "missing", "scenario",
                                        ids[i], "before", 2));
    g_autofree char *text = unpaired_format(baseline, false);
    ASSERT_TEXT(text,
                "12 calls of the baseline were not made in this run: a, b, c and 2 more");
    CU_ASSERT_PTR_NULL(unpaired_format(baseline, true));
}

static void test_notes(void)
{
    g_autoptr(json_t) before = exact(100);
    g_autoptr(json_t) after = exact(100);
    json_object_set_new(
        first_call(before), "peers",
        json_pack("{s:{s:s, s:s}}", "offerer", "stack", "libnice", "version", "0.1.21"));
    json_object_set_new(
        first_call(after), "peers",
        json_pack("{s:{s:s, s:s}}", "offerer", "stack", "libnice", "version", "0.1.22"));
    set_text(json_object_get(after, "run"), "version", "1.1");
    set_text(json_object_get(json_object_get(after, "scenarios"), "nat/x"), "digest",
             "d2");
    g_autoptr(json_t) baseline = compare(before, after);
    g_autofree char *notes = json_dumps(json_object_get(baseline, "notes"), 0);
    ASSERT_TEXT(notes, "[\"rtclab is 1.1, was 1.0\", \"a is libnice 0.1.22, was libnice "
                       "0.1.21\", \"other network or session: nat/x\"]");
}

/* Results are files, and another program may have written them. */
static void test_hostile(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"calls\": 3, \"run\": [], \"scenarios\": null}",
        "{\"calls\": [null, {}, 3, {\"key\": 1, \"scenario\": {}}]}",
        "{\"calls\": [{\"key\":\"k\",\"scenario\":\"s\",\"offerer\":\"a\",\"answerer\":"
        "\"b\",\"mode\":\"m\",\"setup_ms\":\"x\",\"counts\":[],\"selected\":3,"
        "\"artifacts\":{\"events\":\"../../etc/passwd\"}}]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
            g_autoptr(json_t) before = json_loads(texts[i], 0, NULL);
            g_autoptr(json_t) after = json_loads(texts[j], 0, NULL);
            g_autoptr(json_t) baseline = compare(before, after);
            struct table_style style = { .width = 80 };
            g_autofree char *text = baseline_format(baseline, &style);
            CU_ASSERT_PTR_NOT_NULL(text);
        }
    }
}

static void test_text(void)
{
    json_t *slow = exact(200);
    set_text(json_object_get(slow, "run"), "version", "1.0\x1b[31m");
    g_autoptr(json_t) before = exact(100);
    g_autoptr(json_t) baseline = compare(before, slow);
    json_decref(slow);
    struct table_style style = { .width = 80, .folder = "after" };
    g_autofree char *text = baseline_format(baseline, &style);
    ASSERT_TEXT(
        text,
        "Regressions:\n"
        "  a~b/nat/x/trickle/1  latency\n"
        "    set-up 200 ms, was 100 ms: +100 ms (+100 %)\n"
        "    records after/calls/a~b/nat/x/trickle/1, was\n"
        "    before/calls/a~b/nat/x/trickle/1\n"
        "\n"
        "Not the same in both runs:\n"
        "    rtclab is 1.0\\x1b[31m, was 1.0\n"
        "\n"
        "Against before (a-run): regressed; 1 call compared, 1 regression, 0 undecided, "
        "0 other changes\n");
}

static void test_load(void)
{
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(results_file_read(TEST_DATA "/nowhere", &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
    g_clear_error(&error);
    CU_ASSERT_PTR_NULL(results_file_read(TEST_DATA "/statistics/holm.json", &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
    g_autoptr(json_t) results = results_file_read(TEST_DATA "/report/basic.json", NULL);
    CU_ASSERT_PTR_NOT_NULL(results);
    g_autofree char *of_file = results_file_folder(TEST_DATA "/report/basic.json");
    g_autofree char *of_folder = results_file_folder(TEST_DATA "/report");
    ASSERT_TEXT(of_file, TEST_DATA "/report");
    ASSERT_TEXT(of_folder, TEST_DATA "/report");
}

static const struct test tests[] = {
    { "an unchanged call is no change", test_unchanged },
    { "a longer set-up is a regression, a shorter one is told", test_latency },
    { "an effect is more than 25 ms and more than a tenth", test_least_effect },
    { "the part of the set-up that grew is named", test_part },
    { "media that comes later, or never, is a regression", test_phases },
    { "what is not as expected any more is a regression", test_expectation },
    { "a failure that is known is as expected", test_known_failure_is_expected },
    { "a relay where there was none is a regression", test_relay },
    { "a call that is not made any more is a regression", test_unsupported },
    { "a packet more for nothing is a regression", test_counts },
    { "of a group the change is told once", test_told_once_a_group },
    { "a single call on the wall clock proves nothing", test_wall_single },
    { "calls that say nothing are made up for", test_pairs_lost },
    { "repeats on the wall clock are tested in pairs", test_wall_repeats },
    { "repeats with other seeds are tested as two samples", test_other_seeds },
    { "without chance, another seed is no question", test_other_seed_without_chance },
    { "with chance, a longer set-up needs repeats", test_exact_with_chance },
    { "fewer calls as expected are a regression when it is sure", test_success },
    { "chance raises no more alarms than it may", test_false_alarms },
    { "a suspicion that fresh calls show too is a regression", test_confirmed },
    { "a suspicion that fresh calls do not show is none", test_not_confirmed },
    { "calls that were not made afresh excuse nothing", test_not_asked },
    { "calls of one run only are told", test_missing_and_new },
    { "many of them are one line", test_many_missing },
    { "what else differs is told", test_notes },
    { "results of any shape are compared", test_hostile },
    { "the text names calls, records and the verdict", test_text },
    { "a baseline is a run's folder or its results", test_load },
};

int main(int argc, char **argv)
{
    return suite_run("baseline", tests, G_N_ELEMENTS(tests), argc, argv);
}
