/* SPDX-License-Identifier: Apache-2.0 */
/* The few rtnetlink(7) requests that an interface of a lab needs. */
#ifndef RTCLAB_LAB_NETLINK_H
#define RTCLAB_LAB_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "wire/address.h"

/** The index that the kernel gives to lo in each namespace. */
#define NETLINK_LOOPBACK 1

/** A socket to the network namespace that the caller is in, or -1 with errno set. */
int netlink_open(void);

/** Each of these acts in that namespace. @return 0, or a negative errno. */
int netlink_set_up(int netlink, unsigned iface_index);
int netlink_set_down(int netlink, unsigned iface_index);
int netlink_set_queue(int netlink, unsigned iface_index, uint32_t packets);
/** Without the route that the kernel would add, which could say nothing of TCP. */
int netlink_add_address(int netlink, unsigned iface_index, const struct address *address,
                        unsigned prefix_bits);

int netlink_remove_address(int netlink, unsigned iface_index,
                           const struct address *address, unsigned prefix_bits);

/** What a route says of the TCP connections over it. All zeros: nothing. */
struct netlink_metrics {
    uint32_t rto_min_ms;       /**< the least that is added to a round-trip time to make a
                                    retransmission timeout */
    bool acknowledges_at_once; /**< no delayed acknowledgments */
};

/**
 * A route without a gateway.
 * @param source      the address that is used over it
 * @param prefix_bits to where: as many bits of `source`, a multiple of 8; 0: to
 * everywhere
 */
int netlink_add_route(int netlink, unsigned iface_index, const struct address *source,
                      unsigned prefix_bits, const struct netlink_metrics *metrics);

/** Has TCP hand single segments to the interface, never several in one piece. */
int netlink_set_single_segments(int netlink, unsigned iface_index);

#endif
