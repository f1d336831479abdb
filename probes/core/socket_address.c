/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints to socket addresses and back. IPv6 scopes are deliberately not kept: servers
 * are not found on link-local addresses.
 */
#include "probes/core/socket_address.h"

#include <netinet/in.h>

socklen_t socket_address_make(const struct endpoint *e, struct sockaddr_storage *ret)
{
    *ret = (struct sockaddr_storage){ 0 };
    if (e->address.family == ADDRESS_IPV6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(e->port);
        memcpy(&six->sin6_addr, e->address.bytes, 16);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)ret;
    four->sin_family = AF_INET;
    four->sin_port = htons(e->port);
    memcpy(&four->sin_addr, e->address.bytes, 4);
    return sizeof *four;
}

bool socket_address_read(const struct sockaddr_storage *address,
                         struct endpoint *ret_endpoint)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        ret_endpoint->address =
            address_from_bytes(ADDRESS_IPV4, (const uint8_t *)&four->sin_addr);
        ret_endpoint->port = ntohs(four->sin_port);
        return true;
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        ret_endpoint->address =
            address_from_bytes(ADDRESS_IPV6, (const uint8_t *)&six->sin6_addr);
        ret_endpoint->port = ntohs(six->sin6_port);
        return true;
    }
    return false;
}

struct endpoint socket_address_local(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    struct endpoint local = { 0 };
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        socket_address_read(&address, &local);
    return local;
}
