/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One WebSocket of the signalling server: its queue of what is to be sent, and whether
 * somebody is still at its other end.
 */
#ifndef RTCLAB_SIGNALING_WEBSOCKET_H
#define RTCLAB_SIGNALING_WEBSOCKET_H

#include <stdbool.h>

#include <libsoup/soup.h>

/** A message of one signal: descriptions of tens of media sections fit. */
#define WEBSOCKET_MESSAGE_MAX_BYTES ((gsize)256 * 1024)

enum {
    WEBSOCKET_QUEUE_MAX = 1024,              /**< messages that wait to be sent */
    WEBSOCKET_QUEUE_MAX_BYTES = 1024 * 1024, /**< and their size in all */
};

struct websocket;

struct websocket_events {
    void (*message)(struct websocket *connection, const char *text, gsize size,
                    void *user);
    /** Once, and nothing after it: it may be freed. */
    void (*ended)(struct websocket *connection, const char *why, void *user);
};

/**
 * Upgrades a request that asks for it; the WebSocket comes when the answer is written.
 * @param ping_s between two pings
 * @param opened called then; never if the client goes before
 * @return false: the request's status says why not
 */
bool websocket_upgrade(SoupServerMessage *request, unsigned ping_s,
                       void (*opened)(struct websocket *connection, void *data),
                       void *data, GDestroyNotify free_data);

/** To be called by `opened`. */
void websocket_set_events(struct websocket *connection,
                          const struct websocket_events *events, void *user);
void websocket_free(struct websocket *connection);

/** Sends a text when the client takes it. @return false: too much waits; it is lost */
bool websocket_send(struct websocket *connection, const char *text);

/** Closes it; what waits to be sent before is sent if the client reads. */
void websocket_close(struct websocket *connection, unsigned short code, const char *why);

enum websocket_health {
    WEBSOCKET_WELL,
    WEBSOCKET_SILENT, /**< pings went unanswered */
    WEBSOCKET_SLOW,   /**< what waits for it does not get less */
};

/** To be called as often as it pings. */
enum websocket_health websocket_tick(struct websocket *connection);

#endif
