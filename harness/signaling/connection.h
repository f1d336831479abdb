/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One WebSocket of the signalling server: its queue of what is to be sent, and whether
 * somebody is still at its other end.
 */
#ifndef RTCLAB_SIGNALING_CONNECTION_H
#define RTCLAB_SIGNALING_CONNECTION_H

#include <stdbool.h>

#include <libsoup/soup.h>

/** A message of one signal: descriptions of tens of media sections fit. */
#define CONNECTION_MESSAGE_MAX_BYTES ((gsize)256 * 1024)

enum {
    CONNECTION_QUEUE_MAX = 1024,              /**< messages that wait to be sent */
    CONNECTION_QUEUE_MAX_BYTES = 1024 * 1024, /**< and their size in all */
};

struct connection;

struct connection_events {
    void (*message)(struct connection *connection, const char *text, gsize size,
                    void *user);
    /** Once, and nothing after it: it may be freed. */
    void (*ended)(struct connection *connection, const char *why, void *user);
};

/**
 * Upgrades a request that asks for it; the WebSocket comes when the answer is written.
 * @param ping_s between two pings
 * @param opened called then; never if the client goes before
 * @return false: the request's status says why not
 */
bool connection_upgrade(SoupServerMessage *request, unsigned ping_s,
                        void (*opened)(struct connection *connection, void *data),
                        void *data, GDestroyNotify free_data);

/** To be called by `opened`. */
void connection_set_events(struct connection *connection,
                           const struct connection_events *events, void *user);
void connection_free(struct connection *connection);

/** Sends a text when the client takes it. @return false: too much waits; it is lost */
bool connection_send(struct connection *connection, const char *text);

/** Closes it; what waits to be sent before is sent if the client reads. */
void connection_close(struct connection *connection, unsigned short code,
                      const char *why);

enum connection_health {
    CONNECTION_WELL,
    CONNECTION_SILENT, /**< pings went unanswered */
    CONNECTION_SLOW,   /**< what waits for it does not get less */
};

/** To be called as often as it pings. */
enum connection_health connection_tick(struct connection *connection);

#endif
