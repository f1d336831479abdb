/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints as the kernel has them, and the few calls on sockets that all need. */
#ifndef RTCLAB_PROBES_SERVER_SOCKET_ADDRESS_H
#define RTCLAB_PROBES_SERVER_SOCKET_ADDRESS_H

#include <sys/socket.h>

#include "probes/core/socket_address.h"

/* An endpoint that the kernel told; of no family if it is neither IPv4 nor IPv6. */
struct endpoint srv_address_from_kernel(const struct sockaddr_storage *address);

/* A socket that does not block, bound to `local`; -1 with errno. `type` is SOCK_DGRAM or
 * SOCK_STREAM. */
int srv_socket_bound(int type, const struct endpoint *local);

void srv_socket_set(int fd, int level, int option, int value);

#endif
