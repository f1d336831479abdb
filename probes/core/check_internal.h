/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of check share. */
#ifndef RTCLAB_PROBES_CHECK_INTERNAL_H
#define RTCLAB_PROBES_CHECK_INTERNAL_H

#include "probes/core/check.h"

/** One address being tried. */
struct attempt {
    const struct check_options *options;
    struct check_address *to;  /**< what is found goes here */
    struct endpoint server;    /**< `to->endpoint`, or where a 300 sent us */
    struct client *clients[2]; /**< NULL: not open */
    struct allocation allocations[2];
    bool has_allocation[2];   /**< to be given back */
    struct endpoint redirect; /**< of the last answer; family ADDRESS_NONE: none */
};

/** Tries one address. */
void check_try_address(const struct check_options *options, struct check_address *to);

/** Opens a client with the options' credentials and chance of its own. */
struct client *check_open(struct attempt *a, unsigned index,
                          struct connection_times *ret_times, GError **error);

/** Bounds what a client waits for next by what is left of the time for all. */
gboolean check_limit_time(const struct attempt *a, struct client *c, GError **error);

/** Opens the second client with its allocation, or says in `to` that there is none. */
void check_open_second(struct attempt *a);

/** The phases permission and relay: check_relay.c. */
gboolean check_permit(struct attempt *a, GError **error);
gboolean check_relay_payloads(struct attempt *a, GError **error);

/** What to look at, in words: check_advice.c. Caller owns, never NULL. */
char *check_advise(const struct check_options *options, const struct check_address *to,
                   const struct endpoint *server);

/** Text of a server, as valid UTF-8; caller owns. */
char *check_text(const char *bytes, size_t size);

#endif
