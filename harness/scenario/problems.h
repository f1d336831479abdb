/* SPDX-License-Identifier: Apache-2.0 */
/* The mistakes of a scenario file, one line each, and the words that they are told in. */
#ifndef RTCLAB_SCENARIO_PROBLEMS_H
#define RTCLAB_SCENARIO_PROBLEMS_H

#include <glib.h>
#include <jansson.h>

/** Where mistakes go while a file is read. */
struct problems {
    const char *file;
    GPtrArray *lines; /**< of char *; may be NULL */
    unsigned n;
};

/**
 * Adds "FILE: POINTER: MESSAGE".
 *
 * @param pointer a JSON pointer (RFC 6901); "" for the whole file, which is left out
 */
void problems_add(struct problems *problems, const char *pointer, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/** Adds "FILE:LINE:COLUMN: MESSAGE". */
void problems_add_at(struct problems *problems, int line, int column,
                     const char *message);

/** A JSON pointer of the parts, each escaped, ended by NULL. Caller owns. */
char *pointer_of(const char *first, ...) G_GNUC_NULL_TERMINATED;

/** Appends "/KEY" to a JSON pointer, with RFC 6901's escapes. */
void pointer_push(GString *pointer, const char *key);

/** A value in a few words: "\"abc\"", "-3", "a list of 2", "an object". Caller owns. */
char *words_of_value(const json_t *value);

/** "\"a\", \"b\" or \"c\"". Caller owns. */
char *words_of_list(const char *const *words);

#endif
