/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocks of a pcapng file, as bytes (draft-ietf-opsawg-pcapng §3, §4). For whole
 * files see pcapng.h.
 *
 * Blocks are little-endian on every machine, so that the same run gives the same file.
 * Each function appends one whole block; if it does not fit, the writer is `bad` and what
 * it holds of the block is of no use. The …_size() functions say what will be needed.
 */
#ifndef RTCLAB_WIRE_PCAPNG_BLOCK_H
#define RTCLAB_WIRE_PCAPNG_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"

enum pcapng_block_type {
    PCAPNG_SECTION_HEADER = 0x0a0d0d0a,
    PCAPNG_INTERFACE_DESCRIPTION = 1,
    PCAPNG_INTERFACE_STATISTICS = 5,
    PCAPNG_ENHANCED_PACKET = 6,
};

#define PCAPNG_BYTE_ORDER_MAGIC 0x1a2b3c4du
#define PCAPNG_LINKTYPE_RAW     101 /**< the packet begins with its IPv4 or IPv6 header */

/** Option codes; their meaning depends on the block. */
enum pcapng_option {
    PCAPNG_OPT_END = 0,
    PCAPNG_OPT_COMMENT = 1,
    PCAPNG_SHB_HARDWARE = 2,
    PCAPNG_SHB_OS = 3,
    PCAPNG_SHB_APPLICATION = 4,
    PCAPNG_IF_NAME = 2,
    PCAPNG_IF_DESCRIPTION = 3,
    PCAPNG_IF_TSRESOL = 9,
    PCAPNG_EPB_FLAGS = 2,
    PCAPNG_EPB_PACKET_ID = 5,
    PCAPNG_ISB_START_TIME = 2,
    PCAPNG_ISB_END_TIME = 3,
    PCAPNG_ISB_RECEIVED = 4,
};

/** Bits 0 and 1 of epb_flags: the packet as its tap's host sees it. */
enum pcapng_direction {
    PCAPNG_DIRECTION_UNKNOWN = 0,
    PCAPNG_INBOUND = 1,
    PCAPNG_OUTBOUND = 2,
};

/** The Section Header Block; a text that is NULL or empty is left out. */
struct pcapng_section {
    const char *hardware;
    const char *os;
    const char *application;
};

/** An Interface Description Block: raw IP, nanoseconds; texts as above. */
struct pcapng_interface {
    const char *name;
    const char *description;
};

/** An Enhanced Packet Block. */
struct pcapng_packet {
    uint32_t interface;
    int64_t time_ns; /**< since 1970 UTC; times before are written as 1970 */
    const uint8_t *bytes;
    uint32_t size;
    const char *comment; /**< UTF-8; NULL or empty for none */
    uint64_t packet_id;  /**< the same wherever the same packet is seen; 0 for none */
    enum pcapng_direction direction;
};

/** An Interface Statistics Block. */
struct pcapng_statistics {
    uint32_t interface;
    int64_t first_ns; /**< of the interface's first packet */
    int64_t last_ns;  /**< and of its last */
    uint64_t packets; /**< how many it has; with 0, the times are left out */
    int64_t time_ns;  /**< when this was counted */
};

/** §4.1; the section's length is left unspecified. */
size_t pcapng_section_size(const struct pcapng_section *section);
void pcapng_write_section(struct writer *w, const struct pcapng_section *section);

/** §4.2 */
size_t pcapng_interface_size(const struct pcapng_interface *interface);
void pcapng_write_interface(struct writer *w, const struct pcapng_interface *interface);

/** §4.3; a comment beyond 65,535 bytes is cut between characters. */
size_t pcapng_packet_size(const struct pcapng_packet *packet);
void pcapng_write_packet(struct writer *w, const struct pcapng_packet *packet);

/** §4.6 */
size_t pcapng_statistics_size(const struct pcapng_statistics *statistics);
void pcapng_write_statistics(struct writer *w,
                             const struct pcapng_statistics *statistics);

#endif
