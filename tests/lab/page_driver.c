/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the page of `rtclab signaling` in headless Chromium, as a person would: opens
 * it, types, presses buttons, reads what it shows.
 *
 *     page_driver FOLDER SCRIPT
 *
 * A line of the script is a command:
 *
 *     open NAME URL         a new tab
 *     type NAME ID TEXT     into the field
 *     press NAME ID         a click on the middle of it
 *     await NAME CONDITION  an expression of JavaScript that must become true
 *     picture NAME FILE     a screenshot, a PNG in FOLDER
 *     close NAME            the tab
 *
 * Exit status: 0, all was done; 1, something was not as it must be, the reason on
 * standard error with what the tab shows; 77, there is no Chromium.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib-unix.h>

#include "base/clock.h"
#include "base/file.h"
#include "peer/chromium.h"

enum {
    EXIT_SKIPPED = 77,
    AWAIT_LIMIT_S = 30,
    PICTURE_WIDTH = 1000,
    PICTURE_HEIGHT = 1300
};

struct tab {
    char *name, *target, *session;
};

struct driver {
    struct browser_process *process;
    struct devtools_pipe *pipe;
    GPtrArray *tabs; /* struct tab */
    unsigned last_tag;
    json_t *answer; /* to the last request; NULL: none yet */
    bool has_ended;
};

static const char *folder;

G_GNUC_PRINTF(2, 3)
static void give_up(struct driver *driver, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("page_driver: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    browser_end(driver->process);
    exit(1);
}

/* ---- asking ---- */

static void take(struct driver *driver, const struct browser_rpc_message *m)
{
    if (m->kind == BROWSER_RPC_ANSWER && m->error)
        give_up(driver, "chromium: %s", m->error);
    if (m->kind == BROWSER_RPC_ANSWER && m->tag == driver->last_tag)
        driver->answer = json_incref((json_t *)m->result);
}

static gboolean on_pipe(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct driver *driver = user;
    for (;;) {
        g_auto(browser_rpc_message) m = { .json = NULL };
        g_autoptr(GError) error = NULL;
        switch (devtools_pipe_next(driver->pipe, &m, &error)) {
        case DEVTOOLS_NONE:
            return G_SOURCE_CONTINUE;
        case DEVTOOLS_MESSAGE:
            take(driver, &m);
            break;
        case DEVTOOLS_INVALID:
            give_up(driver, "%s", error->message);
            break;
        case DEVTOOLS_END:
            driver->has_ended = true;
            return G_SOURCE_REMOVE;
        }
    }
}

/* Requests, and waits for the answer; caller owns it. */
static json_t *ask(struct driver *driver, const char *session, const char *method,
                   json_t *params)
{
    driver->answer = NULL;
    devtools_pipe_request(driver->pipe, ++driver->last_tag, session, method, params);
    while (!driver->answer && !driver->has_ended)
        g_main_context_iteration(NULL, TRUE);
    if (!driver->answer)
        give_up(driver, "chromium %s", browser_describe_end(driver->process));
    return driver->answer;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void tell(struct driver *driver, const struct tab *tab, const char *method,
                 json_t *params)
{
    json_decref(ask(driver, tab->session, method, params));
}

/* ---- tabs ---- */

static struct tab *find_tab(struct driver *driver, const char *name)
{
    for (guint i = 0; i < driver->tabs->len; i++) {
        struct tab *tab = driver->tabs->pdata[i];
        if (strcmp(tab->name, name) == 0)
            return tab;
    }
    give_up(driver, "there is no tab %s", name);
    return NULL;
}

static void free_tab(gpointer user)
{
    struct tab *tab = user;
    g_free(tab->name);
    g_free(tab->target);
    g_free(tab->session);
    g_free(tab);
}

/* The value of an expression in a tab; caller owns. */
static json_t *evaluate(struct driver *driver, const struct tab *tab,
                        const char *expression)
{
    g_autoptr(json_t) answer = ask(driver, tab->session, "Runtime.evaluate",
                                   json_pack("{s:s, s:b, s:b}", "expression", expression,
                                             "returnByValue", 1, "awaitPromise", 1));
    const json_t *details = json_object_get(answer, "exceptionDetails");
    if (details)
        give_up(driver, "%s: %s: %s", tab->name, expression,
                text_of(json_object_get(details, "exception"), "description"));
    return json_incref(json_object_get(json_object_get(answer, "result"), "value"));
}

static void open_tab(struct driver *driver, const char *name, const char *url)
{
    struct tab *tab = g_new0(struct tab, 1);
    g_autoptr(json_t) target = ask(driver, NULL, "Target.createTarget",
                                   json_pack("{s:s}", "url", "about:blank"));
    tab->name = g_strdup(name);
    tab->target = g_strdup(text_of(target, "targetId"));
    g_autoptr(json_t) attached =
        ask(driver, NULL, "Target.attachToTarget",
            json_pack("{s:s, s:b}", "targetId", tab->target, "flatten", 1));
    tab->session = g_strdup(text_of(attached, "sessionId"));
    g_ptr_array_add(driver->tabs, tab);
    tell(driver, tab, "Emulation.setDeviceMetricsOverride",
         json_pack("{s:i, s:i, s:i, s:b}", "width", PICTURE_WIDTH, "height",
                   PICTURE_HEIGHT, "deviceScaleFactor", 1, "mobile", 0));
    /* As if somebody looked at each: a hidden tab draws nothing. */
    tell(driver, tab, "Emulation.setFocusEmulationEnabled",
         json_pack("{s:b}", "enabled", 1));
    tell(driver, tab, "Page.navigate", json_pack("{s:s}", "url", url));
}

static void close_tab(struct driver *driver, struct tab *tab)
{
    json_decref(ask(driver, NULL, "Target.closeTarget",
                    json_pack("{s:s}", "targetId", tab->target)));
    g_ptr_array_remove(driver->tabs, tab);
}

/* ---- what a person does ---- */

static void await(struct driver *driver, const struct tab *tab, const char *condition)
{
    int64_t limit_ns = clock_now_ns() + AWAIT_LIMIT_S * NS_PER_S;
    /* While a page loads there is none of it to ask. */
    g_autofree char *safe = g_strdup_printf(
        "(() => { try { return Boolean(%s); } catch { return false; } })()", condition);
    for (;;) {
        g_autoptr(json_t) value = evaluate(driver, tab, safe);
        if (json_is_true(value))
            return;
        if (clock_now_ns() > limit_ns)
            break;
        g_usleep(50 * 1000);
    }
    g_autoptr(json_t) shown = evaluate(driver, tab, "document.body.innerText");
    give_up(driver, "%s: not in %d s: %s\nIt shows:\n%s", tab->name, AWAIT_LIMIT_S,
            condition, json_is_string(shown) ? json_string_value(shown) : "nothing");
}

static void click(struct driver *driver, const struct tab *tab, double x, double y)
{
    static const char *const types[] = { "mousePressed", "mouseReleased" };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        tell(driver, tab, "Input.dispatchMouseEvent",
             json_pack("{s:s, s:f, s:f, s:s, s:i}", "type", types[i], "x", x, "y", y,
                       "button", "left", "clickCount", 1));
}

/* A click where the element is seen: one that is covered or off the page is not hit. */
static void press(struct driver *driver, const struct tab *tab, const char *id)
{
    g_autofree char *enabled =
        g_strdup_printf("document.getElementById('%s').disabled === false || "
                        "!('disabled' in document.getElementById('%s'))",
                        id, id);
    g_autofree char *place = g_strdup_printf(
        "(() => { const e = document.getElementById('%s'); "
        "e.scrollIntoView({block: 'nearest'}); const r = e.getBoundingClientRect(); "
        "return [r.x + r.width / 2, r.y + r.height / 2]; })()",
        id);
    await(driver, tab, enabled);
    g_autoptr(json_t) at = evaluate(driver, tab, place);
    click(driver, tab, json_number_value(json_array_get(at, 0)),
          json_number_value(json_array_get(at, 1)));
}

static void type(struct driver *driver, const struct tab *tab, const char *id,
                 const char *text)
{
    press(driver, tab, id);
    tell(driver, tab, "Input.insertText", json_pack("{s:s}", "text", text));
}

static void take_picture(struct driver *driver, const struct tab *tab, const char *name)
{
    g_autoptr(json_t) answer = ask(driver, tab->session, "Page.captureScreenshot",
                                   json_pack("{s:s}", "format", "png"));
    gsize size = 0;
    g_autofree guchar *bytes = g_base64_decode(text_of(answer, "data"), &size);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    if (size == 0 || !file_replace(path, bytes, size, &error))
        give_up(driver, "no picture: %s", error ? error->message : "it is empty");
}

/* ---- the script ---- */

static void obey(struct driver *driver, char **words)
{
    const char *command = words[0], *name = words[1], *rest = words[2];
    if (strcmp(command, "open") == 0) {
        open_tab(driver, name, rest);
        return;
    }
    struct tab *tab = find_tab(driver, name);
    if (strcmp(command, "close") == 0) {
        close_tab(driver, tab);
    } else if (strcmp(command, "await") == 0) {
        await(driver, tab, rest);
    } else if (strcmp(command, "press") == 0) {
        press(driver, tab, rest);
    } else if (strcmp(command, "picture") == 0) {
        take_picture(driver, tab, rest);
    } else if (strcmp(command, "type") == 0) {
        g_auto(GStrv) parts = g_strsplit(rest, " ", 2);
        type(driver, tab, parts[0], parts[1]);
    } else {
        give_up(driver, "no such command: %s", command);
    }
}

static void run(struct driver *driver, const char *script)
{
    g_auto(GStrv) lines = g_strsplit(script, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (!**line || **line == '#')
            continue;
        g_auto(GStrv) words = g_strsplit(*line, " ", 3);
        bool is_close = strcmp(words[0], "close") == 0;
        if (g_strv_length(words) != (is_close ? 2 : 3))
            give_up(driver, "cannot be read: %s", *line);
        printf("%s\n", *line);
        fflush(stdout);
        obey(driver, words);
    }
}

int main(int argc, char **argv)
{
    struct driver driver = { .tabs = g_ptr_array_new_with_free_func(free_tab) };
    g_autofree char *program = browser_find(CHROMIUM_VARIABLE, chromium_programs);
    g_autofree char *script = NULL;
    g_autoptr(GError) error = NULL;
    if (argc != 3 || !g_file_get_contents(argv[2], &script, NULL, &error)) {
        fprintf(stderr, "usage: page_driver FOLDER SCRIPT%s%s\n", error ? ": " : "",
                error ? error->message : "");
        return 2;
    }
    folder = argv[1];
    if (!program)
        return EXIT_SKIPPED;
    signal(SIGPIPE, SIG_IGN);
    driver.process = chromium_start(program, &driver.pipe, &error);
    if (!driver.process) {
        fprintf(stderr, "page_driver: %s\n", error->message);
        return 1;
    }
    browser_watch_output(driver.process, NULL, NULL);
    g_unix_fd_add(devtools_pipe_fd(driver.pipe), G_IO_IN | G_IO_HUP | G_IO_ERR, on_pipe,
                  &driver);
    json_decref(
        ask(&driver, NULL, "Browser.grantPermissions",
            json_pack("{s:[s, s]}", "permissions", "audioCapture", "videoCapture")));
    run(&driver, script);
    browser_end(driver.process);
    devtools_pipe_free(driver.pipe);
    g_ptr_array_unref(driver.tabs);
    return 0;
}
