/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab signaling: the signalling server by itself, with a page that is a WebRTC client,
 * and if wanted a peer that answers in a room. In a lab it is the server of a scenario
 * (lab/signaling_server.c).
 */
#include "command/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include <glib-unix.h>

#include "base/error.h"
#include "base/text.h"
#include "call/peer_link.h"
#include "call/stacks.h"
#include "peer/stack.h"
#include "signaling/peer_bridge.h"
#include "signaling/rooms.h"
#include "signaling/server.h"

enum { DEFAULT_PORT = 8080 };

struct signaling_values {
    GSocketAddress *address;
    const char *certificate;
    const char *key;
    const char *peer;
    const char *room;
};

static gboolean take_address(const char *text, void *place, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GSocketConnectable) parsed =
        g_network_address_parse(text, DEFAULT_PORT, &cause);
    GNetworkAddress *address = parsed ? G_NETWORK_ADDRESS(parsed) : NULL;
    GSocketAddress *socket_address = address
                                         ? g_inet_socket_address_new_from_string(
                                               g_network_address_get_hostname(address),
                                               g_network_address_get_port(address))
                                         : NULL;
    if (!socket_address) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "must be an IP address, and :PORT if wanted (an IPv6 address in "
                    "brackets), is \"%s\"",
                    text);
        return FALSE;
    }
    g_set_object((GSocketAddress **)place, socket_address);
    g_object_unref(socket_address);
    return TRUE;
}

static gboolean take_room(const char *text, void *place, GError **error)
{
    if (rooms_is_name(text))
        return option_take_text(text, place, error);
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "must be at most %d letters, digits, - and _, is \"%s\"", ROOMS_NAME_MAX,
                text);
    return FALSE;
}

static const struct option options[] = {
    { .name = "listen",
      .argument = "ADDR[:PORT]",
      .preset = "127.0.0.1:8080",
      .help = "Where to listen; port 0: any",
      .take = take_address,
      .offset = offsetof(struct signaling_values, address) },
    { .name = "tls-certificate",
      .argument = "FILE",
      .help = "Serve https and wss: the certificate, PEM",
      .take = option_take_text,
      .offset = offsetof(struct signaling_values, certificate) },
    { .name = "tls-key",
      .argument = "FILE",
      .help = "Its private key, if it is in another file",
      .take = option_take_text,
      .offset = offsetof(struct signaling_values, key) },
    { .name = "peer",
      .argument = "PEER",
      .help = "A peer that answers whoever joins its room",
      .take = option_take_text,
      .offset = offsetof(struct signaling_values, peer) },
    { .name = "room",
      .argument = "NAME",
      .preset = "rtclab",
      .help = "The room of --peer",
      .take = take_room,
      .offset = offsetof(struct signaling_values, room) },
};

static void print_line(const char *line)
{
    g_autofree char *shown = text_escape(line);
    puts(shown);
    fflush(stdout);
}

static gboolean on_end(gpointer user)
{
    g_main_loop_quit(user);
    return G_SOURCE_CONTINUE;
}

/* Until Ctrl-C or SIGTERM. */
static void wait_for_end(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    guint sources[] = { g_unix_signal_add(SIGINT, on_end, loop),
                        g_unix_signal_add(SIGTERM, on_end, loop) };
    g_main_loop_run(loop);
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
}

static gboolean read_certificate(const struct signaling_values *values,
                                 GTlsCertificate **ret_certificate, GError **error)
{
    if (!values->certificate) {
        if (!values->key)
            return TRUE;
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "--tls-key needs a --tls-certificate");
        return FALSE;
    }
    g_autoptr(GError) cause = NULL;
    *ret_certificate = g_tls_certificate_new_from_files(
        values->certificate, values->key ? values->key : values->certificate, &cause);
    if (!*ret_certificate)
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "--tls-certificate %s: %s",
                    values->certificate, cause->message);
    return *ret_certificate != NULL;
}

static void serve(const struct signaling_server *server,
                  const struct signaling_values *values, const char *program,
                  GTlsCertificate *certificate)
{
    struct peer_bridge *bridge = NULL;
    printf("%s\n", signaling_server_url(server));
    fflush(stdout);
    if (program) {
        g_autofree char *room_url = signaling_server_room_url(server, values->room);
        const struct peer_bridge_options peer = {
            .program = program,
            .room_url = room_url,
            .certificate = certificate,
            .log = print_line,
        };
        printf("%s answers at %s#room=%s\n", values->peer, signaling_server_url(server),
               values->room);
        fflush(stdout);
        bridge = peer_bridge_new(&peer);
    }
    wait_for_end();
    peer_bridge_free(bridge);
}

static gboolean find_peer(const char *peer, char **ret_program, GError **error)
{
    if (!peer_link_find_program(peer, ret_program, error))
        return FALSE;
    /* A program may be there without its stack. */
    g_autofree char *missing = stack_find(peer) ? stacks_why_missing(peer) : NULL;
    if (!missing)
        return TRUE;
    g_set_error_literal(error, RTC_ERROR, RTC_ERROR_USAGE, missing);
    return FALSE;
}

static gboolean run(const struct signaling_values *values, GError **error)
{
    g_autoptr(GTlsCertificate) certificate = NULL;
    g_autofree char *program = NULL;
    if (!read_certificate(values, &certificate, error))
        return FALSE;
    if (values->peer && !find_peer(values->peer, &program, error))
        return FALSE;
    const struct signaling_server_options server_options = {
        .address = values->address,
        .certificate = certificate,
        .log = print_line,
    };
    struct signaling_server *server = signaling_server_new(&server_options, error);
    if (!server)
        return FALSE;
    serve(server, values, program, certificate);
    signaling_server_free(server);
    return TRUE;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    (void)arguments, (void)ret_status;
    const struct signaling_values *values = data;
    gboolean ok = run(values, error);
    g_object_unref(values->address);
    return ok;
}

const struct command command_signaling = {
    .name = "signaling",
    .usage = "",
    .summary = "Serve WebSocket signalling, and a page to call from",
    .description =
        "Two members of a room, ws://ADDR:PORT/rooms/NAME, are relayed each other's\n"
        "JSON messages: {\"offer\":...}, {\"answer\":...} and "
        "{\"new-ice-candidate\":...}.\n"
        "The page is the smallest complete WebRTC client: open it in two tabs, or in\n"
        "one with --peer gst. It runs until Ctrl-C.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct signaling_values),
    .execute = execute,
};
