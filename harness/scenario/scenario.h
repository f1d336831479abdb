/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario: the network, the servers, what the peers are configured with, and what must
 * happen. Read from JSON by scenario_load(); harness/scenario/fields.c has the table of
 * keys, from which the loader, its messages and scenarios/schema.json are made.
 */
#ifndef RTCLAB_SCENARIO_SCENARIO_H
#define RTCLAB_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "net/config.h"

enum role { ROLE_OFFERER, ROLE_ANSWERER, N_ROLES };
enum mode { MODE_TRICKLE, MODE_HALF, MODE_FULL, N_MODES };
enum outcome {
    OUTCOME_CONNECTED,
    OUTCOME_FAILED,
    OUTCOME_TIMEOUT,
    OUTCOME_UNSUPPORTED,
    OUTCOME_ERROR,
    N_OUTCOMES
};

extern const char *const role_names[N_ROLES];       /* "offerer", "answerer" */
extern const char *const mode_names[N_MODES];       /* "trickle", "half", "full" */
extern const char *const outcome_names[N_OUTCOMES]; /* "connected", … */

enum server_type {
    SERVER_COTURN,    /**< coturn: STUN (with RFC 5780 on two addresses) and TURN */
    SERVER_SILENT,    /**< an address where nobody answers, not even with an ICMP error */
    SERVER_SIGNALING, /**< `rtclab signaling`: offers and answers by WebSocket */
};

struct server {
    char *name; /**< also what `ice_servers` urls name */
    enum server_type type;
    unsigned iface;          /**< its interface in the network */
    uint16_t port;           /**< coturn: UDP and TCP; signalling: TCP */
    uint16_t alternate_port; /**< RFC 5780's; 3479 */
};

/** One of W3C's RTCIceServer; urls name a server: "turn:turn?transport=tcp". */
struct ice_server {
    char **urls;      /**< with the server's name replaced by its first address */
    char *username;   /**< NULL: the call's own user */
    char *credential; /**< NULL: the call's own random password */
};

struct peer_setup {
    unsigned iface; /**< of the host it runs on */
    struct ice_server *ice_servers;
    unsigned n_ice_servers;
    bool relay_only; /**< iceTransportPolicy "relay" */
    bool udp, tcp;   /**< host and server-reflexive candidate protocols */
};

/* What a call can negotiate. */
#define SCENARIO_NEGOTIATE(X) \
    X(DATA, "data")           \
    X(AUDIO, "audio")         \
    X(VIDEO, "video")

enum scenario_negotiate_bit {
#define X(symbol, name) SCENARIO_##symbol##_BIT,
    SCENARIO_NEGOTIATE(X)
#undef X
        SCENARIO_N_NEGOTIATE
};

/** As a set. */
enum scenario_negotiate {
#define X(symbol, name) SCENARIO_##symbol = 1 << SCENARIO_##symbol##_BIT,
    SCENARIO_NEGOTIATE(X)
#undef X
};

/** "data", "audio", "video". */
extern const char *const scenario_negotiate_names[SCENARIO_N_NEGOTIATE];

/* W3C's words for how media flow, and for how m-sections share a transport. */
#define SCENARIO_DIRECTIONS(X) \
    X(SENDRECV, "sendrecv")    \
    X(SENDONLY, "sendonly")    \
    X(RECVONLY, "recvonly")
#define SCENARIO_BUNDLE_POLICIES(X) \
    X(MAX_BUNDLE, "max-bundle")     \
    X(BALANCED, "balanced")         \
    X(MAX_COMPAT, "max-compat")

enum scenario_direction {
#define X(symbol, name) SCENARIO_##symbol,
    SCENARIO_DIRECTIONS(X)
#undef X
        SCENARIO_N_DIRECTIONS
};

enum scenario_bundle_policy {
#define X(symbol, name) SCENARIO_##symbol,
    SCENARIO_BUNDLE_POLICIES(X)
#undef X
        SCENARIO_N_BUNDLE_POLICIES
};

extern const char *const scenario_direction_names[SCENARIO_N_DIRECTIONS];
extern const char *const scenario_bundle_policy_names[SCENARIO_N_BUNDLE_POLICIES];

struct scenario_channel {
    bool ordered;
    bool reliable; /**< false: no message is sent a second time */
    bool binary;   /**< the messages that the call sends: bytes, not a text */
};

/** What the call asks of its two peers, over whatever network. */
struct scenario_session {
    unsigned negotiate; /**< enum scenario_negotiate: not empty */
    unsigned echo;      /**< of these, what the answerer sends back as it came */
    enum scenario_direction direction; /**< of audio and video, as the offerer sees it */
    enum scenario_bundle_policy bundle_policy;
    struct scenario_channel channel;
    bool restart_ice;    /**< once connected, the offerer restarts ICE */
    int64_t duration_ns; /**< how long the call goes on after all that */
};

/** What must happen; `as_expected` is judged from it alone. */
struct expectation {
    enum outcome outcome;
    char **selected;              /**< allowed "OFFERER~ANSWERER" pairs of the peers'
                                       own (local) candidate types; NULL: any */
    char **selected_protocols;    /**< allowed protocols ("udp", "tcp"); NULL: any */
    double setup_max_ms[N_MODES]; /**< bound on setup_ms; 0: none */
};

struct host {
    char *name;
    unsigned iface;
    bool silent;
};

struct scenario {
    char *id;   /**< "nat/symmetric~symmetric": its path below the scenario folder */
    char *path; /**< the file */
    char *title;
    char *description; /**< may be NULL */
    char **tags;
    struct network_config network;
    struct host *hosts; /**< hosts and servers, one an interface, in interface order */
    unsigned n_hosts;
    struct server *servers;
    unsigned n_servers;
    struct peer_setup peers[N_ROLES];
    struct scenario_session session;
    int64_t signaling_delay_ns;            /**< one way; of direct signalling */
    const struct server *signaling_server; /**< by WebSocket; NULL: direct */
    bool signaling_tls;                    /**< wss instead of ws */
    bool needs_wall_clock; /**< the virtual one would not be faithful enough */
    struct expectation expect;
    json_t *document; /**< as read */
};

/**
 * Reads and checks one scenario file.
 *
 * @param path     the file
 * @param id       its id; copied
 * @param problems an array of char*, one line a mistake, "FILE: /json/pointer: must be …,
 *                 is …"; all mistakes are added. May be NULL.
 * @return caller owns (scenario_free), or NULL when there was at least one mistake
 */
struct scenario *scenario_load(const char *path, const char *id, GPtrArray *problems);

/** The same from text; `path` only names it in messages (used by tests and fuzzers). */
struct scenario *scenario_parse(const char *text, size_t size, const char *path,
                                const char *id, GPtrArray *problems);
void scenario_free(struct scenario *scenario);

bool scenario_has_tag(const struct scenario *scenario, const char *tag);

/** The host of a name, or NULL; borrowed from the scenario. */
const struct host *scenario_find_host(const struct scenario *scenario, const char *name);

/** An interface by its number in the network; borrowed from the scenario. */
const struct interface_config *scenario_interface(const struct scenario *scenario,
                                                  unsigned iface);

/** Whether chance plays a part (loss, jitter, random ports, …). */
bool scenario_has_chance(const struct scenario *scenario);

/** JSON Schema (draft 2020-12) of a scenario file, made from the table of keys. */
json_t *scenario_schema(void);

/**
 * Everything about a scenario for a reader: its network drawn as a tree with addresses,
 * each NAT in the words of RFC 4787, servers, peers, signalling, what is expected.
 * @return many lines, the last one ended; caller owns
 */
char *scenario_format(const struct scenario *scenario);

#endif
