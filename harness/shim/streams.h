/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sockets.c asks of files.c and ports.c.
 */
#ifndef RTCLAB_SHIM_STREAMS_H
#define RTCLAB_SHIM_STREAMS_H

#include <sys/types.h>
#include <sys/uio.h>

/** read() of /dev/urandom, from the seed. */
ssize_t random_read(void *to, size_t bytes);
ssize_t random_readv(const struct iovec *to, int n);

/** Binds an Internet socket that has no port yet to one from the seed, if there is a
 * seed, instead of what the kernel would choose now. */
void port_from_seed(int fd);

#endif
