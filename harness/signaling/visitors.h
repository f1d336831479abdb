/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TCP connections of an HTTP server, from the moment each is accepted: how many there
 * are, and that none stays that does not become a WebSocket, be it that it sends nothing,
 * half a request, or a request without an end.
 */
#ifndef RTCLAB_SIGNALING_VISITORS_H
#define RTCLAB_SIGNALING_VISITORS_H

#include <libsoup/soup.h>

enum {
    VISITORS_MAX = 512,
    VISITORS_MAX_BYTES = 64 * 1024, /**< that one may send before it is a WebSocket */
};

/** Looks after all connections that a server accepts from now on; each may take
 *  `limit_ms` to become a WebSocket. */
void visitors_watch(SoupServer *server, unsigned limit_ms);

/** The connection of a request is a WebSocket: it may stay. */
void visitors_let_stay(SoupServerMessage *request);

#endif
