/* SPDX-License-Identifier: Apache-2.0 */
/* `rtclab doctor`: what this machine can and cannot do, and what to install. Stacks are
   asked by call/stacks.c. */
#ifndef RTCLAB_LAB_DOCTOR_H
#define RTCLAB_LAB_DOCTOR_H

#include <glib.h>

/**
 * Looks at everything a run needs, but peers, and prints a line for each to standard
 * output: what, whether it is there, and if not the command that helps.
 * @return TRUE if calls can run here
 */
gboolean doctor_examine(void);

/** Prints a line of what was looked at: "ok", "missing" or "MISSING" as its state. */
void doctor_print(const char *what, const char *state, const char *detail);

#endif
