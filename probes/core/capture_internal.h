/* SPDX-License-Identifier: Apache-2.0 */
/* What capture.c, capture_flows.c and capture_packet.c share. */
#ifndef RTCLAB_PROBES_CAPTURE_INTERNAL_H
#define RTCLAB_PROBES_CAPTURE_INTERNAL_H

#include <stddef.h>

#include "probes/core/capture.h"

/* ---- capture_flows.c --------------------------------------------------------------- */

/** From now on flows are kept; FALSE if they already are. */
gboolean capture_flows_begin(void);

/** Forgets them. */
void capture_flows_end(void);

/** Whether a packet from one endpoint to the other belongs to a flow. */
bool capture_flows_have(uint8_t protocol, const struct endpoint *from,
                        const struct endpoint *to);

/* ---- capture_packet.c -------------------------------------------------------------- */

#define CAPTURE_MAX_FRAGMENTS 16

/** The datagrams of ours of which a first fragment was seen last; zeroed: none. */
struct capture_fragments {
    struct capture_fragment {
        struct address source, destination;
        uint32_t id;
        uint8_t protocol;
    } ours[CAPTURE_MAX_FRAGMENTS];
    unsigned next;
};

/** Whether an IP datagram belongs to a flow, or to an ICMP error about one. */
bool capture_packet_is_ours(const uint8_t *bytes, size_t size,
                            struct capture_fragments *known);

#endif
