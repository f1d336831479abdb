/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two independent samples: what may be said of calls with other seeds than those they are
 * held against. Beside reports/statistics.h, and as it: nothing is drawn, nothing
 * guessed.
 */
#ifndef RTCLAB_REPORTS_STATISTICS_UNPAIRED_H
#define RTCLAB_REPORTS_STATISTICS_UNPAIRED_H

#include "reports/statistics.h"

/** What two independent samples say together. */
struct statistics_unpaired {
    double shift;   /**< Hodges-Lehmann, after minus before; NAN: it depends on how far
                         beyond their bounds the censored ones are, or a side is empty */
    double p_value; /**< two-sided; NAN if a side is empty */
};

/**
 * How far one sample is shifted against another.
 *
 * Estimate: the median of all differences of one of each (Hodges and Lehmann, Ann. Math.
 * Stat. 34, 1963). Test: statistics_rank_sum(). Censored samples rank above all others
 * and equal among themselves, whatever their bounds (Gehan, Biometrika 52, 1965, where
 * all are censored at one time).
 */
void statistics_compare_samples(const struct statistics_sample *before, size_t n_before,
                                const struct statistics_sample *after, size_t n_after,
                                struct statistics_unpaired *ret);

/**
 * The rank-sum test of Wilcoxon, and of Mann and Whitney (Ann. Math. Stat. 18, 1947),
 * two-sided: the chance of a sum of ranks at least as far from its mean. Equal values
 * share the mean of their ranks. Up to STATISTICS_EXACT_RANKS values the distribution is
 * exact, given the ranks with their ties; beyond it is the normal one, corrected for ties
 * and for continuity.
 *
 * @param values of both, may be infinite; NAN is no value
 * @return NAN if a side is empty
 */
double statistics_rank_sum(const double *first, size_t n_first, const double *second,
                           size_t n_second);
enum { STATISTICS_EXACT_RANKS = 60 };

/**
 * Fisher's exact test that a rate is lower than it was, one-sided: the chance of so few
 * successes among `n_after`, or fewer, were both rates one.
 *
 * @return 1 if one of the counts is 0
 */
double statistics_fisher_loss(unsigned before, unsigned n_before, unsigned after,
                              unsigned n_after);

/** The least number of repeats with which a difference in all of them can give a p-value
    of at most `p`: for pairs (2^(1-n)), and for two samples of n each. */
unsigned statistics_least_pairs_for(double p);
unsigned statistics_least_samples_for(double p);

#endif
