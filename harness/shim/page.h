/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock page: what the coordinator of a virtual clock (lab/coordinator.c) shares with
 * the time shim that is preloaded into each process of the lab.
 *
 * The coordinator alone writes the time. A process that waits with a limit publishes the
 * deadline in a slot and then waits in the kernel without one. When nothing in the lab
 * runs any more, the coordinator moves the time to the earliest deadline and wakes whom
 * it belongs to. Because it acts only then, the two never write the same slot at once.
 *
 * One file in memory, mapped by all; no pointers in it. All times are nanoseconds.
 */
#ifndef RTCLAB_SHIM_PAGE_H
#define RTCLAB_SHIM_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

/** The page's path. Without it the shim does nothing at all. */
#define CLOCK_PAGE_VARIABLE "RTCLAB_CLOCK_PAGE"

/** 16 hexadecimal digits: what the process' randomness is made from. Without it random
 * numbers are the kernel's. */
#define CLOCK_SEED_VARIABLE "RTCLAB_RANDOM_SEED"

/** A file to which the shim appends each timed system call that bypassed it, a line each.
 * Without it nothing is looked for. */
#define CLOCK_AUDIT_VARIABLE "RTCLAB_CLOCK_AUDIT"

/** What wakes a thread whose deadline has come. Nobody else uses it: the shim keeps
 * programs from blocking, handling or ignoring it. */
#define CLOCK_SIGNAL 61

#define CLOCK_PAGE_MAGIC UINT64_C(0x3130636c62617472) /* "rtablc01" */
#define CLOCK_PAGE_NEVER INT64_MAX

enum {
    CLOCK_MAX_SLOTS = 16384,
    CLOCK_MAX_FAMILIES = 64,
};

enum clock_slot_state {
    SLOT_FREE,    /**< anybody may take it (compare and swap to SLOT_IDLE) */
    SLOT_IDLE,    /**< somebody's, and not waiting */
    SLOT_WAITING, /**< `deadline_ns` holds; all other fields are set before this */
    SLOT_FIRED,   /**< the deadline has come; the owner sets SLOT_IDLE */
};

enum clock_slot_kind {
    /** A thread in a wait. Fired: the slot becomes SLOT_FIRED, and CLOCK_SIGNAL is sent
     * to `tid`, which interrupts its system call. */
    SLOT_THREAD,
    /** A timer behind an eventfd(2), `fd` of process `pid`. Fired: 1 is added to it; then
     * the deadline moves on by `interval_ns`, or, with 0, the slot is SLOT_IDLE. */
    SLOT_EVENTFD,
    /** A timer that sends a signal. Fired: `signal_number` with `value` as SI_TIMER goes
     * to process `pid`, or with `tid` not 0 to that thread; then as SLOT_EVENTFD. */
    SLOT_SIGNAL,
};

struct clock_slot {
    _Atomic uint32_t state; /**< enum clock_slot_state */
    uint32_t kind;          /**< enum clock_slot_kind */
    int32_t pid;            /**< as the lab's processes see it */
    int32_t tid;
    int32_t fd;
    int32_t signal_number;
    int64_t deadline_ns; /**< on the monotonic clock */
    int64_t interval_ns;
    uint64_t value; /**< sigval */
    uint64_t owner; /**< for the owner's own use */
};

/** The processes with one seed: a process that the lab started and all that came of it.
 * Each gets a number, so that no two draw the same random numbers. */
struct clock_family {
    _Atomic uint64_t seed; /**< 0: unused */
    _Atomic uint32_t n_members;
};

struct clock_page {
    uint64_t magic;
    uint32_t size; /**< sizeof(struct clock_page): the two ends are of one build */
    _Atomic uint32_t n_slots; /**< those from this index on were never used */
    _Atomic int64_t now_ns; /**< the monotonic clock, and each clock but those of CPUs */
    int64_t calendar_ns;    /**< the calendar's time when the monotonic clock was 0 */
    struct clock_family families[CLOCK_MAX_FAMILIES];
    struct clock_slot slots[CLOCK_MAX_SLOTS];
};

#endif
