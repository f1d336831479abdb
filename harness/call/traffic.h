/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call's peers put on the wire, read from their interfaces' packets: how many, how
 * many STUN requests and retransmissions, and when connectivity checks began and worked.
 */
#ifndef RTCLAB_CALL_TRAFFIC_H
#define RTCLAB_CALL_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "scenario/scenario.h"

struct traffic {
    uint64_t packets;         /**< IP datagrams that the peers' hosts sent */
    uint64_t stun_requests;   /**< of those, STUN and TURN requests, also inside TURN */
    uint64_t retransmissions; /**< of those, with a transaction id seen before */
    int64_t first_check_ns[N_ROLES]; /**< first connectivity check sent; -1: none */
    int64_t first_valid_ns[N_ROLES]; /**< first answer to one; -1: none */
    GHashTable *requests;            /* what was asked: role and transaction id */
};

void traffic_init(struct traffic *traffic);
void traffic_clear(struct traffic *traffic);

/**
 * Takes in one datagram at a peer's interface.
 *
 * Over TCP a STUN message is seen where it starts a segment.
 *
 * @param outward whether the peer's host sent it
 */
void traffic_add(struct traffic *traffic, enum role role, bool outward,
                 const uint8_t *bytes, size_t size, int64_t at_ns);

#endif
