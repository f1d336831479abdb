/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: the plan of scenario × peers × mode × repeat, the calls made by workers, many at
 * a time; then the results. What is written of them is command/finish.h's.
 */
#ifndef RTCLAB_CALL_RUN_H
#define RTCLAB_CALL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "lab/lab.h"
#include "scenario/known_failures.h"
#include "scenario/scenario.h"

#define RUN_AUDIT_FILE "clock-audit.txt"

/** Peers of a call: each a stack's name ("nice") or a program's path. */
struct run_pair {
    const char *peers[N_ROLES];
};

/** A stack that is not among the pairs because it is not installed. */
struct run_left_out {
    const char *stack;
    const char *why; /**< and how to install it */
};

struct run_options {
    const char *out;              /**< the run's folder; made if it is not there */
    bool resumes;                 /**< it has a run that was cut off: go on with it */
    const char *command;          /**< what a command that makes a call again begins with,
                                       as typed into a shell: the seed and the key follow */
    const struct run_pair *pairs; /**< who calls whom */
    unsigned n_pairs;
    const struct run_left_out
        *left_out; /**< stacks that were asked for with all others */
    unsigned n_left_out;
    const struct known_failures *known; /**< NULL: nothing is known to fail */
    bool modes[N_MODES];                /**< which modes; at least one */
    unsigned repeat;                    /**< calls for each scenario and mode; from 1 */
    uint64_t seed;                      /**< of the run; each call's is made from it */
    unsigned retries;             /**< attempts after the first of a call on the wall
                                       clock that is not as expected (retries.h) */
    unsigned jobs;                /**< calls side by side; 0: chosen from the cores */
    double timeout_s;             /**< of one call, in call time */
    unsigned shard, n_shards;     /**< 1 ≤ shard ≤ n_shards; 1 of 1: everything */
    const json_t *durations;      /**< "costs" of an earlier run, to deal shards out by;
                                       NULL: there is none */
    const char *shard_source;     /**< who said which shard this is; NULL: the user */
    const char *const *only_keys; /**< just these calls, by key; NULL: all */
    enum lab_clock clock; /**< asked for; what cannot run on it runs on the wall clock */
    int64_t calendar_ns;  /**< these three: of the virtual clock; see struct call_spec */
    bool has_kernel_random;
    bool all_repeats;  /**< also those that cannot differ (repeats.h) */
    bool audits_clock; /**< each call's folder gets RUN_AUDIT_FILE */
};

/**
 * Runs all calls of the scenarios and writes their records. A call that cannot be run is
 * an outcome ("error", with "why"), not an error of this function. SIGINT ends it early:
 * what is finished is kept and "complete" is false. Its journal stays in the folder, for
 * the caller to remove once complete results are written.
 *
 * @param scenarios   array of struct scenario, borrowed
 * @param ret_results what results.json shall hold; caller owns
 * @return FALSE with an error if the run could not start
 */
gboolean run_execute(const GPtrArray *scenarios, const struct run_options *options,
                     json_t **ret_results, GError **error);

#endif
