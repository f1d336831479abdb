/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call's timeline is JSON that says the same again and again; ten thousand of them
 * would be a gigabyte to write. An LZ4 block is a sequence of "copy these literals, then
 * so many bytes from so far back", which a page unpacks in thirty lines (page/data.js).
 *
 * Four bytes at a time are looked up in a table of where their hash was last seen, and
 * the first match that is found is taken: fast rather than smallest. Where nothing
 * matches for long the steps grow, so that what cannot be packed costs little.
 *
 * Nothing here reads a block; tests/unit/test_pack.c does, and the page.
 */
#include "reports/pack.h"

#include <string.h>

enum {
    HASH_BITS = 13,
    LEAST_MATCH = 4,
    LAST_LITERALS = 5, /* the format's: no match covers the last five bytes, */
    MATCH_LIMIT = 12,  /* or begins in the last twelve */
    FARTHEST = 65535,
    STEP_SHIFT = 6, /* after 64 misses a step of two, after 128 of three */
    LONG_LENGTH = 15,
    FULL_BYTE = 255
};

size_t pack_bound(size_t size)
{
    return size + size / FULL_BYTE + 16;
}

static uint32_t read_four(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t hash_of(uint32_t four)
{
    return four * 2654435761u >> (32 - HASH_BITS); /* Knuth's multiplicative hash */
}

/* What of a length does not fit into its four bits of the token. */
static uint8_t *write_length(uint8_t *out, size_t length)
{
    if (length < LONG_LENGTH)
        return out;
    for (length -= LONG_LENGTH; length >= FULL_BYTE; length -= FULL_BYTE)
        *out++ = FULL_BYTE;
    *out++ = (uint8_t)length;
    return out;
}

static uint8_t *write_literals(uint8_t *out, const uint8_t *from, size_t count,
                               size_t match)
{
    *out++ = (uint8_t)(MIN(count, LONG_LENGTH) << 4 | MIN(match, LONG_LENGTH));
    out = write_length(out, count);
    memcpy(out, from, count);
    return out + count;
}

static size_t match_length(const uint8_t *a, const uint8_t *b, const uint8_t *limit)
{
    const uint8_t *start = b;
    while (b + sizeof(uint64_t) <= limit && memcmp(a, b, sizeof(uint64_t)) == 0)
        a += sizeof(uint64_t), b += sizeof(uint64_t);
    while (b < limit && *a == *b)
        a++, b++;
    return (size_t)(b - start);
}

size_t pack_block(const uint8_t *in, size_t size, uint8_t *out)
{
    if (size == 0) {
        *out = 0; /* no literals, no match */
        return 1;
    }
    uint32_t seen[1 << HASH_BITS] = { 0 }; /* where, from the start of `in` */
    uint8_t *const start = out;
    const uint8_t *literals = in, *const end = in + size;
    if (size > MATCH_LIMIT && size <= UINT32_MAX) {
        const uint8_t *const last = end - MATCH_LIMIT;
        for (const uint8_t *at = in + 1, *misses = at; at <= last;) {
            uint32_t four = read_four(at), *slot = &seen[hash_of(four)];
            const uint8_t *earlier = in + *slot;
            *slot = (uint32_t)(at - in);
            if (at - earlier > FARTHEST || read_four(earlier) != four) {
                at += 1 + ((size_t)(at - misses) >> STEP_SHIFT);
                continue;
            }
            size_t more = match_length(earlier + LEAST_MATCH, at + LEAST_MATCH,
                                       end - LAST_LITERALS);
            size_t offset = (size_t)(at - earlier);
            out = write_literals(out, literals, (size_t)(at - literals), more);
            *out++ = (uint8_t)offset;
            *out++ = (uint8_t)(offset >> 8);
            out = write_length(out, more);
            at += LEAST_MATCH + more;
            literals = misses = at;
        }
    }
    out = write_literals(out, literals, (size_t)(end - literals), 0);
    return (size_t)(out - start);
}
