/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose failure is known (scenario/known_failures.h). */
#ifndef RTCLAB_CALL_KNOWN_H
#define RTCLAB_CALL_KNOWN_H

#include <stdbool.h>

#include <jansson.h>

#include "scenario/known_failures.h"

/** What a call makes of an entry that is about it: "status" in results.json. */
enum known_status {
    KNOWN_FAILS,   /**< as the entry says: the run does not fail of it */
    KNOWN_PASSES,  /**< it does what its scenario expects */
    KNOWN_DIFFERS, /**< it fails otherwise: the run fails as if there were no entry */
    KNOWN_N_STATUSES
};
extern const char *const known_status_names[KNOWN_N_STATUSES];

/**
 * Adds "known_failure" to a call's entry in results.json, if an entry is about it and the
 * call was made.
 * @param known NULL: nothing is known
 */
void known_mark(const struct known_failures *known, json_t *result);

/** Whether that call is a failure that is known. */
bool known_excuses(const json_t *result);

#endif
