/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TCP sender would do about a lost segment: whether it would send it again, after
 * how long, and how often. See network_delay_lost_tcp().
 */
#ifndef RTCLAB_NET_TCP_FLOWS_H
#define RTCLAB_NET_TCP_FLOWS_H

#include "net/network.h"
#include "wire/ip.h"

/** Linux' bounds of a retransmission timeout, and its first value (RFC 6298 §2.1). */
#define TCP_RTO_FIRST_NS (1 * NS_PER_S)
#define TCP_RTO_MIN_NS   (200 * NS_PER_MS)
#define TCP_RTO_MAX_NS   (120 * NS_PER_S)

enum {
    TCP_MAX_FLOWS = 1 << 14, /**< that are remembered, each at its two ends */
    /* How often Linux sends a segment again before it gives up: the defaults of
       net.ipv4.tcp_syn_retries, tcp_synack_retries and tcp_retries2. */
    TCP_SYN_REPEATS = 6,
    TCP_SYN_ACK_REPEATS = 5,
    TCP_DATA_REPEATS = 15,
};

struct tcp_flows;

/** No flows yet; caller owns; tcp_flows_free(). */
struct tcp_flows *tcp_flows_new(void);
void tcp_flows_free(struct tcp_flows *flows);

/** A host sends a datagram: sets `p->segment`, if it is TCP. */
void tcp_flows_sent(struct tcp_flows *flows, unsigned iface, struct packet *p,
                    const struct ip_view *ip, int64_t now_ns);

/** A host gets a datagram: takes from a handshake's segments the round-trip time. */
void tcp_flows_received(struct tcp_flows *flows, unsigned iface, const struct packet *p,
                        const struct ip_view *ip, int64_t now_ns);

/** An element of the network, not a host, sends a datagram: sets `p->segment`. */
void tcp_flows_answered(struct packet *p, const struct ip_view *ip);

/** The timeout after the first measurement of a round-trip time, in ns. */
int64_t tcp_rto_after(int64_t round_trip_ns);

/** The number of flows that are remembered, each end counted. */
uint32_t tcp_flows_n(const struct tcp_flows *flows);

#endif
