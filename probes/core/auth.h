/* SPDX-License-Identifier: Apache-2.0 */
/* Long-term credentials as a client uses them (RFC 8489 §9.2, RFC 5389 §10.2). */
#ifndef RTCLAB_PROBES_AUTH_H
#define RTCLAB_PROBES_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "wire/stunmsg.h"

/** PASSWORD-ALGORITHM numbers (RFC 8489 §18.5.1). */
enum auth_algorithm {
    AUTH_ALGORITHM_NONE = 0, /**< not sent: MD5 is meant */
    AUTH_ALGORITHM_MD5 = 1,
    AUTH_ALGORITHM_SHA256 = 2,
};

#define AUTH_NONCE_COOKIE       "obMatJos2" /**< RFC 8489 §9.2 */
#define AUTH_MAX_ALGORITHMS     64 /**< bytes of PASSWORD-ALGORITHMS that are kept */
#define AUTH_FEATURE_ALGORITHMS 0x800000u /**< bit 0 of the Security Feature set */
#define AUTH_FEATURE_ANONYMITY  0x400000u /**< bit 1: USERHASH */

/**
 * What a client knows: fields may be changed by tests before they sign. Texts are owned
 * (g_free), NULL where not known.
 */
struct auth {
    char *username, *password; /**< OpaqueString already */
    char *realm, *nonce;
    enum auth_algorithm algorithm;
    uint8_t algorithms[AUTH_MAX_ALGORITHMS]; /**< PASSWORD-ALGORITHMS as received */
    size_t algorithms_size;                  /**< 0: none was */
    bool uses_sha256;   /**< MESSAGE-INTEGRITY-SHA256 takes the place of -INTEGRITY */
    bool uses_userhash; /**< USERHASH takes the place of USERNAME */
    bool is_modern;     /**< may use what RFC 8489 added to RFC 5389 */
};

void auth_init(struct auth *auth, const char *username, const char *password,
               bool is_modern);
/** Clears, the password's memory too. */
void auth_clear(struct auth *auth);

/**
 * Takes REALM, NONCE and PASSWORD-ALGORITHMS from a 401 or 438 (RFC 8489 §9.2.5). With
 * `is_modern` and a nonce cookie that announces them, SHA-256 is taken if offered.
 * @return false, with nothing changed, if REALM (when none is known) or NONCE is missing,
 *         too long (763 bytes, §14.9) or has a NUL
 */
bool auth_learn(struct auth *auth, const struct stunmsg *m);

/** Takes what another client learnt from the same server, so that a first request can be
 * signed (RFC 8489 §9.2.3.2). The user stays. */
void auth_learn_from(struct auth *auth, const struct auth *other);

/** Whether requests can be signed: there are a user, a realm and a nonce. */
bool auth_is_ready(const struct auth *auth);

/** Parts of what auth_add() adds. */
enum auth_parts {
    AUTH_USERNAME = 1, /**< or USERHASH */
    AUTH_REALM = 2,
    AUTH_NONCE = 4,
    AUTH_ALGORITHMS = 8, /**< PASSWORD-ALGORITHMS, if any were received */
    AUTH_ALGORITHM = 16, /**< PASSWORD-ALGORITHM, unless NONE */
    AUTH_INTEGRITY = 32, /**< last, over all */
    AUTH_ALL = 63,
};

/** Adds the parts that make a request authenticated (RFC 8489 §9.2.3.2). */
void auth_add(const struct auth *auth, struct stunmsg_builder *b, unsigned parts);

/**
 * The key: MD5 or SHA-256 by the algorithm.
 * @return its size, STUNMSG_KEY_SIZE or STUNMSG_SHA256_SIZE
 */
size_t auth_key(const struct auth *auth, uint8_t ret_key[STUNMSG_SHA256_SIZE]);

/**
 * Checks the integrity of a response (RFC 8489 §9.2.5): the attribute of the kind that
 * the request had; with another kind alone, that one.
 */
enum stunmsg_error auth_check(const struct auth *auth, const struct stunmsg *m);

/**
 * The Security Feature bits in a nonce that starts with the cookie and four characters of
 * base64 (RFC 8489 §9.2).
 * @return false if it does not: the server is of RFC 5389
 */
bool auth_nonce_features(const char *nonce, uint32_t *ret_bits);

#endif
