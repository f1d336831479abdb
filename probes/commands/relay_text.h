/* SPDX-License-Identifier: Apache-2.0 */
/* What `relay` and `bench` measured, as people read it. */
#ifndef RTCLAB_PROBES_RELAY_TEXT_H
#define RTCLAB_PROBES_RELAY_TEXT_H

#include <stdbool.h>

#include <jansson.h>

/** The URI, and a line each for the allocations, losses and round trips. Caller owns. */
char *relay_format_item(const json_t *item, bool in_colour);

/** The URI, and a line each for allocations and throughput. Caller owns. */
char *bench_format_item(const json_t *item, bool in_colour);

#endif
