/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of known failures written from runs (scenario/known_failures.h).
 *
 * A ratchet turns one way only: from runs the file gets shorter by itself, as what is
 * mended leaves it, and from then on fails if it breaks again. It gets longer only where
 * somebody says so, or begins it. So nobody's new failure is ever excused by the run that
 * shows it.
 */
#ifndef RTCLAB_CALL_RATCHET_H
#define RTCLAB_CALL_RATCHET_H

#include <stdbool.h>

#include <jansson.h>

#include "scenario/known_failures.h"

/** What a ratchet makes of runs. */
struct ratchet {
    json_t *file;       /**< the file of known failures */
    GPtrArray *kept;    /**< char *: calls of entries of the old file that stay, */
    GPtrArray *removed; /**< and of those that go, because all of their calls pass */
    GPtrArray *added;   /**< calls that fail, and are in the file now */
    GPtrArray
        *refused; /**< and that are not: the old file does not have them; with why */
    GPtrArray *unsteady; /**< calls that fail in some of the runs, or not always the same
                              way: no file can have them */
};

/**
 * Makes the file.
 *
 * A failure goes in if all calls of its scenario, peers and mode, in all runs, failed
 * with one outcome; its `why` is the longest text that all of theirs have in common. An
 * entry of the old file stays, with its reason, unless calls that it is about were made
 * and all were as expected.
 *
 * @param runs   const json_t *: results.json of each
 * @param old    the file to turn; NULL: begin one
 * @param may_add also add what an old file does not have
 * @param ret    cleared by ratchet_clear()
 */
void ratchet_turn(const GPtrArray *runs, const struct known_failures *old, bool may_add,
                  struct ratchet *ret);
void ratchet_clear(struct ratchet *ratchet);

#endif
