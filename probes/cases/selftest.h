/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether each case can pass and can fail: it is tried on the built-in server as it
 * should be, and on one for each defect that it is to find. A case that cannot fail is
 * none.
 */
#ifndef RTCLAB_PROBES_SELFTEST_H
#define RTCLAB_PROBES_SELFTEST_H

#include <jansson.h>

#include "probes/cases/case.h"
#include "probes/server/defects.h"

struct selftest_options {
    const struct test_case *const *cases; /**< NULL-ended */
    enum probe_defect only;               /**< PROBE_N_DEFECTS: all */
    unsigned jobs;                        /**< servers side by side, beside slow cases' */
    uint64_t seed;
    /**
     * Called in the caller's thread, in the order of the cases.
     * @param item_consumed {"name","title","status","message","duration_ms","tries":
     *        [{"defect","status","message","was_right"}]}; "fail" where the server that
     * is right did not pass, a defect was not found, or the case has no defect
     */
    void (*done)(json_t *item_consumed, void *data);
    void *data;
};

void selftest_run(const struct selftest_options *options);

#endif
