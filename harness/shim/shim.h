/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the time shim share: the page, the time, slots, waits, and libc's own
 * functions behind those that the shim puts in front of them.
 */
#ifndef RTCLAB_SHIM_SHIM_H
#define RTCLAB_SHIM_SHIM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#include "shim/page.h"
#include "shim/raw.h"

/** A function that stands in front of libc's. */
#define SHIM_EXPORT __attribute__((visibility("default")))

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/** How often the few waits are looked at that nothing wakes; see locks.c. */
/** Real time that does not pass: 34 years. */
#define SHIM_FAR_S       (INT64_C(1) << 30)
#define POLL_INTERVAL_NS NS_PER_MS

/* --- page.c --------------------------------------------------------------------------
 */

/** Whether there is a virtual clock. Attaches to the page at the first call. */
bool shim_is_on(void);

/** The monotonic clock. Only while shim_is_on(). */
int64_t shim_now_ns(void);

/** What to add to the monotonic clock for the calendar. */
int64_t shim_calendar_ns(void);

/** The page, NULL without one. Borrowed. */
struct clock_page *shim_page(void);

/** Says why on standard error and ends the process with 127. */
_Noreturn void shim_die(const char *why);

/** A slot of this process, SLOT_IDLE; the process ends if there is none left. */
struct clock_slot *slot_take(enum clock_slot_kind kind);

/** Gives a slot back, whatever its state. */
void slot_free(struct clock_slot *slot);

/** Starts a timer's slot: a deadline and then, if not 0, an interval. */
void slot_arm(struct clock_slot *slot, int64_t deadline_ns, int64_t interval_ns);

/** Stops a timer's slot. */
void slot_disarm(struct clock_slot *slot);

/* --- duration.c ----------------------------------------------------------------------
 */

/** a + b, or as near as fits. */
int64_t add_ns(int64_t a_ns, int64_t b_ns);

bool timespec_is_valid(const struct timespec *t);
bool timeval_is_valid(const struct timeval *t);
/** Of a valid time; CLOCK_PAGE_NEVER if it does not fit. */
int64_t timespec_to_ns(const struct timespec *t);
int64_t timeval_to_ns(const struct timeval *t);
struct timespec timespec_from_ns(int64_t ns);
struct timeval timeval_from_ns(int64_t ns);

/** Whether it is a clock that the page replaces, and not one of a CPU or none at all. */
bool clock_is_virtual(clockid_t clock);

/** Whether the virtual clock is one of the calendar's. */
bool clock_is_calendar(clockid_t clock);

/** The deadline of something that is to happen `after_ns` from now. */
int64_t deadline_in(int64_t after_ns);

/** The deadline of a time on a virtual clock. */
int64_t deadline_at(clockid_t clock, int64_t at_ns);

/** How long it is until then, at least 0. */
int64_t until_ns(int64_t deadline_ns);

/* --- waits.c -------------------------------------------------------------------------
 */

/** A wait of the calling thread; on its stack. */
struct shim_wait {
    struct clock_slot *slot;
    struct shim_wait *outer; /**< the wait that a signal handler interrupted */
    uint32_t outer_state;
    int64_t outer_deadline_ns;
};

struct raw_call {
    long number;
    long argument[6];
};

/** Publishes the deadline, which must be in the future and not CLOCK_PAGE_NEVER. */
void wait_begin(struct shim_wait *wait, int64_t deadline_ns);

/** Returns whether the deadline came. */
bool wait_end(struct shim_wait *wait);

/**
 * Makes a system call that waits without a limit, and ends it at the deadline.
 * Returns what the kernel returned, or -ETIMEDOUT if the deadline came, without a call if
 * it is not in the future. A cancellation point if `may_be_cancelled`.
 */
long wait_in_call(int64_t deadline_ns, bool may_be_cancelled,
                  const struct raw_call *call);

#define WAIT_PAD(deadline_ns, may_be_cancelled, n, a, b, c, d, e, f, ...) \
    wait_in_call(                                                         \
        (deadline_ns), (may_be_cancelled),                                \
        &(const struct raw_call){                                         \
            (n), { (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f) } })

/** wait_in_call(), a cancellation point, with as many arguments as there are. */
#define WAIT(deadline_ns, ...) \
    WAIT_PAD(deadline_ns, true, __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/** The same, but no cancellation point. */
#define WAIT_THROUGH(deadline_ns, ...) \
    WAIT_PAD(deadline_ns, false, __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/** Sleeps until then. Returns 0 or -EINTR. */
long wait_until(int64_t deadline_ns, bool may_be_cancelled);

/** Makes what gives slots back when threads end. */
void waits_start(void);

/** The child of fork() has no slot and no wait. */
void waits_after_fork(void);

/* --- futexes.c -----------------------------------------------------------------------
 */

/** Waits as FUTEX_WAIT does until the deadline. Returns 0 or -errno. */
long futex_wait(const void *word, uint32_t value, bool is_shared, int64_t deadline_ns,
                bool may_be_cancelled);

/** Wakes at most n who wait. */
void futex_wake(const void *word, int n, bool is_shared);

/** syscall(SYS_futex) with any operation. Returns what the kernel would. */
long futex_syscall(long word, long operation, long value, long timeout, long word2,
                   long value3);

/** syscall(SYS_futex_waitv). */
long futex_waitv_syscall(long waiters, long n, long flags, long timeout, long clock);

/* --- signals.c -----------------------------------------------------------------------
 */

/** Installs the handler of CLOCK_SIGNAL and unblocks it. */
void signals_start(void);

/** Takes the signals that are the shim's out of a kernel's set; NULL stays NULL. */
const uint64_t *signals_clean(const void *set, uint64_t *storage);

/** Whether a program must leave this signal alone. */
bool signal_is_ours(int signal_number);

long signals_mask_syscall(long how, long set, long old, long set_bytes);
long signals_action_syscall(long signal_number, long action, long old, long set_bytes);

/* --- processes.c and others, called when a process or thread begins ------------------
 */

/** Makes the process' streams of random numbers, and the one for constructors. */
void random_start(void);
/** All constructors have run: the calling thread draws as the main one. */
void random_start_main(void);
/** The same in a process that has another seed than when it was started. */
void random_restart(void);
/** Whether random numbers are made from a seed. */
bool random_is_seeded(void);
/** The calling thread's next one. Only if random_is_seeded(). */
uint64_t random_next(void);
void random_fill(void *to, size_t bytes);
/** Returns 1, or 0 if the kernel has none. */
int random_fill_from_kernel(unsigned char *to, int bytes);
void random_before_fork(void);
void random_after_fork(void);
void timerfds_start(void);
void timers_start(void);
void timers_after_fork(void);
void posix_timers_after_fork(void);
void audit_start(void);
bool audit_is_on(void);

/* --- timestamps.c --------------------------------------------------------------------
 */

struct msghdr;

/** Replaces the kernel's times in a message that was received. */
void timestamps_replace(struct msghdr *message);

/* --- libc's own ----------------------------------------------------------------------
 */

struct real_function {
    const char *name;
    void *_Atomic address;
};

/** Where libc's own function is; NULL if there is none. */
void *real_find(struct real_function *function);

/**
 * The function that the shim stands in front of. Each use leaves an entry in a table of
 * the library (section "real_functions"), which the constructor resolves: a signal
 * handler then need not.
 */
#define REAL(function)                                                              \
    (__extension__({                                                                \
        static struct real_function entry_                                          \
            __attribute__((used, section("real_functions"))) = { #function, NULL }; \
        (__typeof__(&function))real_find(&entry_);                                  \
    }))

#endif
