/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that a worker keeps started up to their main(), to fork them for each call: a
 * start then costs a tenth. Only for the virtual clock, whose shim is what forks
 * (shim/forkserver.h).
 */
#ifndef RTCLAB_LAB_FORKSERVER_H
#define RTCLAB_LAB_FORKSERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include <glib.h>

#include "lab/process.h"

/**
 * Starts a process as process_start() does, by forking its program's server; the first
 * time, starts that.
 *
 * @param spec        with a log
 * @param environment of the server: what the program's libraries find when they are
 *                    loaded; NULL-ended
 * @return caller owns; NULL: this program cannot be had so, use process_start()
 */
struct process *forkserver_start(const char *name, const struct process_spec *spec,
                                 char *const *environment);

/** Whether a process is a server, which waits for the worker and for nothing in a lab. */
bool forkserver_is(pid_t pid);

/** Ends all servers; the next start of a program starts its own anew. */
void forkserver_forget_all(void);

/** How many descriptors the servers take in the worker. */
unsigned forkserver_n_descriptors(void);

#endif
