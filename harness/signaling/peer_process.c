/* SPDX-License-Identifier: Apache-2.0 */
#include "signaling/peer_process.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>

#include "peer/contract_peer.h"
#include "peer/line_reader.h"

#define PEER_FD_NUMBER 3

enum { LINE_MAX_BYTES = 4096, END_LIMIT_S = 3 };

struct peer_process {
    GSubprocess *process;
    struct line_reader lines;
    int output;   /* of `process` */
    guint reader; /* source; 0: its output has ended */
    guint limit;  /* source; 0: it has not been told to end */
    bool has_exited, is_ended;
    void (*log)(const char *line);
};

static void peer_process_free(struct peer_process *p)
{
    if (p->reader)
        g_source_remove(p->reader);
    if (p->limit)
        g_source_remove(p->limit);
    line_reader_clear(&p->lines);
    g_object_unref(p->process);
    g_free(p);
}

static void take_line(void *user, const char *line)
{
    const struct peer_process *p = user;
    p->log(line);
}

/* @return false: there will be no more */
static bool read_output(struct peer_process *p)
{
    return line_reader_drain(&p->lines, p->output, take_line, p);
}

static gboolean on_output(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct peer_process *p = user;
    if (read_output(p))
        return G_SOURCE_CONTINUE;
    p->reader = 0;
    return G_SOURCE_REMOVE;
}

static void on_exited(GObject *process, GAsyncResult *result, gpointer user)
{
    struct peer_process *p = user;
    g_subprocess_wait_finish(G_SUBPROCESS(process), result, NULL);
    p->has_exited = true;
    if (p->reader)
        read_output(p);
    if (p->is_ended)
        peer_process_free(p);
}

static gboolean on_limit(gpointer user)
{
    struct peer_process *p = user;
    p->limit = 0;
    p->log("the peer does not end, and is killed");
    g_subprocess_force_exit(p->process);
    return G_SOURCE_REMOVE;
}

static void die_with_parent(gpointer user)
{
    (void)user;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *spawn(const char *program, int contract_fd, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_subprocess_launcher_take_fd(launcher, contract_fd, PEER_FD_NUMBER);
    g_subprocess_launcher_setenv(launcher, CONTRACT_FD_VARIABLE,
                                 G_STRINGIFY(PEER_FD_NUMBER), TRUE);
    g_subprocess_launcher_set_child_setup(launcher, die_with_parent, NULL, NULL);
    return g_subprocess_launcher_spawn(launcher, error, program, NULL);
}

struct peer_process *peer_process_start(const char *program, int contract_fd,
                                        void (*log)(const char *line), GError **error)
{
    GSubprocess *process = spawn(program, contract_fd, error);
    if (!process)
        return NULL;
    struct peer_process *p = g_new0(struct peer_process, 1);
    p->process = process;
    p->log = log;
    p->output = g_unix_input_stream_get_fd(
        G_UNIX_INPUT_STREAM(g_subprocess_get_stdout_pipe(process)));
    line_reader_init(&p->lines, LINE_MAX_BYTES);
    p->reader = g_unix_fd_add(p->output, G_IO_IN | G_IO_HUP | G_IO_ERR, on_output, p);
    g_subprocess_wait_async(process, NULL, on_exited, p);
    return p;
}

void peer_process_end(struct peer_process *p)
{
    p->is_ended = true;
    if (p->has_exited)
        peer_process_free(p);
    else
        p->limit = g_timeout_add_seconds(END_LIMIT_S, on_limit, p);
}
