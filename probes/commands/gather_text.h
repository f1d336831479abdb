/* SPDX-License-Identifier: Apache-2.0 */
/* What `gather` found, as people read it. */
#ifndef RTCLAB_PROBES_COMMANDS_GATHER_TEXT_H
#define RTCLAB_PROBES_COMMANDS_GATHER_TEXT_H

#include <stdbool.h>

#include <jansson.h>

/** The line above the candidates. */
extern const char gather_heading[];

/** A line on one candidate; caller owns. */
char *gather_format_candidate(const json_t *candidate);

/** A line on one server, or on this machine's own candidates; caller owns. */
char *gather_format_item(const json_t *item, bool in_colour);

/** How long it took, and whether it was all; caller owns. */
char *gather_format_end(const json_t *document, bool in_colour);

#endif
