/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --pcap FILE: the packets of this program's own connections, captured from the kernel
 * while it runs, and nothing else of the machine's.
 */
#ifndef RTCLAB_PROBES_CAPTURE_H
#define RTCLAB_PROBES_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "wire/address.h"

/* ---- The capture (capture.c) ---------------------------------------------------- */

/**
 * Starts capturing into a file of pcap, which only the user may read (0600). Call before
 * the first connection is opened.
 *
 * @return FALSE with RTC_ERROR_ENVIRONMENT: no privilege, and then how to get it; the
 * file cannot be written; RTC_ERROR_USAGE: one runs already
 */
gboolean capture_start(const char *path, GError **error);

struct capture_counts {
    uint64_t written;
    uint64_t dropped; /**< by the kernel: of all packets, perhaps some of ours */
};

/**
 * Ends it: what the kernel still holds is written first. Does nothing if none runs.
 * @param ret_counts NULL: not wanted
 * @return FALSE with RTC_ERROR_ENVIRONMENT if not all could be written
 */
gboolean capture_stop(struct capture_counts *ret_counts, GError **error);

/* ---- What belongs to us (capture_flows.c) ------------------------------------------ */

/** Whether a capture runs: then a flow must be known before its first packet. */
bool capture_is_running(void);

/**
 * Says that packets between a local port and an endpoint are ours. Does nothing while no
 * capture runs. From any thread.
 * @param protocol IPPROTO_UDP or IPPROTO_TCP
 * @param remote   NULL: whoever speaks with that port
 */
void capture_add_flow(uint8_t protocol, uint16_t local_port,
                      const struct endpoint *remote);

#endif
