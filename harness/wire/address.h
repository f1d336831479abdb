/* SPDX-License-Identifier: Apache-2.0 */
/* Internet addresses and transport endpoints, of either family. */
#ifndef RTCLAB_WIRE_ADDRESS_H
#define RTCLAB_WIRE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

/** An address; the bytes past a family's length are 0, so that memcmp compares. */
struct address {
    uint8_t family;    /**< an enum address_family */
    uint8_t bytes[16]; /**< network order; IPv4 uses the first four */
};

/** An address and a port (host order). For ICMP queries the port is the identifier. */
struct endpoint {
    struct address address;
    uint16_t port;
};

#define ADDRESS_TEXT_SIZE  46 /**< room for any address in text, with its NUL */
#define ENDPOINT_TEXT_SIZE 54 /**< room for "[address]:port", with its NUL */

static inline size_t address_size(const struct address *a)
{
    return a->family == ADDRESS_IPV4 ? 4 : a->family == ADDRESS_IPV6 ? 16 : 0;
}

static inline bool address_equal(const struct address *a, const struct address *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && address_equal(&a->address, &b->address);
}

/** An address of `family` from its 4 or 16 bytes in network order. */
struct address address_from_bytes(enum address_family family, const uint8_t *bytes);

/**
 * Reads "192.0.2.1" or "2001:db8::1".
 * @return false, with `ret_address` untouched, if it is neither
 */
bool address_parse(const char *text, struct address *ret_address);

/** Writes an address as text (RFC 5952 for IPv6); returns `out`. */
const char *address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

/** Writes "192.0.2.1:5000" or "[2001:db8::1]:5000"; returns `out`. */
const char *endpoint_format(const struct endpoint *e, char out[ENDPOINT_TEXT_SIZE]);

/** True if both are of one family and agree in their first `prefix_bits` bits. */
bool address_in_prefix(const struct address *a, const struct address *prefix,
                       unsigned prefix_bits);

/** True for 127.0.0.0/8 and ::1. */
bool address_is_loopback(const struct address *a);

/** True for 0.0.0.0 and ::. */
bool address_is_unspecified(const struct address *a);

/** True for multicast, and for IPv4's limited broadcast. */
bool address_is_multicast(const struct address *a);

#endif
