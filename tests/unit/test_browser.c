/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said to and by a browser (harness/peer/browser_rpc.h, devtools_pipe.h), and the
 * life of its process (browser_process.h), with programs that are no browsers.
 */
#include "suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "peer/browser_process.h"
#include "peer/devtools_pipe.h"

/* ---- requests and answers ---- */

static char *ask(struct browser_rpc *rpc, unsigned tag, int64_t now_ns)
{
    char *text =
        browser_rpc_request(rpc, tag, "Page.enable", NULL, json_object(), now_ns);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return text;
}

/* What a text is taken for: "answer TAG: words", "event METHOD", or the error. */
static char *taken(struct browser_rpc *rpc, const char *text)
{
    size_t size = strlen(text);
    g_autofree char *copy = g_memdup2(text, size); /* exact: ASan sees an overread */
    g_auto(browser_rpc_message) m = { .json = NULL };
    g_autoptr(GError) error = NULL;
    if (!browser_rpc_take(rpc, copy, size, &m, &error)) {
        CU_ASSERT_PTR_NULL(m.json);
        CU_ASSERT_TRUE(g_utf8_validate(error->message, -1, NULL));
        CU_ASSERT_PTR_NULL(strchr(error->message, '\n'));
        return g_strdup(error->message);
    }
    if (m.kind == BROWSER_RPC_EVENT)
        return g_strdup_printf("event %s", m.method);
    return g_strdup_printf("answer %u: %s", m.tag, m.error ? m.error : "done");
}

static void assert_taken(struct browser_rpc *rpc, const char *text, const char *as)
{
    g_autofree char *found = taken(rpc, text);
    if (!g_str_has_prefix(found, as))
        ASSERT_TEXT(found, as);
}

static void test_requests(void)
{
    struct browser_rpc *rpc = browser_rpc_new();
    char *text =
        browser_rpc_request(rpc, 7, "Runtime.evaluate", "S1",
                            json_pack("{s:s}", "expression", "\"</script>\n'"), 5);
    ASSERT_TEXT(text, "{\"id\":1,\"method\":\"Runtime.evaluate\",\"params\":"
                      "{\"expression\":\"\\\"</script>\\n'\"},\"sessionId\":\"S1\"}");
    free(text);
    text = ask(rpc, 8, 6);
    ASSERT_TEXT(text, "{\"id\":2,\"method\":\"Page.enable\",\"params\":{}}");
    free(text);
    CU_ASSERT_EQUAL(browser_rpc_oldest_ns(rpc), 5);
    assert_taken(rpc, "{\"id\":2,\"result\":{}}", "answer 8: done");
    CU_ASSERT_EQUAL(browser_rpc_oldest_ns(rpc), 5);
    assert_taken(rpc,
                 "{\"id\":1,\"error\":{\"code\":-32000,\"message\":\"no such tab\"}}",
                 "answer 7: no such tab");
    CU_ASSERT_EQUAL(browser_rpc_oldest_ns(rpc), CLOCK_NEVER);
    CU_ASSERT_PTR_NULL(browser_rpc_request(rpc, 1, "X", NULL, NULL, 0));
    browser_rpc_free(rpc);
}

static void test_bidi(void)
{
    struct browser_rpc *rpc = browser_rpc_new();
    free(ask(rpc, 1, 0));
    free(ask(rpc, 2, 0));
    assert_taken(rpc,
                 "{\"type\":\"error\",\"id\":1,\"error\":\"no such frame\","
                 "\"message\":\"Browsing context not found\",\"stacktrace\":\"\"}",
                 "answer 1: Browsing context not found");
    assert_taken(rpc, "{\"type\":\"success\",\"id\":2,\"result\":{}}", "answer 2: done");
    assert_taken(rpc, "{\"type\":\"event\",\"method\":\"script.message\",\"params\":{}}",
                 "event script.message");
    browser_rpc_free(rpc);
}

static void test_nonsense(void)
{
    static const char *const no_object[] = {
        "", "null", "[]", "{", "\"\\ud800\"", "\xff", "{\"id\":1}}", "{\"a\\u0000\":1}"
    };
    static const char *const no_answer[] = {
        "{\"id\":2}", "{\"id\":\"1\"}", "{\"id\":1.0}",
        "{\"id\":null,\"error\":\"invalid argument\"}", "{\"id\":99999999999999999}"
    };
    static const char *const no_event[] = { "{}", "{\"method\":5}", "{\"result\":{}}" };
    struct browser_rpc *rpc = browser_rpc_new();
    free(ask(rpc, 1, 0));
    for (size_t i = 0; i < G_N_ELEMENTS(no_object); i++)
        assert_taken(rpc, no_object[i], "the browser said what is no JSON object");
    for (size_t i = 0; i < G_N_ELEMENTS(no_answer); i++)
        assert_taken(rpc, no_answer[i], "the browser said what answers no request");
    for (size_t i = 0; i < G_N_ELEMENTS(no_event); i++)
        assert_taken(rpc, no_event[i], "the browser said neither answer nor event");
    assert_taken(rpc, "{\"id\":1,\"error\":[]}", "answer 1: an error without words");
    assert_taken(rpc, "{\"id\":1}", "the browser said what answers no request");
    g_autofree char *deep = g_strnfill(100000, '[');
    assert_taken(rpc, deep, "the browser said what is no JSON object");
    browser_rpc_free(rpc);
}

/* ---- frames ---- */

static void drain(struct devtools_frames *frames, GString *out)
{
    size_t size;
    const char *text;
    while ((text = devtools_frames_next(frames, &size))) {
        CU_ASSERT_EQUAL(strlen(text), size);
        g_string_append_printf(out, "[%s]", text);
    }
}

static void test_every_split(void)
{
    static const char input[] = "one\0\0three\0fo\nur\0rest";
    const size_t size = sizeof input - 1;
    for (size_t first = 0; first <= size; first++) {
        for (size_t second = first; second <= size; second++) {
            struct devtools_frames frames;
            devtools_frames_init(&frames, 100);
            g_autoptr(GString) out = g_string_new(NULL);
            const size_t cuts[] = { 0, first, second, size };
            for (size_t i = 0; i < 3; i++) {
                devtools_frames_feed(&frames, input + cuts[i], cuts[i + 1] - cuts[i]);
                drain(&frames, out);
            }
            ASSERT_TEXT(out->str, "[one][][three][fo\nur]");
            CU_ASSERT_FALSE(devtools_frames_is_over_long(&frames));
            devtools_frames_clear(&frames);
        }
    }
}

static void test_over_long(void)
{
    struct devtools_frames frames;
    devtools_frames_init(&frames, 4);
    g_autoptr(GString) out = g_string_new(NULL);
    devtools_frames_feed(&frames,
                         "1234\0"
                         "1234",
                         9);
    drain(&frames, out);
    CU_ASSERT_FALSE(devtools_frames_is_over_long(&frames));
    devtools_frames_feed(&frames, "5", 1);
    drain(&frames, out);
    ASSERT_TEXT(out->str, "[1234]");
    CU_ASSERT_TRUE(devtools_frames_is_over_long(&frames));
    devtools_frames_clear(&frames);
}

/* ---- the pipe ---- */

static enum devtools_next next(struct devtools_pipe *pipe, char **ret_words)
{
    g_auto(browser_rpc_message) m = { .json = NULL };
    g_autoptr(GError) error = NULL;
    enum devtools_next found = devtools_pipe_next(pipe, &m, &error);
    if (found == DEVTOOLS_MESSAGE)
        *ret_words = g_strdup(m.kind == BROWSER_RPC_ANSWER ? "answer" : m.method);
    return found;
}

static void test_pipe(void)
{
    int to[2], from[2];
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    CU_ASSERT_EQUAL_FATAL(pipe(to) | pipe(from), 0);
    struct devtools_pipe *devtools = devtools_pipe_new(to[1], from[0]);
    CU_ASSERT_EQUAL(next(devtools, &first), DEVTOOLS_NONE);
    devtools_pipe_request(devtools, 3, NULL, "Browser.getVersion", json_object());
    char request[100] = "";
    CU_ASSERT_TRUE(read(to[0], request, sizeof request) > 0);
    ASSERT_TEXT(request, "{\"id\":1,\"method\":\"Browser.getVersion\",\"params\":{}}");
    static const char said[] = "{\"method\":\"a\"}\0nonsense\0{\"id\":1,\"result\":{}}";
    CU_ASSERT_EQUAL(write(from[1], said, sizeof said), (ssize_t)sizeof said);
    CU_ASSERT_EQUAL(next(devtools, &first), DEVTOOLS_MESSAGE);
    ASSERT_TEXT(first, "a");
    CU_ASSERT_EQUAL(next(devtools, &first), DEVTOOLS_INVALID);
    CU_ASSERT_EQUAL(next(devtools, &second), DEVTOOLS_MESSAGE);
    ASSERT_TEXT(second, "answer");
    CU_ASSERT_EQUAL(next(devtools, &second), DEVTOOLS_NONE);
    /* A browser that is gone: nothing is sent, and reading tells. */
    close(to[0]);
    close(from[1]);
    devtools_pipe_request(devtools, 3, NULL, "Browser.getVersion", json_object());
    CU_ASSERT_EQUAL(next(devtools, &second), DEVTOOLS_END);
    devtools_pipe_free(devtools);
}

/* More than a pipe holds goes out when there is room. */
static void test_full_pipe(void)
{
    int to[2], from[2];
    CU_ASSERT_EQUAL_FATAL(pipe(to) | pipe(from), 0);
    struct devtools_pipe *devtools = devtools_pipe_new(to[1], from[0]);
    const size_t size = 300000;
    g_autofree char *long_text = g_strnfill(size, 'x');
    devtools_pipe_request(devtools, 1, NULL, "m", json_pack("{s:s}", "p", long_text));
    size_t got = 0;
    char chunk[65536], last = 'x';
    for (int round = 0; round < 1000 && last != '\0'; round++) {
        ssize_t n = read(to[0], chunk, sizeof chunk);
        CU_ASSERT_TRUE_FATAL(n > 0);
        got += (size_t)n;
        last = chunk[n - 1];
        g_main_context_iteration(NULL, FALSE);
    }
    CU_ASSERT_TRUE(last == '\0' && got > size);
    devtools_pipe_free(devtools);
    close(to[0]);
    close(from[1]);
}

/* ---- the process ---- */

struct output {
    GString *lines;
    bool has_ended;
};

static void on_line(void *user, const char *line)
{
    struct output *output = user;
    if (line)
        g_string_append_printf(output->lines, "%s;", line);
    else
        output->has_ended = true;
}

static const char *const noise[] = { "some noise", NULL };

static struct browser_process *start_script(const char *script, bool has_pipe)
{
    const char *const argv[] = { "/bin/sh", "-c", script, "sh", "%s", NULL };
    const struct browser_spec spec = { .name = "test",
                                       .argv = argv,
                                       .has_pipe = has_pipe,
                                       .profile_file = "prefs",
                                       .profile_text = "text",
                                       .noise = noise };
    g_autoptr(GError) error = NULL;
    struct browser_process *process = browser_start(&spec, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(process);
    return process;
}

static bool is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void await_output(struct output *output)
{
    while (!output->has_ended)
        g_main_context_iteration(NULL, TRUE);
}

static void test_process_ends_by_itself(void)
{
    struct output output = { g_string_new(NULL), false };
    struct browser_process *process =
        start_script("cat \"$1/prefs\"; echo; [ \"$HOME\" = \"$1\" ] && echo home; "
                     "echo last words >&2; echo some noise; exit 5",
                     false);
    g_autofree char *profile = g_strdup(browser_profile(process));
    browser_watch_output(process, on_line, &output);
    await_output(&output);
    ASSERT_TEXT(output.lines->str, "text;home;last words;");
    g_autofree char *how = browser_describe_end(process);
    ASSERT_TEXT(how, "exited with 5: last words");
    CU_ASSERT_FALSE(is_there(profile));
    browser_end(process);
    g_string_free(output.lines, TRUE);
}

static void test_process_crashes(void)
{
    struct output output = { g_string_new(NULL), false };
    struct browser_process *process = start_script("kill -SEGV $$", false);
    browser_watch_output(process, on_line, &output);
    await_output(&output);
    g_autofree char *how = browser_describe_end(process);
    ASSERT_TEXT(how, "was ended by signal 11 (Segmentation fault): it said nothing");
    browser_end(process);
    g_string_free(output.lines, TRUE);
}

static void test_process_is_not_there(void)
{
    struct output output = { g_string_new(NULL), false };
    const char *const argv[] = { "/no/such/browser", NULL };
    const struct browser_spec spec = { .name = "test", .argv = argv };
    struct browser_process *process = browser_start(&spec, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(process);
    browser_watch_output(process, on_line, &output);
    await_output(&output);
    g_autofree char *how = browser_describe_end(process);
    ASSERT_TEXT(how, "exited with 127: cannot run /no/such/browser: "
                     "No such file or directory");
    browser_end(process);
    g_string_free(output.lines, TRUE);
}

/* It ignores what asks it to end, and so does its child. */
static const char stubborn[] = "trap '' TERM INT HUP; sleep 1000 & "
                               "read x <&3; echo \"$x $!\" >&4; wait";

static pid_t greet(int to, int from)
{
    char answer[40] = "";
    CU_ASSERT_EQUAL(write(to, "pid\n", 4), 4);
    CU_ASSERT_TRUE(read(from, answer, sizeof answer - 1) > 0);
    CU_ASSERT_TRUE_FATAL(g_str_has_prefix(answer, "pid"));
    return (pid_t)atoi(answer + 3);
}

static void assert_gone(pid_t pid)
{
    for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
        g_usleep(10000);
    CU_ASSERT_EQUAL(kill(pid, 0), -1);
}

static void test_process_is_ended(void)
{
    struct browser_process *process = start_script(stubborn, true);
    g_autofree char *profile = g_strdup(browser_profile(process));
    int to = browser_take_writer(process), from = browser_take_reader(process);
    pid_t child = greet(to, from);
    CU_ASSERT_EQUAL(kill(child, 0), 0);
    CU_ASSERT_TRUE(is_there(profile));
    browser_end(process);
    assert_gone(child);
    CU_ASSERT_FALSE(is_there(profile));
    close(to);
    close(from);
}

/* The peer is killed, and cannot clean up. */
static void test_owner_is_killed(void)
{
    int report[2];
    struct {
        pid_t child;
        char profile[200];
    } told = { 0 };
    CU_ASSERT_EQUAL_FATAL(pipe(report), 0);
    pid_t owner = fork();
    if (owner == 0) {
        struct browser_process *process = start_script(stubborn, true);
        told.child = greet(browser_take_writer(process), browser_take_reader(process));
        g_strlcpy(told.profile, browser_profile(process), sizeof told.profile);
        if (write(report[1], &told, sizeof told) != sizeof told)
            _exit(1);
        pause();
    }
    CU_ASSERT_EQUAL(read(report[0], &told, sizeof told), (ssize_t)sizeof told);
    CU_ASSERT_TRUE(is_there(told.profile));
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
    assert_gone(told.child);
    for (int i = 0; i < 500 && is_there(told.profile); i++)
        g_usleep(10000);
    CU_ASSERT_FALSE(is_there(told.profile));
    close(report[0]);
    close(report[1]);
}

static void test_find(void)
{
    static const char *const names[] = { "no-such-browser", "sh", "true", NULL };
    g_unsetenv("RTCLAB_TEST_BROWSER");
    g_autofree char *usual = browser_find("RTCLAB_TEST_BROWSER", names);
    CU_ASSERT_TRUE(usual && g_str_has_suffix(usual, "/sh"));
    g_setenv("RTCLAB_TEST_BROWSER", "/bin/true", TRUE);
    g_autofree char *named = browser_find("RTCLAB_TEST_BROWSER", names);
    ASSERT_TEXT(named, "/bin/true");
    g_setenv("RTCLAB_TEST_BROWSER", "/no/such", TRUE);
    CU_ASSERT_PTR_NULL(browser_find("RTCLAB_TEST_BROWSER", names));
    g_unsetenv("RTCLAB_TEST_BROWSER");
}

static const struct test tests[] = {
    { "an answer comes to its request, with the browser's words", test_requests },
    { "WebDriver BiDi's messages are alike", test_bidi },
    { "nonsense is refused", test_nonsense },
    { "texts end with a NUL, however they come", test_every_split },
    { "a text over the limit is told", test_over_long },
    { "a pipe carries requests, answers and events until it ends", test_pipe },
    { "what a pipe does not take goes out later", test_full_pipe },
    { "a browser is found by a variable, or by its names", test_find },
    { "a browser that exits is told with its last words", test_process_ends_by_itself },
    { "a browser that crashes is told with the signal", test_process_crashes },
    { "a browser that cannot be run is told with why", test_process_is_not_there },
    { "ending a browser leaves no process and no profile", test_process_is_ended },
    { "nor does the sudden end of who started it", test_owner_is_killed },
};

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    return suite_run("browser", tests, G_N_ELEMENTS(tests), argc, argv);
}
