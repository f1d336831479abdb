/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of stunmsg share with each other and with nobody else. */
#ifndef RTCLAB_WIRE_STUNMSG_INTERNAL_H
#define RTCLAB_WIRE_STUNMSG_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/** "STUN", so that a CRC-32 of the application's own is not taken for it (§14.7). */
#define STUNMSG_FINGERPRINT_MASK 0x5354554eu

/**
 * The HMAC of a message up to an integrity attribute (RFC 8489 §14.5).
 *
 * @param bytes       the message from its header on
 * @param covered     how many bytes stand before the attribute; at least the header
 * @param value_size  of the attribute, which the header's length then includes
 * @param out         room for the whole digest
 */
void stunmsg_hmac(GChecksumType hash, const uint8_t *bytes, size_t covered,
                  size_t value_size, const void *key, size_t key_size, uint8_t *out);

#endif
