/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer of the contract in a room: whoever joins is answered by it, so that a browser
 * can call any stack. For each call a new process of the peer; on the default main loop,
 * in real time, without a lab.
 */
#ifndef RTCLAB_SIGNALING_PEER_BRIDGE_H
#define RTCLAB_SIGNALING_PEER_BRIDGE_H

#include <gio/gio.h>

struct peer_bridge;

struct peer_bridge_options {
    const char *program;           /**< of the peer: a path */
    const char *room_url;          /**< "ws://127.0.0.1:8080/rooms/NAME" */
    GTlsCertificate *certificate;  /**< with wss: the server's */
    void (*log)(const char *line); /**< told what happens in the room and to the peer, in
                                        strangers' words, too: not to be shown as it is */
};

/** Joins the room; what goes wrong later is told to the log. Caller owns. */
struct peer_bridge *peer_bridge_new(const struct peer_bridge_options *options);

/** Leaves the room and ends the peer. */
void peer_bridge_free(struct peer_bridge *bridge);

#endif
