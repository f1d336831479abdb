/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for files: poll, select and epoll in all their forms.
 *
 * Without a limit, or with one of zero, the call is libc's. With one it becomes the same
 * system call without a limit. A signal mask that goes with the call is cleaned: while it
 * holds, CLOCK_SIGNAL must still come through.
 */
#include "shim/shim.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>

SHIM_EXPORT int __poll(struct pollfd *fds, nfds_t n, int timeout_ms);
SHIM_EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t bytes);
SHIM_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                            const sigset_t *mask, size_t bytes);
SHIM_EXPORT int __select(int n, fd_set *readable, fd_set *writable, fd_set *failed,
                         struct timeval *timeout);

/** What a wait for files returns: nothing is ready when the deadline came. */
static int outcome(long result)
{
    return (int)raw_to_errno(result == -ETIMEDOUT ? 0 : result);
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/** The deadline of a time that may be left out and must be valid. */
static int64_t deadline_of(const struct timespec *timeout)
{
    return timeout ? deadline_in(timespec_to_ns(timeout)) : CLOCK_PAGE_NEVER;
}

static int poll_until(struct pollfd *fds, nfds_t n, int64_t deadline_ns,
                      const uint64_t *mask)
{
    if (deadline_ns <= shim_now_ns())
        return outcome(
            RAW(SYS_ppoll, fds, n, &(struct timespec){ 0 }, mask, KERNEL_SIGSET_BYTES));
    return outcome(WAIT(deadline_ns, SYS_ppoll, fds, n, NULL, mask, KERNEL_SIGSET_BYTES));
}

SHIM_EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    if (timeout_ms <= 0 || !shim_is_on())
        return REAL(poll)(fds, n, timeout_ms);
    return poll_until(fds, n, deadline_in(timeout_ms * NS_PER_MS), NULL);
}

SHIM_EXPORT int __poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    return poll(fds, n, timeout_ms);
}

SHIM_EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t bytes)
{
    if (bytes / sizeof *fds < n)
        abort();
    return poll(fds, n, timeout_ms);
}

SHIM_EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                      const sigset_t *mask)
{
    if (!shim_is_on())
        return REAL(ppoll)(fds, n, timeout, mask);
    if (timeout && !timespec_is_valid(timeout))
        return fail(EINVAL);
    uint64_t cleaned;
    return poll_until(fds, n, deadline_of(timeout), signals_clean(mask, &cleaned));
}

SHIM_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                            const sigset_t *mask, size_t bytes)
{
    if (bytes / sizeof *fds < n)
        abort();
    return ppoll(fds, n, timeout, mask);
}

static int select_until(int n, fd_set *readable, fd_set *writable, fd_set *failed,
                        int64_t deadline_ns, const sigset_t *mask)
{
    uint64_t cleaned;
    struct {
        const uint64_t *set;
        size_t bytes;
    } with_mask = { signals_clean(mask, &cleaned), KERNEL_SIGSET_BYTES };
    if (deadline_ns <= shim_now_ns())
        return outcome(RAW(SYS_pselect6, n, readable, writable, failed,
                           &(struct timespec){ 0 }, &with_mask));
    long result =
        WAIT(deadline_ns, SYS_pselect6, n, readable, writable, failed, NULL, &with_mask);
    if (result == -ETIMEDOUT) /* the kernel left the sets as they were */
        result = RAW(SYS_pselect6, n, readable, writable, failed, &(struct timespec){ 0 },
                     &with_mask);
    return outcome(result);
}

SHIM_EXPORT int select(int n, fd_set *readable, fd_set *writable, fd_set *failed,
                       struct timeval *timeout)
{
    if (!timeout || !shim_is_on())
        return REAL(select)(n, readable, writable, failed, timeout);
    if (timeout->tv_sec < 0 || timeout->tv_usec < 0)
        return fail(EINVAL);
    int64_t deadline_ns = deadline_in(timeval_to_ns(timeout));
    int result = select_until(n, readable, writable, failed, deadline_ns, NULL);
    *timeout = timeval_from_ns(until_ns(deadline_ns)); /* Linux leaves the rest there */
    return result;
}

SHIM_EXPORT int __select(int n, fd_set *readable, fd_set *writable, fd_set *failed,
                         struct timeval *timeout)
{
    return select(n, readable, writable, failed, timeout);
}

SHIM_EXPORT int pselect(int n, fd_set *readable, fd_set *writable, fd_set *failed,
                        const struct timespec *timeout, const sigset_t *mask)
{
    if (!shim_is_on())
        return REAL(pselect)(n, readable, writable, failed, timeout, mask);
    if (timeout && !timespec_is_valid(timeout))
        return fail(EINVAL);
    return select_until(n, readable, writable, failed, deadline_of(timeout), mask);
}

static int epoll_until(int epoll, struct epoll_event *events, int max_events,
                       int64_t deadline_ns, const sigset_t *mask)
{
    uint64_t cleaned;
    const uint64_t *set = signals_clean(mask, &cleaned);
    if (deadline_ns <= shim_now_ns())
        return outcome(
            RAW(SYS_epoll_pwait, epoll, events, max_events, 0, set, KERNEL_SIGSET_BYTES));
    return outcome(WAIT(deadline_ns, SYS_epoll_pwait, epoll, events, max_events, -1, set,
                        KERNEL_SIGSET_BYTES));
}

SHIM_EXPORT int epoll_pwait(int epoll, struct epoll_event *events, int max_events,
                            int timeout_ms, const sigset_t *mask)
{
    if (!shim_is_on())
        return REAL(epoll_pwait)(epoll, events, max_events, timeout_ms, mask);
    int64_t deadline_ns =
        timeout_ms < 0 ? CLOCK_PAGE_NEVER : deadline_in(timeout_ms * NS_PER_MS);
    return epoll_until(epoll, events, max_events, deadline_ns, mask);
}

SHIM_EXPORT int epoll_wait(int epoll, struct epoll_event *events, int max_events,
                           int timeout_ms)
{
    if (timeout_ms <= 0 || !shim_is_on())
        return REAL(epoll_wait)(epoll, events, max_events, timeout_ms);
    return epoll_pwait(epoll, events, max_events, timeout_ms, NULL);
}

SHIM_EXPORT int epoll_pwait2(int epoll, struct epoll_event *events, int max_events,
                             const struct timespec *timeout, const sigset_t *mask)
{
    if (!shim_is_on())
        return REAL(epoll_pwait2)(epoll, events, max_events, timeout, mask);
    if (timeout && !timespec_is_valid(timeout))
        return fail(EINVAL);
    return epoll_until(epoll, events, max_events, deadline_of(timeout), mask);
}
