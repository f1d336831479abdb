/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP peers. Non-blocking sockets behind poll(), so that an interrupt ends any wait.
 * Nothing of what comes is framed: that is the client's side.
 */
#include "probes/cases/tcp_peer.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/socket_address.h"
#include "probes/core/wait.h"

static int open_socket(const struct endpoint *local)
{
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(local, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) < 0) {
        int kept = errno;
        close(fd);
        errno = kept;
        fd = -1;
    }
    return fd;
}

int tcp_peer_listen(const struct endpoint *address, struct endpoint *ret, GError **error)
{
    enum { BACKLOG = 8 };
    int fd = open_socket(address);
    if (fd < 0 || listen(fd, BACKLOG) < 0) {
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL, "listening over TCP: %s",
                    g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *ret = socket_address_local(fd);
    return fd;
}

int tcp_peer_accept(int listener, int64_t deadline_ns, struct endpoint *ret_from)
{
    struct sockaddr_storage from;
    while (wait_for_fd(listener, POLLIN, deadline_ns) == WAIT_READY) {
        socklen_t size = sizeof from;
        int fd = accept4(listener, (struct sockaddr *)&from, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (ret_from)
                socket_address_read(&from, ret_from);
            return fd;
        }
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            break;
    }
    return -1;
}

/* Whether a connect(2) under way is done, and well. */
static bool is_connected(int fd, int64_t deadline_ns)
{
    int problem = 0;
    socklen_t size = sizeof problem;
    return wait_for_fd(fd, POLLOUT, deadline_ns) == WAIT_READY &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) == 0 && problem == 0;
}

int tcp_peer_connect(const struct endpoint *local, const struct endpoint *to,
                     int64_t deadline_ns)
{
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(to, &address);
    int fd = open_socket(local);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, size) == 0 ||
        (errno == EINPROGRESS && is_connected(fd, deadline_ns)))
        return fd;
    close(fd);
    return -1;
}

bool tcp_peer_write(int fd, const uint8_t *bytes, size_t size)
{
    /* A few bytes into an empty buffer: they fit, or the connection is no more. */
    return send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Reads what is there: 0 at the end, -1 with EAGAIN, or another error. */
static ssize_t read_some(int fd, uint8_t *bytes, size_t size, int64_t deadline_ns,
                         bool *ret_is_late)
{
    *ret_is_late = wait_for_fd(fd, POLLIN, deadline_ns) != WAIT_READY;
    return *ret_is_late ? -1 : recv(fd, bytes, size, 0);
}

bool tcp_peer_read(int fd, uint8_t *bytes, size_t size, int64_t deadline_ns)
{
    bool is_late = false;
    while (size > 0) {
        ssize_t n = read_some(fd, bytes, size, deadline_ns, &is_late);
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (is_late || n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return false;
        }
    }
    return true;
}

bool tcp_peer_ends(int fd, int64_t deadline_ns)
{
    enum { CHUNK = 512 };
    uint8_t dropped[CHUNK];
    for (;;) {
        bool is_late;
        ssize_t n = read_some(fd, dropped, sizeof dropped, deadline_ns, &is_late);
        if (is_late)
            return false;
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return true;
        if (clock_now_ns() >= deadline_ns) /* there may be no end of what comes */
            return false;
    }
}
