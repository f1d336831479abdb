/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives a page in headless Chromium, as a person would: opens it, types, presses
 * buttons, reads what it shows.
 *
 *     page_driver FOLDER SCRIPT
 *
 * A line of the script is a command:
 *
 *     open NAME URL         a new tab
 *     type NAME ID TEXT     into the field; its id, or a CSS selector without blanks
 *     press NAME ID         a click on the middle of it; its id, or a CSS selector
 *     point NAME ID         the pointer onto the middle of it
 *     drag NAME DX DY       from there, with the button held
 *     wheel NAME DY         there
 *     key NAME KEY          Tab, Shift+Tab, Enter, Escape, Space, Home, ArrowLeft, x …
 *     await NAME CONDITION  an expression of JavaScript that must become true
 *     check NAME CONDITION  one that must be true now
 *     load NAME FILE        the tab runs a script
 *     size NAME WxH         of its window, in CSS pixels
 *     scheme NAME SCHEME    what the system prefers: light or dark
 *     medium NAME MEDIUM    print or screen
 *     silent NAME PREFIX    nothing in its console, and no request but of URLs that begin
 *                           with PREFIX, since it was opened
 *     picture NAME FILE     a screenshot, a PNG in FOLDER
 *     whole NAME FILE       one of all the page, however long
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

#include "page_watch.h"

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
    struct page_watch watch;
    double x, y; /* the pointer */
    bool is_held;
};

struct driver {
    struct browser_process *process;
    struct devtools_pipe *pipe;
    GPtrArray *tabs; /* struct tab */
    unsigned last_tag;
    json_t *answer; /* to the last request; NULL: none yet */
    bool has_ended;
};

/* An element by what a script calls it, twice. */
#define FIND "(document.getElementById(`%s`) ?? document.querySelector(`%s`))"

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
    if (m->kind != BROWSER_RPC_EVENT || !m->session)
        return;
    for (guint i = 0; i < driver->tabs->len; i++) {
        struct tab *tab = driver->tabs->pdata[i];
        if (strcmp(tab->session, m->session) == 0)
            page_watch_take(&tab->watch, m->method, m->params);
    }
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
    page_watch_clear(&tab->watch);
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

static void set_size(struct driver *driver, const struct tab *tab, int width, int height)
{
    tell(driver, tab, "Emulation.setDeviceMetricsOverride",
         json_pack("{s:i, s:i, s:i, s:b}", "width", width, "height", height,
                   "deviceScaleFactor", 1, "mobile", 0));
}

static void open_tab(struct driver *driver, const char *name, const char *url)
{
    static const char *const watched[] = { "Runtime.enable", "Log.enable",
                                           "Network.enable" };
    struct tab *tab = g_new0(struct tab, 1);
    g_autoptr(json_t) target = ask(driver, NULL, "Target.createTarget",
                                   json_pack("{s:s}", "url", "about:blank"));
    tab->name = g_strdup(name);
    tab->target = g_strdup(text_of(target, "targetId"));
    g_autoptr(json_t) attached =
        ask(driver, NULL, "Target.attachToTarget",
            json_pack("{s:s, s:b}", "targetId", tab->target, "flatten", 1));
    tab->session = g_strdup(text_of(attached, "sessionId"));
    page_watch_init(&tab->watch);
    g_ptr_array_add(driver->tabs, tab);
    set_size(driver, tab, PICTURE_WIDTH, PICTURE_HEIGHT);
    for (size_t i = 0; i < G_N_ELEMENTS(watched); i++)
        tell(driver, tab, watched[i], json_object());
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

static void move(struct driver *driver, struct tab *tab, const char *type, double x,
                 double y)
{
    bool is_held = tab->is_held || strcmp(type, "mouseMoved") != 0;
    tab->x = x, tab->y = y;
    tell(driver, tab, "Input.dispatchMouseEvent",
         json_pack("{s:s, s:f, s:f, s:s, s:i, s:i}", "type", type, "x", x, "y", y,
                   "button", is_held ? "left" : "none", "buttons",
                   is_held && strcmp(type, "mouseReleased") != 0, "clickCount", 1));
}

/* Scrolls to an element and puts the pointer on it. */
static void point(struct driver *driver, struct tab *tab, const char *id)
{
    g_autofree char *enabled = g_strdup_printf(
        "(e => e.disabled === false || !('disabled' in e))(" FIND ")", id, id);
    g_autofree char *place = g_strdup_printf(
        "(() => { const e = " FIND "; "
        "e.scrollIntoView({block: 'nearest'}); const r = e.getBoundingClientRect(); "
        "return [r.x + r.width / 2, r.y + r.height / 2]; })()",
        id, id);
    await(driver, tab, enabled);
    g_autoptr(json_t) at = evaluate(driver, tab, place);
    move(driver, tab, "mouseMoved", json_number_value(json_array_get(at, 0)),
         json_number_value(json_array_get(at, 1)));
}

/* A click where the element is seen: one that is covered or off the page is not hit. */
static void press(struct driver *driver, struct tab *tab, const char *id)
{
    point(driver, tab, id);
    move(driver, tab, "mousePressed", tab->x, tab->y);
    move(driver, tab, "mouseReleased", tab->x, tab->y);
}

static void drag(struct driver *driver, struct tab *tab, const char *way)
{
    enum { STEPS = 8 };
    double dx, dy, x = tab->x, y = tab->y;
    if (sscanf(way, "%lf %lf", &dx, &dy) != 2)
        give_up(driver, "no way to drag: %s", way);
    move(driver, tab, "mousePressed", x, y);
    tab->is_held = true;
    for (int i = 1; i <= STEPS; i++)
        move(driver, tab, "mouseMoved", x + dx * i / STEPS, y + dy * i / STEPS);
    tab->is_held = false;
    move(driver, tab, "mouseReleased", x + dx, y + dy);
}

static void wheel(struct driver *driver, struct tab *tab, const char *distance)
{
    tell(driver, tab, "Input.dispatchMouseEvent",
         json_pack("{s:s, s:f, s:f, s:i, s:f}", "type", "mouseWheel", "x", tab->x, "y",
                   tab->y, "deltaX", 0, "deltaY", g_ascii_strtod(distance, NULL)));
}

static void press_key(struct driver *driver, const struct tab *tab, const char *name)
{
    static const struct {
        const char *name, *key, *text;
        int code;
    } keys[] = {
        { "Tab", "Tab", "", 9 },
        { "Enter", "Enter", "\r", 13 },
        { "Escape", "Escape", "", 27 },
        { "Space", " ", " ", 32 },
        { "End", "End", "", 35 },
        { "Home", "Home", "", 36 },
        { "ArrowLeft", "ArrowLeft", "", 37 },
        { "ArrowUp", "ArrowUp", "", 38 },
        { "ArrowRight", "ArrowRight", "", 39 },
        { "ArrowDown", "ArrowDown", "", 40 },
    };
    bool is_shifted = g_str_has_prefix(name, "Shift+");
    const char *key = name + (is_shifted ? strlen("Shift+") : 0), *text = key;
    int code = g_ascii_toupper(*key);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(key, keys[i].name) != 0)
            continue;
        key = keys[i].key, text = keys[i].text, code = keys[i].code;
        break;
    }
    for (int i = 0; i < 2; i++)
        tell(driver, tab, "Input.dispatchKeyEvent",
             json_pack("{s:s, s:s, s:s, s:i, s:i}", "type", i == 0 ? "keyDown" : "keyUp",
                       "key", key, "text", i == 0 ? text : "", "windowsVirtualKeyCode",
                       code, "modifiers", is_shifted ? 8 : 0));
}

static void type(struct driver *driver, struct tab *tab, const char *id, const char *text)
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

/* As in a window that all of the page fits in. */
static void take_whole_picture(struct driver *driver, const struct tab *tab,
                               const char *name)
{
    g_autoptr(json_t) size = evaluate(
        driver, tab, "[innerWidth, innerHeight, document.documentElement.scrollHeight]");
    int width = (int)json_integer_value(json_array_get(size, 0));
    set_size(driver, tab, width, (int)json_integer_value(json_array_get(size, 2)));
    take_picture(driver, tab, name);
    set_size(driver, tab, width, (int)json_integer_value(json_array_get(size, 1)));
}

/* ---- what a person cannot see ---- */

static void check(struct driver *driver, const struct tab *tab, const char *condition)
{
    g_autoptr(json_t) value = evaluate(driver, tab, condition);
    g_autofree char *text = json_dumps(value, JSON_ENCODE_ANY);
    if (!json_is_true(value))
        give_up(driver, "%s: is %s: %s", tab->name, text ? text : "undefined", condition);
}

static void load(struct driver *driver, const struct tab *tab, const char *path)
{
    g_autofree char *script = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &script, NULL, &error))
        give_up(driver, "%s", error->message);
    json_decref(evaluate(driver, tab, script));
}

static void set_media(struct driver *driver, const struct tab *tab, const char *medium,
                      const char *scheme)
{
    tell(driver, tab, "Emulation.setEmulatedMedia",
         json_pack("{s:s, s:[{s:s, s:s}]}", "media", medium, "features", "name",
                   "prefers-color-scheme", "value", scheme));
}

static void expect_silence(struct driver *driver, const struct tab *tab,
                           const char *prefix)
{
    /* What it has said until now is told before this is answered. */
    json_decref(evaluate(driver, tab, "0"));
    if (tab->watch.messages->len > 0)
        give_up(driver, "%s: its console: %s", tab->name,
                (char *)tab->watch.messages->pdata[0]);
    const char *foreign = page_watch_find_foreign(&tab->watch, prefix);
    if (foreign)
        give_up(driver, "%s: asked for %s", tab->name, foreign);
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
    int width, height;
    if (strcmp(command, "close") == 0) {
        close_tab(driver, tab);
    } else if (strcmp(command, "await") == 0) {
        await(driver, tab, rest);
    } else if (strcmp(command, "check") == 0) {
        check(driver, tab, rest);
    } else if (strcmp(command, "press") == 0) {
        press(driver, tab, rest);
    } else if (strcmp(command, "point") == 0) {
        point(driver, tab, rest);
    } else if (strcmp(command, "drag") == 0) {
        drag(driver, tab, rest);
    } else if (strcmp(command, "wheel") == 0) {
        wheel(driver, tab, rest);
    } else if (strcmp(command, "key") == 0) {
        press_key(driver, tab, rest);
    } else if (strcmp(command, "load") == 0) {
        load(driver, tab, rest);
    } else if (strcmp(command, "size") == 0 &&
               sscanf(rest, "%dx%d", &width, &height) == 2) {
        set_size(driver, tab, width, height);
    } else if (strcmp(command, "scheme") == 0) {
        set_media(driver, tab, "", rest);
    } else if (strcmp(command, "medium") == 0) {
        set_media(driver, tab, rest, "light");
    } else if (strcmp(command, "silent") == 0) {
        expect_silence(driver, tab, rest);
    } else if (strcmp(command, "picture") == 0) {
        take_picture(driver, tab, rest);
    } else if (strcmp(command, "whole") == 0) {
        take_whole_picture(driver, tab, rest);
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
