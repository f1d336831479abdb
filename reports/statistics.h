/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statistics of reports: what may be said of repeated calls, and how sure it is.
 *
 *   success rates   Wilson's score interval; for two of them Newcombe's, and a verdict of
 *                   non-inferiority                         (statistics_proportions.c)
 *   latencies       quantiles of samples that may be censored (statistics_quantiles.c)
 *   paired by seed  Hodges-Lehmann shift with its interval, share of the pairs in which
 *                   one side was faster                     (statistics_shift.c)
 *                   Wilcoxon's signed-rank test, Holm's correction
 *                                                           (statistics_tests.c)
 *
 * Never only a mean: one call that waited for a retransmission decides a mean of ten.
 *
 * Censored. A call that had not connected at its time-out is no missing value: its set-up
 * takes longer than the time-out, and to leave it out would make a stack look the faster
 * the more often it fails. It is a sample that is known to be greater than something.
 * A call that failed before its time-out would not have connected until then either, so
 * it is censored at the time-out too, not when it gave up.
 *
 * Nothing here guesses. What the samples do not tell is NAN ("unknown"), an end of an
 * interval that they leave open is an infinity; in JSON both are null.
 *
 * All of it is a function of the samples alone, in whatever order they come: resampling
 * draws from a stream with a fixed seed (base/rng.h).
 */
#ifndef RTCLAB_REPORTS_STATISTICS_H
#define RTCLAB_REPORTS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/** The level of all intervals. */
#define STATISTICS_CONFIDENCE 0.95

/** Fewer pairs have neither an interval nor a p-value: five that all point the same way
    come about by chance once in 16 times (2^-4), more often than one in 20. */
enum { STATISTICS_LEAST_PAIRS = 6 };

/** Both ends are NAN where there is none; an end that is open is an infinity. */
struct statistics_interval {
    double low, high;
};

/* ---- success rates ---- */

/**
 * The score interval of a rate (Wilson, J. Am. Stat. Assoc. 22, 1927; method 3 in
 * Newcombe, Stat. Med. 17, 1998, 857-872). Unlike the textbook's p +- 2 sqrt(pq/n) it
 * stays within 0 and 1, and says something of 10 out of 10.
 *
 * @param successes 0 to trials
 * @return NAN if `trials` is 0
 */
struct statistics_interval statistics_rate_interval(unsigned successes, unsigned trials);

/**
 * The interval of the difference of two independent rates, first minus second, from the
 * score interval of each (method 10 in Newcombe, Stat. Med. 17, 1998, 873-890).
 *
 * @return NAN if one of `trials` is 0
 */
struct statistics_interval statistics_rate_difference(unsigned first, unsigned n_first,
                                                      unsigned second, unsigned n_second);

enum statistics_inferiority {
    STATISTICS_NOT_INFERIOR, /**< the loss is below the margin: the whole interval is */
    STATISTICS_INFERIOR,     /**< there is a loss: the whole interval is below 0 */
    STATISTICS_UNDECIDED,    /**< neither; also if one of the rates has no trials */
};

/**
 * Whether a success rate is no worse than it was, but for a margin. The interval of
 * after minus before is held against the margin (ICH E9 section 3.3.2; Piaggio et al.,
 * JAMA 308, 2012, 2594). Where there is a loss that is sure but below the margin, the
 * margin decides: not inferior.
 *
 * @param margin what loss is tolerated, as a share of the calls: 0.05 is 5 of 100
 */
enum statistics_inferiority statistics_judge_rate(unsigned before, unsigned n_before,
                                                  unsigned after, unsigned n_after,
                                                  double margin);

/* ---- latencies ---- */

/** What is known of one latency: `value`, or only that it is greater. */
struct statistics_sample {
    double value;
    bool is_censored;
};

/**
 * A quantile by the product-limit estimate (Kaplan and Meier, J. Am. Stat. Assoc. 53,
 * 1958): the least value by which the share `q` is reached, or, where it is reached to
 * the point, the middle between that value and the next, as the median of an even count.
 * Without censored samples that is the quantile of type 2 in Hyndman and Fan, Am. Stat.
 * 50, 1996.
 *
 * @param samples put into order by this function
 * @param q       above 0 and below 1
 * @return NAN where it lies beyond what was seen, as p90 does if 2 of 10 timed out
 */
double statistics_quantile(struct statistics_sample *samples, size_t count, double q);

/* ---- paired by seed ---- */

/** What is known of a difference. */
enum statistics_bound {
    STATISTICS_EXACT,
    STATISTICS_AT_LEAST, /**< the minuend is censored: it is `value`, or more */
    STATISTICS_AT_MOST,  /**< the subtrahend is: it is `value`, or less */
};

struct statistics_difference {
    double value;
    enum statistics_bound bound;
};

/**
 * The difference of a pair, `minuend` minus `subtrahend`. If one of them is censored and
 * the other was there before, the sign is known, and the value is a bound.
 *
 * @return false, and *ret is untouched, where not even the sign is known: both are
 *         censored, or one is at an earlier time than the other took; or where they are
 *         decades apart, which no call is. Such a pair speaks of success rates only.
 */
bool statistics_subtract(struct statistics_sample minuend,
                         struct statistics_sample subtrahend,
                         struct statistics_difference *ret);

/** What pairs say together. */
struct statistics_paired {
    size_t n_pairs;
    size_t n_censored; /**< pairs of which only a bound is known */
    /** Middle of the differences, and of their Walsh averages: NAN without pairs, or
        where it depends on how far beyond their bounds the censored ones are. */
    double median, shift;
    /** Of the shift; NAN with fewer than STATISTICS_LEAST_PAIRS pairs. */
    struct statistics_interval interval;
    double p_positive; /**< share of the pairs above 0, ties half; NAN without pairs */
    double p_value;    /**< two-sided; NAN with fewer than STATISTICS_LEAST_PAIRS */
};

/**
 * The shift between the two sides of a pair.
 *
 * Estimate: the median of the Walsh averages (d[i]+d[j])/2, i <= j (Hodges and Lehmann,
 * Ann. Math. Stat. 34, 1963), exact for any count in O(n log n).
 *
 * Interval, 95 %: up to 500 pairs the bootstrap's expanded percentile interval, 1,999
 * resamples (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13;
 * Hesterberg, Am. Stat. 69, 2015, 371-386). Beyond, what the bootstrap tends to: the
 * Walsh averages at ranks that follow from the variance of their counting function,
 * without resampling (Sen, Calcutta Stat. Assoc. Bull. 10, 1960). Neither supposes that
 * the differences are symmetric.
 *
 * Censored pairs stand at their bounds. Then everything is computed once more with each
 * of them far beyond its bound: what does not move is known; an estimate that does is
 * NAN, and so is an end of the interval open if it moves. In the test a bound never makes
 * a pair weigh more than it would if all were known. p_positive needs the signs alone.
 *
 * @param differences of independent pairs; not changed
 */
void statistics_compare_pairs(const struct statistics_difference *differences,
                              size_t count, struct statistics_paired *ret);

/* ---- what that is made of ---- */

/** Puts values into ascending order. */
void statistics_sort(double *values, size_t count);

/** The median, the mean of the middle two if `count` is even; puts `values` into order.
    @param count at least 1 */
double statistics_median(double *values, size_t count);

/** The median of the Walsh averages; puts `values`, which are finite, into order.
    @param count at least 1 */
double statistics_shift(double *values, size_t count);

/** The interval of the shift; puts `values`, which are finite, into order.
    @return NAN with fewer than STATISTICS_LEAST_PAIRS */
struct statistics_interval statistics_shift_interval(double *values, size_t count);

/**
 * Wilcoxon's signed-rank test (Biometrics Bulletin 1, 1945), two-sided. Zeros have ranks,
 * which then are left out (Pratt, J. Am. Stat. Assoc. 54, 1959): pairs without a
 * difference make one less likely. Equal magnitudes share the mean of their ranks. Up to
 * 50 pairs the distribution is exact, given the ranks with their ties; beyond it is the
 * normal one, corrected for ties and for continuity.
 *
 * @param values not changed
 * @return the p-value; 1 if all are 0; NAN if `count` is 0
 */
double statistics_signed_rank(const double *values, size_t count);

/**
 * Corrects p-values for how many they are, so that the chance of one false alarm among
 * all stays below the level (Holm, Scand. J. Stat. 6, 1979).
 *
 * @param p_values NAN: there is none, it counts for nothing and stays NAN; changed in
 *                 place
 */
void statistics_correct_holm(double *p_values, size_t count);

#endif
