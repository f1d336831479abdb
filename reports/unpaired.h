/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that only one of two runs has, in one line however many they are. */
#ifndef RTCLAB_REPORTS_UNPAIRED_H
#define RTCLAB_REPORTS_UNPAIRED_H

#include <stdbool.h>

#include <jansson.h>

/** Whether a change of a "baseline" is of kind "missing" or "new". */
bool unpaired_is(const json_t *change);

/**
 * "39 calls of the baseline were not made in this run: nat/a, nat/b, nat/c and 10 more".
 *
 * @param baseline the "baseline" of results.json
 * @param is_new   of the calls that the baseline does not have instead
 * @return text that may hold anything that a scenario may be named; NULL: there are none;
 *         caller owns
 */
char *unpaired_format(const json_t *baseline, bool is_new);

#endif
