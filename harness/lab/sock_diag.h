/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's table of sockets, sock_diag(7). */
#ifndef RTCLAB_LAB_SOCK_DIAG_H
#define RTCLAB_LAB_SOCK_DIAG_H

/**
 * Ends all TCP connections of the network namespace that the caller is in, those without
 * a process too; where the other end is still there, it gets a reset.
 *
 * @return 0, or a negative errno: -EOPNOTSUPP where the kernel cannot do so for a
 *         connection that is there (built without CONFIG_INET_DIAG_DESTROY)
 */
int sock_diag_destroy_tcp(void);

#endif
