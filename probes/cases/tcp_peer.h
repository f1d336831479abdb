/* SPDX-License-Identifier: Apache-2.0 */
/* TCP peers of a relay (RFC 6062): sockets of this machine, all waits with a deadline. */
#ifndef RTCLAB_PROBES_TCP_PEER_H
#define RTCLAB_PROBES_TCP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <glib.h>

#include "wire/address.h"

/** A socket's descriptor that is closed at the end of its scope: g_auto(tcp_peer_fd). */
typedef int tcp_peer_fd;
static inline void tcp_peer_close(tcp_peer_fd fd)
{
    close(fd);
}
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(tcp_peer_fd, tcp_peer_close, -1)

/**
 * Listens.
 * @param address port 0: any
 * @param ret     where it is bound
 * @return the socket, or -1 with PROBE_ERROR_LOCAL
 */
int tcp_peer_listen(const struct endpoint *address, struct endpoint *ret, GError **error);

/** The next connection; -1: none came. @param ret_from NULL: not wanted */
int tcp_peer_accept(int listener, int64_t deadline_ns, struct endpoint *ret_from);

/** Connects; -1: it was not possible. @param local port 0: any */
int tcp_peer_connect(const struct endpoint *local, const struct endpoint *to,
                     int64_t deadline_ns);

/** Writes a few bytes; false: it could not. */
bool tcp_peer_write(int fd, const uint8_t *bytes, size_t size);

/** Reads as many bytes; false: they did not all come. */
bool tcp_peer_read(int fd, uint8_t *bytes, size_t size, int64_t deadline_ns);

/** Whether the other side ends the connection before the deadline. */
bool tcp_peer_ends(int fd, int64_t deadline_ns);

#endif
