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
