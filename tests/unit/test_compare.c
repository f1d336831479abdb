/* SPDX-License-Identifier: Apache-2.0 */
/* The comparisons that stand in tests/data/report/NAME.json must come from its calls. */
#include "suite.h"

#include <stdlib.h>

#include "base/file.h"
#include "reports/compare.h"

static void assert_comparisons(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/report/%s.json", TEST_DATA, name);
    g_autoptr(json_t) results = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    g_autoptr(json_t) comparisons = compare_modes(json_object_get(results, "calls"));
    char *actual = json_dumps(comparisons, JSON_INDENT(1));
    char *wanted = json_dumps(json_object_get(results, "comparisons"), JSON_INDENT(1));
    ASSERT_TEXT(actual, wanted);
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

static void test_median(void)
{
    double odd[] = { 9, 1, 5 }, even[] = { 9, 1, 5, 4 }, one[] = { 3 };
    CU_ASSERT_EQUAL(compare_median(odd, 3), 5);
    CU_ASSERT_EQUAL(compare_median(even, 4), 4.5);
    CU_ASSERT_EQUAL(compare_median(one, 1), 3);
}

static json_t *make_call(const char *mode, int repeat, const char *outcome, double ms)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:f}", "scenario", "s", "offerer",
                     "a", "answerer", "b", "mode", mode, "repeat", repeat, "outcome",
                     outcome, "setup_ms", ms);
}

/* A failed call has no set-up time, even if somebody wrote one. */
static void test_only_connected_calls_pair(void)
{
    g_autoptr(json_t) calls = json_array();
    json_array_append_new(calls, make_call("full", 1, "failed", 8000));
    json_array_append_new(calls, make_call("trickle", 1, "connected", 100));
    json_array_append_new(calls, make_call("full", 2, "connected", 300));
    json_array_append_new(calls, make_call("trickle", 3, "connected", 100));
    g_autoptr(json_t) comparisons = compare_modes(calls);
    const json_t *only = json_array_get(comparisons, 0);
    CU_ASSERT_TRUE(json_is_null(json_object_get(only, "trickle_saves_ms")));
    const json_t *medians = json_object_get(only, "median_setup_ms");
    CU_ASSERT_EQUAL(json_real_value(json_object_get(medians, "full")), 300);
    CU_ASSERT_TRUE(json_is_null(json_object_get(medians, "half")));
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
    { "the median of an even count is the mean of the middle two", test_median },
    { "only connected calls are paired", test_only_connected_calls_pair },
    { "calls without a known name are left out", test_calls_without_a_name_are_left_out },
};

int main(int argc, char **argv)
{
    return suite_run("compare", tests, G_N_ELEMENTS(tests), argc, argv);
}
