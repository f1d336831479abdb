/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bindings from sockets that hear everybody: an answer may come from an address other
 * than the one that was asked, or at a socket other than the one that asked (RFC 5780).
 */
#ifndef RTCLAB_PROBES_BINDING_H
#define RTCLAB_PROBES_BINDING_H

#include "probes/core/client.h"

/** Which way a request goes, and where its answer is waited for. */
struct binding_way {
    struct connection *by;    /**< the connection_open_peer() that sends and hears */
    struct connection *or_at; /**< another one that hears; NULL: none does */
    struct endpoint to;
    struct client_timing timing;
};

/** A response, of either class, and how it came. */
struct heard {
    struct answer answer;
    struct endpoint from;
    struct connection *at; /**< `by` or `or_at` of the way */
};
void heard_clear(struct heard *heard);
typedef struct heard auto_heard; /* for g_auto() */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(auto_heard, heard_clear)

/**
 * Sends a request, again while no answer comes, and waits for the response with its
 * transaction id, wherever that comes from.
 *
 * @param ret  filled on success only; the caller clears it
 * @return FALSE with PROBE_ERROR_SILENT, or as connection_receive_from()
 */
gboolean binding_ask(const struct binding_way *way, const struct draft *request,
                     struct heard *ret, GError **error);

/** Whether an address can be one of the Internet's: not of a private network, a carrier's
 * NAT, a link, or this machine (RFC 6890 §2.2). */
bool binding_is_public(const struct address *a);

#endif
