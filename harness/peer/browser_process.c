/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper is a fork that never executes anything, so that no other program has to be
 * found; it does what is safe after a fork of a process with one thread.
 *
 * The browser's output is read by the peer, which passes it on to the log and remembers
 * the last lines: they are what is known when the browser is gone.
 */
#include "peer/browser_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/error.h"
#include "base/file.h"
#include "peer/line_reader.h"

enum {
    PIPE_IN_FD = 3, /* as --remote-debugging-pipe has it */
    PIPE_OUT_FD = 4,
    LINE_MAX_BYTES = 4096,
    END_LIMIT_MS = 3000,
};

struct browser_process {
    pid_t keeper;
    int lifeline;       /* closed: the keeper ends all */
    int writer, reader; /* of its pipe; -1: taken over, or none */
    int output;
    char *profile;
    struct line_reader lines;
    guint watch;
    char *last_words; /* the last line of its output that tells something */
    const char *const *noise;
    void (*on_line)(void *user, const char *line);
    void *user;
    int status; /* of the browser, once keeper is 0 */
};

/* ---- finding it ---- */

bool browser_hides_addresses(void)
{
    return g_strcmp0(g_getenv(BROWSER_MDNS_VARIABLE), "1") == 0;
}

char *browser_find(const char *variable, const char *const *names)
{
    const char *wanted = g_getenv(variable);
    if (wanted && *wanted)
        return g_find_program_in_path(wanted);
    for (; *names; names++) {
        char *path = g_find_program_in_path(*names);
        if (path)
            return path;
    }
    return NULL;
}

/* ---- in the keeper, and in the browser before it is one ---- */

/* What the keeper and the browser have; the last three are the browser's. -1: none. */
struct ends {
    int lifeline, output, in, out;
};

static void move_fd(int from, int to)
{
    if (from == to)
        fcntl(from, F_SETFD, 0);
    else
        dup2(from, to);
}

/* The descriptors of `ends` are above PIPE_OUT_FD. */
static void become_browser(char **argv, char **environment, const struct ends *ends)
{
    static const int changed[] = { SIGPIPE, SIGTERM, SIGINT, SIGHUP };
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < G_N_ELEMENTS(changed); i++)
        signal(changed[i], SIG_DFL);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    dup2(ends->output, 1);
    dup2(ends->output, 2);
    if (ends->in >= 0) {
        move_fd(ends->in, PIPE_IN_FD);
        move_fd(ends->out, PIPE_OUT_FD);
    }
    close_range(ends->in >= 0 ? PIPE_OUT_FD + 1 : PIPE_IN_FD, ~0u, 0);
    execve(argv[0], argv, environment);
    dprintf(2, "cannot run %s: %s\n", argv[0], g_strerror(errno));
    _exit(127);
}

/* All but the standard ones and those of `ends`. */
static void close_others(const struct ends *ends)
{
    const int kept[] = { ends->lifeline, ends->output, ends->in, ends->out };
    unsigned last = PIPE_IN_FD - 1;
    for (;;) {
        unsigned next = ~0u;
        for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
            if (kept[i] > (int)last && (unsigned)kept[i] < next)
                next = (unsigned)kept[i];
        if (next > last + 1)
            close_range(last + 1, next == ~0u ? next : next - 1, 0);
        if (next == ~0u)
            return;
        last = next;
    }
}

/* Waits for the end of the peer, or of the browser. @return a status as of waitpid() */
static int await_end(pid_t browser, int lifeline)
{
    int status = 0;
    struct pollfd polls[] = { { .fd = lifeline, .events = POLLIN },
                              { .fd = pidfd_open(browser, 0), .events = POLLIN } };
    while (poll(polls, G_N_ELEMENTS(polls), -1) < 0 && errno == EINTR)
        ;
    /* Its children that are left in the group, too. The group is made here as well: the
       browser may not have come to it yet. */
    setpgid(browser, browser);
    kill(-browser, SIGKILL);
    kill(browser, SIGKILL);
    waitpid(browser, &status, 0);
    return status;
}

static void be_keeper(char **argv, char **environment, const char *profile,
                      const struct ends *ends)
{
    static const int ignored[] = { SIGPIPE, SIGTERM, SIGINT, SIGHUP };
    prctl(PR_SET_NAME, "browser-keeper");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(ignored); i++)
        signal(ignored[i], SIG_IGN);
    close_others(ends);
    pid_t browser = fork();
    if (browser == 0)
        become_browser(argv, environment, ends);
    close_range(PIPE_IN_FD, (unsigned)ends->lifeline - 1, 0);
    close_range((unsigned)ends->lifeline + 1, ~0u, 0);
    int status = browser < 0 ? 0x7f00 : await_end(browser, ends->lifeline);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    file_remove_tree(profile);
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- starting it ---- */

/* A pipe whose descriptors are above those that a browser is given. */
static bool make_pipe(int *ret_read, int *ret_write)
{
    int low[2];
    if (pipe2(low, O_CLOEXEC) != 0)
        return false;
    *ret_read = fcntl(low[0], F_DUPFD_CLOEXEC, PIPE_OUT_FD + 1);
    *ret_write = fcntl(low[1], F_DUPFD_CLOEXEC, PIPE_OUT_FD + 1);
    close(low[0]);
    close(low[1]);
    return *ret_read >= 0 && *ret_write >= 0;
}

static bool make_pipes(const struct browser_spec *spec, struct browser_process *made,
                       struct ends *ends)
{
    return make_pipe(&ends->lifeline, &made->lifeline) &&
           make_pipe(&made->output, &ends->output) &&
           (!spec->has_pipe || (make_pipe(&ends->in, &made->writer) &&
                                make_pipe(&made->reader, &ends->out)));
}

static void close_each(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* Its home is its profile; a session's display and bus are the user's. */
static char **make_environment(const char *profile)
{
    static const char *const left_out[] = { "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
                                            "XDG_DATA_HOME",   "XDG_RUNTIME_DIR",
                                            "DISPLAY",         "WAYLAND_DISPLAY" };
    char **environment = g_get_environ();
    for (size_t i = 0; i < G_N_ELEMENTS(left_out); i++)
        environment = g_environ_unsetenv(environment, left_out[i]);
    environment = g_environ_setenv(environment, "HOME", profile, TRUE);
    environment = g_environ_setenv(environment, "TMPDIR", profile, TRUE);
    return g_environ_setenv(environment, "DBUS_SESSION_BUS_ADDRESS",
                            "unix:path=/nonexistent", TRUE);
}

static char **fill_in(const char *const *argv, const char *profile)
{
    GPtrArray *filled = g_ptr_array_new();
    for (; *argv; argv++) {
        const char *place = strstr(*argv, "%s");
        g_ptr_array_add(filled, place ? g_strdup_printf("%.*s%s%s", (int)(place - *argv),
                                                        *argv, profile, place + 2)
                                      : g_strdup(*argv));
    }
    g_ptr_array_add(filled, NULL);
    return (char **)g_ptr_array_free(filled, FALSE);
}

static char *make_profile(const struct browser_spec *spec, GError **error)
{
    g_autofree char *name = g_strdup_printf("rtclab-%s-XXXXXX", spec->name);
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), name, NULL);
    if (!g_mkdtemp(path)) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot make a profile in %s", g_get_tmp_dir());
        return NULL;
    }
    if (!spec->profile_file)
        return g_steal_pointer(&path);
    g_autofree char *file = g_build_filename(path, spec->profile_file, NULL);
    if (file_replace(file, spec->profile_text, strlen(spec->profile_text), error))
        return g_steal_pointer(&path);
    file_remove_tree(path);
    return NULL;
}

struct browser_process *browser_start(const struct browser_spec *spec, GError **error)
{
    struct ends ends = { -1, -1, -1, -1 };
    struct browser_process made = {
        .lifeline = -1, .writer = -1, .reader = -1, .output = -1, .noise = spec->noise
    };
    g_autofree char *profile = make_profile(spec, error);
    if (!profile)
        return NULL;
    g_auto(GStrv) argv = fill_in(spec->argv, profile);
    g_auto(GStrv) environment = make_environment(profile);
    bool ok = make_pipes(spec, &made, &ends);
    made.keeper = ok ? fork() : -1;
    if (made.keeper == 0)
        be_keeper(argv, environment, profile, &ends);
    int problem = errno;
    close_each((const int[]){ ends.lifeline, ends.output, ends.in, ends.out }, 4);
    line_reader_init(&made.lines, LINE_MAX_BYTES);
    if (made.keeper > 0) {
        made.profile = g_steal_pointer(&profile);
        return g_memdup2(&made, sizeof made);
    }
    close_each((const int[]){ made.lifeline, made.output, made.writer, made.reader }, 4);
    file_remove_tree(profile);
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, problem, "cannot start %s",
                        spec->argv[0]);
    return NULL;
}

int browser_take_writer(struct browser_process *process)
{
    int fd = process->writer;
    process->writer = -1;
    return fd;
}

int browser_take_reader(struct browser_process *process)
{
    int fd = process->reader;
    process->reader = -1;
    return fd;
}

const char *browser_profile(const struct browser_process *process)
{
    return process->profile;
}

/* ---- what it says ---- */

static bool is_noise(const struct browser_process *process, const char *line)
{
    for (const char *const *text = process->noise; text && *text; text++)
        if (strstr(line, *text))
            return true;
    return false;
}

static void take_line(void *user, const char *line)
{
    struct browser_process *process = user;
    if (is_noise(process, line))
        return;
    fprintf(stderr, "%s\n", line);
    if (*line) {
        g_free(process->last_words);
        process->last_words = g_utf8_make_valid(line, -1);
    }
    if (process->on_line)
        process->on_line(process->user, line);
}

/* False: there will be no more. */
static bool read_output(struct browser_process *process)
{
    return line_reader_drain(&process->lines, process->output, take_line, process);
}

static gboolean on_output(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct browser_process *process = user;
    if (read_output(process))
        return G_SOURCE_CONTINUE;
    process->watch = 0;
    if (process->on_line)
        process->on_line(process->user, NULL);
    return G_SOURCE_REMOVE;
}

void browser_watch_output(struct browser_process *process,
                          void (*on_line)(void *user, const char *line), void *user)
{
    process->on_line = on_line;
    process->user = user;
    process->watch =
        g_unix_fd_add(process->output, G_IO_IN | G_IO_HUP | G_IO_ERR, on_output, process);
}

/* ---- its end ---- */

/* With the lifeline closed the keeper ends soon, unless a process of the browser cannot
   be ended. */
static void await_keeper(struct browser_process *process)
{
    if (process->keeper == 0)
        return;
    if (process->lifeline >= 0)
        close(process->lifeline);
    process->lifeline = -1;
    struct pollfd end = { .fd = pidfd_open(process->keeper, 0), .events = POLLIN };
    if (end.fd >= 0 && poll(&end, 1, END_LIMIT_MS) == 0)
        kill(process->keeper, SIGKILL);
    waitpid(process->keeper, &process->status, 0);
    close(end.fd);
    process->keeper = 0;
}

char *browser_describe_end(struct browser_process *process)
{
    await_keeper(process);
    if (process->watch)
        read_output(process);
    int code = WIFEXITED(process->status) ? WEXITSTATUS(process->status)
                                          : 128 + WTERMSIG(process->status);
    const char *words = process->last_words ? process->last_words : "it said nothing";
    if (code > 128)
        return g_strdup_printf("was ended by signal %d (%s): %s", code - 128,
                               strsignal(code - 128), words);
    return g_strdup_printf("exited with %d: %s", code, words);
}

void browser_end(struct browser_process *process)
{
    if (!process)
        return;
    await_keeper(process);
    if (process->watch)
        g_source_remove(process->watch);
    read_output(process);
    line_reader_clear(&process->lines);
    close_each((const int[]){ process->writer, process->reader, process->output }, 3);
    g_free(process->profile);
    g_free(process->last_words);
    g_free(process);
}
