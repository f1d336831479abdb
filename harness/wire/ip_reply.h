/* SPDX-License-Identifier: Apache-2.0 */
/* What a router or middlebox sends by itself about a datagram: ICMP errors and resets. */
#ifndef RTCLAB_WIRE_IP_REPLY_H
#define RTCLAB_WIRE_IP_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "wire/address.h"

enum icmp_error {
    ICMP_ERROR_TIME_EXCEEDED,    /**< RFC 792 type 11 code 0; RFC 4443 §3.3 */
    ICMP_ERROR_PORT_UNREACHABLE, /**< type 3 code 3; RFC 4443 §3.1 code 4 */
    ICMP_ERROR_PROHIBITED,       /**< type 3 code 13 (RFC 1812 §5.2.7.1); code 1 */
    ICMP_ERROR_TOO_BIG,          /**< type 3 code 4 with the MTU (RFC 1191 §4); type 2 */
    ICMP_N_ERRORS
};

/** Room that every reply fits in: IPv6's minimum MTU (RFC 4443 §2.4 (c)). */
enum { IP_REPLY_MAX_BYTES = 1280 };

/**
 * Builds the ICMP error about a datagram, quoting as much of it as RFC 1812 §4.3.2.3
 * (576 bytes in all) or RFC 4443 §2.4 (1280) allow.
 *
 * @param out       IP_REPLY_MAX_BYTES bytes
 * @param from      source of the error, of the datagram's family
 * @param offending the datagram
 * @param mtu_bytes for ICMP_ERROR_TOO_BIG the MTU of the next hop, else 0
 * @return its size; 0 where RFC 1122 §3.2.2 (RFC 4443 §2.4 (e)) forbids an answer: to an
 * ICMP error, a later fragment, multicast, or no single host; or if it is malformed
 */
size_t ip_reply_icmp_error(uint8_t *out, const struct address *from,
                           const uint8_t *offending, size_t size, enum icmp_error error,
                           uint32_t mtu_bytes);

/**
 * Builds the RST that a closed port answers a segment with (RFC 9293 §3.10.7.1).
 *
 * @param out IP_REPLY_MAX_BYTES bytes
 * @return its size; 0 if the segment is a RST, or not a whole TCP segment
 */
size_t ip_reply_tcp_reset(uint8_t *out, const uint8_t *offending, size_t size);

#endif
