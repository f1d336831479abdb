/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wilcoxon's signed-rank test and Holm's correction.
 *
 * If there is no difference, each rank has either sign with the same chance. So the exact
 * distribution of the sum of the positive ranks is that of a sum of coins, each worth its
 * rank or nothing, and it is built up a coin at a time. Ranks are counted in halves: then
 * the mean rank of a tie is a whole number, and a table with ties is as easy as one
 * without. The variance of that sum is the sum of a quarter of each squared rank, which
 * has the correction for ties and for zeros in it.
 */
#include "reports/statistics.h"

#include <math.h>
#include <stdlib.h>

#include <glib.h>

/* Up to so many pairs the distribution is exact. */
enum { MOST_EXACT = 50 };

static int by_magnitude(const void *a, const void *b)
{
    double left = fabs(*(const double *)a), right = fabs(*(const double *)b);
    return (left > right) - (left < right);
}

struct ranks {
    double *halves; /* twice the rank of each value that is not 0 */
    size_t count;
    double positive, total; /* sums of halves */
};

/* `values` are ordered by magnitude. */
static struct ranks make_ranks(const double *values, size_t count)
{
    struct ranks ranks = { .halves = g_new(double, count) };
    for (size_t from = 0, to; from < count; from = to) {
        to = from + 1;
        while (to < count && fabs(values[to]) == fabs(values[from]))
            to++;
        /* Twice the mean of the ranks from + 1 to `to`. */
        double halves = (double)(from + 1 + to);
        for (size_t i = from; i < to; i++) {
            if (values[i] == 0)
                continue;
            ranks.halves[ranks.count++] = halves;
            ranks.total += halves;
            if (values[i] > 0)
                ranks.positive += halves;
        }
    }
    return ranks;
}

static double exact_p_value(const struct ranks *ranks)
{
    size_t total = (size_t)ranks->total, seen = (size_t)ranks->positive;
    g_autofree double *chances = g_new0(double, total + 1);
    chances[0] = 1;
    for (size_t r = 0; r < ranks->count; r++) {
        size_t worth = (size_t)ranks->halves[r];
        for (size_t sum = total + 1; sum-- > 0;)
            chances[sum] = (chances[sum] + (sum >= worth ? chances[sum - worth] : 0)) / 2;
    }
    double below = 0, above = 0;
    for (size_t sum = 0; sum <= total; sum++) {
        below += sum <= seen ? chances[sum] : 0;
        above += sum >= seen ? chances[sum] : 0;
    }
    return fmin(1, 2 * fmin(below, above));
}

static double normal_p_value(const struct ranks *ranks)
{
    double variance = 0;
    for (size_t r = 0; r < ranks->count; r++)
        variance += ranks->halves[r] * ranks->halves[r] / 4;
    /* Half a rank for continuity, which is one of the halves. */
    double distance = fmax(0, fabs(ranks->positive - ranks->total / 2) - 1);
    return erfc(distance / sqrt(variance) / sqrt(2));
}

double statistics_signed_rank(const double *values, size_t count)
{
    if (count == 0)
        return NAN;
    g_autofree double *ordered = g_memdup2(values, count * sizeof *values);
    qsort(ordered, count, sizeof *ordered, by_magnitude);
    struct ranks ranks = make_ranks(ordered, count);
    double p_value = 1;
    if (ranks.count > 0)
        p_value = count <= MOST_EXACT ? exact_p_value(&ranks) : normal_p_value(&ranks);
    g_free(ranks.halves);
    return p_value;
}

static int by_pointed_value(const void *a, const void *b)
{
    double left = **(double *const *)a, right = **(double *const *)b;
    return (left > right) - (left < right);
}

void statistics_correct_holm(double *p_values, size_t count)
{
    g_autofree double **ordered = g_new(double *, count + 1);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(p_values[i]))
            ordered[n++] = &p_values[i];
    qsort(ordered, n, sizeof *ordered, by_pointed_value);
    double least = 0;
    for (size_t i = 0; i < n; i++) {
        least = fmax(least, fmin(1, (double)(n - i) * *ordered[i]));
        *ordered[i] = least;
    }
}
