/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsoup queues what it is told to send without limit, and answers each ping; so it is
 * given one message at a time, when the socket can be written and nothing of higher
 * priority (what it has itself yet to write) waits, and frames are limited
 * (frame_limit.h).
 *
 * A connection that is closed waits for the client's close frame, at most LINGER_MS: a
 * client that goes on sending without reading would be read into memory meanwhile.
 *
 * RFC 6455: pings §5.5.2, closing §7, codes §7.4.1.
 */
#include "signaling/websocket.h"

#include <string.h>

#include "signaling/frame_limit.h"

enum {
    FRAME_MAX_BYTES = 4 * WEBSOCKET_MESSAGE_MAX_BYTES,
    FRAMES_MAX = 2000, /* in a tick: a call needs some 50 */
    SILENT_TICKS_MAX = 2,
    SLOW_TICKS_MAX = 2,
    LINGER_MS = 1000,
};

struct websocket {
    SoupWebsocketConnection *websocket;
    GSocket *socket;
    FrameLimit *limit;
    const struct websocket_events *events;
    void *user;
    GQueue queue; /* char * */
    gsize queue_bytes;
    GSource *drain; /* NULL: the queue is empty */
    guint linger;   /* 0: it is open */
    unsigned n_silent_ticks;
    unsigned n_slow_ticks;
    char *why; /* of its end, if known */
};

static void remember_why(struct websocket *c, const char *why)
{
    if (!c->why)
        c->why = g_strdup(why);
}

static void clear_queue(struct websocket *c)
{
    g_queue_clear_full(&c->queue, g_free);
    c->queue_bytes = 0;
    if (c->drain) {
        g_source_destroy(c->drain);
        g_clear_pointer(&c->drain, g_source_unref);
    }
}

void websocket_free(struct websocket *c)
{
    clear_queue(c);
    if (c->linger)
        g_source_remove(c->linger);
    g_signal_handlers_disconnect_by_data(c->websocket, c);
    g_object_unref(c->websocket);
    g_object_unref(c->socket);
    g_object_unref(c->limit);
    g_free(c->why);
    g_free(c);
}

static gboolean on_linger(gpointer user)
{
    struct websocket *c = user;
    c->linger = 0;
    g_socket_shutdown(c->socket, TRUE, TRUE, NULL);
    return G_SOURCE_REMOVE;
}

static void start_to_linger(struct websocket *c)
{
    if (!c->linger)
        c->linger = g_timeout_add(LINGER_MS, on_linger, c);
}

void websocket_close(struct websocket *c, unsigned short code, const char *why)
{
    remember_why(c, why);
    start_to_linger(c);
    if (soup_websocket_connection_get_state(c->websocket) != SOUP_WEBSOCKET_STATE_OPEN)
        return;
    char *text;
    while ((text = g_queue_pop_head(&c->queue))) {
        soup_websocket_connection_send_text(c->websocket, text);
        g_free(text);
    }
    clear_queue(c);
    soup_websocket_connection_close(c->websocket, code, why);
}

/* ---- sending ---- */

static gboolean on_writable(GObject *stream, gpointer user)
{
    (void)stream;
    struct websocket *c = user;
    char *text = g_queue_pop_head(&c->queue);
    if (text &&
        soup_websocket_connection_get_state(c->websocket) == SOUP_WEBSOCKET_STATE_OPEN) {
        c->queue_bytes -= strlen(text);
        c->n_slow_ticks = 0;
        soup_websocket_connection_send_text(c->websocket, text);
    }
    g_free(text);
    if (!g_queue_is_empty(&c->queue))
        return G_SOURCE_CONTINUE;
    clear_queue(c);
    return G_SOURCE_REMOVE;
}

bool websocket_send(struct websocket *c, const char *text)
{
    gsize size = strlen(text);
    if (c->queue.length >= WEBSOCKET_QUEUE_MAX ||
        size > WEBSOCKET_QUEUE_MAX_BYTES - c->queue_bytes)
        return false;
    if (c->linger)
        return true; /* it is being closed: nobody waits for this any more */
    c->queue_bytes += size;
    g_queue_push_tail(&c->queue, g_strdup(text));
    if (c->drain)
        return true;
    GIOStream *stream = soup_websocket_connection_get_io_stream(c->websocket);
    GOutputStream *out = g_io_stream_get_output_stream(stream);
    c->drain =
        g_pollable_output_stream_create_source(G_POLLABLE_OUTPUT_STREAM(out), NULL);
    g_source_set_priority(c->drain, G_PRIORITY_LOW);
    g_source_set_callback(c->drain, G_SOURCE_FUNC(on_writable), c, NULL);
    g_source_attach(c->drain, g_main_context_get_thread_default());
    return true;
}

/* ---- receiving ---- */

static void on_message(SoupWebsocketConnection *websocket, int type, GBytes *message,
                       gpointer user)
{
    (void)websocket;
    struct websocket *c = user;
    c->n_silent_ticks = 0;
    if (c->linger)
        return;
    if (type != SOUP_WEBSOCKET_DATA_TEXT) {
        websocket_close(c, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA,
                        "messages must be text, this one is binary");
        return;
    }
    gsize size;
    const char *text = g_bytes_get_data(message, &size);
    c->events->message(c, text ? text : "", size, c->user);
}

static void on_pong(SoupWebsocketConnection *websocket, GByteArray *message,
                    gpointer user)
{
    (void)websocket, (void)message;
    struct websocket *c = user;
    c->n_silent_ticks = 0;
}

/* A frame over the hard limit is not even read by libsoup, which then closes the stream
   without a word; the word is written past it. */
static void say_too_big(struct websocket *c)
{
    static const guint8 frame[] = { 0x88, 2, SOUP_WEBSOCKET_CLOSE_TOO_BIG >> 8,
                                    SOUP_WEBSOCKET_CLOSE_TOO_BIG & 0xff };
    GIOStream *stream = soup_websocket_connection_get_io_stream(c->websocket);
    GOutputStream *out = g_io_stream_get_output_stream(stream);
    g_pollable_output_stream_write_nonblocking(G_POLLABLE_OUTPUT_STREAM(out), frame,
                                               sizeof frame, NULL, NULL);
}

static void on_error(SoupWebsocketConnection *websocket, GError *error, gpointer user)
{
    struct websocket *c = user;
    remember_why(c, error->message);
    bool is_too_big =
        g_error_matches(error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG);
    if (is_too_big && !frame_limit_has_refused(c->limit) &&
        soup_websocket_connection_get_state(websocket) == SOUP_WEBSOCKET_STATE_OPEN &&
        !c->linger)
        say_too_big(c);
    start_to_linger(c);
}

static void on_closed(SoupWebsocketConnection *websocket, gpointer user)
{
    struct websocket *c = user;
    const char *told = soup_websocket_connection_get_close_data(websocket);
    remember_why(c, told && *told ? told
                    : soup_websocket_connection_get_close_code(websocket)
                        ? "it closed"
                        : "it vanished");
    clear_queue(c);
    c->events->ended(c, c->why, c->user);
}

enum websocket_health websocket_tick(struct websocket *c)
{
    frame_limit_renew(c->limit);
    if (c->linger)
        return WEBSOCKET_WELL; /* it will be gone */
    if (c->drain && ++c->n_slow_ticks > SLOW_TICKS_MAX)
        return WEBSOCKET_SLOW;
    if (++c->n_silent_ticks > SILENT_TICKS_MAX)
        return WEBSOCKET_SILENT;
    return WEBSOCKET_WELL;
}

/* ---- upgrading ---- */

struct upgrade {
    void (*opened)(struct websocket *connection, void *data);
    void *data;
    GDestroyNotify free_data;
    unsigned ping_s;
};

static void upgrade_free(gpointer data, GClosure *closure)
{
    (void)closure;
    struct upgrade *upgrade = data;
    if (upgrade->free_data)
        upgrade->free_data(upgrade->data);
    g_free(upgrade);
}

static void on_answered(SoupServerMessage *request, gpointer user)
{
    struct upgrade *upgrade = user;
    struct websocket *c = g_new0(struct websocket, 1);
    c->socket = g_object_ref(soup_server_message_get_socket(request));
    c->limit = frame_limit_new(WEBSOCKET_MESSAGE_MAX_BYTES, FRAMES_MAX);
    g_queue_init(&c->queue);
    g_autoptr(GIOStream) stream = soup_server_message_steal_connection(request);
    c->websocket = soup_websocket_connection_new(
        stream, soup_server_message_get_uri(request), SOUP_WEBSOCKET_CONNECTION_SERVER,
        NULL, NULL, g_list_append(NULL, g_object_ref(c->limit)));
    soup_websocket_connection_set_max_incoming_payload_size(c->websocket,
                                                            FRAME_MAX_BYTES);
    soup_websocket_connection_set_keepalive_interval(c->websocket, upgrade->ping_s);
    g_signal_connect(c->websocket, "message", G_CALLBACK(on_message), c);
    g_signal_connect(c->websocket, "pong", G_CALLBACK(on_pong), c);
    g_signal_connect(c->websocket, "error", G_CALLBACK(on_error), c);
    g_signal_connect(c->websocket, "closed", G_CALLBACK(on_closed), c);
    upgrade->opened(c, upgrade->data);
}

bool websocket_upgrade(SoupServerMessage *request, unsigned ping_s,
                       void (*opened)(struct websocket *connection, void *data),
                       void *data, GDestroyNotify free_data)
{
    struct upgrade *upgrade = g_new(struct upgrade, 1);
    *upgrade = (struct upgrade){ opened, data, free_data, ping_s };
    g_autoptr(GPtrArray) no_extensions = g_ptr_array_new();
    GList *accepted = NULL;
    bool is_upgrade = soup_websocket_server_process_handshake(request, NULL, NULL,
                                                              no_extensions, &accepted);
    g_list_free_full(accepted, g_object_unref);
    if (is_upgrade)
        g_signal_connect_data(request, "wrote-informational", G_CALLBACK(on_answered),
                              upgrade, upgrade_free, 0);
    else
        upgrade_free(upgrade, NULL);
    return is_upgrade;
}

void websocket_set_events(struct websocket *connection,
                          const struct websocket_events *events, void *user)
{
    connection->events = events;
    connection->user = user;
}
