/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a call did what its scenario says must happen. */
#ifndef RTCLAB_CALL_JUDGE_H
#define RTCLAB_CALL_JUDGE_H

#include <glib.h>
#include <jansson.h>

#include "scenario/scenario.h"

/**
 * Judges one call from its entry in results.json: "outcome", "setup_ms" and "selected".
 *
 * @param mode   the call's, for the bound on the set-up
 * @param result borrowed
 * @return NULL when all is as expected, else what was not, in words; caller owns
 */
char *judge_call(const struct expectation *expect, enum mode mode, const json_t *result);

#endif
