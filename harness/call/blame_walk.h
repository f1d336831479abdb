/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files blame*.c share: looking things up in a timeline, and the walk itself.
 *
 * A walk begins at the moment to be explained and only ever goes back in time. Whoever
 * knows what that moment had to wait for takes the time since then with walk_back(), and
 * goes on from there.
 */
#ifndef RTCLAB_CALL_BLAME_WALK_H
#define RTCLAB_CALL_BLAME_WALK_H

#include "call/blame.h"

struct blame_step {
    enum blame_part part;
    int64_t from_us, to_us;
    enum role who;
    char *text;
    GArray *packets; /**< uint32_t: frame numbers */
};

struct walk {
    const struct timeline *timeline;
    enum mode mode;
    int64_t at_us; /**< all after this is explained */
    unsigned n_turns;
    GArray *steps; /**< struct blame_step, the last one first */
};

/**
 * All from `from_us` up to where the walk is went for one thing. What is later than that,
 * or before the start, changes nothing but the walk's place.
 *
 * @param packets frame numbers, uint32_t; consumed; NULL: none
 * @param text    consumed
 */
void walk_back(struct walk *walk, enum blame_part part, int64_t from_us, enum role who,
               GArray *packets, char *text);

/** Goes from the moment a peer could use a pair to the start (blame_checks.c). */
void walk_ice(struct walk *walk, enum role role);

/** Goes from the moment DTLS was done to where ICE was, and on from there
 *  (blame_dtls.c); false, nothing taken: there is no DTLS to be seen. */
bool walk_dtls(struct walk *walk, enum role role);

/** Goes from the moment a peer knew both candidates of a pair to the start
 *  (blame_signals.c). Either may be TIMELINE_NONE: not known, or found by a check. */
void walk_candidates(struct walk *walk, enum role role, uint32_t local, uint32_t remote);

/** When that moment was, if both were known before `by_us`; else TIMELINE_NEVER. */
int64_t walk_candidates_known(const struct walk *walk, enum role role, uint32_t local,
                              uint32_t remote, int64_t by_us);

/** Goes from something that a peer did by itself to the start: an answerer waited for the
 *  offer (blame_signals.c). */
void walk_start(struct walk *walk, enum role role);

/* ---- looking up (blame_find.c); all borrowed from the timeline ---- */

enum role find_other(enum role role);
const struct timeline_packet *find_packet(const struct timeline *timeline,
                                          uint32_t index);
const struct timeline_transaction *find_transaction(const struct timeline *timeline,
                                                    uint32_t index);
const struct timeline_pair *find_pair(const struct timeline *timeline, enum role role,
                                      uint32_t index);
const struct timeline_candidate *find_candidate(const struct timeline *timeline,
                                                enum role role, uint32_t index);

/** The STUN message in a packet; NULL: there is none. */
const struct timeline_message *find_message(const struct timeline *timeline,
                                            const struct timeline_packet *packet);

/** Whether a packet is seen where a peer sends and gets it. */
bool find_is_at(const struct timeline *timeline, const struct timeline_packet *packet,
                enum role role);

/** The other end of a packet at its host: inside a relayed one, not the TURN server. */
const char *find_far_end(const struct timeline *timeline,
                         const struct timeline_packet *packet);

/** Whether two packets at one host go between the same ends the same way. */
bool find_same_path(const struct timeline *timeline, const struct timeline_packet *a,
                    const struct timeline_packet *b);

/** A transaction's first request; TIMELINE_NONE: none. */
uint32_t find_first_request(const struct timeline_transaction *transaction);

/** Whether a check succeeded. */
bool find_has_succeeded(const struct timeline_transaction *transaction);

/**
 * The request of a transaction that something at `by_us` came of: the last one sent until
 * then, those left out that were lost or whose answer was.
 *
 * @param is_first of those left, the first instead
 * @return its place in `requests`; 0 if there is none
 */
unsigned find_effective_request(const struct timeline *timeline,
                                const struct timeline_transaction *transaction,
                                int64_t by_us, bool is_first);

/** Who dropped a transaction's packets and why, such as ": dropped by home-a/nat
 *  (nat-filtered)"; "" if nobody did. Caller owns. */
char *find_loss_words(const struct timeline *timeline,
                      const struct timeline_transaction *transaction);

/** Adds the frame number of a packet; TIMELINE_NONE adds nothing. */
void find_add_number(const struct timeline *timeline, GArray *numbers, uint32_t packet);

/** The frame numbers of a transaction: requests, losses, the answer. Caller owns. */
GArray *find_numbers(const struct timeline *timeline,
                     const struct timeline_transaction *transaction);

/** The value of an attribute as the timeline has it; NULL: there is none. */
const char *find_attribute(const struct timeline_message *message, const char *name);

#endif
