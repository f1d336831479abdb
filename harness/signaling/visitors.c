/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsoup has no limits here. It says "request-started" as soon as a connection is
 * accepted; a guest is what is then attached to its socket, and goes with it. The kernel
 * counts what came (tcp_info), whatever TLS or HTTP make of it.
 *
 * libsoup 3.2 keeps the socket of a connection that ends before its first request,
 * closed, for good: so guests are forgotten when their sockets are closed, not only with
 * them.
 */
#include "signaling/visitors.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdbool.h>

#define GUEST_KEY "rtclab-guest"

enum { LOOK_MS = 250 };

struct guest {
    GSocket *socket; /* borrowed: it holds the guest */
    guint source;    /* 0: it may stay */
    unsigned looks_left;
};

static GHashTable *guests; /* set of struct guest */

static void guest_free(gpointer data)
{
    struct guest *guest = data;
    if (guest->source)
        g_source_remove(guest->source);
    g_hash_table_remove(guests, guest);
    g_free(guest);
}

static void forget_closed(void)
{
    g_autoptr(GList) all = g_hash_table_get_keys(guests);
    for (GList *at = all; at; at = at->next) {
        const struct guest *guest = at->data;
        if (g_socket_is_closed(guest->socket))
            g_object_set_data(G_OBJECT(guest->socket), GUEST_KEY, NULL);
    }
}

static bool has_said_too_much(GSocket *socket)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    return getsockopt(g_socket_get_fd(socket), IPPROTO_TCP, TCP_INFO, &info, &size) ==
               0 &&
           info.tcpi_bytes_received > VISITORS_MAX_BYTES;
}

static gboolean look(gpointer user)
{
    struct guest *guest = user;
    if (guest->looks_left-- > 0 && !has_said_too_much(guest->socket))
        return G_SOURCE_CONTINUE;
    guest->source = 0;
    g_socket_shutdown(guest->socket, TRUE, TRUE, NULL);
    return G_SOURCE_REMOVE;
}

static void on_request_started(SoupServer *server, SoupServerMessage *request,
                               gpointer user)
{
    (void)server;
    /* What comes in a body is never wanted. */
    soup_message_body_set_accumulate(soup_server_message_get_request_body(request),
                                     FALSE);
    GSocket *socket = soup_server_message_get_socket(request);
    if (!socket || g_object_get_data(G_OBJECT(socket), GUEST_KEY))
        return;
    struct guest *guest = g_new0(struct guest, 1);
    guest->socket = socket;
    guest->looks_left = GPOINTER_TO_UINT(user) / LOOK_MS;
    g_object_set_data_full(G_OBJECT(socket), GUEST_KEY, guest, guest_free);
    if (g_hash_table_size(guests) >= VISITORS_MAX)
        forget_closed();
    g_hash_table_add(guests, guest);
    if (g_hash_table_size(guests) > VISITORS_MAX)
        g_socket_shutdown(socket, TRUE, TRUE, NULL);
    else
        guest->source = g_timeout_add(LOOK_MS, look, guest);
}

void visitors_watch(SoupServer *server, unsigned limit_ms)
{
    if (!guests)
        guests = g_hash_table_new(NULL, NULL);
    g_signal_connect(server, "request-started", G_CALLBACK(on_request_started),
                     GUINT_TO_POINTER(limit_ms));
}

void visitors_let_stay(SoupServerMessage *request)
{
    GSocket *socket = soup_server_message_get_socket(request);
    struct guest *guest = socket ? g_object_get_data(G_OBJECT(socket), GUEST_KEY) : NULL;
    if (!guest || !guest->source)
        return;
    g_source_remove(guest->source);
    guest->source = 0;
}
