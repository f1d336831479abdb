/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the table's text that speak of calls; used by table*.c only. */
#ifndef RTCLAB_REPORTS_TABLE_CALLS_H
#define RTCLAB_REPORTS_TABLE_CALLS_H

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#include "reports/call_words.h"
#include "reports/table.h"

enum table_tone {
    TABLE_PLAIN,
    TABLE_GOOD,
    TABLE_BAD,
    TABLE_ODD,
    TABLE_DIM,
    TABLE_N_TONES
};

/** Appends a text in a tone's colour, if the style has colours. */
void table_append_toned(GString *out, const char *text, enum table_tone tone,
                        const struct table_style *style);

/** Appends lines of whole words, as many as fit the style's width, dimmed. */
void table_append_wrapped(GString *out, const char *text,
                          const struct table_style *style);

/**
 * The calls of one scenario and mode in a few words: "srflx~prflx", "4/5 timeout!",
 * "failed (expected)", "failed (known)", "srflx~prflx (flaky)", "unsupported"; "!" marks
 * what was not as expected, and "+1" that one call selected another pair than the one
 * named.
 *
 * @param calls    const json_t *, repeats of one another
 * @param ret_tone how the words shall look
 * @param ret_has_other_pairs whether there is a "+1" to explain
 * @return caller owns
 */
char *table_describe_calls(const GPtrArray *calls, enum table_tone *ret_tone,
                           gboolean *ret_has_other_pairs);

/** Each call that was not as expected: why, its record, the command that repeats it. */
void table_append_unexpected(GString *out, const json_t *results,
                             const struct table_style *style);

/** Each call that was as expected only at a later attempt, with what failed before. */
void table_append_flaky(GString *out, const json_t *results,
                        const struct table_style *style);

/** The known failures that came, and those that did not any more. */
void table_append_known(GString *out, const json_t *results,
                        const struct table_style *style);

/** Why calls were unsupported, and which stacks were left out. */
void table_append_unsupported(GString *out, const json_t *results,
                              const struct table_style *style);

/** "51 calls: 50 as expected, 1 not (1 timeout); 23.4 s; records in DIR". */
void table_append_summary(GString *out, const json_t *results,
                          const struct table_style *style);

#endif
