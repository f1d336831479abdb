/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bootstrap of the Hodges-Lehmann shift. The sums of two values are made once and
 * sorted. A resample is how often each value was drawn, its weight; a sum weighs the
 * product of what its two weigh. What the lower half of the list weighs is a sum over the
 * values, so the walk to where half of the weight lies begins in the middle and is short.
 *
 * The interval is the expanded percentile one (Hesterberg, Am. Stat. 69, 2015). The plain
 * percentile interval of few values is too short, by the factor sqrt((n-1)/n) and by the
 * normal quantile where Student's belongs; here the share that is cut off at each end is
 * what gives back both. tests/bench/bench_coverage.c counts how much of 95 % it keeps.
 */
#include "reports/statistics_walsh.h"

#include <math.h>
#include <stdlib.h>

#include <glib.h>

#include "base/rng.h"

/* One less than a round number, so that the quantiles are order statistics. */
enum { N_RESAMPLES = 1999 };

struct sum {
    double value;
    uint32_t left, right; /* of the values, left <= right */
};

struct bootstrap {
    const double *values;
    size_t count, n_sums, half;
    struct sum *sums;  /* ascending; of equal ones the lower left, right first */
    uint32_t *in_half; /* of each value as the left: how many sums are in the half */
    uint64_t *weights; /* of each value in the resample */
    uint64_t *weights_before; /* of all values before each, and one more: of all */
};

static int by_sum(const void *a, const void *b)
{
    const struct sum *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    if (left->left != right->left)
        return left->left < right->left ? -1 : 1;
    return (left->right > right->right) - (left->right < right->right);
}

static void bootstrap_init(struct bootstrap *b, const double *values, size_t count)
{
    *b = (struct bootstrap){ .values = values,
                             .count = count,
                             .n_sums = (size_t)walsh_count(count) };
    b->half = b->n_sums / 2;
    b->sums = g_new(struct sum, b->n_sums);
    b->in_half = g_new0(uint32_t, count);
    b->weights = g_new(uint64_t, count);
    b->weights_before = g_new(uint64_t, count + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i; j < count; j++)
            b->sums[n++] = (struct sum){ values[i] + values[j], i, j };
    qsort(b->sums, n, sizeof *b->sums, by_sum);
    /* With one left, sums ascend with the right: those in the half are the first. */
    for (size_t i = 0; i < b->half; i++)
        b->in_half[b->sums[i].left]++;
}

static void bootstrap_clear(struct bootstrap *b)
{
    g_free(b->sums);
    g_free(b->in_half);
    g_free(b->weights);
    g_free(b->weights_before);
}

/* A place below `count`, by a product in place of rng_below()'s two divisions, which
 * would be most of the time. Some places come too often by one part in 2^32 / count. */
static size_t draw_place(struct rng *rng, size_t count)
{
    return (size_t)((rng_next(rng) >> 32) * count >> 32);
}

static void draw(struct bootstrap *b, struct rng *rng)
{
    for (size_t i = 0; i < b->count; i++)
        b->weights[i] = 0;
    for (size_t i = 0; i < b->count; i++)
        b->weights[draw_place(rng, b->count)]++;
    b->weights_before[0] = 0;
    for (size_t i = 0; i < b->count; i++)
        b->weights_before[i + 1] = b->weights_before[i] + b->weights[i];
}

/* Of w drawings of one value there are w(w+1)/2 pairs, each with itself included. */
static uint64_t weight_of(const struct bootstrap *b, const struct sum *sum)
{
    uint64_t left = b->weights[sum->left];
    return sum->left == sum->right ? left * (left + 1) / 2
                                   : left * b->weights[sum->right];
}

static uint64_t weight_of_half(const struct bootstrap *b)
{
    uint64_t weight = 0;
    for (size_t i = 0; i < b->count; i++) {
        uint64_t w = b->weights[i];
        if (b->in_half[i] > 0)
            weight += w * (w + 1) / 2 + w * (b->weights_before[i + b->in_half[i]] -
                                             b->weights_before[i + 1]);
    }
    return weight;
}

/* The median of the resample's Walsh averages. */
static double resampled_median(const struct bootstrap *b)
{
    uint64_t n = b->n_sums, k = (n + 1) / 2; /* all weights together are n as well */
    size_t at = b->half;
    uint64_t before = weight_of_half(b); /* of the sums before `at` */
    while (before >= k)
        before -= weight_of(b, &b->sums[--at]);
    while (before + weight_of(b, &b->sums[at]) < k)
        before += weight_of(b, &b->sums[at++]);
    double lower = b->sums[at].value;
    if (n % 2 == 1 || before + weight_of(b, &b->sums[at]) > k)
        return lower / 2;
    do
        at++;
    while (weight_of(b, &b->sums[at]) == 0);
    return (lower + b->sums[at].value) / 4;
}

/* The chance that Student's t with `freedom` degrees is within +-t: the finite sums of
 * Abramowitz and Stegun, 26.7.3 and 26.7.4. */
static double student_within(double t, unsigned freedom)
{
    double angle = atan(t / sqrt(freedom)), cosine = cos(angle);
    bool is_odd = freedom % 2 == 1;
    double term = is_odd ? cosine : 1, sum = freedom > 1 ? term : 0;
    for (unsigned i = is_odd ? 3 : 2; i < freedom; i += 2) {
        term *= (double)(i - 1) / i * cosine * cosine;
        sum += term;
    }
    return is_odd ? M_2_PI * (angle + sin(angle) * sum) : sin(angle) * sum;
}

static double student_quantile(unsigned freedom)
{
    double low = 0, high = 1000;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (student_within(middle, freedom) < STATISTICS_CONFIDENCE)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* What share of the resamples lies beyond each end. */
static double share_beyond(size_t count)
{
    double n = (double)count;
    double t = student_quantile((unsigned)count - 1);
    return erfc(sqrt(n / (n - 1)) * t / sqrt(2)) / 2;
}

/* The value at a place from 1 to N_RESAMPLES, in proportion between two of them. */
static double value_at(const double *medians, double place)
{
    place = fmin(fmax(place, 1), N_RESAMPLES);
    size_t below = (size_t)place;
    double rest = place - (double)below;
    if (rest == 0 || medians[below - 1] == medians[below])
        return medians[below - 1];
    return medians[below - 1] + rest * (medians[below] - medians[below - 1]);
}

struct statistics_interval bootstrap_walsh_median(const double *values, size_t count)
{
    struct rng seed = rng_seed(0);
    struct rng rng = rng_fork(&seed, "bootstrap");
    struct bootstrap b;
    bootstrap_init(&b, values, count);
    g_autofree double *medians = g_new(double, N_RESAMPLES);
    for (int i = 0; i < N_RESAMPLES; i++) {
        draw(&b, &rng);
        medians[i] = resampled_median(&b);
    }
    bootstrap_clear(&b);
    statistics_sort(medians, N_RESAMPLES);
    double place = (N_RESAMPLES + 1) * share_beyond(count);
    return (struct statistics_interval){
        .low = value_at(medians, place),
        .high = value_at(medians, N_RESAMPLES + 1 - place),
    };
}
