/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building of STUN messages.
 *
 * Attributes are appended to the caller's bytes and the header's length follows along, so
 * that MESSAGE-INTEGRITY and FINGERPRINT see the message as it will be sent. Room that
 * runs out sticks: from then on nothing is written and stunmsg_end() says so.
 *
 * It does not choose transaction identifiers, does not keep an order and does not check
 * that a text is UTF-8 or short enough: a test of a server sends what a server must
 * refuse.
 *
 * RFC 8489 §5, §14.
 */
#include "wire/stunmsg.h"

#include <glib.h>

#include "wire/stunmsg_internal.h"

void stunmsg_begin(struct stunmsg_builder *b, void *out, size_t size, uint16_t method,
                   enum stunmsg_class class,
                   const uint8_t transaction[STUNMSG_TRANSACTION_SIZE])
{
    unsigned type = (method & 0x000fu) | (method & 0x0070u) << 1 |
                    (method & 0x0f80u) << 2 | ((unsigned)class & 1) << 4 |
                    ((unsigned)class & 2) << 7;
    b->out = writer_over(out, size);
    writer_u16(&b->out, (uint16_t)type);
    writer_u16(&b->out, 0);
    writer_u32(&b->out, STUNMSG_COOKIE);
    writer_bytes(&b->out, transaction, STUNMSG_TRANSACTION_SIZE);
}

/* Room for an attribute, its padding zeroed and the header's length moved; or NULL. */
static uint8_t *reserve(struct stunmsg_builder *b, uint16_t type, size_t size)
{
    size_t rounded = (size + 3) & ~(size_t)3;
    if (size > UINT16_MAX || b->out.used + 4 + rounded - STUNMSG_HEADER_SIZE > UINT16_MAX)
        b->out.bad = true;
    uint8_t *at = writer_reserve(&b->out, 4 + rounded);
    if (!at)
        return NULL;
    store_be16(at, type);
    store_be16(at + 2, (uint16_t)size);
    memset(at + 4 + size, 0, rounded - size);
    store_be16(b->out.start + 2, (uint16_t)(b->out.used - STUNMSG_HEADER_SIZE));
    return at + 4;
}

void stunmsg_add(struct stunmsg_builder *b, uint16_t type, const void *value, size_t size)
{
    uint8_t *at = reserve(b, type, size);
    if (at && size > 0)
        memcpy(at, value, size);
}

void stunmsg_add_text(struct stunmsg_builder *b, uint16_t type, const char *text)
{
    stunmsg_add(b, type, text, strlen(text));
}

void stunmsg_add_number(struct stunmsg_builder *b, uint16_t type, uint64_t value)
{
    uint8_t bytes[8] = { 0 };
    size_t size = 4;
    enum stunmsg_form form = stunmsg_attribute_form(type);
    if (form == STUNMSG_FORM_FLAG) {
        size = 0;
    } else if (form == STUNMSG_FORM_OCTET) {
        bytes[0] = (uint8_t)value;
        size = 1;
    } else if (form == STUNMSG_FORM_U8) {
        bytes[0] = (uint8_t)value;
    } else if (form == STUNMSG_FORM_U16) {
        store_be16(bytes, (uint16_t)value);
    } else if (form == STUNMSG_FORM_U64) {
        store_be32(bytes, (uint32_t)(value >> 32));
        store_be32(bytes + 4, (uint32_t)value);
        size = 8;
    } else {
        store_be32(bytes, (uint32_t)value);
    }
    stunmsg_add(b, type, bytes, size);
}

void stunmsg_add_address(struct stunmsg_builder *b, uint16_t type,
                         const struct endpoint *endpoint)
{
    size_t size = address_size(&endpoint->address);
    uint8_t *at = reserve(b, type, 4 + size);
    if (!at)
        return;
    at[0] = 0;
    at[1] = size == 4 ? STUNMSG_FAMILY_IPV4 : STUNMSG_FAMILY_IPV6;
    store_be16(at + 2, endpoint->port);
    memcpy(at + 4, endpoint->address.bytes, size);
    if (stunmsg_attribute_form(type) != STUNMSG_FORM_XOR_ADDRESS)
        return;
    /* The mask is the header's cookie and transaction (RFC 8489 §14.2). */
    const uint8_t *mask = b->out.start + 4;
    at[2] ^= mask[0];
    at[3] ^= mask[1];
    for (size_t i = 0; i < size; i++)
        at[4 + i] ^= mask[i];
}

void stunmsg_add_error(struct stunmsg_builder *b, unsigned code, const char *reason)
{
    if (!reason)
        reason = stunmsg_code_reason(code);
    size_t size = reason ? strlen(reason) : 0;
    uint8_t *at = reserve(b, STUNMSG_ERROR_CODE, 4 + size);
    if (!at)
        return;
    store_be16(at, 0);
    at[2] = (uint8_t)(code / 100 & 7);
    at[3] = (uint8_t)(code % 100);
    if (size > 0)
        memcpy(at + 4, reason, size);
}

void stunmsg_add_unknown(struct stunmsg_builder *b, const uint16_t *types, size_t count)
{
    uint8_t *at = reserve(b, STUNMSG_UNKNOWN_ATTRIBUTES, 2 * count);
    for (size_t i = 0; at && i < count; i++)
        store_be16(at + 2 * i, types[i]);
}

static void add_hmac(struct stunmsg_builder *b, uint16_t type, GChecksumType hash,
                     const void *key, size_t key_size)
{
    uint8_t digest[STUNMSG_SHA256_SIZE];
    size_t size = (size_t)g_checksum_type_get_length(hash);
    if (b->out.bad)
        return;
    stunmsg_hmac(hash, b->out.start, b->out.used, size, key, key_size, digest);
    stunmsg_add(b, type, digest, size);
}

void stunmsg_add_integrity(struct stunmsg_builder *b, const void *key, size_t key_size)
{
    add_hmac(b, STUNMSG_MESSAGE_INTEGRITY, G_CHECKSUM_SHA1, key, key_size);
}

void stunmsg_add_integrity_sha256(struct stunmsg_builder *b, const void *key,
                                  size_t key_size)
{
    add_hmac(b, STUNMSG_MESSAGE_INTEGRITY_SHA256, G_CHECKSUM_SHA256, key, key_size);
}

void stunmsg_add_fingerprint(struct stunmsg_builder *b)
{
    /* The length in the header already includes FINGERPRINT (RFC 8489 §14.7). */
    uint8_t *at = reserve(b, STUNMSG_FINGERPRINT, 4);
    if (at)
        store_be32(at, stunmsg_crc32(b->out.start, b->out.used - 8) ^
                           STUNMSG_FINGERPRINT_MASK);
}

enum stunmsg_error stunmsg_end(const struct stunmsg_builder *b, size_t *ret_size)
{
    if (b->out.bad)
        return STUNMSG_NO_SPACE;
    *ret_size = b->out.used;
    return STUNMSG_OK;
}
