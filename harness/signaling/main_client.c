/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab-signaling-client: carries the signals of one peer between the harness and a
 * signalling server, from inside the peer's host, so that they cross the network from
 * where the peer is.
 *
 * To the harness it is a program on the peer contract (harness/peer/README.md) that
 * signals for the peer: its hello, then peer.connection-state of the WebSocket
 * (connected; or failed, closed, with a reason), signals both ways, and a `close`. The
 * signals need no `configure`; what it needs is in the environment:
 *
 *     RTCLAB_SIGNALING_URL          of the room, with the member's id
 *     RTCLAB_SIGNALING_CERTIFICATE  PEM, with wss: what the server has
 */
#include <stdio.h>

#include <glib-unix.h>
#include <libsoup/soup.h>

#include "base/error.h"
#include "peer/contract_peer.h"
#include "signaling/room_client.h"

enum { CONNECT_LIMIT_MS = 10000, CLOSE_LIMIT_MS = 1000 };

struct carrier {
    struct contract_peer *harness;
    struct room_client *room;
    GMainLoop *loop;
    int exit_code;
    bool is_connected;
};

static void report(struct carrier *carrier, const char *state, const char *reason)
{
    json_t *data = json_pack("{s:s}", "state", state);
    if (reason)
        json_object_set_new(data, "reason", json_string(reason));
    contract_peer_event(carrier->harness, EVENT_PEER_CONNECTION_STATE, data);
}

static void quit(struct carrier *carrier, int exit_code)
{
    carrier->exit_code = exit_code;
    g_main_loop_quit(carrier->loop);
}

/* ---- from the room ---- */

static void on_joined(void *user, bool has_peer)
{
    (void)has_peer;
    struct carrier *carrier = user;
    carrier->is_connected = true;
    report(carrier, "connected", NULL);
}

/* Who of the two is there is the harness' business: it has started both. */
static void on_peer_joined(void *user)
{
    (void)user;
}

static void on_peer_left(void *user, const char *why)
{
    (void)user, (void)why;
}

static void on_signal(void *user, json_t *signal)
{
    struct carrier *carrier = user;
    contract_peer_send(carrier->harness, signal);
}

static void on_warning(void *user, const char *what)
{
    struct carrier *carrier = user;
    contract_peer_warn(carrier->harness, "%s", what);
}

static void on_closed(void *user, const char *why)
{
    struct carrier *carrier = user;
    g_autofree char *reason = g_utf8_make_valid(why, -1);
    report(carrier, carrier->is_connected ? "closed" : "failed", reason);
    contract_peer_send(carrier->harness, contract_make_plain(CONTRACT_DONE));
    contract_peer_flush(carrier->harness, CLOSE_LIMIT_MS);
    quit(carrier, EXIT_AS_EXPECTED);
}

static const struct room_client_events events = {
    .joined = on_joined,
    .peer_joined = on_peer_joined,
    .peer_left = on_peer_left,
    .signal = on_signal,
    .warning = on_warning,
    .closed = on_closed,
};

/* ---- from the harness ---- */

static void obey(struct carrier *carrier, const struct contract_message *m)
{
    if (m->type == CONTRACT_SIGNAL)
        room_client_send(carrier->room, m->json);
    else if (m->type == CONTRACT_CLOSE)
        room_client_close(carrier->room);
    else
        contract_peer_warn(carrier->harness, "%s: is for a peer, ignored",
                           contract_type_name(m->type));
}

static gboolean on_contract(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct carrier *carrier = user;
    while (g_main_loop_is_running(carrier->loop)) {
        g_auto(contract_message) m = { 0 };
        g_autoptr(GError) error = NULL;
        switch (contract_peer_next(carrier->harness, &m, &error)) {
        case CONTRACT_NEXT_NONE:
            return G_SOURCE_CONTINUE;
        case CONTRACT_NEXT_MESSAGE:
            obey(carrier, &m);
            break;
        case CONTRACT_NEXT_INVALID:
            contract_peer_warn(carrier->harness, "%s", error->message);
            break;
        case CONTRACT_NEXT_END:
            quit(carrier, EXIT_AS_EXPECTED);
            break;
        }
    }
    return G_SOURCE_CONTINUE; /* it is removed with the loop's end */
}

/* ---- starting ---- */

static gboolean read_options(struct room_client_options *options, GError **error)
{
    options->url = g_getenv("RTCLAB_SIGNALING_URL");
    if (!options->url) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "RTCLAB_SIGNALING_URL is not set; this program is started by rtclab");
        return FALSE;
    }
    const char *pem = g_getenv("RTCLAB_SIGNALING_CERTIFICATE");
    if (pem)
        options->certificate = g_tls_certificate_new_from_pem(pem, -1, error);
    return !pem || options->certificate;
}

static char *version(void)
{
    return g_strdup_printf("libsoup %u.%u.%u", soup_get_major_version(),
                           soup_get_minor_version(), soup_get_micro_version());
}

static int carry(struct carrier *carrier, int fd, struct room_client_options *options)
{
    g_autofree char *stack = version();
    carrier->harness = contract_peer_new(fd);
    carrier->loop = g_main_loop_new(NULL, FALSE);
    contract_peer_send(carrier->harness, contract_make_hello("websocket", stack, 0));
    guint source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_contract, carrier);
    options->connect_limit_ms = CONNECT_LIMIT_MS;
    options->events = &events;
    options->user = carrier;
    carrier->room = room_client_new(options);
    g_main_loop_run(carrier->loop);
    g_source_remove(source);
    room_client_free(carrier->room);
    contract_peer_free(carrier->harness);
    g_main_loop_unref(carrier->loop);
    return carrier->exit_code;
}

int main(void)
{
    struct room_client_options options = { 0 };
    struct carrier carrier = { 0 };
    g_autoptr(GError) error = NULL;
    int fd = contract_peer_fd(&error);
    int status = EXIT_USAGE;
    if (fd < 0 || !read_options(&options, &error))
        fprintf(stderr, "rtclab-signaling-client: %s\n", error->message);
    else
        status = carry(&carrier, fd, &options);
    g_clear_object(&options.certificate);
    return status;
}
