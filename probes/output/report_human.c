/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people read: the subcommand's own text for each item as it is done, and for the
 * end. A subcommand without one gets a line: "PASS  NAME: MESSAGE".
 */
#include <string.h>

#include "base/text.h"
#include "probes/output/layout.h"
#include "probes/output/report_writer.h"

static char *format_plainly(const json_t *item, enum verdict verdict, bool in_colour)
{
    g_autofree char *title = report_title_of(item);
    const char *message = report_text_of(item, "message");
    g_autofree char *line = g_strconcat(title, *message ? ": " : "", message, NULL);
    g_autofree char *safe = text_escape(line);
    g_autofree char *name = g_ascii_strup(verdict_name(verdict), -1);
    g_autofree char *first = g_strdup_printf("%s ", name);
    g_autofree char *text = layout_wrap(first, safe, layout_columns());
    /* Coloured once it is wrapped: escape sequences have no width. */
    g_autofree char *painted = layout_verdict(verdict, in_colour);
    return g_strconcat(painted, text + strlen(name), NULL);
}

static void write_item(struct report *r, const json_t *item, enum verdict verdict)
{
    const struct report_options *o = &r->options;
    g_autofree char *text = o->format_item
                                ? o->format_item(item, o->is_interactive)
                                : format_plainly(item, verdict, o->is_interactive);
    report_write(r, text);
}

static int write_end(struct report *r, const json_t *document, int status)
{
    if (r->options.format_end) {
        g_autofree char *text =
            r->options.format_end(document, r->options.is_interactive);
        report_write(r, text);
    }
    return status;
}

const struct report_writer report_writer_human = { .keeps_items = true,
                                                   .item = write_item,
                                                   .end = write_end };
