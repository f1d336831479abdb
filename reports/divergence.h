/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where two records of the same call part: the first thing that happened in one and not,
 * or not then, in the other. What follows it is mostly its consequence.
 */
#ifndef RTCLAB_REPORTS_DIVERGENCE_H
#define RTCLAB_REPORTS_DIVERGENCE_H

#include <stdbool.h>

#include <jansson.h>

/** What became of the first thing that differs: "what". */
enum divergence_what {
    DIVERGENCE_LATE,    /**< it comes later than it did */
    DIVERGENCE_EARLY,   /**< it comes earlier */
    DIVERGENCE_MISSING, /**< it does not come any more */
    DIVERGENCE_NEW,     /**< it did not come before */
    DIVERGENCE_ORDER,   /**< it comes at its time, but after others */
    DIVERGENCE_DETAIL,  /**< only what chance or a version decides differs: ports, ufrags
                         */
    DIVERGENCE_N_WHATS
};
extern const char *const divergence_what_names[DIVERGENCE_N_WHATS];

/**
 * Finds the first divergence of two records: of their events, and of their packets where
 * both have a timeline.json. The earlier of the two is told.
 *
 * Not compared are what each call draws anew (ports, ufrags, passwords, fingerprints) and
 * which version a peer has. `is_exact`: same seed, both on the virtual clock; then events
 * must come in one order, to the microsecond. Otherwise each source's events are compared
 * in their own order, and a time differs if it does by more than 25 ms and a tenth.
 *
 * @param before folder of the earlier record, with events.jsonl
 * @param after  folder of the later one
 * @return {"what", "of": "events" or "packets", "common", "since", "before", "after",
 *         "before_ms", "after_ms", "text"}: how many came the same and the last of these,
 *         the one that differs in each record (null: none) and when, all in words; caller
 *         owns. NULL: the records do not differ so, or one of them cannot be read
 */
json_t *divergence_find(const char *before, const char *after, bool is_exact);

#endif
