/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dealing the calls of a plan out to several machines. A unit is what one machine must do
 * alone so that it decides as a machine that does everything would: all repeats of a
 * scenario and two peers where a run may stop early (repeats.h), else all modes of one
 * repeat, which are a paired experiment.
 *
 * Units go to shards by their weight, the longest first, each to the shard that has least
 * so far (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM J. Appl. Math.
 * 17(2), 1969): the longest shard takes at most 4/3 - 1/(3N) of the shortest time
 * possible. Every machine computes the same from the same options; nothing here depends
 * on what is installed on it.
 */
#ifndef RTCLAB_CALL_SHARDS_H
#define RTCLAB_CALL_SHARDS_H

#include "call/plan.h"

/** More are a slip. */
enum { SHARDS_MAX = 10000 };

/** What goes to one shard as a whole. */
struct shards_unit {
    char *name;      /**< "nice~nice/stun/dead", or with "/REPEAT" */
    uint64_t weight; /**< how long it takes, in any one unit of time */
    unsigned shard;  /**< from 1; set by shards_assign() */
};

/**
 * Gives each unit its shard. Of units with the same weight that with the lower name comes
 * first, of shards with the same load that with the lower number.
 *
 * @param units    put into the order in which they were dealt out
 * @param n_shards at least 1
 */
void shards_assign(struct shards_unit *units, unsigned n_units, unsigned n_shards);

/**
 * Deals out a plan that has all calls of the run.
 *
 * @param options `n_shards`, what decides on repeats, and `durations`
 * @return the shard of each call, from 1, by its index; caller owns
 */
unsigned *shards_deal(const GArray *calls, const struct run_options *options);

/** The units of a plan, struct shards_unit, in the plan's order, not dealt out; caller
 *  owns. For the same arguments as shards_deal(). */
GArray *shards_make_units(const GArray *calls, const struct run_options *options);

#endif
