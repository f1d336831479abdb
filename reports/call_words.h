/* SPDX-License-Identifier: Apache-2.0 */
/* What a call of results.json came to, in the words that all reports use. */
#ifndef RTCLAB_REPORTS_CALL_WORDS_H
#define RTCLAB_REPORTS_CALL_WORDS_H

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

/** What a call came to. Unsupported and known failures are neither good nor bad. */
enum call_verdict {
    CALL_AS_EXPECTED,
    CALL_FLAKY, /**< as expected, though not at the first attempt */
    CALL_UNSUPPORTED,
    CALL_KNOWN_FAILURE,
    CALL_NOT_AS_EXPECTED,
    CALL_N_VERDICTS
};

/** From "outcome", "as_expected", "flaky" and "known_failure". */
enum call_verdict call_verdict_of(const json_t *call);

/** Whether a call passes that is known to fail. */
bool call_passes_unexpectedly(const json_t *call);

/** Whether the harness, a server or a peer's process broke: "error". */
bool call_is_error(const json_t *call);

/** A text of an object, or the fallback where there is none; borrowed. */
const char *call_text(const json_t *object, const char *key, const char *fallback);

/** "srflx~prflx", "host~host/tcp"; "connected" if the call does not say. Nothing in it
 *  moves a terminal; caller owns. */
char *call_pair(const json_t *call);

/** Why it was not as expected: its "why", else its outcome; borrowed. */
const char *call_why(const json_t *call);

/** "every check was filtered by home-b/nat (packets 12, 15)"; NULL: no cause is recorded;
 *  caller owns. */
char *call_cause(const json_t *call);

/** What a change against a baseline is about: "nice~nice/nat/open~open/full latency",
 * with the repeat if it is about one call. Caller owns. */
char *call_name_change(const json_t *change);

#endif
