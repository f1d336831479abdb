/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the kernel's behaviour have in common. */
#ifndef RTCLAB_TESTS_PLATFORM_H
#define RTCLAB_TESTS_PLATFORM_H

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/suite.h"

/* How long to wait for what must come, and for what must not. */
enum { SOON_MS = 5000, NEVER_MS = 300, SKIPPED = 77 };

/** Ends the program as skipped, unless it may make namespaces. */
static inline void platform_require(void)
{
    int probe = fork();
    if (probe == 0)
        _exit(unshare(CLONE_NEWNET | CLONE_NEWPID) == 0 ? 0 : 1);
    int status = 1;
    waitpid(probe, &status, 0);
    if (status == 0)
        return;
    puts("skipped: no permission to make namespaces");
    exit(SKIPPED);
}

/** True if a descriptor can be read, or is at its end, within the time given. */
static inline gboolean is_readable(int fd, int timeout_ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, timeout_ms) == 1;
}

/** One byte from a pipe, 0 at its end; fails the test if neither comes soon. */
static inline char read_byte(int fd)
{
    char byte = 0;
    CU_ASSERT_TRUE_FATAL(is_readable(fd, SOON_MS));
    CU_ASSERT_TRUE(read(fd, &byte, 1) >= 0);
    return byte;
}

#endif
