/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases A22 to A24: credentials that expire. Time-limited user names, which servers
 * share a secret for (draft-uberti-behave-turn-rest), and access tokens (RFC 7635), which
 * are made here with the key that --access-token-key-file names.
 */
#include "probes/cases/auth_internal.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/access_token.h"
#include "probes/core/credentials.h"

enum { DAY_S = 86400 };

static int64_t calendar_s(void)
{
    return clock_calendar_ns() / NS_PER_S;
}

/* ---- Time-limited names ----------------------------------------------------------- */

/* Credentials of the subject's user until a time. */
static struct credentials *make_credentials(struct trial *t, int64_t expires_s)
{
    const struct subject *s = trial_subject(t);
    int64_t before_s;
    const char *name;
    g_autoptr(GError) error = NULL;
    if (!credentials_parse_user(s->username, &before_s, &name))
        name = s->username;
    struct credentials *credentials =
        credentials_new_from_secret(s->shared_secret, name, expires_s, &error);
    if (!credentials)
        trial_error(t, error);
    return credentials;
}

static struct client *open_as(struct trial *t, const struct credentials *credentials)
{
    struct client_options options = trial_client_options(t, trial_subject(t)->transport);
    options.username = credentials->user;
    options.password = credentials->password;
    return trial_client_with(t, &options);
}

/* What becomes of an allocation whose user name's time ends. NULL: that is not known. */
static char *outlive_name(struct trial *t)
{
    enum { SOON_S = 2 };
    int64_t expires_s = calendar_s() + SOON_S;
    struct allocation allocation;
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    g_autoptr(auto_credentials) credentials = make_credentials(t, expires_s);
    struct client *c = credentials ? open_as(t, credentials) : NULL;
    if (!c || !trial_allocate(t, c, NULL, &allocation) || !trial_wait_s(t, SOON_S + 1))
        return NULL;
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    client_sign(c, &request);
    return trial_exchange(t, c, &request, &answer) ? answer_describe(&answer) : NULL;
}

void auth_expired_name(struct trial *t)
{
    struct draft request;
    if (!trial_subject(t)->shared_secret) {
        trial_unsupported(t, "no secret was given that makes time-limited names: "
                             "--secret-file");
        return;
    }
    g_autoptr(auto_credentials) expired = make_credentials(t, calendar_s() - DAY_S);
    struct client *c = expired ? open_as(t, expired) : NULL;
    if (!c || !trial_challenge(t, c))
        return;
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    if (!auth_expect(t, c, &request, STUNMSG_CODE_UNAUTHENTICATED,
                     "a name that expired a day ago", NULL))
        return;
    g_autofree char *live = outlive_name(t);
    if (live)
        trial_pass(t,
                   "401; to a Refresh of an allocation that is older than its name's "
                   "end: %s",
                   live);
}

/* ---- Tokens ----------------------------------------------------------------------- */

/* The server's name in a challenge; NULL: it is not there, or none. Caller owns. */
static char *read_server_name(const struct answer *answer)
{
    struct stunmsg_text name;
    if (stunmsg_get_text(&answer->message, STUNMSG_THIRD_PARTY_AUTHORIZATION, &name) !=
            STUNMSG_OK ||
        name.size == 0 || memchr(name.at, '\0', name.size))
        return NULL;
    return g_strndup(name.at, name.size);
}

/* A 401 to an Allocate without credentials, learnt from, and the name in it. */
static bool get_challenge(struct trial *t, struct client *c, char **ret_name)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    auth_begin_allocate(c, &request);
    if (!auth_expect(t, c, &request, STUNMSG_CODE_UNAUTHENTICATED, "no credentials",
                     &answer))
        return false;
    auth_learn(client_auth(c), &answer.message);
    *ret_name = read_server_name(&answer);
    return true;
}

static void say_lack(struct trial *t)
{
    if (trial_subject(t)->token_key)
        trial_fail(t, "401 without THIRD-PARTY-AUTHORIZATION, though there is a key for "
                      "tokens");
    else
        trial_unsupported(t, "the server's 401 has no THIRD-PARTY-AUTHORIZATION");
}

void auth_third_party_said(struct trial *t)
{
    struct draft request;
    g_autofree char *first = NULL, *second = NULL;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = trial_client(t);
    if (!c || !get_challenge(t, c, &first))
        return;
    if (!first) {
        say_lack(t);
        return;
    }
    if (!g_utf8_validate(first, -1, NULL)) {
        trial_fail(t, "a server's name that is no UTF-8");
        return;
    }
    auth_begin_allocate(c, &request);
    g_free(client_auth(c)->password);
    client_auth(c)->password = g_strdup("a password that nobody has");
    client_sign(c, &request);
    if (!auth_expect(t, c, &request, STUNMSG_CODE_UNAUTHENTICATED, "a wrong password",
                     &answer))
        return;
    second = read_server_name(&answer);
    if (!second)
        trial_warn(t, "\"%s\", but the 401 to a wrong password lacks it", first);
    else
        trial_pass(t, "\"%s\"", first);
}

enum token_kind {
    TOKEN_VALID,
    TOKEN_SHORT_KEY, /* valid, and the end of its key is zeros */
    TOKEN_TAMPERED,
    TOKEN_EXPIRED
};

/* A token of a kind, sealed. */
static bool make_token(struct trial *t, enum token_kind kind, const char *server_name,
                       struct access_token *ret, uint8_t out[ACCESS_TOKEN_SIZE])
{
    enum { LIFETIME_S = 3600, MD5_KEY = STUNMSG_KEY_SIZE };
    ret->made_s = calendar_s() - (kind == TOKEN_EXPIRED ? DAY_S : 0);
    ret->lifetime_s = LIFETIME_S;
    rng_entropy(ret->mac_key, sizeof ret->mac_key);
    if (kind == TOKEN_SHORT_KEY)
        memset(ret->mac_key + MD5_KEY, 0, sizeof ret->mac_key - MD5_KEY);
    if (!access_token_seal(trial_subject(t)->token_key, ret, server_name, out)) {
        trial_inconclusive(t, "the token could not be sealed");
        return false;
    }
    if (kind == TOKEN_TAMPERED)
        out[ACCESS_TOKEN_SIZE - 1] ^= 1; /* of the tag: what it seals stays as it is */
    return true;
}

/* An Allocate proven by a token (RFC 7635 §5): the user name is the key's id, the key of
   the proof is in the token. */
static bool try_token(struct trial *t, enum token_kind kind, struct answer *ret)
{
    enum { PROVEN = AUTH_USERNAME | AUTH_REALM | AUTH_NONCE };
    uint8_t bytes[ACCESS_TOKEN_SIZE];
    struct access_token token;
    struct draft request;
    g_autofree char *server_name = NULL;
    struct client *c = trial_client(t);
    if (!c || !get_challenge(t, c, &server_name))
        return false;
    if (!server_name) {
        say_lack(t);
        return false;
    }
    if (!make_token(t, kind, server_name, &token, bytes))
        return false;
    auth_replace(&client_auth(c)->username, g_strdup(trial_subject(t)->token_key->kid));
    auth_begin_allocate(c, &request);
    stunmsg_add(&request.b, STUNMSG_ACCESS_TOKEN, bytes, sizeof bytes);
    auth_add(client_auth(c), &request.b, PROVEN);
    stunmsg_add_integrity(&request.b, token.mac_key, sizeof token.mac_key);
    return trial_exchange(t, c, &request, ret);
}

/* A token that must not open. */
static bool refuses_token(struct trial *t, enum token_kind kind, const char *what)
{
    g_auto(auto_answer) answer = { 0 };
    if (!try_token(t, kind, &answer))
        return false;
    if (answer_code(&answer) == STUNMSG_CODE_UNAUTHENTICATED)
        return true;
    g_autofree char *said = answer_describe(&answer);
    trial_fail(t, "%s: %s, must be 401", what, said);
    return false;
}

/* Says why a valid token did not open. An HMAC's key is filled up with zeros, so one that
   ends in zeros shows whether the server uses but the beginning of it. */
static void say_refusal(struct trial *t, const struct answer *refusal)
{
    g_auto(auto_answer) answer = { 0 };
    g_autofree char *said = answer_describe(refusal);
    if (!try_token(t, TOKEN_SHORT_KEY, &answer))
        return;
    if (answer.message.class == STUNMSG_SUCCESS)
        trial_fail(t,
                   "a valid token: %s, since of its key of 20 bytes the server uses "
                   "16 alone",
                   said);
    else
        trial_fail(t, "a valid token: %s, must be a success", said);
}

void auth_token(struct trial *t)
{
    g_auto(auto_answer) answer = { 0 };
    if (!trial_subject(t)->token_key) {
        trial_unsupported(t, "no key was given to make tokens with: "
                             "--access-token-key-file");
        return;
    }
    if (!try_token(t, TOKEN_VALID, &answer))
        return;
    if (answer.message.class != STUNMSG_SUCCESS)
        say_refusal(t, &answer);
    else if (refuses_token(t, TOKEN_TAMPERED, "a token with a wrong tag") &&
             refuses_token(t, TOKEN_EXPIRED, "a token that expired a day ago"))
        trial_pass(t, "a success with a valid one, 401 tampered with, 401 expired");
}
