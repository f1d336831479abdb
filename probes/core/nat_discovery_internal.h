/* SPDX-License-Identifier: Apache-2.0 */
/* What nat_discovery.c and nat_lifetime.c share. */
#ifndef RTCLAB_PROBES_NAT_DISCOVERY_INTERNAL_H
#define RTCLAB_PROBES_NAT_DISCOVERY_INTERNAL_H

#include "probes/core/binding.h"
#include "probes/core/nat_discovery.h"

struct nat_discovery {
    struct nat_discovery_options options;
    struct rng rng;
    struct nat_view view;
};

/** A socket on a port that chance chooses (RFC 5780 §4.1). */
struct connection *nat_discovery_socket(struct nat_discovery *d, GError **error);

/** Timing where silence is an answer too: it has to come to an end. */
struct client_timing nat_discovery_brief(const struct nat_discovery *d);

/** A Binding request with nothing in it yet. */
void nat_discovery_begin_request(struct nat_discovery *d, struct draft *ret_request);

/**
 * The success response to a request, and the mapped address in it.
 * @param ret_heard  set on success only; the caller clears it
 */
gboolean nat_discovery_ask(const struct binding_way *way, const struct draft *request,
                           struct heard *ret_heard, struct endpoint *ret_mapped,
                           GError **error);

/** The same for a plain Binding from a socket, without what was heard. */
gboolean nat_discovery_bind(struct nat_discovery *d, struct connection *socket,
                            const struct endpoint *to, struct endpoint *ret_mapped,
                            GError **error);

#endif
