/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of a run: scenario × peers × mode × repeat, each with its key and its seed.
 */
#ifndef RTCLAB_CALL_PLAN_H
#define RTCLAB_CALL_PLAN_H

#include <glib.h>

#include "call/call.h"
#include "call/run.h"

/** A peer of some of the calls. */
struct plan_peer {
    char *peer;     /**< as it was asked for: a stack's name or a program's path */
    char *name;     /**< in keys */
    char *program;  /**< NULL: it is not there */
    char *missing;  /**< then: what is not installed, and how to */
    char *wall_why; /**< why it cannot be on the virtual clock; NULL: it can */
    bool is_browser;
};

/** The planned calls; programs, names and scenarios are borrowed by the specs. */
struct plan {
    GPtrArray *peers; /**< struct plan_peer, each once */
    char *wall_why;   /**< why no call can run on the virtual clock; NULL: they can */
    GArray *calls;    /**< struct call_spec, in the order in which they shall run */
    json_t *note;     /**< of all calls of the run, also those of other shards */
};

/**
 * Plans a run. The seed of a call depends on the run's seed, the scenario, the peers and
 * the repeat, and not on the mode: the modes of a repeat are a paired experiment. What a
 * shard gets of these shards.h says.
 *
 * @param scenarios array of struct scenario, borrowed for as long as the plan lives
 * @return caller owns; NULL with RTC_ERROR_USAGE: no such peer, or a key of
 *         `options->only_keys` that names no call. A known stack that is not installed
 *         is no error: its calls are `missing`
 */
struct plan *plan_new(const GPtrArray *scenarios, const struct run_options *options,
                      GError **error);
void plan_free(struct plan *plan);

/** Has all calls run on the wall clock; `why` stands in the results of those affected. */
void plan_leave_virtual_clock(struct plan *plan, const char *why);

#endif
