/* SPDX-License-Identifier: Apache-2.0 */
/* Strings that others chose, in GitHub-flavoured Markdown. */
#ifndef RTCLAB_REPORTS_MARKDOWN_H
#define RTCLAB_REPORTS_MARKDOWN_H

#include <glib.h>

/**
 * Appends a code span, in which nothing has a meaning: no markup, HTML, link, mention or
 * reference to an issue. What moves a terminal is escaped; "" is a blank in code.
 */
void markdown_append_code(GString *out, const char *text);

/** The same in a table, where a pipe is escaped even in code (GFM section 4.10), and only
 *  there. */
void markdown_append_cell_code(GString *out, const char *text);

/** Appends words, not at a line's start, with all that Markdown knows there escaped;
 *  mentions, links and references that GitHub makes of plain text are broken up, too. */
void markdown_append_text(GString *out, const char *text);

/** Appends a fenced block with one line of shell, each line of it after `indent`. */
void markdown_append_command(GString *out, const char *indent, const char *command);

#endif
