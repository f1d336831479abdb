/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A STUN and TURN server inside the program, for `rtcprobe selftest`: right in all that
 * the cases judge unless told otherwise, and with one switch a defect (defects.h), so
 * that each case has a server on which it passes and one on which it fails.
 *
 *     struct probe_server_options options;
 *     probe_server_options_init(&options);
 *     probe_server_options_for_case(&options, "L26");
 *     probe_defects_add(&options.defects, DEFECT_QUOTA_IGNORED);
 *     struct probe_server *server = probe_server_start(&options, &error);
 *     … probe_server_endpoints(server)->plain …
 *     probe_server_stop(server);
 *
 * It serves UDP, TCP, TLS and DTLS on loopback in one thread of its own. RFC 8489, 8656,
 * 5780, 6062, 7350, 7443, 7635, 8016; with PROBE_SERVER_5389 RFC 5389 and 5766.
 */
#ifndef RTCLAB_PROBES_SERVER_SERVER_H
#define RTCLAB_PROBES_SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "probes/server/defects.h"
#include "wire/address.h"

enum { PROBE_SERVER_TOKEN_KEY_BYTES = 32 }; /**< A256GCM (RFC 7635 §4.1.1) */

enum probe_server_profile {
    PROBE_SERVER_8489, /**< nonce cookie, SHA-256, USERHASH; channels to 0x4FFF */
    PROBE_SERVER_5389, /**< nonce before integrity, MD5 alone; channels to 0x7FFE */
};

struct probe_server_user {
    const char *name;
    const char *password;
};

struct probe_server_prefix {
    struct address address;
    unsigned bits;
};

/** What to serve. All that is pointed to is borrowed until probe_server_stop(). */
struct probe_server_options {
    struct address primary;
    struct address
        alternate;       /**< RFC 5780's second address; of no family: there is none */
    struct address ipv6; /**< of no family: no IPv6, neither to listen nor to relay */
    uint16_t port;       /**< of UDP and TCP; 0: any */

    enum probe_server_profile profile;
    const char *realm;
    const struct probe_server_user *users;
    size_t n_users;
    const char *secret;       /**< of time-limited user names, "EXPIRY:NAME"; or NULL */
    const uint8_t *token_key; /**< PROBE_SERVER_TOKEN_KEY_BYTES for RFC 7635; or NULL */
    const char *server_name; /**< what THIRD-PARTY-AUTHORIZATION says; in tokens as AAD */

    const struct probe_server_prefix *peers; /**< the only ones that are not forbidden */
    size_t n_peers;

    unsigned quota;              /**< allocations a user may have; 0: no limit */
    unsigned challenges;         /**< 401s an address gets within 10 s; 0: no limit */
    unsigned nonce_lifetime_s;   /**< then 438 */
    unsigned default_lifetime_s; /**< of allocations; RFC 8656 §3.2: 600 */
    unsigned max_lifetime_s;     /**< RFC 8656 §7.2: 3600 */

    bool has_nat_discovery; /**< RFC 5780 */
    bool has_tcp_relay;     /**< RFC 6062 */
    bool has_mobility;      /**< RFC 8016 */
    bool has_dont_fragment; /**< else DONT-FRAGMENT is an unknown attribute */
    bool has_tls;           /**< TLS and DTLS */
    /** Allocates to the primary address get a 300 to the alternate one. */
    bool redirects;

    struct probe_defects defects;
};

/**
 * The server as it is by default: 127.77.0.1 and 127.77.0.2, ::1 where there is one, any
 * port, RFC 8489, realm "rtclab.test", the users "alice" ("wonderland"), "bob"
 * ("builder") and "zoë" ("pässwörd"), peers within 127.77.0.0/16 and the 192.0.2.0/24
 * that nobody has (RFC 5737), all capabilities but quota, secret, token and limit of
 * challenges, no defect.
 */
void probe_server_options_init(struct probe_server_options *ret_options);

/**
 * Changes what a case needs to be able to pass: N04 a single address, A07 nonces of 30 s,
 * L26 and L28 a quota of 4, S25 a redirect, L16 no IPv6, A22
 * the secret, A23 and A24 the key, X11 a limit of 100 challenges.
 */
void probe_server_options_for_case(struct probe_server_options *options,
                                   const char *case_id);

/** The secret and the key that probe_server_options_for_case() sets for A22 to A24. */
extern const char probe_server_case_secret[];
extern const uint8_t probe_server_case_token_key[PROBE_SERVER_TOKEN_KEY_BYTES];

/** Where it listens; endpoints of no family are not there. */
struct probe_server_endpoints {
    struct endpoint plain;      /**< UDP and TCP, at the primary address */
    struct endpoint alternate;  /**< the other address and other port: OTHER-ADDRESS */
    struct endpoint secure;     /**< TLS and DTLS */
    struct endpoint plain_ipv6; /**< UDP and TCP */
    struct endpoint secure_ipv6;
};

struct probe_server;

/**
 * Starts it in a thread of its own.
 * @return stop it with probe_server_stop(); NULL with RTC_ERROR_ENVIRONMENT
 */
struct probe_server *probe_server_start(const struct probe_server_options *options,
                                        GError **error);

/** Ends it: connections are closed, the thread is joined. */
void probe_server_stop(struct probe_server *server);

/** Borrowed until the server is stopped. */
const struct probe_server_endpoints *
probe_server_endpoints(const struct probe_server *server);

/**
 * The certificate that a client must trust (PEM), for "rtclab.test", "localhost" and the
 * server's addresses; NULL without TLS. Borrowed until the server is stopped.
 */
const char *probe_server_certificate(const struct probe_server *server);

#endif
