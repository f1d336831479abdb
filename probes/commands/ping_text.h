/* SPDX-License-Identifier: Apache-2.0 */
/* What `ping` found, as people read it. */
#ifndef RTCLAB_PROBES_COMMANDS_PING_TEXT_H
#define RTCLAB_PROBES_COMMANDS_PING_TEXT_H

#include <stdbool.h>

#include <jansson.h>

/** A line on one event, a reply mostly; caller owns. */
char *ping_format_event(const json_t *event);

/** The summary; caller owns. */
char *ping_format_item(const json_t *item, bool in_colour);

#endif
