/* SPDX-License-Identifier: Apache-2.0 */
/* Processes inside a lab: started in a host's network, their output kept. */
#ifndef RTCLAB_LAB_PROCESS_H
#define RTCLAB_LAB_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include <glib.h>

#include "lab/host.h"

/** What to start. */
struct process_spec {
    const char *const *argv;     /**< argv[0] found by PATH; NULL-ended */
    const struct lab_host *host; /**< NULL: where this process is */
    const char *folder;          /**< working folder; NULL: this one */
    const char *log_path; /**< where both outputs go; NULL: the terminal's, with its input
                               and its Ctrl-C, as for a command that a user types */
    int extra_fd;         /**< given as descriptor 3; -1: none */
    char *const *environment; /**< NULL-ended; NULL: this process's own */
    bool is_repeatable; /**< memory is laid out alike each time, as what a program does
                           may depend on it (a table that is ordered by addresses) */
};

struct process {
    char *name;
    pid_t pid;  /**< 0 once it has ended */
    int status; /**< as of waitpid(), once it has ended */
};

/**
 * Starts a process; the one that ends is told by process_reap().
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT (not found, not executable, …);
 *         `error`'s code is then also in `ret_errno` if that is not NULL
 */
struct process *process_start(const char *name, const struct process_spec *spec,
                              int *ret_errno, GError **error);

/** Ends it (SIGKILL) if it runs, and frees it. */
void process_free(struct process *process);

/**
 * Takes in the processes that have ended; also orphans, which come to the worker as the
 * first process of its namespace.
 * @return the next one of `processes` that has ended, or NULL
 */
struct process *process_reap(struct process *const *processes, unsigned n_processes);

/** "exited with 2", "was ended by signal 9 (Killed)"; caller owns. */
char *process_describe_end(const struct process *process);

#endif
