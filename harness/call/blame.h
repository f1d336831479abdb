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

/* symbol, name, what it says; the name is the code in results.json */
#define BLAME_CAUSES(X)                                                                  \
    X(SIGNALLING_LOST, "signalling-lost",                                                \
      "a description did not reach the other peer, or no peer's signals can leave")      \
    X(NO_END_OF_CANDIDATES, "no-end-of-candidates",                                      \
      "a description waited for gathering to end, and it did not")                       \
    X(NO_DESCRIPTION, "no-description", "a peer made no offer, or no answer")            \
    X(NO_CANDIDATES, "no-candidates", "a peer had no candidate for the other")           \
    X(NO_COMMON_TRANSPORT, "no-common-transport",                                        \
      "one peer had UDP candidates only, the other TCP")                                 \
    X(RELAY_REFUSED, "relay-refused",                                                    \
      "the TURN server refused what the call needed, with an error code")                \
    X(SERVER_SILENT, "server-silent",                                                    \
      "the TURN or STUN server that the call needed does not answer")                    \
    X(BLOCKED, "blocked-by-firewall", "a firewall let nothing pass that was needed")     \
    X(FILTERED, "filtered-by-nat",                                                       \
      "a NAT let no check in: its filter, or its mapping, was for another sender")       \
    X(REFUSED_BY_NAT, "refused-by-nat", "a NAT would not translate what was sent")       \
    X(LOSS, "loss", "a link lost what was sent, each time")                              \
    X(NO_ROUTE, "no-route", "nobody has the address that was sent to")                   \
    X(NETWORK, "dropped", "the network dropped it, for another reason")                  \
    X(NO_CHECKS, "no-checks", "a peer sent no connectivity check")                       \
    X(PEER_SILENT, "peer-silent", "checks arrived, and were not answered")               \
    X(CHECKS_REFUSED, "checks-refused", "checks were answered with an error code")       \
    X(NOT_NOMINATED, "not-nominated", "a pair worked, and none was nominated")           \
    X(DTLS_FAILED, "dtls-failed", "ICE was connected, and the DTLS handshake not done")  \
    X(RESTART_FAILED, "restart-failed", "connected, and no pair after the ICE restart")  \
    X(NO_DATA, "no-data", "connected, and what was to be sent did not come")             \
    X(PEER_GAVE_UP, "peer-gave-up", "a peer said that it failed, though it could go on") \
    X(TOO_SLOW, "too-slow", "the time was up, and nothing had gone wrong")

enum blame_cause {
#define X(symbol, name, meaning) BLAME_CAUSE_##symbol,
    BLAME_CAUSES(X)
#undef X
        BLAME_N_CAUSES
};
extern const char *const blame_cause_names[BLAME_N_CAUSES];
extern const char *const blame_cause_meanings[BLAME_N_CAUSES];

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
