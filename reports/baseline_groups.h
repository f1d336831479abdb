/* SPDX-License-Identifier: Apache-2.0 */
/* What baseline*.c share: the calls of two runs put side by side. */
#ifndef RTCLAB_REPORTS_BASELINE_GROUPS_H
#define RTCLAB_REPORTS_BASELINE_GROUPS_H

#include "reports/baseline.h"

/** One call in both runs: the same key. Borrowed from the results. */
struct baseline_pair {
    const json_t *before, *after;
};

/** The calls of one scenario, two peers and a mode. */
struct baseline_group {
    const char *scenario, *offerer, *answerer, *mode;
    GPtrArray *before, *after; /**< const json_t *: all of them */
    GArray *pairs;             /**< struct baseline_pair */
    bool has_same_seeds;       /**< there are pairs, and each is of one seed */
    bool is_exact;             /**< and on the virtual clock, all repeatable */
    bool has_chance;           /**< the network has, or it is not known */
    bool is_wall;              /**< a call was on the wall clock */
};

/**
 * Puts calls side by side, in the order of the run, then what only the baseline has.
 * @return array of struct baseline_group, caller owns; names and calls are borrowed
 */
GPtrArray *baseline_group_calls(const json_t *before, const json_t *after);

/** As it should, or a failure that is known. */
bool baseline_is_good(const json_t *call);
bool baseline_has_outcome(const json_t *call, const char *outcome);
const char *baseline_text(const json_t *object, const char *key); /* never NULL */

/** What a difference must exceed, in ms. */
double baseline_least_ms(const struct baseline_options *options, double before_ms);

/**
 * A change of a group.
 *
 * @param key           of a call; NULL: none
 * @param before_consumed, after_consumed values of "before" and "after"; NULL: null
 * @param text_consumed what there is to say, freed
 */
json_t *baseline_make_change(const struct baseline_group *group, enum baseline_kind kind,
                             bool is_regression, const char *key, json_t *before_consumed,
                             json_t *after_consumed, char *text_consumed);

/** Adds the changes of a group whose pairs are exact evidence. */
void baseline_compare_calls(const struct baseline_group *group,
                            const struct baseline_options *options, json_t *changes);

/** "120 ms, was 80 ms: +40 ms (+50 %)"; caller owns. */
char *baseline_describe_shift(double before_ms, double after_ms);

/** ", most of it gathering (+35 ms)": by "setup_parts_ms"; may be ""; caller owns. */
char *baseline_describe_part(const json_t *before, const json_t *after);

/**
 * Compares the repeats of groups where chance has a part, and adds what they show: of
 * those that are no exact evidence success and set-up, of the others the set-up.
 * @param groups of struct baseline_group
 */
void baseline_compare_repeats(const GPtrArray *groups,
                              const struct baseline_options *options, json_t *changes);

#endif
