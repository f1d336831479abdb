/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The peer contract (harness/peer/README.md): its messages, as both ends read and make
 * them. A message is one JSON object on one line. contract_peer.h is a peer's end of it.
 */
#ifndef RTCLAB_PEER_CONTRACT_H
#define RTCLAB_PEER_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "base/event.h"
#include "wire/ice_url.h"

#define CONTRACT_VERSION 1

/** Names the environment variable with the number of the contract's descriptor. */
#define CONTRACT_FD_VARIABLE "RTCLAB_FD"

/** The longest line in bytes, its newline not counted. */
#define CONTRACT_LINE_MAX_BYTES (1024 * 1024)
/** How deep objects and arrays may nest, and how many values a message may hold. */
#define CONTRACT_DEPTH_MAX  16
#define CONTRACT_VALUES_MAX 16384
/** How many URLs all iceServers of a configuration may hold. */
#define CONTRACT_SERVERS_MAX 32

/* symbol, name, which end sends it */
#define CONTRACT_TYPES(X)                           \
    X(CONFIGURE, "configure", CONTRACT_HARNESS)     \
    X(RESTART_ICE, "restart-ice", CONTRACT_HARNESS) \
    X(SEND, "send", CONTRACT_HARNESS)               \
    X(CLOSE, "close", CONTRACT_HARNESS)             \
    X(SIGNAL, "signal", CONTRACT_BOTH)              \
    X(HELLO, "hello", CONTRACT_PEER)                \
    X(EVENT, "event", CONTRACT_PEER)                \
    X(DONE, "done", CONTRACT_PEER)                  \
    X(UNSUPPORTED, "unsupported", CONTRACT_PEER)

enum contract_type {
#define X(symbol, name, end) CONTRACT_##symbol,
    CONTRACT_TYPES(X)
#undef X
        CONTRACT_N_TYPES
};

/** The ends of the contract, as a set. */
enum contract_end { CONTRACT_HARNESS = 1, CONTRACT_PEER = 2, CONTRACT_BOTH = 3 };

/* What a peer can do, and what a call can negotiate (data, audio, video). */
#define CONTRACT_CAPABILITIES(X)  \
    X(TRICKLE, "trickle")         \
    X(DATA, "data")               \
    X(AUDIO, "audio")             \
    X(VIDEO, "video")             \
    X(RELAY, "relay")             \
    X(ICE_TCP, "ice-tcp")         \
    X(RESTART_ICE, "restart-ice") \
    X(ECHO_MEDIA, "echo-media")   \
    X(DTLS, "dtls")

enum contract_capability_bit {
#define X(symbol, name) CONTRACT_CAN_##symbol##_BIT,
    CONTRACT_CAPABILITIES(X)
#undef X
        CONTRACT_N_CAPABILITIES
};

/** Capabilities, as a set. */
enum contract_capability {
#define X(symbol, name) CONTRACT_CAN_##symbol = 1 << CONTRACT_CAN_##symbol##_BIT,
    CONTRACT_CAPABILITIES(X)
#undef X
};

/** One URL of one of the iceServers. */
struct contract_server {
    const char *text; /**< the URL as it was given */
    struct ice_url url;
    const char *username;   /**< NULL if it needs none */
    const char *credential; /**< NULL if it needs none */
};

/* W3C's RTCBundlePolicy. */
#define CONTRACT_BUNDLE_POLICIES(X) \
    X(MAX_BUNDLE, "max-bundle")     \
    X(BALANCED, "balanced")         \
    X(MAX_COMPAT, "max-compat")

enum contract_bundle_policy {
#define X(symbol, name) CONTRACT_##symbol,
    CONTRACT_BUNDLE_POLICIES(X)
#undef X
};

/* What W3C's RTCRtpTransceiverDirection can be asked to be. */
#define CONTRACT_DIRECTIONS(X) \
    X(SENDRECV, "sendrecv")    \
    X(SENDONLY, "sendonly")    \
    X(RECVONLY, "recvonly")

enum contract_direction {
#define X(symbol, name) CONTRACT_##symbol,
    CONTRACT_DIRECTIONS(X)
#undef X
};

/** What of W3C's RTCDataChannelInit a call can ask for. */
struct contract_channel {
    bool ordered;
    int max_retransmits;        /**< -1: no bound */
    int max_packet_lifetime_ms; /**< -1: no bound */
};

struct contract_configuration {
    bool offerer;       /**< this peer makes the offer; else it answers */
    bool relay_only;    /**< iceTransportPolicy "relay" */
    bool udp, tcp;      /**< candidates of these transports */
    unsigned negotiate; /**< CONTRACT_CAN_DATA, _AUDIO, _VIDEO */
    unsigned echo;      /**< of these, what this peer sends back as it came */
    enum contract_bundle_policy bundle_policy;
    enum contract_direction direction; /**< of audio and video, as this peer sees it */
    struct contract_channel channel;   /**< the offerer's */
    struct contract_server servers[CONTRACT_SERVERS_MAX];
    size_t n_servers;
};

/**
 * A message; which fields mean something depends on its type. Texts are borrowed from
 * `json` and live as long as it.
 */
struct contract_message {
    enum contract_type type;
    json_t *json; /**< the whole message; owned: contract_message_clear() */

    struct contract_configuration configuration; /**< CONFIGURE */

    /* SIGNAL: a description, or a candidate ("" is end-of-candidates). */
    bool offer;                    /**< the description is an offer, else an answer */
    const char *sdp;               /**< NULL: the signal is a candidate */
    const char *candidate;         /**< NULL: the signal is a description */
    const char *sdp_mid;           /**< NULL if not given */
    int sdp_m_line_index;          /**< -1 if not given */
    const char *username_fragment; /**< NULL if not given */

    const char *text; /**< SEND: the data, if it is a text; UNSUPPORTED: what */
    GBytes *bytes;    /**< SEND: the data, if it is binary, else NULL; owned */

    const char *stack, *version; /**< HELLO */
    int contract;                /**< HELLO: the version of the contract */
    unsigned capabilities;       /**< HELLO: a set; unknown names are left out */
    bool no_loopback;            /**< HELLO: its host's loopback shall have no address */

    enum event_kind kind; /**< EVENT */
    int64_t t_ns;         /**< EVENT: CLOCK_MONOTONIC; -1 if not given */
    json_t *data;         /**< EVENT: an object, borrowed; NULL if not given */
};

/** The name of a message type, such as "configure". */
const char *contract_type_name(enum contract_type type);

/**
 * Reads one line that may be hostile. Keys that the contract does not name are ignored,
 * so that it can grow.
 *
 * @param line        need not be NUL-terminated
 * @param size        in bytes
 * @param from        the end that sent it: a message only the other end sends is refused
 * @param ret_message clear it with contract_message_clear(); untouched on failure
 * @return FALSE with RTC_ERROR_ENVIRONMENT, whose message is one line of UTF-8 that says
 *         where, what was wanted and, cut short, what was found
 */
gboolean contract_parse(const char *line, size_t size, enum contract_end from,
                        struct contract_message *ret_message, GError **error);

/** Frees what a message holds; it may then be filled again. */
void contract_message_clear(struct contract_message *message);

/* For g_auto(contract_message). */
typedef struct contract_message contract_message;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(contract_message, contract_message_clear)

/**
 * The line of a message, with its newline.
 * @param message  consumed, also on failure
 * @return NULL if it would be over CONTRACT_LINE_MAX_BYTES or is no JSON; caller owns
 */
char *contract_line(json_t *message);

/* Messages of either end, to be given to contract_line(). The caller owns what is
 * returned, and `data` is consumed. NULL if a text is not UTF-8. */
json_t *contract_make_hello(const char *stack, const char *version,
                            unsigned capabilities);
json_t *contract_make_description(bool offer, const char *sdp);
/** `candidate` "" is end-of-candidates; `username_fragment` may be NULL. */
json_t *contract_make_candidate(const char *candidate, const char *sdp_mid,
                                int sdp_m_line_index, const char *username_fragment);
/** An event at `t_ns`, CLOCK_MONOTONIC; `data` is an object. */
json_t *contract_make_event(enum event_kind kind, int64_t t_ns, json_t *data);
json_t *contract_make_unsupported(const char *what);
json_t *contract_make_send(const char *text);
/** The same of a binary message; `hex` is two digits a byte. */
json_t *contract_make_send_binary(const char *hex);
/** A message without further fields: restart-ice, close, done. */
json_t *contract_make_plain(enum contract_type type);

#endif
