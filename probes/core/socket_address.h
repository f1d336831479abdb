/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints as the kernel has them. */
#ifndef RTCLAB_PROBES_SOCKET_ADDRESS_H
#define RTCLAB_PROBES_SOCKET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "wire/address.h"

/** For bind(2), connect(2) and sendto(2); IPv4 or IPv6. @return its length in bytes */
socklen_t socket_address_make(const struct endpoint *e, struct sockaddr_storage *ret);

/** @return false, with `ret_endpoint` untouched, for another family */
bool socket_address_read(const struct sockaddr_storage *address,
                         struct endpoint *ret_endpoint);

/** Where a socket is bound; of family ADDRESS_NONE if that cannot be told. */
struct endpoint socket_address_local(int fd);

#endif
