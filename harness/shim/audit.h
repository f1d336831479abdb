/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two halves of the audit: what is looked for, and what is done when it is found.
 */
#ifndef RTCLAB_SHIM_AUDIT_H
#define RTCLAB_SHIM_AUDIT_H

#include <stdbool.h>

/** Where the shim's system calls come from in an audit: a page that is free in any
 * process. On x86-64 it lies below all programs and libraries, and outside of what
 * sanitizers take for themselves; on aarch64 it fits into 39 bits, the smallest address
 * space there is. */
#ifdef __x86_64__
#define AUDIT_TRAMPOLINE 0x550010c00000
#else
#define AUDIT_TRAMPOLINE 0x6c10c00000
#endif

/** Has the kernel send SIGSYS for each timed system call that does not come from the
 * trampoline, here and in all children. Returns 0 or -errno. */
long audit_install_filter(bool with_random);

/** The name of a system call that is looked for; "?" of any other. */
const char *audit_call_name(long number);

#endif
