/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A browser of our own: started with a new profile, which is gone, as all its processes
 * are, when it ends, when we end it, and when we are killed.
 *
 *     peer            holds the lifeline, a pipe
 *     └─ keeper       a fork of it; waits for the lifeline's end or the browser's
 *        └─ browser   first of a process group; dies with the keeper (PR_SET_PDEATHSIG)
 *           └─ …
 */
#ifndef RTCLAB_PEER_BROWSER_PROCESS_H
#define RTCLAB_PEER_BROWSER_PROCESS_H

#include <stdbool.h>

#include <glib.h>

struct browser_process;

struct browser_spec {
    const char *name;         /**< for its profile's: "chromium" */
    const char *const *argv;  /**< NULL-ended; "%s" in an argument is the profile */
    bool has_pipe;            /**< gets a pipe each way as its descriptors 3 and 4 */
    const char *profile_file; /**< a file of the profile to write first; NULL: none */
    const char *profile_text; /**< what is in it */
    const char *const *noise; /**< texts; lines of its output that have one are left out;
                                   NULL-ended; NULL: none */
};

/** An environment variable: 1 asks a browser to give names for the addresses of its host
 *  candidates (mDNS), as it does for pages without a camera's permission. */
#define BROWSER_MDNS_VARIABLE "RTCLAB_MDNS"
bool browser_hides_addresses(void);

/**
 * The first of some programs that is there.
 * @param variable  an environment variable that may name one instead
 * @param names     NULL-ended
 * @return its path; NULL: none is there; caller owns
 */
char *browser_find(const char *variable, const char *const *names);

/**
 * Starts it. Call it before there are other threads. Its home, profile and temporary
 * files are below $TMPDIR.
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT
 */
struct browser_process *browser_start(const struct browser_spec *spec, GError **error);

/** Ends it and waits until nothing is left of it. */
void browser_end(struct browser_process *process);

/** The ends of its pipe, to be taken over once; -1: it has none. */
int browser_take_writer(struct browser_process *process);
int browser_take_reader(struct browser_process *process);

/**
 * What it writes goes to our standard error; each line is told, too, from the default
 * main context.
 */
void browser_watch_output(struct browser_process *process,
                          void (*on_line)(void *user, const char *line), void *user);

/**
 * How it ended and what it said last, in one line. Waits for its end; call it when its
 * pipe or socket has ended.
 * @return caller owns
 */
char *browser_describe_end(struct browser_process *process);

const char *browser_profile(const struct browser_process *process);

#endif
