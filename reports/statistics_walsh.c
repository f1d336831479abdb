/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walsh averages, without making them: of n values there are n(n+1)/2. How many sums of
 * two of them do not exceed a limit is counted with two pointers in n steps, and the k-th
 * sum is found by halving the range of doubles, whose bit patterns are in the order of
 * their values. That is at most 64 counts, and exact.
 *
 * The interval is that of a U-statistic. The share of the averages up to the shift is a
 * mean over pairs; its variance is, for many values, 4/n times that of the share which a
 * single value has in it (Sen, Calcutta Stat. Assoc. Bull. 10, 1960), which is counted.
 * So much up and down from one half are the ranks of the ends. If the values are
 * symmetric the variance is 1/3n, and the interval that of the signed-rank test.
 */
#include "reports/statistics_walsh.h"

#include <math.h>
#include <string.h>

#include <glib.h>

/* Doubles in the order of their values. */
static uint64_t order_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double value_of(uint64_t order)
{
    uint64_t bits = order >> 63 ? order ^ UINT64_C(1) << 63 : ~order;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* How many sums of two, a value with itself included, are `limit` at most. */
static uint64_t count_sums(const double *values, size_t count, double limit)
{
    uint64_t sums = 0;
    size_t end = count; /* values[i] + values[end - 1] is within the limit, or end is 0 */
    for (size_t i = 0; i < count; i++) {
        while (end > 0 && values[i] + values[end - 1] > limit)
            end--;
        if (end <= i)
            break;
        sums += end - i;
    }
    return sums;
}

double walsh_select(const double *values, size_t count, uint64_t k)
{
    uint64_t low = order_of(2 * values[0]), high = order_of(2 * values[count - 1]);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (count_sums(values, count, value_of(middle)) >= k)
            high = middle;
        else
            low = middle + 1;
    }
    return value_of(low) / 2 + 0.0; /* no -0 */
}

/* How many differences are `limit` at most. */
static uint64_t count_differences(const double *earlier, size_t n_earlier,
                                  const double *later, size_t n_later, double limit)
{
    uint64_t differences = 0;
    size_t end = 0; /* later[end - 1] - earlier[i] is within the limit, or end is 0 */
    for (size_t i = 0; i < n_earlier; i++) {
        while (end < n_later && later[end] - earlier[i] <= limit)
            end++;
        differences += end;
    }
    return differences;
}

double walsh_select_difference(const double *earlier, size_t n_earlier,
                               const double *later, size_t n_later, uint64_t k)
{
    uint64_t low = order_of(later[0] - earlier[n_earlier - 1]);
    uint64_t high = order_of(later[n_later - 1] - earlier[0]);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (count_differences(earlier, n_earlier, later, n_later, value_of(middle)) >= k)
            high = middle;
        else
            low = middle + 1;
    }
    return value_of(low) + 0.0; /* no -0 */
}

double walsh_median(const double *values, size_t count)
{
    uint64_t n = walsh_count(count);
    double lower = walsh_select(values, count, (n + 1) / 2);
    return n % 2 ? lower : (lower + walsh_select(values, count, n / 2 + 1)) / 2;
}

/* The standard deviation of how great a share of the values, each in turn, makes an
 * average below `middle` with; one that it makes equal counts half. */
static double deviation_of_shares(const double *values, size_t count, double middle)
{
    size_t below = count, up_to = count;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        while (below > 0 && values[i] + values[below - 1] >= 2 * middle)
            below--;
        while (up_to > 0 && values[i] + values[up_to - 1] > 2 * middle)
            up_to--;
        double share = (double)(below + up_to) / 2 / (double)count;
        sum += share;
        squares += share * share;
    }
    double mean = sum / (double)count;
    return sqrt(fmax(0, squares / (double)count - mean * mean));
}

struct statistics_interval walsh_interval(const double *values, size_t count)
{
    static const double z = 1.959963984540054;
    uint64_t n = walsh_count(count);
    double middle = walsh_median(values, count);
    double half =
        2 * z * deviation_of_shares(values, count, middle) / sqrt((double)count);
    double low = floor((0.5 - half) * (double)n), high = ceil((0.5 + half) * (double)n);
    return (struct statistics_interval){
        .low = walsh_select(values, count, low > 1 ? (uint64_t)low : 1),
        .high = walsh_select(values, count, high < (double)n ? (uint64_t)high : n),
    };
}
