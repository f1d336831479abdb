/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between struct endpoint and struct sockaddr, and opening of sockets. */
#include "probes/server/socket_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

socklen_t srv_address_to_kernel(const struct endpoint *endpoint,
                                struct sockaddr_storage *ret_address)
{
    *ret_address = (struct sockaddr_storage){ 0 };
    if (endpoint->address.family == ADDRESS_IPV6) {
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
                                    .sin6_port = htons(endpoint->port) };
        memcpy(&in6.sin6_addr, endpoint->address.bytes, 16);
        memcpy(ret_address, &in6, sizeof in6);
        return sizeof in6;
    }
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(endpoint->port) };
    memcpy(&in.sin_addr, endpoint->address.bytes, 4);
    memcpy(ret_address, &in, sizeof in);
    return sizeof in;
}

struct endpoint srv_address_from_kernel(const struct sockaddr_storage *address)
{
    struct endpoint endpoint = { .port = 0 };
    if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        endpoint.address =
            address_from_bytes(ADDRESS_IPV6, (const uint8_t *)&in6.sin6_addr);
        endpoint.port = ntohs(in6.sin6_port);
    } else if (address->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        endpoint.address =
            address_from_bytes(ADDRESS_IPV4, (const uint8_t *)&in.sin_addr);
        endpoint.port = ntohs(in.sin_port);
    }
    return endpoint;
}

struct endpoint srv_socket_local(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        address.ss_family = AF_UNSPEC;
    return srv_address_from_kernel(&address);
}

void srv_socket_set(int fd, int level, int option, int value)
{
    /* An option that a kernel does not have leaves the socket as it is. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

int srv_socket_bound(int type, const struct endpoint *local)
{
    struct sockaddr_storage address;
    socklen_t size = srv_address_to_kernel(local, &address);
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
