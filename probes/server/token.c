/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-contained tokens of RFC 7635 §6.2, with A256GCM (AES-256, a nonce of 12 bytes, a
 * tag of 16 after the ciphertext), the server's name as associated data:
 *
 *     u16 nonce size | nonce | encrypted: u16 key size | key | u64 timestamp | u32
 * lifetime
 *
 * The timestamp has seconds since 1970 in its upper 48 bits and 1/64000 s in the lower.
 */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "probes/server/users.h"

enum { NONCE_BYTES = 12, TAG_BYTES = 16, DELTA_SECONDS = 5 };

static gnutls_cipher_hd_t start_cipher(const uint8_t *key, const uint8_t *nonce,
                                       const char *server_name)
{
    gnutls_cipher_hd_t cipher;
    gnutls_datum_t k = { (uint8_t *)key, PROBE_SERVER_TOKEN_KEY_BYTES };
    gnutls_datum_t iv = { (uint8_t *)nonce, NONCE_BYTES };
    if (gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM, &k, &iv) != 0)
        return NULL;
    (void)gnutls_cipher_add_auth(cipher, server_name, strlen(server_name));
    return cipher;
}

static bool read_plain(const struct probe_server *s, const uint8_t *plain, size_t size,
                       struct srv_request *q)
{
    struct cursor c = cursor_over(plain, size);
    size_t key_size = cursor_u16(&c);
    const uint8_t *key = cursor_take(&c, key_size);
    uint64_t made_s = (uint64_t)cursor_u32(&c) << 16;
    made_s |= cursor_u16(&c);
    cursor_u16(&c); /* the fraction */
    uint64_t lifetime_s = cursor_u32(&c);
    if (c.bad || key_size == 0 || key_size > sizeof q->key)
        return false;
    uint64_t now_s = (uint64_t)(clock_calendar_ns() / NS_PER_S);
    if (now_s > made_s + lifetime_s + DELTA_SECONDS &&
        !srv_has(s, DEFECT_TOKEN_EXPIRY_UNCHECKED))
        return false;
    memcpy(q->key, key, key_size);
    q->key_size = key_size;
    return true;
}

bool srv_token_open(const struct probe_server *s, const struct stunmsg_text *token,
                    struct srv_request *q)
{
    uint8_t tag[TAG_BYTES];
    struct cursor c = cursor_over(token->at, token->size);
    size_t nonce_size = cursor_u16(&c);
    const uint8_t *nonce = cursor_take(&c, nonce_size);
    if (c.bad || nonce_size != NONCE_BYTES || c.left < TAG_BYTES ||
        srv_has(s, DEFECT_TOKEN_REFUSED))
        return false;
    size_t size = c.left - TAG_BYTES;
    const uint8_t *sealed = c.at;
    g_autofree uint8_t *plain = g_malloc0(size + 1);
    gnutls_cipher_hd_t cipher =
        start_cipher(s->options.token_key, nonce, s->options.server_name);
    if (!cipher)
        return false;
    int status = gnutls_cipher_decrypt2(cipher, sealed, size, plain, size);
    if (status == 0)
        status = gnutls_cipher_tag(cipher, tag, sizeof tag);
    gnutls_cipher_deinit(cipher);
    if (status != 0 || (gnutls_memcmp(tag, sealed + size, sizeof tag) != 0 &&
                        !srv_has(s, DEFECT_TOKEN_TAG_UNCHECKED)))
        return false;
    return read_plain(s, plain, size, q);
}
