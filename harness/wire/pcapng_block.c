/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoding of pcapng blocks.
 *
 * A block is its type, its length, a body, options and its length again, all a multiple
 * of 4 bytes; the length is put in when the block is complete. Options are a code, a
 * length, a value and its padding, ended by an empty one.
 *
 * The size of a block is had by writing it nowhere: into a writer that has no room but
 * counts. So a block and its size cannot disagree.
 *
 * It knows only the blocks and options that this suite writes.
 *
 * draft-ietf-opsawg-pcapng §3.1 (blocks), §3.5 (options), §4.1, §4.2, §4.3, §4.6.
 */
#include "wire/pcapng_block.h"

/* Where a block goes: to a writer, or, to learn its size, only to be counted. */
struct sink {
    struct writer *out; /* NULL: count only */
    size_t used;
};

static void put(struct sink *s, const void *bytes, size_t size)
{
    if (s->out)
        writer_bytes(s->out, bytes, size);
    s->used += size;
}

static void put_u16(struct sink *s, uint16_t value)
{
    const uint8_t bytes[] = { (uint8_t)value, (uint8_t)(value >> 8) };
    put(s, bytes, sizeof bytes);
}

static void put_u32(struct sink *s, uint32_t value)
{
    put_u16(s, (uint16_t)value);
    put_u16(s, (uint16_t)(value >> 16));
}

static void put_u64(struct sink *s, uint64_t value)
{
    put_u32(s, (uint32_t)value);
    put_u32(s, (uint32_t)(value >> 32));
}

/* A time is two words, the high one first, in either byte order (§4.3). */
static void put_time(struct sink *s, int64_t time_ns)
{
    uint64_t time = time_ns > 0 ? (uint64_t)time_ns : 0;
    put_u32(s, (uint32_t)(time >> 32));
    put_u32(s, (uint32_t)time);
}

static void put_padded(struct sink *s, const void *bytes, size_t size)
{
    static const uint8_t zeros[3];
    put(s, bytes, size);
    put(s, zeros, -size & 3);
}

static void put_option(struct sink *s, enum pcapng_option code, const void *value,
                       size_t size)
{
    put_u16(s, (uint16_t)code);
    put_u16(s, (uint16_t)size);
    put_padded(s, value, size);
}

static void put_text_option(struct sink *s, enum pcapng_option code, const char *text)
{
    size_t size = text ? strlen(text) : 0;
    if (size == 0)
        return;
    if (size > UINT16_MAX) {
        size = UINT16_MAX;
        while (size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80) /* inside a character */
            size--;
    }
    put_option(s, code, text, size);
}

static void put_u64_option(struct sink *s, enum pcapng_option code, uint64_t value)
{
    put_u16(s, (uint16_t)code);
    put_u16(s, 8);
    put_u64(s, value);
}

static void put_time_option(struct sink *s, enum pcapng_option code, int64_t time_ns)
{
    put_u16(s, (uint16_t)code);
    put_u16(s, 8);
    put_time(s, time_ns);
}

/* Each block is one function over a sink; these run it around with type and lengths. */
typedef void put_body(struct sink *s, const void *block);

static size_t block_size(put_body *body, const void *block)
{
    struct sink s = { .out = NULL };
    body(&s, block);
    return 4 + 4 + s.used + 4;
}

static void write_block(struct writer *w, enum pcapng_block_type type, put_body *body,
                        const void *block)
{
    struct sink s = { .out = w };
    uint32_t size = (uint32_t)block_size(body, block);
    put_u32(&s, (uint32_t)type);
    put_u32(&s, size);
    body(&s, block);
    put_u32(&s, size);
}

static void put_section(struct sink *s, const void *block)
{
    const struct pcapng_section *section = block;
    put_u32(s, PCAPNG_BYTE_ORDER_MAGIC);
    put_u16(s, 1); /* version 1.0 */
    put_u16(s, 0);
    put_u64(s, UINT64_MAX); /* the section's length: not specified */
    put_text_option(s, PCAPNG_SHB_HARDWARE, section->hardware);
    put_text_option(s, PCAPNG_SHB_OS, section->os);
    put_text_option(s, PCAPNG_SHB_APPLICATION, section->application);
    put_option(s, PCAPNG_OPT_END, NULL, 0);
}

static void put_interface(struct sink *s, const void *block)
{
    static const uint8_t nanoseconds = 9; /* a power of ten, negated */
    const struct pcapng_interface *interface = block;
    put_u16(s, PCAPNG_LINKTYPE_RAW);
    put_u16(s, 0); /* reserved */
    put_u32(s, 0); /* snap length: no limit */
    put_text_option(s, PCAPNG_IF_NAME, interface->name);
    put_text_option(s, PCAPNG_IF_DESCRIPTION, interface->description);
    put_option(s, PCAPNG_IF_TSRESOL, &nanoseconds, 1);
    put_option(s, PCAPNG_OPT_END, NULL, 0);
}

static void put_packet(struct sink *s, const void *block)
{
    const struct pcapng_packet *packet = block;
    put_u32(s, packet->interface);
    put_time(s, packet->time_ns);
    put_u32(s, packet->size); /* captured */
    put_u32(s, packet->size); /* on the wire: taps never cut */
    put_padded(s, packet->bytes, packet->size);
    put_text_option(s, PCAPNG_OPT_COMMENT, packet->comment);
    if (packet->direction != PCAPNG_DIRECTION_UNKNOWN) {
        put_u16(s, PCAPNG_EPB_FLAGS);
        put_u16(s, 4);
        put_u32(s, (uint32_t)packet->direction);
    }
    if (packet->packet_id != 0)
        put_u64_option(s, PCAPNG_EPB_PACKET_ID, packet->packet_id);
    put_option(s, PCAPNG_OPT_END, NULL, 0);
}

static void put_statistics(struct sink *s, const void *block)
{
    const struct pcapng_statistics *statistics = block;
    put_u32(s, statistics->interface);
    put_time(s, statistics->time_ns);
    if (statistics->packets > 0) {
        put_time_option(s, PCAPNG_ISB_START_TIME, statistics->first_ns);
        put_time_option(s, PCAPNG_ISB_END_TIME, statistics->last_ns);
    }
    put_u64_option(s, PCAPNG_ISB_RECEIVED, statistics->packets);
    put_option(s, PCAPNG_OPT_END, NULL, 0);
}

size_t pcapng_section_size(const struct pcapng_section *section)
{
    return block_size(put_section, section);
}

void pcapng_write_section(struct writer *w, const struct pcapng_section *section)
{
    write_block(w, PCAPNG_SECTION_HEADER, put_section, section);
}

size_t pcapng_interface_size(const struct pcapng_interface *interface)
{
    return block_size(put_interface, interface);
}

void pcapng_write_interface(struct writer *w, const struct pcapng_interface *interface)
{
    write_block(w, PCAPNG_INTERFACE_DESCRIPTION, put_interface, interface);
}

size_t pcapng_packet_size(const struct pcapng_packet *packet)
{
    return block_size(put_packet, packet);
}

void pcapng_write_packet(struct writer *w, const struct pcapng_packet *packet)
{
    write_block(w, PCAPNG_ENHANCED_PACKET, put_packet, packet);
}

size_t pcapng_statistics_size(const struct pcapng_statistics *statistics)
{
    return block_size(put_statistics, statistics);
}

void pcapng_write_statistics(struct writer *w, const struct pcapng_statistics *statistics)
{
    write_block(w, PCAPNG_INTERFACE_STATISTICS, put_statistics, statistics);
}
