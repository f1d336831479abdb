/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Internet checksum. Sums are kept in 64 bits and folded at the end; words are read
 * four bytes at a time in the machine's order and swapped once, which RFC 1071 §2(B)
 * allows. Updates follow equation 3 of RFC 1624, not that of RFC 1141, which gives -0
 * where a full computation gives +0.
 *
 * UDP's special zero (RFC 768) is not known here: that is the caller's, in ip.c.
 */
#include "wire/checksum.h"

#include <string.h>

#include <glib.h>

#include "base/cursor.h"

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

uint64_t checksum_add(uint64_t sum, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t words = 0;
    for (; size >= 4; at += 4, size -= 4) {
        uint32_t word;
        memcpy(&word, at, 4);
        words += word;
    }
    uint8_t rest[4] = { 0 };
    if (size > 0)
        memcpy(rest, at, size);
    uint32_t last;
    memcpy(&last, rest, 4);
    return sum + GUINT16_FROM_BE(fold(words + last));
}

uint16_t checksum_finish(uint64_t sum)
{
    return (uint16_t)~fold(sum);
}

uint16_t checksum_update(uint16_t checksum, uint16_t before, uint16_t after)
{
    return (uint16_t)~fold((uint64_t)(uint16_t)~checksum + (uint16_t)~before + after);
}

uint16_t checksum_update_bytes(uint16_t checksum, const uint8_t *before,
                               const uint8_t *after, size_t size)
{
    uint64_t sum = (uint16_t)~checksum;
    for (size_t i = 0; i + 2 <= size; i += 2)
        sum += (uint64_t)(uint16_t)~load_be16(before + i) + load_be16(after + i);
    return (uint16_t)~fold(sum);
}
