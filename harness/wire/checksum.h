/* SPDX-License-Identifier: Apache-2.0 */
/* The Internet checksum: computed (RFC 1071) and updated in place (RFC 1624). */
#ifndef RTCLAB_WIRE_CHECKSUM_H
#define RTCLAB_WIRE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/**
 * Adds bytes to a running one's complement sum of big-endian 16-bit words. A piece of odd
 * size is padded with a zero byte, so only the last piece may be odd.
 */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t size);

/** The checksum of a running sum: folded and complemented. 0 over data that verify. */
uint16_t checksum_finish(uint64_t sum);

/** A checksum after one 16-bit word it covers changed (RFC 1624 §3, equation 3). */
uint16_t checksum_update(uint16_t checksum, uint16_t before, uint16_t after);

/**
 * The same for a run of bytes.
 *
 * @param before what stood there
 * @param after  what stands there now
 * @param size   how many bytes; even
 */
uint16_t checksum_update_bytes(uint16_t checksum, const uint8_t *before,
                               const uint8_t *after, size_t size);

#endif
