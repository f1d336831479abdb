/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the integrity of each message holds, with the keys that the record has: the
 * passwords of both sides' descriptions, each by its user name fragment, so that those of
 * an ICE restart stay apart; and what the call's TURN servers take.
 *
 * A check is keyed with the password of whom it goes to, and so is its answer (RFC 8445
 * §7.2.2, RFC 8489 §9.1.4): it is the fragment before the colon of its USERNAME. A
 * request to a server names user and realm; what answers it names neither.
 */
#include "call/timeline_make.h"

#include <string.h>

struct key {
    uint8_t bytes[256];
    size_t size; /* 0: not known */
};

struct keys {
    GHashTable *passwords; /* ice-ufrag: ice-pwd */
    GHashTable *users;     /* a server's user name: its password */
    GHashTable *asked;     /* transaction: struct key *, of its request */
};

static void learn_description(struct keys *keys, const char *sdp)
{
    g_auto(GStrv) lines = g_strsplit(sdp, "\n", -1);
    g_autofree char *ufrag = NULL, *password = NULL;
    for (char **line = lines; *line; line++) {
        g_strchomp(*line);
        if (g_str_has_prefix(*line, "a=ice-ufrag:")) {
            g_free(ufrag);
            ufrag = g_strdup(*line + strlen("a=ice-ufrag:"));
        } else if (g_str_has_prefix(*line, "a=ice-pwd:")) {
            g_free(password);
            password = g_strdup(*line + strlen("a=ice-pwd:"));
        }
        if (ufrag && password) /* in either order */
            g_hash_table_insert(keys->passwords, g_steal_pointer(&ufrag),
                                g_steal_pointer(&password));
    }
}

static void learn_keys(struct keys *keys, const struct timeline *t)
{
    for (unsigned i = 0; i < t->descriptions->len; i++)
        learn_description(
            keys, timeline_at(t->descriptions, struct timeline_description, i)->sdp);
    for (unsigned i = 0; i < t->events->len; i++) {
        const struct timeline_event *e = timeline_at(t->events, struct timeline_event, i);
        const char *user = timeline_text(e, "username");
        const char *password = timeline_text(e, "password");
        if (e->kind == EVENT_SERVER_STARTED && user && password)
            g_hash_table_insert(keys->users, g_strdup(user), g_strdup(password));
    }
}

static char *text_of(const struct stunmsg *m, uint16_t type)
{
    struct stunmsg_text text;
    return stunmsg_get_text(m, type, &text) == STUNMSG_OK &&
                   !memchr(text.at, 0, text.size)
               ? g_strndup(text.at, text.size)
               : NULL;
}

static void set_password(struct key *key, const char *password)
{
    size_t size = password ? strlen(password) : 0;
    if (size <= sizeof key->bytes) {
        memcpy(key->bytes, password ? password : "", size);
        key->size = size;
    }
}

static void key_of_request(const struct keys *keys, const struct stunmsg *m,
                           struct key *ret)
{
    g_autofree char *user = text_of(m, STUNMSG_USERNAME);
    g_autofree char *realm = text_of(m, STUNMSG_REALM);
    *ret = (struct key){ 0 };
    if (!user)
        return;
    if (realm) {
        const char *password = g_hash_table_lookup(keys->users, user);
        if (!password)
            return;
        stunmsg_long_term_key(user, realm, password, ret->bytes);
        ret->size = STUNMSG_KEY_SIZE;
    } else {
        user[strcspn(user, ":")] = '\0';
        set_password(ret, g_hash_table_lookup(keys->passwords, user));
    }
}

static enum timeline_integrity check(const struct stunmsg *m, const struct key *key)
{
    bool has_sha256 = stunmsg_has(m, STUNMSG_MESSAGE_INTEGRITY_SHA256);
    bool has_sha1 = stunmsg_has(m, STUNMSG_MESSAGE_INTEGRITY);
    if (!has_sha1 && !has_sha256)
        return TIMELINE_INTEGRITY_ABSENT;
    if (!key || key->size == 0)
        return TIMELINE_INTEGRITY_UNKNOWN;
    enum stunmsg_error result =
        has_sha1 ? stunmsg_check_integrity(m, key->bytes, key->size)
                 : stunmsg_check_integrity_sha256(m, key->bytes, key->size);
    return result == STUNMSG_OK ? TIMELINE_INTEGRITY_VERIFIED : TIMELINE_INTEGRITY_WRONG;
}

static void check_all(struct timeline_maker *m, struct keys *keys)
{
    for (uint32_t i = 0; i < m->timeline->messages->len; i++) {
        struct timeline_message *message = maker_message(m, i);
        struct timeline_fact *fact = maker_fact(m, i);
        struct stunmsg decoded;
        message->integrity = TIMELINE_INTEGRITY_ABSENT;
        if (stunmsg_decode(fact->peeled.bytes, fact->peeled.size, &decoded) != STUNMSG_OK)
            continue;
        struct key *key = g_hash_table_lookup(keys->asked, fact->transaction);
        if (!key && message->class == STUNMSG_REQUEST) {
            key = g_new(struct key, 1);
            key_of_request(keys, &decoded, key);
            g_hash_table_insert(keys->asked, fact->transaction, key);
        }
        message->integrity = check(&decoded, key);
    }
}

void timeline_check_integrity(struct timeline_maker *m)
{
    struct keys keys = {
        .passwords = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .asked = g_hash_table_new_full(timeline_hash_transaction,
                                       timeline_equal_transactions, NULL, g_free),
    };
    learn_keys(&keys, m->timeline);
    check_all(m, &keys);
    g_hash_table_unref(keys.passwords);
    g_hash_table_unref(keys.users);
    g_hash_table_unref(keys.asked);
}
