/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that answers in a room (harness/signaling/peer_bridge.h), on loopback: the peer
 * is a script, the caller this project's own client.
 */
#include "suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/clock.h"
#include "signaling/peer_bridge.h"
#include "signaling/room_client.h"
#include "signaling/server.h"

enum { PATIENCE_S = 20 };

/* Says hello and its process' number, what it was configured for, and what a stranger
   wrote; then ends for nothing but SIGKILL. */
static const char stubborn[] =
    "#!/bin/sh\n"
    "trap '' HUP INT TERM\n"
    "echo '{\"type\":\"hello\",\"contract\":1,\"stack\":\"x\",\"version\":\"1\","
    "\"capabilities\":[\"data\"]}' >&3\n"
    "read -r configure <&3\n"
    "echo \"$configure\"\n"
    "read -r signal <&3\n"
    "printf '\\033[31m%s\\n' \"$signal\" >&2\n"
    "echo \"pid $$\"\n"
    "while :; do sleep 0.1; done\n";

static GString *told; /* the bridge's log */

static void tell(const char *line)
{
    g_string_append_printf(told, "%s\n", line);
}

static bool await_told(const char *text)
{
    int64_t limit_ns = clock_now_ns() + PATIENCE_S * NS_PER_S;
    while (!strstr(told->str, text) && clock_now_ns() < limit_ns) {
        g_usleep(500);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    if (strstr(told->str, text))
        return true;
    fprintf(stderr, "not told: %s; but:\n%s", text, told->str);
    return false;
}

/* ---- the caller ---- */

static void on_joined(void *user, bool has_peer)
{
    (void)has_peer;
    *(bool *)user = true;
}

static void on_peer(void *user)
{
    (void)user;
}

static void on_text(void *user, const char *what)
{
    (void)user, (void)what;
}

static void on_signal(void *user, json_t *signal)
{
    (void)user;
    json_decref(signal);
}

static struct room_client *call_in(const char *url, bool *ret_has_joined)
{
    static const struct room_client_events events = {
        .joined = on_joined,
        .peer_joined = on_peer,
        .peer_left = on_text,
        .signal = on_signal,
        .warning = on_text,
        .closed = on_text,
    };
    const struct room_client_options options = {
        .url = url, .connect_limit_ms = 5000, .events = &events, .user = ret_has_joined
    };
    return room_client_new(&options);
}

static void send_candidate(struct room_client *room)
{
    json_t *signal =
        json_pack("{s:s, s:{s:s}}", "type", "signal", "candidate", "candidate", "junk");
    room_client_send(room, signal);
    json_decref(signal);
}

/* ---- a room, a bridge, a script ---- */

struct scene {
    struct signaling_server *server;
    struct peer_bridge *bridge;
    char *folder, *program, *url;
};

static struct scene set(const char *script)
{
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("127.0.0.1", 0);
    const struct signaling_server_options options = { .address = address, .log = tell };
    g_autoptr(GError) error = NULL;
    struct scene scene = { .folder = g_dir_make_tmp("rtclab-bridge-XXXXXX", NULL) };
    told = g_string_new(NULL);
    scene.server = signaling_server_new(&options, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scene.server);
    scene.program = g_build_filename(scene.folder, "peer", NULL);
    CU_ASSERT_TRUE_FATAL(!script ||
                         (g_file_set_contents(scene.program, script, -1, NULL) &&
                          g_chmod(scene.program, 0700) == 0));
    scene.url = signaling_server_room_url(scene.server, "test");
    const struct peer_bridge_options bridge = { .program = scene.program,
                                                .room_url = scene.url,
                                                .log = tell };
    scene.bridge = peer_bridge_new(&bridge);
    CU_ASSERT_TRUE_FATAL(await_told("room test: a member has joined"));
    return scene;
}

static void clear(struct scene *scene)
{
    peer_bridge_free(scene->bridge);
    signaling_server_free(scene->server);
    g_unlink(scene->program);
    g_rmdir(scene->folder);
    g_free(scene->folder);
    g_free(scene->program);
    g_free(scene->url);
    g_string_free(told, TRUE);
}

static void test_stubborn_peer(void)
{
    struct scene scene = set(stubborn);
    bool has_joined = false;
    struct room_client *caller = call_in(scene.url, &has_joined);
    CU_ASSERT_TRUE(await_told("somebody calls"));
    CU_ASSERT_TRUE(await_told("the peer is x 1"));
    CU_ASSERT_TRUE(await_told("\"role\":\"answerer\""));
    CU_ASSERT_TRUE(await_told("\"negotiate\":[\"data\"]"));
    CU_ASSERT_TRUE(await_told("\"echo\":[\"data\"]"));
    CU_ASSERT_TRUE(has_joined);
    send_candidate(caller);
    CU_ASSERT_TRUE(await_told("\033[31m{\"type\":\"signal\""));
    CU_ASSERT_TRUE_FATAL(await_told("\npid "));
    pid_t pid = atoi(strstr(told->str, "\npid ") + strlen("\npid "));
    room_client_free(caller);
    CU_ASSERT_TRUE(await_told("the caller has left"));
    CU_ASSERT_EQUAL(kill(pid, 0), 0);
    CU_ASSERT_TRUE(await_told("the peer does not end, and is killed"));
    for (int i = 0; i < 2000 && kill(pid, 0) == 0; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    CU_ASSERT_EQUAL(kill(pid, 0), -1);
    clear(&scene);
}

static void test_missing_program(void)
{
    struct scene scene = set(NULL);
    bool has_joined = false;
    struct room_client *caller = call_in(scene.url, &has_joined);
    CU_ASSERT_TRUE(await_told("no peer can be started: "));
    room_client_free(caller);
    CU_ASSERT_TRUE(await_told("the caller has left"));
    clear(&scene);
}

static const struct test tests[] = {
    { "a peer that does not end is killed, and its words are told", test_stubborn_peer },
    { "a peer that cannot be run is told", test_missing_program },
};

int main(int argc, char **argv)
{
    return suite_run("peer_bridge", tests, G_N_ELEMENTS(tests), argc, argv);
}
