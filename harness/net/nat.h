/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NAT, as a function from packets to verdicts: RFC 4787 (UDP), RFC 5382 (TCP), RFC 5508
 * (ICMP). The network asks it about each packet and does what it says; what a NAT decides
 * later by itself comes out of nat_advance().
 */
#ifndef RTCLAB_NET_NAT_H
#define RTCLAB_NET_NAT_H

#include "net/event_queue.h"
#include "net/packet.h"
#include "wire/ip.h"

struct nat;

enum nat_action {
    NAT_FORWARD, /**< on, in the direction it came */
    NAT_HAIRPIN, /**< back inside */
    NAT_REFUSE,  /**< drop, for `reason` */
    NAT_HOLD,    /**< the NAT has taken a copy and decides later; free the packet */
};

/** What to answer the sender of a refused packet with. */
enum nat_answer {
    NAT_ANSWER_NOTHING,
    NAT_ANSWER_PROHIBITED,  /**< ICMP, RFC 5508 REQ-8 */
    NAT_ANSWER_UNREACHABLE, /**< ICMP port unreachable, RFC 5382 REQ-4 */
    NAT_ANSWER_RESET,       /**< TCP */
};

struct nat_verdict {
    enum nat_action action;
    enum drop_reason reason;
    enum nat_answer answer;
    struct endpoint before, after; /**< the endpoint that changed; of a hairpinned packet
                                        the destination */
};

/** A packet that a NAT had held, or remembered, and what becomes of it now. */
struct nat_late {
    struct packet *packet;
    enum packet_direction direction; /**< in which it came */
    bool answer_only; /**< it was reported as dropped before: only answer it */
    struct nat_verdict verdict;
};

/**
 * @param config borrowed as long as the NAT lives
 * @param rng    its own stream
 * @param pool   borrowed: where copies of packets come from
 * @param events borrowed: where mapping events go
 * @param tap    its number in those events
 * @return caller owns; nat_free()
 */
struct nat *nat_new(const struct nat_config *config, struct rng rng,
                    struct packet_pool *pool, struct event_queue *events, uint32_t tap);
void nat_free(struct nat *nat);

/**
 * A packet from inside. Translates it in place where the verdict is to pass it on.
 *
 * @param ip  the packet's view, kept true
 */
struct nat_verdict nat_outbound(struct nat *nat, struct packet *p, struct ip_view *ip,
                                int64_t now_ns);

/** The same for a packet from outside. */
struct nat_verdict nat_inbound(struct nat *nat, struct packet *p, struct ip_view *ip,
                               int64_t now_ns);

/** Expires what has expired, and answers what has waited, by `now_ns`. */
void nat_advance(struct nat *nat, int64_t now_ns);

/** When nat_advance() has something to do next; CLOCK_NEVER if never. */
int64_t nat_deadline(const struct nat *nat);

/** The next packet that was held and is now decided about; caller owns its packet. */
bool nat_pop_late(struct nat *nat, struct nat_late *ret_late);

/** True if `a` is one of the NAT's external addresses. */
bool nat_owns(const struct nat *nat, const struct address *a);

size_t nat_n_mappings(const struct nat *nat);

#endif
