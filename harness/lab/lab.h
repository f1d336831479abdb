/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab: hosts, the processes in them, the emulated network between them, and the
 * clock. It hands out what happens, one event at a time:
 *
 *     lab_next(lab, due_ns, limit_ns, &event);
 *     switch (event.kind) …
 *
 * lab_next() is the one place that waits. On the wall clock it waits in ppoll() with a
 * nanosecond deadline; on the virtual clock until nothing in the lab runs any more, and
 * then moves the time (README.md). What asks for a later time, asks by the deadline that
 * it passes.
 */
#ifndef RTCLAB_LAB_LAB_H
#define RTCLAB_LAB_LAB_H

#include <stdbool.h>

#include <glib.h>

#include "base/rng.h"
#include "lab/host.h"
#include "lab/lateness.h"
#include "lab/process.h"
#include "net/network.h"

struct lab;

enum lab_clock { LAB_CLOCK_WALL, LAB_CLOCK_VIRTUAL, LAB_N_CLOCKS };

/** "wall", "virtual". */
extern const char *const lab_clock_names[LAB_N_CLOCKS];

struct lab_options {
    const struct network_config *network; /**< borrowed for as long as the lab lives */
    const struct rng *rng; /**< parent of all chance in the lab: the network's elements',
                                and on the virtual clock the processes' */
    bool record;           /**< packets are handed out as LAB_NETWORK events */
    enum lab_clock clock;

    /* The virtual clock only: */
    int64_t calendar_ns;    /**< calendar time at the lab's start */
    bool has_kernel_random; /**< processes draw from the kernel, not from `rng` */
    bool has_outside;       /**< processes may be woken from outside the lab, at any time:
                                 somebody types something, or sends it through a pipe */
    const char *audit_path; /**< where timed system calls that bypass the clock are
                                 listed, a line each; NULL: nowhere */
};

enum lab_event_kind {
    LAB_TIMEOUT,  /**< `due_ns` or `limit_ns` has come */
    LAB_NETWORK,  /**< a decision of the network, see `network` */
    LAB_READABLE, /**< a watched descriptor can be read (or written, if that was asked
                       for), or is at its end */
    LAB_EXITED,   /**< a process has ended */
    LAB_MUST_END, /**< the parent is gone or wants the worker to end */
    LAB_DEAD,     /**< virtual clock: nothing is left to wait for before `limit_ns`: no
                       packet is on its way, and every program waits without a limit */
    LAB_BROKEN,   /**< virtual clock: it cannot go on, see `why`; told each time */
};

struct lab_event {
    enum lab_event_kind kind;
    struct network_event network; /**< LAB_NETWORK; its packet is the caller's to free */
    void *watch;                  /**< LAB_READABLE: as given to lab_watch() */
    struct process *process;      /**< LAB_EXITED: borrowed */
    const char *why;              /**< LAB_BROKEN: for a message; the lab's */
};

/**
 * Makes a lab: a host for each interface of the network that is not silent.
 *
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT
 */
struct lab *lab_new(const struct lab_options *options, GError **error);
void lab_free(struct lab *lab);

/**
 * Tries, in a worker of its own, whether the virtual clock can be here: its library, an
 * own /proc with what is read from it, a tmpfs.
 * @return FALSE with RTC_ERROR_ENVIRONMENT
 */
gboolean lab_try_virtual_clock(GError **error);

/** The lab's time in ns; the clock of every event of the lab. */
int64_t lab_now_ns(const struct lab *lab);

/** The calendar's time in ns at the lab's time 0. */
int64_t lab_calendar_ns(const struct lab *lab);

/** The host of an interface, or NULL for a silent one; borrowed. */
const struct lab_host *lab_find_host(const struct lab *lab, unsigned iface);

/** Takes the addresses of its loopback away from a host, lab_host_remove_loopback(). */
bool lab_remove_loopback(struct lab *lab, unsigned iface);

const struct network *lab_network(const struct lab *lab);

/**
 * Starts a process in a host, see process_start(); the lab owns it and ends it.
 * @return borrowed until lab_free() or lab_end_process()
 */
struct process *lab_start(struct lab *lab, const char *name,
                          const struct process_spec *spec, int *ret_errno,
                          GError **error);

/** Ends a process and forgets it. */
void lab_end_process(struct lab *lab, struct process *process);

/** Tells of a descriptor with LAB_READABLE, until lab_unwatch(). */
void lab_watch(struct lab *lab, int fd, void *watch);
void lab_unwatch(struct lab *lab, int fd);

/** Whether a watched descriptor shall also be told of when it can be written. */
void lab_watch_writing(struct lab *lab, int fd, bool is_wanted);

/**
 * Tells that processes of the lab may have been woken other than through this header (a
 * byte was written to one, a signal sent), so that the virtual clock waits for them. Only
 * needed after a LAB_NETWORK event: after all others it is taken for granted.
 */
void lab_touch(struct lab *lab);

/**
 * The next thing that happens.
 *
 * @param due_ns   when the caller has something to do (CLOCK_NEVER: nothing)
 * @param limit_ns when the caller gives up; no reason for a lab in which nothing can
 *                 happen any more to go on until then (CLOCK_NEVER: never)
 */
void lab_next(struct lab *lab, int64_t due_ns, int64_t limit_ns,
              struct lab_event *ret_event);

/**
 * Whether all was set that makes a call on the virtual clock repeatable. False where a
 * host's kernel would not have it (lab/host.h): one seed may then give several records.
 */
bool lab_is_repeatable(const struct lab *lab);

/** How late packets reached their hosts so far; borrowed. */
const struct lateness *lab_lateness(const struct lab *lab);

#endif
