/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking stacks. All programs are started at once, in a worker (lab/sandbox.h) whose
 * network has only a loopback interface, with an end of a socket each, and told nothing:
 * a peer says first what it is, or that its stack is not installed. Whatever they do then
 * ends with the worker.
 *
 * The worker reports through a pipe, one JSON object for each stack and line; what a peer
 * said is data there as anywhere.
 */
#include "call/stacks.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/program.h"
#include "call/peer_link.h"
#include "lab/netlink.h"
#include "lab/process.h"
#include "lab/sandbox.h"
#include "peer/contract.h"
#include "peer/line_reader.h"
#include "peer/stack.h"

/* A browser has to start before it can say hello. */
static const int64_t answer_limit_ns = 20 * NS_PER_S;

struct question {
    char *name;
    char *program; /* NULL: there is none */
    struct process *process;
    int fd; /* -1: nothing more will come */
    struct line_reader reader;
    enum stack_presence presence;
    char *detail;
};

struct survey {
    GPtrArray *questions; /* struct question */
    int report;
};

static void status_free(gpointer data)
{
    struct stack_status *status = data;
    g_free(status->name);
    g_free(status->detail);
    g_free(status);
}

static void question_free(gpointer data)
{
    struct question *question = data;
    line_reader_clear(&question->reader);
    g_free(question->name);
    g_free(question->program);
    g_free(question->detail);
    g_free(question);
}

static void add_question(GPtrArray *questions, const char *name)
{
    struct question *question = g_new0(struct question, 1);
    question->name = g_strdup(name);
    question->program = stack_find_program(name);
    question->fd = -1;
    line_reader_init(&question->reader, CONTRACT_LINE_MAX_BYTES);
    const struct stack *stack = stack_find(name);
    if (question->program) {
        question->presence = STACK_SILENT;
    } else {
        question->presence = STACK_MISSING;
        question->detail = stack_describe_missing(stack);
    }
    g_ptr_array_add(questions, question);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The stacks beside this program that are not among the known ones, sorted. */
static void add_others(GPtrArray *questions)
{
    g_autoptr(GDir) folder = g_dir_open(program_folder(), 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *entry;
    while (folder && (entry = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(program_folder(), entry, NULL);
        const char *name = entry + strlen(STACK_PROGRAM_PREFIX);
        if (g_str_has_prefix(entry, STACK_PROGRAM_PREFIX) && !stack_find(name) &&
            g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, by_name);
    for (guint i = 0; i < names->len; i++)
        add_question(questions, names->pdata[i]);
}

/* ---- in the worker ---- */

static void answer(struct question *question, enum stack_presence presence,
                   char *detail_consumed)
{
    question->presence = presence;
    g_free(question->detail);
    question->detail = g_utf8_make_valid(detail_consumed, -1); /* it may quote a path */
    g_free(detail_consumed);
    if (question->fd >= 0)
        close(question->fd);
    question->fd = -1;
}

static void ask(struct question *question)
{
    int ends[2];
    if (!question->program)
        return;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        answer(question, STACK_SILENT, g_strdup("cannot make a socket"));
        return;
    }
    g_auto(GStrv) environment = peer_link_environment();
    const char *const argv[] = { question->program, NULL };
    struct process_spec spec = {
        .argv = argv,
        .log_path = "/dev/null",
        .extra_fd = ends[1],
        .environment = environment,
    };
    g_autoptr(GError) error = NULL;
    question->fd = ends[0];
    question->process = process_start(question->name, &spec, NULL, &error);
    close(ends[1]);
    if (!question->process)
        answer(question, STACK_SILENT, g_strdup(error->message));
}

static char *describe_warning(const json_t *data)
{
    const char *what = json_string_value(json_object_get(data, "what"));
    return g_strdup_printf("it has no hello, but: %s", what ? what : "a warning");
}

/* The first thing that a peer says is all that is wanted of it. */
static void take_line(struct question *question, const char *line, size_t size)
{
    g_auto(contract_message) message = { 0 };
    g_autoptr(GError) error = NULL;
    if (!contract_parse(line, size, CONTRACT_PEER, &message, &error))
        answer(question, STACK_SILENT,
               g_strdup_printf("it breaks its contract: %s", error->message));
    else if (message.type == CONTRACT_HELLO)
        answer(question, STACK_PRESENT,
               g_strdup_printf("%s %s", message.stack, message.version));
    else if (message.type == CONTRACT_UNSUPPORTED)
        answer(question, STACK_MISSING, g_strdup(message.text));
    else if (message.type == CONTRACT_EVENT && message.kind == EVENT_PEER_WARNING)
        answer(question, STACK_SILENT, describe_warning(message.data));
    else
        answer(question, STACK_SILENT, g_strdup("it does not say hello first"));
}

static void read_answer(struct question *question)
{
    const char *line = NULL;
    size_t size = 0;
    enum line_read got = line_reader_read(&question->reader, question->fd);
    switch (line_reader_next(&question->reader, &line, &size)) {
    case LINE_OK:
        take_line(question, line, size);
        return;
    case LINE_OVER_LONG:
    case LINE_NUL:
        answer(question, STACK_SILENT, g_strdup("it breaks its contract"));
        return;
    case LINE_NONE:
        break;
    }
    if (got == LINE_READ_END || got == LINE_READ_ERROR)
        answer(question, STACK_SILENT, g_strdup("it ended without a word"));
}

/* Waits for all answers, at most so long. */
static void await_answers(GPtrArray *questions, int64_t until_ns)
{
    g_autofree struct pollfd *polls = g_new0(struct pollfd, questions->len);
    for (;;) {
        unsigned n_open = 0;
        for (guint i = 0; i < questions->len; i++) {
            const struct question *question = questions->pdata[i];
            polls[i] = (struct pollfd){ .fd = question->fd, .events = POLLIN };
            n_open += question->fd >= 0;
        }
        int64_t left_ns = until_ns - clock_now_ns();
        if (n_open == 0 || left_ns <= 0 || sandbox_must_end())
            return;
        poll(polls, questions->len, (int)(left_ns / NS_PER_MS) + 1);
        for (guint i = 0; i < questions->len; i++) {
            struct question *question = questions->pdata[i];
            if (question->fd >= 0 && polls[i].revents)
                read_answer(question);
        }
    }
}

/* As in a host of a lab: Firefox is spoken to over it. */
static void set_loopback_up(void)
{
    int netlink = netlink_open();
    if (netlink < 0)
        return;
    if (netlink_set_up(netlink, NETLINK_LOOPBACK) != 0)
        g_debug("the loopback interface stays down");
    close(netlink);
}

static int survey(void *data, const GError *problem)
{
    struct survey *survey = data;
    GPtrArray *questions = survey->questions;
    if (problem)
        return 1;
    set_loopback_up();
    for (guint i = 0; i < questions->len; i++)
        ask(questions->pdata[i]);
    await_answers(questions, clock_now_ns() + answer_limit_ns);
    for (guint i = 0; i < questions->len; i++) {
        const struct question *question = questions->pdata[i];
        g_autoptr(json_t) line =
            json_pack("{s:i, s:s?}", "presence", (int)question->presence, "detail",
                      question->detail);
        char *text = json_dumps(line, JSON_COMPACT);
        bool ok = text && file_write_all(survey->report, text, strlen(text)) &&
                  file_write_all(survey->report, "\n", 1);
        free(text);
        if (!ok)
            return 1;
    }
    return 0;
}

/* ---- outside ---- */

static char *read_all(int fd)
{
    GString *text = g_string_new(NULL);
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        g_string_append_len(text, chunk, n);
    return g_string_free(text, FALSE);
}

/* What the worker has found out, a line for each question; empty: it could not be. */
static char *run_survey(GPtrArray *questions)
{
    g_autoptr(GError) error = NULL;
    int report[2];
    if (!sandbox_prepare(&error) || pipe2(report, O_CLOEXEC) != 0)
        return g_strdup("");
    struct survey task = { .questions = questions, .report = report[1] };
    pid_t pid = sandbox_start(survey, &task, &error);
    close(report[1]);
    char *text = pid > 0 ? read_all(report[0]) : g_strdup("");
    close(report[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return text;
}

static struct stack_status *make_status(const struct question *question,
                                        const char *report)
{
    g_autoptr(json_t) line = json_loads(report ? report : "", 0, NULL);
    json_int_t presence = json_integer_value(json_object_get(line, "presence"));
    const char *detail = json_string_value(json_object_get(line, "detail"));
    struct stack_status *status = g_new0(struct stack_status, 1);
    status->name = g_strdup(question->name);
    status->presence = line ? (enum stack_presence)presence : question->presence;
    if (!detail)
        detail = question->detail;
    if (detail)
        status->detail = g_strdup(detail);
    else if (line)
        status->detail =
            g_strdup_printf("%s (it did not say hello in %.0f s)", question->program,
                            (double)answer_limit_ns / NS_PER_S);
    else
        status->detail =
            g_strdup_printf("%s (not asked: it needs namespaces)", question->program);
    return status;
}

/* One status for each question; the questions are consumed. */
static GPtrArray *examine(GPtrArray *questions_consumed)
{
    g_autoptr(GPtrArray) questions = questions_consumed;
    g_autofree char *report = run_survey(questions);
    g_auto(GStrv) lines = g_strsplit(report, "\n", -1);
    guint n_lines = g_strv_length(lines);
    GPtrArray *statuses = g_ptr_array_new_with_free_func(status_free);
    for (guint i = 0; i < questions->len; i++)
        g_ptr_array_add(statuses,
                        make_status(questions->pdata[i], i < n_lines ? lines[i] : NULL));
    return statuses;
}

GPtrArray *stacks_examine(void)
{
    GPtrArray *questions = g_ptr_array_new_with_free_func(question_free);
    for (size_t i = 0; i < stack_count; i++)
        add_question(questions, stack_table[i].name);
    add_others(questions);
    return examine(questions);
}

char *stacks_why_missing(const char *name)
{
    GPtrArray *questions = g_ptr_array_new_with_free_func(question_free);
    add_question(questions, name);
    g_autoptr(GPtrArray) statuses = examine(questions);
    const struct stack_status *status = statuses->pdata[0];
    return status->presence == STACK_MISSING ? g_strdup(status->detail) : NULL;
}
