/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_SCENARIO_DIGEST_H
#define RTCLAB_SCENARIO_DIGEST_H

#include "scenario/scenario.h"

/**
 * A digest of what of a scenario decides how its calls go: all of its document but the
 * title, the description, the tags and what is expected. Spaces and the order of keys do
 * not matter.
 *
 * @return SHA-256 as 64 hexadecimal digits; caller owns
 */
char *scenario_digest(const struct scenario *scenario);

#endif
