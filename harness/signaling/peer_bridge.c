/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who comes into a room where somebody is makes the offer: as the bridge is there first,
 * its peer answers, but for one that takes the place of a peer that has ended in a call.
 * It negotiates all that the peer can do, and has each message sent back. Signals that
 * come before the peer has said hello are kept.
 */
#include "signaling/peer_bridge.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/error.h"
#include "base/file.h"
#include "peer/contract_peer.h"
#include "signaling/peer_process.h"
#include "signaling/room_client.h"

enum { CONNECT_LIMIT_MS = 5000, REJOIN_S = 3, KEPT_MAX = 256 };

struct peer_bridge {
    char *program;
    char *room_url;
    GTlsCertificate *certificate;
    void (*log)(const char *line);
    struct room_client *room;
    guint rejoin; /* source; 0: it is in the room, or about to be */
    bool is_offerer;
    struct peer_process *process;   /* NULL: there is no call */
    struct contract_peer *contract; /* of the process */
    guint source;                   /* that reads it */
    bool is_configured;
    GQueue kept; /* json_t, signals */
};

static void say(const struct peer_bridge *bridge, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static void say(const struct peer_bridge *bridge, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    bridge->log(line);
}

/* ---- the peer ---- */

static void json_free(gpointer data)
{
    json_decref(data);
}

static void end_peer(struct peer_bridge *bridge)
{
    if (!bridge->process)
        return;
    g_source_remove(bridge->source);
    contract_peer_free(bridge->contract); /* the end of the contract: it exits */
    g_clear_pointer(&bridge->process, peer_process_end);
    g_queue_clear_full(&bridge->kept, json_free);
    bridge->is_configured = false;
}

static void configure(struct peer_bridge *bridge, const struct contract_message *hello)
{
    static const struct {
        unsigned capability;
        const char *name;
    } kinds[] = {
        { CONTRACT_CAN_DATA, "data" },
        { CONTRACT_CAN_AUDIO, "audio" },
        { CONTRACT_CAN_VIDEO, "video" },
    };
    if (bridge->is_configured)
        return;
    json_t *negotiate = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (hello->capabilities & kinds[i].capability)
            json_array_append_new(negotiate, json_string(kinds[i].name));
    say(bridge, "the peer is %s %s", hello->stack, hello->version);
    contract_peer_send(bridge->contract,
                       json_pack("{s:s, s:s, s:[], s:o, s:[s]}", "type", "configure",
                                 "role", bridge->is_offerer ? "offerer" : "answerer",
                                 "iceServers", "negotiate", negotiate, "echo", "data"));
    bridge->is_configured = true;
    json_t *signal;
    while ((signal = g_queue_pop_head(&bridge->kept)))
        contract_peer_send(bridge->contract, signal);
}

static void take_event(struct peer_bridge *bridge, const struct contract_message *m)
{
    const char *state = json_string_value(json_object_get(m->data, "state"));
    const char *what = json_string_value(json_object_get(m->data, "what"));
    if (m->kind == EVENT_PEER_CONNECTION_STATE && state)
        say(bridge, "the peer's connection is %s", state);
    else if (m->kind == EVENT_PEER_WARNING && what)
        say(bridge, "the peer warns: %s", what);
}

/* @return false: the peer ends */
static bool take(struct peer_bridge *bridge, const struct contract_message *m)
{
    switch (m->type) {
    case CONTRACT_HELLO:
        configure(bridge, m);
        return true;
    case CONTRACT_SIGNAL:
        room_client_send(bridge->room, m->json);
        return true;
    case CONTRACT_EVENT:
        take_event(bridge, m);
        return true;
    case CONTRACT_UNSUPPORTED:
        say(bridge, "the peer cannot do it: %s", m->text);
        return false;
    case CONTRACT_DONE:
        return false;
    case CONTRACT_CONFIGURE:
    case CONTRACT_RESTART_ICE:
    case CONTRACT_SEND:
    case CONTRACT_CLOSE:
    case CONTRACT_N_TYPES:
        break; /* refused by contract_parse() */
    }
    return true;
}

static gboolean on_rejoin(gpointer user);

/* So that the other member sees that the call has ended. */
static void leave(struct peer_bridge *bridge)
{
    end_peer(bridge);
    if (bridge->rejoin)
        return;
    bridge->rejoin = g_timeout_add_seconds(REJOIN_S, on_rejoin, bridge);
    room_client_close(bridge->room);
}

static gboolean on_contract(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct peer_bridge *bridge = user;
    for (;;) {
        g_auto(contract_message) m = { 0 };
        g_autoptr(GError) error = NULL;
        bool goes_on = true;
        switch (contract_peer_next(bridge->contract, &m, &error)) {
        case CONTRACT_NEXT_NONE:
            return G_SOURCE_CONTINUE;
        case CONTRACT_NEXT_MESSAGE:
            goes_on = take(bridge, &m);
            break;
        case CONTRACT_NEXT_INVALID:
            say(bridge, "the peer breaks its contract: %s", error->message);
            break;
        case CONTRACT_NEXT_END:
            say(bridge, "the peer has ended");
            goes_on = false;
            break;
        }
        if (!goes_on) {
            leave(bridge); /* removes this source */
            return G_SOURCE_CONTINUE;
        }
    }
}

static void start_peer(struct peer_bridge *bridge, bool is_offerer)
{
    int ends[2];
    g_autoptr(GError) error = NULL;
    end_peer(bridge);
    bridge->is_offerer = is_offerer;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        say(bridge, "no peer can be started: %s", g_strerror(errno));
        return;
    }
    bridge->process = peer_process_start(bridge->program, ends[1], bridge->log, &error);
    if (!bridge->process) {
        close(ends[0]);
        say(bridge, "no peer can be started: %s", error->message);
        return;
    }
    bridge->contract = contract_peer_new_harness(ends[0]);
    bridge->source =
        g_unix_fd_add(ends[0], G_IO_IN | G_IO_HUP | G_IO_ERR, on_contract, bridge);
}

/* ---- the room ---- */

static void on_joined(void *user, bool has_peer)
{
    struct peer_bridge *bridge = user;
    if (has_peer)
        start_peer(bridge, true);
}

static void on_peer_joined(void *user)
{
    struct peer_bridge *bridge = user;
    say(bridge, "somebody calls");
    start_peer(bridge, false);
}

static void on_peer_left(void *user, const char *why)
{
    struct peer_bridge *bridge = user;
    say(bridge, "the caller has left: %s", why);
    end_peer(bridge);
}

static void on_signal(void *user, json_t *signal)
{
    struct peer_bridge *bridge = user;
    if (bridge->is_configured)
        contract_peer_send(bridge->contract, signal);
    else if (bridge->process && bridge->kept.length < KEPT_MAX)
        g_queue_push_tail(&bridge->kept, signal);
    else
        json_decref(signal);
}

static void on_warning(void *user, const char *what)
{
    struct peer_bridge *bridge = user;
    say(bridge, "%s", what);
}

static void on_closed(void *user, const char *why)
{
    struct peer_bridge *bridge = user;
    if (!bridge->rejoin)
        say(bridge, "the connection to the room is lost: %s", why);
    leave(bridge);
}

static const struct room_client_events events = {
    .joined = on_joined,
    .peer_joined = on_peer_joined,
    .peer_left = on_peer_left,
    .signal = on_signal,
    .warning = on_warning,
    .closed = on_closed,
};

static void join(struct peer_bridge *bridge)
{
    const struct room_client_options room = {
        .url = bridge->room_url,
        .certificate = bridge->certificate,
        .connect_limit_ms = CONNECT_LIMIT_MS,
        .events = &events,
        .user = bridge,
    };
    bridge->room = room_client_new(&room);
}

static gboolean on_rejoin(gpointer user)
{
    struct peer_bridge *bridge = user;
    bridge->rejoin = 0;
    room_client_free(bridge->room);
    join(bridge);
    return G_SOURCE_REMOVE;
}

struct peer_bridge *peer_bridge_new(const struct peer_bridge_options *options)
{
    struct peer_bridge *bridge = g_new0(struct peer_bridge, 1);
    bridge->program = g_strdup(options->program);
    bridge->room_url = g_strdup(options->room_url);
    bridge->certificate =
        options->certificate ? g_object_ref(options->certificate) : NULL;
    bridge->log = options->log;
    g_queue_init(&bridge->kept);
    join(bridge);
    return bridge;
}

void peer_bridge_free(struct peer_bridge *bridge)
{
    if (!bridge)
        return;
    end_peer(bridge);
    if (bridge->rejoin)
        g_source_remove(bridge->rejoin);
    room_client_free(bridge->room);
    g_clear_object(&bridge->certificate);
    g_free(bridge->room_url);
    g_free(bridge->program);
    g_free(bridge);
}
