/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's namespaces.
 *
 * Three generations:
 *
 *     rtclab          the parent: plans, gathers results, may be killed at any time
 *     └─ keeper       waits; dies with the parent (PR_SET_PDEATHSIG, SIGKILL)
 *        └─ worker    first process of a PID namespace, so that the kernel ends
 *           └─ …      everything in it when it ends; gets SIGTERM when the keeper dies
 *
 * The keeper is there because unshare(CLONE_NEWPID) changes what the caller's next
 * children are, for good, and because an unprivileged parent may not go back (setns to
 * the first PID namespace is refused from a user namespace).
 *
 * A first process of a PID namespace ignores each signal that it has no handler for when
 * it comes from inside; so "end now" is a handler that calls _exit().
 *
 * Not done here: cgroups, seccomp, limits. The lab isolates networks, it does not
 * contain a hostile peer.
 */
#include "lab/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/error.h"
#include "base/program.h"
#include "lab/host.h"

/* How long a worker may take to end in good order. */
enum { GRACE_S = 5 };

static volatile sig_atomic_t must_end;
static int wake_fd = -1;
static const char *scratch_folder;

gboolean sandbox_must_end(void)
{
    return must_end != 0;
}

int sandbox_wake_fd(void)
{
    return wake_fd;
}

const char *sandbox_scratch_folder(void)
{
    return scratch_folder;
}

/* ---- privileges ---- */

static gboolean has_capabilities(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct caps[2] = { 0 };
    if (syscall(SYS_capget, &header, caps) != 0)
        return FALSE;
    uint32_t wanted = 1u << CAP_SYS_ADMIN | 1u << CAP_NET_ADMIN;
    return (caps[0].effective & wanted) == wanted;
}

static gboolean write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return FALSE;
    ssize_t n = write(fd, text, strlen(text));
    int problem = errno;
    close(fd);
    errno = problem;
    return n == (ssize_t)strlen(text);
}

gboolean sandbox_prepare(GError **error)
{
    if (has_capabilities())
        return TRUE;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "no permission to make network namespaces; run as root, or "
                            "allow unprivileged user namespaces "
                            "(sysctl kernel.unprivileged_userns_clone=1, "
                            "user.max_user_namespaces above 0)");
        return FALSE;
    }
    g_autofree char *uid_map = g_strdup_printf("0 %u 1\n", (unsigned)uid);
    g_autofree char *gid_map = g_strdup_printf("0 %u 1\n", (unsigned)gid);
    if (!write_text("/proc/self/setgroups", "deny") ||
        !write_text("/proc/self/uid_map", uid_map) ||
        !write_text("/proc/self/gid_map", gid_map)) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot become root of a user namespace; run as root");
        return FALSE;
    }
    return TRUE;
}

/* ---- signals ---- */

static void set_handler(int signal_number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

/* Blocks or unblocks what the keeper and the worker handle. */
static void set_blocked(int how, sigset_t *ret_previous)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    sigprocmask(how, &set, ret_previous);
}

/* Makes wake_fd readable, so that a signal that comes just before a wait ends it too. */
static void wake(void)
{
    int problem = errno;
    uint64_t one = 1;
    if (write(wake_fd, &one, sizeof one) < 0) {
        /* full: readable already */
    }
    errno = problem;
}

static void on_end(int signal_number)
{
    (void)signal_number;
    if (!must_end)
        alarm(GRACE_S);
    must_end = 1;
    wake();
}

static void on_grace_over(int signal_number)
{
    (void)signal_number;
    _exit(124);
}

static void on_child(int signal_number)
{
    (void)signal_number;
    wake();
}

/* ---- the worker ---- */

/* A private tmpfs over a folder that every system has and that no record, program or
   peer can be in. Bounded, as a server's log may be there; roomy enough for two browsers'
   profiles. */
static const char *mount_scratch(void)
{
    static const char *const places[] = { "/proc/fs", "/proc/driver" };
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        if (mount("rtclab", places[i], "tmpfs", MS_NOSUID | MS_NODEV,
                  "mode=1777,size=256m") == 0)
            return places[i];
    return NULL;
}

/* So that mounts stay here: of all, or, where the root is not itself a mount (a chroot),
   of the one that is mounted over. */
static bool keep_mounts_private(void)
{
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ||
           mount("none", "/proc", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Own mounts, an own /proc and an empty network. The last two keep what runs here from
   seeing the machine; only the namespaces themselves are indispensable. */
static gboolean isolate(GError **error)
{
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot make namespaces; run as root, or see sysctl "
                            "user.max_net_namespaces");
        return FALSE;
    }
    if (keep_mounts_private()) {
        /* Where a container masks parts of /proc the kernel refuses this; then process
           ids in /proc are those of outside. */
        if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
            g_debug("no own /proc: %s", g_strerror(errno));
        scratch_folder = mount_scratch();
    }
    return TRUE;
}

static void end_with(int status)
{
    fflush(NULL);
    _exit(status);
}

static void be_worker(int lifeline, sandbox_body body, void *data)
{
    wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    set_handler(SIGTERM, on_end);
    set_handler(SIGALRM, on_grace_over);
    set_handler(SIGCHLD, on_child);
    set_blocked(SIG_UNBLOCK, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* The keeper may have died before the line above. */
    struct pollfd gone = { .fd = lifeline };
    if (poll(&gone, 1, 0) == 1)
        _exit(125);
    prctl(PR_SET_NAME, "rtclab-worker");
    g_autoptr(GError) problem = NULL;
    isolate(&problem);
    end_with(body(data, problem));
}

/* ---- the keeper ---- */

static pid_t keeper_child;

static void forward(int signal_number)
{
    if (keeper_child > 0)
        kill(keeper_child, signal_number);
}

/* There will be no worker: the keeper tells the parent itself. */
static void give_up(const char *what, sandbox_body body, void *data)
{
    g_autoptr(GError) problem = NULL;
    rtc_set_errno_error(&problem, RTC_ERROR_ENVIRONMENT, errno, "%s", what);
    end_with(body(data, problem));
}

/* SIGINT, SIGTERM and SIGCHLD are blocked until each of the two has its handlers: the
   parent's, which a fork inherits, would swallow the order to end. */
static void be_keeper(pid_t parent, sandbox_body body, void *data)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(125);
    prctl(PR_SET_NAME, "rtclab-keeper");
    set_handler(SIGINT, SIG_IGN);
    set_handler(SIGQUIT, SIG_IGN);
    set_handler(SIGPIPE, SIG_IGN);
    int lifeline[2];
    if (unshare(CLONE_NEWPID) != 0 || pipe2(lifeline, O_CLOEXEC) != 0)
        give_up("cannot make a PID namespace; run as root, or see sysctl "
                "user.max_pid_namespaces",
                body, data);
    pid_t child = fork();
    if (child == 0) {
        close(lifeline[1]);
        be_worker(lifeline[0], body, data);
    }
    if (child < 0)
        give_up("cannot start a worker", body, data);
    close(lifeline[0]);
    keeper_child = child;
    set_handler(SIGTERM, forward);
    set_handler(SIGCHLD, SIG_DFL);
    set_blocked(SIG_UNBLOCK, NULL);
    int status;
    while (waitpid(child, &status, 0) != child)
        ;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

pid_t sandbox_start(sandbox_body body, void *data, GError **error)
{
    pid_t parent = getpid();
    sigset_t previous;
    program_folder(); /* for a worker, whose /proc need not tell it */
    set_blocked(SIG_BLOCK, &previous);
    fflush(NULL);
    pid_t keeper = fork();
    if (keeper == 0)
        be_keeper(parent, body, data);
    if (keeper < 0)
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot start a process");
    sigprocmask(SIG_SETMASK, &previous, NULL);
    return keeper;
}

/* ---- trying it out ---- */

struct probe {
    gboolean (*attempt)(GError **error);
    int report; /* where the first problem goes, as text */
};

static int probe(void *data, const GError *problem)
{
    const struct probe *p = data;
    g_autoptr(GError) error = NULL;
    if (!problem && p->attempt(&error))
        return 0;
    const char *message = problem ? problem->message : error->message;
    return write(p->report, message, strlen(message)) < 0 ? 2 : 1;
}

gboolean sandbox_try(gboolean (*attempt)(GError **error), GError **error)
{
    if (!sandbox_prepare(error))
        return FALSE;
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot make a pipe");
        return FALSE;
    }
    struct probe task = { .attempt = attempt, .report = report[1] };
    pid_t pid = sandbox_start(probe, &task, error);
    close(report[1]);
    int status = 0;
    char message[512] = "";
    if (pid > 0) {
        ssize_t size = read(report[0], message, sizeof message - 1);
        message[size > 0 ? size : 0] = '\0';
        waitpid(pid, &status, 0);
    }
    close(report[0]);
    if (pid < 0)
        return FALSE;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "%s",
                *message ? message : "namespaces cannot be made here; run as root");
    return FALSE;
}

static gboolean try_host(GError **error)
{
    struct address address = { .family = ADDRESS_IPV4, .bytes = { 192, 0, 2, 1 } };
    struct lab_host *host = lab_host_open("probe", &address, 1, false, error);
    gboolean ok = host != NULL;
    lab_host_close(host);
    return ok;
}

gboolean sandbox_probe(GError **error)
{
    return sandbox_try(try_host, error);
}
