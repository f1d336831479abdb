/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines are broken at blanks alone, and widths counted in columns (base/text.h). Colours
 * are the eight of ECMA-48 SGR, which each terminal's own theme makes readable.
 */
#include "probes/output/layout.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

enum { USUAL_COLUMNS = 80, LEAST_COLUMNS = 40 };

unsigned layout_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return USUAL_COLUMNS;
    return MAX(size.ws_col, LEAST_COLUMNS);
}

char *layout_wrap(const char *first, const char *text, unsigned columns)
{
    GString *out = g_string_new(first);
    unsigned indent = text_width(first);
    unsigned at = indent;
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    for (char **word = words; *word; word++) {
        if (!**word)
            continue;
        unsigned width = text_width(*word);
        if (at > indent && at + 1 + width > columns) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            g_string_append_c(out, ' ');
            at++;
        }
        g_string_append(out, *word);
        at += width;
    }
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

static const char *colour_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_PASS:
        return "\x1b[32m";
    case VERDICT_FAIL:
    case VERDICT_ERROR:
        return "\x1b[31m";
    case VERDICT_NON_STRICT:
    case VERDICT_INCONCLUSIVE:
    case VERDICT_KNOWN:
        return "\x1b[33m";
    case VERDICT_INFO:
    case VERDICT_UNSUPPORTED:
    case VERDICT_SKIPPED:
    case VERDICT_N:
        break;
    }
    return "\x1b[36m";
}

char *layout_paint(enum verdict verdict, const char *text, bool in_colour)
{
    return in_colour ? g_strconcat(colour_of(verdict), text, "\x1b[0m", NULL)
                     : g_strdup(text);
}

char *layout_verdict(enum verdict verdict, bool in_colour)
{
    g_autofree char *name = g_ascii_strup(verdict_name(verdict), -1);
    return layout_paint(verdict, name, in_colour);
}
