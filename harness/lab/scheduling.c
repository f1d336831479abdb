/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/scheduling.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sched.h>

#include <glib.h>

#include "base/clock.h"

/* The argument of sched_setattr(2), for which neither glibc 2.36 nor, beside glibc's own
   headers, Linux' can be asked; the size of its first version, 48 bytes. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
};
G_STATIC_ASSERT(sizeof(struct scheduling) == 48);

/*
 * Asks the kernel for short slices, which it heeds from Linux 6.12 on: it then lets this
 * thread run soon when there is something to do, and others soon after. By default others
 * may finish theirs first, some 3 ms.
 */
static void ask_for_short_slices(bool for_children)
{
    struct scheduling attributes = {
        .size = sizeof attributes,
        .policy = SCHED_OTHER,
        .flags = for_children ? 0 : SCHED_FLAG_RESET_ON_FORK,
        .runtime_ns = 100 * NS_PER_US,
    };
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0)
        g_debug("no say in scheduling: %s", g_strerror(errno));
}

void scheduling_be_punctual(void)
{
    /* By default the kernel may wake a sleeper up to 50 µs late to save power. */
    prctl(PR_SET_TIMERSLACK, 1UL);
    struct scheduling attributes = {
        .size = sizeof attributes,
        .policy = SCHED_FIFO,
        .priority = 1,
        .flags = SCHED_FLAG_RESET_ON_FORK,
    };
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0)
        ask_for_short_slices(false);
}

void scheduling_take_turns(void)
{
    ask_for_short_slices(true);
}
