/* SPDX-License-Identifier: Apache-2.0 */
/* The command that makes a call again. */
#ifndef RTCLAB_REPORTS_RERUN_H
#define RTCLAB_REPORTS_RERUN_H

#include <jansson.h>

/**
 * A line for a shell: the run's "command" (which has all options that change a call), its
 * seed, the call's key. Nothing in it moves a terminal.
 *
 * @param results results.json
 * @param call    one of its calls
 * @return caller owns
 */
char *rerun_format(const json_t *results, const json_t *call);

#endif
