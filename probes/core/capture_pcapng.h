/* SPDX-License-Identifier: Apache-2.0 */
/* A packet of a pcapng file, whose interfaces may be of different link types. */
#ifndef RTCLAB_PROBES_CORE_CAPTURE_PCAPNG_H
#define RTCLAB_PROBES_CORE_CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcapng_found {
    uint16_t link_type;   /**< LINKTYPE_…, which are not all the same as DLT_… */
    const uint8_t *bytes; /**< inside the file */
    size_t size;
};

/** Whether bytes begin as a pcapng file does. */
bool capture_is_pcapng(const uint8_t *file, size_t size);

/**
 * Finds a packet. Pure.
 * @param number    from 1
 * @param ret_count how many packets come before the end, or before what is malformed,
 *                  at most `number`
 * @return NULL with `ret` set, or what is wrong in words; with fewer packets and nothing
 *         wrong NULL too, `*ret_count` being less than `number`
 */
const char *capture_find_pcapng(const uint8_t *file, size_t size, uint64_t number,
                                struct pcapng_found *ret, uint64_t *ret_count);

#endif
