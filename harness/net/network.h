/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated network: packets, `now` and a seed in; packets, the next deadline and
 * decisions out. It reads no clock, draws from no generator but its own seeded ones, and
 * makes no system call, so it is the same on the wall clock, on the virtual clock and in
 * a test.
 *
 *     network_submit(net, iface, bytes, size, now);      a host sent this
 *     network_advance(net, now);                         do all that is due
 *     while ((p = network_pop_delivery(net, &d))) ...    packets that reached a host
 *     while (network_pop_event(net, &event)) ...         what was decided on the way
 *     wait until network_next_deadline(net)
 *
 * Everything that happens at a time is one event in one heap ordered by (time, sequence).
 * `now_ns` never goes back. What has come out waits until it is popped, without a bound:
 * pop both queues after each submit and advance. Interfaces are numbered in the order of
 * the configuration: those of the first site first.
 */
#ifndef RTCLAB_NET_NETWORK_H
#define RTCLAB_NET_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/rng.h"
#include "net/config.h"

struct network;

/** What a sender would do about the loss of a packet. */
enum segment_kind {
    SEGMENT_NONE,     /**< no TCP segment, or network_delay_lost_tcp() was not called */
    SEGMENT_REPEATED, /**< has SYN, FIN or payload: its sender would send it again */
    SEGMENT_ACK,      /**< none of these: nobody would, and the next one repairs it */
    SEGMENT_RESET,
};

/** What a TCP segment carries for network_delay_lost_tcp(); see net/tcp_flows.c. */
struct packet_segment {
    enum segment_kind kind;
    uint32_t flow;          /**< one direction of one connection; 0: not a host's */
    unsigned max_repeats;   /**< how often it is sent again before its sender gives up */
    int64_t rto_ns;         /**< its sender's retransmission timeout */
    int64_t late_ns;        /**< how much later it comes for the losses on its way */
    int64_t echoed_late_ns; /**< the same of the SYN, or SYN-ACK, that it answers */
};

/** A packet on its way: an IP datagram with what the network knows of it. */
struct packet {
    uint64_t id;   /**< the same from the sender to the receiver, through NATs; from 1 */
    uint32_t size; /**< bytes used */
    uint32_t capacity;
    struct packet *next; /**< for lists of the owner */
    struct packet_segment segment;
    uint8_t bytes[];
};

void packet_free(struct packet *p);

/* Why a packet was dropped; the name goes into events and capture comments. */
#define DROP_REASONS(X)                                                                \
    X(MALFORMED, "malformed")       /* not a whole IP, UDP, TCP or ICMP packet */      \
    X(BAD_CHECKSUM, "bad-checksum") /* a NAT does not translate what is broken */      \
    X(TTL_EXPIRED, "ttl-expired")                                                      \
    X(NO_ROUTE, "no-route") /* nobody has the destination address */                   \
    X(MULTICAST, "multicast")                                                          \
    X(HOST_SILENT, "host-silent") /* the address of a host that is not there */        \
    X(LINK_LOSS, "link-loss")                                                          \
    X(LINK_BURST_LOSS, "link-burst-loss")                                              \
    X(QUEUE_FULL, "queue-full")                                                        \
    X(TOO_BIG, "too-big")               /* larger than the MTU, with DF */             \
    X(NAT_NO_MAPPING, "nat-no-mapping") /* inbound, and no mapping has that port */    \
    X(NAT_FILTERED, "nat-filtered")     /* a mapping, but the sender is not allowed */ \
    X(NAT_HAIRPIN_OFF, "nat-hairpin-off")                                              \
    X(NAT_PORTS_EXHAUSTED, "nat-ports-exhausted")                                      \
    X(NAT_PORT_CONFLICT, "nat-port-conflict")                                          \
    X(NAT_QUOTA, "nat-quota") /* max_mappings, or the bounds of config.h */            \
    X(NAT_ICMP_REFUSED, "nat-icmp-refused")                                            \
    X(NAT_PROTOCOL, "nat-protocol") /* a protocol that the NAT cannot translate */     \
    X(NAT_FRAGMENT, "nat-fragment") /* a fragment whose first part was not seen */     \
    X(FIREWALL_DROPPED, "firewall-dropped")                                            \
    X(FIREWALL_REJECTED, "firewall-rejected")                                          \
    X(FIREWALL_RESET, "firewall-reset")                                                \
    X(FIREWALL_FULL, "firewall-full") /* no room for another flow */

enum drop_reason {
#define X(symbol, name) DROP_##symbol,
    DROP_REASONS(X)
#undef X
        DROP_N_REASONS
};

/** The name of a reason, such as "nat-filtered". */
const char *drop_reason_name(enum drop_reason reason);

enum network_event_kind {
    NETWORK_PACKET, /**< a packet was seen at a tap; see `verdict` */
    NETWORK_MAPPING_CREATED,
    NETWORK_MAPPING_REFRESHED,
    NETWORK_MAPPING_EXPIRED,
};

enum packet_verdict {
    PACKET_PASSED,     /**< seen and let through */
    PACKET_TRANSLATED, /**< `before` became `after` */
    PACKET_DROPPED,    /**< see `reason` */
    PACKET_LATE,       /**< lost, see `reason`; it arrives `late_ns` later all the same */
};

/** Seen from the element: towards the internet, or from it. */
enum packet_direction { PACKET_OUTWARD, PACKET_INWARD };

/**
 * A decision of the network. Taps are numbered from 0 to network_n_taps() - 1. Each
 * interface is a tap, with the interface's number, that sees every packet which its host
 * sends (outward) or gets (inward). Behind those, each link, each middlebox and the
 * internet is a tap. A NAT's tap sees what stands on its outer side: a packet going out
 * after its translation, a packet coming in before; a hairpinned packet after. A
 * firewall's, a link's and the internet's taps see only what they drop or delay. What an
 * element sends by itself (ICMP errors, resets) is seen as passed, at that element's tap.
 */
struct network_event {
    enum network_event_kind kind;
    int64_t at_ns;
    uint32_t tap; /**< the element it happened at */

    /* NETWORK_PACKET */
    uint64_t packet_id;
    enum packet_direction direction;
    enum packet_verdict verdict;
    enum drop_reason reason;
    int64_t late_ns;               /**< PACKET_LATE */
    struct packet *packet;         /**< a copy; the caller of network_pop_event owns it */
    struct endpoint before, after; /**< PACKET_TRANSLATED: the endpoint that changed */

    /* NETWORK_MAPPING_*; `remote` is where the mapping's first packet went, and with an
       address- or address-and-port-dependent mapping what it is bound to */
    uint8_t protocol; /**< IPPROTO_UDP, IPPROTO_TCP or IPPROTO_ICMP */
    struct endpoint internal, external, remote;
    enum packet_direction refreshed_by;
};

/**
 * Builds a network.
 *
 * @param config borrowed for as long as the network lives; must be sound (scenario/
 * checks)
 * @param rng    parent of each element's own stream, "link:SITE:up", "nat:NAME", …
 * @param record whether NETWORK_PACKET events are made; the others always are
 * @return caller owns; network_free()
 */
struct network *network_new(const struct network_config *config, const struct rng *rng,
                            bool record);
void network_free(struct network *net);

/**
 * From now on a TCP segment that a link would lose (by loss, loss in bursts, or for a
 * full queue) arrives later instead, by what its retransmission would have cost: for
 * kernels whose TCP timers run on another clock than the network. Later segments of its
 * flow wait for it. What a firewall, a NAT or the end of a TTL drops, stays dropped, and
 * other protocols, ICMP errors about TCP too, are lost as before. See net/tcp_flows.c and
 * link_submit_segment().
 */
void network_delay_lost_tcp(struct network *net);

unsigned network_n_interfaces(const struct network *net);
unsigned network_n_taps(const struct network *net);

/** The name of a tap, such as "alice/eth0", "home-a/nat", "home-a/link", "internet". */
const char *network_tap_name(const struct network *net, unsigned tap);

/**
 * A host sends an IP datagram. Its fate up to the first wait is decided at once.
 *
 * @param iface  the interface's number
 * @param bytes  the datagram, borrowed; what is not IP is dropped as malformed
 * @param now_ns not before any earlier `now_ns`
 */
void network_submit(struct network *net, unsigned iface, const uint8_t *bytes,
                    size_t size, int64_t now_ns);

/** When network_advance() has something to do next; CLOCK_NEVER if nothing is left. */
int64_t network_next_deadline(const struct network *net);

/** Does all that is due at `now_ns`, each at its own time. */
void network_advance(struct network *net, int64_t now_ns);

/** A packet that has reached a host. */
struct delivery {
    unsigned iface;
    int64_t due_ns; /**< when it should arrive: what lateness is measured against */
};

/** The next packet for a host, in the order of their times; caller owns; NULL: none. */
struct packet *network_pop_delivery(struct network *net, struct delivery *ret_delivery);

/** The next decision, in the order in which they fell. False, and nothing set: none. */
bool network_pop_event(struct network *net, struct network_event *ret_event);

/** The number of live mappings of all NATs (for benchmarks and tests). */
size_t network_n_mappings(const struct network *net);

#endif
