/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two independent samples against published examples and against R: inputs and outputs
 * are in tests/data/statistics/, with the program that made them.
 */
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/rng.h"
#include "reports/statistics_unpaired.h"

static json_t *load(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/statistics/%s.json", TEST_DATA, name);
    json_t *document = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(document);
    CU_ASSERT_TRUE_FATAL(json_array_size(json_object_get(document, "cases")) > 0);
    return document;
}

static void assert_near(double actual, double wanted, double tolerance)
{
    gboolean is_near = fabs(actual - wanted) <= tolerance;
    if (!is_near)
        printf("\n  is %.12g, wanted %.12g", actual, wanted);
    CU_ASSERT_TRUE(is_near);
}

static struct statistics_sample *samples_of(const json_t *object, const char *key,
                                            size_t *ret_count)
{
    const json_t *list = json_object_get(object, key);
    *ret_count = json_array_size(list);
    CU_ASSERT_TRUE_FATAL(*ret_count > 0);
    struct statistics_sample *samples = g_new0(struct statistics_sample, *ret_count);
    for (size_t i = 0; i < *ret_count; i++)
        samples[i].value = json_number_value(json_array_get(list, i));
    return samples;
}

static void test_as_r(void)
{
    g_autoptr(json_t) document = load("unpaired");
    size_t i;
    json_t *test_case;
    json_array_foreach(json_object_get(document, "cases"), i, test_case)
    {
        size_t n_before, n_after;
        g_autofree struct statistics_sample *before =
            samples_of(test_case, "first", &n_before);
        g_autofree struct statistics_sample *after =
            samples_of(test_case, "second", &n_after);
        struct statistics_unpaired unpaired;
        statistics_compare_samples(before, n_before, after, n_after, &unpaired);
        assert_near(unpaired.p_value,
                    json_number_value(json_object_get(test_case, "p_value")), 1e-9);
        assert_near(unpaired.shift,
                    json_number_value(json_object_get(test_case, "shift")), 1e-9);
    }
    CU_ASSERT_TRUE(i >= 10);
}

/* Hollander and Wolfe, Nonparametric Statistical Methods, 1973, p. 69: 0.1272 one-sided
 */
static void test_published(void)
{
    static const double at_term[] = { 0.80, 0.83, 1.89, 1.04, 1.45,
                                      1.38, 1.91, 1.64, 0.73, 1.46 };
    static const double earlier[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
    assert_near(statistics_rank_sum(at_term, 10, earlier, 5), 2 * 0.1272, 0.0001);
    /* Fisher, The Design of Experiments, 1935: the lady tasting tea, 3 of 4 right */
    assert_near(statistics_fisher_loss(3, 4, 1, 4), 17.0 / 70, 1e-12);
}

static void test_fisher_as_r(void)
{
    g_autoptr(json_t) document = load("fisher");
    size_t i;
    json_t *test_case;
    json_array_foreach(json_object_get(document, "cases"), i, test_case)
    {
        json_int_t counts[4];
        for (size_t at = 0; at < 4; at++) {
            const json_t *side = json_object_get(test_case, at < 2 ? "before" : "after");
            counts[at] = json_integer_value(json_array_get(side, at % 2));
        }
        assert_near(statistics_fisher_loss((unsigned)counts[0], (unsigned)counts[1],
                                           (unsigned)counts[2], (unsigned)counts[3]),
                    json_number_value(json_object_get(test_case, "p_value")), 1e-9);
    }
    CU_ASSERT_EQUAL(statistics_fisher_loss(0, 0, 1, 1), 1);
}

static void test_censored_rank_above_all(void)
{
    struct statistics_sample before[] = { { 1, false }, { 2, false }, { 3, false } };
    struct statistics_sample after[] = { { 4, false }, { 9, true }, { 30, true } };
    struct statistics_unpaired unpaired;
    statistics_compare_samples(before, 3, after, 3, &unpaired);
    assert_near(unpaired.p_value, 0.1, 1e-12); /* 2 of 20 ways: all above all */
    CU_ASSERT_TRUE(isnan(unpaired.shift)); /* most of one side is beyond what was seen */
    /* One of many moves the shift no further than a large value would. */
    after[1] = (struct statistics_sample){ 5, false };
    statistics_compare_samples(before, 3, after, 3, &unpaired);
    CU_ASSERT_EQUAL(unpaired.shift, 3);
}

static void test_both_censored_is_not_known(void)
{
    struct statistics_sample time_outs[] = { { 30, true }, { 30, true } };
    struct statistics_unpaired unpaired;
    statistics_compare_samples(time_outs, 2, time_outs, 2, &unpaired);
    CU_ASSERT_TRUE(isnan(unpaired.shift));
    CU_ASSERT_EQUAL(unpaired.p_value, 1);
    statistics_compare_samples(time_outs, 0, time_outs, 2, &unpaired);
    CU_ASSERT_TRUE(isnan(unpaired.shift) && isnan(unpaired.p_value));
}

/* The level is kept: of samples from one distribution no more than a share of p fall
   below p. */
static void test_level(void)
{
    enum { TRIALS = 4000, N = 8 };
    struct rng rng = rng_seed(5);
    unsigned below = 0;
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        double first[N], second[N];
        for (size_t i = 0; i < N; i++) {
            first[i] = (double)rng_below(&rng, 12); /* with ties */
            second[i] = (double)rng_below(&rng, 12);
        }
        below += statistics_rank_sum(first, N, second, N) <= 0.05;
    }
    CU_ASSERT_TRUE(below > TRIALS / 40);
    CU_ASSERT_TRUE(below <= TRIALS / 20 + 40); /* three standard errors */
}

/* What can be reached with so few is said, and is reached. */
static void test_least_repeats(void)
{
    for (double p = 0.05; p > 1e-5; p /= 3) {
        unsigned n = statistics_least_samples_for(p);
        double low[32], high[32];
        for (unsigned i = 0; i < 32; i++) {
            low[i] = i;
            high[i] = 100 + i;
        }
        CU_ASSERT_TRUE_FATAL(n > 2 && n < 30);
        CU_ASSERT_TRUE(statistics_rank_sum(low, n, high, n) <= p);
        CU_ASSERT_TRUE(statistics_rank_sum(low, n - 1, high, n - 1) > p);
        unsigned pairs = statistics_least_pairs_for(p);
        CU_ASSERT_TRUE_FATAL(pairs < 30);
        CU_ASSERT_TRUE(statistics_signed_rank(high, pairs) <= p);
        CU_ASSERT_TRUE(pairs == STATISTICS_LEAST_PAIRS ||
                       statistics_signed_rank(high, pairs - 1) > p);
    }
}

static int by_number(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The median of all differences, each of them made. */
static double shift_by_definition(const struct statistics_sample *before, size_t n_before,
                                  const struct statistics_sample *after, size_t n_after)
{
    size_t count = n_before * n_after;
    g_autofree double *all = g_new(double, count);
    double medians[2];
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < count; i++) {
            struct statistics_sample a = before[i / n_after], b = after[i % n_after];
            all[i] = a.is_censored && b.is_censored ? (side ? INFINITY : -INFINITY)
                     : b.is_censored                ? INFINITY
                     : a.is_censored                ? -INFINITY
                                                    : b.value - a.value;
        }
        qsort(all, count, sizeof *all, by_number);
        medians[side] = (all[(count - 1) / 2] + all[count / 2]) / 2;
    }
    return isfinite(medians[0]) && medians[0] >= medians[1] ? medians[0] : NAN;
}

static void draw_samples(struct rng *rng, struct statistics_sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        samples[i] = (struct statistics_sample){ .value = (double)rng_below(rng, 40) / 8,
                                                 .is_censored = rng_below(rng, 6) == 0 };
}

static void test_shift_by_definition(void)
{
    struct rng rng = rng_seed(6);
    unsigned n_known = 0;
    for (unsigned i = 0; i < 400; i++) {
        struct statistics_sample before[12], after[12];
        size_t n_before = 1 + rng_below(&rng, 12), n_after = 1 + rng_below(&rng, 12);
        draw_samples(&rng, before, n_before);
        draw_samples(&rng, after, n_after);
        double wanted = shift_by_definition(before, n_before, after, n_after);
        struct statistics_unpaired unpaired;
        statistics_compare_samples(before, n_before, after, n_after, &unpaired);
        CU_ASSERT_TRUE(isnan(wanted) ? isnan(unpaired.shift) : unpaired.shift == wanted);
        n_known += isnan(wanted) ? 0 : 1;
    }
    CU_ASSERT_TRUE(n_known > 100 && n_known < 400);
}

/* Their differences would be 800 megabytes. */
static void test_ten_thousand_samples(void)
{
    enum { MANY = 10000 };
    g_autofree struct statistics_sample *before = g_new0(struct statistics_sample, MANY);
    g_autofree struct statistics_sample *after = g_new0(struct statistics_sample, MANY);
    struct rng rng = rng_seed(7);
    for (size_t i = 0; i < MANY; i++) {
        before[i].value = (double)rng_below(&rng, 1000000) / 1000;
        after[i].value = 50 + (double)rng_below(&rng, 1000000) / 1000;
    }
    clock_t start = clock();
    struct statistics_unpaired unpaired;
    statistics_compare_samples(before, MANY, after, MANY, &unpaired);
    CU_ASSERT_TRUE(clock() - start < CLOCKS_PER_SEC);
    CU_ASSERT_TRUE(unpaired.shift > 35 && unpaired.shift < 65);
    CU_ASSERT_TRUE(unpaired.p_value < 1e-6);
}

static const struct test tests[] = {
    { "a shift is the median of all differences", test_shift_by_definition },
    { "10,000 samples take no second", test_ten_thousand_samples },
    { "shift and rank sums are R's, with ties and without", test_as_r },
    { "published examples come out", test_published },
    { "Fisher's test is R's", test_fisher_as_r },
    { "a call that timed out is slower than all others", test_censored_rank_above_all },
    { "of two time-outs no difference is known", test_both_censored_is_not_known },
    { "samples of one distribution differ as often as they may", test_level },
    { "with the least number of repeats a test can agree", test_least_repeats },
};

int main(int argc, char **argv)
{
    return suite_run("statistics_unpaired", tests, G_N_ELEMENTS(tests), argc, argv);
}
