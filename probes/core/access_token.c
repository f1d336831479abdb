/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing access tokens (RFC 7635 §6.2):
 *
 *     u16 nonce size | nonce | sealed: u16 key size | key | u64 timestamp | u32 lifetime
 *
 * with the tag at the end, as RFC 5116 has it. The timestamp's upper 48 bits are seconds
 * since 1970. Opening is the server's matter and not done here.
 */
#include "probes/core/access_token.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <jansson.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/rng.h"

enum {
    NONCE_SIZE = 12,
    TAG_SIZE = 16,
    PLAIN_SIZE = 2 + ACCESS_TOKEN_MAC_KEY_SIZE + 8 + 4,
    SMALL_KEY = 16,
    LARGE_KEY = 32
};
G_STATIC_ASSERT(2 + NONCE_SIZE + PLAIN_SIZE + TAG_SIZE == ACCESS_TOKEN_SIZE);

void access_token_key_free(struct access_token_key *key)
{
    if (!key)
        return;
    g_free(key->kid);
    explicit_bzero(key, sizeof *key);
    g_free(key);
}

static gboolean parse_key(const json_t *document, struct access_token_key *ret)
{
    const char *kid = json_string_value(json_object_get(document, "kid"));
    const char *key = json_string_value(json_object_get(document, "key"));
    gsize size = 0;
    if (!kid || !*kid || !key)
        return FALSE;
    guchar *bytes = g_base64_decode(key, &size);
    gboolean is_key = size == SMALL_KEY || size == LARGE_KEY;
    if (is_key) {
        memcpy(ret->bytes, bytes, size);
        ret->size = size;
        ret->kid = g_strdup(kid);
    }
    explicit_bzero(bytes, size);
    g_free(bytes);
    return is_key;
}

struct access_token_key *access_token_key_load(const char *path, GError **error)
{
    json_error_t problem;
    g_autoptr(auto_access_token_key) key = g_new0(struct access_token_key, 1);
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    gboolean is_read = document && parse_key(document, key);
    gboolean is_json = document != NULL;
    json_decref(document);
    if (is_read)
        return g_steal_pointer(&key);
    if (!is_json && access(path, R_OK) != 0) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "cannot open %s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "%s must be a JSON object with \"kid\" and \"key\", the base64 of 16 or "
                "32 bytes",
                path);
    return NULL;
}

gboolean access_token_seal(const struct access_token_key *key,
                           const struct access_token *token, const char *server_name,
                           uint8_t out[ACCESS_TOKEN_SIZE])
{
    uint8_t plain[PLAIN_SIZE], sealed[ACCESS_TOKEN_SIZE];
    size_t sealed_size = PLAIN_SIZE + TAG_SIZE;
    struct writer w = writer_over(plain, sizeof plain);
    gnutls_aead_cipher_hd_t cipher;
    const gnutls_datum_t secret = { .data = (unsigned char *)key->bytes,
                                    .size = (unsigned)key->size };
    if (gnutls_aead_cipher_init(&cipher,
                                key->size == SMALL_KEY ? GNUTLS_CIPHER_AES_128_GCM
                                                       : GNUTLS_CIPHER_AES_256_GCM,
                                &secret) != GNUTLS_E_SUCCESS)
        return FALSE;
    writer_u16(&w, ACCESS_TOKEN_MAC_KEY_SIZE);
    writer_bytes(&w, token->mac_key, sizeof token->mac_key);
    writer_u32(&w, (uint32_t)(token->made_s >> 16));
    writer_u16(&w, (uint16_t)token->made_s);
    writer_u16(&w, 0); /* 1/64000 s */
    writer_u32(&w, token->lifetime_s);
    store_be16(sealed, NONCE_SIZE);
    rng_entropy(sealed + 2, NONCE_SIZE);
    int status = gnutls_aead_cipher_encrypt(
        cipher, sealed + 2, NONCE_SIZE, server_name, strlen(server_name), TAG_SIZE, plain,
        sizeof plain, sealed + 2 + NONCE_SIZE, &sealed_size);
    gnutls_aead_cipher_deinit(cipher);
    explicit_bzero(plain, sizeof plain);
    if (status != GNUTLS_E_SUCCESS || sealed_size != PLAIN_SIZE + TAG_SIZE)
        return FALSE;
    memcpy(out, sealed, sizeof sealed);
    return TRUE;
}
