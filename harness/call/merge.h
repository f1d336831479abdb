/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of a run's shards put together: what the run would have given on one
 * machine. "scenarios", "calls" and "comparisons" are the same, on the virtual clock byte
 * for byte; "run" tells which shards they came from.
 */
#ifndef RTCLAB_CALL_MERGE_H
#define RTCLAB_CALL_MERGE_H

#include <glib.h>
#include <jansson.h>

/** A shard's results.json. */
struct merge_part {
    const char *folder;    /**< where it is, for messages */
    const json_t *results; /**< with the schema "rtclab/results/1" */
};

/**
 * Merges shards, in whatever order they are given. Without all of them, or with one that
 * is not complete, the result is not "complete" and "missing_shards" has those that are
 * not there. A single run that is no shard may be given too, alone.
 *
 * @param ret_notes what is missing or not complete, char *, a sentence each; added to
 * @return caller owns; NULL with RTC_ERROR_USAGE: they are not shards of one run, or one
 *         is there twice
 */
json_t *merge_results(const struct merge_part *parts, unsigned n_parts,
                      GPtrArray *ret_notes, GError **error);

#endif
