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
    struct connection *by; /**< the connection_open_peer() that sends */
    struct connection *at; /**< the one that hears the answer: mostly the same */
    struct endpoint to;
    struct client_timing timing;
};

/**
 * Sends a request, again while no answer comes, and waits for the response with its
 * transaction id, wherever that comes from.
 *
 * @param ret       as of client_exchange(); the caller clears it
 * @param ret_from  where the response came from; NULL: not wanted
 * @return FALSE with PROBE_ERROR_SILENT, or as connection_receive_from()
 */
gboolean binding_ask(const struct binding_way *way, const struct draft *request,
                     struct answer *ret, struct endpoint *ret_from, GError **error);

/** Whether an address can be one of the Internet's: not of a private network, a carrier's
 * NAT, a link, or this machine (RFC 6890 §2.2). */
bool binding_is_public(const struct address *a);

#endif
