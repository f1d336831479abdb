/* SPDX-License-Identifier: Apache-2.0 */
/* One call: one scenario, two peers, one mode, one seed; run in a worker. */
#ifndef RTCLAB_CALL_CALL_H
#define RTCLAB_CALL_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "lab/lab.h"
#include "scenario/scenario.h"

struct call_spec {
    const struct scenario *scenario;
    const char *key;               /**< "nice~nice/nat/symmetric~symmetric/trickle/3" */
    const char *names[N_ROLES];    /**< of the peers, as in the key */
    const char *programs[N_ROLES]; /**< what to run */
    const char *missing;           /**< which peer is not installed, and how to: the call
                                        cannot be made; NULL: both are there */
    bool has_browser;              /**< it computes much, and on many processors */
    enum mode mode;
    unsigned repeat; /**< from 1 */
    uint64_t seed;
    int64_t timeout_ns;
    enum lab_clock clock;
    const char
        *clock_why;      /**< why that is not the clock that was asked for; NULL: it is */
    int64_t calendar_ns; /**< virtual clock: calendar time at the call's start */
    bool has_kernel_random; /**< virtual clock: see struct lab_options */
    const char *audit_path; /**< virtual clock: see struct lab_options */
    const char *folder;     /**< of the record; exists */
};

/**
 * An entry of "calls" in results.json that says what the call is, and that it did not
 * happen: outcome "error", nothing measured.
 *
 * @param why what happened, in words
 * @return caller owns
 */
json_t *call_blank_result(const struct call_spec *spec, const char *why);

/**
 * The entry of a call that cannot be made because a peer is not installed
 * (`spec->missing`): "unsupported", and without a record. Caller owns.
 */
json_t *call_missing_result(const struct call_spec *spec);

/**
 * Runs a call. Only in a worker (lab/sandbox.h).
 * @param ret_cost its entry of "costs", what it took of real time; NULL if it was not
 *                 started; caller owns
 * @return its entry of "calls"; whatever goes wrong is an outcome; caller owns
 */
json_t *call_run(const struct call_spec *spec, json_t **ret_cost);

#endif
