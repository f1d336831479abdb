/* SPDX-License-Identifier: Apache-2.0 */
/* What a running call knows; shared by the files call*.c only. */
#ifndef RTCLAB_CALL_CALL_STATE_H
#define RTCLAB_CALL_CALL_STATE_H

#include <stdbool.h>

#include "call/call.h"
#include "call/peer_link.h"
#include "call/record.h"
#include "call/servers.h"
#include "call/signaling.h"
#include "call/traffic.h"
#include "lab/lab.h"

/* The phases of DESIGN's records; symbol and name. Each is the time of a peer's own. */
#define CALL_PHASES(X)                          \
    X(FIRST_CANDIDATE, "first_candidate")       \
    X(GATHERING_COMPLETE, "gathering_complete") \
    X(OFFER_SENT, "offer_sent")                 \
    X(ANSWER_RECEIVED, "answer_received")       \
    X(FIRST_CHECK, "first_check")               \
    X(FIRST_VALID, "first_valid")               \
    X(ICE_CONNECTED, "ice_connected")           \
    X(DTLS_CONNECTED, "dtls_connected")         \
    X(CHANNEL_OPEN, "channel_open")             \
    X(FIRST_MEDIA, "first_media")

enum call_phase {
#define X(symbol, name) PHASE_##symbol,
    CALL_PHASES(X)
#undef X
        N_PHASES
};

/** How far a call has come. */
enum call_stage {
    STAGE_CONNECTING, /**< until both peers have what the scenario asks for */
    STAGE_RESTARTING, /**< ICE restart: until both have a pair again */
    STAGE_RESUMING,   /**< until data has come over it */
    STAGE_GOING_ON,   /**< for as long as the scenario says */
};

struct call_peer {
    enum role role;
    struct peer_link *link;
    char *stack; /**< of its hello; NULL: none yet */
    char *version;
    unsigned capabilities;
    int64_t phases_ns[N_PHASES]; /**< -1: not reached */
    int64_t connected_ns;        /**< first time; -1 */
    bool is_connected;           /**< now */
    bool has_failed;             /**< now */
    bool is_done;                /**< said done, or its contract has ended */
    int64_t closed_ns;           /**< it closed its contract without a word; -1 */
    json_t *selected;            /**< data of its last peer.selected-pair */
    json_t *stats;               /**< data of its last peer.stats; NULL: none came */
    int64_t stats_ns;            /**< when they came; -1 */
    GPtrArray *payloads;    /**< char *: what is sent to it; the last one is awaited */
    unsigned awaits;        /**< enum scenario_negotiate: what must come to it still */
    int64_t next_send_ns;   /**< when to have it send (again) what others await */
    int64_t restarted_ns;   /**< the description of an ICE restart was handed to it; -1 */
    int64_t reconnected_ns; /**< it has a pair after that; -1 */
    char *reason;           /**< the stack's own words on why it failed; NULL: none */
    unsigned n_invalid;     /**< lines that broke the contract */
    char *last_warning;     /**< of its peer.warning events; NULL: none came */
};

/** What carries a peer's signals over the network, where they go by WebSocket. */
struct call_carrier {
    struct peer_link *link; /**< NULL: signalling is direct */
    bool is_connected;      /**< to the server, and in the room */
    bool is_done;
};

struct call {
    const struct call_spec *spec;
    struct lab *lab;
    struct record *record;
    struct servers *servers;
    struct signaling *signaling;
    struct traffic traffic;
    struct call_peer peers[N_ROLES];
    struct call_carrier carriers[N_ROLES];
    bool started;
    int64_t start_ns;
    int64_t first_failure_ns; /**< a peer failed; -1: none */
    enum call_stage stage;
    int64_t restart_ns; /**< the offerer was told to restart ICE; -1 */
    int64_t served_ns;  /**< STAGE_GOING_ON began; -1 */
    bool is_decided;
    enum outcome outcome;
    char *why; /**< NULL: nothing to say */
};

/** The outcome is known; the first decision stands. `why` is printf, or NULL. */
void call_decide(struct call *call, enum outcome outcome, const char *why, ...)
    G_GNUC_PRINTF(3, 4);

/** Reads all that a peer has written on its contract (call_peer.c). */
void call_read_peer(struct call *call, struct call_peer *peer);

/** Decides on a call whose peers have no way of sending data in common (call_peer.c). */
void call_match_peers(struct call *call);

/** Tells a peer what it is configured with; the call has begun (call_peer.c). */
void call_configure_peer(struct call *call, struct call_peer *peer);

/** What must come to which peer, and what is sent for that (call_session.c). */
void call_begin_session(struct call *call);

/** Does what the call's stage asks for now: has payloads sent, restarts ICE, decides. A
 *  peer is told one thing at most. (call_session.c) */
void call_act(struct call *call);

/** When call_act() has something to do if nothing happens before (call_session.c). */
int64_t call_session_deadline(const struct call *call);

/** When the call is given up; CLOCK_NEVER once it goes on (call_session.c). */
int64_t call_limit_ns(const struct call *call);

/** What arrived, as its event says, and whether it is what was sent (call_session.c). */
bool call_take_payload(struct call_peer *peer, const json_t *data);

/** Whether a peer is more than a bare ICE agent (call_peer.c). */
bool call_peer_does_dtls(const struct call_peer *peer);

/** Tells a peer; a contract that is not read ends the call. Message consumed. */
void call_tell(struct call *call, struct call_peer *peer, json_t *message);

/** Starts the carrier of a peer's signals (call_carrier.c, as the next three). */
gboolean call_start_carrier(struct call *call, enum role role, GError **error);

/** Reads all that a carrier has written. */
void call_read_carrier(struct call *call, enum role role);

/** Gives a signal to its sender's carrier. */
void call_carry_signal(struct call *call, const struct signal *signal);

/** Has a carrier, if there is one, end its connection. */
void call_close_carrier(struct call *call, enum role role);

/** Hands over the next signal that is due, to its receiver or to what carries it; false:
 *  there is none (call_peer.c). */
bool call_deliver_signal(struct call *call);

/** The call's entry in results.json, from what is known now (call_result.c). */
json_t *call_make_result(const struct call *call);

/** Adds how many timed system calls bypassed the virtual clock, by the audit's lines. All
 *  processes of the call have ended (call_result.c). */
void call_count_bypasses(const struct call_spec *spec, json_t *result);

#endif
