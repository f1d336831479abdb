/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we say we are to a server: a user name and a password, time-limited ones made from
 * a secret that is shared with the server (draft-uberti-behave-turn-rest, coturn's
 * use-auth-secret), or a token (RFC 7635).
 *
 * What is secret is in no message and is overwritten before its memory is given back.
 */
#ifndef RTCLAB_PROBES_CORE_CREDENTIALS_H
#define RTCLAB_PROBES_CORE_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#define CREDENTIALS_TTL_S     3600 /**< of time-limited credentials, unless told */
#define CREDENTIALS_NAME      "probe"
#define CREDENTIALS_USER_SIZE 509 /**< a USERNAME is shorter (RFC 8489 §14.3) */

struct credentials {
    char *user;        /**< prepared (credentials_prepare()); a token's key id */
    char *password;    /**< prepared; NULL with a token */
    int64_t expires_s; /**< calendar time, as the user name says; 0: it does not say */

    char *secret; /**< what `password` was made from; NULL: from none */
    char *name;   /**< what of `user` follows the time, with a secret; else NULL */

    uint8_t *token; /**< ACCESS-TOKEN's value (RFC 7635 §6.2); NULL: none */
    size_t token_size;
    uint8_t *token_key; /**< keys the integrity of requests that carry it */
    size_t token_key_size;
};

/** Where options say that they are; each may be NULL. */
struct credentials_source {
    const char *user;
    const char *pass_file;   /**< its first line is the password */
    const char *pass_env;    /**< name of an environment variable */
    const char *secret_file; /**< its first line is the shared secret */
    const char *secret_env;
    const char *token_file; /**< JSON as an authorization server hands out, see below */
    int64_t ttl_s;          /**< of credentials from a secret; 0: CREDENTIALS_TTL_S */
};

/**
 * Takes credentials from where options say. With a secret, the user name becomes
 * "EXPIRY:USER" unless it is that already. A file that others may read is told on
 * standard error.
 *
 * A token's file is the JSON of RFC 7635 §4.1: "access_token", "kid" and "key", the first
 * and the last in base64.
 *
 * @param ret_credentials NULL if the source has none; caller frees
 * @return FALSE with RTC_ERROR_USAGE, no message holding what is secret
 */
gboolean credentials_load(const struct credentials_source *source,
                          struct credentials **ret_credentials, GError **error);

/**
 * Credentials from a user name and a password, both prepared here.
 * @return NULL with RTC_ERROR_USAGE; caller frees
 */
struct credentials *credentials_new(const char *user, const char *password,
                                    GError **error);

/**
 * Time-limited ones: the user name is "EXPIRY:NAME", the password the base64 of
 * HMAC-SHA1(secret, user name).
 *
 * @param name      may be NULL: the user name is the time alone
 * @param expires_s calendar time in s since 1970, not negative
 * @return NULL with RTC_ERROR_USAGE; caller frees
 */
struct credentials *credentials_new_from_secret(const char *secret, const char *name,
                                                int64_t expires_s, GError **error);

/** The same with another time; NULL if they are not from a secret. Caller frees. */
struct credentials *credentials_renew(const struct credentials *c, int64_t expires_s);

void credentials_free(struct credentials *c);
typedef struct credentials auto_credentials;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_credentials, credentials_free)

/**
 * Prepares a user name, a realm or a password as OpaqueString does (RFC 8265 §4.2): all
 * spaces become U+0020, then normalisation form C. Refused is what is empty, no UTF-8 or
 * holds what RFC 8264's FreeformClass has not by its general category: controls, format
 * characters but the joiners, private and unassigned ones.
 *
 * Deliberately not: the contextual rules of the joiners (RFC 5892 appendix A), and
 * refusing conjoining Hangul and ignorable characters of other categories.
 *
 * @param what for the message: "the password"
 * @return NULL with RTC_ERROR_USAGE; caller frees, credentials_wipe() overwrites it too
 */
char *credentials_prepare(const char *what, const char *text, GError **error);

/**
 * Reads a time-limited user name, "EXPIRY:NAME" or "EXPIRY".
 *
 * @param ret_expires_s calendar time in s
 * @param ret_name      borrowed from `user`; NULL if there is none
 * @return false if it does not begin with a time
 */
bool credentials_parse_user(const char *user, int64_t *ret_expires_s,
                            const char **ret_name);

/** "expires in 59 min" or "expired 3 days ago"; caller owns. */
char *credentials_format_expiry(int64_t expires_s, int64_t now_s);

/** Overwrites a string and frees it; NULL is nothing. */
void credentials_wipe(char *text);

#endif
