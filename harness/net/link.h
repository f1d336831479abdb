/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a link: what becomes of a packet that enters it, and when. */
#ifndef RTCLAB_NET_LINK_H
#define RTCLAB_NET_LINK_H

#include "net/config.h"
#include "net/network.h"

enum { LINK_ORDER_SLOTS = 1 << 10 };

/** The state of a direction. */
struct link {
    const struct link_direction *config;
    struct rng rng;
    bool burst_is_bad;      /**< state of the loss chain; starts good */
    int64_t idle_from_ns;   /**< when the wire has sent all that is queued */
    int64_t last_due_ns;    /**< when the last packet that keeps its order arrives */
    int64_t *not_before_ns; /**< LINK_ORDER_SLOTS of them, by flow: when its latest late
                                 segment arrives; NULL: there was none */
};

/** What link_submit() decided. */
struct link_fate {
    unsigned n_copies; /**< 0: dropped, see `reason`; 2: duplicated */
    int64_t due_ns[2];
    enum drop_reason reason;
    bool
        was_lost; /**< for `reason`, and yet there is a copy: see link_submit_segment() */
    int64_t late_ns; /**< then: by how much the copies are late */
};

/** @param config borrowed as long as the link lives */
struct link link_init(const struct link_direction *config, struct rng rng);
void link_clear(struct link *link);

/**
 * A packet enters the link.
 *
 * @param size_bytes of the IP datagram
 * @param now_ns     not before that of any earlier call
 */
struct link_fate link_submit(struct link *link, size_t size_bytes, int64_t now_ns);

/**
 * The same for a TCP segment that is not lost, but late by what its retransmission costs
 * (network_delay_lost_tcp()). It is dropped only when its sender would have given up.
 *
 * @param segment of a kind other than SEGMENT_NONE
 */
struct link_fate link_submit_segment(struct link *link, size_t size_bytes,
                                     const struct packet_segment *segment,
                                     int64_t now_ns);

#endif
