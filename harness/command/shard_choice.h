/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which shard of a run this process is: what --shard says, or else what the system that
 * started it says in its environment.
 *
 *     GitLab        CI_NODE_INDEX from 1, CI_NODE_TOTAL
 *     Kubernetes    JOB_COMPLETION_INDEX from 0 (a Job with completionMode Indexed); it
 *                   does not tell of how many, so RTCLAB_SHARDS or --shards must
 *     Slurm         SLURM_ARRAY_TASK_ID, _MIN, _MAX, _COUNT: evenly spaced, from any
 * number
 *
 * The first of these that is there counts. GitHub's matrix sets nothing.
 */
#ifndef RTCLAB_COMMAND_SHARD_CHOICE_H
#define RTCLAB_COMMAND_SHARD_CHOICE_H

#include <stdint.h>

#include <glib.h>

/** What says of how many shards this is one where the system does not. */
#define SHARD_COUNT_VARIABLE "RTCLAB_SHARDS"

struct shard_choice {
    unsigned shard, n_shards; /**< 1 ≤ shard ≤ n_shards */
    const char *source;       /**< the variables that said so; NULL: none did. Static */
};

/** `take` for "K/N": two uint64_t. */
gboolean shard_take(const char *text, void *place, GError **error);

/** `take` for N: a uint64_t. */
gboolean shard_take_count(const char *text, void *place, GError **error);

/** The value of a variable; NULL: there is none. As g_getenv(). */
typedef const char *(*shard_lookup)(const char *variable);

/**
 * Asks the environment.
 *
 * @param look_up  g_getenv
 * @param n_shards of how many; 0: the environment must say
 * @param ret      1 of 1 without a source: the environment says nothing
 * @return FALSE with RTC_ERROR_USAGE: what it says makes no sense, or does not suffice
 */
gboolean shard_from_environment(shard_lookup look_up, uint64_t n_shards,
                                struct shard_choice *ret, GError **error);

#endif
