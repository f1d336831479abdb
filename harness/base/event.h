/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of events that a timeline can hold: one list, from which come the enum, the
 * names in events.jsonl and the schema of that file. To add a kind, add a row.
 */
#ifndef RTCLAB_BASE_EVENT_H
#define RTCLAB_BASE_EVENT_H

#include <stdbool.h>

#include <jansson.h>

/* symbol, name, what it says */
#define EVENT_KINDS(X)                                                                   \
    X(CALL_STARTED, "call.started", "both peers run and are told to begin: t_us is 0")   \
    X(CALL_ENDED, "call.ended", "the outcome is known")                                  \
    X(PEER_STARTED, "peer.started", "the peer said hello: its stack and version")        \
    X(PEER_EXITED, "peer.exited", "the peer's process ended, and how")                   \
    X(PEER_GATHERING_STATE, "peer.gathering-state", "new, gathering or complete")        \
    X(PEER_CANDIDATE, "peer.candidate", "a local candidate was found")                   \
    X(PEER_CANDIDATE_ERROR, "peer.candidate-error", "a STUN or TURN server failed")      \
    X(PEER_REMOTE_CANDIDATE, "peer.remote-candidate", "a remote candidate was taken in") \
    X(PEER_ICE_STATE, "peer.ice-state", "the ICE connection state changed")              \
    X(PEER_CHECK_LIST, "peer.check-list", "the check list completed or failed")          \
    X(PEER_CONNECTION_STATE, "peer.connection-state", "the connection state changed")    \
    X(PEER_SIGNALING_STATE, "peer.signaling-state", "the signalling state changed")      \
    X(PEER_SELECTED_PAIR, "peer.selected-pair", "a candidate pair was selected")         \
    X(PEER_DTLS_STATE, "peer.dtls-state", "the DTLS transport's state changed")          \
    X(PEER_CHANNEL_OPEN, "peer.channel-open", "a data channel opened")                   \
    X(PEER_MESSAGE, "peer.message", "application data arrived")                          \
    X(PEER_FIRST_MEDIA, "peer.first-media", "the first media frame was decoded")         \
    X(PEER_STATS, "peer.stats", "the peer's statistics at the end of the call")          \
    X(PEER_WARNING, "peer.warning", "the peer broke the contract, or warns")             \
    X(SIGNAL_HELD, "signal.held", "a description waits for its candidates")              \
    X(SIGNAL_SENT, "signal.sent", "a description or candidate left a peer")              \
    X(SIGNAL_DELIVERED, "signal.delivered", "it reached the other peer")                 \
    X(SIGNAL_CONNECTION_STATE, "signal.connection-state",                                \
      "the WebSocket for a peer's signals is connected, failed or closed")               \
    X(SIGNAL_WARNING, "signal.warning", "a signal was not relayed, and why")             \
    X(NAT_MAPPING_CREATED, "nat.mapping-created", "a NAT made a mapping")                \
    X(NAT_MAPPING_REFRESHED, "nat.mapping-refreshed", "a packet refreshed a mapping")    \
    X(NAT_MAPPING_EXPIRED, "nat.mapping-expired", "a mapping's lifetime ran out")        \
    X(PACKET_DROPPED, "packet.dropped", "an element of the network dropped a packet")    \
    X(PACKET_LATE, "packet.late", "a link lost a TCP segment; it comes later instead")   \
    X(SERVER_STARTED, "server.started", "a server answers")                              \
    X(SERVER_EXITED, "server.exited", "a server's process ended, and how")

enum event_kind {
#define X(symbol, name, meaning) EVENT_##symbol,
    EVENT_KINDS(X)
#undef X
        EVENT_N_KINDS
};

/** The name of a kind, such as "peer.candidate". */
const char *event_kind_name(enum event_kind kind);

/** What a kind means, one line. */
const char *event_kind_meaning(enum event_kind kind);

/** Looks a name up. Returns false, and leaves `ret_kind` alone, if there is none. */
bool event_kind_from_name(const char *name, enum event_kind *ret_kind);

/** JSON Schema (draft 2020-12) of a line of events.jsonl; caller owns. */
json_t *event_schema(void);

#endif
