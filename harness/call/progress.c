/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line on standard error, rewritten in place. The time that is left is taken from how
 * long the finished calls took and how many run side by side.
 */
#include "call/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char *shown; /* the line that stands there; NULL: none */

gboolean progress_is_wanted(void)
{
    const char *terminal = g_getenv("TERM");
    return isatty(STDERR_FILENO) && g_strcmp0(terminal, "dumb") != 0;
}

static double seconds_left(const struct progress *p)
{
    double each_s = p->finished_s / p->done;
    unsigned left = p->planned - p->done;
    double whole_s = ceil((double)left / p->jobs) * each_s;
    return whole_s < 1 ? 1 : whole_s;
}

/* ": KEY, KEY and 3 more", as many keys as there is room for; "; 5 running" if none. */
static void append_running(GString *line, const char *const *keys, unsigned columns)
{
    unsigned n = g_strv_length((char **)keys);
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned n_shown = 1; n_shown <= n; n_shown++) {
        g_autoptr(GString) longer = g_string_new(": ");
        for (unsigned i = 0; i < n_shown; i++)
            g_string_append_printf(longer, "%s%s", i > 0 ? ", " : "", keys[i]);
        if (n_shown < n)
            g_string_append_printf(longer, " and %u more", n - n_shown);
        if (line->len + longer->len >= columns)
            break;
        g_string_assign(text, longer->str);
    }
    if (text->len == 0 && n > 0)
        g_string_printf(text, "; %u running", n);
    if (line->len + text->len < columns)
        g_string_append(line, text->str);
}

char *progress_format(const struct progress *p, unsigned columns)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%u of %u calls", p->done, p->planned);
    if (p->done > 0 && p->done < p->planned)
        g_string_append_printf(line, ", about %.0f s left", seconds_left(p));
    append_running(line, p->running, columns);
    return g_string_free(line, FALSE);
}

void progress_show(const struct progress *p)
{
    struct winsize size = { 0 };
    unsigned columns = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    char *line = progress_format(p, columns);
    if (g_strcmp0(line, shown) != 0) {
        fprintf(stderr, "\r%s\x1b[K", line);
        fflush(stderr);
    }
    g_free(shown);
    shown = line;
}

void progress_clear(void)
{
    if (shown)
        fprintf(stderr, "\r\x1b[K");
    fflush(stderr);
    g_clear_pointer(&shown, g_free);
}
