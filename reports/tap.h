/* SPDX-License-Identifier: Apache-2.0 */
/* results.tap: a run as the Test Anything Protocol has it. */
#ifndef RTCLAB_REPORTS_TAP_H
#define RTCLAB_REPORTS_TAP_H

#include <jansson.h>

/**
 * TAP version 13 (base/tap.h), a test a call by its key, then one for each regression
 * against the baseline. Unsupported calls are SKIP, known failures TODO; harnesses fail
 * of neither. A flaky call is ok, its earlier attempts stand in the diagnostic. A run
 * that was interrupted bails out instead of giving its plan.
 *
 * @param results results.json
 * @return the text, UTF-8; caller owns
 */
char *tap_format(const json_t *results);

#endif
