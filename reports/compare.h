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
 * An object an element: "scenario", "offerer", "answerer"; "median_setup_ms" and
 * "connected" ([connected, all]) by mode; "trickle_saves_ms" (full minus trickle) and
 * "half_saves_ms" (full minus half), each {"median", "samples"} over the repeats in which
 * both calls connected. What no call measured is null.
 *
 * @param calls the "calls" of results.json
 * @return a JSON array; caller owns
 */
json_t *compare_modes(const json_t *calls);

/**
 * The middle value, or the mean of the middle two.
 *
 * @param values put into order by this function
 * @param count  at least 1
 */
double compare_median(double *values, size_t count);

#endif
