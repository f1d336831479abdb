/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeats that say nothing new. Where a scenario has no chance in it, the network does
 * not depend on the seed, and the virtual clock leaves no other difference between two
 * calls than the programs' own random numbers. If the first two repeats, whose seeds
 * differ, come to the same in every mode, the rest is not made. That is no proof: the
 * programs' chance may show with a third seed only.
 *
 * Which calls run does not depend on the order in which they end: what comes after the
 * first two repeats of such a scenario waits for these.
 */
#ifndef RTCLAB_CALL_REPEATS_H
#define RTCLAB_CALL_REPEATS_H

#include <stdbool.h>

#include <jansson.h>

#include "call/plan.h"

struct repeats;

enum repeats_verdict {
    REPEATS_RUN,  /**< the call shall run */
    REPEATS_WAIT, /**< that is not known before other calls have ended */
    REPEATS_SKIP, /**< it would come to the same as those before it */
};

/**
 * @param plan     borrowed
 * @param runs_all every call shall run, whatever comes out
 * @return caller owns
 */
struct repeats *repeats_new(const struct plan *plan, bool runs_all);
void repeats_free(struct repeats *repeats);

/** Whether a call, by its index in the plan, shall run. */
enum repeats_verdict repeats_ask(const struct repeats *repeats, unsigned call);

/** A call has ended with this result (borrowed). */
void repeats_take(struct repeats *repeats, unsigned call, const json_t *result);

/** Whether the repeats of a scenario with these peers were found not to differ. */
bool repeats_are_same(const struct repeats *repeats, const char *scenario_id,
                      const char *offerer, const char *answerer);

/**
 * Whether two calls came to the same: the outcome, the set-up and all phases to the
 * microsecond, the selected pairs. Errors are never the same.
 */
bool repeats_compare(const json_t *result, const json_t *other);

#endif
