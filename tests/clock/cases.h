/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of clock_program share. A case returns if all was as wanted.
 */
#ifndef RTCLAB_TESTS_CLOCK_CASES_H
#define RTCLAB_TESTS_CLOCK_CASES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define HOUR_NS   (3600 * NS_PER_S)

/** Waits until fd is readable or the time is over: 1, 0, or -1 with errno. */
typedef int fd_wait_function(int fd, int64_t timeout_ns);

/** Tries to get a lock until an hour from now, and says whether it did. */
typedef bool lock_wait_function(void);

struct clock_case {
    const char *name; /**< NULL ends the table */
    void (*run)(const struct clock_case *self);
    fd_wait_function *wait_fd;
};

extern const struct clock_case fd_cases[];
extern const struct clock_case sleep_cases[];
extern const struct clock_case lock_cases[];
extern const struct clock_case cond_cases[];
extern const struct clock_case kernel_cases[];
extern const struct clock_case timer_cases[];
extern const struct clock_case socket_cases[];
extern const struct clock_case process_cases[];
extern const struct clock_case random_cases[];

/** The path of this program. */
extern const char *own_path;

/** Ends the program, saying so, if the two differ. */
void expect(const char *what, int64_t wanted, int64_t found);

int64_t now_on(clockid_t clock);
int64_t now_ns(void);
struct timespec in_timespec(int64_t ns);
/** Of the time on a clock, some while from now. */
struct timespec at_timespec(clockid_t clock, int64_t after_ns);

/** Says what was found if `since_ns` is not exactly that long ago. */
void expect_elapsed(const char *what, int64_t since_ns, int64_t wanted_ns);

/** Has a thread call a function that long from now. */
void call_after(int64_t after_ns, void (*function)(void *), void *argument);

/** Has a thread send SIGUSR1, whose handler does nothing, to this one, that long from
 * now. */
void interrupt_after(int64_t after_ns);

#endif
