/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/main_browser.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "peer/browser_page.h" /* made by embed.cmake */

enum {
    CHECK_S = 2,
    CLOSE_LIMIT_MS = 800, /* a peer takes about a second for its end */
    LINGER_MS = 100, /* for what leaves after close(): TURN's allocations given back */
};

/* A browser's start is slow on a busy machine; the harness waits for 30 s. */
static const int64_t start_limit_ns = 25 * NS_PER_S;
static const int64_t answer_limit_ns = 15 * NS_PER_S;

/* ---- the page ---- */

const char *browser_page_file(const char *url, const char **ret_type)
{
    static const char prefix[] = BROWSER_PAGE_URL;
    if (!g_str_has_prefix(url, prefix))
        return NULL;
    const char *path = url + strlen(prefix);
    if (!*path)
        path = "browser_page.html";
    for (size_t i = 0; i < G_N_ELEMENTS(browser_page_files); i++) {
        if (strcmp(path, browser_page_files[i].path) != 0)
            continue;
        *ret_type = g_str_has_suffix(path, ".js") ? "text/javascript" : "text/html";
        return (const char *)browser_page_files[i].text;
    }
    return NULL;
}

/* ---- its end ---- */

static void end(struct browser_peer *peer)
{
    peer->is_over = true;
    peer->driver->stop(peer);
    g_clear_pointer(&peer->process, browser_end);
}

static void finish(struct browser_peer *peer)
{
    if (peer->is_over)
        return;
    end(peer);
    contract_loop_finish(peer->loop);
}

static gboolean on_lingered(gpointer user)
{
    finish(user);
    return G_SOURCE_REMOVE;
}

static gboolean on_close_limit(gpointer user)
{
    struct browser_peer *peer = user;
    if (peer->is_closing && !peer->is_over)
        contract_peer_warn(peer->contract, "%s did not close in %d ms",
                           peer->driver->stack, CLOSE_LIMIT_MS);
    finish(peer);
    return G_SOURCE_REMOVE;
}

void browser_peer_fail(struct browser_peer *peer, const char *format, ...)
{
    if (peer->is_over)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(stderr, "rtclab-peer-%s: %s\n", peer->driver->stack, what);
    contract_peer_warn(peer->contract, "%s", what);
    end(peer);
    contract_loop_quit(peer->loop, EXIT_ENVIRONMENT);
}

static void on_line(void *user, const char *line)
{
    struct browser_peer *peer = user;
    if (line && peer->driver->read_line)
        peer->driver->read_line(peer, line);
    if (line || peer->is_over)
        return;
    g_autofree char *how = browser_describe_end(peer->process);
    browser_peer_fail(peer, "%s %s", peer->driver->stack, how);
}

static gboolean on_check(gpointer user)
{
    struct browser_peer *peer = user;
    if (peer->is_over)
        return G_SOURCE_REMOVE;
    int64_t now_ns = clock_now_ns();
    int64_t oldest_ns = peer->driver->oldest_ns(peer);
    if (!peer->is_ready && now_ns - peer->started_ns > start_limit_ns)
        browser_peer_fail(peer, "%s hangs: it was not ready in %.0f s",
                          peer->driver->stack, (double)start_limit_ns / NS_PER_S);
    else if (peer->is_ready && oldest_ns == CLOCK_NEVER)
        peer->driver->ping(peer);
    else if (peer->is_ready && now_ns - oldest_ns > answer_limit_ns)
        browser_peer_fail(peer, "%s hangs: it has not answered for %.0f s",
                          peer->driver->stack, (double)answer_limit_ns / NS_PER_S);
    return G_SOURCE_CONTINUE;
}

/* ---- to the page ---- */

static void forward(void *stack, const json_t *message)
{
    struct browser_peer *peer = stack;
    const char *type = json_string_value(json_object_get(message, "type"));
    bool is_close = g_strcmp0(type, contract_type_name(CONTRACT_CLOSE)) == 0;
    char *text = json_dumps(message, JSON_COMPACT);
    if (is_close && !peer->is_ready) {
        free(text);
        finish(peer);
        return;
    }
    if (is_close) {
        peer->is_closing = true;
        g_timeout_add(CLOSE_LIMIT_MS, on_close_limit, peer);
    }
    if (text && peer->is_ready)
        peer->driver->call(peer, BROWSER_PAGE_TAKE, text);
    else if (text)
        g_queue_push_tail(&peer->waiting, g_strdup(text));
    free(text);
}

void browser_peer_is_loaded(struct browser_peer *peer, const char *version,
                            int64_t origin_ns)
{
    if (peer->is_ready)
        return;
    g_autofree char *settings =
        g_strdup_printf("{\"origin_ns\":%" G_GINT64_FORMAT "}", origin_ns);
    peer->is_ready = true;
    peer->driver->call(peer, BROWSER_PAGE_START, settings);
    contract_peer_send(peer->contract,
                       contract_make_hello(
                           peer->driver->stack, version,
                           CONTRACT_CAN_TRICKLE | CONTRACT_CAN_DATA | CONTRACT_CAN_AUDIO |
                               CONTRACT_CAN_VIDEO | CONTRACT_CAN_RELAY |
                               CONTRACT_CAN_RESTART_ICE | CONTRACT_CAN_ECHO_MEDIA));
    char *text;
    while ((text = g_queue_pop_head(&peer->waiting))) {
        peer->driver->call(peer, BROWSER_PAGE_TAKE, text);
        g_free(text);
    }
}

/* ---- from the page ---- */

/* What a page says is the contract's, and as little to be trusted as a peer's. */
void browser_peer_take(struct browser_peer *peer, const char *text)
{
    g_auto(contract_message) m = { 0 };
    g_autoptr(GError) error = NULL;
    if (peer->is_over)
        return;
    if (!contract_parse(text, strlen(text), CONTRACT_PEER, &m, &error)) {
        contract_peer_warn(peer->contract, "the page breaks the contract: %s",
                           error->message);
        return;
    }
    switch (m.type) {
    case CONTRACT_SIGNAL:
    case CONTRACT_EVENT:
        contract_peer_send(peer->contract, json_incref(m.json));
        break;
    case CONTRACT_UNSUPPORTED:
        contract_peer_send(peer->contract, json_incref(m.json));
        end(peer);
        contract_loop_quit(peer->loop, EXIT_AS_EXPECTED);
        break;
    case CONTRACT_DONE:
        peer->is_closing = false;
        g_timeout_add(LINGER_MS, on_lingered, peer);
        break;
    case CONTRACT_HELLO: /* it is said here */
    case CONTRACT_CONFIGURE:
    case CONTRACT_RESTART_ICE:
    case CONTRACT_SEND:
    case CONTRACT_CLOSE:
    case CONTRACT_N_TYPES:
        break;
    }
}

/* ---- the whole ---- */

static const struct contract_commands commands = { .forward = forward };

/* A browser that was named is not there though another may be. */
static int lack(struct browser_peer *peer)
{
    const char *named = g_getenv(peer->driver->variable);
    g_autofree char *missing =
        named && *named ? g_strdup_printf("%s=%s", peer->driver->variable, named)
                        : g_strdup(peer->driver->stack);
    return contract_loop_lack(peer->loop, missing);
}

int browser_peer_run(const struct browser_driver *driver, void *data)
{
    struct browser_peer peer = { .driver = driver,
                                 .data = data,
                                 .started_ns = clock_now_ns() };
    g_autofree char *program_name = g_strconcat("rtclab-peer-", driver->stack, NULL);
    g_autofree char *program = browser_find(driver->variable, driver->programs);
    g_autoptr(GError) error = NULL;
    signal(SIGPIPE, SIG_IGN); /* a browser that is gone is told by reading */
    peer.loop = contract_loop_new(program_name, &commands, &peer);
    if (!peer.loop)
        return EXIT_USAGE;
    peer.contract = contract_loop_peer(peer.loop);
    int status = EXIT_ENVIRONMENT;
    if (!program) {
        status = lack(&peer);
    } else if (!driver->start(&peer, program, &error)) {
        fprintf(stderr, "%s: %s\n", program_name, error->message);
    } else {
        browser_watch_output(peer.process, on_line, &peer);
        g_timeout_add_seconds(CHECK_S, on_check, &peer);
        status = contract_loop_run(peer.loop, NULL);
        if (!peer.is_over)
            end(&peer);
    }
    g_queue_clear_full(&peer.waiting, g_free);
    contract_loop_free(peer.loop);
    return status;
}
