/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proving that nothing runs.
 *
 * Linux has no call for "tell me when all of these sleep", so the kernel is asked about
 * each thread, through files of /proc that stay open:
 *
 *     schedstat  how often it was put on a processor: whether it ran since the last look
 *     syscall    "running", or the system call it is blocked in. The kernel answers with
 *                a call only when the thread has left its processor and was not woken
 *                (wait_task_inactive()). stat's S alone does not say that: a thread sets
 *                its state before it looks for the last time whether it must sleep.
 *     stat       S, asleep until somebody wakes it; D, asleep until a disk does, which is
 *                as good as running
 *
 * One look at one thread says nothing about the others, which may have woken it since.
 * Either of two things makes a moment of it at which all slept:
 *   - All threads share one processor with this one, and this one was not taken from it
 *     during the whole look: then none of them ran meanwhile.
 *   - Else everything is looked at twice. A thread that slept both times and was not put
 *     on a processor between slept throughout; so all slept when the second look began.
 *
 * Threads that came up since the last look are known by the last process id given in the
 * namespace (ns_last_pid), which is read before and after.
 *
 * Packets that the kernel has taken and not yet handed to a socket are in no thread's
 * state. A write to a TUN hands over before it returns. What hosts send to themselves
 * goes through the processor's backlog queue, which is normally worked off before the
 * sender's call returns and under load may be left to ksoftirqd: a datagram that this
 * process sends to itself passes the same queue behind everything else (the barrier).
 *
 * Hosts share nothing but the emulated network, so a thread that slept can only be woken
 * by what somebody did to its host: only hosts that were touched are looked at.
 */
#include "lab/tasks.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/if.h>

#include "base/error.h"
#include "lab/netlink.h"

struct tasks {
    GArray *all;         /* struct task, by process and thread id */
    GHashTable *hosts;   /* inodes of network namespaces */
    GHashTable *touched; /* likewise; see all_touched */
    bool all_touched;
    pid_t busy; /* the thread that was found running last: it is asked first */
    bool changed;
    bool share_processor; /* all of them have only this one's */
    int last_pid_fd;
    int own_fd; /* this thread's schedstat */
    int barrier_fd;
    uint64_t n_barriers;
    long last_pid; /* when `all` was made */
    bool (*is_ignored)(pid_t pid);
};

/* ---- reading ---- */

/* Returns the length; 0 or less: the thread is gone. */
static ssize_t read_at_start(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return n;
}

static long read_last_pid(const struct tasks *tasks)
{
    char text[32];
    return read_at_start(tasks->last_pid_fd, text, sizeof text) > 0 ? atol(text) : -1;
}

/* schedstat: time on the processor, time waiting for one, times put on one. */
static bool read_scheduling(int fd, int64_t *ret_processor_ns, uint64_t *ret_n_runs)
{
    char text[96];
    if (read_at_start(fd, text, sizeof text) <= 0)
        return false;
    char *end;
    *ret_processor_ns = strtoll(text, &end, 10);
    strtoull(end, &end, 10);
    *ret_n_runs = strtoull(end, NULL, 10);
    return true;
}

static char read_state(int fd)
{
    char text[512];
    if (read_at_start(fd, text, sizeof text) <= 0)
        return 'X';
    const char *name_end = strrchr(text, ')');
    return name_end && name_end[1] ? name_end[2] : 'X';
}

/* ---- which threads there are ---- */

static void task_close(void *data)
{
    struct task *task = data;
    close(task->scheduling_fd);
    close(task->call_fd);
    close(task->state_fd);
}

static int open_of_task(pid_t pid, pid_t tid, const char *what)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", pid, tid, what);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static uint64_t netns_of(pid_t pid)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

static bool shares_processor(pid_t tid)
{
    cpu_set_t set;
    return sched_getaffinity(tid, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1 &&
           CPU_ISSET((size_t)sched_getcpu(), &set);
}

const struct task *tasks_find(const struct tasks *tasks, pid_t pid, pid_t tid)
{
    for (unsigned i = 0; i < tasks->all->len; i++) {
        const struct task *task = &g_array_index(tasks->all, struct task, i);
        if (task->pid == pid && (tid == 0 || task->tid == tid))
            return task;
    }
    return NULL;
}

static int compare_tasks(gconstpointer a, gconstpointer b)
{
    const struct task *left = a;
    const struct task *right = b;
    if (left->pid != right->pid)
        return left->pid < right->pid ? -1 : 1;
    return (left->tid > right->tid) - (left->tid < right->tid);
}

static void add_task(struct tasks *tasks, pid_t pid, pid_t tid)
{
    struct task task = {
        .pid = pid,
        .tid = tid,
        .netns = netns_of(pid),
        .scheduling_fd = open_of_task(pid, tid, "schedstat"),
        .call_fd = open_of_task(pid, tid, "syscall"),
        .state_fd = open_of_task(pid, tid, "stat"),
    };
    tasks->changed = true;
    if (task.scheduling_fd < 0 || task.call_fd < 0 || task.state_fd < 0)
        task_close(&task); /* it is gone */
    else
        g_array_append_val(tasks->all, task);
}

/* The numbers that a folder's entries are named by. */
static void list_numbers(const char *path, GArray *numbers)
{
    g_array_set_size(numbers, 0);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        pid_t number = (pid_t)strtol(entry->d_name, NULL, 10);
        if (number > 0)
            g_array_append_val(numbers, number);
    }
    if (folder)
        closedir(folder);
}

static void rescan(struct tasks *tasks)
{
    g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    g_autoptr(GArray) tids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    tasks->last_pid = read_last_pid(tasks);
    list_numbers("/proc", pids);
    for (unsigned p = 0; p < pids->len; p++) {
        pid_t pid = g_array_index(pids, pid_t, p);
        if (pid == getpid() || (tasks->is_ignored && tasks->is_ignored(pid)))
            continue;
        char path[32];
        snprintf(path, sizeof path, "/proc/%d/task", pid);
        list_numbers(path, tids);
        for (unsigned t = 0; t < tids->len; t++) {
            pid_t tid = g_array_index(tids, pid_t, t);
            if (!tasks_find(tasks, pid, tid))
                add_task(tasks, pid, tid);
        }
    }
    g_array_sort(tasks->all, compare_tasks);
    tasks->share_processor = shares_processor(0);
    for (unsigned i = 0; i < tasks->all->len && tasks->share_processor; i++)
        tasks->share_processor =
            shares_processor(g_array_index(tasks->all, struct task, i).tid);
}

static void forget(struct tasks *tasks, unsigned index)
{
    g_array_remove_index(tasks->all, index);
    tasks->changed = true;
}

bool tasks_have_changed(struct tasks *tasks)
{
    bool changed = tasks->changed;
    tasks->changed = false;
    return changed;
}

const GArray *tasks_all(const struct tasks *tasks)
{
    return tasks->all;
}

int64_t task_processor_ns(const struct task *task)
{
    int64_t ns = 0;
    uint64_t n_runs;
    return read_scheduling(task->scheduling_fd, &ns, &n_runs) ? ns : 0;
}

char *task_name(const struct task *task)
{
    char path[64];
    char *name = NULL;
    snprintf(path, sizeof path, "/proc/%d/task/%d/comm", task->pid, task->tid);
    if (!g_file_get_contents(path, &name, NULL, NULL))
        return g_strdup("?");
    return g_strchomp(name);
}

/* ---- the barrier ---- */

/* A socket that is connected to itself, in this process' own network namespace. */
static int open_barrier(GError **error)
{
    struct sockaddr_in self = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof self;
    int netlink = netlink_open();
    int r = netlink < 0 ? -errno : netlink_set_up(netlink, NETLINK_LOOPBACK);
    if (netlink >= 0)
        close(netlink);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (r == 0 && fd >= 0 && bind(fd, (struct sockaddr *)&self, size) == 0 &&
        getsockname(fd, (struct sockaddr *)&self, &size) == 0 &&
        connect(fd, (struct sockaddr *)&self, size) == 0)
        return fd;
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, r ? -r : errno,
                        "cannot send to the loopback of a network namespace");
    if (fd >= 0)
        close(fd);
    return -1;
}

/* True once the processor's backlog queue has been worked off. */
static bool pass_barrier(struct tasks *tasks)
{
    uint64_t sent = ++tasks->n_barriers;
    uint64_t got = 0;
    if (send(tasks->barrier_fd, &sent, sizeof sent, 0) != sizeof sent)
        return false;
    for (unsigned tries = 0; tries < 1000; tries++) {
        while (recv(tasks->barrier_fd, &got, sizeof got, 0) == sizeof got)
            if (got == sent)
                return true;
        sched_yield();
    }
    return false;
}

/* ---- looking ---- */

static bool has_key(GHashTable *set, uint64_t netns)
{
    return g_hash_table_contains(set, &netns);
}

/* What is in a namespace of its own making may still talk to any process. */
static bool is_touched(const struct tasks *tasks, const struct task *task)
{
    return tasks->all_touched || has_key(tasks->touched, task->netns) ||
           !has_key(tasks->hosts, task->netns);
}

void tasks_set_ignored(struct tasks *tasks, bool (*is_ignored)(pid_t pid))
{
    tasks->is_ignored = is_ignored;
}

void tasks_add_host(struct tasks *tasks, uint64_t netns)
{
    g_hash_table_add(tasks->hosts, g_memdup2(&netns, sizeof netns));
}

void tasks_touch(struct tasks *tasks, uint64_t netns)
{
    if (!has_key(tasks->hosts, netns))
        tasks->all_touched = true;
    else if (!has_key(tasks->touched, netns))
        g_hash_table_add(tasks->touched, g_memdup2(&netns, sizeof netns));
}

enum sleep { ASLEEP, AWAKE, GONE };

static enum sleep look_at(struct tasks *tasks, struct task *task)
{
    int64_t processor_ns;
    uint64_t n_runs;
    char call[128];
    if (!read_scheduling(task->scheduling_fd, &processor_ns, &n_runs))
        return GONE;
    if (n_runs != task->n_runs) {
        task->is_proven = false;
        /* It may have asked for other processors meanwhile. */
        tasks->share_processor = tasks->share_processor && shares_processor(task->tid);
    }
    task->n_runs = n_runs;
    errno = 0;
    if (read_at_start(task->call_fd, call, sizeof call) <= 0)
        return errno == EPERM || errno == EACCES ? AWAKE : GONE;
    if (call[0] == 'r')
        return AWAKE;
    if (task->is_proven)
        return ASLEEP; /* it has not run since it was seen in state S */
    task->state = read_state(task->state_fd);
    if (task->state == 'X')
        return GONE;
    task->is_proven = strchr("SZTt", task->state) != NULL;
    return task->is_proven ? ASLEEP : AWAKE;
}

static enum tasks_verdict look_at_all(struct tasks *tasks, const struct task **ret_busy)
{
    for (unsigned i = 0; i < tasks->all->len; i++) {
        struct task *task = &g_array_index(tasks->all, struct task, i);
        if (!is_touched(tasks, task))
            continue;
        switch (look_at(tasks, task)) {
        case ASLEEP:
            break;
        case AWAKE:
            tasks->busy = task->tid;
            *ret_busy = task;
            return TASKS_BUSY;
        case GONE:
            forget(tasks, i--);
            break;
        }
    }
    return TASKS_QUIET;
}

/* After look_at_all(): whether nobody was put on a processor since. */
static bool nobody_ran(struct tasks *tasks)
{
    for (unsigned i = 0; i < tasks->all->len; i++) {
        struct task *task = &g_array_index(tasks->all, struct task, i);
        uint64_t before = task->n_runs;
        if (is_touched(tasks, task) &&
            (look_at(tasks, task) != ASLEEP || task->n_runs != before))
            return false;
    }
    return true;
}

/* Mostly it is one thread that is waited for, look after look. */
static bool is_still_busy(struct tasks *tasks, const struct task **ret_busy)
{
    for (unsigned i = 0; i < tasks->all->len && tasks->busy != 0; i++) {
        struct task *task = &g_array_index(tasks->all, struct task, i);
        if (task->tid == tasks->busy && look_at(tasks, task) == AWAKE) {
            *ret_busy = task;
            return true;
        }
    }
    return false;
}

enum tasks_verdict tasks_look(struct tasks *tasks, const struct task **ret_busy)
{
    *ret_busy = NULL;
    if (!tasks->all_touched && g_hash_table_size(tasks->touched) == 0)
        return TASKS_QUIET; /* as it was */
    if (is_still_busy(tasks, ret_busy))
        return TASKS_BUSY;
    if (read_last_pid(tasks) != tasks->last_pid)
        rescan(tasks);
    int64_t processor_ns;
    uint64_t own_runs = 0;
    uint64_t own_runs_after = 1;
    read_scheduling(tasks->own_fd, &processor_ns, &own_runs);
    if (!pass_barrier(tasks) || look_at_all(tasks, ret_busy) != TASKS_QUIET)
        return TASKS_BUSY;
    read_scheduling(tasks->own_fd, &processor_ns, &own_runs_after);
    bool is_one_moment = tasks->share_processor && own_runs == own_runs_after;
    if (!is_one_moment && !(pass_barrier(tasks) && nobody_ran(tasks)))
        return TASKS_BUSY;
    if (read_last_pid(tasks) != tasks->last_pid)
        return TASKS_BUSY;
    tasks->all_touched = false;
    g_hash_table_remove_all(tasks->touched);
    return TASKS_QUIET;
}

/* ---- life ---- */

static gboolean has_own_proc(void)
{
    g_autofree char *self = g_file_read_link("/proc/self", NULL);
    return self && strtol(self, NULL, 10) == getpid();
}

struct tasks *tasks_new(GError **error)
{
    if (!has_own_proc()) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "the virtual clock needs a /proc of its own, which could not be "
                    "mounted here; use --clock wall");
        return NULL;
    }
    struct tasks *tasks = g_new(struct tasks, 1);
    *tasks = (struct tasks){
        .all = g_array_new(FALSE, FALSE, sizeof(struct task)),
        .hosts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .touched = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
        .all_touched = true,
        .last_pid = -1,
        .last_pid_fd = open("/proc/sys/kernel/ns_last_pid", O_RDONLY | O_CLOEXEC),
        .own_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC),
        .barrier_fd = -1,
    };
    g_array_set_clear_func(tasks->all, task_close);
    if (tasks->last_pid_fd < 0 || tasks->own_fd < 0 ||
        access("/proc/self/syscall", R_OK) != 0) {
        rtc_set_errno_error(
            error, RTC_ERROR_ENVIRONMENT, errno,
            "the virtual clock needs ns_last_pid, schedstat and syscall in "
            "/proc, which this kernel lacks; use --clock wall");
        tasks_free(tasks);
        return NULL;
    }
    tasks->barrier_fd = open_barrier(error);
    if (tasks->barrier_fd < 0) {
        tasks_free(tasks);
        return NULL;
    }
    return tasks;
}

void tasks_free(struct tasks *tasks)
{
    if (!tasks)
        return;
    g_array_unref(tasks->all);
    g_hash_table_unref(tasks->hosts);
    g_hash_table_unref(tasks->touched);
    if (tasks->last_pid_fd >= 0)
        close(tasks->last_pid_fd);
    if (tasks->own_fd >= 0)
        close(tasks->own_fd);
    if (tasks->barrier_fd >= 0)
        close(tasks->barrier_fd);
    g_free(tasks);
}
