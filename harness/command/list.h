/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_COMMAND_LIST_H
#define RTCLAB_COMMAND_LIST_H

#include <glib.h>

/**
 * Ids, tags and titles, aligned.
 * @param scenarios array of struct scenario *
 * @param columns   if a line would be longer, each title stands on a line of its own
 * @return caller owns
 */
char *list_format(const GPtrArray *scenarios, unsigned columns);

#endif
