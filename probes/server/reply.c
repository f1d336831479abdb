/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses, from their header to their FINGERPRINT.
 *
 * Replies to proven requests are remembered for 40 s, so that a retransmission finds the
 * same answer and changes nothing (RFC 8489 §6.3.1). Others are made anew: they depend on
 * nothing but the request.
 *
 * RFC 8489 §6.3.1, §9.2.4, §14.
 */
#include "probes/server/request.h"

#include "probes/server/path.h"

enum { REMEMBER_SECONDS = 40, VERBOSE_BYTES = 700 };

#define SOFTWARE "rtclab"

void srv_reply_begin(const struct probe_server *s, const struct srv_request *q,
                     enum stunmsg_class class, struct srv_reply *r)
{
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    memcpy(transaction, q->message.transaction, sizeof transaction);
    if (srv_has(s, DEFECT_TRANSACTION_CHANGED))
        transaction[0] ^= 1;
    stunmsg_begin(&r->b, r->bytes, sizeof r->bytes, q->message.method, class,
                  transaction);
}

void srv_indication_begin(struct srv_reply *r, uint16_t method)
{
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    rng_entropy(transaction, sizeof transaction);
    stunmsg_begin(&r->b, r->bytes, sizeof r->bytes, method, STUNMSG_INDICATION,
                  transaction);
}

void srv_reply_add_address(const struct probe_server *s, struct srv_reply *r,
                           uint16_t type, const struct endpoint *endpoint)
{
    stunmsg_add_address(&r->b, type, endpoint);
    if (!srv_has(s, DEFECT_IPV6_XOR_COOKIE_ONLY) || r->b.out.bad ||
        endpoint->address.family != ADDRESS_IPV6 ||
        stunmsg_attribute_form(type) != STUNMSG_FORM_XOR_ADDRESS)
        return;
    /* Leaves the last 12 bytes as they are. */
    memcpy(r->bytes + r->b.out.used - 12, endpoint->address.bytes + 4, 12);
}

void srv_reply_add_error(const struct probe_server *s, struct srv_reply *r, unsigned code,
                         const char *reason)
{
    if (!reason)
        reason = stunmsg_code_reason(code);
    uint8_t value[64] = { 0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100) };
    size_t size = 4 + strlen(reason);
    memcpy(value + 4, reason, size - 4);
    if (srv_has(s, DEFECT_ERROR_CODE_UNSPLIT))
        store_be32(value, code);
    if (srv_has(s, DEFECT_ERROR_CODE_PADDED))
        size = (size + 3) & ~(size_t)3;
    stunmsg_add(&r->b, STUNMSG_ERROR_CODE, value, size);
}

static void add_software(const struct probe_server *s, const struct srv_request *q,
                         struct srv_reply *r)
{
    char verbose[VERBOSE_BYTES + 1];
    memset(verbose, 'x', VERBOSE_BYTES);
    verbose[VERBOSE_BYTES] = 0;
    bool is_verbose = q->message.method == STUNMSG_BINDING
                          ? srv_has(s, DEFECT_BINDING_VERBOSE)
                          : !q->is_proven && srv_has(s, DEFECT_CHALLENGE_VERBOSE);
    if (is_verbose)
        stunmsg_add_text(&r->b, STUNMSG_SOFTWARE, verbose);
    else if (srv_has(s, DEFECT_SOFTWARE_NOT_UTF8))
        stunmsg_add_text(&r->b, STUNMSG_SOFTWARE, "rtclab\xff\xfe");
    else if (q->message.method == STUNMSG_BINDING || q->is_proven)
        stunmsg_add_text(&r->b, STUNMSG_SOFTWARE, SOFTWARE);
    /* As little as can be in a 401: whoever gets it may not have asked for it. */
}

static bool wants_integrity(const struct probe_server *s, const struct srv_request *q,
                            const struct srv_reply *r)
{
    /* The class bit that a success response does not have (RFC 8489 §5). */
    bool is_error = r->bytes[1] & 0x10;
    if (!q->is_proven || (is_error && srv_has(s, DEFECT_ERRORS_UNPROVEN)))
        return false;
    return is_error || !srv_has(s, DEFECT_SUCCESSES_UNPROVEN);
}

static void add_integrity(const struct probe_server *s, const struct srv_request *q,
                          struct srv_reply *r)
{
    uint8_t key[SRV_MAX_KEY_BYTES];
    memcpy(key, q->key, q->key_size);
    if (q->key_size > 0 && srv_has(s, DEFECT_INTEGRITY_WRONG))
        key[0] ^= 1;
    if (q->replies_by_sha256 && !srv_has(s, DEFECT_SHA256_ANSWERED_WITH_SHA1))
        stunmsg_add_integrity_sha256(&r->b, key, q->key_size);
    else
        stunmsg_add_integrity(&r->b, key, q->key_size);
}

static void add_fingerprint(const struct probe_server *s, struct srv_reply *r)
{
    stunmsg_add_fingerprint(&r->b);
    if (srv_has(s, DEFECT_FINGERPRINT_WRONG) && !r->b.out.bad) {
        uint32_t bare = stunmsg_crc32(r->bytes, r->b.out.used - 8);
        store_be32(r->bytes + r->b.out.used - 4, bare);
    }
}

size_t srv_reply_end(const struct probe_server *s, const struct srv_request *q,
                     struct srv_reply *r)
{
    size_t size;
    bool software_last = srv_has(s, DEFECT_FINGERPRINT_NOT_LAST);
    if (!software_last)
        add_software(s, q, r);
    if (wants_integrity(s, q, r))
        add_integrity(s, q, r);
    if (q->has_fingerprint || q->is_proven || q->message.method == STUNMSG_BINDING)
        add_fingerprint(s, r);
    if (software_last)
        add_software(s, q, r);
    return stunmsg_end(&r->b, &size) == STUNMSG_OK ? size : 0;
}

static void remember(struct probe_server *s, const struct srv_request *q,
                     const uint8_t *bytes, size_t size)
{
    struct srv_remembered *slot = &s->remembered[s->n_remembered++ % SRV_REMEMBERED];
    g_clear_pointer(&slot->reply, g_bytes_unref);
    *slot = (struct srv_remembered){
        .path = *q->path,
        .method = q->message.method,
        .until_ns = s->now_ns + REMEMBER_SECONDS * NS_PER_S,
        .reply = g_bytes_new(bytes, size),
    };
    memcpy(slot->transaction, q->message.transaction, sizeof slot->transaction);
}

bool srv_reply_repeat(struct probe_server *s, const struct srv_request *q)
{
    if (srv_has(s, DEFECT_RETRANSMISSION_437))
        return false;
    for (size_t i = 0; i < SRV_REMEMBERED; i++) {
        const struct srv_remembered *slot = &s->remembered[i];
        if (slot->reply && slot->until_ns > s->now_ns &&
            slot->method == q->message.method && srv_path_equal(&slot->path, q->path) &&
            memcmp(slot->transaction, q->message.transaction, sizeof slot->transaction) ==
                0) {
            gsize size;
            const uint8_t *bytes = g_bytes_get_data(slot->reply, &size);
            srv_path_send(s, q->path, bytes, size);
            return true;
        }
    }
    return false;
}

void srv_reply_send(struct probe_server *s, const struct srv_request *q,
                    struct srv_reply *r)
{
    size_t size = srv_reply_end(s, q, r);
    if (size == 0)
        return;
    if (q->is_proven)
        remember(s, q, r->bytes, size);
    srv_path_send(s, q->path, r->bytes, size);
}

void srv_reply_error(struct probe_server *s, const struct srv_request *q, unsigned code)
{
    struct srv_reply r;
    srv_reply_begin(s, q, STUNMSG_FAILURE, &r);
    srv_reply_add_error(s, &r, code, NULL);
    srv_reply_send(s, q, &r);
}

void srv_indication_send(struct probe_server *s, const struct srv_path *path,
                         const struct srv_reply *r, uint8_t tos)
{
    size_t size;
    if (stunmsg_end(&r->b, &size) == STUNMSG_OK)
        srv_path_send_tos(s, path, r->bytes, size, tos);
}
