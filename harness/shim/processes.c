/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork(). The child inherits the mapping of the page and nothing else: its thread takes a
 * slot of its own, interval timers stay with the parent, and its random numbers are
 * others. libc runs our handler before those of the program, so that they may wait.
 *
 * exec() and posix_spawn() start the shim anew: see the constructor in page.c. Between
 * vfork() and exec() the child lives in its parent's memory and must not wait; what it
 * closes there concerns itself alone, which fds.c looks after.
 */
#include "shim/shim.h"

#include <pthread.h>

#include "shim/fds.h"

static void before_fork(void)
{
    random_before_fork();
}

static void in_child(void)
{
    fds_start();
    random_after_fork();
    if (!shim_is_on())
        return;
    waits_after_fork();
    timers_after_fork();
}

__attribute__((constructor)) static void start(void)
{
    fds_start();
    pthread_atfork(before_fork, NULL, in_child);
}
