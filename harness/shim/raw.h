/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls past libc, whose functions are the very ones that the shim replaces.
 */
#ifndef RTCLAB_SHIM_RAW_H
#define RTCLAB_SHIM_RAW_H

#include <errno.h>
#include <sys/syscall.h>

/** What the kernel takes for a signal set's size; libc's sigset_t is larger. */
#define KERNEL_SIGSET_BYTES 8

/** Makes a system call and returns what the kernel returned: -errno on failure. */
long raw_syscall(long number, long a, long b, long c, long d, long e, long f);

/** If not NULL, where `syscall; ret` is, and all calls are made from there. */
extern void *raw_trampoline;

#define RAW_PAD(number, a, b, c, d, e, f, ...)                                   \
    raw_syscall((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
                (long)(f))

/** raw_syscall() with as many arguments as there are, of any type. */
#define RAW(...) RAW_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/** Turns -errno into errno and -1, as libc's functions return it. */
static inline long raw_to_errno(long result)
{
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

#endif
