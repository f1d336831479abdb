/* SPDX-License-Identifier: Apache-2.0 */
/* What capture.c and capture_flows.c share. */
#ifndef RTCLAB_PROBES_CAPTURE_INTERNAL_H
#define RTCLAB_PROBES_CAPTURE_INTERNAL_H

#include "probes/core/capture.h"

/** From now on flows are kept; FALSE if they already are. */
gboolean capture_flows_begin(void);

/** Forgets them. */
void capture_flows_end(void);

/** Whether a packet from one endpoint to the other belongs to a flow. */
bool capture_flows_have(uint8_t protocol, const struct endpoint *from,
                        const struct endpoint *to);

#endif
