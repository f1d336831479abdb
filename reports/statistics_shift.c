/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs that share a seed: how far apart their sides are, with what is not known of
 * censored ones kept open.
 *
 * Median and shift never fall when a value rises. So the least that they can be comes
 * from the values at their least, and the most from those at their most: censored ones
 * at their bounds in one of the two, and beyond anything in the other. Where both agree
 * the censored ones do not matter. Each end of the interval comes from the values that
 * make it the widest.
 */
#include "reports/statistics.h"

#include <math.h>

#include <glib.h>

#include "reports/statistics_walsh.h"

/* Up to so many pairs are resampled: the time grows with their square. */
enum { MOST_RESAMPLED = 500 };

/* In milliseconds 30 years, and still exact to a microsecond's hundred times. */
static const double BEYOND = 1e12;

double statistics_shift(double *values, size_t count)
{
    statistics_sort(values, count);
    return walsh_median(values, count);
}

struct statistics_interval statistics_shift_interval(double *values, size_t count)
{
    if (count < STATISTICS_LEAST_PAIRS)
        return (struct statistics_interval){ NAN, NAN };
    statistics_sort(values, count);
    return count <= MOST_RESAMPLED ? bootstrap_walsh_median(values, count)
                                   : walsh_interval(values, count);
}

bool statistics_subtract(struct statistics_sample minuend,
                         struct statistics_sample subtrahend,
                         struct statistics_difference *ret)
{
    double value = minuend.value - subtrahend.value;
    if (!(fabs(value) < BEYOND) ||
        (minuend.is_censored && (subtrahend.is_censored || value < 0)) ||
        (subtrahend.is_censored && value > 0))
        return false;
    enum statistics_bound bound = minuend.is_censored      ? STATISTICS_AT_LEAST
                                  : subtrahend.is_censored ? STATISTICS_AT_MOST
                                                           : STATISTICS_EXACT;
    *ret = (struct statistics_difference){ value, bound };
    return true;
}

/* The values where those with one kind of bound lie beyond anything. Caller owns. */
static double *values_beyond(const struct statistics_difference *differences,
                             size_t count, enum statistics_bound bound, double beyond)
{
    double *values = g_new(double, count);
    for (size_t i = 0; i < count; i++)
        values[i] = differences[i].bound == bound ? beyond : differences[i].value;
    return values;
}

static double if_same(double least, double most)
{
    return least == most ? least : NAN;
}

static double share_positive(const struct statistics_difference *differences,
                             size_t count)
{
    double positive = 0;
    for (size_t i = 0; i < count; i++) {
        const struct statistics_difference *d = &differences[i];
        if (d->bound == STATISTICS_AT_LEAST ||
            (d->bound == STATISTICS_EXACT && d->value > 0))
            positive += 1;
        else if (d->bound == STATISTICS_EXACT && d->value == 0)
            positive += 0.5;
    }
    return positive / (double)count;
}

void statistics_compare_pairs(const struct statistics_difference *differences,
                              size_t count, struct statistics_paired *ret)
{
    *ret = (struct statistics_paired){ count, 0, NAN, NAN, { NAN, NAN }, NAN, NAN };
    if (count == 0)
        return;
    double farthest = 0; /* of what is known */
    for (size_t i = 0; i < count; i++) {
        ret->n_censored += differences[i].bound != STATISTICS_EXACT;
        farthest = fmax(farthest, fabs(differences[i].value));
    }
    g_autofree double *bounds = g_new(double, count);
    for (size_t i = 0; i < count; i++)
        bounds[i] = differences[i].value;
    g_autofree double *least =
        values_beyond(differences, count, STATISTICS_AT_MOST, -BEYOND);
    g_autofree double *most =
        values_beyond(differences, count, STATISTICS_AT_LEAST, BEYOND);
    ret->median =
        if_same(statistics_median(least, count), statistics_median(most, count));
    ret->shift = if_same(statistics_shift(least, count), statistics_shift(most, count));
    ret->p_positive = share_positive(differences, count);
    if (count < STATISTICS_LEAST_PAIRS)
        return;
    ret->p_value = statistics_signed_rank(bounds, count);
    ret->interval = statistics_shift_interval(most, count);
    if (ret->n_censored > 0)
        ret->interval.low = statistics_shift_interval(least, count).low;
    if (ret->interval.low < -farthest)
        ret->interval.low = -INFINITY;
    if (ret->interval.high > farthest)
        ret->interval.high = INFINITY;
}
