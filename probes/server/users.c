/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users by name and by hash, and time-limited names: "EXPIRY:NAME" with the password
 * base64(HMAC-SHA1(secret, name)), as the "REST API for access to TURN services" draft
 * has them and all servers do.
 *
 * Texts are taken as they come: a client prepares them by OpaqueString (RFC 8265).
 *
 * RFC 8489 §9.2.2, §14.3, §14.4; RFC 7635 §4.
 */
#include "probes/server/users.h"

#include <glib.h>

/* "pässwörd" as a server that knows no UTF-8 has it. */
static char *as_latin1(const char *text)
{
    char *converted = g_convert(text, -1, "ISO-8859-1", "UTF-8", NULL, NULL, NULL);
    return converted ? converted : g_strdup(text);
}

static void make_key(const struct probe_server *s, struct srv_request *q,
                     const char *password, enum srv_algorithm algorithm)
{
    g_autofree char *realm = g_strdup(s->options.realm);
    g_autofree char *own = NULL;
    struct stunmsg_text sent;
    if (srv_has(s, DEFECT_REALM_FROM_CLIENT) &&
        stunmsg_get_text(&q->message, STUNMSG_REALM, &sent) == STUNMSG_OK) {
        g_free(realm);
        realm = g_strndup(sent.at, sent.size);
    }
    if (srv_has(s, DEFECT_PASSWORDS_LATIN1))
        password = own = as_latin1(password);
    q->key_size = algorithm == SRV_SHA256 ? STUNMSG_SHA256_SIZE : STUNMSG_KEY_SIZE;
    if (algorithm == SRV_SHA256)
        stunmsg_long_term_key_sha256(q->user, realm, password, q->key);
    else
        stunmsg_long_term_key(q->user, realm, password, q->key);
}

/* The password of a time-limited name; NULL if it is none or its time is over. */
static char *timed_password(const struct probe_server *s, const char *user)
{
    char *end;
    if (!s->options.secret)
        return NULL;
    guint64 expires_s = g_ascii_strtoull(user, &end, 10);
    if (end == user || (*end != ':' && *end != 0))
        return NULL;
    if (expires_s < (guint64)(clock_calendar_ns() / NS_PER_S) &&
        !srv_has(s, DEFECT_EXPIRED_USER_ACCEPTED))
        return NULL;
    uint8_t digest[STUNMSG_SHA1_SIZE];
    gsize size = sizeof digest;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *)s->options.secret,
                             strlen(s->options.secret));
    g_hmac_update(hmac, (const guchar *)user, -1);
    g_hmac_get_digest(hmac, digest, &size);
    g_hmac_unref(hmac);
    return g_base64_encode(digest, size);
}

static bool find_by_name(const struct probe_server *s, struct srv_request *q,
                         const struct stunmsg_text *name, enum srv_algorithm algorithm)
{
    if (name->size >= sizeof q->user || memchr(name->at, 0, name->size))
        return false;
    memcpy(q->user, name->at, name->size);
    q->user[name->size] = 0;
    for (size_t i = 0; i < s->options.n_users; i++) {
        const struct probe_server_user *u = &s->options.users[i];
        if (strcmp(u->name, q->user) == 0) {
            make_key(s, q, u->password, algorithm);
            return true;
        }
    }
    g_autofree char *password = timed_password(s, q->user);
    if (password)
        make_key(s, q, password, algorithm);
    return password != NULL;
}

static bool find_by_hash(const struct probe_server *s, struct srv_request *q,
                         const struct stunmsg_text *hash, enum srv_algorithm algorithm)
{
    for (size_t i = 0; i < s->options.n_users; i++) {
        const struct probe_server_user *u = &s->options.users[i];
        uint8_t digest[STUNMSG_SHA256_SIZE];
        gsize size = sizeof digest;
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        g_checksum_update(sum, (const guchar *)u->name, -1);
        g_checksum_update(sum, (const guchar *)":", 1);
        g_checksum_update(sum, (const guchar *)s->options.realm, -1);
        g_checksum_get_digest(sum, digest, &size);
        bool is_equal = hash->size == size && memcmp(hash->at, digest, size) == 0;
        if (is_equal ? !srv_has(s, DEFECT_USERHASH_UNKNOWN)
                     : srv_has(s, DEFECT_USERHASH_UNCHECKED)) {
            g_strlcpy(q->user, u->name, sizeof q->user);
            make_key(s, q, u->password, algorithm);
            return true;
        }
    }
    return false;
}

bool srv_users_find(const struct probe_server *s, struct srv_request *q,
                    enum srv_algorithm algorithm)
{
    struct stunmsg_text text;
    struct stunmsg_text token;
    bool is_named = stunmsg_get_text(&q->message, STUNMSG_USERNAME, &text) == STUNMSG_OK;
    if (s->options.token_key && is_named &&
        stunmsg_get_text(&q->message, STUNMSG_ACCESS_TOKEN, &token) == STUNMSG_OK) {
        /* USERNAME is the key's identifier (RFC 7635 §4); there is one key here. */
        g_autofree char *kid = g_strndup(text.at, text.size);
        g_strlcpy(q->user, kid, sizeof q->user);
        return srv_token_open(s, &token, q);
    }
    if (is_named)
        return find_by_name(s, q, &text, algorithm);
    return stunmsg_get_text(&q->message, STUNMSG_USERHASH, &text) == STUNMSG_OK &&
           find_by_hash(s, q, &text, algorithm);
}
