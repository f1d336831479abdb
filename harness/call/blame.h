/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the set-up time of a call went, and why a call failed: from its timeline.
 *
 * The set-up is walked backwards from the moment the later peer was connected, from each
 * thing that happened to the one it had to wait for, back to the start: the critical
 * path. So each microsecond belongs to one part, and the parts sum to the set-up time.
 */
#ifndef RTCLAB_CALL_BLAME_H
#define RTCLAB_CALL_BLAME_H

#include "call/timeline.h"

/* symbol, name, what the time went for */
#define BLAME_PARTS(X)                                                         \
    X(GATHERING, "gathering", "waiting for candidates to be gathered")         \
    X(SIGNALLING, "signalling", "descriptions and candidates on their way")    \
    X(PACING, "pacing", "a check waited for its turn (RFC 8445 section 14)")   \
    X(CHECKS, "checks", "connectivity checks on their way, there and back")    \
    X(RETRANSMISSION, "retransmission", "waiting to send again what was lost") \
    X(NOMINATION, "nomination", "a pair worked and was not yet chosen")        \
    X(DTLS, "dtls", "the DTLS handshake")                                      \
    X(STACK, "stack", "the peer itself, with nothing on the wire to wait for")

enum blame_part {
#define X(symbol, name, meaning) BLAME_##symbol,
    BLAME_PARTS(X)
#undef X
        BLAME_N_PARTS
};
extern const char *const blame_part_names[BLAME_N_PARTS];

/**
 * The parts of a connected call's set-up.
 *
 * @param call its entry of results.json, for "setup_ms"
 * @return {"parts_ms":{each part: number},
 * "path":[{"part","from_us","to_us","who","text", "packets":[frame numbers]}]}: path is
 * by time and without gaps from 0 to the set-up; caller owns; NULL: the call has no
 * set-up time
 */
json_t *blame_setup(const struct timeline *timeline, const json_t *call);

/**
 * The first cause of a call that did not connect.
 *
 * @return {"code","text","element","packets":[frame numbers]}: code is one of
 *         blame_cause_names; element is null or who did it; caller owns; NULL: it
 * connected, or did not run
 */
json_t *blame_failure(const struct timeline *timeline, const json_t *call);

#endif
