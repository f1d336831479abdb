/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses in text and by prefix. Reading and writing text is left to libc's
 * inet_pton(3) and inet_ntop(3), which are pure, take exactly the dotted-quad and
 * RFC 4291 §2.2 forms, and write RFC 5952's canonical form. Scope identifiers
 * ("fe80::1%eth0") are deliberately not read: an emulated network has no zones.
 */
#include "wire/address.h"

#include <arpa/inet.h>
#include <stdio.h>

struct address address_from_bytes(enum address_family family, const uint8_t *bytes)
{
    struct address a = { .family = (uint8_t)family };
    memcpy(a.bytes, bytes, address_size(&a));
    return a;
}

bool address_parse(const char *text, struct address *ret_address)
{
    struct address a = { .family = ADDRESS_IPV4 };
    if (inet_pton(AF_INET, text, a.bytes) != 1) {
        a = (struct address){ .family = ADDRESS_IPV6 };
        if (inet_pton(AF_INET6, text, a.bytes) != 1)
            return false;
    }
    *ret_address = a;
    return true;
}

const char *address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    int family = a->family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    if (a->family == ADDRESS_NONE || !inet_ntop(family, a->bytes, out, ADDRESS_TEXT_SIZE))
        memcpy(out, "none", sizeof "none");
    return out;
}

const char *endpoint_format(const struct endpoint *e, char out[ENDPOINT_TEXT_SIZE])
{
    char text[ADDRESS_TEXT_SIZE];
    const char *format = e->address.family == ADDRESS_IPV6 ? "[%s]:%u" : "%s:%u";
    snprintf(out, ENDPOINT_TEXT_SIZE, format, address_format(&e->address, text),
             (unsigned)e->port);
    return out;
}

bool address_in_prefix(const struct address *a, const struct address *prefix,
                       unsigned prefix_bits)
{
    if (a->family != prefix->family || prefix_bits > 8 * address_size(a))
        return false;
    unsigned whole = prefix_bits / 8, rest = prefix_bits % 8;
    if (memcmp(a->bytes, prefix->bytes, whole) != 0)
        return false;
    return rest == 0 || ((a->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest)) == 0;
}

bool address_is_loopback(const struct address *a)
{
    static const struct address ipv4 = { ADDRESS_IPV4, { 127 } };
    static const struct address ipv6 = { ADDRESS_IPV6, { [15] = 1 } };
    return address_in_prefix(a, &ipv4, 8) || address_equal(a, &ipv6);
}

bool address_is_unspecified(const struct address *a)
{
    static const struct address ipv4 = { .family = ADDRESS_IPV4 };
    static const struct address ipv6 = { .family = ADDRESS_IPV6 };
    return address_equal(a, &ipv4) || address_equal(a, &ipv6);
}

bool address_is_multicast(const struct address *a)
{
    static const uint8_t broadcast[4] = { 255, 255, 255, 255 }; /* RFC 919 §7 */
    switch (a->family) {
    case ADDRESS_IPV4: /* 224.0.0.0/4, RFC 5771 §3 */
        return (a->bytes[0] & 0xf0) == 0xe0 || memcmp(a->bytes, broadcast, 4) == 0;
    case ADDRESS_IPV6: /* ff00::/8, RFC 4291 §2.7 */
        return a->bytes[0] == 0xff;
    }
    return false;
}
