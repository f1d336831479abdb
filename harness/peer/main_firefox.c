/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab-peer-firefox: headless Firefox as a peer of rtclab (harness/peer/README.md),
 * over WebDriver BiDi: a WebSocket on the loopback interface of its host.
 *
 * The page is never fetched: each request of the tab is answered here (network module)
 * before there would be a connection.
 *
 * Times: performance.timeOrigin + performance.now() is calendar time, but runs with
 * CLOCK_MONOTONIC: the calendar is read once, when the browser starts. What lies between
 * the two clocks is read here.
 */
#include "peer/main_browser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsoup/soup.h>

#include "base/clock.h"
#include "base/clock_note.h"
#include "base/error.h"

CLOCK_NOTE("is a browser, whose processes keep real time");

#define LISTENS "WebDriver BiDi listening on "
#define CHANNEL "rtclab"

enum { TEXT_MAX_BYTES = 64 * 1024 * 1024, END_LIMIT_S = 2 };

/* What a request was for, as far as its answer is looked at. */
enum step {
    STEP_OTHER, /* it must only succeed */
    STEP_SESSION,
    STEP_TREE,
    STEP_ORIGIN,
    STEP_CALL,
};

struct firefox {
    struct browser_rpc *rpc;
    SoupSession *session;
    SoupWebsocketConnection *socket; /* NULL until connected */
    GCancellable *cancellable;
    char *version;
    char *context; /* of the tab; NULL until known */
    bool is_loaded;
};

static const char *const programs[] = { "firefox-esr", "firefox", NULL };

static const char *const options[] = {
    "--headless", "--no-remote", "--new-instance",
    "--profile",  "%s",          "--remote-debugging-port",
    "0",          "about:blank"
};

static const char with_addresses[] =
    "user_pref('media.peerconnection.ice.obfuscate_host_addresses', false);\n";

/* In this order: a camera and a microphone; fine times; no first run; no traffic but the
   call's. */
static const char preferences[] =
    "user_pref('media.navigator.streams.fake', true);\n"
    "user_pref('media.navigator.permission.disabled', true);\n"
    "user_pref('media.autoplay.default', 0);\n"
    "user_pref('media.autoplay.blocking_policy', 0);\n"
    "user_pref('media.cubeb.backend', 'null');\n"
    "user_pref('media.gmp-manager.updateEnabled', false);\n"
    "user_pref('privacy.reduceTimerPrecision', false);\n"
    "user_pref('privacy.fingerprintingProtection', false);\n"
    "user_pref('dom.min_background_timeout_value', 4);\n"
    "user_pref('dom.timeout.enable_budget_timer_throttling', false);\n"
    "user_pref('browser.aboutwelcome.enabled', false);\n"
    "user_pref('browser.newtabpage.enabled', false);\n"
    "user_pref('browser.newtab.preload', false);\n"
    "user_pref('browser.shell.checkDefaultBrowser', false);\n"
    "user_pref('browser.startup.homepage', 'about:blank');\n"
    "user_pref('browser.startup.homepage_override.mstone', 'ignore');\n"
    "user_pref('browser.startup.page', 0);\n"
    "user_pref('browser.tabs.remote.separatePrivilegedContentProcess', false);\n"
    "user_pref('datareporting.healthreport.uploadEnabled', false);\n"
    "user_pref('datareporting.policy.dataSubmissionEnabled', false);\n"
    "user_pref('dom.ipc.processCount', 1);\n"
    "user_pref('dom.ipc.processPrelaunch.enabled', false);\n"
    "user_pref('app.normandy.enabled', false);\n"
    "user_pref('app.update.enabled', false);\n"
    "user_pref('browser.region.network.url', '');\n"
    "user_pref('browser.safebrowsing.malware.enabled', false);\n"
    "user_pref('browser.safebrowsing.phishing.enabled', false);\n"
    "user_pref('browser.search.update', false);\n"
    "user_pref('browser.topsites.contile.enabled', false);\n"
    "user_pref('extensions.getAddons.cache.enabled', false);\n"
    "user_pref('extensions.systemAddon.update.enabled', false);\n"
    "user_pref('extensions.update.enabled', false);\n"
    "user_pref('network.captive-portal-service.enabled', false);\n"
    "user_pref('network.connectivity-service.enabled', false);\n"
    "user_pref('network.dns.disablePrefetch', true);\n"
    "user_pref('network.prefetch-next', false);\n"
    "user_pref('network.proxy.type', 0);\n"
    "user_pref('network.trr.mode', 5);\n"
    "user_pref('services.settings.server', 'data:,none');\n"
    "user_pref('toolkit.telemetry.enabled', false);\n"
    "user_pref('toolkit.telemetry.server', 'data:,none');\n"
    /* Some services have no preference that stops them: no name is asked for. */
    "user_pref('network.dns.native-is-localhost', true);\n";

/* ---- requests ---- */

static void request(struct browser_peer *peer, enum step step, const char *method,
                    json_t *params)
{
    struct firefox *firefox = peer->data;
    char *text =
        browser_rpc_request(firefox->rpc, step, method, NULL, params, clock_now_ns());
    if (text && firefox->socket &&
        soup_websocket_connection_get_state(firefox->socket) == SOUP_WEBSOCKET_STATE_OPEN)
        soup_websocket_connection_send_text(firefox->socket, text);
    free(text);
}

static void call(struct browser_peer *peer, const char *function, const char *text)
{
    const struct firefox *firefox = peer->data;
    g_autofree char *code = g_strdup_printf("(text) => { %s(text); }", function);
    request(peer, STEP_CALL, "script.callFunction",
            json_pack("{s:s, s:b, s:[{s:s, s:s}], s:{s:s}}", "functionDeclaration", code,
                      "awaitPromise", 0, "arguments", "type", "string", "value", text,
                      "target", "context", firefox->context));
}

static void evaluate(struct browser_peer *peer, enum step step, const char *expression)
{
    const struct firefox *firefox = peer->data;
    request(peer, step, "script.evaluate",
            json_pack("{s:s, s:b, s:{s:s}}", "expression", expression, "awaitPromise", 0,
                      "target", "context", firefox->context));
}

static void ping(struct browser_peer *peer)
{
    evaluate(peer, STEP_OTHER, "0");
}

static int64_t oldest_ns(struct browser_peer *peer)
{
    const struct firefox *firefox = peer->data;
    return browser_rpc_oldest_ns(firefox->rpc);
}

/* ---- answers ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void take_session(struct browser_peer *peer, const json_t *result)
{
    struct firefox *firefox = peer->data;
    const json_t *capabilities = json_object_get(result, "capabilities");
    firefox->version = g_strdup(text_of(capabilities, "browserVersion"));
    request(peer, STEP_OTHER, "session.subscribe",
            json_pack("{s:[s, s, s]}", "events", "script.message", "log.entryAdded",
                      "network.beforeRequestSent"));
    request(peer, STEP_OTHER, "script.addPreloadScript",
            json_pack("{s:s, s:[{s:s, s:{s:s}}]}", "functionDeclaration",
                      "(channel) => { globalThis." BROWSER_PAGE_SEND
                      " = (text) => channel(text); }",
                      "arguments", "type", "channel", "value", "channel", CHANNEL));
    request(peer, STEP_OTHER, "network.addIntercept",
            json_pack("{s:[s]}", "phases", "beforeRequestSent"));
    request(peer, STEP_TREE, "browsingContext.getTree", json_object());
}

static void take_tree(struct browser_peer *peer, const json_t *result)
{
    struct firefox *firefox = peer->data;
    const json_t *first = json_array_get(json_object_get(result, "contexts"), 0);
    firefox->context = g_strdup(text_of(first, "context"));
    request(peer, STEP_OTHER, "browsingContext.navigate",
            json_pack("{s:s, s:s, s:s}", "context", firefox->context, "url",
                      BROWSER_PAGE_URL, "wait", "none"));
}

static void take_origin(struct browser_peer *peer, const json_t *result)
{
    const struct firefox *firefox = peer->data;
    const json_t *value = json_object_get(json_object_get(result, "result"), "value");
    int64_t between_ns = clock_calendar_ns() - clock_now_ns();
    int64_t origin_ns = (int64_t)(json_number_value(value) * (double)NS_PER_MS);
    browser_peer_is_loaded(peer, firefox->version, origin_ns - between_ns);
}

static void take_exception(struct browser_peer *peer, const json_t *result)
{
    const json_t *details = json_object_get(result, "exceptionDetails");
    if (details)
        contract_peer_warn(peer->contract, "the page: %s", text_of(details, "text"));
}

static void take_answer(struct browser_peer *peer, const struct browser_rpc_message *m)
{
    if (m->error) {
        browser_peer_fail(peer, "firefox refuses step %u: %s", m->tag, m->error);
        return;
    }
    switch ((enum step)m->tag) {
    case STEP_OTHER:
        break;
    case STEP_SESSION:
        take_session(peer, m->result);
        break;
    case STEP_TREE:
        take_tree(peer, m->result);
        break;
    case STEP_ORIGIN:
        take_origin(peer, m->result);
        break;
    case STEP_CALL:
        take_exception(peer, m->result);
        break;
    }
}

/* ---- events ---- */

static json_t *header(const char *name, const char *value)
{
    return json_pack("{s:s, s:{s:s, s:s}}", "name", name, "value", "type", "string",
                     "value", value);
}

static void serve(struct browser_peer *peer, const json_t *params)
{
    const char *id = text_of(json_object_get(params, "request"), "request");
    const char *url = text_of(json_object_get(params, "request"), "url");
    const char *type = NULL;
    if (!json_is_true(json_object_get(params, "isBlocked")))
        return;
    const char *text = browser_page_file(url, &type);
    if (!text) {
        request(peer, STEP_OTHER, "network.failRequest",
                json_pack("{s:s}", "request", id));
        return;
    }
    g_autofree char *body = g_base64_encode((const guchar *)text, strlen(text));
    request(peer, STEP_OTHER, "network.provideResponse",
            json_pack("{s:s, s:i, s:s, s:[o, o, o], s:{s:s, s:s}}", "request", id,
                      "statusCode", 200, "reasonPhrase", "OK", "headers",
                      header("Content-Type", type),
                      header("Cross-Origin-Opener-Policy", "same-origin"),
                      header("Cross-Origin-Embedder-Policy", "require-corp"), "body",
                      "type", "base64", "value", body));
}

static void take_message(struct browser_peer *peer, const json_t *params)
{
    struct firefox *firefox = peer->data;
    if (strcmp(text_of(params, "channel"), CHANNEL) != 0)
        return;
    const char *text = text_of(json_object_get(params, "data"), "value");
    if (peer->is_ready) {
        browser_peer_take(peer, text);
    } else if (!firefox->is_loaded) { /* the page's first word */
        firefox->is_loaded = true;
        evaluate(peer, STEP_ORIGIN, "performance.timeOrigin");
    }
}

static void take_event(struct browser_peer *peer, const struct browser_rpc_message *m)
{
    if (strcmp(m->method, "script.message") == 0)
        take_message(peer, m->params);
    else if (strcmp(m->method, "network.beforeRequestSent") == 0)
        serve(peer, m->params);
    else if (strcmp(m->method, "log.entryAdded") == 0)
        fprintf(stderr, "console: %s: %s\n", text_of(m->params, "level"),
                text_of(m->params, "text"));
}

static void on_message(SoupWebsocketConnection *socket, SoupWebsocketDataType type,
                       GBytes *bytes, gpointer user)
{
    (void)socket, (void)type;
    struct browser_peer *peer = user;
    const struct firefox *firefox = peer->data;
    g_auto(browser_rpc_message) m = { .json = NULL };
    g_autoptr(GError) error = NULL;
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    if (peer->is_over)
        return;
    if (!browser_rpc_take(firefox->rpc, text, size, &m, &error))
        contract_peer_warn(peer->contract, "%s", error->message);
    else if (m.kind == BROWSER_RPC_ANSWER)
        take_answer(peer, &m);
    else
        take_event(peer, &m);
}

/* ---- life ---- */

static gboolean on_still_there(gpointer user)
{
    browser_peer_fail(user, "firefox closed its remote protocol");
    return G_SOURCE_REMOVE;
}

/* Of a browser that has ended, the end of its output follows, and says more. */
static void on_closed(SoupWebsocketConnection *socket, gpointer user)
{
    (void)socket;
    g_timeout_add_seconds(END_LIMIT_S, on_still_there, user);
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(GError) error = NULL;
    SoupWebsocketConnection *socket =
        soup_session_websocket_connect_finish(SOUP_SESSION(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* the peer is gone */
    struct browser_peer *peer = user;
    struct firefox *firefox = peer->data;
    if (!socket) {
        browser_peer_fail(peer, "firefox cannot be reached: %s", error->message);
        return;
    }
    firefox->socket = socket;
    soup_websocket_connection_set_max_incoming_payload_size(socket, TEXT_MAX_BYTES);
    g_signal_connect(socket, "message", G_CALLBACK(on_message), peer);
    g_signal_connect(socket, "closed", G_CALLBACK(on_closed), peer);
    request(peer, STEP_SESSION, "session.new", json_pack("{s:{}}", "capabilities"));
}

static void read_line(struct browser_peer *peer, const char *line)
{
    struct firefox *firefox = peer->data;
    const char *place = strstr(line, LISTENS);
    if (!place || firefox->session)
        return;
    g_autofree char *url = g_strconcat(place + strlen(LISTENS), "/session", NULL);
    g_autoptr(SoupMessage) message = soup_message_new(SOUP_METHOD_GET, url);
    if (!message) {
        browser_peer_fail(peer, "firefox listens at what is no URL: %s", url);
        return;
    }
    firefox->session = soup_session_new();
    soup_session_websocket_connect_async(firefox->session, message, NULL, NULL,
                                         G_PRIORITY_DEFAULT, firefox->cancellable,
                                         on_connected, peer);
}

static bool start(struct browser_peer *peer, const char *program, GError **error)
{
    struct firefox *firefox = peer->data;
    const char *argv[G_N_ELEMENTS(options) + 2] = { program };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        argv[i + 1] = options[i];
    g_autofree char *profile =
        g_strconcat(preferences, browser_hides_addresses() ? "" : with_addresses, NULL);
    const struct browser_spec spec = {
        .name = "firefox",
        .argv = argv,
        .profile_file = "user.js",
        .profile_text = profile,
    };
    g_setenv("MOZ_CRASHREPORTER_DISABLE", "1", TRUE);
    peer->process = browser_start(&spec, error);
    firefox->rpc = browser_rpc_new();
    firefox->cancellable = g_cancellable_new();
    return peer->process != NULL;
}

static void stop(struct browser_peer *peer)
{
    struct firefox *firefox = peer->data;
    g_cancellable_cancel(firefox->cancellable);
    if (firefox->socket)
        g_signal_handlers_disconnect_by_data(firefox->socket, peer);
}

static const struct browser_driver driver = {
    .stack = "firefox",
    .variable = "RTCLAB_FIREFOX",
    .programs = programs,
    .start = start,
    .call = call,
    .read_line = read_line,
    .ping = ping,
    .oldest_ns = oldest_ns,
    .stop = stop,
};

int main(void)
{
    struct firefox firefox = { .rpc = NULL };
    int status = browser_peer_run(&driver, &firefox);
    g_clear_object(&firefox.socket);
    g_clear_object(&firefox.session);
    g_clear_object(&firefox.cancellable);
    browser_rpc_free(firefox.rpc);
    g_free(firefox.version);
    g_free(firefox.context);
    return status;
}
