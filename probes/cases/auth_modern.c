/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases A13 to A19: what RFC 8489 added to long-term credentials. Algorithms of
 * passwords (§9.2.4, §14.11, §14.12), USERHASH (§14.4), MESSAGE-INTEGRITY-SHA256 (§14.6).
 */
#include "probes/cases/auth_internal.h"

#include <string.h>

enum { UNLISTED = 0x7ffe, ENTRY_SIZE = 4 }; /* an algorithm, and its bytes in the list */

/* A reply whose integrity must be of one kind alone. */
static void expect_kind(struct trial *t, struct client *c, const struct draft *request,
                        uint16_t wanted, uint16_t unwanted, const char *what)
{
    g_auto(auto_answer) answer = { 0 };
    if (!auth_expect(t, c, request, 0, what, &answer))
        return;
    if (!stunmsg_has(&answer.message, wanted))
        trial_fail(t, "%s: a success without %s", what, stunmsg_attribute_name(wanted));
    else if (auth_check(client_auth(c), &answer.message) != STUNMSG_OK)
        trial_fail(t, "%s: a success with a wrong integrity", what);
    else if (stunmsg_has(&answer.message, unwanted))
        trial_warn(t, "%s: a success with %s too", what,
                   stunmsg_attribute_name(unwanted));
    else
        trial_pass(t, "a success with %s", stunmsg_attribute_name(wanted));
}

void auth_sha256_reply(struct trial *t)
{
    struct draft request;
    struct client *c = auth_modern_client(t);
    if (!c)
        return;
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    expect_kind(t, c, &request, STUNMSG_MESSAGE_INTEGRITY_SHA256,
                STUNMSG_MESSAGE_INTEGRITY, "signed by SHA-256");
}

/* As an attacker who wants weaker proofs would: with MD5 alone; where that is the whole
   list already, with another entry at its end. */
void auth_altered_list(struct trial *t)
{
    struct draft request;
    struct client *c = auth_modern_client(t);
    if (!c)
        return;
    struct auth *auth = client_auth(c);
    bool is_md5_alone = auth->algorithms_size == ENTRY_SIZE &&
                        load_be16(auth->algorithms) == AUTH_ALGORITHM_MD5;
    uint8_t *entry = auth->algorithms + (is_md5_alone ? ENTRY_SIZE : 0);
    memset(entry, 0, ENTRY_SIZE);
    store_be16(entry, is_md5_alone ? UNLISTED : AUTH_ALGORITHM_MD5);
    auth->algorithms_size = is_md5_alone ? 2 * (size_t)ENTRY_SIZE : ENTRY_SIZE;
    auth->algorithm = AUTH_ALGORITHM_MD5;
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    auth_expect(t, c, &request, STUNMSG_CODE_BAD_REQUEST,
                is_md5_alone ? "an algorithm added" : "SHA-256 taken out", NULL);
}

void auth_half_pair(struct trial *t)
{
    static const struct {
        unsigned part;
        const char *what;
    } missing[] = { { AUTH_ALGORITHMS, "without PASSWORD-ALGORITHMS" },
                    { AUTH_ALGORITHM, "without PASSWORD-ALGORITHM" } };
    for (unsigned i = 0; i < G_N_ELEMENTS(missing); i++) {
        struct draft request;
        struct client *c = auth_modern_client(t);
        if (!c)
            return;
        auth_begin_allocate(c, &request);
        auth_add(client_auth(c), &request.b, AUTH_ALL & ~missing[i].part);
        if (!auth_expect(t, c, &request, STUNMSG_CODE_BAD_REQUEST, missing[i].what, NULL))
            return;
    }
    trial_pass(t, "400 (Bad Request) to both halves");
}

void auth_unlisted_algorithm(struct trial *t)
{
    struct draft request;
    struct client *c = auth_modern_client(t);
    if (!c)
        return;
    client_auth(c)->algorithm = (enum auth_algorithm)UNLISTED;
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    auth_expect(t, c, &request, STUNMSG_CODE_BAD_REQUEST, "algorithm 0x7ffe", NULL);
}

void auth_no_algorithms(struct trial *t)
{
    struct draft request;
    struct client *c = auth_modern_client(t);
    if (!c)
        return;
    struct auth *auth = client_auth(c);
    auth->algorithms_size = 0;
    auth->algorithm = AUTH_ALGORITHM_NONE;
    auth->uses_sha256 = false;
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    expect_kind(t, c, &request, STUNMSG_MESSAGE_INTEGRITY,
                STUNMSG_MESSAGE_INTEGRITY_SHA256, "without both");
}

void auth_userhash(struct trial *t)
{
    struct draft request;
    struct client *c = auth_modern_client(t);
    if (!c)
        return;
    client_auth(c)->uses_userhash = true;
    auth_begin_allocate(c, &request);
    client_sign(c, &request);
    if (!auth_expect(t, c, &request, 0, "the right USERHASH", NULL))
        return;
    c = auth_modern_client(t);
    if (!c)
        return;
    /* Another user's hash, with a proof by the password given. */
    client_auth(c)->uses_userhash = true;
    auth_begin_allocate(c, &request);
    char *own = client_auth(c)->username;
    client_auth(c)->username = (char *)"nobody, with this hash";
    auth_add(client_auth(c), &request.b, AUTH_USERNAME);
    client_auth(c)->username = own;
    auth_add(client_auth(c), &request.b, AUTH_ALL & ~(unsigned)AUTH_USERNAME);
    if (auth_expect(t, c, &request, STUNMSG_CODE_UNAUTHENTICATED, "a wrong USERHASH",
                    NULL))
        trial_pass(t, "a success with the right one, 401 with a wrong one");
}

/* ---- Truncation ------------------------------------------------------------------- */

/* Adds MESSAGE-INTEGRITY-SHA256 cut to a size. The length in the header, which is proven
   too, is that with the attribute as it is sent (RFC 8489 §14.5, §14.6). */
static void add_truncated(const struct auth *auth, struct draft *request, size_t size)
{
    static const uint8_t zeros[STUNMSG_SHA256_SIZE];
    uint8_t key[STUNMSG_SHA256_SIZE], proof[STUNMSG_SHA256_SIZE];
    gsize proof_size = sizeof proof;
    size_t before = draft_size(request);
    stunmsg_add(&request->b, STUNMSG_MESSAGE_INTEGRITY_SHA256, zeros, size);
    size_t key_size = auth_key(auth, key);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, key, key_size);
    g_hmac_update(hmac, request->bytes, (gssize)before);
    g_hmac_get_digest(hmac, proof, &proof_size);
    g_hmac_unref(hmac);
    explicit_bzero(key, sizeof key);
    memcpy(request->bytes + before + 4, proof, size);
}

static bool get_truncated(struct trial *t, size_t size, struct answer *ret)
{
    struct draft request;
    struct client *c = auth_modern_client(t);
    if (!c)
        return false;
    auth_begin_allocate(c, &request);
    auth_add(client_auth(c), &request.b, AUTH_ALL & ~(unsigned)AUTH_INTEGRITY);
    add_truncated(client_auth(c), &request, size);
    return trial_exchange(t, c, &request, ret);
}

/* Fewer than 16 bytes prove nothing. Whether 16 do is for the usage to say (§14.6), and
   RFC 8656 does not: either answer to them is right. */
void auth_truncated(struct trial *t)
{
    enum { LEAST = 16, TOO_SHORT = 12 };
    g_auto(auto_answer) shorter = { 0 }, least = { 0 };
    if (!get_truncated(t, TOO_SHORT, &shorter) || !get_truncated(t, LEAST, &least))
        return;
    g_autofree char *to_shorter = answer_describe(&shorter);
    g_autofree char *to_least = answer_describe(&least);
    if (shorter.message.class == STUNMSG_SUCCESS)
        trial_fail(t, "a success with 12 bytes");
    else
        trial_pass(t, "12 bytes: %s, 16 bytes: %s", to_shorter, to_least);
}
