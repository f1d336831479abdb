/* SPDX-License-Identifier: Apache-2.0 */
/* The address ranges that a relay should have a policy on: one table for all cases. */
#ifndef RTCLAB_PROBES_PEER_RANGES_H
#define RTCLAB_PROBES_PEER_RANGES_H

#include <stddef.h>

#include "wire/address.h"

enum peer_rule {
    PEER_RULE_SELF,  /**< leads to the server itself: must be refused */
    PEER_RULE_LOCAL, /**< to the machine's or the cloud's own services: must be refused */
    PEER_RULE_NEVER, /**< no peer has such an address */
    PEER_RULE_POLICY, /**< right in one network, a hole in another: reported */
};

struct peer_range {
    const char *name;   /**< "link-local" */
    const char *prefix; /**< "169.254.0.0" */
    unsigned bits;
    enum peer_rule rule;
    const char *telling; /**< an address in it that is known for something; NULL: none */
    const char *source;  /**< where the range is from: "RFC 3927" */
};

extern const struct peer_range peer_ranges[];
extern const size_t peer_ranges_count;

#define PEER_RANGE_MAX_SAMPLES 3

/**
 * Addresses that stand for a range: its telling one, its first and its last. Doubles are
 * left out.
 * @return how many
 */
size_t peer_range_samples(const struct peer_range *range,
                          struct address out[PEER_RANGE_MAX_SAMPLES]);

/* symbol, name: ways to write an IPv4 address as an IPv6 one */
#define PEER_DISGUISES(X)                             \
    X(MAPPED, "IPv4-mapped") /* RFC 4291 §2.5.5.2 */ \
    X(NAT64, "NAT64")        /* RFC 6052 §2.1 */     \
    X(SIXTOFOUR, "6to4")     /* RFC 3056 §2 */

enum peer_disguise {
#define X(symbol, name) PEER_DISGUISE_##symbol,
    PEER_DISGUISES(X)
#undef X
        PEER_N_DISGUISES
};
const char *peer_disguise_name(enum peer_disguise disguise);

/** An IPv4 address in disguise. */
struct address peer_disguise(const struct address *ipv4, enum peer_disguise disguise);

#endif
