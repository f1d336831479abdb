/* SPDX-License-Identifier: Apache-2.0 */
/* Running programs on the virtual clock in a lab of two hosts, for tests and benchmarks.
 */
#ifndef RTCLAB_TESTS_CLOCK_LAB_H
#define RTCLAB_TESTS_CLOCK_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

enum { CLOCK_LAB_HOSTS = 2, CLOCK_LAB_COMMANDS = 4 };

/** The first host's address is 198.51.100.4, the second's 198.51.100.20. */
struct clock_lab_task {
    /** Each NULL-ended; run side by side, the first on the first host, the second on the
     * second, … */
    const char *const *commands[CLOCK_LAB_COMMANDS];
    unsigned n_commands;
    int64_t delay_ns;    /**< of a packet from one host to the other */
    int64_t limit_ns;    /**< virtual; 0: an hour and a half */
    int64_t calendar_ns; /**< 0: 2025-01-01 */
    uint64_t seed;
    const char *log_path; /**< their outputs go here */
    const char *audit_path;
};

enum clock_lab_end {
    CLOCK_LAB_ENDED, /**< all commands have ended */
    CLOCK_LAB_LIMIT, /**< not within the limit */
    CLOCK_LAB_DEAD,
    CLOCK_LAB_BROKEN,
    CLOCK_LAB_FAILED, /**< there was no lab */
};

struct clock_lab_result {
    enum clock_lab_end end;
    int statuses[CLOCK_LAB_COMMANDS]; /**< as of waitpid() */
    int64_t virtual_ns;               /**< how much time went by in the lab */
    int64_t real_ns;                  /**< and outside */
    char why[256];                    /**< CLOCK_LAB_BROKEN, CLOCK_LAB_FAILED */
};

/** Runs a task in a worker of its own (lab/sandbox.h) and waits for it. */
struct clock_lab_result clock_lab_run(const struct clock_lab_task *task);

/** The path of a program beside this one; caller owns. */
char *clock_lab_program(const char *name);

#endif
