/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signalling server: HTTP and WebSocket in front of rooms.h, on the default main
 * loop.
 *
 *     GET /                     the page: a WebRTC client for a browser
 *     WS  /rooms/NAME[?member=ID]   a member of a room
 */
#ifndef RTCLAB_SIGNALING_SERVER_H
#define RTCLAB_SIGNALING_SERVER_H

#include <gio/gio.h>

struct signaling_server;

struct signaling_server_options {
    GSocketAddress *address;      /**< port 0: any that is free */
    GTlsCertificate *certificate; /**< with its key; NULL: no TLS */
    void (*log)(
        const char *line);   /**< told of members that come and go, in strangers'
                                  words, too: not to be shown as it is; may be NULL */
    unsigned ping_s;         /**< between two pings of a member; 0: 10. One who leaves two
                                  unanswered has gone */
    unsigned visit_limit_ms; /**< for a connection to become a WebSocket; 0: 10 s */
};

/** @return caller owns; NULL with RTC_ERROR_ENVIRONMENT: the address cannot be had */
struct signaling_server *
signaling_server_new(const struct signaling_server_options *options, GError **error);

/** Closes all connections (1001) and frees; what the main loop has still to do for that
 *  needs no server. */
void signaling_server_free(struct signaling_server *server);

/** Where the page is: "http://127.0.0.1:8080/"; borrowed. */
const char *signaling_server_url(const struct signaling_server *server);

/** Where a room is: "ws://127.0.0.1:8080/rooms/NAME"; caller owns. */
char *signaling_server_room_url(const struct signaling_server *server, const char *room);

#endif
