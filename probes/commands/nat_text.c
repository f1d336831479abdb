/* SPDX-License-Identifier: Apache-2.0 */
/* A line a test, its name first; what is not known has its verdict before the reason. */
#include "probes/commands/nat_text.h"

#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "probes/output/fields.h"
#include "probes/output/layout.h"

char *nat_format_item(const json_t *item, bool in_colour)
{
    enum verdict verdict = VERDICT_INFO;
    const char *name = field_text(item, "name");
    GString *out = g_string_new(NULL);
    if (strcmp(name, "udp") == 0) {
        g_autofree char *uri = text_escape(field_text(item, "target"));
        g_string_append_printf(out, "%s\n", uri);
    }
    verdict_parse(field_text(item, "status"), &verdict);
    g_autofree char *message = text_escape(field_text(item, "message"));
    g_autofree char *first = g_strdup_printf("  %-11s", name);
    if (verdict == VERDICT_PASS || verdict == VERDICT_INFO) {
        g_autofree char *lines = layout_wrap(first, message, layout_columns());
        g_string_append(out, lines);
    } else {
        g_autofree char *word = layout_verdict(verdict, in_colour);
        g_autofree char *lines = layout_wrap("             ", message, layout_columns());
        g_string_append_printf(out, "%s%s\n%s", first, word, lines);
    }
    return g_string_free(out, FALSE);
}

char *nat_format_end(const json_t *document, bool in_colour)
{
    const char *name = field_text(json_object_get(document, "nat"), "rfc3489");
    (void)in_colour;
    return *name ? g_strdup_printf("  %-11s%s\n", "RFC 3489", name) : g_strdup("");
}
