/* SPDX-License-Identifier: Apache-2.0 */
/* What `nat` found, as people read it: a line a test, and RFC 3489's name below. */
#ifndef RTCLAB_PROBES_NAT_TEXT_H
#define RTCLAB_PROBES_NAT_TEXT_H

#include <stdbool.h>

#include <jansson.h>

/** A test's line; before the first one the URI. Caller owns. */
char *nat_format_item(const json_t *item, bool in_colour);

/** The name of RFC 3489, if there is one. Caller owns. */
char *nat_format_end(const json_t *document, bool in_colour);

#endif
