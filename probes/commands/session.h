/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subcommand that talks to servers starts from: a URI resolved, credentials
 * loaded, a seed, Ctrl-C caught, and the capture that --pcap asks for.
 */
#ifndef RTCLAB_PROBES_SESSION_H
#define RTCLAB_PROBES_SESSION_H

#include "probes/commands/target_options.h"
#include "probes/core/resolve.h"

struct session {
    const struct target_options *options;
    struct target *target;
    struct credentials *credentials; /**< NULL: none were given */
    struct resolved resolved;        /**< one address at least */
    struct rng rng;
    uint64_t seed;
};

/**
 * Catches interrupts, reads the URI, loads credentials, starts the capture if one is
 * asked for, and resolves. To be cleared when all connections are closed: that ends the
 * capture.
 * @return FALSE with RTC_ERROR_… or PROBE_ERROR_…; the caller clears it in any case
 */
gboolean session_begin(const struct target_options *options, const char *uri,
                       struct session *ret, GError **error);
void session_clear(struct session *session);
typedef struct session auto_session; /* for g_auto() */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_session, session_clear)

/** All the addresses of a URI, by the options. */
gboolean session_resolve(const struct target_options *options,
                         const struct target *target, const struct rng *rng,
                         struct resolved *ret, GError **error);

/** Options of a client to the first address; borrowed from the session. */
struct client_options session_client_options(const struct session *session);

/** FALSE with PROBE_ERROR_CREDENTIALS, and how to give them, where there are none. */
gboolean session_need_credentials(const struct session *session, GError **error);

/** FALSE with RTC_ERROR_USAGE for a stun: URI. */
gboolean session_need_turn(const struct session *session, GError **error);

#endif
