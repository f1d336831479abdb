/* SPDX-License-Identifier: Apache-2.0 */
/* Tries cases side by side, and hands out what came of each in the order of the table. */
#ifndef RTCLAB_PROBES_RUNNER_H
#define RTCLAB_PROBES_RUNNER_H

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#include "probes/cases/case.h"

struct runner_options {
    const struct subject *subject;
    const struct test_case *const *cases; /**< NULL-ended */
    unsigned jobs;                        /**< side by side, beside the slow ones */
    bool is_strict;                       /**< a SHOULD counts like a MUST */
    const char *again_before; /**< of the id, in the line that repeats a case */
    const char *again_after;  /**< the same behind it; each word after a blank */
    /**
     * Called in the caller's thread, in the order of the table, as soon as a case and all
     * before it are done.
     * @param item_consumed {"name","title","group","clause","level","status","message",
     *        "expected","transport","duration_ms","again","transcript"}; "message" is the
     * observed
     */
    void (*done)(json_t *item_consumed, void *data);
    void *data;
};

/** Runs them; on an interrupt those that were not finished are `skipped`. */
void runner_run(const struct runner_options *options);

/** One case by itself: an item as above. */
json_t *runner_try(const struct runner_options *options, const struct test_case *c);

#endif
