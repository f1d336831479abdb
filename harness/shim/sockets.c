/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SO_RCVTIMEO and SO_SNDTIMEO. The shim keeps them and ends the blocking calls itself,
 * which then say what they would with a limit in the kernel: EAGAIN, or EINPROGRESS of
 * connect(). The kernel gets a limit that never comes: a call with one is not restarted
 * after a signal's handler, be it with SA_RESTART, and one without is (signal(7)).
 *
 * Until a limit is set for the first time in the process, each call is libc's. read() and
 * the calls that give a socket its port also ask files.c and ports.c.
 *
 * Approximate: sendmmsg(), sendfile(), splice() and stdio know no limits, and a socket
 * that is accepted has none of the listener's.
 */
#include "shim/shim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim/fds.h"
#include "shim/streams.h"

SHIM_EXPORT ssize_t __recv_chk(int fd, void *to, size_t n, size_t bytes, int flags);
SHIM_EXPORT ssize_t __recvfrom_chk(int fd, void *restrict to, size_t n, size_t bytes,
                                   int flags, struct sockaddr *restrict ret_from,
                                   socklen_t *restrict ret_from_bytes);
SHIM_EXPORT ssize_t __read_chk(int fd, void *to, size_t n, size_t bytes);

/* The options' numbers; those of libc's headers and those for 64-bit time on 32 bits. */
enum { RECEIVE_LIMIT_NEW = 66, SEND_LIMIT_NEW = 67 };

static bool is_receive_limit(int level, int option)
{
    return level == SOL_SOCKET && (option == SO_RCVTIMEO || option == RECEIVE_LIMIT_NEW);
}

static bool is_send_limit(int level, int option)
{
    return level == SOL_SOCKET && (option == SO_SNDTIMEO || option == SEND_LIMIT_NEW);
}

static int fail(int error)
{
    errno = error;
    return -1;
}

SHIM_EXPORT int setsockopt(int fd, int level, int option, const void *value,
                           socklen_t bytes)
{
    bool is_receive = is_receive_limit(level, option);
    struct fd_entry *entry;
    if (!(is_receive || is_send_limit(level, option)) || !shim_is_on() ||
        !(entry = fd_entry(fd)))
        return REAL(setsockopt)(fd, level, option, value, bytes);
    struct timeval limit;
    if (bytes < sizeof limit)
        return fail(EINVAL);
    memcpy(&limit, value, sizeof limit);
    if (limit.tv_usec < 0 || limit.tv_usec >= NS_PER_S / NS_PER_US)
        return fail(EDOM);
    /* 0 is none; the kernel takes what is negative for "do not wait" */
    int64_t limit_ns = limit.tv_sec < 0 ? 1 : timeval_to_ns(&limit);
    struct timeval far = { .tv_sec = limit_ns ? SHIM_FAR_S : 0 };
    if (REAL(setsockopt)(fd, level, is_receive ? SO_RCVTIMEO : SO_SNDTIMEO, &far,
                         sizeof far) != 0)
        return -1;
    if (is_receive)
        entry->receive_limit_ns = limit_ns;
    else
        entry->send_limit_ns = limit_ns;
    atomic_fetch_or(&entry->flags, FD_HAS_LIMITS);
    atomic_store(&fds_have_limits, true);
    return 0;
}

SHIM_EXPORT int getsockopt(int fd, int level, int option, void *restrict ret_value,
                           socklen_t *restrict bytes)
{
    bool is_receive = is_receive_limit(level, option);
    if (!(is_receive || is_send_limit(level, option)) || !fd_has(fd, FD_HAS_LIMITS))
        return REAL(getsockopt)(fd, level, option, ret_value, bytes);
    const struct fd_entry *entry = fd_entry(fd);
    struct timeval limit =
        timeval_from_ns(is_receive ? entry->receive_limit_ns : entry->send_limit_ns);
    if (*bytes > sizeof limit)
        *bytes = sizeof limit;
    memcpy(ret_value, &limit, *bytes);
    return 0;
}

/** When a call that receives must end: 0 if there is no limit, and the call is libc's. */
static int64_t receive_deadline(int fd)
{
    if (!atomic_load_explicit(&fds_have_limits, memory_order_relaxed) ||
        !fd_has(fd, FD_HAS_LIMITS))
        return 0;
    int64_t limit_ns = fd_entry(fd)->receive_limit_ns;
    return limit_ns ? deadline_in(limit_ns) : 0;
}

static int64_t send_deadline(int fd)
{
    if (!atomic_load_explicit(&fds_have_limits, memory_order_relaxed) ||
        !fd_has(fd, FD_HAS_LIMITS))
        return 0;
    int64_t limit_ns = fd_entry(fd)->send_limit_ns;
    return limit_ns ? deadline_in(limit_ns) : 0;
}

static ssize_t outcome(long result)
{
    return raw_to_errno(result == -ETIMEDOUT ? -EAGAIN : result);
}

SHIM_EXPORT ssize_t recvfrom(int fd, void *restrict to, size_t n, int flags,
                             __SOCKADDR_ARG ret_from, socklen_t *restrict ret_from_bytes)
{
    int64_t deadline_ns = receive_deadline(fd);
    if (!deadline_ns)
        return REAL(recvfrom)(fd, to, n, flags, ret_from, ret_from_bytes);
    return outcome(WAIT(deadline_ns, SYS_recvfrom, fd, to, n, flags,
                        ret_from.__sockaddr__, ret_from_bytes));
}

SHIM_EXPORT ssize_t recv(int fd, void *to, size_t n, int flags)
{
    int64_t deadline_ns = receive_deadline(fd);
    if (!deadline_ns)
        return REAL(recv)(fd, to, n, flags);
    return outcome(WAIT(deadline_ns, SYS_recvfrom, fd, to, n, flags, NULL, NULL));
}

SHIM_EXPORT ssize_t __recv_chk(int fd, void *to, size_t n, size_t bytes, int flags)
{
    if (n > bytes)
        abort();
    return recv(fd, to, n, flags);
}

SHIM_EXPORT ssize_t __recvfrom_chk(int fd, void *restrict to, size_t n, size_t bytes,
                                   int flags, struct sockaddr *restrict ret_from,
                                   socklen_t *restrict ret_from_bytes)
{
    if (n > bytes)
        abort();
    return recvfrom(fd, to, n, flags, ret_from, ret_from_bytes);
}

SHIM_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    int64_t deadline_ns = receive_deadline(fd);
    ssize_t n;
    if (!deadline_ns)
        n = REAL(recvmsg)(fd, message, flags);
    else
        n = outcome(WAIT(deadline_ns, SYS_recvmsg, fd, message, flags));
    if (n >= 0)
        timestamps_replace(message);
    return n;
}

/* The kernel looks at recvmmsg()'s timeout after each message and at no other time: it
 * waits for the next for ever. So do we. */
SHIM_EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned int n, int flags,
                         struct timespec *timeout)
{
    if (!shim_is_on() || (!timeout && !receive_deadline(fd))) {
        int n_messages = REAL(recvmmsg)(fd, messages, n, flags, timeout);
        for (int i = 0; i < n_messages; i++)
            timestamps_replace(&messages[i].msg_hdr);
        return n_messages;
    }
    if (timeout && !timespec_is_valid(timeout))
        return fail(EINVAL);
    int64_t end_ns = timeout ? deadline_in(timespec_to_ns(timeout)) : CLOCK_PAGE_NEVER;
    unsigned int n_got = 0;
    while (n_got < n) {
        ssize_t bytes =
            recvmsg(fd, &messages[n_got].msg_hdr, flags & ~(int)MSG_WAITFORONE);
        if (bytes < 0)
            break;
        messages[n_got++].msg_len = (unsigned int)bytes;
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (end_ns <= shim_now_ns())
            break;
    }
    if (timeout)
        *timeout = timespec_from_ns(until_ns(end_ns));
    return n_got > 0 || n == 0 ? (int)n_got : -1;
}

SHIM_EXPORT ssize_t read(int fd, void *to, size_t n)
{
    if (fd_has(fd, FD_IS_RANDOM))
        return random_read(to, n);
    int64_t deadline_ns = receive_deadline(fd);
    if (!deadline_ns)
        return REAL(read)(fd, to, n);
    return outcome(WAIT(deadline_ns, SYS_read, fd, to, n));
}

SHIM_EXPORT ssize_t __read_chk(int fd, void *to, size_t n, size_t bytes)
{
    if (n > bytes)
        abort();
    return read(fd, to, n);
}

SHIM_EXPORT ssize_t readv(int fd, const struct iovec *to, int n)
{
    if (fd_has(fd, FD_IS_RANDOM))
        return random_readv(to, n);
    int64_t deadline_ns = receive_deadline(fd);
    if (!deadline_ns)
        return REAL(readv)(fd, to, n);
    return outcome(WAIT(deadline_ns, SYS_readv, fd, to, n));
}

SHIM_EXPORT int accept4(int fd, __SOCKADDR_ARG ret_from, socklen_t *restrict ret_bytes,
                        int flags)
{
    int64_t deadline_ns = receive_deadline(fd);
    if (!deadline_ns)
        return REAL(accept4)(fd, ret_from, ret_bytes, flags);
    return (int)outcome(
        WAIT(deadline_ns, SYS_accept4, fd, ret_from.__sockaddr__, ret_bytes, flags));
}

SHIM_EXPORT int accept(int fd, __SOCKADDR_ARG ret_from, socklen_t *restrict ret_bytes)
{
    return receive_deadline(fd) ? accept4(fd, ret_from, ret_bytes, 0)
                                : REAL(accept)(fd, ret_from, ret_bytes);
}

SHIM_EXPORT ssize_t sendto(int fd, const void *from, size_t n, int flags,
                           __CONST_SOCKADDR_ARG to, socklen_t to_bytes)
{
    if (to.__sockaddr__)
        port_from_seed(fd);
    int64_t deadline_ns = send_deadline(fd);
    if (!deadline_ns)
        return REAL(sendto)(fd, from, n, flags, to, to_bytes);
    return outcome(
        WAIT(deadline_ns, SYS_sendto, fd, from, n, flags, to.__sockaddr__, to_bytes));
}

SHIM_EXPORT ssize_t send(int fd, const void *from, size_t n, int flags)
{
    int64_t deadline_ns = send_deadline(fd);
    if (!deadline_ns)
        return REAL(send)(fd, from, n, flags);
    return outcome(WAIT(deadline_ns, SYS_sendto, fd, from, n, flags, NULL, 0));
}

SHIM_EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (message->msg_name)
        port_from_seed(fd);
    int64_t deadline_ns = send_deadline(fd);
    if (!deadline_ns)
        return REAL(sendmsg)(fd, message, flags);
    return outcome(WAIT(deadline_ns, SYS_sendmsg, fd, message, flags));
}

SHIM_EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned int n, int flags)
{
    port_from_seed(fd);
    return REAL(sendmmsg)(fd, messages, n, flags);
}

SHIM_EXPORT ssize_t write(int fd, const void *from, size_t n)
{
    int64_t deadline_ns = send_deadline(fd);
    if (!deadline_ns)
        return REAL(write)(fd, from, n);
    return outcome(WAIT(deadline_ns, SYS_write, fd, from, n));
}

SHIM_EXPORT ssize_t writev(int fd, const struct iovec *from, int n)
{
    int64_t deadline_ns = send_deadline(fd);
    if (!deadline_ns)
        return REAL(writev)(fd, from, n);
    return outcome(WAIT(deadline_ns, SYS_writev, fd, from, n));
}

SHIM_EXPORT int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t bytes)
{
    if (to.__sockaddr__ && to.__sockaddr__->sa_family != AF_UNSPEC)
        port_from_seed(fd);
    int64_t deadline_ns = send_deadline(fd);
    if (!deadline_ns)
        return REAL(connect)(fd, to, bytes);
    long result = WAIT(deadline_ns, SYS_connect, fd, to.__sockaddr__, bytes);
    /* The kernel may itself report that the peer did not answer. */
    bool has_passed = result == -ETIMEDOUT && deadline_ns <= shim_now_ns();
    return (int)raw_to_errno(has_passed ? -EINPROGRESS : result);
}
