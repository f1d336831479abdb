/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statistics against published examples, which stand here with their source, and
 * against R and SciPy: tests/data/statistics/ has their inputs and outputs, and the
 * programs that made them.
 */
#include "suite.h"

#include <math.h>

#include "base/file.h"
#include "base/rng.h"
#include "reports/statistics.h"

static json_t *load(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/statistics/%s.json", TEST_DATA, name);
    json_t *document = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(document);
    CU_ASSERT_TRUE_FATAL(json_array_size(json_object_get(document, "cases")) > 0);
    return document;
}

static double number_at(const json_t *list, size_t at)
{
    const json_t *value = json_array_get(list, at);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The numbers of a list, null as NAN. Caller owns. */
static double *numbers_of(const json_t *object, const char *key, size_t *ret_count)
{
    const json_t *list = json_object_get(object, key);
    *ret_count = json_array_size(list);
    CU_ASSERT_TRUE_FATAL(*ret_count > 0);
    double *numbers = g_new(double, *ret_count);
    for (size_t i = 0; i < *ret_count; i++)
        numbers[i] = number_at(list, i);
    return numbers;
}

static void assert_near(double actual, double wanted, double tolerance)
{
    gboolean is_near = isnan(wanted) ? isnan(actual) : fabs(actual - wanted) <= tolerance;
    if (!is_near)
        printf("\n  is %.12g, wanted %.12g", actual, wanted);
    CU_ASSERT_TRUE(is_near);
}

static void assert_interval(struct statistics_interval actual, const json_t *wanted,
                            double tolerance)
{
    assert_near(actual.low, number_at(wanted, 0), tolerance);
    assert_near(actual.high, number_at(wanted, 1), tolerance);
}

#define FOR_EACH_CASE(name)                   \
    g_autoptr(json_t) document_ = load(name); \
    size_t index_;                            \
    json_t *test_case;                        \
    json_array_foreach(json_object_get(document_, "cases"), index_, test_case)

/* ---- success rates ---- */

/* Newcombe, Stat. Med. 17, 1998, 857-872, table I, method 3: four digits. */
static void test_rates_published(void)
{
    static const struct {
        unsigned successes, trials;
        double low, high;
    } rows[] = {
        { 81, 263, 0.2553, 0.3662 },
        { 15, 148, 0.0624, 0.1605 },
        { 0, 20, 0, 0.1611 },
        { 1, 29, 0.0061, 0.1718 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct statistics_interval interval =
            statistics_rate_interval(rows[i].successes, rows[i].trials);
        assert_near(interval.low, rows[i].low, 0.00005);
        assert_near(interval.high, rows[i].high, 0.00005);
    }
}

static void test_rates_as_r(void)
{
    FOR_EACH_CASE("rates")
    {
        json_int_t successes =
            json_integer_value(json_object_get(test_case, "successes"));
        json_int_t trials = json_integer_value(json_object_get(test_case, "trials"));
        assert_interval(statistics_rate_interval((unsigned)successes, (unsigned)trials),
                        json_object_get(test_case, "interval"), 1e-12);
    }
    CU_ASSERT_TRUE(isnan(statistics_rate_interval(0, 0).low));
}

/* Newcombe, Stat. Med. 17, 1998, 873-890, table II, method 10: four digits. */
static void test_differences_published(void)
{
    static const struct {
        unsigned first, n_first, second, n_second;
        double low, high;
    } rows[] = {
        { 56, 70, 48, 80, 0.0524, 0.3339 }, { 9, 10, 3, 10, 0.1705, 0.8090 },
        { 6, 7, 2, 7, 0.0582, 0.8062 },     { 5, 56, 0, 29, -0.0381, 0.1926 },
        { 0, 10, 0, 20, -0.1611, 0.2775 },  { 0, 10, 0, 10, -0.2775, 0.2775 },
        { 10, 10, 0, 20, 0.6791, 1 },       { 10, 10, 0, 10, 0.6075, 1 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct statistics_interval interval = statistics_rate_difference(
            rows[i].first, rows[i].n_first, rows[i].second, rows[i].n_second);
        assert_near(interval.low, rows[i].low, 0.00005);
        assert_near(interval.high, rows[i].high, 0.00005);
    }
}

static void test_differences_by_definition(void)
{
    FOR_EACH_CASE("differences")
    {
        const json_t *first = json_object_get(test_case, "first");
        const json_t *second = json_object_get(test_case, "second");
        assert_interval(statistics_rate_difference((unsigned)number_at(first, 0),
                                                   (unsigned)number_at(first, 1),
                                                   (unsigned)number_at(second, 0),
                                                   (unsigned)number_at(second, 1)),
                        json_object_get(test_case, "interval"), 1e-9);
    }
    CU_ASSERT_TRUE(isnan(statistics_rate_difference(0, 0, 1, 1).high));
}

static void test_inferiority(void)
{
    /* Nothing failed: how much that proves depends on how many calls there were. */
    CU_ASSERT_EQUAL(statistics_judge_rate(10, 10, 10, 10, 0.05), STATISTICS_UNDECIDED);
    CU_ASSERT_EQUAL(statistics_judge_rate(100, 100, 100, 100, 0.05),
                    STATISTICS_NOT_INFERIOR);
    /* A loss, too small to be sure of; sure; sure, but tolerated. */
    CU_ASSERT_EQUAL(statistics_judge_rate(20, 20, 18, 20, 0.05), STATISTICS_UNDECIDED);
    CU_ASSERT_EQUAL(statistics_judge_rate(20, 20, 10, 20, 0.05), STATISTICS_INFERIOR);
    CU_ASSERT_EQUAL(statistics_judge_rate(9990, 10000, 9890, 10000, 0.05),
                    STATISTICS_NOT_INFERIOR);
    CU_ASSERT_EQUAL(statistics_judge_rate(10, 20, 20, 20, 0.05), STATISTICS_NOT_INFERIOR);
    CU_ASSERT_EQUAL(statistics_judge_rate(0, 0, 20, 20, 0.05), STATISTICS_UNDECIDED);
}

/* ---- quantiles ---- */

static void test_quantiles_as_r(void)
{
    FOR_EACH_CASE("censored")
    {
        size_t count, n_seen, n_q, n_quantiles;
        g_autofree double *values = numbers_of(test_case, "values", &count);
        g_autofree double *seen = numbers_of(test_case, "seen", &n_seen);
        g_autofree double *q = numbers_of(test_case, "q", &n_q);
        g_autofree double *wanted = numbers_of(test_case, "quantiles", &n_quantiles);
        g_autofree struct statistics_sample *samples =
            g_new(struct statistics_sample, count);
        for (size_t i = 0; i < count; i++)
            samples[i] = (struct statistics_sample){ values[i], seen[i] == 0 };
        for (size_t i = 0; i < n_q; i++)
            assert_near(statistics_quantile(samples, count, q[i]), wanted[i], 1e-9);
    }
}

/* Nine in ten connected: no one knows the 95th percentile, and the median is not that of
 * the nine. */
static void test_time_outs_count(void)
{
    struct statistics_sample samples[] = {
        { 30000, true }, { 10, false }, { 20, false }, { 30, false }, { 40, false },
        { 50, false },   { 60, false }, { 70, false }, { 80, false }, { 90, false },
    };
    CU_ASSERT_EQUAL(statistics_quantile(samples, 10, 0.5), 55);
    CU_ASSERT_TRUE(isnan(statistics_quantile(samples, 10, 0.95)));
    CU_ASSERT_TRUE(isnan(statistics_quantile(samples, 10, 0.9)));
    CU_ASSERT_TRUE(isnan(statistics_quantile(NULL, 0, 0.5)));
}

static void test_median(void)
{
    double odd[] = { 9, 1, 5 }, even[] = { 9, 1, 5, 4 }, one[] = { 3 };
    CU_ASSERT_EQUAL(statistics_median(odd, 3), 5);
    CU_ASSERT_EQUAL(statistics_median(even, 4), 4.5);
    CU_ASSERT_EQUAL(statistics_median(one, 1), 3);
}

/* ---- pairs ---- */

static void test_signed_rank_as_r(void)
{
    FOR_EACH_CASE("signed_rank")
    {
        size_t count;
        g_autofree double *values = numbers_of(test_case, "values", &count);
        double wanted = json_number_value(json_object_get(test_case, "p_value"));
        assert_near(statistics_signed_rank(values, count), wanted, 1e-9 * wanted);
        assert_near(statistics_shift(values, count),
                    json_number_value(json_object_get(test_case, "shift")), 1e-9);
    }
}

static void test_signed_rank_with_ties(void)
{
    FOR_EACH_CASE("pratt")
    {
        size_t count;
        g_autofree double *values = numbers_of(test_case, "values", &count);
        double wanted = json_number_value(json_object_get(test_case, "p_value"));
        assert_near(statistics_signed_rank(values, count), wanted, 1e-9);
    }
    double zeros[] = { 0, 0, 0, 0, 0, 0 };
    CU_ASSERT_EQUAL(statistics_signed_rank(zeros, 6), 1);
    CU_ASSERT_TRUE(isnan(statistics_signed_rank(NULL, 0)));
}

/* Hollander and Wolfe, Nonparametric Statistical Methods, 1973, table 3.1: depression
 * scale factors of nine patients before and after; one-sided 0.020, shift 0.46. And
 * Darwin's maize (Fisher, The Design of Experiments, 1935, chapter III): 15 pairs, sum of
 * the negative ranks 24, of 2^15 tables 676 on one side. */
static void test_pairs_published(void)
{
    double depression[] = { 0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01 };
    assert_near(statistics_signed_rank(depression, 9) / 2, 0.020, 0.0005);
    assert_near(statistics_shift(depression, 9), 0.46, 1e-9);
    double maize[] = { 49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48 };
    assert_near(statistics_signed_rank(maize, 15), 2 * 676 / 32768.0, 1e-12);
}

/* Two resamplings of one sample differ by chance; the deviation of an end is a tenth of
 * the standard error. The plain percentile interval of ten would be wrong by four tenths.
 */
static void test_bootstrap_as_r(void)
{
    FOR_EACH_CASE("bootstrap")
    {
        size_t count;
        g_autofree double *values = numbers_of(test_case, "values", &count);
        double error = json_number_value(json_object_get(test_case, "standard_error"));
        assert_interval(statistics_shift_interval(values, count),
                        json_object_get(test_case, "interval"), 0.3 * error);
    }
}

static void test_many_pairs(void)
{
    FOR_EACH_CASE("many")
    {
        size_t count;
        g_autofree double *values = numbers_of(test_case, "values", &count);
        assert_near(statistics_shift(values, count),
                    json_number_value(json_object_get(test_case, "shift")), 1e-9);
        assert_interval(statistics_shift_interval(values, count),
                        json_object_get(test_case, "interval"), 1e-9);
    }
}

static void fill(double *values, size_t count, uint64_t seed)
{
    struct rng rng = rng_seed(seed);
    for (size_t i = 0; i < count; i++)
        values[i] = 100 * (rng_unit(&rng) + rng_unit(&rng) * rng_unit(&rng));
}

/* The two ways to an interval meet where one takes over from the other. */
static void test_methods_meet(void)
{
    double values[501];
    fill(values, 501, 3);
    struct statistics_interval few = statistics_shift_interval(values, 500);
    fill(values, 501, 3);
    struct statistics_interval many = statistics_shift_interval(values, 501);
    double length = few.high - few.low;
    assert_near(many.low, few.low, 0.1 * length);
    assert_near(many.high, few.high, 0.1 * length);
}

static void test_same_samples_same_interval(void)
{
    double values[40], reversed[40];
    fill(values, 40, 5);
    for (size_t i = 0; i < 40; i++)
        reversed[39 - i] = values[i];
    struct statistics_interval once = statistics_shift_interval(values, 40);
    struct statistics_interval again = statistics_shift_interval(reversed, 40);
    CU_ASSERT_EQUAL(once.low, again.low);
    CU_ASSERT_EQUAL(once.high, again.high);
}

static void test_equal_pairs_have_no_width(void)
{
    double values[20];
    for (size_t count = 6; count <= 20; count++) {
        for (size_t i = 0; i < count; i++)
            values[i] = 160;
        struct statistics_interval interval = statistics_shift_interval(values, count);
        CU_ASSERT_EQUAL(interval.low, 160);
        CU_ASSERT_EQUAL(interval.high, 160);
    }
}

static struct statistics_paired compare(const struct statistics_difference *differences,
                                        size_t count)
{
    struct statistics_paired paired;
    statistics_compare_pairs(differences, count, &paired);
    return paired;
}

static void test_few_pairs_have_no_interval(void)
{
    struct statistics_difference five[] = {
        { 1, 0 }, { 2, 0 }, { 0, 0 }, { 4, 0 }, { -5, 0 }
    };
    struct statistics_paired paired = compare(five, 5);
    CU_ASSERT_EQUAL(paired.median, 1);
    CU_ASSERT_EQUAL(paired.shift, 1);
    CU_ASSERT_EQUAL(paired.p_positive, 0.7); /* a tie is half */
    CU_ASSERT_TRUE(isnan(paired.interval.low) && isnan(paired.p_value));
    CU_ASSERT_TRUE(isnan(compare(NULL, 0).shift));
    CU_ASSERT_TRUE(isnan(compare(NULL, 0).p_positive));
}

static void test_censored_subtraction(void)
{
    const struct statistics_sample fast = { 100, false }, slow = { 12000, false },
                                   out = { 10000, true };
    struct statistics_difference d;
    CU_ASSERT_TRUE(statistics_subtract(slow, fast, &d));
    CU_ASSERT_TRUE(d.value == 11900 && d.bound == STATISTICS_EXACT);
    CU_ASSERT_TRUE(statistics_subtract(out, fast, &d));
    CU_ASSERT_TRUE(d.value == 9900 && d.bound == STATISTICS_AT_LEAST);
    CU_ASSERT_TRUE(statistics_subtract(fast, out, &d));
    CU_ASSERT_TRUE(d.value == -9900 && d.bound == STATISTICS_AT_MOST);
    CU_ASSERT_FALSE(statistics_subtract(out, out, &d));
    CU_ASSERT_FALSE(statistics_subtract(out, slow, &d));
    CU_ASSERT_FALSE(statistics_subtract(slow, out, &d));
}

/* What no call takes, as a file by somebody may have it: the bootstrap would be lost in
   sums of infinities. */
static void test_what_no_call_takes(void)
{
    const struct statistics_sample small = { 100, false }, huge = { 1e308, false },
                                   less = { -1e308, false }, never = { 1e308, true };
    struct statistics_difference d;
    CU_ASSERT_FALSE(statistics_subtract(huge, less, &d));
    CU_ASSERT_FALSE(statistics_subtract(less, huge, &d));
    CU_ASSERT_FALSE(statistics_subtract(huge, small, &d));
    CU_ASSERT_FALSE(statistics_subtract(never, small, &d));
    CU_ASSERT_FALSE(statistics_subtract(huge, huge, &d) && d.value != 0);
}

/* One time-out among ten: the middle does not depend on how long it would have taken. */
static void test_one_censored_pair(void)
{
    struct statistics_difference pairs[10];
    for (int i = 0; i < 10; i++)
        pairs[i] = (struct statistics_difference){ 150 + i, STATISTICS_EXACT };
    pairs[3] = (struct statistics_difference){ 29000, STATISTICS_AT_LEAST };
    struct statistics_paired paired = compare(pairs, 10);
    CU_ASSERT_EQUAL(paired.n_censored, 1);
    CU_ASSERT_EQUAL(paired.median, 155.5);
    CU_ASSERT_EQUAL(paired.p_positive, 1);
    assert_near(paired.p_value, 2 / 1024.0, 1e-12);
    CU_ASSERT_TRUE(paired.interval.low > 149 && paired.interval.low < paired.shift);
    CU_ASSERT_TRUE(paired.shift > 154 && paired.shift < 158);
}

/* Full gathering always timed out: only how much is saved at least is known. */
static void test_all_pairs_censored(void)
{
    struct statistics_difference pairs[8];
    for (int i = 0; i < 8; i++)
        pairs[i] = (struct statistics_difference){ 9900 + i, STATISTICS_AT_LEAST };
    struct statistics_paired paired = compare(pairs, 8);
    CU_ASSERT_TRUE(isnan(paired.shift) && isnan(paired.median));
    CU_ASSERT_TRUE(paired.interval.low >= 9900 && paired.interval.low < 9908);
    CU_ASSERT_EQUAL(paired.interval.high, INFINITY);
    CU_ASSERT_EQUAL(paired.p_positive, 1);
    assert_near(paired.p_value, 2 / 256.0, 1e-12);
    for (int i = 0; i < 8; i++)
        pairs[i] = (struct statistics_difference){ -9900 - i, STATISTICS_AT_MOST };
    paired = compare(pairs, 8);
    CU_ASSERT_EQUAL(paired.interval.low, -INFINITY);
    CU_ASSERT_TRUE(paired.interval.high <= -9900);
    CU_ASSERT_EQUAL(paired.p_positive, 0);
}

/* Half of the pairs timed out on one side, half on the other: nothing is known. */
static void test_censored_both_ways(void)
{
    struct statistics_difference pairs[8];
    for (int i = 0; i < 8; i++)
        pairs[i] = i % 2 ? (struct statistics_difference){ 9900, STATISTICS_AT_LEAST }
                         : (struct statistics_difference){ -9900, STATISTICS_AT_MOST };
    struct statistics_paired paired = compare(pairs, 8);
    CU_ASSERT_TRUE(isnan(paired.shift));
    CU_ASSERT_EQUAL(paired.interval.low, -INFINITY);
    CU_ASSERT_EQUAL(paired.interval.high, INFINITY);
    CU_ASSERT_EQUAL(paired.p_positive, 0.5);
    CU_ASSERT_EQUAL(paired.p_value, 1);
}

/* The more is known of a pair, the more it counts for its side: nothing is overstated. */
static void test_bounds_are_careful(void)
{
    struct statistics_difference pairs[12];
    for (int i = 0; i < 12; i++)
        pairs[i] = (struct statistics_difference){ i % 4 ? 10 * i : -11 * i - 1,
                                                   STATISTICS_EXACT };
    pairs[1] = (struct statistics_difference){ 5, STATISTICS_AT_LEAST };
    double first = compare(pairs, 12).p_value, p_value = first;
    for (int i = 0; i < 20; i++) {
        pairs[1].value += 10;
        double next = compare(pairs, 12).p_value;
        CU_ASSERT_TRUE(next <= p_value);
        p_value = next;
    }
    CU_ASSERT_TRUE(p_value < first);
}

static void test_ten_thousand_pairs(void)
{
    enum { N = 10000 };
    g_autofree struct statistics_difference *pairs =
        g_new(struct statistics_difference, N);
    g_autofree double *values = g_new(double, N);
    fill(values, N, 9);
    for (size_t i = 0; i < N; i++)
        pairs[i] =
            (struct statistics_difference){ values[i], i % 10 ? STATISTICS_EXACT
                                                              : STATISTICS_AT_LEAST };
    gint64 start_us = g_get_monotonic_time();
    struct statistics_paired paired = compare(pairs, N);
    CU_ASSERT_TRUE(g_get_monotonic_time() - start_us < 5 * G_USEC_PER_SEC);
    CU_ASSERT_TRUE(paired.interval.low < paired.interval.high);
    CU_ASSERT_TRUE(paired.interval.high - paired.interval.low < 50);
    CU_ASSERT_TRUE(paired.p_value >= 0 && paired.p_value < 1e-9);
}

static void test_holm_as_r(void)
{
    FOR_EACH_CASE("holm")
    {
        size_t count, n_adjusted;
        g_autofree double *p = numbers_of(test_case, "p", &count);
        g_autofree double *wanted = numbers_of(test_case, "adjusted", &n_adjusted);
        statistics_correct_holm(p, count);
        for (size_t i = 0; i < count; i++)
            assert_near(p[i], wanted[i], 1e-12);
    }
}

static void test_holm_leaves_out_what_was_not_tested(void)
{
    double p[] = { NAN, 0.02, NAN, 0.03, NAN };
    statistics_correct_holm(p, 5);
    CU_ASSERT_TRUE(isnan(p[0]) && isnan(p[2]) && isnan(p[4]));
    CU_ASSERT_EQUAL(p[1], 0.04);
    CU_ASSERT_EQUAL(p[3], 0.04);
    statistics_correct_holm(NULL, 0);
}

static const struct test tests[] = {
    { "rates have Newcombe's published intervals", test_rates_published },
    { "rates have R's intervals", test_rates_as_r },
    { "differences of rates have Newcombe's published intervals",
      test_differences_published },
    { "differences of rates follow from Wilson's equation",
      test_differences_by_definition },
    { "a rate is not inferior, inferior, or undecided", test_inferiority },
    { "quantiles of censored samples are R's", test_quantiles_as_r },
    { "a time-out counts, and hides what lies beyond it", test_time_outs_count },
    { "the median of an even count is the mean of the middle two", test_median },
    { "signed ranks and shifts are R's", test_signed_rank_as_r },
    { "ties and zeros: all signs tried, or SciPy", test_signed_rank_with_ties },
    { "pairs have the published ranks and shift", test_pairs_published },
    { "the bootstrap agrees with R's", test_bootstrap_as_r },
    { "many pairs have the interval of all Walsh averages", test_many_pairs },
    { "few and many pairs have intervals that meet", test_methods_meet },
    { "the order of samples changes nothing", test_same_samples_same_interval },
    { "equal pairs have an interval without width", test_equal_pairs_have_no_width },
    { "five pairs have no interval and no p-value", test_few_pairs_have_no_interval },
    { "a censored side leaves a bound, or nothing", test_censored_subtraction },
    { "what no call takes is no sample", test_what_no_call_takes },
    { "one time-out among ten leaves the middle known", test_one_censored_pair },
    { "time-outs alone leave a lower end", test_all_pairs_censored },
    { "time-outs on both sides leave nothing", test_censored_both_ways },
    { "a bound never weighs more than what it bounds", test_bounds_are_careful },
    { "10,000 pairs take no seconds", test_ten_thousand_pairs },
    { "Holm's correction is R's", test_holm_as_r },
    { "Holm's correction leaves out what was not tested",
      test_holm_leaves_out_what_was_not_tested },
};

int main(int argc, char **argv)
{
    return suite_run("statistics", tests, G_N_ELEMENTS(tests), argc, argv);
}
