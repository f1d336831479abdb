/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-contained access tokens, as an authorization server makes them for a STUN server
 * that shares a key with it (RFC 7635 §6.2).
 */
#ifndef RTCLAB_PROBES_ACCESS_TOKEN_H
#define RTCLAB_PROBES_ACCESS_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#define ACCESS_TOKEN_MAC_KEY_SIZE 20 /**< of the proofs that a token's holder makes */
#define ACCESS_TOKEN_SIZE         64 /**< of a sealed token */
#define ACCESS_TOKEN_MAX_KEY      32

/** The long-term key of both servers (RFC 7635 §4.1). */
struct access_token_key {
    char *kid; /**< the user name of who has a token; owned */
    uint8_t bytes[ACCESS_TOKEN_MAX_KEY];
    size_t size; /**< 16 (A128GCM) or 32 (A256GCM) */
};

/**
 * Reads a key: {"kid": "…", "key": base64 of 16 or 32 bytes}.
 * @return NULL with RTC_ERROR_USAGE; no message has the key in it. Caller frees.
 */
struct access_token_key *access_token_key_load(const char *path, GError **error);

/** Overwrites it and frees it; NULL is nothing. */
void access_token_key_free(struct access_token_key *key);
typedef struct access_token_key auto_access_token_key; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_access_token_key, access_token_key_free)

/** What a token says to the server. */
struct access_token {
    uint8_t mac_key[ACCESS_TOKEN_MAC_KEY_SIZE];
    int64_t made_s; /**< calendar time */
    uint32_t lifetime_s;
};

/**
 * Seals a token with AES-GCM, the nonce from the kernel's entropy.
 * @param server_name what THIRD-PARTY-AUTHORIZATION says: the associated data
 * @return FALSE if the cryptography fails, with the output untouched
 */
gboolean access_token_seal(const struct access_token_key *key,
                           const struct access_token *token, const char *server_name,
                           uint8_t out[ACCESS_TOKEN_SIZE]);

#endif
