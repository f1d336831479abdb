/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request for a room becomes a connection, which becomes a member. What the rooms want
 * done is done at once after each thing that happens to them.
 *
 * A page of another site could have a browser inside a network connect to a server there:
 * so a browser's Origin, which it cannot hide, must be the server itself (RFC 6455
 * §10.2).
 */
#include "signaling/server.h"

#include <string.h>

#include <libsoup/soup.h>

#include "base/error.h"
#include "signaling/websocket.h"
#include "signaling/pages.h"
#include "signaling/rooms.h"
#include "signaling/visitors.h"

#define ROOMS_PATH "/rooms/"

enum {
    DEFAULT_PING_S = 10,
    DEFAULT_VISIT_LIMIT_MS = 10000,
    BACKLOG = 128,
    LAST_TURNS_MAX = 1000, /* of the main loop, which a flood would keep going */
};

/* The page needs its own files, its server's WebSocket, and nothing else of the world. */
#define PAGE_POLICY                                                                    \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: " \
    "wss:; media-src 'self' blob: mediastream:; img-src data:; base-uri 'none'; "      \
    "form-action 'none'; frame-ancestors 'none'"

struct signaling_server {
    SoupServer *http;
    struct rooms *rooms;
    GHashTable *connections; /* set of struct websocket, owned */
    unsigned ping_s;
    guint tick; /* 0: there are no connections */
    char *url;
    void (*log)(const char *line);
};

static void say(const struct signaling_server *server, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static void say(const struct signaling_server *server, const char *format, ...)
{
    if (!server->log)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    server->log(line);
}

/* ---- what the rooms want done ---- */

static void send(struct signaling_server *server, struct websocket *to, const char *text)
{
    if (websocket_send(to, text))
        return;
    void *from = rooms_other(server->rooms, to);
    if (from && from != to && !g_str_has_prefix(text, "{\"error\":"))
        rooms_refuse(server->rooms, from,
                     "the other member does not read what it is sent; this is lost");
}

static void act(struct signaling_server *server)
{
    struct rooms_action action;
    while (rooms_next(server->rooms, &action)) {
        struct websocket *connection = action.connection;
        if (action.kind == ROOMS_SEND)
            send(server, connection, action.text);
        else
            websocket_close(connection, action.code, action.text);
        g_free(action.text);
    }
}

/* ---- connections ---- */

static void on_message(struct websocket *connection, const char *text, gsize size,
                       void *user)
{
    struct signaling_server *server = user;
    rooms_take(server->rooms, connection, text, size);
    act(server);
}

static void on_ended(struct websocket *connection, const char *why, void *user)
{
    struct signaling_server *server = user;
    say(server, "a connection has ended: %s", why);
    rooms_leave(server->rooms, connection, why);
    act(server);
    g_hash_table_remove(server->connections, connection);
}

static const struct websocket_events events = { on_message, on_ended };

static void give_up(struct signaling_server *server, struct websocket *connection,
                    enum rooms_close_code code, const char *why)
{
    rooms_leave(server->rooms, connection, why);
    websocket_close(connection, (unsigned short)code, why);
}

static gboolean on_tick(gpointer user)
{
    struct signaling_server *server = user;
    GHashTableIter iter;
    gpointer connection;
    g_hash_table_iter_init(&iter, server->connections);
    while (g_hash_table_iter_next(&iter, &connection, NULL)) {
        switch (websocket_tick(connection)) {
        case WEBSOCKET_WELL:
            break;
        case WEBSOCKET_SILENT:
            give_up(server, connection, ROOMS_CLOSE_SILENT, "it does not answer pings");
            break;
        case WEBSOCKET_SLOW:
            give_up(server, connection, ROOMS_CLOSE_SLOW,
                    "it does not read what it is sent");
            break;
        }
    }
    act(server);
    if (g_hash_table_size(server->connections) > 0)
        return G_SOURCE_CONTINUE;
    server->tick = 0;
    return G_SOURCE_REMOVE;
}

struct joining {
    struct signaling_server *server;
    char *room;
    char *member; /* NULL: it has not chosen an id */
};

static void joining_free(gpointer data)
{
    struct joining *joining = data;
    g_free(joining->room);
    g_free(joining->member);
    g_free(joining);
}

static void on_opened(struct websocket *connection, void *data)
{
    const struct joining *joining = data;
    struct signaling_server *server = joining->server;
    websocket_set_events(connection, &events, server);
    g_hash_table_add(server->connections, connection);
    if (!server->tick)
        server->tick = g_timeout_add_seconds(server->ping_s, on_tick, server);
    bool is_member =
        rooms_join(server->rooms, joining->room, joining->member, connection);
    say(server, "room %s: a member %s", joining->room,
        is_member ? "has joined" : "was refused");
    act(server);
}

/* ---- requests ---- */

static bool is_of_this_site(SoupServerMessage *request)
{
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(request);
    const char *origin = soup_message_headers_get_one(headers, "Origin");
    const char *host = soup_message_headers_get_one(headers, "Host");
    const char *from = origin ? strstr(origin, "://") : NULL;
    return !origin ||
           (from && host && g_ascii_strcasecmp(from + strlen("://"), host) == 0);
}

static void answer(SoupServerMessage *request, unsigned status, const char *text)
{
    soup_server_message_set_status(request, status, NULL);
    soup_server_message_set_response(request, "text/plain; charset=utf-8",
                                     SOUP_MEMORY_STATIC, text, strlen(text));
}

static void open_room(struct signaling_server *server, SoupServerMessage *request,
                      const char *room, const char *member)
{
    if (!rooms_is_name(room) || (member && !rooms_is_name(member))) {
        answer(request, SOUP_STATUS_NOT_FOUND,
               "A room's and a member's name is at most 64 letters, digits, - and _.\n");
        return;
    }
    if (!is_of_this_site(request)) {
        answer(request, SOUP_STATUS_FORBIDDEN,
               "Pages of other sites cannot use this server.\n");
        return;
    }
    struct joining *joining = g_new(struct joining, 1);
    *joining = (struct joining){ server, g_strdup(room), g_strdup(member) };
    if (websocket_upgrade(request, server->ping_s, on_opened, joining, joining_free))
        visitors_let_stay(request);
}

static void serve_page(SoupServerMessage *request, const struct page *page)
{
    static const char *const headers[][2] = {
        { "Content-Security-Policy", PAGE_POLICY },
        { "X-Content-Type-Options", "nosniff" },
        { "Referrer-Policy", "no-referrer" },
        { "Cache-Control", "no-cache" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++)
        soup_message_headers_replace(soup_server_message_get_response_headers(request),
                                     headers[i][0], headers[i][1]);
    soup_server_message_set_status(request, SOUP_STATUS_OK, NULL);
    const char *text = page_text(page);
    soup_server_message_set_response(request, page->type, SOUP_MEMORY_STATIC, text,
                                     strlen(text));
}

static void on_request(SoupServer *http, SoupServerMessage *request, const char *path,
                       GHashTable *query, gpointer user)
{
    (void)http;
    const char *method = soup_server_message_get_method(request);
    const struct page *page = page_find(path);
    if (method != SOUP_METHOD_GET && method != SOUP_METHOD_HEAD)
        answer(request, SOUP_STATUS_METHOD_NOT_ALLOWED, "There is nothing but GET.\n");
    else if (g_str_has_prefix(path, ROOMS_PATH))
        open_room(user, request, path + strlen(ROOMS_PATH),
                  query ? g_hash_table_lookup(query, "member") : NULL);
    else if (page)
        serve_page(request, page);
    else
        answer(request, SOUP_STATUS_NOT_FOUND, "There is no such page.\n");
}

/* ---- the server ---- */

/* libsoup's own would let only ten connections wait to be accepted. */
static GSocket *open_socket(GSocketAddress *address, GError **error)
{
    g_autoptr(GSocket) socket =
        g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM,
                     G_SOCKET_PROTOCOL_TCP, error);
    if (!socket)
        return NULL;
    g_socket_set_listen_backlog(socket, BACKLOG);
    if (!g_socket_bind(socket, address, TRUE, error) || !g_socket_listen(socket, error))
        return NULL;
    return g_steal_pointer(&socket);
}

static void set_listen_error(GError **error, GSocketAddress *address, const GError *cause)
{
    const char *advice = "";
    g_autofree char *where =
        g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address));
    if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        advice = "; another program has that port: end it, or choose another port "
                 "(0: any)";
    else if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
        advice = "; choose a port from 1024 on (0: any)";
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot listen on %s: %s%s",
                where, cause->message, advice);
}

static char *make_url(SoupServer *http)
{
    GSList *uris = soup_server_get_uris(http);
    char *url = g_uri_to_string(uris->data);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    return url;
}

struct signaling_server *
signaling_server_new(const struct signaling_server_options *options, GError **error)
{
    g_autoptr(SoupServer) http =
        soup_server_new("tls-certificate", options->certificate, NULL);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GSocket) socket = open_socket(options->address, &cause);
    if (!socket ||
        !soup_server_listen_socket(
            http, socket, options->certificate ? SOUP_SERVER_LISTEN_HTTPS : 0, &cause)) {
        set_listen_error(error, options->address, cause);
        return NULL;
    }
    struct signaling_server *server = g_new0(struct signaling_server, 1);
    server->http = g_steal_pointer(&http);
    server->rooms = rooms_new();
    server->connections =
        g_hash_table_new_full(NULL, NULL, (GDestroyNotify)websocket_free, NULL);
    server->url = make_url(server->http);
    server->log = options->log;
    server->ping_s = options->ping_s ? options->ping_s : DEFAULT_PING_S;
    visitors_watch(server->http, options->visit_limit_ms ? options->visit_limit_ms
                                                         : DEFAULT_VISIT_LIMIT_MS);
    soup_server_add_handler(server->http, NULL, on_request, server, NULL);
    return server;
}

void signaling_server_free(struct signaling_server *server)
{
    if (!server)
        return;
    GHashTableIter iter;
    gpointer connection;
    g_hash_table_iter_init(&iter, server->connections);
    while (g_hash_table_iter_next(&iter, &connection, NULL))
        websocket_close(connection, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "the server ends");
    for (int i = 0; i < LAST_TURNS_MAX && g_main_context_iteration(NULL, FALSE); i++)
        ; /* so that they are told */
    soup_server_disconnect(server->http);
    if (server->tick)
        g_source_remove(server->tick);
    g_hash_table_unref(server->connections);
    rooms_free(server->rooms);
    g_object_unref(server->http);
    g_free(server->url);
    g_free(server);
}

const char *signaling_server_url(const struct signaling_server *server)
{
    return server->url;
}

char *signaling_server_room_url(const struct signaling_server *server, const char *room)
{
    return g_strdup_printf("ws%s"
                           "rooms/%s",
                           server->url + strlen("http"), room);
}
