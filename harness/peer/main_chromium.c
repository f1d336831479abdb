/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab-peer-chromium: headless Chromium as a peer of rtclab (harness/peer/README.md),
 * over the DevTools protocol.
 *
 * The page is never fetched: each request of the tab is answered here (Fetch domain), in
 * the browser's own process, before there would be a connection.
 *
 * Times: on Linux performance.now() counts CLOCK_MONOTONIC from the page's beginning,
 * which DevTools tells in that clock (NavigationStart of Performance.getMetrics).
 */
#include "peer/main_browser.h"

#include <stdio.h>
#include <string.h>

#include <glib-unix.h>

#include "base/clock.h"
#include "base/clock_note.h"
#include "base/error.h"
#include "peer/chromium.h"

CLOCK_NOTE("is a browser, whose processes keep real time");

/* What a request was for, as far as its answer is looked at. */
enum step {
    STEP_OTHER, /* it must only succeed */
    STEP_PING,
    STEP_VERSION,
    STEP_CREATE,
    STEP_ATTACH,
    STEP_METRICS,
    STEP_CALL,
};

struct chromium {
    struct devtools_pipe *pipe;
    guint source;
    char *version;
    char *session;      /* of the tab; NULL until attached */
    json_int_t context; /* of the page's scripts; 0 until it has loaded */
};

/* ---- requests ---- */

static void request(struct browser_peer *peer, enum step step, const char *method,
                    json_t *params)
{
    struct chromium *chromium = peer->data;
    devtools_pipe_request(chromium->pipe, step, chromium->session, method, params);
}

static void call(struct browser_peer *peer, const char *function, const char *text)
{
    const struct chromium *chromium = peer->data;
    g_autofree char *code = g_strdup_printf("function (text) { %s(text); }", function);
    request(peer, STEP_CALL, "Runtime.callFunctionOn",
            json_pack("{s:s, s:[{s:s}], s:I}", "functionDeclaration", code, "arguments",
                      "value", text, "executionContextId", chromium->context));
}

static void ping(struct browser_peer *peer)
{
    request(peer, STEP_PING, "Runtime.evaluate", json_pack("{s:s}", "expression", "0"));
}

static int64_t oldest_ns(struct browser_peer *peer)
{
    const struct chromium *chromium = peer->data;
    return devtools_pipe_oldest_ns(chromium->pipe);
}

/* ---- answers ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void open_page(struct browser_peer *peer)
{
    request(peer, STEP_OTHER, "Inspector.enable", json_object());
    request(peer, STEP_OTHER, "Runtime.enable", json_object());
    request(peer, STEP_OTHER, "Performance.enable", json_object());
    request(peer, STEP_OTHER, "Runtime.addBinding",
            json_pack("{s:s}", "name", BROWSER_PAGE_SEND));
    request(peer, STEP_OTHER, "Fetch.enable",
            json_pack("{s:[{s:s}]}", "patterns", "urlPattern", "*"));
    request(peer, STEP_OTHER, "Page.navigate",
            json_pack("{s:s}", "url", BROWSER_PAGE_URL));
}

/* Time in seconds since CLOCK_MONOTONIC's 0, of which a page shows the difference. */
static void take_metrics(struct browser_peer *peer, const json_t *result)
{
    struct chromium *chromium = peer->data;
    const json_t *metric;
    size_t i;
    json_array_foreach(json_object_get(result, "metrics"), i, metric)
    {
        if (strcmp(text_of(metric, "name"), "NavigationStart") != 0)
            continue;
        double start_s = json_number_value(json_object_get(metric, "value"));
        browser_peer_is_loaded(peer, chromium->version,
                               (int64_t)(start_s * (double)NS_PER_S));
        return;
    }
    browser_peer_fail(peer, "chromium does not tell when its page began");
}

static void take_exception(struct browser_peer *peer, const json_t *result)
{
    const json_t *details = json_object_get(result, "exceptionDetails");
    if (!details)
        return;
    const char *words = text_of(json_object_get(details, "exception"), "description");
    contract_peer_warn(peer->contract, "the page: %s",
                       *words ? words : text_of(details, "text"));
}

static void take_answer(struct browser_peer *peer, const struct browser_rpc_message *m)
{
    struct chromium *chromium = peer->data;
    if (m->error) {
        browser_peer_fail(peer, "chromium refuses step %u: %s", m->tag, m->error);
        return;
    }
    switch ((enum step)m->tag) {
    case STEP_OTHER:
    case STEP_PING:
        break;
    case STEP_VERSION:
        chromium->version = g_strdup(text_of(m->result, "product"));
        break;
    case STEP_CREATE:
        request(peer, STEP_ATTACH, "Target.attachToTarget",
                json_pack("{s:s, s:b}", "targetId", text_of(m->result, "targetId"),
                          "flatten", 1));
        break;
    case STEP_ATTACH:
        chromium->session = g_strdup(text_of(m->result, "sessionId"));
        open_page(peer);
        break;
    case STEP_METRICS:
        take_metrics(peer, m->result);
        break;
    case STEP_CALL:
        take_exception(peer, m->result);
        break;
    }
}

/* ---- events ---- */

static void serve(struct browser_peer *peer, const json_t *params)
{
    const char *id = text_of(params, "requestId");
    const char *url = text_of(json_object_get(params, "request"), "url");
    const char *type = NULL;
    const char *text = browser_page_file(url, &type);
    if (!text) {
        request(peer, STEP_OTHER, "Fetch.failRequest",
                json_pack("{s:s, s:s}", "requestId", id, "errorReason", "AccessDenied"));
        return;
    }
    g_autofree char *body = g_base64_encode((const guchar *)text, strlen(text));
    request(peer, STEP_OTHER, "Fetch.fulfillRequest",
            json_pack("{s:s, s:i, s:[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}], s:s}",
                      "requestId", id, "responseCode", 200, "responseHeaders", "name",
                      "Content-Type", "value", type, "name", "Cross-Origin-Opener-Policy",
                      "value", "same-origin", "name", "Cross-Origin-Embedder-Policy",
                      "value", "require-corp", "body", body));
}

static void take_binding(struct browser_peer *peer, const json_t *params)
{
    struct chromium *chromium = peer->data;
    const char *text = text_of(params, "payload");
    if (peer->is_ready) {
        browser_peer_take(peer, text);
    } else if (chromium->context == 0) { /* the page's first word: it has loaded */
        chromium->context =
            json_integer_value(json_object_get(params, "executionContextId"));
        request(peer, STEP_METRICS, "Performance.getMetrics", json_object());
    }
}

/* The page's console is the log's. */
static void print_console(const json_t *params)
{
    const json_t *argument;
    size_t i;
    fprintf(stderr, "console.%s:", text_of(params, "type"));
    json_array_foreach(json_object_get(params, "args"), i, argument)
    {
        char *value = json_dumps(json_object_get(argument, "value"), JSON_ENCODE_ANY);
        fprintf(stderr, " %s", value ? value : text_of(argument, "description"));
        free(value);
    }
    fputc('\n', stderr);
}

static void take_event(struct browser_peer *peer, const struct browser_rpc_message *m)
{
    if (strcmp(m->method, "Runtime.bindingCalled") == 0)
        take_binding(peer, m->params);
    else if (strcmp(m->method, "Fetch.requestPaused") == 0)
        serve(peer, m->params);
    else if (strcmp(m->method, "Runtime.exceptionThrown") == 0)
        take_exception(peer, m->params);
    else if (strcmp(m->method, "Runtime.consoleAPICalled") == 0)
        print_console(m->params);
    else if (strcmp(m->method, "Inspector.targetCrashed") == 0)
        browser_peer_fail(peer, "chromium's renderer crashed");
    else if (strcmp(m->method, "Target.detachedFromTarget") == 0)
        browser_peer_fail(peer, "chromium closed its tab");
}

static gboolean on_pipe(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct browser_peer *peer = user;
    struct chromium *chromium = peer->data;
    while (!peer->is_over) {
        g_auto(browser_rpc_message) m = { .json = NULL };
        g_autoptr(GError) error = NULL;
        switch (devtools_pipe_next(chromium->pipe, &m, &error)) {
        case DEVTOOLS_NONE:
            return G_SOURCE_CONTINUE;
        case DEVTOOLS_MESSAGE:
            if (m.kind == BROWSER_RPC_ANSWER)
                take_answer(peer, &m);
            else
                take_event(peer, &m);
            break;
        case DEVTOOLS_INVALID:
            contract_peer_warn(peer->contract, "%s", error->message);
            break;
        case DEVTOOLS_END: /* the end of its output follows, and says more */
            chromium->source = 0;
            return G_SOURCE_REMOVE;
        }
    }
    chromium->source = 0;
    return G_SOURCE_REMOVE;
}

/* ---- life ---- */

static bool start(struct browser_peer *peer, const char *program, GError **error)
{
    struct chromium *chromium = peer->data;
    peer->process = chromium_start(program, &chromium->pipe, error);
    if (!peer->process)
        return false;
    chromium->source = g_unix_fd_add(devtools_pipe_fd(chromium->pipe),
                                     G_IO_IN | G_IO_HUP | G_IO_ERR, on_pipe, peer);
    request(peer, STEP_VERSION, "Browser.getVersion", json_object());
    if (!browser_hides_addresses()) /* who may use the camera sees addresses */
        request(peer, STEP_OTHER, "Browser.grantPermissions",
                json_pack("{s:[s, s]}", "permissions", "audioCapture", "videoCapture"));
    request(peer, STEP_CREATE, "Target.createTarget",
            json_pack("{s:s}", "url", "about:blank"));
    return true;
}

static void stop(struct browser_peer *peer)
{
    struct chromium *chromium = peer->data;
    if (chromium->source)
        g_source_remove(chromium->source);
    chromium->source = 0;
}

static const struct browser_driver driver = {
    .stack = "chromium",
    .variable = CHROMIUM_VARIABLE,
    .programs = chromium_programs,
    .start = start,
    .call = call,
    .ping = ping,
    .oldest_ns = oldest_ns,
    .stop = stop,
};

int main(void)
{
    struct chromium chromium = { .pipe = NULL };
    int status = browser_peer_run(&driver, &chromium);
    devtools_pipe_free(chromium.pipe);
    g_free(chromium.version);
    g_free(chromium.session);
    return status;
}
