/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server that is tried: where it is, who we are to it, and what it can do, found out
 * before the cases so that what it lacks is told as unsupported.
 */
#ifndef RTCLAB_PROBES_SUBJECT_H
#define RTCLAB_PROBES_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "probes/core/access_token.h"
#include "probes/core/client.h"

/* symbol, name, what it means that it is missing */
#define CAPABILITIES(X)                                                                  \
    X(UDP, "udp", "the server does not answer over UDP")                                 \
    X(TCP, "tcp", "the server does not answer over TCP")                                 \
    X(TLS, "tls", "the server does not answer over TLS")                                 \
    X(DTLS, "dtls", "the server does not answer over DTLS")                              \
    X(IPV6, "ipv6", "the server has no IPv6 address, or does not answer there")          \
    X(TURN, "turn", "the server knows no Allocate: it is no TURN server")                \
    X(AUTH, "auth", "no credentials were given: -u USER with --pass-file or --pass-env") \
    X(CHALLENGE, "challenge", "the server asks for no credentials")                      \
    X(ALLOCATE, "allocate", "the server makes no allocation with these credentials")     \
    X(PEER, "peer",                                                                      \
      "no datagram crosses the relay between the server and a peer of ours")             \
    X(RELAY_IPV6, "relay-ipv6", "the server makes no IPv6 allocations")                  \
    X(RESERVE, "reserve", "the server reserves no ports (EVEN-PORT with R=1)")           \
    X(DENIED, "denied", "the server denies none of the peers that were tried")           \
    X(FINGERPRINT, "fingerprint", "the server sends no FINGERPRINT")                     \
    X(ALGORITHMS, "password-algorithms", "the server offers no PASSWORD-ALGORITHMS")     \
    X(SHA256, "sha256", "the server does not offer SHA-256")                             \
    X(USERHASH, "userhash", "the server's nonce does not announce USERHASH")             \
    X(THIRD_PARTY, "third-party", "the server's 401 has no THIRD-PARTY-AUTHORIZATION")   \
    X(OTHER_ADDRESS, "other-address", "the server has no second address (RFC 5780)")     \
    X(TCP_RELAY, "tcp-relay", "the server makes no TCP allocations (RFC 6062)")          \
    X(MOBILITY, "mobility", "the server gives no mobility tickets (RFC 8016)")           \
    X(ALTERNATE, "alternate", "the server sends nobody to another one (300)")

enum capability {
#define X(symbol, name, lack) CAPABILITY_##symbol,
    CAPABILITIES(X)
#undef X
        CAPABILITY_N
};
#define CAN(symbol) (1u << CAPABILITY_##symbol)

const char *capability_name(enum capability capability);

/** Answers may be this much larger than what asks for them, headers counted in. */
#define SUBJECT_MAX_GAIN 3.0

struct subject {
    char *uri;                                   /**< as given */
    enum probe_transport transport;              /**< of the URI */
    struct endpoint servers[PROBE_N_TRANSPORTS]; /**< family ADDRESS_NONE: not known */
    struct endpoint server_ipv6;                 /**< over `transport`; likewise */
    struct tls_options tls;                      /**< borrows */
    struct endpoint local;                       /**< to bind to; family NONE: any */
    char *username, *password;                   /**< NULL: none; OpaqueString already */
    char *other_username, *other_password; /**< a second user, for 441; NULL: none */
    char *shared_secret;                   /**< for time-limited names; NULL: none */
    struct access_token_key *token_key; /**< makes tokens, RFC 7635; NULL: none; owned */
    bool is_modern;                     /**< profile 8489 */
    bool allows_intrusion; /**< --intrusive: what makes the server open connections */
    double max_gain;       /**< of answers over UDP; 0: SUBJECT_MAX_GAIN */
    struct client_timing timing; /**< of cases: short, from the RTT */
    uint64_t seed;
    bool alters_vectors; /**< for the self-test: S32 must fail */

    /* What subject_explore() finds. */
    unsigned capabilities;         /**< bits of enum capability */
    char *lacks[CAPABILITY_N];     /**< a better reason than the table's; may be
                                        NULL */
    int64_t rtt_ns;                /**< the fastest of a few Bindings */
    struct endpoint other_address; /**< of RFC 5780 */
    struct endpoint denied_peer;   /**< one that the server answers 403 for */
    uint8_t relay_family;   /**< what is asked for to reach our peers: IPv6 where the
                                 server's own address is one; else ADDRESS_NONE */
    char *realm, *software; /**< from the server, NULL: none; not escaped */
};

bool subject_can(const struct subject *s, unsigned needs);

/** Why it cannot, of the first capability that is missing; borrowed. */
const char *subject_lack(const struct subject *s, unsigned needs);

/**
 * Finds out what the server can do. Sends some twenty requests, to nobody but it.
 * @param transcript  what was said goes here; NULL: nowhere
 * @return FALSE with PROBE_ERROR_… if it does not answer at all, or not these credentials
 */
gboolean subject_explore(struct subject *s, struct transcript *transcript,
                         GError **error);

/**
 * Where a UDP socket of ours is seen by the server; its own address where the server does
 * not answer Bindings over UDP.
 */
struct endpoint subject_learn_mapped(const struct subject *s, struct connection *peer,
                                     struct rng *rng);

/** Whether it still answers a Binding. */
bool subject_is_alive(const struct subject *s);

/** Frees what it owns. */
void subject_clear(struct subject *s);

#endif
