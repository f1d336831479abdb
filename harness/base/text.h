/* SPDX-License-Identifier: Apache-2.0 */
/* Strings that others chose (peers, servers, files), made fit for a terminal. */
#ifndef RTCLAB_BASE_TEXT_H
#define RTCLAB_BASE_TEXT_H

#include <glib.h>

/**
 * Whether a character can move the cursor, change colours or turn the writing direction:
 * control characters (C0, DEL, C1), line separators and bidirectional controls.
 */
gboolean text_moves_terminal(gunichar c);

/**
 * A copy in which no character moves the terminal: those that would, and bytes that are
 * no UTF-8, become "\x1b" or "\u202e".
 *
 * @param text NULL counts as ""
 * @return caller owns
 */
char *text_escape(const char *text);

/**
 * Bytes as UTF-8 text: those that are none, and NULs, become "\xff". What moves a
 * terminal stays.
 * @return caller owns
 */
char *text_from_bytes(const void *bytes, size_t size);

/** "once", "2 times"; caller owns. */
char *text_times(unsigned n);

/** How many columns a UTF-8 text takes: wide characters two, combining ones none. */
unsigned text_width(const char *text);

/**
 * Appends words with a blank between them, or a line's end and `indent` blanks where the
 * line would be longer than `columns`. Where it begins, `indent` columns are taken.
 */
void text_append_wrapped(GString *out, const char *words, size_t indent, size_t columns);

/**
 * A word that a POSIX shell reads back as `text`: as it is where that is safe, quoted
 * otherwise. Caller owns.
 */
char *text_quote_word(const char *text);

#endif
