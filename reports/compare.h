/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What trickle ICE saves, from the calls of a run: the "comparisons" of results.json
 * (harness/README.md, "Records").
 */
#ifndef RTCLAB_REPORTS_COMPARE_H
#define RTCLAB_REPORTS_COMPARE_H

#include <glib.h>
#include <jansson.h>

/** The modes in the order of every report. */
enum compare_mode { COMPARE_TRICKLE, COMPARE_HALF, COMPARE_FULL, COMPARE_N_MODES };
extern const char *const compare_mode_names[COMPARE_N_MODES]; /* as in results.json */

/** The calls of one scenario between the same two peers, modes and repeats together. */
struct call_group {
    const char *scenario, *offerer, *answerer; /**< borrowed from the calls */
    GPtrArray *calls[COMPARE_N_MODES];         /**< const json_t *, ordered by repeat */
};

/**
 * Sorts calls into groups, in the order in which each group first appears. Calls that
 * lack a scenario, a peer or a known mode are left out.
 *
 * @param calls the "calls" of results.json; must outlive the groups
 * @return array of struct call_group, caller owns
 */
GPtrArray *compare_group_calls(const json_t *calls);

/**
 * Compares the modes of each scenario and pair of peers.
 *
 * An object an element; what the calls do not tell is null:
 *
 *     "scenario", "offerer", "answerer"
 *     "median_setup_ms"  by mode: of the calls that connected
 *     "connected"        by mode: [connected, all calls]
 *     "modes"            by mode: "calls" (connected, failed or timed out), "connected",
 *                        "success" (95 % interval of the rate), "p50_ms", "p90_ms" and
 *                        "p99_ms" with those that did not connect as censored samples,
 *                        "censored" (how many)
 *     "trickle_saves_ms" full minus trickle, within each repeat
 *     "half_saves_ms"    full minus half; each null, or
 *                        "median" and "samples" (of repeats in which both connected;
 *                        the median counts censored ones, too), "shift" (Hodges-Lehmann)
 *                        with its 95 % "interval", "p_faster" (share of the repeats in
 *                        which the mode was faster than full, ties half), "p_value"
 *                        (Wilcoxon), "p_holm" (corrected for the number of comparisons),
 *                        "censored" (repeats of which only a bound is known)
 *     "predicted_saving_ms", "residual_ms"  null: see compare_set_prediction()
 *
 * @param calls the "calls" of results.json
 * @return a JSON array; caller owns
 */
json_t *compare_modes(const json_t *calls);

/**
 * Sets what trickle should save, "predicted_saving_ms", and what of the median saving
 * that leaves unexplained, "residual_ms".
 *
 * @param comparison   an element of compare_modes()
 * @param predicted_ms NAN: nothing is predicted
 */
void compare_set_prediction(json_t *comparison, double predicted_ms);

/**
 * The comparison of a group.
 *
 * @param comparisons those of results.json; NULL: there are none
 * @param likely      where it probably stands: the group's index
 * @return borrowed; NULL: there is none
 */
const json_t *compare_find(const json_t *comparisons, const struct call_group *group,
                           size_t likely);

#endif
