/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the shim remembers of a file descriptor.
 */
#ifndef RTCLAB_SHIM_FDS_H
#define RTCLAB_SHIM_FDS_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/page.h"

/** Descriptors from here on are not remembered; see fds.c. */
enum { FDS_MAX = 65536 };

enum fd_flag {
    FD_IS_TIMER = 1,   /**< an eventfd in a timerfd's place */
    FD_IS_RANDOM = 2,  /**< /dev/urandom or /dev/random */
    FD_HAS_LIMITS = 4, /**< SO_RCVTIMEO or SO_SNDTIMEO was set */
    FD_IS_BOUND = 8,   /**< a socket that needs no port of ours any more */
};

struct fd_entry {
    _Atomic uint32_t flags; /**< 0: nothing is known of it */
    int32_t clock;          /**< a timer's */
    struct clock_slot *slot;
    int64_t receive_limit_ns; /**< 0: none */
    int64_t send_limit_ns;
};

/** Whose memory this is: in the constructor and after fork(). */
void fds_start(void);

/** What is remembered of it, to read and to write; NULL if it cannot be remembered. */
struct fd_entry *fd_entry(int fd);

/** Whether all these flags are set. The usual answer costs one read. */
bool fd_has(int fd, uint32_t flags);

/** Whether any descriptor of the process ever had a limit: else nobody need look. */
extern _Atomic bool fds_have_limits;

/** Remembers nothing of it any more. */
void fd_forget(int fd);

#endif
