/* SPDX-License-Identifier: Apache-2.0 */
/* What an ICE agent gathers (RFC 8445 §5.1.1): libnice's, over the network as it is. */
#ifndef RTCLAB_PROBES_GATHER_RUN_H
#define RTCLAB_PROBES_GATHER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "probes/core/ice_servers.h"
#include "wire/candidate.h"

#define GATHER_NO_SERVER G_MAXSIZE

struct gather_candidate {
    int64_t after_ns; /**< since gathering began */
    size_t server; /**< which of the servers gave it; GATHER_NO_SERVER: none, or libnice
                        does not say */
    struct candidate candidate;
};

struct gather_options {
    const struct ice_servers *servers;
    unsigned components;        /**< 1, or 2 with RTCP apart */
    enum address_family family; /**< ADDRESS_NONE: both */
    struct address local; /**< family ADDRESS_NONE: all but loopback and link-local */
    bool is_relay_only;   /**< iceTransportPolicy "relay" */
    bool is_udp_only;     /**< no TCP candidates (RFC 6544) */
    int64_t timeout_ns;
    void (*tell)(const struct gather_candidate *candidate, void *data);
    void *data;
};

/** What became of a server. */
struct gather_server {
    const char *unused; /**< why libnice cannot use it; NULL: it does */
    unsigned n_relayed; /**< candidates from it */
    int64_t first_ns;   /**< when the first came */
    char *complaint; /**< what libnice says of it, such as that its name has no address;
                          NULL: nothing */
};

struct gather_result {
    bool is_complete; /**< gathering ended by itself */
    int64_t duration_ns;
    unsigned n_addresses;               /**< local ones that were gathered on */
    unsigned counts[CANDIDATE_N_TYPES]; /**< of the candidates */
    struct gather_server servers[ICE_SERVERS_MAX];
};
void gather_result_clear(struct gather_result *result);

/**
 * Gathers until done, the time is up, or an interrupt. Uses the default main context.
 * @param ret filled on success, also when it is not complete; the caller clears it
 * @return FALSE with PROBE_ERROR_LOCAL: libnice could not begin, or there is no address
 */
gboolean gather_run(const struct gather_options *options, struct gather_result *ret,
                    GError **error);

#endif
