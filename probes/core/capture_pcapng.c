/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of pcapng (draft-ietf-opsawg-pcapng §3, §4), as far as packets go. libpcap
 * reads these files only if all interfaces are of one link type, which those of rtclab
 * and many of Wireshark's are not.
 *
 * A file is a list of blocks: type, length, body, and the length again. A section header
 * says in which byte order all is until the next one, and interfaces count from there.
 * Unknown blocks are passed over. Options, names and times are not looked at.
 */
#include "probes/core/capture_pcapng.h"

#include "base/cursor.h"

#define SECTION          0x0a0d0d0au /* the same in both byte orders */
#define INTERFACE        1
#define OBSOLETE_PACKET  2
#define SIMPLE_PACKET    3
#define ENHANCED_PACKET  6
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define BLOCK_SIZE_MIN   12
#define MAX_INTERFACES   256

struct interface {
    uint16_t link_type;
    uint32_t snap_length; /* 0: none */
};

struct reader {
    struct cursor at;
    bool is_little;
    struct interface interfaces[MAX_INTERFACES];
    size_t n_interfaces;
};

static uint32_t swap32(uint32_t v)
{
    return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

static uint32_t read32(const struct reader *r, struct cursor *at)
{
    uint32_t value = cursor_u32(at);
    return r->is_little ? swap32(value) : value;
}

static uint16_t read16(const struct reader *r, struct cursor *at)
{
    uint16_t value = cursor_u16(at);
    if (!r->is_little)
        return value;
    return (uint16_t)(value >> 8 | value << 8);
}

bool capture_is_pcapng(const uint8_t *file, size_t size)
{
    return size >= 4 && load_be32(file) == SECTION;
}

/* A body of a section header: from here on all is of its byte order. */
static bool begin_section(struct reader *r, struct cursor body)
{
    uint32_t magic = cursor_u32(&body);
    if (magic != BYTE_ORDER_MAGIC && magic != swap32(BYTE_ORDER_MAGIC))
        return false;
    r->is_little = magic != BYTE_ORDER_MAGIC;
    r->n_interfaces = 0;
    return true;
}

static bool add_interface(struct reader *r, struct cursor body)
{
    struct interface added = { .link_type = read16(r, &body) };
    cursor_take(&body, 2);
    added.snap_length = read32(r, &body);
    if (body.bad || r->n_interfaces == MAX_INTERFACES)
        return false;
    r->interfaces[r->n_interfaces++] = added;
    return true;
}

static bool read_packet(const struct reader *r, uint32_t type, struct cursor body,
                        struct pcapng_found *ret)
{
    uint32_t interface = 0, size;
    if (type == ENHANCED_PACKET) {
        interface = read32(r, &body);
    } else if (type == OBSOLETE_PACKET) {
        interface = read16(r, &body);
        cursor_take(&body, 2);
    }
    if (type == SIMPLE_PACKET) {
        size = read32(r, &body);
        uint32_t snap = r->n_interfaces ? r->interfaces[0].snap_length : 0;
        if (snap > 0 && size > snap)
            size = snap;
    } else {
        cursor_take(&body, 8); /* when */
        size = read32(r, &body);
        cursor_take(&body, 4); /* its size before it was cut */
    }
    const uint8_t *bytes = cursor_take(&body, size);
    if (!bytes || interface >= r->n_interfaces)
        return false;
    *ret = (struct pcapng_found){ r->interfaces[interface].link_type, bytes, size };
    return true;
}

/* The next block; its length is in the byte order that its body may only now set. */
static bool next_block(struct reader *r, uint32_t *ret_type, struct cursor *ret_body)
{
    struct cursor peek = r->at;
    uint32_t type = read32(r, &peek);
    struct cursor after_length = peek;
    cursor_take(&after_length, 4);
    if (type == SECTION && !begin_section(r, after_length))
        return false;
    uint32_t size = read32(r, &peek);
    if (peek.bad || size < BLOCK_SIZE_MIN || size % 4)
        return false;
    const uint8_t *block = cursor_take(&r->at, size);
    if (!block)
        return false;
    *ret_type = type;
    *ret_body = cursor_over(block + 8, size - BLOCK_SIZE_MIN);
    return true;
}

const char *capture_find_pcapng(const uint8_t *file, size_t size, uint64_t number,
                                struct pcapng_found *ret, uint64_t *ret_count)
{
    struct reader r = { .at = cursor_over(file, size) };
    *ret_count = 0;
    while (r.at.left > 0) {
        uint32_t type;
        struct cursor body;
        if (!next_block(&r, &type, &body))
            return "a block is malformed, or cut";
        if (type == INTERFACE && !add_interface(&r, body))
            return "an interface is malformed, or there are too many";
        if (type != OBSOLETE_PACKET && type != SIMPLE_PACKET && type != ENHANCED_PACKET)
            continue;
        struct pcapng_found found;
        if (!read_packet(&r, type, body, &found))
            return "a packet is malformed, or of no interface";
        if (++*ret_count == number) {
            *ret = found;
            return NULL;
        }
    }
    return NULL;
}
