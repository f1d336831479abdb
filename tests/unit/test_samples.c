/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips: percentiles by the nearest rank, jitter by RFC 3550. */
#include "probes/core/samples.h"

#include <glib.h>
#include <jansson.h>

#include "base/clock.h"
#include "suite.h"

static void test_percentiles(void)
{
    struct samples s = { 0 };
    for (int64_t i = 100; i >= 1; i--)
        samples_add(&s, i * NS_PER_MS);
    CU_ASSERT_EQUAL(samples_percentile(&s, 50), 50 * NS_PER_MS);
    CU_ASSERT_EQUAL(samples_percentile(&s, 95), 95 * NS_PER_MS);
    CU_ASSERT_EQUAL(samples_percentile(&s, 99), 99 * NS_PER_MS);
    CU_ASSERT_EQUAL(samples_percentile(&s, 100), 100 * NS_PER_MS);
    CU_ASSERT_EQUAL(samples_percentile(&s, 0), 1 * NS_PER_MS);
    CU_ASSERT_DOUBLE_EQUAL(samples_mean(&s), 50.5 * (double)NS_PER_MS, 1.0);
    samples_clear(&s);
}

static void test_one(void)
{
    struct samples s = { 0 };
    samples_add(&s, 7);
    CU_ASSERT_EQUAL(samples_percentile(&s, 0), 7);
    CU_ASSERT_EQUAL(samples_percentile(&s, 99), 7);
    CU_ASSERT_EQUAL(s.jitter_ns, 0);
    samples_clear(&s);
}

/* J += (|D| - J) / 16: RFC 3550 §6.4.1, by hand for 10, 26, 10. */
static void test_jitter(void)
{
    struct samples s = { 0 };
    samples_add(&s, 10);
    samples_add(&s, 26);
    CU_ASSERT_DOUBLE_EQUAL(s.jitter_ns, 1.0, 1e-9);
    samples_add(&s, 10);
    CU_ASSERT_DOUBLE_EQUAL(s.jitter_ns, 1.0 + 15.0 / 16.0, 1e-9);
    samples_clear(&s);
}

static void test_none_is_null(void)
{
    struct samples s = { 0 };
    json_t *json = samples_to_json(&s);
    CU_ASSERT_EQUAL(samples_percentile(&s, 50), 0);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json, "count")), 0);
    CU_ASSERT_TRUE(json_is_null(json_object_get(json, "p50_ms")));
    CU_ASSERT_TRUE(json_is_null(json_object_get(json, "jitter_ms")));
    json_decref(json);
    samples_add(&s, 1500000);
    json = samples_to_json(&s);
    CU_ASSERT_DOUBLE_EQUAL(json_real_value(json_object_get(json, "p95_ms")), 1.5, 1e-9);
    json_decref(json);
    samples_clear(&s);
}

static const struct test tests[] = {
    { "percentiles are values that were measured", test_percentiles },
    { "one sample is every percentile", test_one },
    { "jitter follows RFC 3550", test_jitter },
    { "without samples there are no times, not zeros", test_none_is_null },
};

int main(int argc, char **argv)
{
    return suite_run("samples", tests, G_N_ELEMENTS(tests), argc, argv);
}
