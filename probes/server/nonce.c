/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonces that need no memory: the time they were made, and a MAC over that and the
 * client's address, so that one who sends thousands of requests has the server keep
 * nothing, and no two sources have the same (RFC 8489 §9.2.4).
 *
 *     "obMatJos2" | base64 of 24 feature bits | base64 of time (4 bytes) and MAC (8)
 */
#include "probes/server/nonce.h"

#include <glib.h>

enum {
    TIME_BYTES = 4,
    MAC_BYTES = 8,
    BODY_BYTES = TIME_BYTES + MAC_BYTES,
    BODY_TEXT = 16
};

#define COOKIE "obMatJos2"
/* RFC 8489 §18.1: bit 0, the leftmost, is "Password algorithms", bit 1 "Username
 * anonymity". */
#define FEATURES      "wAAA"
#define PREFIX_LENGTH (strlen(COOKIE) + strlen(FEATURES))

static void make_body(const struct probe_server *s, const struct srv_path *path,
                      uint32_t made_s, uint8_t out[BODY_BYTES])
{
    char client[ENDPOINT_TEXT_SIZE];
    uint8_t mac[STUNMSG_SHA256_SIZE];
    gsize mac_size = sizeof mac;
    store_be32(out, made_s);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, s->nonce_key, sizeof s->nonce_key);
    g_hmac_update(hmac, out, TIME_BYTES);
    if (!srv_has(s, DEFECT_NONCE_SHARED))
        g_hmac_update(hmac, (const guchar *)endpoint_format(&path->client, client), -1);
    g_hmac_get_digest(hmac, mac, &mac_size);
    g_hmac_unref(hmac);
    memcpy(out + TIME_BYTES, mac, MAC_BYTES);
}

void srv_nonce_make(const struct probe_server *s, const struct srv_path *path,
                    char out[SRV_NONCE_BYTES])
{
    uint8_t body[BODY_BYTES];
    make_body(s, path, (uint32_t)(s->now_ns / NS_PER_S), body);
    g_autofree char *text = g_base64_encode(body, sizeof body);
    const char *features = FEATURES;
    if (srv_has(s, DEFECT_NONCE_COOKIE_MALFORMED))
        features = "!!!!";
    bool has_cookie = s->options.profile == PROBE_SERVER_8489;
    g_snprintf(out, SRV_NONCE_BYTES, "%s%s%s", has_cookie ? COOKIE : "",
               has_cookie ? features : "", text);
}

enum srv_nonce srv_nonce_check(const struct probe_server *s, const struct srv_path *path,
                               const struct stunmsg_text *nonce)
{
    char text[BODY_TEXT + 1] = { 0 };
    uint8_t body[BODY_BYTES];
    size_t prefix = s->options.profile == PROBE_SERVER_8489 ? PREFIX_LENGTH : 0;
    if (srv_has(s, DEFECT_NONCE_UNCHECKED))
        return SRV_NONCE_FRESH;
    if (nonce->size != prefix + BODY_TEXT ||
        (prefix > 0 && memcmp(nonce->at, COOKIE, strlen(COOKIE)) != 0))
        return SRV_NONCE_FORGED;
    memcpy(text, nonce->at + prefix, BODY_TEXT);
    gsize size;
    g_autofree guchar *decoded = g_base64_decode(text, &size);
    if (size != BODY_BYTES)
        return SRV_NONCE_FORGED;
    uint32_t made_s = load_be32(decoded);
    make_body(s, path, made_s, body);
    if (memcmp(body, decoded, BODY_BYTES) != 0)
        return SRV_NONCE_FORGED;
    if (s->now_ns / NS_PER_S - made_s > s->options.nonce_lifetime_s &&
        !srv_has(s, DEFECT_NONCE_NEVER_EXPIRES))
        return SRV_NONCE_STALE;
    return SRV_NONCE_FRESH;
}

bool srv_nonce_has_algorithms(const struct stunmsg_text *nonce)
{
    char features[5] = { 0 };
    if (nonce->size < PREFIX_LENGTH || memcmp(nonce->at, COOKIE, strlen(COOKIE)) != 0)
        return false;
    memcpy(features, nonce->at + strlen(COOKIE), 4);
    gsize size;
    g_autofree guchar *bits = g_base64_decode(features, &size);
    return size == 3 && bits[0] & 0x80;
}
