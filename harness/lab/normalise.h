/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between hosts and the emulated network, on a virtual clock: what a host's kernel draws
 * at random, or from its clock, is replaced by what the seed decides, so that one seed
 * gives the same packets, byte for byte. TCP's initial sequence numbers, the
 * identification of IPv4 datagrams and of IPv6 fragments; and what the kernel says only
 * because real time has passed is swallowed.
 */
#ifndef RTCLAB_LAB_NORMALISE_H
#define RTCLAB_LAB_NORMALISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

enum { NORMALISER_MAX_FLOWS = 1 << 15 };

struct normaliser;

/**
 * Makes a normaliser for hosts with one interface each.
 *
 * @param names   of the interfaces, by number; borrowed for the call
 * @param n_names how many
 * @param rng     parent of each host's stream, "isn:NAME"
 * @return caller owns; normaliser_free()
 */
struct normaliser *normaliser_new(const char *const *names, unsigned n_names,
                                  const struct rng *rng);
void normaliser_free(struct normaliser *n);

/**
 * A host sends a datagram, which is changed in place; what is not understood is not.
 *
 * @return false: the network is not to see it
 */
bool normaliser_outward(struct normaliser *n, unsigned iface, uint8_t *bytes,
                        size_t size);

/** A host gets a datagram, which is changed in place back to what its kernel expects. */
void normaliser_inward(struct normaliser *n, unsigned iface, uint8_t *bytes, size_t size);

/** What was swallowed so far. */
struct normaliser_counts {
    uint64_t retransmissions; /**< of what had been sent; and keep-alives, probes */
    uint64_t multicast; /**< IPv6: reports of groups, calls for neighbours, routers */
};
struct normaliser_counts normaliser_counts(const struct normaliser *n);

/** The number of TCP flows that are remembered. */
uint32_t normaliser_n_flows(const struct normaliser *n);

#endif
