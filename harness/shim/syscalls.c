/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscall(): what a program calls by number goes the same way as what it calls by name.
 * Most of it is GLib's and other runtimes' futexes.
 *
 * The kernel's conventions differ from libc's in a few places: sets of signals come with
 * their size, pselect6() has its mask in a struct, ppoll() and pselect6() leave what is
 * left of the time, and errors of clock_nanosleep() are errno. Anything else is passed on
 * as it is.
 */
#include "shim/shim.h"

#include <mqueue.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

static long fail(int error)
{
    errno = error;
    return -1;
}

/** Leaves in *timeout what is left until then, and errno as it is. */
static void leave_rest(struct timespec *timeout, int64_t deadline_ns)
{
    if (timeout)
        *timeout = timespec_from_ns(until_ns(deadline_ns));
}

static int64_t deadline_of(const struct timespec *timeout)
{
    return timeout && timespec_is_valid(timeout) ? deadline_in(timespec_to_ns(timeout))
                                                 : 0;
}

static long call_ppoll(const long *a)
{
    struct timespec *timeout = (struct timespec *)a[2];
    if (a[3] && a[4] != KERNEL_SIGSET_BYTES)
        return fail(EINVAL);
    int64_t deadline_ns = deadline_of(timeout);
    long result =
        ppoll((struct pollfd *)a[0], (nfds_t)a[1], timeout, (const sigset_t *)a[3]);
    leave_rest(timeout, deadline_ns);
    return result;
}

static long call_pselect6(const long *a)
{
    struct timespec *timeout = (struct timespec *)a[4];
    const struct {
        const sigset_t *set;
        size_t bytes;
    } *mask = (const void *)a[5];
    if (mask && mask->set && mask->bytes != KERNEL_SIGSET_BYTES)
        return fail(EINVAL);
    int64_t deadline_ns = deadline_of(timeout);
    long result = pselect((int)a[0], (fd_set *)a[1], (fd_set *)a[2], (fd_set *)a[3],
                          timeout, mask ? mask->set : NULL);
    leave_rest(timeout, deadline_ns);
    return result;
}

static long call_epoll_pwait(const long *a)
{
    if (a[4] && a[5] != KERNEL_SIGSET_BYTES)
        return fail(EINVAL);
    return epoll_pwait((int)a[0], (struct epoll_event *)a[1], (int)a[2], (int)a[3],
                       (const sigset_t *)a[4]);
}

#ifdef SYS_epoll_pwait2
static long call_epoll_pwait2(const long *a)
{
    if (a[4] && a[5] != KERNEL_SIGSET_BYTES)
        return fail(EINVAL);
    return epoll_pwait2((int)a[0], (struct epoll_event *)a[1], (int)a[2],
                        (const struct timespec *)a[3], (const sigset_t *)a[4]);
}
#endif

static long call_sigtimedwait(const long *a)
{
    if (a[3] != KERNEL_SIGSET_BYTES)
        return fail(EINVAL);
    return sigtimedwait((const sigset_t *)a[0], (siginfo_t *)a[1],
                        (const struct timespec *)a[2]);
}

static long call_clock_nanosleep(const long *a)
{
    int error = clock_nanosleep((clockid_t)a[0], (int)a[1], (const struct timespec *)a[2],
                                (struct timespec *)a[3]);
    return error ? fail(error) : 0;
}

/* By libc, from where the audit sees it: not one of the shim's own calls. */
static long pass_on(long number, const long *a)
{
    return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* What only x86-64 has. */
static long dispatch_old(long number, const long *a)
{
    switch (number) {
#ifdef __x86_64__
    case SYS_poll:
        return poll((struct pollfd *)a[0], (nfds_t)a[1], (int)a[2]);
    case SYS_select:
        return select((int)a[0], (fd_set *)a[1], (fd_set *)a[2], (fd_set *)a[3],
                      (struct timeval *)a[4]);
    case SYS_epoll_wait:
        return epoll_wait((int)a[0], (struct epoll_event *)a[1], (int)a[2], (int)a[3]);
    case SYS_time:
        return time((time_t *)a[0]);
    case SYS_alarm:
        return alarm((unsigned int)a[0]);
#endif
    default:
        return pass_on(number, a);
    }
}

/* Those that may have a limit from setsockopt(). */
static long dispatch_socket(long number, const long *a)
{
    int fd = (int)a[0];
    switch (number) {
    case SYS_setsockopt:
        return setsockopt(fd, (int)a[1], (int)a[2], (const void *)a[3], (socklen_t)a[4]);
    case SYS_getsockopt:
        return getsockopt(fd, (int)a[1], (int)a[2], (void *)a[3], (socklen_t *)a[4]);
    case SYS_recvfrom:
        return recvfrom(fd, (void *)a[1], (size_t)a[2], (int)a[3],
                        (struct sockaddr *)a[4], (socklen_t *)a[5]);
    case SYS_recvmsg:
        return recvmsg(fd, (struct msghdr *)a[1], (int)a[2]);
    case SYS_recvmmsg:
        return recvmmsg(fd, (struct mmsghdr *)a[1], (unsigned int)a[2], (int)a[3],
                        (struct timespec *)a[4]);
    case SYS_read:
        return read(fd, (void *)a[1], (size_t)a[2]);
    case SYS_readv:
        return readv(fd, (const struct iovec *)a[1], (int)a[2]);
    case SYS_accept4:
        return accept4(fd, (struct sockaddr *)a[1], (socklen_t *)a[2], (int)a[3]);
    case SYS_sendto:
        return sendto(fd, (const void *)a[1], (size_t)a[2], (int)a[3],
                      (const struct sockaddr *)a[4], (socklen_t)a[5]);
    case SYS_sendmsg:
        return sendmsg(fd, (const struct msghdr *)a[1], (int)a[2]);
    case SYS_write:
        return write(fd, (const void *)a[1], (size_t)a[2]);
    case SYS_writev:
        return writev(fd, (const struct iovec *)a[1], (int)a[2]);
    case SYS_connect:
        return connect(fd, (const struct sockaddr *)a[1], (socklen_t)a[2]);
    default:
        return dispatch_old(number, a);
    }
}

static long dispatch(long number, const long *a)
{
    switch (number) {
    case SYS_clock_gettime:
        return clock_gettime((clockid_t)a[0], (struct timespec *)a[1]);
    case SYS_clock_getres:
        return clock_getres((clockid_t)a[0], (struct timespec *)a[1]);
    case SYS_clock_settime:
        return clock_settime((clockid_t)a[0], (const struct timespec *)a[1]);
    case SYS_gettimeofday:
        return gettimeofday((struct timeval *)a[0], (void *)a[1]);
    case SYS_settimeofday:
        return settimeofday((const struct timeval *)a[0], (const struct timezone *)a[1]);
    case SYS_nanosleep:
        return nanosleep((const struct timespec *)a[0], (struct timespec *)a[1]);
    case SYS_clock_nanosleep:
        return call_clock_nanosleep(a);
    case SYS_ppoll:
        return call_ppoll(a);
    case SYS_pselect6:
        return call_pselect6(a);
    case SYS_epoll_pwait:
        return call_epoll_pwait(a);
#ifdef SYS_epoll_pwait2
    case SYS_epoll_pwait2:
        return call_epoll_pwait2(a);
#endif
    case SYS_rt_sigtimedwait:
        return call_sigtimedwait(a);
    case SYS_rt_sigprocmask:
        return raw_to_errno(signals_mask_syscall(a[0], a[1], a[2], a[3]));
    case SYS_rt_sigaction:
        return raw_to_errno(signals_action_syscall(a[0], a[1], a[2], a[3]));
    case SYS_futex:
        return raw_to_errno(futex_syscall(a[0], a[1], a[2], a[3], a[4], a[5]));
#ifdef SYS_futex_waitv
    case SYS_futex_waitv:
        return raw_to_errno(futex_waitv_syscall(a[0], a[1], a[2], a[3], a[4]));
#endif
    case SYS_timerfd_create:
        return timerfd_create((clockid_t)a[0], (int)a[1]);
    case SYS_timerfd_settime:
        return timerfd_settime((int)a[0], (int)a[1], (const struct itimerspec *)a[2],
                               (struct itimerspec *)a[3]);
    case SYS_timerfd_gettime:
        return timerfd_gettime((int)a[0], (struct itimerspec *)a[1]);
    case SYS_setitimer:
        return setitimer((__itimer_which_t)a[0], (const struct itimerval *)a[1],
                         (struct itimerval *)a[2]);
    case SYS_getitimer:
        return getitimer((__itimer_which_t)a[0], (struct itimerval *)a[1]);
    case SYS_semtimedop:
        return semtimedop((int)a[0], (struct sembuf *)a[1], (size_t)a[2],
                          (const struct timespec *)a[3]);
    case SYS_mq_timedsend:
        return mq_timedsend((mqd_t)a[0], (const char *)a[1], (size_t)a[2],
                            (unsigned int)a[3], (const struct timespec *)a[4]);
    case SYS_mq_timedreceive:
        return mq_timedreceive((mqd_t)a[0], (char *)a[1], (size_t)a[2],
                               (unsigned int *)a[3], (const struct timespec *)a[4]);
    case SYS_getrandom:
        return getrandom((void *)a[0], (size_t)a[1], (unsigned int)a[2]);
    case SYS_close:
        return close((int)a[0]);
    default:
        return dispatch_socket(number, a);
    }
}

SHIM_EXPORT long syscall(long number, ...)
{
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    return shim_is_on() || random_is_seeded() ? dispatch(number, a) : pass_on(number, a);
}
