/* SPDX-License-Identifier: Apache-2.0 */
/* What matters of a run, in one sentence. */
#ifndef RTCLAB_REPORTS_HEADLINE_H
#define RTCLAB_REPORTS_HEADLINE_H

#include <jansson.h>

/**
 * One sentence without a stop: what is wrong first, then what trickle ICE saves.
 *
 *     All 51 calls as expected; trickle saves most in stun/dead (STUN server dead): 4.00
 * s 2 of 51 calls not as expected, in nat/hairpin; trickle saves most in …
 *
 * A saving is claimed only where it is sure: the comparison is deterministic, or its
 * p-value, corrected for the number of scenarios, is below 0.05. Of those the greatest is
 * named, with its 95 % interval. Where nothing is, it says what was seen in all pairs of
 * calls of a scenario, and in how many, and claims nothing.
 *
 * @param results results.json; its "comparisons" are taken as they stand
 * @return plain text, without control characters whatever the records hold; caller owns
 */
char *headline_format(const json_t *results);

/** The clause about what trickle ICE saves, by itself. Caller owns; NULL: there is
   nothing to say. */
char *headline_format_saving(const json_t *results);

#endif
