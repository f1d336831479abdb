/* SPDX-License-Identifier: Apache-2.0 */
/* What a run leaves as results.json, made from what is known at its end. */
#ifndef RTCLAB_CALL_RUN_RESULTS_H
#define RTCLAB_CALL_RUN_RESULTS_H

#include "call/plan.h"
#include "call/repeats.h"

/** What is known of a run that has ended, however it did. All is borrowed. */
struct run_facts {
    const struct run_options *options;
    const struct plan *plan;
    const GPtrArray *scenarios; /**< struct scenario */
    const struct repeats *repeats;
    json_t *const *results; /**< entries of "calls" by the plan's order; NULL: none */
    json_t *costs;          /**< "costs", by key */
    int64_t calendar_ns;    /**< when it began */
    int64_t elapsed_ns;
    unsigned n_resumed; /**< how often it was gone on with */
    bool is_complete, is_interrupted;
};

/** The whole of results.json; caller owns. */
json_t *run_results_make(const struct run_facts *facts);

#endif
