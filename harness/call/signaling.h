/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the modes make of signalling: each peer trickles, and here a description is held
 * until its candidates are in it where the mode wants that. Then the queue in which
 * signals wait: for as long as the harness takes to carry them (direct), or to be given
 * to what carries them over the network (call_carrier.c), from where they arrive. Pure:
 * signals and `now` in; signals, with the time at which they are due, out.
 */
#ifndef RTCLAB_CALL_SIGNALING_H
#define RTCLAB_CALL_SIGNALING_H

#include <glib.h>
#include <jansson.h>

#include "scenario/scenario.h"

struct signaling;

/** A signal on its way from one peer to the other. */
struct signal {
    enum role from;
    int64_t sent_ns;
    int64_t due_ns;
    bool has_arrived; /**< over the network: it is only to be handed over */
    json_t *body;     /**< {"description":{…}} or {"candidate":{…}}; owned */
};
void signal_free(struct signal *signal);

/**
 * @param mode     trickle: everything goes at once; full: a description goes with all its
 *                 candidates when gathering has ended, and no candidate alone; half: the
 *                 offerer is full, the answerer trickles (RFC 8838 §16)
 * @param delay_ns one way
 * @return caller owns
 */
struct signaling *signaling_new(enum mode mode, int64_t delay_ns);
void signaling_free(struct signaling *signaling);

/**
 * A peer has signalled.
 *
 * @param body {"description":{"type","sdp"}} or {"candidate":{"candidate",…}}; borrowed.
 *             A candidate whose text is empty is end-of-candidates (RFC 8838 §13).
 * @return the signal that leaves now because of it, borrowed until it is popped; NULL
 * when it is held back, or is neither
 */
const struct signal *signaling_submit(struct signaling *signaling, enum role from,
                                      const json_t *body, int64_t now_ns);

/**
 * A signal has come over the network.
 * @param body as for signaling_submit(); borrowed
 */
void signaling_arrive(struct signaling *signaling, enum role from, const json_t *body,
                      int64_t now_ns);

/** When the next signal is due; CLOCK_NEVER if there is none. */
int64_t signaling_next_deadline(const struct signaling *signaling);

/** The next signal that is due at `now_ns`; caller owns; NULL: none. */
struct signal *signaling_pop(struct signaling *signaling, int64_t now_ns);

/**
 * Puts candidates into a session description: each as an a=candidate line, and
 * a=end-of-candidates, at the end of the media section that it is for (RFC 8839 §5.1,
 * RFC 8840 §4.4). A candidate that names no section of the description goes to the first.
 *
 * @param sdp        lines ended by CRLF or LF
 * @param candidates array of RTCIceCandidateInit objects
 * @return caller owns
 */
char *signaling_insert_candidates(const char *sdp, const json_t *candidates);

#endif
