/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run held against an earlier one, the baseline: what has changed, and whether that is
 * a regression. The "baseline" of results.json (harness/README.md, "Baseline").
 *
 * Calls are compared in groups of scenario, peers and mode. What is evidence depends on
 * how the calls were made:
 *
 *   exact    same seed, both on the virtual clock: the network's chance and the peers'
 * are the same, so any difference has a cause. Compared call by call; one is enough
 *   paired   same seed, on the wall clock, or in a scenario with chance in it after
 *            something has changed: the machine, or which packet is lost, adds chance.
 *            Wilcoxon's signed-rank test over the pairs
 *   unpaired other seeds: the rank-sum test
 *
 * All p-values of a comparison are corrected together (Holm), so that an unchanged run
 * raises a false alarm at most once in 200 comparisons (BASELINE_ALPHA, and only one of
 * its two sides is an alarm); before it counts, a difference must also be of some size.
 */
#ifndef RTCLAB_REPORTS_BASELINE_H
#define RTCLAB_REPORTS_BASELINE_H

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#define BASELINE_ALPHA           0.01 /**< of a whole comparison, two-sided */
#define BASELINE_MARGIN          0.1  /**< a tenth of the calls */
#define BASELINE_LEAST_SHARE     0.1  /**< both: more than a tenth, */
#define BASELINE_LEAST_EFFECT_MS 25.0 /**< and more than this */

/* symbol, name in results.json */
#define BASELINE_KINDS(X)         \
    X(EXPECTATION, "expectation") \
    X(OUTCOME, "outcome")         \
    X(SUCCESS, "success")         \
    X(LATENCY, "latency")         \
    X(COUNTS, "counts")           \
    X(MISSING, "missing")         \
    X(NEW, "new")

enum baseline_kind {
#define X(symbol, name) BASELINE_##symbol,
    BASELINE_KINDS(X)
#undef X
        BASELINE_N_KINDS
};
extern const char *const baseline_kind_names[BASELINE_N_KINDS];

enum baseline_verdict {
    BASELINE_PASS,
    BASELINE_INCONCLUSIVE, /**< too few repeats to tell, or nothing to compare */
    BASELINE_REGRESSED,    /**< the same for more: slower, or with more packets */
    BASELINE_FAILED,       /**< worse otherwise */
    BASELINE_N_VERDICTS
};
extern const char *const baseline_verdict_names[BASELINE_N_VERDICTS];

/** How two runs are compared. */
struct baseline_options {
    const char *path;          /**< of the baseline, as the user gave it */
    const char *folder_before; /**< where the records of the baseline are; NULL: none */
    const char *folder_after;  /**< those of the run */
    double margin;             /**< what loss of success is tolerated, share of calls */
    double least_share;        /**< of the baseline's set-up: what effect is none */
    double least_effect_ms;    /**< the same; the greater of the two counts */
};

/**
 * Compares a run with its baseline.
 *
 * @param before  the baseline's results.json
 * @param after   the run's
 * @return the "baseline" of results.json: {"path", "id", "version", "verdict",
 *         "compared" (calls of the run), "notes" (what else differs, in words),
 *         "changes"}; a change has "scenario", "offerer", "answerer", "mode" and "key"
 *         (each may be null: of several), "kind", "is_regression", "before", "after",
 *         "text", "divergence", and, where it is about repeats, "repeats_needed" (too
 * few) or "p_value" and "shift_ms"; caller owns
 */
json_t *baseline_compare(const json_t *before, const json_t *after,
                         const struct baseline_options *options);

/** Whether a change is a suspicion that fresh calls can confirm: a latency that chance
    may have made. */
bool baseline_is_suspicion(const json_t *change);

/**
 * Holds suspicions against calls made afresh: one that these do not show is no
 * regression. Each gets "confirmation": {"path", "is_confirmed", "text"}.
 *
 * @param baseline what baseline_compare() gave; changed
 * @param before   the baseline's results.json
 * @param fresh    results of calls of the suspected groups, made again
 * @param path     where they are, for the reader
 */
void baseline_confirm(json_t *baseline, const json_t *before, const json_t *fresh,
                      const struct baseline_options *options, const char *path);

#endif
