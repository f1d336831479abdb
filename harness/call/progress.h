/* SPDX-License-Identifier: Apache-2.0 */
/* The line that says, on a terminal and while a run lasts, what is running. */
#ifndef RTCLAB_CALL_PROGRESS_H
#define RTCLAB_CALL_PROGRESS_H

#include <glib.h>

/** What the line is about. */
struct progress {
    unsigned done;
    unsigned planned;
    unsigned jobs;
    double finished_s;          /**< sum of the finished calls' own durations */
    const char *const *running; /**< keys, NULL-ended, longest running first */
};

/** True if a line can be shown: standard error is a terminal. */
gboolean progress_is_wanted(void);

/** Shows the line, over the one before. */
void progress_show(const struct progress *progress);

/** Takes the line away. */
void progress_clear(void);

/** The line for a terminal of so many columns, without its control codes; caller owns. */
char *progress_format(const struct progress *progress, unsigned columns);

#endif
