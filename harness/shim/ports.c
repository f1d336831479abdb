/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports from the seed. Which port a socket gets when it does not ask for one is the
 * kernel's choice, and a random one; here it is drawn from the thread's stream, so that a
 * run with the same seed has the same addresses.
 *
 * That is bind() with port 0, and the calls that bind a socket without being told:
 * connect(), listen() and sendto(). A port that is taken is followed by the next one
 * drawn. Programs often allow the reuse of addresses, with which the kernel would let two
 * sockets share a drawn port; it is forbidden for the moment of the binding, as the
 * kernel's own choice never falls on a port in use.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include "shim/fds.h"
#include "shim/shim.h"
#include "shim/streams.h"

enum {
    FIRST_PORT = 32768, /* as the kernel's default of ip_local_port_range */
    LAST_PORT = 60999,
    MAX_TRIES = 200,
};

union internet_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int get_option(int fd, int option)
{
    int value = -1;
    socklen_t bytes = sizeof value;
    if (RAW(SYS_getsockopt, fd, SOL_SOCKET, option, &value, &bytes) < 0)
        return -1;
    return value;
}

static void set_option(int fd, int option, int value)
{
    RAW(SYS_setsockopt, fd, SOL_SOCKET, option, &value, sizeof value);
}

static bool has_ports(int fd)
{
    int protocol = get_option(fd, SO_PROTOCOL);
    return protocol == IPPROTO_UDP || protocol == IPPROTO_TCP;
}

static in_port_t *port_of(union internet_address *address)
{
    return address->any.sa_family == AF_INET ? &address->v4.sin_port
                                             : &address->v6.sin6_port;
}

/** Binds to an address without a port. Returns 0, or -errno with the socket unbound. */
static long bind_to_drawn_port(int fd, union internet_address *address, socklen_t bytes)
{
    int reuses_address = get_option(fd, SO_REUSEADDR);
    int reuses_port = get_option(fd, SO_REUSEPORT);
    if (reuses_address > 0)
        set_option(fd, SO_REUSEADDR, 0);
    if (reuses_port > 0)
        set_option(fd, SO_REUSEPORT, 0);
    long result = -EADDRINUSE;
    for (int i = 0; i < MAX_TRIES && result == -EADDRINUSE; i++) {
        uint64_t drawn = (random_next() >> 32) * (LAST_PORT - FIRST_PORT + 1) >> 32;
        *port_of(address) = htons((uint16_t)(FIRST_PORT + drawn));
        result = RAW(SYS_bind, fd, address, bytes);
    }
    if (reuses_address > 0)
        set_option(fd, SO_REUSEADDR, reuses_address);
    if (reuses_port > 0)
        set_option(fd, SO_REUSEPORT, reuses_port);
    return result;
}

/** Reads an Internet address; false if it is none. */
static bool read_address(const struct sockaddr *from, socklen_t bytes,
                         union internet_address *ret_address)
{
    if (!from || bytes < sizeof from->sa_family)
        return false;
    if (from->sa_family == AF_INET && bytes >= sizeof ret_address->v4)
        ret_address->v4 = *(const struct sockaddr_in *)from;
    else if (from->sa_family == AF_INET6 && bytes >= sizeof ret_address->v6)
        ret_address->v6 = *(const struct sockaddr_in6 *)from;
    else
        return false;
    return true;
}

static socklen_t address_bytes(const union internet_address *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

SHIM_EXPORT int bind(int fd, __CONST_SOCKADDR_ARG to, socklen_t bytes)
{
    union internet_address address;
    if (random_is_seeded() && read_address(to.__sockaddr__, bytes, &address) &&
        *port_of(&address) == 0 && has_ports(fd)) {
        long result = bind_to_drawn_port(fd, &address, address_bytes(&address));
        if (result != -EADDRINUSE)
            return (int)raw_to_errno(result);
    }
    return REAL(bind)(fd, to, bytes);
}

void port_from_seed(int fd)
{
    if (!random_is_seeded() || fd_has(fd, FD_IS_BOUND))
        return;
    int old_errno = errno;
    union internet_address address = { .any.sa_family = AF_UNSPEC };
    socklen_t bytes = sizeof address;
    struct fd_entry *entry;
    if (RAW(SYS_getsockname, fd, &address, &bytes) == 0 && (entry = fd_entry(fd))) {
        atomic_fetch_or(&entry->flags, FD_IS_BOUND);
        if (read_address(&address.any, bytes, &address) && *port_of(&address) == 0 &&
            has_ports(fd))
            bind_to_drawn_port(fd, &address, address_bytes(&address));
    }
    errno = old_errno;
}

SHIM_EXPORT int listen(int fd, int backlog)
{
    port_from_seed(fd);
    return REAL(listen)(fd, backlog);
}
