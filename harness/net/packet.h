/* SPDX-License-Identifier: Apache-2.0 */
/* Where packets come from: a pool, so that forwarding costs no malloc. */
#ifndef RTCLAB_NET_PACKET_H
#define RTCLAB_NET_PACKET_H

#include "net/network.h"

struct packet_pool;

/** A pool of packets; caller owns; packet_pool_release(). */
struct packet_pool *packet_pool_new(void);

/** Gives the pool up; it lives on until the last of its packets is freed. */
void packet_pool_release(struct packet_pool *pool);

/**
 * A packet with a copy of `size` bytes and the given id; caller owns; packet_free().
 * @param size at most 65,535 + 40
 */
struct packet *packet_new(struct packet_pool *pool, uint64_t id, const uint8_t *bytes,
                          size_t size);

/** A copy with the same id; caller owns. */
struct packet *packet_copy(struct packet_pool *pool, const struct packet *p);

#endif
