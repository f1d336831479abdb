/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_LAB_SOCKET_ADDRESS_H
#define RTCLAB_LAB_SOCKET_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

#include "wire/address.h"

/** An address and a port as the kernel wants them. @return the size of it */
socklen_t socket_address_fill(struct sockaddr_storage *out, const struct address *address,
                              uint16_t port);

#endif
