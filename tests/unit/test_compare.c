/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comparisons that stand in tests/data/report/NAME.json must come from its calls;
 * with RTCLAB_WRITE_GOLDEN in the environment they are written anew.
 */
#include "suite.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "reports/compare.h"

/* What a run finds out, and its calls alone do not say. */
static void keep_deterministic(json_t *comparisons, const json_t *from)
{
    size_t i;
    json_t *comparison;
    json_array_foreach(comparisons, i, comparison)
    {
        const json_t *old = json_array_get(from, i);
        json_t *deterministic = json_object_get(old, "deterministic");
        if (deterministic)
            json_object_set(comparison, "deterministic", deterministic);
    }
}

static void assert_comparisons(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/report/%s.json", TEST_DATA, name);
    g_autoptr(json_t) results = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    json_t *stored = json_object_get(results, "comparisons");
    g_autoptr(json_t) comparisons = compare_modes(json_object_get(results, "calls"));
    keep_deterministic(comparisons, stored);
    char *actual = json_dumps(comparisons, JSON_INDENT(1));
    char *wanted = json_dumps(stored, JSON_INDENT(1));
    if (g_getenv("RTCLAB_WRITE_GOLDEN") && g_strcmp0(actual, wanted) != 0) {
        json_object_set(results, "comparisons", comparisons);
        CU_ASSERT_EQUAL(
            json_dump_file(results, path,
                           JSON_INDENT(1) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15)),
            0);
    } else {
        ASSERT_TEXT(actual, wanted);
    }
    free(actual);
    free(wanted);
}

static void test_one_repeat(void)
{
    assert_comparisons("basic");
}

static void test_paired_by_repeat(void)
{
    assert_comparisons("repeats");
}

static void test_peers_apart(void)
{
    assert_comparisons("hostile");
}

static void test_no_calls(void)
{
    assert_comparisons("empty");
    g_autoptr(json_t) comparisons = compare_modes(NULL);
    CU_ASSERT_EQUAL(json_array_size(comparisons), 0);
    CU_ASSERT_TRUE(json_is_array(comparisons));
}

static void test_stored_for_tables(void)
{
    assert_comparisons("clocks");
    assert_comparisons("intervals");
}

static json_t *make_call(const char *mode, int repeat, const char *outcome, double ms)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:f}", "scenario", "s", "offerer",
                     "a", "answerer", "b", "mode", mode, "repeat", repeat, "outcome",
                     outcome, "setup_ms", ms);
}

/* A call as it is stored when it did not connect. */
static json_t *make_timeout(const char *mode, int repeat, double timeout_ms)
{
    json_t *call = make_call(mode, repeat, "timeout", 0);
    json_object_set_new(call, "setup_ms", json_null());
    if (timeout_ms > 0)
        json_object_set_new(call, "timeout_ms", json_real(timeout_ms));
    return call;
}

static json_t *only_comparison(json_t *calls_consumed)
{
    json_t *comparisons = compare_modes(calls_consumed);
    CU_ASSERT_EQUAL_FATAL(json_array_size(comparisons), 1);
    json_t *only = json_incref(json_array_get(comparisons, 0));
    json_decref(comparisons);
    json_decref(calls_consumed);
    return only;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* A failed call has no set-up time, even if somebody wrote one. */
static void test_failed_calls_have_no_setup(void)
{
    json_t *calls = json_array();
    json_array_append_new(calls, make_call("full", 1, "failed", 8000));
    json_array_append_new(calls, make_call("trickle", 1, "connected", 100));
    json_array_append_new(calls, make_call("full", 2, "connected", 300));
    json_array_append_new(calls, make_call("trickle", 3, "connected", 100));
    g_autoptr(json_t) only = only_comparison(calls);
    const json_t *saving = json_object_get(only, "trickle_saves_ms");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(saving, "samples")), 0);
    CU_ASSERT_TRUE(json_is_null(json_object_get(saving, "median")));
    const json_t *medians = json_object_get(only, "median_setup_ms");
    CU_ASSERT_EQUAL(number(medians, "full"), 300);
    CU_ASSERT_TRUE(json_is_null(json_object_get(medians, "half")));
    CU_ASSERT_TRUE(json_is_null(json_object_get(only, "half_saves_ms")));
}

/* Full gathering timed out in two of eight repeats: the median counts them. */
static void test_time_outs_are_censored(void)
{
    json_t *calls = json_array();
    for (int repeat = 1; repeat <= 8; repeat++) {
        json_array_append_new(calls, make_call("trickle", repeat, "connected", 100));
        json_array_append_new(
            calls, repeat <= 2 ? make_timeout("full", repeat, 30000)
                               : make_call("full", repeat, "connected", 200 + repeat));
    }
    g_autoptr(json_t) only = only_comparison(calls);
    const json_t *saving = json_object_get(only, "trickle_saves_ms");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(saving, "samples")), 6);
    CU_ASSERT_EQUAL(number(saving, "censored"), 2);
    CU_ASSERT_EQUAL(number(saving, "median"), 106.5);
    CU_ASSERT_EQUAL(number(saving, "p_faster"), 1);
    CU_ASSERT_DOUBLE_EQUAL(number(saving, "p_value"), 2 / 256.0, 1e-9);
    CU_ASSERT_EQUAL(number(saving, "p_holm"), number(saving, "p_value"));
    CU_ASSERT_TRUE(json_is_null(json_array_get(json_object_get(saving, "interval"), 1)));
    const json_t *full = json_object_get(json_object_get(only, "modes"), "full");
    CU_ASSERT_EQUAL(number(full, "calls"), 8);
    CU_ASSERT_EQUAL(number(full, "connected"), 6);
    CU_ASSERT_EQUAL(number(full, "p50_ms"), 206.5);
    CU_ASSERT_TRUE(json_is_null(json_object_get(full, "p90_ms")));
    CU_ASSERT_EQUAL(number(full, "censored"), 2);
}

/* Older records do not say the time-out. */
static void test_unknown_time_outs(void)
{
    json_t *calls = json_array();
    json_array_append_new(calls, make_timeout("full", 1, 0));
    json_array_append_new(calls, make_call("trickle", 1, "connected", 100));
    g_autoptr(json_t) only = only_comparison(calls);
    const json_t *saving = json_object_get(only, "trickle_saves_ms");
    CU_ASSERT_EQUAL(number(saving, "p_faster"), 1);
    CU_ASSERT_TRUE(json_is_null(json_object_get(saving, "median")));
}

/* They say nothing of the network. */
static void test_errors_do_not_count(void)
{
    json_t *calls = json_array();
    json_array_append_new(calls, make_call("full", 1, "error", 0));
    json_array_append_new(calls, make_call("full", 2, "unsupported", 0));
    json_array_append_new(calls, make_call("full", 3, "connected", 200));
    json_array_append_new(calls, make_call("trickle", 1, "connected", 100));
    g_autoptr(json_t) only = only_comparison(calls);
    const json_t *full = json_object_get(json_object_get(only, "modes"), "full");
    CU_ASSERT_EQUAL(number(full, "calls"), 1);
    CU_ASSERT_EQUAL(number(full, "connected"), 1);
    CU_ASSERT_EQUAL(number(full, "censored"), 0);
    CU_ASSERT_TRUE(json_is_null(json_object_get(only, "trickle_saves_ms")));
}

/* Three scenarios, the same p-value: corrected, it is three times as much. */
static void test_p_values_are_corrected(void)
{
    static const char *const ids[] = { "a", "b", "c" };
    g_autoptr(json_t) calls = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        for (int repeat = 1; repeat <= 10; repeat++) {
            json_t *fast = make_call("trickle", repeat, "connected", 100);
            json_t *slow = make_call("full", repeat, "connected", 200 + repeat);
            json_object_set_new(fast, "scenario", json_string(ids[i]));
            json_object_set_new(slow, "scenario", json_string(ids[i]));
            json_array_append_new(calls, fast);
            json_array_append_new(calls, slow);
        }
    g_autoptr(json_t) comparisons = compare_modes(calls);
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        const json_t *saving =
            json_object_get(json_array_get(comparisons, i), "trickle_saves_ms");
        CU_ASSERT_DOUBLE_EQUAL(number(saving, "p_value"), 2 / 1024.0, 1e-8);
        CU_ASSERT_DOUBLE_EQUAL(number(saving, "p_holm"), 6 / 1024.0, 1e-7);
    }
}

static void test_prediction_leaves_a_residual(void)
{
    json_t *calls = json_array();
    json_array_append_new(calls, make_call("full", 1, "connected", 2100));
    json_array_append_new(calls, make_call("trickle", 1, "connected", 100));
    g_autoptr(json_t) only = only_comparison(calls);
    CU_ASSERT_TRUE(json_is_null(json_object_get(only, "predicted_saving_ms")));
    compare_set_prediction(only, 1980);
    CU_ASSERT_EQUAL(number(only, "predicted_saving_ms"), 1980);
    CU_ASSERT_EQUAL(number(only, "residual_ms"), 20);
}

/* Results are files: a reader may meet one that another program wrote. */
static void test_calls_without_a_name_are_left_out(void)
{
    g_autoptr(json_t) calls =
        json_pack("[{}, 3, n, {s:s, s:s, s:s, s:s}]", "scenario", "s", "offerer", "a",
                  "answerer", "b", "mode", "sideways");
    g_autoptr(GPtrArray) groups = compare_group_calls(calls);
    CU_ASSERT_EQUAL(groups->len, 0);
}

static const struct test tests[] = {
    { "each mode has its median and its count", test_one_repeat },
    { "savings pair the calls of one repeat", test_paired_by_repeat },
    { "different peers are compared apart", test_peers_apart },
    { "no calls give no comparisons", test_no_calls },
    { "what the tables are made from is as a run writes it", test_stored_for_tables },
    { "a failed call has no set-up time", test_failed_calls_have_no_setup },
    { "time-outs are censored, not dropped", test_time_outs_are_censored },
    { "a time-out that is not told leaves the sign", test_unknown_time_outs },
    { "errors and the unsupported do not count", test_errors_do_not_count },
    { "p-values are corrected for the scenarios", test_p_values_are_corrected },
    { "a prediction leaves a residual", test_prediction_leaves_a_residual },
    { "calls without a known name are left out", test_calls_without_a_name_are_left_out },
};

int main(int argc, char **argv)
{
    return suite_run("compare", tests, G_N_ELEMENTS(tests), argc, argv);
}
