/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long-term credentials, in the order of RFC 8489 §9.2.4: integrity is there, nothing is
 * missing, the algorithms are ours, the user is known, the integrity is right, the nonce
 * is still good. RFC 5389 §10.2.2 has the nonce before user and integrity, and knows no
 * algorithms.
 *
 * Third parties' tokens (RFC 7635) come in as one more way to find a user's key.
 */
#include "probes/server/auth.h"

#include "probes/server/allocation.h"
#include "probes/server/nonce.h"
#include "probes/server/users.h"

enum { EXHAUSTED_AT = 500, CHALLENGE_WINDOW_SECONDS = 10 };

/* RFC 8489 §14.11: SHA-256, then MD5, both without parameters. */
static const uint8_t algorithms[] = { 0, SRV_SHA256, 0, 0, 0, SRV_MD5, 0, 0 };

static bool is_8489(const struct probe_server *s)
{
    return s->options.profile == PROBE_SERVER_8489;
}

/* Whether an address may have one more 401. */
static bool may_challenge(struct probe_server *s, const struct address *client)
{
    if (srv_has(s, DEFECT_CHALLENGES_EXHAUST) && ++s->n_challenges > EXHAUSTED_AT)
        return false;
    if (s->options.challenges == 0 || srv_has(s, DEFECT_CHALLENGES_UNLIMITED))
        return true;
    size_t oldest = 0;
    for (size_t i = 0; i < SRV_CHALLENGED; i++) {
        struct srv_challenged *c = &s->challenged[i];
        if (address_equal(&c->address, client) &&
            s->now_ns - c->since_ns < CHALLENGE_WINDOW_SECONDS * NS_PER_S)
            return ++c->count <= s->options.challenges;
        if (c->since_ns < s->challenged[oldest].since_ns)
            oldest = i;
    }
    s->challenged[oldest] =
        (struct srv_challenged){ .address = *client, .since_ns = s->now_ns, .count = 1 };
    return true;
}

/* 401 or 438, with what a client needs for its next try. */
static void challenge(struct probe_server *s, const struct srv_request *q, unsigned code,
                      const char *reason)
{
    char nonce[SRV_NONCE_BYTES];
    struct srv_reply r;
    if (code == STUNMSG_CODE_UNAUTHENTICATED &&
        !may_challenge(s, &q->path->client.address))
        return;
    srv_nonce_make(s, q->path, nonce);
    srv_reply_begin(s, q, STUNMSG_FAILURE, &r);
    srv_reply_add_error(s, &r, code, reason);
    stunmsg_add_text(&r.b, STUNMSG_REALM, s->options.realm);
    if (!srv_has(s, DEFECT_CHALLENGE_WITHOUT_NONCE) ||
        code != STUNMSG_CODE_UNAUTHENTICATED)
        stunmsg_add_text(&r.b, STUNMSG_NONCE, nonce);
    if (is_8489(s) && !srv_has(s, DEFECT_ALGORITHMS_MISSING))
        stunmsg_add(&r.b, STUNMSG_PASSWORD_ALGORITHMS, algorithms, sizeof algorithms);
    if (s->options.token_key && code == STUNMSG_CODE_UNAUTHENTICATED &&
        !srv_has(s, DEFECT_THIRD_PARTY_UNSAID))
        stunmsg_add_text(&r.b, STUNMSG_THIRD_PARTY_AUTHORIZATION, s->options.server_name);
    srv_reply_send(s, q, &r);
}

/* The integrity attribute that counts, or 0. */
static uint16_t find_proof(const struct probe_server *s, const struct stunmsg *m)
{
    if (is_8489(s) && stunmsg_has(m, STUNMSG_MESSAGE_INTEGRITY_SHA256))
        return STUNMSG_MESSAGE_INTEGRITY_SHA256;
    return stunmsg_has(m, STUNMSG_MESSAGE_INTEGRITY) ? STUNMSG_MESSAGE_INTEGRITY : 0;
}

static bool is_complete(const struct probe_server *s, const struct stunmsg *m)
{
    bool has_user = stunmsg_has(m, STUNMSG_USERNAME) ||
                    (is_8489(s) && stunmsg_has(m, STUNMSG_USERHASH));
    return has_user && stunmsg_has(m, STUNMSG_REALM) && stunmsg_has(m, STUNMSG_NONCE);
}

/* False if the request's nonce is no good; it has been answered then. */
static bool check_nonce(struct probe_server *s, const struct srv_request *q)
{
    struct stunmsg_text nonce = { 0 };
    (void)stunmsg_get_text(&q->message, STUNMSG_NONCE, &nonce);
    enum srv_nonce state = srv_nonce_check(s, q->path, &nonce);
    if (state == SRV_NONCE_FRESH)
        return true;
    if (state == SRV_NONCE_STALE && srv_has(s, DEFECT_STALE_NONCE_ENDS_ALLOCATION))
        srv_allocation_delete(s, srv_allocation_find(s, q->path));
    bool is_401 = state == SRV_NONCE_FORGED && srv_has(s, DEFECT_FORGED_NONCE_401);
    challenge(s, q, is_401 ? STUNMSG_CODE_UNAUTHENTICATED : STUNMSG_CODE_STALE_NONCE,
              NULL);
    return false;
}

static bool is_listed(unsigned algorithm)
{
    return algorithm == SRV_MD5 || algorithm == SRV_SHA256;
}

/* Which algorithm the key is made with; false if the request must get a 400. */
static bool choose_algorithm(const struct probe_server *s, struct srv_request *q,
                             enum srv_algorithm *ret_algorithm)
{
    struct stunmsg_text list, chosen, nonce;
    const struct stunmsg *m = &q->message;
    bool has_list = stunmsg_get_text(m, STUNMSG_PASSWORD_ALGORITHMS, &list) == STUNMSG_OK;
    bool has_one = stunmsg_get_text(m, STUNMSG_PASSWORD_ALGORITHM, &chosen) == STUNMSG_OK;
    *ret_algorithm = SRV_MD5;
    if (!is_8489(s) || stunmsg_get_text(m, STUNMSG_NONCE, &nonce) != STUNMSG_OK ||
        !srv_nonce_has_algorithms(&nonce))
        return true;
    if (!has_list && !has_one)
        return !srv_has(s, DEFECT_OMITTED_ALGORITHMS_400);
    q->replies_by_sha256 = true;
    if (has_list != has_one && !srv_has(s, DEFECT_HALF_ALGORITHMS_ACCEPTED))
        return false;
    bool is_ours = has_list && list.size == sizeof algorithms &&
                   memcmp(list.at, algorithms, sizeof algorithms) == 0;
    if (has_list && !is_ours && !srv_has(s, DEFECT_ALGORITHMS_UNCHECKED))
        return false;
    if (!has_one)
        return true;
    unsigned algorithm = chosen.size >= 4 ? load_be16((const uint8_t *)chosen.at) : 0;
    if (!is_listed(algorithm))
        return srv_has(s, DEFECT_UNLISTED_ALGORITHM_ACCEPTED);
    *ret_algorithm = (enum srv_algorithm)algorithm;
    return true;
}

/* MESSAGE-INTEGRITY-SHA256 of 12 bytes, which stunmsg_check_integrity_sha256() refuses:
 * as though it were cut from the right one (DEFECT_TRUNCATED_TOO_FAR_ACCEPTED). */
static bool is_right_but_short(const struct srv_request *q)
{
    struct stunmsg_attribute proof;
    uint8_t again[SRV_MAX_MESSAGE_BYTES];
    struct stunmsg_builder b;
    if (stunmsg_find(&q->message, STUNMSG_MESSAGE_INTEGRITY_SHA256, &proof) !=
            STUNMSG_OK ||
        proof.size != 12)
        return false;
    struct stunmsg_iterator i = stunmsg_attributes(&q->message);
    struct stunmsg_attribute a;
    stunmsg_begin(&b, again, sizeof again, q->message.method,
                  (enum stunmsg_class)q->message.class, q->message.transaction);
    while (stunmsg_next(&i, &a) && a.value != proof.value)
        stunmsg_add(&b, a.type, a.value, a.size);
    /* The length that is hashed is that with an integrity of 12 bytes. */
    store_be16(again + 2, (uint16_t)(b.out.used - STUNMSG_HEADER_SIZE + 16));
    uint8_t digest[STUNMSG_SHA256_SIZE];
    gsize digest_size = sizeof digest;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, q->key, q->key_size);
    g_hmac_update(hmac, again, (gssize)b.out.used);
    g_hmac_get_digest(hmac, digest, &digest_size);
    g_hmac_unref(hmac);
    return memcmp(digest, proof.value, proof.size) == 0;
}

static bool has_integrity(const struct probe_server *s, const struct srv_request *q,
                          uint16_t proof)
{
    if (srv_has(s, DEFECT_INTEGRITY_UNCHECKED))
        return true;
    if (proof == STUNMSG_MESSAGE_INTEGRITY)
        return stunmsg_check_integrity(&q->message, q->key, q->key_size) == STUNMSG_OK;
    if (srv_has(s, DEFECT_TRUNCATED_TOO_FAR_ACCEPTED) && is_right_but_short(q))
        return true;
    return stunmsg_check_integrity_sha256(&q->message, q->key, q->key_size) == STUNMSG_OK;
}

static void answer_unproven(struct probe_server *s, struct srv_request *q)
{
    if (srv_has(s, DEFECT_CHALLENGE_400))
        srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST);
    else
        challenge(s, q, STUNMSG_CODE_UNAUTHENTICATED, NULL);
}

/* Who it says it is, and whether that is so; false if it has been answered. */
static bool check_user(struct probe_server *s, struct srv_request *q, uint16_t proof,
                       enum srv_algorithm algorithm)
{
    struct stunmsg_text realm;
    bool is_realm_ours =
        stunmsg_get_text(&q->message, STUNMSG_REALM, &realm) == STUNMSG_OK &&
        realm.size == strlen(s->options.realm) &&
        memcmp(realm.at, s->options.realm, realm.size) == 0;
    if (!srv_users_find(s, q, algorithm)) {
        if (srv_has(s, DEFECT_UNKNOWN_USER_400))
            srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST);
        else
            challenge(s, q, STUNMSG_CODE_UNAUTHENTICATED,
                      srv_has(s, DEFECT_USERS_TOLD_APART) ? "No such user" : NULL);
        return false;
    }
    if ((is_realm_ours || srv_has(s, DEFECT_REALM_FROM_CLIENT)) &&
        has_integrity(s, q, proof)) {
        q->is_proven = true;
        return true;
    }
    if (srv_has(s, DEFECT_BAD_PASSWORD_400))
        srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST);
    else
        challenge(s, q, STUNMSG_CODE_UNAUTHENTICATED, NULL);
    return false;
}

bool srv_auth_check(struct probe_server *s, struct srv_request *q)
{
    enum srv_algorithm algorithm;
    uint16_t proof = find_proof(s, &q->message);
    if (proof == 0) {
        if (srv_has(s, DEFECT_AUTHENTICATION_OFF) ||
            (srv_has(s, DEFECT_NAME_IS_ENOUGH) &&
             stunmsg_has(&q->message, STUNMSG_USERNAME)))
            return true;
        answer_unproven(s, q);
        return false;
    }
    if (!is_complete(s, &q->message)) {
        if (srv_has(s, DEFECT_MISSING_ATTRIBUTE_401))
            challenge(s, q, STUNMSG_CODE_UNAUTHENTICATED, NULL);
        else
            srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST);
        return false;
    }
    if (!is_8489(s) && !check_nonce(s, q))
        return false;
    if (!choose_algorithm(s, q, &algorithm)) {
        srv_reply_error(s, q, STUNMSG_CODE_BAD_REQUEST);
        return false;
    }
    return check_user(s, q, proof, algorithm) && (!is_8489(s) || check_nonce(s, q));
}
