/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members are found by their connection, rooms by their name; a room without members is
 * gone, and what was kept in it too. What a member sends while it is alone is kept with
 * it, so that it goes when the member does: a description outlives its peer to no use.
 */
#include "signaling/rooms.h"

#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "signaling/room_message.h"

enum { MEMBERS = 2 };

struct member {
    struct room *room;
    void *connection;
    char *id;
    bool has_chosen_id; /* only then can it be replaced: other ids can be guessed */
    bool has_offered;   /* and the other has not answered */
    unsigned n_errors;
    GQueue kept; /* of char *, for the other */
    size_t kept_bytes;
};

struct room {
    char *name;
    struct member *members[MEMBERS]; /* NULL: nobody */
};

struct rooms {
    GHashTable *by_name;       /* struct room, owned */
    GHashTable *by_connection; /* struct member, owned */
    GQueue actions;            /* struct rooms_action */
    uint64_t n_given_ids;
};

/* ---- actions ---- */

static void push(struct rooms *rooms, enum rooms_action_kind kind, void *connection,
                 uint16_t code, char *text_consumed)
{
    struct rooms_action *action = g_new(struct rooms_action, 1);
    *action = (struct rooms_action){
        .kind = kind, .connection = connection, .code = code, .text = text_consumed
    };
    g_queue_push_tail(&rooms->actions, action);
}

static char *dump(json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}

static void tell(struct rooms *rooms, const struct member *member, json_t *consumed)
{
    push(rooms, ROOMS_SEND, member->connection, 0, dump(consumed));
    json_decref(consumed);
}

static void close_connection(struct rooms *rooms, void *connection,
                             enum rooms_close_code code, const char *why)
{
    push(rooms, ROOMS_CLOSE, connection, (uint16_t)code, g_strdup(why));
}

bool rooms_next(struct rooms *rooms, struct rooms_action *ret_action)
{
    struct rooms_action *action = g_queue_pop_head(&rooms->actions);
    if (!action)
        return false;
    *ret_action = *action;
    g_free(action);
    return true;
}

static void action_free(gpointer data)
{
    struct rooms_action *action = data;
    g_free(action->text);
    g_free(action);
}

/* ---- rooms and members ---- */

static void room_free(gpointer data)
{
    struct room *room = data;
    g_free(room->name);
    g_free(room);
}

static void member_free(gpointer data)
{
    struct member *member = data;
    g_queue_clear_full(&member->kept, g_free);
    g_free(member->id);
    g_free(member);
}

struct rooms *rooms_new(void)
{
    struct rooms *rooms = g_new0(struct rooms, 1);
    rooms->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, room_free);
    rooms->by_connection = g_hash_table_new_full(NULL, NULL, NULL, member_free);
    g_queue_init(&rooms->actions);
    return rooms;
}

void rooms_free(struct rooms *rooms)
{
    if (!rooms)
        return;
    g_hash_table_unref(rooms->by_connection);
    g_hash_table_unref(rooms->by_name);
    g_queue_clear_full(&rooms->actions, action_free);
    g_free(rooms);
}

unsigned rooms_count(const struct rooms *rooms)
{
    return g_hash_table_size(rooms->by_name);
}

bool rooms_is_name(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size <= ROOMS_NAME_MAX &&
           strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_") == size;
}

static struct member *other_of(const struct member *member)
{
    struct member *const *members = member->room->members;
    return members[0] == member ? members[1] : members[0];
}

void *rooms_other(const struct rooms *rooms, const void *connection)
{
    const struct member *member = g_hash_table_lookup(rooms->by_connection, connection);
    const struct member *other = member ? other_of(member) : NULL;
    return other ? other->connection : NULL;
}

static struct member **find_place(struct room *room)
{
    for (unsigned i = 0; i < MEMBERS; i++)
        if (!room->members[i])
            return &room->members[i];
    return NULL;
}

/* ---- leaving ---- */

void rooms_leave(struct rooms *rooms, void *connection, const char *why)
{
    struct member *member = g_hash_table_lookup(rooms->by_connection, connection);
    if (!member)
        return;
    struct room *room = member->room;
    struct member *other = other_of(member);
    for (unsigned i = 0; i < MEMBERS; i++)
        if (room->members[i] == member)
            room->members[i] = NULL;
    if (other) {
        other->has_offered = false; /* whoever comes next has not seen the offer */
        tell(rooms, other, json_pack("{s:{s:s}}", "peer-left", "reason", why));
    }
    g_hash_table_remove(rooms->by_connection, connection);
    if (!other)
        g_hash_table_remove(rooms->by_name, room->name);
}

/* ---- joining ---- */

static struct room *find_or_make_room(struct rooms *rooms, const char *name)
{
    struct room *room = g_hash_table_lookup(rooms->by_name, name);
    if (room || rooms_count(rooms) >= ROOMS_MAX)
        return room;
    room = g_new0(struct room, 1);
    room->name = g_strdup(name);
    g_hash_table_insert(rooms->by_name, room->name, room);
    return room;
}

/* The member of that id makes place for itself. */
static void replace(struct rooms *rooms, const char *name, const char *id)
{
    struct room *room = g_hash_table_lookup(rooms->by_name, name);
    for (unsigned i = 0; room && i < MEMBERS; i++) {
        struct member *member = room->members[i];
        if (!member || !member->has_chosen_id || strcmp(member->id, id) != 0)
            continue;
        void *connection = member->connection;
        rooms_leave(rooms, connection, "it joins again"); /* the room may be gone now */
        close_connection(rooms, connection, ROOMS_CLOSE_REPLACED,
                         "this member has joined again, by another connection");
        return;
    }
}

static void greet(struct rooms *rooms, struct member *member)
{
    struct member *other = other_of(member);
    tell(rooms, member,
         json_pack("{s:{s:s, s:s, s:b}}", "joined", "room", member->room->name, "member",
                   member->id, "peer", other != NULL));
    if (!other)
        return;
    tell(rooms, other, json_pack("{s:{}}", "peer-joined"));
    char *text;
    while ((text = g_queue_pop_head(&other->kept)))
        push(rooms, ROOMS_SEND, member->connection, 0, text);
    other->kept_bytes = 0;
}

bool rooms_join(struct rooms *rooms, const char *name, const char *id, void *connection)
{
    if (id)
        replace(rooms, name, id);
    struct room *room = find_or_make_room(rooms, name);
    if (!room) {
        close_connection(rooms, connection, ROOMS_CLOSE_TOO_MANY,
                         "this server has all the rooms that it can have");
        return false;
    }
    struct member **place = find_place(room);
    if (!place) {
        close_connection(rooms, connection, ROOMS_CLOSE_FULL,
                         "the room is full: it has two members");
        return false;
    }
    struct member *member = g_new0(struct member, 1);
    member->room = room;
    member->connection = connection;
    member->has_chosen_id = id != NULL;
    member->id = id ? g_strdup(id)
                    : g_strdup_printf("member-%" G_GUINT64_FORMAT, ++rooms->n_given_ids);
    g_queue_init(&member->kept);
    *place = member;
    g_hash_table_insert(rooms->by_connection, connection, member);
    greet(rooms, member);
    return true;
}

/* ---- messages ---- */

void rooms_refuse(struct rooms *rooms, void *connection, const char *why)
{
    struct member *member = g_hash_table_lookup(rooms->by_connection, connection);
    if (member)
        tell(rooms, member, json_pack("{s:s}", "error", why));
}

/* What a correct client would not have sent. */
static void blame(struct rooms *rooms, struct member *member, const char *why)
{
    void *connection = member->connection;
    rooms_refuse(rooms, connection, why);
    if (++member->n_errors <= ROOMS_ERRORS_MAX)
        return;
    rooms_leave(rooms, connection, "it was thrown out");
    close_connection(rooms, connection, ROOMS_CLOSE_POLICY,
                     "too many messages that could not be relayed");
}

static void keep(struct rooms *rooms, struct member *member, char *text_consumed)
{
    size_t size = strlen(text_consumed);
    if (member->kept.length >= ROOMS_KEPT_MAX ||
        size > ROOMS_KEPT_MAX_BYTES - member->kept_bytes) {
        g_free(text_consumed);
        rooms_refuse(rooms, member->connection,
                     "nobody else is here, and too much waits for them already");
        return;
    }
    member->kept_bytes += size;
    g_queue_push_tail(&member->kept, text_consumed);
}

/* Whether a message makes sense where the room stands; else says why not. */
static const char *find_fault(struct member *member, enum room_message_kind kind)
{
    struct member *other = other_of(member);
    if (kind == ROOM_OFFER)
        member->has_offered = true;
    if (kind != ROOM_ANSWER)
        return NULL;
    if (!other || !other->has_offered)
        return "an answer, but there is no offer of the other member to answer";
    other->has_offered = false;
    return NULL;
}

void rooms_take(struct rooms *rooms, void *connection, const char *text, size_t size)
{
    struct member *member = g_hash_table_lookup(rooms->by_connection, connection);
    if (!member)
        return;
    enum room_message_kind kind;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) message = room_message_parse(text, size, &kind, &error);
    if (!message) {
        blame(rooms, member, error->message);
        return;
    }
    const char *fault = find_fault(member, kind);
    if (fault) {
        blame(rooms, member, fault);
        return;
    }
    struct member *other = other_of(member);
    if (other)
        push(rooms, ROOMS_SEND, other->connection, 0, dump(message));
    else
        keep(rooms, member, dump(message));
}
