/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rtclab exec`: a user's program inside an emulated network.
 *
 * The program keeps the terminal, its input and its signals; this process and the worker
 * only wait. What else the lab does (the capture, the servers) goes on beside it.
 *
 * The worker tells how it went through a pipe: a message if the network could not be set
 * up, nothing if the program ran; the program's status is the worker's.
 */
#include "call/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "call/capture.h"
#include "call/servers.h"
#include "lab/lab.h"
#include "lab/sandbox.h"

enum { STATUS_CANNOT_RUN = 126, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128 };

/* How long a command may go on after SIGTERM (an interactive shell ignores it); less than
   a worker has, so that the capture is closed. */
static const int64_t end_limit_ns = 2 * NS_PER_S;

struct task {
    const struct scenario *scenario;
    const struct exec_options *options;
    unsigned iface;
    int report; /* where an error goes, as text */
};

struct session {
    struct lab *lab;
    struct capture *capture;
    struct servers *servers;
};

/* ---- in the worker ---- */

static char **make_environment(const struct task *task, const struct session *session)
{
    const struct scenario *scenario = task->scenario;
    char **environment = g_get_environ();
    /* The host's own view when it is a peer's, else that of the first peer. */
    const struct peer_setup *peer = &scenario->peers[ROLE_OFFERER];
    for (unsigned role = 0; role < N_ROLES; role++)
        if (scenario->peers[role].iface == task->iface)
            peer = &scenario->peers[role];
    g_autoptr(json_t) list = servers_ice_servers(session->servers, peer);
    char *text = json_dumps(list, JSON_COMPACT);
    environment = g_environ_setenv(environment, "RTCLAB_ICE_SERVERS", text, TRUE);
    free(text);
    environment = g_environ_setenv(environment, "RTCLAB_USERNAME",
                                   servers_username(session->servers), TRUE);
    environment = g_environ_setenv(environment, "RTCLAB_PASSWORD",
                                   servers_password(session->servers), TRUE);
    for (unsigned i = 0; i < scenario->n_servers; i++) {
        const struct address *address =
            &scenario_interface(scenario, scenario->servers[i].iface)->addresses[0];
        char value[ADDRESS_TEXT_SIZE];
        g_autofree char *upper = g_ascii_strup(scenario->servers[i].name, -1);
        g_strcanon(upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", '_');
        g_autofree char *name = g_strdup_printf("RTCLAB_SERVER_%s", upper);
        environment =
            g_environ_setenv(environment, name, address_format(address, value), TRUE);
    }
    return environment;
}

static gboolean set_up(const struct task *task, struct session *s, GError **error)
{
    struct rng rng = rng_seed(task->options->seed);
    struct lab_options options = {
        .network = &task->scenario->network,
        .rng = &rng,
        .record = task->options->pcap != NULL,
        .clock = task->options->clock,
        .calendar_ns = task->options->calendar_ns,
        .has_outside = true,
        .audit_path = task->options->audit_path,
    };
    s->lab = lab_new(&options, error);
    if (!s->lab)
        return FALSE;
    if (task->options->pcap) {
        s->capture = capture_open(task->options->pcap, lab_network(s->lab),
                                  lab_calendar_ns(s->lab), error);
        if (!s->capture)
            return FALSE;
    }
    s->servers = servers_start(task->scenario, s->lab, &rng, NULL, error);
    return s->servers != NULL;
}

/* Nothing is left to wait for in the lab: somebody may yet type something, or send it
   through a pipe. Meanwhile the virtual clock stands still. */
static void wait_outside(void)
{
    g_usleep(10 * 1000);
}

/* Runs the lab until the command has ended; returns its exit status, -1 with an error. */
static int attend(struct session *s, struct process *command, GError **error)
{
    int64_t kill_ns = CLOCK_NEVER;
    while (command->pid != 0) {
        struct lab_event event;
        lab_next(s->lab, kill_ns, CLOCK_NEVER, &event);
        if (event.kind == LAB_BROKEN) {
            g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "%s", event.why);
            return -1;
        }
        if (event.kind == LAB_DEAD)
            wait_outside();
        if (event.kind == LAB_TIMEOUT) {
            kill(command->pid, SIGKILL);
            kill_ns = CLOCK_NEVER;
        }
        if (event.kind == LAB_NETWORK) {
            if (s->capture)
                capture_add(s->capture, &event.network);
            packet_free(event.network.packet);
        }
        if (event.kind == LAB_MUST_END) {
            kill(command->pid, SIGTERM);
            kill_ns = lab_now_ns(s->lab) + end_limit_ns;
        }
        const char *server =
            event.kind == LAB_EXITED ? servers_find(s->servers, event.process) : NULL;
        if (server) {
            g_autofree char *how = process_describe_end(event.process);
            g_printerr("rtclab: server %s %s\n", server, how);
        }
    }
    if (WIFSIGNALED(command->status))
        return STATUS_SIGNAL + WTERMSIG(command->status);
    return WEXITSTATUS(command->status);
}

static int run_command(const struct task *task, struct session *s, GError **error)
{
    g_auto(GStrv) environment = make_environment(task, s);
    struct process_spec spec = {
        .argv = (const char *const *)task->options->command,
        .host = lab_find_host(s->lab, task->iface),
        .extra_fd = -1,
        .environment = environment,
    };
    int problem = 0;
    g_autoptr(GError) cause = NULL;
    struct process *command = lab_start(s->lab, spec.argv[0], &spec, &problem, &cause);
    int status;
    if (command) {
        status = attend(s, command, error);
    } else {
        g_printerr("rtclab: %s\n", cause->message);
        status = problem == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
    }
    struct capture *capture = s->capture;
    s->capture = NULL;
    if (capture && !capture_close(capture, status < 0 ? NULL : error))
        return -1;
    return status;
}

static int work(void *data, const GError *problem)
{
    const struct task *task = data;
    struct session session = { 0 };
    g_autoptr(GError) error = problem ? g_error_copy(problem) : NULL;
    int status = -1;
    if (!problem && set_up(task, &session, &error))
        status = run_command(task, &session, &error);
    if (session.capture)
        capture_close(session.capture, NULL);
    servers_free(session.servers);
    lab_free(session.lab);
    if (status < 0) {
        if (write(task->report, error->message, strlen(error->message)) < 0)
            g_printerr("rtclab: %s\n", error->message);
        return 0;
    }
    return status;
}

/* ---- outside ---- */

static pid_t worker_pid;
static volatile sig_atomic_t is_told_to_end;

static void pass_on(int number)
{
    (void)number;
    is_told_to_end = 1;
    kill(worker_pid, SIGTERM);
}

static void read_report(int fd, GString *out)
{
    char chunk[512];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            g_string_append_len(out, chunk, n);
}

static gboolean attend_worker(struct task *task, int report, int *ret_status,
                              GError **error)
{
    pid_t pid = sandbox_start(work, task, error);
    close(task->report);
    if (pid < 0)
        return FALSE;
    worker_pid = pid;
    /* The terminal's signals are the command's; to end the command is to end the rest. */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, pass_on);
    if (signal(SIGHUP, pass_on) == SIG_IGN)
        signal(SIGHUP, SIG_IGN); /* under nohup */
    g_autoptr(GString) message = g_string_new(NULL);
    read_report(report, message);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    if (message->len > 0) {
        g_set_error_literal(
            error, RTC_ERROR,
            is_told_to_end ? RTC_ERROR_INTERRUPTED : RTC_ERROR_ENVIRONMENT, message->str);
        return FALSE;
    }
    *ret_status =
        WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status);
    return TRUE;
}

gboolean exec_in_host(const struct scenario *scenario, const struct exec_options *options,
                      int *ret_status, GError **error)
{
    const struct host *host = scenario_find_host(scenario, options->host);
    if (host->silent) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                    "nothing can run in %s: it is a host that never answers", host->name);
        return FALSE;
    }
    if (!sandbox_probe(error))
        return FALSE;
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot make a pipe");
        return FALSE;
    }
    struct task task = {
        .scenario = scenario,
        .options = options,
        .iface = host->iface,
        .report = report[1],
    };
    gboolean ok = attend_worker(&task, report[0], ret_status, error);
    close(report[0]);
    return ok;
}
