/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member of a room of a signalling server, by WebSocket, on the default main loop. It
 * speaks the peer contract's signals: room_message.h says what they are in the room.
 */
#ifndef RTCLAB_SIGNALING_ROOM_CLIENT_H
#define RTCLAB_SIGNALING_ROOM_CLIENT_H

#include <stdbool.h>

#include <gio/gio.h>
#include <jansson.h>

struct room_client;

/** What happens; each is given the user's own data. */
struct room_client_events {
    /** The room is entered. */
    void (*joined)(void *user, bool has_peer);
    void (*peer_joined)(void *user);
    void (*peer_left)(void *user, const char *why);
    /** A signal of the other member: {"type":"signal",…}, consumed by whom it is given.
     */
    void (*signal)(void *user, json_t *signal);
    /** The server, or this client, could not make sense of something. */
    void (*warning)(void *user, const char *what);
    /** Once, and nothing after it: there is, or will be, no connection. */
    void (*closed)(void *user, const char *why);
};

struct room_client_options {
    const char *url;              /**< "wss://203.0.113.10/rooms/call?member=offerer" */
    GTlsCertificate *certificate; /**< what the server may have beside what this
                                       machine trusts; NULL: nothing */
    unsigned connect_limit_ms;
    const struct room_client_events *events;
    void *user;
};

/** Begins to connect; caller owns. */
struct room_client *room_client_new(const struct room_client_options *options);
void room_client_free(struct room_client *client);

/** Sends a signal of the peer contract. What cannot be sent is warned of. */
void room_client_send(struct room_client *client, const json_t *signal);

/** Closes the connection; `closed` follows. */
void room_client_close(struct room_client *client);

#endif
