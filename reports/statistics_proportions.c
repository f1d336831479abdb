/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Success rates. Wilson's interval holds those rates that would not be surprised by what
 * was seen: the roots p of |s/n - p| = z sqrt(p(1-p)/n), a quadratic equation. Newcombe's
 * interval of a difference takes from each rate the end that lies towards the other and
 * adds both distances as the sides of a right angle.
 *
 * No correction for continuity: the plain ones come nearer to the level on average, which
 * both of Newcombe's papers show in their tables.
 */
#include "reports/statistics.h"

#include <math.h>

/* The normal distribution's quantile at 0.975. */
static const double z = 1.959963984540054;

struct statistics_interval statistics_rate_interval(unsigned successes, unsigned trials)
{
    if (trials == 0)
        return (struct statistics_interval){ NAN, NAN };
    double s = successes, n = trials;
    double middle = 2 * s + z * z;
    double half = z * sqrt(z * z + 4 * s * (n - s) / n);
    double scale = 2 * (n + z * z);
    /* At the borders exactly, whatever rounding makes of the difference. */
    return (struct statistics_interval){
        .low = successes == 0 ? 0 : (middle - half) / scale,
        .high = successes == trials ? 1 : (middle + half) / scale,
    };
}

struct statistics_interval statistics_rate_difference(unsigned first, unsigned n_first,
                                                      unsigned second, unsigned n_second)
{
    if (n_first == 0 || n_second == 0)
        return (struct statistics_interval){ NAN, NAN };
    double p = (double)first / n_first, q = (double)second / n_second;
    struct statistics_interval around_p = statistics_rate_interval(first, n_first);
    struct statistics_interval around_q = statistics_rate_interval(second, n_second);
    return (struct statistics_interval){
        .low = fmax(-1, p - q - hypot(p - around_p.low, around_q.high - q)),
        .high = fmin(1, p - q + hypot(around_p.high - p, q - around_q.low)),
    };
}

enum statistics_inferiority statistics_judge_rate(unsigned before, unsigned n_before,
                                                  unsigned after, unsigned n_after,
                                                  double margin)
{
    struct statistics_interval gain =
        statistics_rate_difference(after, n_after, before, n_before);
    if (gain.low > -margin) /* false for NAN, as is the next */
        return STATISTICS_NOT_INFERIOR;
    return gain.high < 0 ? STATISTICS_INFERIOR : STATISTICS_UNDECIDED;
}
