/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets below a connection: made, bound, connected, read and written without ever
 * blocking in the kernel; waiting is core/wait.h's. UDP sockets are connected too, so
 * that the kernel hands us nobody else's datagrams and the ICMP errors of ours.
 *
 * A datagram that a path's MTU turns back (EMSGSIZE, RFC 1191) is no error of the server:
 * it is sent again, in fragments then, as STUN may (RFC 8489 §6.1); cases of the largest
 * messages ask for that.
 *
 * Where a capture runs, its flow must be known before the first packet: TCP's local port
 * is then chosen by bind(2) rather than by connect(2), as UDP's always is.
 */
#include "probes/core/connection_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "probes/core/capture.h"
#include "probes/core/error.h"
#include "probes/core/fresh_port.h"
#include "probes/core/socket_address.h"
#include "probes/core/wait.h"

/* ---- In words ------------------------------------------------------------------- */

static const char *const names[PROBE_N_TRANSPORTS] = {
    [PROBE_UDP] = "UDP", [PROBE_TCP] = "TCP", [PROBE_TLS] = "TLS", [PROBE_DTLS] = "DTLS"
};

char *connection_name(const struct connection *c)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (c->is_peer)
        return g_strdup_printf("UDP from %s", endpoint_format(&c->local, text));
    return g_strdup_printf("%s to %s", names[c->transport],
                           endpoint_format(&c->server, text));
}

struct transcript_path connection_path(const struct connection *c)
{
    return (struct transcript_path){ .transport = c->transport,
                                     .local = c->local,
                                     .remote = c->server };
}

void connection_set_errno_error(const struct connection *c, int errno_value,
                                const char *phase, GError **error)
{
    bool is_stream = transport_is_stream(c->transport);
    enum probe_error code = PROBE_ERROR_LOCAL;
    const char *cause = g_strerror(errno_value);
    switch (errno_value) {
    case ECONNREFUSED: /* a reset to the SYN, or ICMP 3/3 */
        code = PROBE_ERROR_REFUSED;
        cause = is_stream ? "refused" : "port unreachable (ICMP)";
        break;
    case EHOSTUNREACH:
        code = PROBE_ERROR_REFUSED;
        cause = "host unreachable (ICMP, or nobody has the address)";
        break;
    case ENETUNREACH:
        code = PROBE_ERROR_REFUSED;
        cause = "network unreachable (ICMP)";
        break;
    case ENOPROTOOPT:
        code = PROBE_ERROR_REFUSED;
        cause = "protocol unreachable (ICMP)";
        break;
    case ECONNRESET:
    case EPIPE:
        code = PROBE_ERROR_CLOSED;
        cause = "reset by the server";
        break;
    case ETIMEDOUT:
        code = PROBE_ERROR_SILENT;
        cause = "no answer";
        break;
    case EMSGSIZE:
        cause = "the datagram is too large";
        break;
    case EPERM:
    case EACCES:
        cause = "not allowed by this machine (its firewall, a broadcast address)";
        break;
    }
    g_set_error(error, PROBE_ERROR, (int)code, "%s: %s", phase, cause);
}

gboolean connection_wait(const struct connection *c, short events, int64_t deadline_ns,
                         const char *phase, GError **error)
{
    enum wait_end end = wait_for_fd(c->fd, events, deadline_ns);
    if (end == WAIT_READY)
        return TRUE;
    g_autofree char *name = phase ? NULL : connection_name(c);
    if (end == WAIT_TIMEOUT)
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_SILENT, "%s: no answer",
                    phase ? phase : name);
    else
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED, "%s: interrupted",
                    phase ? phase : name);
    return FALSE;
}

/* ---- Making --------------------------------------------------------------------- */

static bool bind_to(int fd, const struct endpoint *local)
{
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(local, &address);
    return bind(fd, (struct sockaddr *)&address, size) == 0;
}

static gboolean set_local_error(GError **error, const char *what)
{
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL, "%s: %s", what, g_strerror(errno));
    return FALSE;
}

/* What waits while we are busy is not lost: loss shall be the network's. Beyond the
 * system's limit only where we may. */
static void make_room(int fd)
{
    static const int wanted_bytes = 4 * 1024 * 1024;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted_bytes, sizeof wanted_bytes) <
        0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted_bytes, sizeof wanted_bytes);
}

static int make_socket(enum probe_transport transport, const struct endpoint *local,
                       enum address_family family, GError **error)
{
    bool is_stream = transport_is_stream(transport);
    int domain = family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    static const int on = 1;
    struct endpoint here = *local;
    if (here.address.family == ADDRESS_NONE)
        here.address.family = (uint8_t)family;
    if (here.address.family != family) {
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL,
                    "the local address is IPv%d, the server's is IPv%d",
                    (int)here.address.family, (int)family);
        return -1;
    }
    int fd = socket(
        domain, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        set_local_error(error, "cannot make a socket");
        return -1;
    }
    if (domain == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (is_stream) /* RFC 8489 has no use for segments that wait for one another */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    else
        make_room(fd);
    bool is_bound = local->address.family != ADDRESS_NONE || local->port > 0;
    if ((is_bound || !is_stream || capture_is_running()) && !bind_to(fd, &here)) {
        char text[ENDPOINT_TEXT_SIZE];
        g_autofree char *what =
            g_strdup_printf("cannot bind to %s", endpoint_format(&here, text));
        set_local_error(error, what);
        close(fd);
        return -1;
    }
    return fd;
}

/* A UDP socket whose port the kernel chooses gets one that was not used before, if there
   is one to be had. */
int connection_socket_make(enum probe_transport transport, const struct endpoint *local,
                           enum address_family family, GError **error)
{
    enum { TRIES = 16 };
    int tried[TRIES], n_tried = 0, fd;
    do {
        fd = make_socket(transport, local, family, error);
        if (fd < 0 || transport_is_stream(transport) || local->port > 0 ||
            fresh_port_take(socket_address_local(fd).port) || n_tried == TRIES)
            break;
        tried[n_tried++] = fd; /* stays open, so that the next is another one */
        fd = -1;
    } while (fd < 0);
    for (int i = 0; i < n_tried; i++)
        close(tried[i]);
    return fd;
}

/* ---- Connecting ----------------------------------------------------------------- */

static gboolean finish_connect(struct connection *c, int64_t deadline_ns,
                               const char *phase, GError **error)
{
    int failure = 0;
    socklen_t size = sizeof failure;
    if (!connection_wait(c, POLLOUT, deadline_ns, phase, error))
        return FALSE;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure == 0)
        return TRUE;
    /* Before there is a connection, a reset refuses it. */
    connection_set_errno_error(c, failure == ECONNRESET ? ECONNREFUSED : failure, phase,
                               error);
    return FALSE;
}

gboolean connection_socket_connect(struct connection *c, int64_t deadline_ns,
                                   GError **error)
{
    bool is_stream = transport_is_stream(c->transport);
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(&c->server, &address);
    char text[ENDPOINT_TEXT_SIZE];
    g_autofree char *phase = g_strdup_printf(
        "%s to %s", is_stream ? "TCP connect" : "UDP", endpoint_format(&c->server, text));
    if (is_stream)
        capture_add_flow(IPPROTO_TCP, socket_address_local(c->fd).port, &c->server);
    gboolean done = connect(c->fd, (struct sockaddr *)&address, size) == 0;
    if (!done && errno == EINPROGRESS) {
        done = finish_connect(c, deadline_ns, phase, error);
    } else if (!done && (errno == ENETUNREACH || errno == EHOSTUNREACH)) {
        /* At once, before any packet: the routing table says so. */
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL,
                    "%s: this machine has no route there", phase);
    } else if (!done) {
        connection_set_errno_error(c, errno, phase, error);
    }
    c->local = socket_address_local(c->fd);
    if (done && !is_stream)
        capture_add_flow(IPPROTO_UDP, c->local.port, &c->server);
    return done;
}

/* ---- Reading and writing -------------------------------------------------------- */

static enum io fail(struct connection *c, GError **error)
{
    int failure = errno;
    g_autofree char *name = connection_name(c);
    connection_set_errno_error(c, failure, name, error);
    return IO_FAILED;
}

enum io connection_socket_read(struct connection *c, uint8_t *out, size_t size,
                               size_t *ret_size, GError **error)
{
    ssize_t n;
    do {
        n = recv(c->fd, out, size, MSG_DONTWAIT);
    } while (n < 0 && (errno == EINTR || errno == EMSGSIZE));
    if (n < 0)
        return errno == EAGAIN ? IO_AGAIN : fail(c, error);
    if (n == 0 && transport_is_stream(c->transport))
        return IO_ENDED;
    *ret_size = (size_t)n;
    return IO_DONE;
}

enum io connection_socket_write(struct connection *c, const uint8_t *bytes, size_t size,
                                size_t *ret_size, GError **error)
{
    /* An ICMP error that waits in the socket ends the first try, and nothing was sent. */
    bool tried = false;
    for (;;) {
        ssize_t n = send(c->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            *ret_size = (size_t)n;
            return IO_DONE;
        }
        if (errno == EAGAIN)
            return IO_AGAIN;
        if (errno == EMSGSIZE && !tried)
            tried = true;
        else if (errno != EINTR)
            return fail(c, error);
    }
}
