/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario's servers, running in a lab, and what peers are told of them. */
#ifndef RTCLAB_CALL_SERVERS_H
#define RTCLAB_CALL_SERVERS_H

#include <glib.h>
#include <jansson.h>

#include "lab/lab.h"
#include "scenario/scenario.h"

struct servers;

/**
 * Starts every server of a scenario, one after the other, each answering before the next.
 *
 * @param rng    the call's: the TURN user's password is made from it
 * @param folder where the logs go, as NAME.log; NULL: into the lab's scratch folder
 * @return caller owns (servers_free, before the lab); NULL with RTC_ERROR_ENVIRONMENT
 */
struct servers *servers_start(const struct scenario *scenario, struct lab *lab,
                              const struct rng *rng, const char *folder, GError **error);

/** Ends the servers and removes what they keep beside their logs. */
void servers_free(struct servers *servers);

/** The name of the server that a process is, or NULL; borrowed. */
const char *servers_find(const struct servers *servers, const struct process *process);

/**
 * What the record says of a server: whom it lets in, so that a reader can verify the
 * integrity of its messages. Caller owns; NULL: nothing.
 */
json_t *servers_describe(const struct servers *servers, const struct server *server);

/**
 * W3C's RTCConfiguration.iceServers for a peer; the call's user and password stand where
 * the scenario gives none. Caller owns.
 */
json_t *servers_ice_servers(const struct servers *servers, const struct peer_setup *peer);

/**
 * Where a peer's signalling goes by WebSocket: the room's URL with the peer as its
 * member.
 * @return caller owns; NULL: the scenario's signalling is direct
 */
char *servers_signaling_url(const struct servers *servers, enum role role);

/** The only certificate that the signalling server may show, PEM; NULL: it has none.
 *  Borrowed. */
const char *servers_signaling_certificate(const struct servers *servers);

/** The call's TURN user and password; borrowed. */
const char *servers_username(const struct servers *servers);
const char *servers_password(const struct servers *servers);

#endif
