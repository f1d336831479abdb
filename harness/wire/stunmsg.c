/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of STUN messages.
 *
 * stunmsg_decode() checks the header and walks over every attribute once; from then on an
 * iteration is known to stay within the message and the getters have only the form of
 * their own value to check. Each getter finds its attribute by a walk of its own: a
 * message has ten attributes, not thousands, and nothing has to be stored.
 *
 * It does not judge: an attribute that is unknown, repeated or out of place is shown as
 * it is. It does not read messages without a magic cookie (RFC 3489) or without padding.
 *
 * RFC 8489 §5 (header), §6.3 (what a receiver checks), §14 (attributes); RFC 8656 §18.
 */
#include "wire/stunmsg.h"

/* Value and padding: attributes are aligned to 4 bytes (RFC 8489 §14). */
static size_t padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

static bool read_attribute(struct cursor *c, struct stunmsg_attribute *ret_attribute)
{
    struct stunmsg_attribute a = { .type = cursor_u16(c), .size = cursor_u16(c) };
    a.value = cursor_take(c, padded(a.size));
    if (c->bad)
        return false;
    *ret_attribute = a;
    return true;
}

enum stunmsg_error stunmsg_decode(const uint8_t *bytes, size_t size,
                                  struct stunmsg *ret_message)
{
    struct cursor c = cursor_over(bytes, size);
    uint16_t type = cursor_u16(&c);
    uint16_t length = cursor_u16(&c);
    uint32_t cookie = cursor_u32(&c);
    const uint8_t *transaction = cursor_take(&c, STUNMSG_TRANSACTION_SIZE);
    if (c.bad)
        return STUNMSG_SHORT;
    if (type & 0xc000 || cookie != STUNMSG_COOKIE || length % 4 != 0)
        return STUNMSG_NOT_STUN;
    if (length > c.left)
        return STUNMSG_SHORT;
    if (length < c.left)
        return STUNMSG_TRAILING;

    struct stunmsg_attribute a;
    while (c.left > 0) {
        if (!read_attribute(&c, &a))
            return STUNMSG_MALFORMED;
    }

    /* The class bits stand at 4 and 8, between those of the method (RFC 8489 §5). */
    *ret_message = (struct stunmsg){
        .method =
            (uint16_t)((type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2),
        .class = (uint8_t)((type & 0x0010) >> 4 | (type & 0x0100) >> 7),
        .bytes = bytes,
        .size = size,
    };
    memcpy(ret_message->transaction, transaction, STUNMSG_TRANSACTION_SIZE);
    return STUNMSG_OK;
}

struct stunmsg_iterator stunmsg_attributes(const struct stunmsg *m)
{
    return (struct stunmsg_iterator){
        .at = cursor_over(m->bytes + STUNMSG_HEADER_SIZE, m->size - STUNMSG_HEADER_SIZE),
    };
}

/* What still counts after an integrity attribute: RFC 8489 §14.5, §14.6. */
static bool counts_after(uint16_t sealed_by, uint16_t type)
{
    if (sealed_by == 0 || type == STUNMSG_FINGERPRINT)
        return true;
    return sealed_by == STUNMSG_MESSAGE_INTEGRITY &&
           type == STUNMSG_MESSAGE_INTEGRITY_SHA256;
}

bool stunmsg_next(struct stunmsg_iterator *i, struct stunmsg_attribute *ret_attribute)
{
    struct stunmsg_attribute a;
    if (i->at.left == 0 || !read_attribute(&i->at, &a))
        return false;
    a.ignored = !counts_after(i->sealed_by, a.type);
    if (!a.ignored && (a.type == STUNMSG_MESSAGE_INTEGRITY ||
                       a.type == STUNMSG_MESSAGE_INTEGRITY_SHA256))
        i->sealed_by = a.type;
    *ret_attribute = a;
    return true;
}

enum stunmsg_error stunmsg_find(const struct stunmsg *m, uint16_t type,
                                struct stunmsg_attribute *ret_attribute)
{
    struct stunmsg_iterator i = stunmsg_attributes(m);
    struct stunmsg_attribute a;
    while (stunmsg_next(&i, &a)) {
        if (a.type == type && !a.ignored) {
            *ret_attribute = a;
            return STUNMSG_OK;
        }
    }
    return STUNMSG_ABSENT;
}

bool stunmsg_has(const struct stunmsg *m, uint16_t type)
{
    struct stunmsg_attribute a;
    return stunmsg_find(m, type, &a) == STUNMSG_OK;
}

enum stunmsg_error stunmsg_read_address(const struct stunmsg *m,
                                        const struct stunmsg_attribute *attribute,
                                        struct endpoint *ret_endpoint)
{
    struct cursor c = cursor_over(attribute->value, attribute->size);
    cursor_u8(&c); /* reserved: ignored on reception (RFC 8489 §14.1) */
    uint8_t family = cursor_u8(&c);
    uint16_t port = cursor_u16(&c);
    size_t address_bytes = family == STUNMSG_FAMILY_IPV4   ? 4
                           : family == STUNMSG_FAMILY_IPV6 ? 16
                                                           : 0;
    const uint8_t *at = cursor_take(&c, address_bytes);
    if (c.bad || address_bytes == 0 || c.left > 0)
        return STUNMSG_MALFORMED;

    uint8_t address[16];
    memcpy(address, at, address_bytes);
    if (stunmsg_attribute_form(attribute->type) == STUNMSG_FORM_XOR_ADDRESS) {
        /* The mask is the cookie and the transaction, as they stand in the header
         * (RFC 8489 §14.2). */
        for (size_t i = 0; i < address_bytes; i++)
            address[i] ^= m->bytes[4 + i];
        port ^= STUNMSG_COOKIE >> 16;
    }
    enum address_family to = address_bytes == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
    *ret_endpoint =
        (struct endpoint){ .address = address_from_bytes(to, address), .port = port };
    return STUNMSG_OK;
}

enum stunmsg_error stunmsg_get_address(const struct stunmsg *m, uint16_t type,
                                       struct endpoint *ret_endpoint)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, type, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    return stunmsg_read_address(m, &a, ret_endpoint);
}

enum stunmsg_error stunmsg_get_u32(const struct stunmsg *m, uint16_t type,
                                   uint32_t *ret_value)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, type, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    enum stunmsg_form form = stunmsg_attribute_form(type);
    if (a.size != (form == STUNMSG_FORM_OCTET ? 1 : 4))
        return STUNMSG_MALFORMED;
    if (form == STUNMSG_FORM_OCTET || form == STUNMSG_FORM_U8)
        *ret_value = a.value[0];
    else if (form == STUNMSG_FORM_U16)
        *ret_value = load_be16(a.value);
    else
        *ret_value = load_be32(a.value);
    return STUNMSG_OK;
}

enum stunmsg_error stunmsg_get_u64(const struct stunmsg *m, uint16_t type,
                                   uint64_t *ret_value)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, type, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    if (a.size != 8)
        return STUNMSG_MALFORMED;
    *ret_value = (uint64_t)load_be32(a.value) << 32 | load_be32(a.value + 4);
    return STUNMSG_OK;
}

enum stunmsg_error stunmsg_get_text(const struct stunmsg *m, uint16_t type,
                                    struct stunmsg_text *ret_text)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, type, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    *ret_text = (struct stunmsg_text){ .at = (const char *)a.value, .size = a.size };
    return STUNMSG_OK;
}

enum stunmsg_error stunmsg_get_error(const struct stunmsg *m, uint16_t type,
                                     struct stunmsg_error_code *ret_error)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, type, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    if (a.size < 4)
        return STUNMSG_MALFORMED;
    unsigned hundreds = a.value[2] & 7;
    unsigned number = a.value[3];
    if (hundreds < 3 || hundreds > 6 || number > 99)
        return STUNMSG_MALFORMED;
    *ret_error = (struct stunmsg_error_code){
        .code = hundreds * 100 + number,
        .family = type == STUNMSG_ADDRESS_ERROR_CODE ? a.value[0] : 0,
        .reason = { .at = (const char *)a.value + 4, .size = a.size - 4u },
    };
    return STUNMSG_OK;
}

enum stunmsg_error stunmsg_get_unknown(const struct stunmsg *m, uint16_t *types,
                                       size_t capacity, size_t *ret_count)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, STUNMSG_UNKNOWN_ATTRIBUTES, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    if (a.size % 2 != 0)
        return STUNMSG_MALFORMED;
    size_t count = a.size / 2;
    for (size_t i = 0; i < count && i < capacity; i++)
        types[i] = load_be16(a.value + 2 * i);
    *ret_count = count;
    return STUNMSG_OK;
}

enum stunmsg_error stunmsg_get_icmp(const struct stunmsg *m,
                                    struct stunmsg_icmp *ret_icmp)
{
    struct stunmsg_attribute a;
    if (stunmsg_find(m, STUNMSG_ICMP, &a) != STUNMSG_OK)
        return STUNMSG_ABSENT;
    if (a.size != 8)
        return STUNMSG_MALFORMED;
    *ret_icmp = (struct stunmsg_icmp){ .type = a.value[2],
                                       .code = a.value[3],
                                       .data = load_be32(a.value + 4) };
    return STUNMSG_OK;
}
