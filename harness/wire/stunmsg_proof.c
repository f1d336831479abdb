/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FINGERPRINT and MESSAGE-INTEGRITY: is it STUN, and did the right one write it?
 *
 * Both cover the message up to themselves, with a length in the header that ends with
 * them. For an HMAC that length differs from the one that was sent when something
 * follows, so the header is hashed from a copy. HMAC, MD5 and SHA are GLib's.
 *
 * It does not prepare texts (OpaqueString, RFC 8265), does not choose an algorithm and
 * does not know whether a message needs a proof.
 *
 * RFC 8489 §9.1.1, §9.2.2 (keys), §14.5, §14.6, §14.7.
 */
#include "wire/stunmsg.h"

#include <glib.h>

#include "wire/stunmsg_internal.h"

/* CRC-32 of each nibble, reflected: polynomial 0xedb88320. */
static const uint32_t crc_of_nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t stunmsg_crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ crc_of_nibble[crc & 15];
        crc = crc >> 4 ^ crc_of_nibble[crc & 15];
    }
    return ~crc;
}

void stunmsg_hmac(GChecksumType hash, const uint8_t *bytes, size_t covered,
                  size_t value_size, const void *key, size_t key_size, uint8_t *out)
{
    uint8_t header[STUNMSG_HEADER_SIZE];
    memcpy(header, bytes, sizeof header);
    store_be16(header + 2, (uint16_t)(covered - sizeof header + 4 + value_size));

    GHmac *hmac = g_hmac_new(hash, key, key_size);
    g_hmac_update(hmac, header, sizeof header);
    g_hmac_update(hmac, bytes + sizeof header, (gssize)(covered - sizeof header));
    gsize digest_size = (gsize)g_checksum_type_get_length(hash);
    g_hmac_get_digest(hmac, out, &digest_size);
    g_hmac_unref(hmac);
}

static enum stunmsg_error check_hmac(const struct stunmsg *m, uint16_t type,
                                     GChecksumType hash, const void *key, size_t key_size)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, type, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    /* HMAC-SHA256 may be cut to 16 bytes or more, in steps of 4 (RFC 8489 §14.6). */
    if (hash == G_CHECKSUM_SHA1
            ? a.size != STUNMSG_SHA1_SIZE
            : a.size < 16 || a.size > STUNMSG_SHA256_SIZE || a.size % 4)
        return STUNMSG_MALFORMED;

    uint8_t digest[STUNMSG_SHA256_SIZE];
    size_t covered = (size_t)(a.value - m->bytes) - 4;
    stunmsg_hmac(hash, m->bytes, covered, a.size, key, key_size, digest);
    return memcmp(digest, a.value, a.size) == 0 ? STUNMSG_OK : STUNMSG_MISMATCH;
}

enum stunmsg_error stunmsg_check_integrity(const struct stunmsg *m, const void *key,
                                           size_t key_size)
{
    return check_hmac(m, STUNMSG_MESSAGE_INTEGRITY, G_CHECKSUM_SHA1, key, key_size);
}

enum stunmsg_error stunmsg_check_integrity_sha256(const struct stunmsg *m,
                                                  const void *key, size_t key_size)
{
    return check_hmac(m, STUNMSG_MESSAGE_INTEGRITY_SHA256, G_CHECKSUM_SHA256, key,
                      key_size);
}

enum stunmsg_error stunmsg_check_fingerprint(const struct stunmsg *m)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, STUNMSG_FINGERPRINT, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    if (a.size != 4 || a.value + 4 != m->bytes + m->size)
        return STUNMSG_MALFORMED;
    uint32_t expected = stunmsg_crc32(m->bytes, m->size - 8) ^ STUNMSG_FINGERPRINT_MASK;
    return load_be32(a.value) == expected ? STUNMSG_OK : STUNMSG_MISMATCH;
}

static void hash_credentials(GChecksumType hash, const char *username, const char *realm,
                             const char *password, uint8_t *ret_key)
{
    GChecksum *sum = g_checksum_new(hash);
    g_checksum_update(sum, (const guchar *)username, -1);
    g_checksum_update(sum, (const guchar *)":", 1);
    g_checksum_update(sum, (const guchar *)realm, -1);
    g_checksum_update(sum, (const guchar *)":", 1);
    g_checksum_update(sum, (const guchar *)password, -1);
    gsize size = (gsize)g_checksum_type_get_length(hash);
    g_checksum_get_digest(sum, ret_key, &size);
    g_checksum_free(sum);
}

void stunmsg_long_term_key(const char *username, const char *realm, const char *password,
                           uint8_t ret_key[STUNMSG_KEY_SIZE])
{
    hash_credentials(G_CHECKSUM_MD5, username, realm, password, ret_key);
}

void stunmsg_long_term_key_sha256(const char *username, const char *realm,
                                  const char *password,
                                  uint8_t ret_key[STUNMSG_SHA256_SIZE])
{
    hash_credentials(G_CHECKSUM_SHA256, username, realm, password, ret_key);
}
