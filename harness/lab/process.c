/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and ending processes.
 *
 * A failure to execute is told to the caller through a pipe that a successful exec()
 * closes, so that "not found" is an error here and not an exit status of 127 later.
 *
 * A process of the lab gets a session of its own, so that the terminal's signals do not
 * reach it; the one command of `rtclab exec` stays in the terminal's foreground.
 */
#include "lab/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

enum { EXTRA_FD = 3 };

static void reset_signals(void)
{
    static const int changed[] = { SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGALRM, SIGCHLD };
    for (size_t i = 0; i < G_N_ELEMENTS(changed); i++)
        signal(changed[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool redirect(const struct process_spec *spec)
{
    if (!spec->log_path)
        return true;
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(spec->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return in >= 0 && out >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
           dup2(out, 2) == 2;
}

/* In the child: everything up to exec(); returns the errno of what failed. */
static int become(const struct process_spec *spec, int report)
{
    if (spec->host && setns(spec->host->netns, CLONE_NEWNET) != 0)
        return errno;
    if (!redirect(spec))
        return errno;
    if (spec->folder && chdir(spec->folder) != 0)
        return errno;
    if (spec->log_path) {
        setsid();
        struct rlimit no_core = { 0, 0 };
        setrlimit(RLIMIT_CORE, &no_core);
    }
    /* What is opened here is close-on-exec; `report` may stand in the way. */
    if (spec->extra_fd >= 0) {
        if (report == EXTRA_FD)
            return EBADF;
        if (spec->extra_fd == EXTRA_FD)
            fcntl(EXTRA_FD, F_SETFD, 0);
        else if (dup2(spec->extra_fd, EXTRA_FD) < 0)
            return errno;
    }
    /* What rtclab itself was started with (a lock, a pipe of make's, a shell's) is not
       for a peer or a server; the user's own command gets it, as from any other program.
     */
    if (spec->log_path)
        close_range(spec->extra_fd >= 0 ? EXTRA_FD + 1 : EXTRA_FD, ~0u,
                    CLOSE_RANGE_CLOEXEC);
    if (spec->is_repeatable)
        personality(ADDR_NO_RANDOMIZE); /* where it is refused: as random as ever */
    reset_signals();
    char **environment = spec->environment ? (char **)spec->environment : environ;
    execvpe(spec->argv[0], (char **)spec->argv, environment);
    return errno;
}

/* A pipe whose descriptors are above EXTRA_FD. */
static bool make_report_pipe(int fds[2])
{
    int low[2];
    if (pipe2(low, O_CLOEXEC) != 0)
        return false;
    for (unsigned i = 0; i < 2; i++) {
        fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, EXTRA_FD + 1);
        close(low[i]);
    }
    if (fds[0] >= 0 && fds[1] >= 0)
        return true;
    int problem = errno;
    for (unsigned i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    errno = problem;
    return false;
}

struct process *process_start(const char *name, const struct process_spec *spec,
                              int *ret_errno, GError **error)
{
    int report[2];
    int problem = 0;
    if (!make_report_pipe(report)) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot make a pipe");
        return NULL;
    }
    pid_t pid = fork();
    if (pid == 0) {
        problem = become(spec, report[1]);
        if (write(report[1], &problem, sizeof problem) != sizeof problem)
            _exit(126);
        _exit(127);
    }
    if (pid < 0)
        problem = errno;
    close(report[1]);
    if (pid > 0 && read(report[0], &problem, sizeof problem) != sizeof problem)
        problem = 0;
    close(report[0]);
    if (problem != 0) {
        if (pid > 0)
            waitpid(pid, NULL, 0);
        if (ret_errno)
            *ret_errno = problem;
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, problem, "cannot run %s",
                            spec->argv[0]);
        return NULL;
    }
    struct process *process = g_new0(struct process, 1);
    process->name = g_strdup(name);
    process->pid = pid;
    return process;
}

void process_free(struct process *process)
{
    if (!process)
        return;
    if (process->pid > 0) {
        kill(process->pid, SIGKILL);
        waitpid(process->pid, NULL, 0);
    }
    g_free(process->name);
    g_free(process);
}

struct process *process_reap(struct process *const *processes, unsigned n_processes)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned i = 0; i < n_processes; i++) {
            if (processes[i] && processes[i]->pid == pid) {
                processes[i]->pid = 0;
                processes[i]->status = status;
                return processes[i];
            }
        }
    }
    return NULL;
}

char *process_describe_end(const struct process *process)
{
    if (WIFSIGNALED(process->status)) {
        int number = WTERMSIG(process->status);
        return g_strdup_printf("was ended by signal %d (%s)", number, strsignal(number));
    }
    return g_strdup_printf("exited with %d", WEXITSTATUS(process->status));
}
