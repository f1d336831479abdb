/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual clock of a lab: its time, which only moves when it is told to, and the
 * deadlines of the lab's processes, which the time shim in them publishes (shim/page.h).
 */
#ifndef RTCLAB_LAB_COORDINATOR_H
#define RTCLAB_LAB_COORDINATOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

struct coordinator;

/**
 * Makes a clock, as that of a machine that has been up for a while. Only in a worker
 * (sandbox.h), one at a time.
 *
 * @param calendar_ns what the calendar shows at its start
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT
 */
struct coordinator *coordinator_new(int64_t calendar_ns, GError **error);
void coordinator_free(struct coordinator *coordinator);

int64_t coordinator_now_ns(const struct coordinator *coordinator);

/** Tells of a host, by the inode of its network namespace. */
void coordinator_add_host(struct coordinator *coordinator, uint64_t netns);

/** Something was done that may wake processes of a host; 0: of any. */
void coordinator_touch(struct coordinator *coordinator, uint64_t netns);

/**
 * What a process' environment needs so that it lives on this clock.
 *
 * @param environment NULL-ended, consumed
 * @param seed        of its random numbers; 0: they are the kernel's
 * @param audit_path  see struct lab_options; NULL: none
 * @return caller owns
 */
char **coordinator_prepare(const struct coordinator *coordinator, char **environment,
                           uint64_t seed, const char *audit_path);

enum coordinator_state {
    COORDINATOR_QUIET,  /**< nothing runs: time may move */
    COORDINATOR_BROKEN, /**< it will not become quiet, or a process is not on the clock:
                             see coordinator_why() */
    COORDINATOR_ENDING, /**< the worker shall end */
};

/** Waits, in real time, until nothing in the lab runs. */
enum coordinator_state coordinator_settle(struct coordinator *coordinator);

/** Why COORDINATOR_BROKEN; borrowed. */
const char *coordinator_why(const struct coordinator *coordinator);

/** The earliest deadline of a process; CLOCK_NEVER: none. Once quiet. */
int64_t coordinator_next_deadline(const struct coordinator *coordinator);

/** Moves the time; not backwards, and not past the next deadline. Once quiet. */
void coordinator_advance(struct coordinator *coordinator, int64_t now_ns);

/**
 * Wakes the first whose deadline has come. Of several at one time the order is that of
 * process ids, then thread ids. Once quiet.
 * @return false: there is none
 */
bool coordinator_wake_one(struct coordinator *coordinator);

#endif
