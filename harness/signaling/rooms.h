/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rooms of a signalling server, without any network: who is in which, and what is to
 * be sent to whom. A room has two members; what one sends goes to the other, and is kept,
 * in order, while the other is not there.
 *
 * Connections are opaque here. What is to be done comes out as actions, in order:
 *
 *     rooms_take(rooms, connection, text, size);
 *     while (rooms_next(rooms, &action)) …
 *
 * Beside what it relays, a member gets from the server:
 *
 *     {"joined":{"room":"NAME","member":"ID","peer":true}}   first; peer: the other is
 * there
 *     {"peer-joined":{}}                                     the other has come
 *     {"peer-left":{"reason":"…"}}                           the other has gone
 *     {"error":"…"}                                          what it sent was not relayed
 *
 * A member that joins again under the id that it chose takes its own place: to the other
 * that is a member who left and one who came. An answer is relayed only while the other
 * member's offer has none; all else that is well-formed is relayed in any order, as only
 * the peers know their state (W3C's perfect negotiation needs offers that cross).
 */
#ifndef RTCLAB_SIGNALING_ROOMS_H
#define RTCLAB_SIGNALING_ROOMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/** What a room's or a member's name is made of: letters, digits, "-" and "_". */
#define ROOMS_NAME_MAX 64

enum {
    ROOMS_MAX = 1000,
    ROOMS_KEPT_MAX = 256,               /**< messages kept for who is not there */
    ROOMS_KEPT_MAX_BYTES = 1024 * 1024, /**< and their size in all */
    ROOMS_ERRORS_MAX = 20,              /**< of one connection; one more closes it */
};

/** Why a connection is closed: codes of RFC 6455 §7.4.2's private range. */
enum rooms_close_code {
    ROOMS_CLOSE_POLICY = 1008,   /**< too many errors */
    ROOMS_CLOSE_FULL = 4001,     /**< the room has two members already */
    ROOMS_CLOSE_REPLACED = 4002, /**< the member has joined again */
    ROOMS_CLOSE_SLOW = 4003,     /**< what was sent to it is not read */
    ROOMS_CLOSE_SILENT = 4004,   /**< it does not answer pings */
    ROOMS_CLOSE_TOO_MANY = 4005, /**< the server has all the rooms it can have */
};

enum rooms_action_kind { ROOMS_SEND, ROOMS_CLOSE };

struct rooms_action {
    enum rooms_action_kind kind;
    void *connection;
    char *text;    /**< SEND: JSON; CLOSE: the reason; the caller's to free */
    uint16_t code; /**< CLOSE: an enum rooms_close_code */
};

struct rooms;

struct rooms *rooms_new(void);
void rooms_free(struct rooms *rooms);

/** Whether a text can be a room's or a member's name. */
bool rooms_is_name(const char *text);

/**
 * A connection asks to be a member.
 *
 * @param room       a name
 * @param member     the id that it chose; NULL: it is given one
 * @param connection not a member yet
 * @return false: it is not one, and is to be closed
 */
bool rooms_join(struct rooms *rooms, const char *room, const char *member,
                void *connection);

/** A text that a member sent; may be hostile. One who is no member any more is ignored.
 */
void rooms_take(struct rooms *rooms, void *connection, const char *text, size_t size);

/** A connection has ended, or is given up. `why` is told the other member. */
void rooms_leave(struct rooms *rooms, void *connection, const char *why);

/** Tells a member that what it sent was lost. */
void rooms_refuse(struct rooms *rooms, void *connection, const char *why);

/** The other member's connection, or NULL. */
void *rooms_other(const struct rooms *rooms, const void *connection);

/** The next thing to be done; false: nothing. */
bool rooms_next(struct rooms *rooms, struct rooms_action *ret_action);

unsigned rooms_count(const struct rooms *rooms);

#endif
