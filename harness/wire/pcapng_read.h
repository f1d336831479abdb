/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a capture of many taps from memory, with its comments and packet identifiers,
 * which libpcap does not hand out.
 *
 *     struct pcapng_reader *reader = pcapng_reader_new(bytes, size);
 *     struct pcapng_item item;
 *     while (pcapng_reader_next(reader, &item))
 *         …
 *     if (pcapng_reader_problem(reader))
 *         …
 *     pcapng_reader_free(reader);
 *
 * The file may be damaged or hostile: what stands before the damage is read, and texts
 * are handed out as they are.
 */
#ifndef RTCLAB_WIRE_PCAPNG_READ_H
#define RTCLAB_WIRE_PCAPNG_READ_H

#include <stdbool.h>

#include "wire/pcapng_block.h"

/** Not NUL-terminated, not checked to be UTF-8; borrowed from the file; size 0: none. */
struct pcapng_text {
    const char *at;
    size_t size;
};

enum pcapng_item_kind {
    PCAPNG_ITEM_INTERFACE, /**< the next one: they are numbered from 0 over all sections
                            */
    PCAPNG_ITEM_PACKET,
};

struct pcapng_item {
    enum pcapng_item_kind kind;

    /* PCAPNG_ITEM_INTERFACE */
    struct pcapng_text name, description;
    uint16_t link_type;

    /* PCAPNG_ITEM_PACKET */
    uint32_t interface;         /**< of those that were handed out */
    bool has_time;              /**< a simple packet block has none */
    int64_t time_ns;            /**< since 1970 UTC; the nearest int64_t */
    const uint8_t *bytes;       /**< borrowed from the file */
    uint32_t size;              /**< of what was captured */
    uint32_t original_size;     /**< of what was on the wire */
    struct pcapng_text comment; /**< the first one */
    uint64_t packet_id;         /**< 0: none */
    enum pcapng_direction direction;
};

struct pcapng_reader;

/** Starts reading. @param bytes the file; borrowed for the reader's life */
struct pcapng_reader *pcapng_reader_new(const uint8_t *bytes, size_t size);
void pcapng_reader_free(struct pcapng_reader *reader);

/**
 * The next interface or packet: what Wireshark counts as a frame is one item, in the same
 * order (draft-ietf-opsawg-pcapng §4.2, §4.3, §4.4, appendix A); other blocks are passed
 * over.
 * @return false, with `ret_item` untouched, at the end or where the damage is
 */
bool pcapng_reader_next(struct pcapng_reader *reader, struct pcapng_item *ret_item);

/** What is wrong with the file; NULL: nothing up to here. */
const char *pcapng_reader_problem(const struct pcapng_reader *reader);

#endif
