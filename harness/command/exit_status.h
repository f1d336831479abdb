/* SPDX-License-Identifier: Apache-2.0 */
/* The exit status that results call for. */
#ifndef RTCLAB_COMMAND_EXIT_STATUS_H
#define RTCLAB_COMMAND_EXIT_STATUS_H

#include <jansson.h>

/**
 * From results.json, the first of these that holds (base/error.h):
 *
 *     EXIT_INTERRUPTED   the run was
 *     EXIT_ENVIRONMENT   a call is an `error` that is not known
 *     EXIT_UNEXPECTED    a call is not as expected, or the baseline's verdict is "failed"
 *     EXIT_REGRESSION    that verdict is "regressed"
 *     EXIT_INCOMPLETE    the run is not complete, or has no calls
 *     EXIT_INCONCLUSIVE  that verdict is "inconclusive"
 *     EXIT_AS_EXPECTED
 *
 * A known failure counts as expected, and so do one that passes, a call that is
 * unsupported, and a flaky one.
 */
int exit_status_of(const json_t *results);

/** From a "baseline" alone: whether something has changed for the worse. */
int exit_status_of_baseline(const json_t *baseline);

#endif
