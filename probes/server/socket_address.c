/* SPDX-License-Identifier: Apache-2.0 */
/* What core/socket_address.h has, as the server wants it, and opening of sockets. */
#include "probes/server/socket_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

struct endpoint srv_address_from_kernel(const struct sockaddr_storage *address)
{
    struct endpoint endpoint = { .port = 0 };
    (void)socket_address_read(address, &endpoint);
    return endpoint;
}

void srv_socket_set(int fd, int level, int option, int value)
{
    /* An option that a kernel does not have leaves the socket as it is. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

int srv_socket_bound(int type, const struct endpoint *local)
{
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(local, &address);
    int fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (address.ss_family == AF_INET6)
        srv_socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (type == SOCK_STREAM)
        srv_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(fd, (struct sockaddr *)&address, size) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}
