/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rank-sum distribution is counted: of all ways to choose n_first of the ranks, how
 * many have which sum. Ranks are taken twice, so that shared ones are whole numbers. The
 * counts are doubles; with 60 values the greatest is 1e17, and of them only shares are
 * wanted.
 *
 * The median of all differences is selected as that of Walsh averages is, without making
 * them: 10,000 calls against 10,000 have 100 million.
 */
#include "reports/statistics_unpaired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "reports/statistics_walsh.h"

struct ranked {
    double value;
    bool is_first;
    unsigned twice_rank;
};

static int by_value(const void *a, const void *b)
{
    double left = ((const struct ranked *)a)->value;
    double right = ((const struct ranked *)b)->value;
    return (left > right) - (left < right);
}

/* Orders the values and gives them their ranks. Returns the sum over ties of t^3 - t. */
static double rank(struct ranked *all, size_t count)
{
    qsort(all, count, sizeof *all, by_value);
    double ties = 0;
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && by_value(&all[from], &all[to]) == 0;)
            to++;
        for (size_t i = from; i < to; i++)
            all[i].twice_rank = (unsigned)(from + 1 + to); /* first + last, from 1 */
        double t = (double)(to - from);
        ties += t * t * t - t;
    }
    return ties;
}

/* The share of the ways to choose `chosen` of the ranks whose sum is as far from the mean
   as `twice_sum`, or farther. */
static double count_sums(const struct ranked *all, size_t count, size_t chosen,
                         unsigned twice_sum)
{
    size_t n_sums = count * (count + 1) + 1;
    /* ways[k * n_sums + s]: to choose k ranks with twice their sum s */
    g_autofree double *ways = g_new0(double, (chosen + 1) * n_sums);
    ways[0] = 1;
    for (size_t i = 0; i < count; i++) {
        unsigned add = all[i].twice_rank;
        for (size_t k = MIN(chosen, i + 1); k > 0; k--)
            for (size_t s = n_sums; s-- > add;)
                ways[k * n_sums + s] += ways[(k - 1) * n_sums + s - add];
    }
    double mean = (double)chosen * (double)(count + 1);
    double distance = fabs(twice_sum - mean), far = 0, total = 0;
    for (size_t s = 0; s < n_sums; s++) {
        double n = ways[chosen * n_sums + s];
        total += n;
        if (fabs((double)s - mean) >= distance)
            far += n;
    }
    return MIN(1, far / total);
}

static double approximate(double sum, double ties, double n_first, double n_second)
{
    double n = n_first + n_second;
    double variance = n_first * n_second / 12 * (n + 1 - ties / (n * (n - 1)));
    double distance = fabs(sum - n_first * (n + 1) / 2);
    if (variance <= 0)
        return 1; /* all values are equal */
    double z = MAX(0, distance - 0.5) / sqrt(variance);
    return MIN(1, erfc(z / sqrt(2)));
}

double statistics_rank_sum(const double *first, size_t n_first, const double *second,
                           size_t n_second)
{
    if (n_first == 0 || n_second == 0)
        return NAN;
    size_t count = n_first + n_second;
    g_autofree struct ranked *all = g_new0(struct ranked, count);
    for (size_t i = 0; i < count; i++) {
        all[i].is_first = i < n_first;
        all[i].value = i < n_first ? first[i] : second[i - n_first];
    }
    double ties = rank(all, count);
    unsigned twice_sum = 0;
    for (size_t i = 0; i < count; i++)
        twice_sum += all[i].is_first ? all[i].twice_rank : 0;
    if (count <= STATISTICS_EXACT_RANKS)
        return count_sums(all, count, n_first, twice_sum);
    return approximate(twice_sum / 2.0, ties, (double)n_first, (double)n_second);
}

static double *values_of(const struct statistics_sample *samples, size_t count)
{
    double *values = g_new(double, count + 1);
    for (size_t i = 0; i < count; i++)
        values[i] = samples[i].is_censored ? INFINITY : samples[i].value;
    return values;
}

/* A sample in its order: what is known, and how many are only known to be longer. */
struct ordered {
    const double *values;
    size_t n_known, n_censored;
};

static struct ordered put_in_order(double *values, size_t count)
{
    struct ordered ordered = { .values = values };
    statistics_sort(values, count); /* infinities come last */
    while (ordered.n_known < count && isfinite(values[ordered.n_known]))
        ordered.n_known++;
    ordered.n_censored = count - ordered.n_known;
    return ordered;
}

/* The k-th of all differences in their order, `k` from 1. With a censored one of each
   side their difference is not known, and stands at `unknown`; with one of them it is
   beyond all others. */
static double select_difference(const struct ordered *before, const struct ordered *after,
                                double unknown, uint64_t k)
{
    uint64_t both = (uint64_t)before->n_censored * after->n_censored;
    uint64_t n_below = (uint64_t)before->n_censored * after->n_known;
    uint64_t n_known = (uint64_t)before->n_known * after->n_known;
    n_below += unknown < 0 ? both : 0;
    if (k <= n_below)
        return -INFINITY;
    if (k > n_below + n_known)
        return INFINITY;
    return walsh_select_difference(before->values, before->n_known, after->values,
                                   after->n_known, k - n_below);
}

/* The median of all differences. Those that are not known stand below all, then above
   all, and what that moves is not known. Puts both into order. */
static double shift_of(double *first, size_t n_first, double *second, size_t n_second)
{
    struct ordered before = put_in_order(first, n_first);
    struct ordered after = put_in_order(second, n_second);
    uint64_t count = (uint64_t)n_first * n_second;
    double medians[2];
    for (size_t side = 0; side < 2; side++) {
        double unknown = side ? INFINITY : -INFINITY;
        double low = select_difference(&before, &after, unknown, (count + 1) / 2);
        double high =
            count % 2 ? low : select_difference(&before, &after, unknown, count / 2 + 1);
        medians[side] = low == high ? low : (low + high) / 2;
    }
    bool is_known = isfinite(medians[0]) && isfinite(medians[1]) &&
                    !(medians[0] < medians[1]) && !(medians[0] > medians[1]);
    return is_known ? medians[0] : NAN;
}

void statistics_compare_samples(const struct statistics_sample *before, size_t n_before,
                                const struct statistics_sample *after, size_t n_after,
                                struct statistics_unpaired *ret)
{
    *ret = (struct statistics_unpaired){ .shift = NAN, .p_value = NAN };
    if (n_before == 0 || n_after == 0)
        return;
    g_autofree double *first = values_of(before, n_before);
    g_autofree double *second = values_of(after, n_after);
    ret->shift = shift_of(first, n_before, second, n_after);
    ret->p_value = statistics_rank_sum(first, n_before, second, n_after);
}

/* ln of n over k */
static double log_choose(unsigned n, unsigned k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

double statistics_fisher_loss(unsigned before, unsigned n_before, unsigned after,
                              unsigned n_after)
{
    if (n_before == 0 || n_after == 0)
        return 1;
    unsigned successes = before + after;
    double total = log_choose(n_before + n_after, successes), p = 0;
    for (unsigned x = 0; x <= after; x++)
        if (successes - x <= n_before)
            p +=
                exp(log_choose(n_after, x) + log_choose(n_before, successes - x) - total);
    return MIN(1, p);
}

enum { MOST_REPEATS = 1000 };

unsigned statistics_least_pairs_for(double p)
{
    unsigned n = STATISTICS_LEAST_PAIRS;
    while (n < MOST_REPEATS && ldexp(1, 1 - (int)n) > p)
        n++;
    return n;
}

unsigned statistics_least_samples_for(double p)
{
    unsigned n = 2;
    while (n < MOST_REPEATS && 2 * exp(-log_choose(2 * n, n)) > p)
        n++;
    return n;
}
