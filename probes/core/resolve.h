/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a URI to the addresses of its server: RFC 5928 for turn: and turns:, RFC 8489 §8
 * for stun: and stuns:, RFC 7350 where either is over DTLS.
 *
 *     an IP address                      itself
 *     a name with a port                 A and AAAA
 *     turn: with ?transport=, or stun:   SRV, or else A and AAAA with the default port
 *     turn: without                      NAPTR "RELAY", or else SRV of each transport,
 *                                        or else A and AAAA
 *
 * Where nothing in DNS says otherwise, the transport is the URI's own: UDP, or TLS with
 * an s. RFC 5928 would go on to others that the client has: a probe does not, since what
 * it would then find to be missing was never promised.
 */
#ifndef RTCLAB_PROBES_CORE_RESOLVE_H
#define RTCLAB_PROBES_CORE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/rng.h"
#include "probes/core/transport.h"
#include "wire/address.h"
#include "wire/ice_url.h"

#define RESOLVE_MAX_ADDRESSES 32

struct resolved_address {
    struct endpoint endpoint;
    enum probe_transport transport;
    /** "A of turn.example.org", "SRV _turns._tcp.example.org, priority 10: A of …";
     *  escaped. Owned. */
    char *how;
};

struct resolved {
    struct resolved_address addresses[RESOLVE_MAX_ADDRESSES]; /**< in order, each once */
    size_t count;
};
void resolved_clear(struct resolved *r);
typedef struct resolved auto_resolved; /* for g_auto() */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_resolved, resolved_clear)

struct resolve_options {
    enum address_family family; /**< -4 or -6; ADDRESS_NONE: both */
    /** --transport: instead of the URI's. With an s in the URI, UDP means DTLS and TCP
     *  means TLS. */
    bool has_transport;
    enum probe_transport transport;
    struct rng rng; /**< orders SRV records of equal priority */
    /** The DNS server to ask, IPv4, for everything; family ADDRESS_NONE: the system's,
     *  and /etc/hosts for addresses. */
    struct endpoint nameserver;
};

/** The transport of a URI whose DNS says nothing else. */
enum probe_transport resolve_default_transport(const struct ice_url *url,
                                               const struct resolve_options *options);

/** The port of a URI over a transport: its own, or 3478 or 5349 (RFC 8489 §18.6). */
uint16_t resolve_port(const struct ice_url *url, enum probe_transport transport);

/**
 * Resolves a URI. Lookups happen in a thread that is left to itself when the deadline
 * comes first: libc's cannot be interrupted.
 *
 * @param ret set on success only, then with one address at least; the caller clears it
 * @return FALSE with PROBE_ERROR_RESOLVE, _INTERRUPTED or _LOCAL
 */
gboolean resolve_url(const struct ice_url *url, const struct resolve_options *options,
                     int64_t deadline_ns, struct resolved *ret, GError **error);

#endif
