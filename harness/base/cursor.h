/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing bytes in network order. A cursor reads with sticky failure: after
 * the first read past the end each further read gives zeros, and `bad` says so once, at
 * the end. Bounds are only ever subtracted from. A writer does the same for output.
 */
#ifndef RTCLAB_BASE_CURSOR_H
#define RTCLAB_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static inline struct cursor cursor_over(const void *bytes, size_t size)
{
    return (struct cursor){ .at = bytes, .left = size };
}

/** The next `size` bytes, borrowed from the input, or NULL (and `bad`). */
static inline const uint8_t *cursor_take(struct cursor *c, size_t size)
{
    if (c->bad || size > c->left) {
        c->bad = true;
        return NULL;
    }
    const uint8_t *at = c->at;
    c->at += size;
    c->left -= size;
    return at;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 1);
    return p ? p[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 2);
    if (!p)
        return 0;
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
             : 0;
}

/** Big-endian loads and stores at a place that the caller has bounds-checked. */
static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store_be16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void store_be32(uint8_t *p, uint32_t value)
{
    store_be16(p, (uint16_t)(value >> 16));
    store_be16(p + 2, (uint16_t)value);
}

struct writer {
    uint8_t *start;
    size_t size;
    size_t used;
    bool bad; /**< something did not fit; nothing was written past the end */
};

static inline struct writer writer_over(void *bytes, size_t size)
{
    return (struct writer){ .start = bytes, .size = size };
}

/** Room for `size` bytes, or NULL (and `bad`). */
static inline uint8_t *writer_reserve(struct writer *w, size_t size)
{
    if (w->bad || size > w->size - w->used) {
        w->bad = true;
        return NULL;
    }
    uint8_t *at = w->start + w->used;
    w->used += size;
    return at;
}

static inline void writer_bytes(struct writer *w, const void *bytes, size_t size)
{
    uint8_t *at = writer_reserve(w, size);
    if (at && size)
        memcpy(at, bytes, size);
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
    writer_bytes(w, &value, 1);
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
    uint8_t *at = writer_reserve(w, 2);
    if (at)
        store_be16(at, value);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
    uint8_t *at = writer_reserve(w, 4);
    if (at)
        store_be32(at, value);
}

#endif
