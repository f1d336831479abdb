/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Walsh averages (v[i]+v[j])/2, i <= j, of values that are finite and ascending;
 * used by statistics_*.c only.
 */
#ifndef RTCLAB_REPORTS_STATISTICS_WALSH_H
#define RTCLAB_REPORTS_STATISTICS_WALSH_H

#include <stdint.h>

#include "reports/statistics.h"

/** How many there are. */
static inline uint64_t walsh_count(size_t count)
{
    return (uint64_t)count * (count + 1) / 2;
}

/** The k-th of them in their order, `k` from 1. */
double walsh_select(const double *values, size_t count, uint64_t k);

/** The median of the Walsh averages. */
double walsh_median(const double *values, size_t count);

/** The k-th of all differences of two, a later minus an earlier one, `k` from 1; both
 *  lists are finite, in their order, and not empty. */
double walsh_select_difference(const double *earlier, size_t n_earlier,
                               const double *later, size_t n_later, uint64_t k);

/** The interval of their median for many values; see statistics_compare_pairs(). */
struct statistics_interval walsh_interval(const double *values, size_t count);

/** The same by resampling, in memory and time that grow with the square of `count`. */
struct statistics_interval bootstrap_walsh_median(const double *values, size_t count);

#endif
