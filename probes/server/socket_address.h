/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints as the kernel has them, and the few calls on sockets that all need. */
#ifndef RTCLAB_PROBES_SERVER_SOCKET_ADDRESS_H
#define RTCLAB_PROBES_SERVER_SOCKET_ADDRESS_H

#include <sys/socket.h>

#include "wire/address.h"

/* Writes an endpoint for the kernel; returns the size of what it wrote. */
socklen_t srv_address_to_kernel(const struct endpoint *endpoint,
                                struct sockaddr_storage *ret_address);

/* Reads one from the kernel; of no family if it is neither IPv4 nor IPv6. */
struct endpoint srv_address_from_kernel(const struct sockaddr_storage *address);

/* The local or remote endpoint of a socket; of no family on failure. */
struct endpoint srv_socket_local(int fd);

/* A socket that does not block, bound to `local`; -1 with errno. `type` is SOCK_DGRAM or
 * SOCK_STREAM. */
int srv_socket_bound(int type, const struct endpoint *local);

void srv_socket_set(int fd, int level, int option, int value);

#endif
