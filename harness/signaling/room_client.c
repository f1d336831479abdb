/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time that connecting may take is counted here: the kernel's own limit is minutes,
 * and on a virtual clock never comes.
 *
 * The server is not trusted: what it says is parsed as what a stranger says, and is not
 * longer than a contract's line.
 */
#include "signaling/room_client.h"

#include <string.h>

#include <libsoup/soup.h>

#include "base/file.h"
#include "signaling/websocket.h"
#include "signaling/room_message.h"

struct room_client {
    SoupSession *session;
    SoupWebsocketConnection *websocket; /* NULL: not connected */
    GCancellable *cancellable;
    GTlsCertificate *certificate;
    char *url;
    unsigned connect_limit_ms;
    guint limit; /* source; 0: it has connected, or given up */
    bool has_run_out_of_time, has_wrong_certificate;
    bool is_closed; /* and the user knows */
    char *why;      /* of the end, where something says it before it comes */
    const struct room_client_events *events;
    void *user;
};

static void end(struct room_client *client, const char *why)
{
    if (client->is_closed)
        return;
    client->is_closed = true;
    client->events->closed(client->user, client->why ? client->why : why);
}

/* ---- what the server says ---- */

static bool take_notice(struct room_client *client, const json_t *message)
{
    json_t *joined = json_object_get(message, "joined");
    json_t *left = json_object_get(message, "peer-left");
    const char *error = json_string_value(json_object_get(message, "error"));
    if (json_is_object(joined)) {
        client->events->joined(client->user,
                               json_is_true(json_object_get(joined, "peer")));
    } else if (json_object_get(message, "peer-joined")) {
        client->events->peer_joined(client->user);
    } else if (left) {
        const char *why = json_string_value(json_object_get(left, "reason"));
        client->events->peer_left(client->user, why ? why : "");
    } else if (error) {
        g_autofree char *what = g_strdup_printf("the signalling server: %s", error);
        client->events->warning(client->user, what);
    } else {
        return false;
    }
    return true;
}

static void on_message(SoupWebsocketConnection *websocket, int type, GBytes *bytes,
                       gpointer user)
{
    (void)websocket, (void)type;
    struct room_client *client = user;
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    g_autoptr(json_t) message = json_loadb(text ? text : "", size, 0, NULL);
    if (take_notice(client, message))
        return;
    enum room_message_kind kind;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) relayed = room_message_parse(text ? text : "", size, &kind, &error);
    if (relayed) {
        client->events->signal(client->user, room_message_to_signal(relayed, kind));
    } else {
        g_autofree char *what =
            g_strdup_printf("a message of the room: %s", error->message);
        client->events->warning(client->user, what);
    }
}

static void on_error(SoupWebsocketConnection *websocket, GError *error, gpointer user)
{
    (void)websocket;
    struct room_client *client = user;
    if (!client->why)
        client->why = g_strdup(error->message);
}

static void on_closed(SoupWebsocketConnection *websocket, gpointer user)
{
    struct room_client *client = user;
    const char *reason = soup_websocket_connection_get_close_data(websocket);
    unsigned code = soup_websocket_connection_get_close_code(websocket);
    if (!(reason && *reason) && code == SOUP_WEBSOCKET_CLOSE_TOO_BIG)
        reason = "a message was too long for the server";
    g_autofree char *why = reason && *reason ? g_strdup_printf("%s (%u)", reason, code)
                           : code ? g_strdup_printf("the server closed it (%u)", code)
                                  : g_strdup("the connection was lost");
    end(client, why);
}

/* ---- connecting ---- */

static gboolean on_certificate(SoupMessage *message, GTlsCertificate *certificate,
                               GTlsCertificateFlags faults, gpointer user)
{
    (void)message, (void)faults;
    struct room_client *client = user;
    if (client->certificate &&
        g_tls_certificate_is_same(certificate, client->certificate))
        return TRUE;
    client->has_wrong_certificate = true;
    return FALSE;
}

static gboolean on_limit(gpointer user)
{
    struct room_client *client = user;
    client->limit = 0;
    client->has_run_out_of_time = true;
    g_cancellable_cancel(client->cancellable);
    return G_SOURCE_REMOVE;
}

static char *explain(const struct room_client *client, const GError *error)
{
    if (client->has_run_out_of_time)
        return g_strdup_printf("no connection to %s in %.0f s", client->url,
                               client->connect_limit_ms / 1000.0);
    return g_strdup_printf("no connection to %s: %s", client->url,
                           client->has_wrong_certificate
                               ? "the server's certificate is not the expected one"
                               : error->message);
}

static void on_connected(GObject *session, GAsyncResult *result, gpointer user)
{
    g_autoptr(GError) error = NULL;
    SoupWebsocketConnection *websocket =
        soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &error);
    struct room_client *client = user;
    if (client->is_closed) { /* freed meanwhile, but for this */
        g_clear_object(&websocket);
        g_free(client);
        return;
    }
    if (client->limit)
        g_source_remove(client->limit);
    client->limit = 0;
    g_clear_object(&client->cancellable);
    if (!websocket) {
        g_autofree char *why = explain(client, error);
        end(client, why);
        return;
    }
    client->websocket = websocket;
    soup_websocket_connection_set_max_incoming_payload_size(
        websocket, 2 * WEBSOCKET_MESSAGE_MAX_BYTES);
    g_signal_connect(websocket, "message", G_CALLBACK(on_message), client);
    g_signal_connect(websocket, "error", G_CALLBACK(on_error), client);
    g_signal_connect(websocket, "closed", G_CALLBACK(on_closed), client);
}

static gboolean on_bad_url(gpointer user)
{
    struct room_client *client = user;
    client->limit = 0;
    g_autofree char *why = g_strdup_printf("%s is no URL", client->url);
    end(client, why);
    return G_SOURCE_REMOVE;
}

struct room_client *room_client_new(const struct room_client_options *options)
{
    struct room_client *client = g_new0(struct room_client, 1);
    client->url = g_strdup(options->url);
    client->certificate =
        options->certificate ? g_object_ref(options->certificate) : NULL;
    client->connect_limit_ms = options->connect_limit_ms;
    client->events = options->events;
    client->user = options->user;
    /* No proxy of the machine's, and no compression: what is sent is what is seen. */
    client->session =
        soup_session_new_with_options("proxy-resolver", NULL, "timeout", 0, NULL);
    soup_session_remove_feature_by_type(client->session,
                                        SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
    g_autoptr(SoupMessage) message = soup_message_new("GET", client->url);
    if (!message) {
        client->limit = g_idle_add(on_bad_url, client);
        return client;
    }
    g_signal_connect(message, "accept-certificate", G_CALLBACK(on_certificate), client);
    client->cancellable = g_cancellable_new();
    client->limit = g_timeout_add(client->connect_limit_ms, on_limit, client);
    soup_session_websocket_connect_async(client->session, message, NULL, NULL,
                                         G_PRIORITY_DEFAULT, client->cancellable,
                                         on_connected, client);
    return client;
}

void room_client_free(struct room_client *client)
{
    if (!client)
        return;
    if (client->limit)
        g_source_remove(client->limit);
    if (client->websocket) {
        g_signal_handlers_disconnect_by_data(client->websocket, client);
        g_object_unref(client->websocket);
    }
    g_clear_object(&client->certificate);
    g_object_unref(client->session);
    g_free(client->url);
    g_free(client->why);
    client->is_closed = true;
    if (!client->cancellable) {
        g_free(client);
        return;
    }
    /* on_connected() comes yet, and frees the rest. */
    g_cancellable_cancel(client->cancellable);
    g_clear_object(&client->cancellable);
}

/* ---- sending ---- */

void room_client_send(struct room_client *client, const json_t *signal)
{
    g_autoptr(json_t) message = room_message_from_signal(signal);
    if (!message || !client->websocket ||
        soup_websocket_connection_get_state(client->websocket) !=
            SOUP_WEBSOCKET_STATE_OPEN) {
        client->events->warning(client->user,
                                message ? "a signal was lost: there is no connection"
                                        : "a signal that is neither a description nor a "
                                          "candidate was left out");
        return;
    }
    char *text = json_dumps(message, JSON_COMPACT);
    soup_websocket_connection_send_text(client->websocket, text);
    free(text);
}

void room_client_close(struct room_client *client)
{
    if (client->websocket && soup_websocket_connection_get_state(client->websocket) ==
                                 SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_close(client->websocket, SOUP_WEBSOCKET_CLOSE_NORMAL,
                                        NULL);
    else if (client->cancellable)
        g_cancellable_cancel(client->cancellable);
    else
        end(client, "it was closed");
}
