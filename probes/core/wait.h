/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place where a probe waits: for descriptors, until a deadline, and never after
 * an interrupt.
 */
#ifndef RTCLAB_PROBES_WAIT_H
#define RTCLAB_PROBES_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/** Makes SIGINT and SIGTERM end all waiting instead of the process; a second one, if it
 * does not come along with the first, ends the process. Call once, before any thread is
 * started. */
gboolean wait_catch_interrupts(GError **error);

/** Whether an interrupt came. */
bool wait_is_interrupted(void);

/** Ends all waiting as an interrupt does: what Ctrl-C calls, and a test. */
void wait_interrupt(void);

/** Forgets an interrupt: for tests. */
void wait_reset(void);

/** A descriptor that is readable from an interrupt on, for main loops: to be watched, not
 * read. */
int wait_interrupt_fd(void);

enum wait_end { WAIT_READY, WAIT_TIMEOUT, WAIT_INTERRUPTED };

/**
 * Waits until one of some descriptors is ready.
 * @param fds         as for poll(2); revents are set on WAIT_READY
 * @param n_fds       at most 64; 0: only the deadline or an interrupt
 * @param deadline_ns on clock_now_ns()'s clock; CLOCK_NEVER: none
 */
enum wait_end wait_for(struct pollfd *fds, unsigned n_fds, int64_t deadline_ns);

/** The same for one descriptor. */
enum wait_end wait_for_fd(int fd, short events, int64_t deadline_ns);

/**
 * Waits for a time to come.
 * @return FALSE with PROBE_ERROR_INTERRUPTED
 */
gboolean wait_until(int64_t deadline_ns, GError **error);

#endif
