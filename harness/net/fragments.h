/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a middlebox remembers of fragmented datagrams, whose later fragments have no
 * ports: what it decided about the first (RFC 4787 §11).
 */
#ifndef RTCLAB_NET_FRAGMENTS_H
#define RTCLAB_NET_FRAGMENTS_H

#include "net/packet.h"
#include "wire/ip.h"

enum { FRAGMENTS_MAX = 64 };

/** The decision about a datagram's first fragment. */
struct fragment_decision {
    bool hairpin;
    struct address source;      /**< to be put in; ADDRESS_NONE: as it is */
    struct address destination; /**< likewise */
};

/** All zeros is empty. */
struct fragments {
    struct fragment_record {
        struct ip_view key; /**< addresses, protocol and id are what counts */
        struct fragment_decision decision;
        int64_t expires_ns;
    } records[FRAGMENTS_MAX];
    unsigned next; /**< the oldest record, to be replaced */
};

/** Remembers the decision about a datagram. @param key its view as it came in */
void fragments_remember(struct fragments *f, const struct ip_view *key,
                        const struct fragment_decision *decision, int64_t now_ns);

/** The decision about the datagram that a later fragment is of, borrowed until the next
 * call; NULL if its first fragment was not seen, or too long ago. */
const struct fragment_decision *fragments_find(const struct fragments *f,
                                               const struct ip_view *ip, int64_t now_ns);

/** True if two fragments are of one datagram (RFC 791 §2.3, RFC 8200 §4.5). */
bool fragments_same_datagram(const struct ip_view *a, const struct ip_view *b);

/** For how long a first fragment is remembered, and a later one can wait for it. */
int64_t fragments_lifetime_ns(void);

#endif
