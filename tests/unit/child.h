/* SPDX-License-Identifier: Apache-2.0 */
/* rtcprobe as a child: with a bound on its time, and what it printed, took and needed. */
#ifndef RTCLAB_TESTS_CHILD_H
#define RTCLAB_TESTS_CHILD_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"

/* A busy machine, and a program that is checked at each step, take their time. */
#if defined(__SANITIZE_ADDRESS__) /* gcc */
#define CHILD_IS_CHECKED 1
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer)
#define CHILD_IS_CHECKED 1
#endif
#endif
#ifdef CHILD_IS_CHECKED
enum { CHILD_SLOWNESS = 4, CHILD_MAX_RSS_KB = 1 << 20 };
#else
enum { CHILD_SLOWNESS = 1, CHILD_MAX_RSS_KB = 128 << 10 };
#endif

struct child {
    GPid pid;
    int pid_fd, out_fd, err_fd;
    int64_t started_ns;
    /* after child_finish(): */
    char *out, *err; /* with a NUL behind */
    gsize out_size, err_size;
    int status;   /* of the exit; -SIGNAL if one ended it */
    bool is_late; /* it had to be killed */
    int64_t took_ns;
    long max_rss_kb;
};

static inline char *child_program(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *beside = g_path_get_dirname(self);
    return g_build_filename(beside, "rtcprobe", NULL);
}

/** Starts rtcprobe. @param arguments as a shell reads them  @param secrets
 * "NAME=VALUE", … for its environment; NULL: none */
static inline void child_start(struct child *child, const char *arguments,
                               const char *const *secrets)
{
    g_autofree char *program = child_program();
    g_autofree char *line = g_strdup_printf("'%s' %s", program, arguments);
    g_auto(GStrv) argv = NULL;
    g_auto(GStrv) environment = g_get_environ();
    g_autoptr(GError) error = NULL;
    *child = (struct child){ .out_fd = memfd_create("out", MFD_CLOEXEC),
                             .err_fd = memfd_create("err", MFD_CLOEXEC),
                             .started_ns = clock_now_ns() };
    for (; secrets && *secrets; secrets++) {
        g_auto(GStrv) pair = g_strsplit(*secrets, "=", 2);
        environment = g_environ_setenv(environment, pair[0], pair[1], TRUE);
    }
    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_spawn_async_with_fds(NULL, argv, environment, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                           &child->pid, -1, child->out_fd, child->err_fd, &error);
    g_assert_no_error(error);
    child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    g_assert_cmpint(child->pid_fd, >=, 0);
}

static inline char *child_read(int fd, gsize *ret_size)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = g_malloc0((gsize)size + 1);
    g_assert_cmpint(pread(fd, text, (size_t)size, 0), ==, size);
    close(fd);
    *ret_size = (gsize)size;
    return text;
}

/** Whether it has ended, or does within a time. */
static inline bool child_ends_within(struct child *child, int64_t ms)
{
    struct pollfd fd = { .fd = child->pid_fd, .events = POLLIN };
    return poll(&fd, 1, (int)ms) == 1;
}

/** Waits for the end, but kills what takes longer than `limit_ms` from now on. */
static inline void child_finish(struct child *child, int64_t limit_ms)
{
    struct rusage usage;
    int status = 0;
    child->is_late = !child_ends_within(child, limit_ms * CHILD_SLOWNESS);
    if (child->is_late)
        kill(child->pid, SIGKILL);
    g_assert_cmpint(wait4(child->pid, &status, 0, &usage), ==, child->pid);
    close(child->pid_fd);
    child->took_ns = clock_now_ns() - child->started_ns;
    child->max_rss_kb = usage.ru_maxrss;
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    child->out = child_read(child->out_fd, &child->out_size);
    child->err = child_read(child->err_fd, &child->err_size);
    /* A sanitizer ends with 1, too, which is a status of ours. */
    if (strstr(child->err, "Sanitizer") || strstr(child->err, "runtime error: "))
        child->status = -SIGABRT;
}

static inline void child_clear(struct child *child)
{
    g_free(child->out);
    g_free(child->err);
    *child = (struct child){ 0 };
}

#endif
