/* SPDX-License-Identifier: Apache-2.0 */
/* One frame of a capture, down to what UDP or TCP carries in it. */
#ifndef RTCLAB_PROBES_CORE_CAPTURE_READ_H
#define RTCLAB_PROBES_CORE_CAPTURE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "wire/address.h"

struct captured {
    bool is_tcp;
    struct endpoint source, destination;
    uint8_t *bytes; /**< owned; may be none */
    size_t size;
};
void captured_clear(struct captured *c);
typedef struct captured auto_captured; /* for g_auto() */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_captured, captured_clear)

/**
 * Reads a frame of a pcap or pcapng file of Ethernet (with VLANs), raw IP, loopback or
 * Linux's cooked link types.
 *
 * @param number from 1, as Wireshark counts
 * @param ret    set on success only; the caller clears it
 * @return FALSE with RTC_ERROR_USAGE
 */
gboolean capture_read_frame(const char *path, uint64_t number, struct captured *ret,
                            GError **error);

/**
 * Finds the payload in a frame. Pure: what capture_read_frame() and a fuzzer share.
 * @param link_type one of libpcap's DLT_…
 * @return NULL, or in words what it is that cannot be read
 */
const char *capture_read_bytes(int link_type, const uint8_t *bytes, size_t size,
                               struct captured *ret);

#endif
