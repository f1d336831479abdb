/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantiles. The product-limit estimate goes through the samples in order: at each value
 * that was seen, of those that had lasted until then some end there, and the share that
 * lasts longer shrinks by the factor that remains. A censored sample only leaves those
 * that are still counted. Where all are censored at one time-out, which is later than
 * any set-up, this is nothing but the ordinary quantile with the time-outs as infinities;
 * calls with unlike time-outs, as in merged runs, are what it is for.
 */
#include "reports/statistics.h"

#include <math.h>
#include <stdlib.h>

/* A share is reached to the point if it is so but for rounding. */
static const double SHARE_TOLERANCE = 1e-9;

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

void statistics_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
}

double statistics_median(double *values, size_t count)
{
    statistics_sort(values, count);
    size_t middle = count / 2;
    return count % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/* By value, those that were seen before those that lasted longer. */
static int by_sample(const void *a, const void *b)
{
    const struct statistics_sample *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    return left->is_censored - right->is_censored;
}

/* The next value that was seen; NAN if there is none. */
static double next_seen(const struct statistics_sample *samples, size_t count, size_t at)
{
    while (at < count && samples[at].is_censored)
        at++;
    return at < count ? samples[at].value : NAN;
}

double statistics_quantile(struct statistics_sample *samples, size_t count, double q)
{
    if (count == 0)
        return NAN;
    qsort(samples, count, sizeof *samples, by_sample);
    double lasting = 1;
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        if (samples[i].is_censored)
            continue;
        while (end < count && !samples[end].is_censored &&
               samples[end].value == samples[i].value)
            end++;
        lasting *= (double)(count - end) / (double)(count - i);
        if (fabs(lasting - (1 - q)) < SHARE_TOLERANCE)
            return (samples[i].value + next_seen(samples, count, end)) / 2;
        if (lasting < 1 - q)
            return samples[i].value;
    }
    return NAN;
}
