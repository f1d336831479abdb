/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance items as people read them. */
#ifndef RTCLAB_PROBES_CONFORMANCE_TEXT_H
#define RTCLAB_PROBES_CONFORMANCE_TEXT_H

#include <stdbool.h>

#include <jansson.h>

/**
 * A line "PASS S01 …", and below what was not well the clause, what was expected and
 * observed, and the command that repeats it. Caller owns.
 */
char *conformance_format_item(const json_t *item, bool in_colour);

/** The same with what was observed below each. */
char *conformance_format_item_observed(const json_t *item, bool in_colour);

/** The same with the messages in words and in hex. */
char *conformance_format_item_and_messages(const json_t *item, bool in_colour);

/** How many of each verdict, and what the server is. */
char *conformance_format_end(const json_t *document, bool in_colour);

#endif
