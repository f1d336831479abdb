/* SPDX-License-Identifier: Apache-2.0 */
/* A stateful packet filter. */
#ifndef RTCLAB_NET_FIREWALL_H
#define RTCLAB_NET_FIREWALL_H

#include "net/packet.h"
#include "wire/ip.h"

struct firewall;

struct firewall_verdict {
    enum firewall_action action;
    enum drop_reason reason; /**< unless the action is to allow */
};

/** @param config borrowed as long as the firewall lives; caller owns what is returned */
struct firewall *firewall_new(const struct firewall_config *config);
void firewall_free(struct firewall *fw);

/** Decides about a packet, and remembers the flow that it opens or belongs to. */
struct firewall_verdict firewall_filter(struct firewall *fw, const struct packet *p,
                                        const struct ip_view *ip,
                                        enum packet_direction direction, int64_t now_ns);

#endif
