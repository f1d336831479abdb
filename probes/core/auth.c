/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing requests and checking responses. Nothing is decided here about when to try
 * again: client.c does, and cases of conformance on purpose otherwise.
 */
#include "probes/core/auth.h"

#include <string.h>

#include "probes/core/credentials.h"

enum {
    MAX_TEXT = 763,     /* RFC 8489 §14.9, §14.10 */
    FEATURE_LETTERS = 4 /* 24 bits in base64 */
};

void auth_init(struct auth *auth, const char *username, const char *password,
               bool is_modern)
{
    *auth = (struct auth){ .username = g_strdup(username),
                           .password = g_strdup(password),
                           .is_modern = is_modern };
}

void auth_clear(struct auth *auth)
{
    g_free(auth->username);
    credentials_wipe(auth->password);
    g_free(auth->realm);
    g_free(auth->nonce);
    *auth = (struct auth){ 0 };
}

static bool is_text(const struct stunmsg_text *text)
{
    return text->size <= MAX_TEXT && !memchr(text->at, '\0', text->size);
}

/* Whether the server offers an algorithm: a list of number, size of the parameters, and
   these, padded (RFC 8489 §14.11). */
static bool offers(const uint8_t *list, size_t size, enum auth_algorithm wanted)
{
    struct cursor c = cursor_over(list, size);
    while (!c.bad && c.left > 0) {
        uint16_t number = cursor_u16(&c);
        size_t parameters = cursor_u16(&c);
        cursor_take(&c, (parameters + 3) & ~(size_t)3);
        if (!c.bad && number == wanted)
            return true;
    }
    return false;
}

static void learn_algorithms(struct auth *auth, const struct stunmsg *m)
{
    struct stunmsg_text list;
    uint32_t features;
    auth->algorithms_size = 0;
    auth->algorithm = AUTH_ALGORITHM_NONE;
    auth->uses_sha256 = false;
    if (!auth->is_modern || !auth_nonce_features(auth->nonce, &features) ||
        !(features & AUTH_FEATURE_ALGORITHMS) ||
        stunmsg_get_text(m, STUNMSG_PASSWORD_ALGORITHMS, &list) != STUNMSG_OK ||
        list.size > sizeof auth->algorithms)
        return;
    const uint8_t *bytes = (const uint8_t *)list.at;
    if (offers(bytes, list.size, AUTH_ALGORITHM_SHA256))
        auth->algorithm = AUTH_ALGORITHM_SHA256;
    else if (offers(bytes, list.size, AUTH_ALGORITHM_MD5))
        auth->algorithm = AUTH_ALGORITHM_MD5;
    else
        return;
    memcpy(auth->algorithms, bytes, list.size);
    auth->algorithms_size = list.size;
    auth->uses_sha256 = true;
}

bool auth_learn(struct auth *auth, const struct stunmsg *m)
{
    struct stunmsg_text realm, nonce;
    bool has_realm = stunmsg_get_text(m, STUNMSG_REALM, &realm) == STUNMSG_OK;
    if ((!has_realm && !auth->realm) || (has_realm && !is_text(&realm)) ||
        stunmsg_get_text(m, STUNMSG_NONCE, &nonce) != STUNMSG_OK || !is_text(&nonce))
        return false;
    if (has_realm) {
        g_free(auth->realm);
        auth->realm = g_strndup(realm.at, realm.size);
    }
    g_free(auth->nonce);
    auth->nonce = g_strndup(nonce.at, nonce.size);
    learn_algorithms(auth, m);
    return true;
}

void auth_learn_from(struct auth *auth, const struct auth *other)
{
    g_free(auth->realm);
    g_free(auth->nonce);
    auth->realm = g_strdup(other->realm);
    auth->nonce = g_strdup(other->nonce);
    auth->algorithm = other->algorithm;
    memcpy(auth->algorithms, other->algorithms, sizeof auth->algorithms);
    auth->algorithms_size = other->algorithms_size;
    auth->uses_sha256 = other->uses_sha256;
}

bool auth_is_ready(const struct auth *auth)
{
    return auth->username && auth->password && auth->realm && auth->nonce;
}

size_t auth_key(const struct auth *auth, uint8_t ret_key[STUNMSG_SHA256_SIZE])
{
    if (auth->algorithm == AUTH_ALGORITHM_SHA256) {
        stunmsg_long_term_key_sha256(auth->username, auth->realm, auth->password,
                                     ret_key);
        return STUNMSG_SHA256_SIZE;
    }
    stunmsg_long_term_key(auth->username, auth->realm, auth->password, ret_key);
    return STUNMSG_KEY_SIZE;
}

/* RFC 8489 §14.4: SHA-256(username ":" realm). */
static void add_userhash(const struct auth *auth, struct stunmsg_builder *b)
{
    uint8_t hash[STUNMSG_SHA256_SIZE];
    gsize size = sizeof hash;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)auth->username,
                      (gssize)strlen(auth->username));
    g_checksum_update(sum, (const guchar *)":", 1);
    g_checksum_update(sum, (const guchar *)auth->realm, (gssize)strlen(auth->realm));
    g_checksum_get_digest(sum, hash, &size);
    stunmsg_add(b, STUNMSG_USERHASH, hash, size);
}

static void add_integrity(const struct auth *auth, struct stunmsg_builder *b)
{
    uint8_t key[STUNMSG_SHA256_SIZE];
    size_t size = auth_key(auth, key);
    if (auth->uses_sha256)
        stunmsg_add_integrity_sha256(b, key, size);
    else
        stunmsg_add_integrity(b, key, size);
    explicit_bzero(key, sizeof key);
}

void auth_add(const struct auth *auth, struct stunmsg_builder *b, unsigned parts)
{
    if ((parts & AUTH_USERNAME) && auth->uses_userhash)
        add_userhash(auth, b);
    else if (parts & AUTH_USERNAME)
        stunmsg_add_text(b, STUNMSG_USERNAME, auth->username);
    if (parts & AUTH_REALM)
        stunmsg_add_text(b, STUNMSG_REALM, auth->realm);
    if (parts & AUTH_NONCE)
        stunmsg_add_text(b, STUNMSG_NONCE, auth->nonce);
    if ((parts & AUTH_ALGORITHMS) && auth->algorithms_size > 0)
        stunmsg_add(b, STUNMSG_PASSWORD_ALGORITHMS, auth->algorithms,
                    auth->algorithms_size);
    if ((parts & AUTH_ALGORITHM) && auth->algorithm != AUTH_ALGORITHM_NONE) {
        uint8_t value[4] = { 0 }; /* no parameters (RFC 8489 §14.12) */
        store_be16(value, (uint16_t)auth->algorithm);
        stunmsg_add(b, STUNMSG_PASSWORD_ALGORITHM, value, sizeof value);
    }
    if (parts & AUTH_INTEGRITY)
        add_integrity(auth, b);
}

enum stunmsg_error auth_check(const struct auth *auth, const struct stunmsg *m)
{
    uint8_t key[STUNMSG_SHA256_SIZE];
    size_t size = auth_key(auth, key);
    enum stunmsg_error wide = stunmsg_check_integrity_sha256(m, key, size);
    enum stunmsg_error narrow = stunmsg_check_integrity(m, key, size);
    explicit_bzero(key, sizeof key);
    if (auth->uses_sha256)
        return wide == STUNMSG_ABSENT ? narrow : wide;
    return narrow == STUNMSG_ABSENT ? wide : narrow;
}

bool auth_nonce_features(const char *nonce, uint32_t *ret_bits)
{
    size_t cookie = strlen(AUTH_NONCE_COOKIE);
    if (!g_str_has_prefix(nonce, AUTH_NONCE_COOKIE) ||
        strlen(nonce) < cookie + FEATURE_LETTERS)
        return false;
    char letters[FEATURE_LETTERS + 1] = { 0 };
    memcpy(letters, nonce + cookie, FEATURE_LETTERS);
    for (unsigned i = 0; i < FEATURE_LETTERS; i++)
        if (!g_ascii_isalnum(letters[i]) && letters[i] != '+' && letters[i] != '/')
            return false;
    gsize size = 0;
    g_autofree guchar *bits = g_base64_decode(letters, &size);
    if (size != 3)
        return false;
    *ret_bits = (uint32_t)bits[0] << 16 | (uint32_t)bits[1] << 8 | bits[2];
    return true;
}
