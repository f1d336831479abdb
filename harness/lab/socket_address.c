/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/socket_address.h"

#include <netinet/in.h>
#include <string.h>

socklen_t socket_address_fill(struct sockaddr_storage *out, const struct address *address,
                              uint16_t port)
{
    memset(out, 0, sizeof *out);
    if (address->family == ADDRESS_IPV6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        memcpy(&in6->sin6_addr, address->bytes, 16);
        return sizeof *in6;
    }
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, address->bytes, 4);
    return sizeof *in;
}
