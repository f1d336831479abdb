/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run has done so far, so that it can go on after it was interrupted or killed:
 * journal.jsonl in its folder. Its first line says what run it is, as "run" in
 * results.json does; each other line is a call that has ended:
 *
 *     {"schema":"rtclab/journal/1","started":…,"version":…,"plan":{…}, …}
 *     {"elapsed_s":1.204,"result":{…},"cost":{…}}
 *
 * A line is written at once and whole, so that a killed run leaves whole lines and at
 * most a piece of one, which is not read. Against the loss of power nothing is done.
 */
#ifndef RTCLAB_CALL_JOURNAL_H
#define RTCLAB_CALL_JOURNAL_H

#include <glib.h>
#include <jansson.h>

#include "call/plan.h"
#include "call/run.h"

#define JOURNAL_FILE "journal.jsonl"

struct journal;

/** What an earlier part of a run did. */
struct journal_past {
    json_t *results;     /**< entries of "calls" by key */
    json_t *costs;       /**< entries of "costs" by key */
    int64_t calendar_ns; /**< when the run began */
    int64_t elapsed_ns;  /**< what it took so far */
    unsigned n_parts;    /**< so many times it was begun or gone on with */
};
void journal_past_clear(struct journal_past *past);

/**
 * Begins the journal of a new run. It is locked for as long as this process or one forked
 * from it lives: a second run in the same folder waits, then fails.
 * @return caller owns; NULL with RTC_ERROR_ENVIRONMENT
 */
struct journal *journal_begin(const struct run_options *options, const struct plan *plan,
                              int64_t calendar_ns, GError **error);

/**
 * Goes on with the run in `options->out`: reads its journal or, where that is gone, its
 * results.json, and begins a journal that has all this. A call whose record is gone is
 * not among the results. Whoever still writes in the folder is waited for.
 *
 * @param ret_past filled; cleared by journal_past_clear()
 * @return caller owns; NULL with RTC_ERROR_USAGE: there is no such run, or it made other
 *         calls than the plan, which the message tells; with RTC_ERROR_ENVIRONMENT: it
 *         still runs
 */
struct journal *journal_resume(const struct run_options *options, const struct plan *plan,
                               struct journal_past *ret_past, GError **error);

/** Adds a call that has ended. What cannot be written is told once on standard error. */
void journal_add(struct journal *journal, const json_t *result, const json_t *cost,
                 int64_t elapsed_ns);

/** Closes it; the file stays. */
void journal_close(struct journal *journal);

/** Removes the journal of a run whose results are complete and written. */
void journal_remove(const char *folder);

/** Whether a folder has one: a run that was cut off, or that goes on. */
bool journal_is_in(const char *folder);

#endif
