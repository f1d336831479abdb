/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks are taken off one by one. A block says its length before and behind its body;
 * where the two differ, or one is too small or runs past the end, nobody knows where the
 * next block begins, and reading ends there. A damaged option costs the options behind
 * it.
 *
 * Sections may follow each other in one file, each with its own byte order and its own
 * numbering of interfaces.
 *
 * It does not look into packets, and knows of options only those of struct pcapng_item.
 *
 * draft-ietf-opsawg-pcapng §3.1 (blocks), §3.5 (options), §4.
 */
#include "wire/pcapng_read.h"

#include <glib.h>

#define NS_PER_SECOND UINT64_C(1000000000)

enum {
    BLOCK_FRAME = 12, /* type, length, length */
    OBSOLETE_PACKET = 2,
    SIMPLE_PACKET = 3,
    IF_TSOFFSET = 14,
};

struct tap {
    uint32_t snap_length; /* 0: none */
    uint8_t resolution;   /* if_tsresol */
    int64_t offset_s;     /* if_tsoffset */
};

struct pcapng_reader {
    struct cursor file;
    bool has_begun; /* a section */
    bool is_little;
    GArray *taps;       /* struct tap: of this section */
    uint32_t first_tap; /* how many the sections before had */
    const char *problem;
};

struct pcapng_reader *pcapng_reader_new(const uint8_t *bytes, size_t size)
{
    struct pcapng_reader *reader = g_new0(struct pcapng_reader, 1);
    reader->file = cursor_over(bytes, size);
    reader->taps = g_array_new(FALSE, TRUE, sizeof(struct tap));
    return reader;
}

void pcapng_reader_free(struct pcapng_reader *reader)
{
    if (!reader)
        return;
    g_array_unref(reader->taps);
    g_free(reader);
}

const char *pcapng_reader_problem(const struct pcapng_reader *reader)
{
    return reader->problem;
}

/* ---- numbers in the section's order ---- */

static uint16_t read_u16(const struct pcapng_reader *reader, struct cursor *c)
{
    uint16_t value = cursor_u16(c);
    return (uint16_t)(reader->is_little ? GUINT16_SWAP_LE_BE(value) : value);
}

static uint32_t read_u32(const struct pcapng_reader *reader, struct cursor *c)
{
    uint32_t value = cursor_u32(c);
    return reader->is_little ? GUINT32_SWAP_LE_BE(value) : value;
}

static uint64_t read_u64(const struct pcapng_reader *reader, struct cursor *c)
{
    uint64_t first = read_u32(reader, c);
    uint64_t second = read_u32(reader, c);
    return reader->is_little ? second << 32 | first : first << 32 | second;
}

/* Bytes that are padded to a multiple of four. */
static const uint8_t *take_padded(struct cursor *c, uint32_t size)
{
    const uint8_t *at = cursor_take(c, size);
    size_t padding = -(size_t)size & 3;
    cursor_take(c, MIN(padding, c->left)); /* some writers leave out the last one */
    return at;
}

/* ---- options ---- */

struct option {
    uint16_t code;
    struct cursor value;
};

static bool next_option(const struct pcapng_reader *reader, struct cursor *body,
                        struct option *ret)
{
    if (body->left == 0)
        return false;
    uint16_t code = read_u16(reader, body);
    uint16_t size = read_u16(reader, body);
    const uint8_t *value = take_padded(body, size);
    if (!value || code == PCAPNG_OPT_END)
        return false;
    *ret = (struct option){ .code = code, .value = cursor_over(value, size) };
    return true;
}

static struct pcapng_text text_of(const struct option *option)
{
    return (struct pcapng_text){ .at = (const char *)option->value.at,
                                 .size = option->value.left };
}

/* ---- times ---- */

static int64_t add_seconds(uint64_t seconds, uint64_t ns, int64_t offset_s)
{
    int64_t at_s, at_ns;
    if (seconds > INT64_MAX || __builtin_add_overflow((int64_t)seconds, offset_s, &at_s))
        return offset_s < 0 && seconds <= INT64_MAX ? INT64_MIN : INT64_MAX;
    if (__builtin_mul_overflow(at_s, (int64_t)NS_PER_SECOND, &at_ns) ||
        __builtin_add_overflow(at_ns, (int64_t)ns, &at_ns))
        return at_s < 0 ? INT64_MIN : INT64_MAX;
    return at_ns;
}

/* if_tsresol: a power of ten, or of two if its first bit is set. */
static int64_t time_of(const struct tap *tap, uint64_t ticks)
{
    unsigned exponent = tap->resolution & 0x7f;
    if (tap->resolution & 0x80) {
        uint64_t seconds = exponent < 64 ? ticks >> exponent : 0;
        long double fraction = (long double)ticks;
        fraction -= exponent < 64 ? (long double)seconds * (UINT64_C(1) << exponent) : 0;
        for (unsigned i = 0; i < exponent; i++)
            fraction /= 2;
        uint64_t ns = (uint64_t)(fraction * (long double)NS_PER_SECOND);
        return add_seconds(seconds, MIN(ns, NS_PER_SECOND - 1), tap->offset_s);
    }
    uint64_t per_second = 1;
    for (unsigned i = 0; i < exponent; i++)
        if (__builtin_mul_overflow(per_second, UINT64_C(10), &per_second))
            return add_seconds(0, 0, tap->offset_s); /* less than a second in all */
    uint64_t seconds = ticks / per_second;
    uint64_t rest = ticks % per_second;
    uint64_t ns = per_second <= NS_PER_SECOND ? rest * (NS_PER_SECOND / per_second)
                                              : rest / (per_second / NS_PER_SECOND);
    return add_seconds(seconds, ns, tap->offset_s);
}

/* ---- blocks ---- */

static bool fail(struct pcapng_reader *reader, const char *problem)
{
    reader->problem = problem;
    return false;
}

/* The byte order of a section stands behind its header's length, which is in it. */
static bool learn_order(struct pcapng_reader *reader)
{
    struct cursor ahead = reader->file;
    cursor_take(&ahead, 8);
    uint32_t magic = cursor_u32(&ahead);
    if (ahead.bad)
        return fail(reader, "ends within a section's header");
    if (magic != PCAPNG_BYTE_ORDER_MAGIC &&
        magic != GUINT32_SWAP_LE_BE(PCAPNG_BYTE_ORDER_MAGIC))
        return fail(reader, "a section without the byte-order magic");
    reader->is_little = magic != PCAPNG_BYTE_ORDER_MAGIC;
    return true;
}

static bool next_block(struct pcapng_reader *reader, uint32_t *ret_type,
                       struct cursor *ret_body)
{
    struct cursor *file = &reader->file;
    if (file->left == 0)
        return false;
    struct cursor ahead = *file;
    uint32_t type = cursor_u32(&ahead); /* a section's is the same in either order */
    if (type == PCAPNG_SECTION_HEADER && !learn_order(reader))
        return false;
    if (type != PCAPNG_SECTION_HEADER && !reader->has_begun)
        return fail(reader, "does not begin with a section");
    reader->has_begun = true;
    struct cursor block = *file;
    type = read_u32(reader, &block);
    uint32_t length = read_u32(reader, &block);
    if (block.bad || length > file->left)
        return fail(reader, "ends within a block");
    if (length < BLOCK_FRAME || length % 4)
        return fail(reader, "a block of a length that cannot be");
    const uint8_t *body = cursor_take(&block, length - BLOCK_FRAME);
    if (read_u32(reader, &block) != length)
        return fail(reader, "a block's two lengths differ");
    *file = block;
    *ret_type = type;
    *ret_body = cursor_over(body, length - BLOCK_FRAME);
    return true;
}

static bool read_interface(struct pcapng_reader *reader, struct cursor *body,
                           struct pcapng_item *item)
{
    enum { MICROSECONDS = 6 };
    struct tap tap = { .resolution = MICROSECONDS };
    item->kind = PCAPNG_ITEM_INTERFACE;
    item->link_type = read_u16(reader, body);
    read_u16(reader, body);
    tap.snap_length = read_u32(reader, body);
    if (body->bad)
        return fail(reader, "an interface that is too short");
    struct option option;
    while (next_option(reader, body, &option)) {
        if (option.code == PCAPNG_IF_NAME)
            item->name = text_of(&option);
        else if (option.code == PCAPNG_IF_DESCRIPTION)
            item->description = text_of(&option);
        else if (option.code == PCAPNG_IF_TSRESOL && option.value.left == 1)
            tap.resolution = cursor_u8(&option.value);
        else if (option.code == IF_TSOFFSET && option.value.left == 8)
            tap.offset_s = (int64_t)read_u64(reader, &option.value);
    }
    g_array_append_val(reader->taps, tap);
    return true;
}

static void read_packet_options(struct pcapng_reader *reader, struct cursor *body,
                                bool is_enhanced, struct pcapng_item *item)
{
    struct option option;
    while (next_option(reader, body, &option)) {
        if (option.code == PCAPNG_OPT_COMMENT && item->comment.size == 0)
            item->comment = text_of(&option);
        else if (option.code == PCAPNG_EPB_FLAGS && option.value.left == 4)
            item->direction = read_u32(reader, &option.value) & 3;
        else if (is_enhanced && option.code == PCAPNG_EPB_PACKET_ID &&
                 option.value.left == 8)
            item->packet_id = read_u64(reader, &option.value);
    }
    if (item->direction > PCAPNG_OUTBOUND)
        item->direction = PCAPNG_DIRECTION_UNKNOWN;
}

static bool read_packet(struct pcapng_reader *reader, struct cursor *body,
                        bool is_enhanced, struct pcapng_item *item)
{
    item->kind = PCAPNG_ITEM_PACKET;
    item->interface = is_enhanced ? read_u32(reader, body) : read_u16(reader, body);
    if (!is_enhanced)
        read_u16(reader, body); /* how many were lost before it */
    uint64_t ticks = (uint64_t)read_u32(reader, body) << 32;
    ticks |= read_u32(reader, body);
    item->size = read_u32(reader, body);
    item->original_size = read_u32(reader, body);
    item->bytes = take_padded(body, item->size);
    if (body->bad)
        return fail(reader, "a packet longer than its block");
    if (item->interface >= reader->taps->len)
        return fail(reader, "a packet of an interface that is not there");
    item->has_time = true;
    item->time_ns =
        time_of(&g_array_index(reader->taps, struct tap, item->interface), ticks);
    item->interface += reader->first_tap;
    read_packet_options(reader, body, is_enhanced, item);
    return true;
}

/* Of the section's first interface, and as long as the block and the interface let it. */
static bool read_simple_packet(struct pcapng_reader *reader, struct cursor *body,
                               struct pcapng_item *item)
{
    item->kind = PCAPNG_ITEM_PACKET;
    item->original_size = read_u32(reader, body);
    if (body->bad)
        return fail(reader, "a packet longer than its block");
    if (reader->taps->len == 0)
        return fail(reader, "a packet of an interface that is not there");
    uint32_t limit = g_array_index(reader->taps, struct tap, 0).snap_length;
    item->size = limit ? MIN(item->original_size, limit) : item->original_size;
    item->size = (uint32_t)MIN(item->size, body->left);
    item->bytes = cursor_take(body, item->size);
    item->interface = reader->first_tap;
    return true;
}

static bool begin_section(struct pcapng_reader *reader, struct cursor *body)
{
    cursor_take(body, 4); /* the magic */
    uint16_t major = read_u16(reader, body);
    if (body->bad || major != 1)
        return fail(reader, "a section of an unknown version");
    reader->first_tap += reader->taps->len;
    g_array_set_size(reader->taps, 0);
    return true;
}

bool pcapng_reader_next(struct pcapng_reader *reader, struct pcapng_item *ret_item)
{
    struct cursor body;
    uint32_t type;
    while (!reader->problem && next_block(reader, &type, &body)) {
        struct pcapng_item item = { 0 };
        bool is_item = true;
        if (type == PCAPNG_INTERFACE_DESCRIPTION)
            is_item = read_interface(reader, &body, &item);
        else if (type == PCAPNG_ENHANCED_PACKET || type == OBSOLETE_PACKET)
            is_item = read_packet(reader, &body, type == PCAPNG_ENHANCED_PACKET, &item);
        else if (type == SIMPLE_PACKET)
            is_item = read_simple_packet(reader, &body, &item);
        else {
            is_item = false;
            if (type == PCAPNG_SECTION_HEADER)
                begin_section(reader, &body);
        }
        if (is_item) {
            *ret_item = item;
            return true;
        }
    }
    return false;
}
