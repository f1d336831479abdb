/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fence is longer than any row of backticks inside (CommonMark sections 4.5 and 6.1).
 *
 * Mentions, bare addresses ("www." and "://") and "#12" are found by GitHub in what a
 * document says, not in how it is written: a backslash does not stop that, a zero-width
 * space does.
 */
#include "reports/markdown.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define ZERO_WIDTH_SPACE "\xe2\x80\x8b"

enum { LEAST_FENCE = 3 };

static unsigned longest_row_of_backticks(const char *text)
{
    unsigned longest = 0, row = 0;
    for (; *text; text++) {
        row = *text == '`' ? row + 1 : 0;
        longest = MAX(longest, row);
    }
    return longest;
}

static void append_backticks(GString *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        g_string_append_c(out, '`');
}

static void append_code(GString *out, const char *text, bool is_in_table)
{
    g_autofree char *safe = text_escape(text);
    unsigned n = longest_row_of_backticks(safe) + 1;
    /* One blank on each side is taken away again if both are there. */
    bool is_padded = *safe == '\0' || *safe == '`' || *safe == ' ' ||
                     g_str_has_suffix(safe, "`") || g_str_has_suffix(safe, " ");
    append_backticks(out, n);
    if (is_padded)
        g_string_append_c(out, ' ');
    for (const char *at = safe; *at; at++) {
        if (*at == '|' && is_in_table)
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
    if (is_padded)
        g_string_append_c(out, ' ');
    append_backticks(out, n);
}

void markdown_append_code(GString *out, const char *text)
{
    append_code(out, text, false);
}

void markdown_append_cell_code(GString *out, const char *text)
{
    append_code(out, text, true);
}

/* Whether GitHub would make a link of what stands there. */
static bool begins_link(const char *at)
{
    return (strchr("@#", *at) && g_ascii_isalnum(at[1])) || g_str_has_prefix(at, "://") ||
           g_ascii_strncasecmp(at, "w.", 2) == 0;
}

void markdown_append_text(GString *out, const char *text)
{
    g_autofree char *safe = text_escape(text);
    for (const char *at = safe; *at; at++) {
        if (strchr("\\`*_[]<>#!|~$&", *at))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
        if (begins_link(at))
            g_string_append(out, ZERO_WIDTH_SPACE);
    }
}

void markdown_append_command(GString *out, const char *indent, const char *command)
{
    g_autofree char *safe = text_escape(command);
    unsigned n = MAX(longest_row_of_backticks(safe) + 1, LEAST_FENCE);
    g_string_append(out, indent);
    append_backticks(out, n);
    g_string_append_printf(out, "sh\n%s%s\n%s", indent, safe, indent);
    append_backticks(out, n);
    g_string_append_c(out, '\n');
}
