/* SPDX-License-Identifier: Apache-2.0 */
/* The lateness histogram (harness/lab/lateness.h). */
#include "suite.h"

#include "base/rng.h"
#include "lab/lateness.h"

static void test_empty(void)
{
    struct lateness l = { 0 };
    CU_ASSERT_EQUAL(lateness_quantile_ns(&l, 0.5), 0);
    CU_ASSERT_EQUAL(l.max_ns, 0);
}

static void test_one(void)
{
    struct lateness l = { 0 };
    lateness_add(&l, 1234567);
    CU_ASSERT_EQUAL(lateness_quantile_ns(&l, 0), 1234567);
    CU_ASSERT_EQUAL(lateness_quantile_ns(&l, 1), 1234567);
}

static void test_negative(void)
{
    struct lateness l = { 0 };
    lateness_add(&l, -5);
    CU_ASSERT_EQUAL(l.count, 1);
    CU_ASSERT_EQUAL(lateness_quantile_ns(&l, 1), 0);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Against the sorted values themselves, over twelve decades. */
static void test_quantiles(void)
{
    enum { N = 10000 };
    static int64_t values[N];
    struct lateness l = { 0 };
    struct rng rng = rng_seed(1);
    for (unsigned i = 0; i < N; i++) {
        values[i] = (int64_t)(rng_next(&rng) >> (24 + rng_below(&rng, 40)));
        lateness_add(&l, values[i]);
    }
    qsort(values, N, sizeof *values, compare);
    static const double quantiles[] = { 0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1 };
    for (size_t i = 0; i < G_N_ELEMENTS(quantiles); i++) {
        int64_t exact = values[(unsigned)(quantiles[i] * (N - 1))];
        int64_t found = lateness_quantile_ns(&l, quantiles[i]);
        CU_ASSERT(found >= exact);
        CU_ASSERT(found <= exact + exact / LATENESS_SUB);
    }
    CU_ASSERT_EQUAL(l.max_ns, values[N - 1]);
}

static void test_huge(void)
{
    struct lateness l = { 0 };
    lateness_add(&l, INT64_MAX);
    CU_ASSERT_EQUAL(lateness_quantile_ns(&l, 1), INT64_MAX);
}

static const struct test tests[] = {
    { "nothing yet is 0", test_empty },
    { "one value is every quantile", test_one },
    { "early counts as in time", test_negative },
    { "quantiles are right to within a bucket", test_quantiles },
    { "the largest value fits", test_huge },
};

int main(int argc, char **argv)
{
    return suite_run("lateness", tests, G_N_ELEMENTS(tests), argc, argv);
}
