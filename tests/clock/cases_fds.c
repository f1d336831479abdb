/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a file: poll, select and epoll, each until an hour is over, until something
 * can be read, and until a signal comes. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock/cases.h"

static int wait_poll(int fd, int64_t timeout_ns)
{
    struct pollfd p = { fd, POLLIN, 0 };
    return poll(&p, 1, (int)(timeout_ns / NS_PER_MS));
}

static int wait_ppoll(int fd, int64_t timeout_ns)
{
    struct pollfd p = { fd, POLLIN, 0 };
    struct timespec t = in_timespec(timeout_ns);
    return ppoll(&p, 1, &t, NULL);
}

static int wait_ppoll_all_blocked_but_usr1(int fd, int64_t timeout_ns)
{
    struct pollfd p = { fd, POLLIN, 0 };
    struct timespec t = in_timespec(timeout_ns);
    sigset_t set;
    sigfillset(&set);
    sigdelset(&set, SIGUSR1);
    return ppoll(&p, 1, &t, &set);
}

static int wait_select(int fd, int64_t timeout_ns)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    struct timeval t = { timeout_ns / NS_PER_S, 0 };
    int64_t since_ns = now_ns();
    int result = select(fd + 1, &set, NULL, NULL, &t);
    expect("what is left of select's time", since_ns + timeout_ns - now_ns(),
           t.tv_sec * NS_PER_S + t.tv_usec * 1000);
    if (result == 0)
        expect("select's set", 0, FD_ISSET(fd, &set));
    return result;
}

static int wait_pselect(int fd, int64_t timeout_ns)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    struct timespec t = in_timespec(timeout_ns);
    return pselect(fd + 1, &set, NULL, NULL, &t, NULL);
}

static int make_epoll(int fd)
{
    int epoll = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN };
    expect("epoll_ctl", 0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    return epoll;
}

static int wait_epoll(int fd, int64_t timeout_ns)
{
    struct epoll_event event;
    return epoll_wait(make_epoll(fd), &event, 1, (int)(timeout_ns / NS_PER_MS));
}

static int wait_epoll_pwait(int fd, int64_t timeout_ns)
{
    struct epoll_event event;
    sigset_t set;
    sigfillset(&set);
    sigdelset(&set, SIGUSR1);
    return epoll_pwait(make_epoll(fd), &event, 1, (int)(timeout_ns / NS_PER_MS), &set);
}

static int wait_epoll_pwait2(int fd, int64_t timeout_ns)
{
    struct epoll_event event;
    struct timespec t = in_timespec(timeout_ns);
    return epoll_pwait2(make_epoll(fd), &event, 1, &t, NULL);
}

static int wait_syscall_ppoll(int fd, int64_t timeout_ns)
{
    struct pollfd p = { fd, POLLIN, 0 };
    struct timespec t = in_timespec(timeout_ns);
    int64_t since_ns = now_ns();
    int result = (int)syscall(SYS_ppoll, &p, 1L, &t, NULL, 8L);
    expect("what is left of ppoll's time", since_ns + timeout_ns - now_ns(),
           t.tv_sec * NS_PER_S + t.tv_nsec);
    return result;
}

static int wait_syscall_pselect6(int fd, int64_t timeout_ns)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    struct timespec t = in_timespec(timeout_ns);
    uint64_t mask = ~(UINT64_C(1) << (SIGUSR1 - 1));
    struct {
        const uint64_t *set;
        size_t bytes;
    } with_mask = { &mask, sizeof mask };
    return (int)syscall(SYS_pselect6, (long)fd + 1, &set, NULL, NULL, &t, &with_mask);
}

static int wait_syscall_epoll_pwait(int fd, int64_t timeout_ns)
{
    struct epoll_event event;
    return (int)syscall(SYS_epoll_pwait, (long)make_epoll(fd), &event, 1L,
                        (long)(timeout_ns / NS_PER_MS), NULL, 8L);
}

#ifdef SYS_poll
static int wait_syscall_poll(int fd, int64_t timeout_ns)
{
    struct pollfd p = { fd, POLLIN, 0 };
    return (int)syscall(SYS_poll, &p, 1L, (long)(timeout_ns / NS_PER_MS));
}
#endif

static int pipe_fds[2];

static void make_pipe(void)
{
    expect("pipe", 0, pipe(pipe_fds));
}

static void run_hour(const struct clock_case *self)
{
    make_pipe();
    int64_t since_ns = now_ns();
    expect(self->name, 0, self->wait_fd(pipe_fds[0], HOUR_NS));
    expect_elapsed(self->name, since_ns, HOUR_NS);
}

static void write_byte(void *data)
{
    (void)data;
    expect("write", 1, write(pipe_fds[1], "x", 1));
}

static void run_data(const struct clock_case *self)
{
    make_pipe();
    int64_t since_ns = now_ns();
    call_after(NS_PER_S, write_byte, NULL);
    expect(self->name, 1, self->wait_fd(pipe_fds[0], HOUR_NS));
    expect_elapsed(self->name, since_ns, NS_PER_S);
}

static void run_signal(const struct clock_case *self)
{
    make_pipe();
    int64_t since_ns = now_ns();
    interrupt_after(7 * NS_PER_S);
    expect(self->name, -1, self->wait_fd(pipe_fds[0], HOUR_NS));
    expect("errno", EINTR, errno);
    expect_elapsed(self->name, since_ns, 7 * NS_PER_S);
    expect("and again", 0, self->wait_fd(pipe_fds[0], NS_PER_S));
    expect_elapsed("and again", since_ns, 8 * NS_PER_S);
}

static void run_ready(const struct clock_case *self)
{
    make_pipe();
    write_byte(NULL);
    int64_t since_ns = now_ns();
    expect(self->name, 1, self->wait_fd(pipe_fds[0], HOUR_NS));
    expect(self->name, 1, self->wait_fd(pipe_fds[0], 0));
    expect_elapsed(self->name, since_ns, 0);
}

#define FD_CASES(name, wait)                                            \
    { name "-hour", run_hour, wait }, { name "-data", run_data, wait }, \
        { name "-signal", run_signal, wait },                           \
    {                                                                   \
        name "-ready", run_ready, wait                                  \
    }

const struct clock_case fd_cases[] = {
    FD_CASES("poll", wait_poll),
    FD_CASES("ppoll", wait_ppoll),
    FD_CASES("ppoll-mask", wait_ppoll_all_blocked_but_usr1),
    FD_CASES("select", wait_select),
    FD_CASES("pselect", wait_pselect),
    FD_CASES("epoll-wait", wait_epoll),
    FD_CASES("epoll-pwait", wait_epoll_pwait),
    FD_CASES("epoll-pwait2", wait_epoll_pwait2),
    FD_CASES("syscall-ppoll", wait_syscall_ppoll),
    FD_CASES("syscall-pselect6", wait_syscall_pselect6),
    FD_CASES("syscall-epoll-pwait", wait_syscall_epoll_pwait),
#ifdef SYS_poll
    FD_CASES("syscall-poll", wait_syscall_poll),
#endif
    { NULL, NULL, NULL },
};
