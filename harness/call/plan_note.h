/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plan was made from, as JSON: "plan" of a run in results.json. Two runs whose
 * notes are the same make the same calls, so that one may go on where the other stopped
 * (journal.h), and their shards belong together (merge.h).
 */
#ifndef RTCLAB_CALL_PLAN_NOTE_H
#define RTCLAB_CALL_PLAN_NOTE_H

#include "call/plan.h"

/**
 * Notes a plan that has all calls of the run.
 *
 * "calls", how many; "digest" of their keys and seeds in order; "options", all that
 * changes a call or which calls there are; "scenarios", a digest of each by its id. With
 * shards also "shards", how many, and "dealt", a digest of which call went to which.
 *
 * @param scenarios array of struct scenario
 * @param shards    of each call, from 1; NULL: the run has no shards
 * @return caller owns
 */
json_t *plan_note_make(const GArray *calls, const GPtrArray *scenarios,
                       const struct run_options *options, const unsigned *shards);

/**
 * Tells the first thing in which two notes differ.
 *
 * @param a      one
 * @param b      the other
 * @param a_name what stands for the first in the sentence: "the run in out"
 * @param b_name and for the second
 * @return "--repeat is 2 in A and 3 in B"; NULL: they are the same. Caller owns
 */
char *plan_note_differ(const json_t *a, const json_t *b, const char *a_name,
                       const char *b_name);

#endif
