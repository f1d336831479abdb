/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls made again. On the wall clock a busy machine can make a call fail that would not
 * fail on another day; one that is not as expected is therefore made again, with the same
 * seed, a few times. If an attempt is as expected the call is "flaky", which every report
 * says; if none is, it stays what its last attempt came to. On the virtual clock a second
 * attempt would come to the same, and nothing is made again.
 */
#ifndef RTCLAB_CALL_RETRIES_H
#define RTCLAB_CALL_RETRIES_H

#include <stdbool.h>

#include <jansson.h>

#include "call/call.h"

struct retries;

/**
 * @param n_calls of the plan
 * @param most    attempts after the first, of each call; 0: none
 * @return caller owns
 */
struct retries *retries_new(unsigned n_calls, unsigned most);
void retries_free(struct retries *retries);

/**
 * Whether a call shall be made again. If so this attempt is noted, and its record moved
 * to attempt-N in the call's folder.
 *
 * @param call   its index in the plan
 * @param result borrowed; known_mark() has seen it
 */
bool retries_ask(struct retries *retries, unsigned call, const struct call_spec *spec,
                 const json_t *result);

/**
 * Adds to the result of a call's last attempt what was before: "attempts", how many there
 * were; "failed_attempts", what all but the last came to; "flaky", if the last is as
 * expected. A call with one attempt has none of these.
 */
void retries_mark(const struct retries *retries, unsigned call, json_t *result);

#endif
