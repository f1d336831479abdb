/* SPDX-License-Identifier: Apache-2.0 */
/* What people read of a check. */
#ifndef RTCLAB_PROBES_CHECK_TEXT_H
#define RTCLAB_PROBES_CHECK_TEXT_H

#include <stdbool.h>

#include <jansson.h>

/** An item of check_to_json() as lines; caller owns. */
char *check_format_item(const json_t *item, bool in_colour);

#endif
