/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Candidates in columns, the priority split into type preference, local preference and
 * component (RFC 8445 §5.1.2.1) as the trickle ICE page of the WebRTC samples shows it.
 */
#include "probes/commands/gather_text.h"

#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "probes/output/fields.h"
#include "probes/output/layout.h"

const char gather_heading[] =
    "        ms  type   comp  foundation  proto        priority          address\n";

char *gather_format_candidate(const json_t *candidate)
{
    GString *out = g_string_new(NULL);
    const json_t *priority = json_object_get(candidate, "priority_parts");
    const char *tcp_type = field_text(candidate, "tcp_type");
    const char *related = field_text(candidate, "related"),
               *url = field_text(candidate, "url");
    g_autofree char *foundation = text_escape(field_text(candidate, "foundation"));
    g_autofree char *protocol = g_strconcat(field_text(candidate, "protocol"),
                                            *tcp_type ? " " : "", tcp_type, NULL);
    g_string_append_printf(
        out, "%10.1f  %-5s  %4lld  %-10s  %-11s  %3lld | %5lld | %3lld  %s",
        json_number_value(json_object_get(candidate, "t_ms")),
        field_text(candidate, "type"), field_whole(candidate, "component"), foundation,
        protocol, field_whole(priority, "type"), field_whole(priority, "local"),
        field_whole(priority, "component"), field_text(candidate, "address"));
    if (*related)
        g_string_append_printf(out, " from %s", related);
    if (*url) {
        g_autofree char *safe = text_escape(url);
        g_string_append_printf(out, " by %s", safe);
    }
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

char *gather_format_item(const json_t *item, bool in_colour)
{
    enum verdict verdict = VERDICT_ERROR;
    verdict_parse(field_text(item, "status"), &verdict);
    g_autofree char *word = layout_verdict(verdict, in_colour);
    g_autofree char *name = text_escape(field_text(item, "name"));
    g_autofree char *message = text_escape(field_text(item, "message"));
    return g_strdup_printf("%s %s: %s\n", word, name, message);
}

char *gather_format_end(const json_t *document, bool in_colour)
{
    (void)in_colour;
    const json_t *gathering = json_object_get(document, "gathering");
    const json_t *counts = json_object_get(gathering, "candidates");
    double ms = json_number_value(json_object_get(gathering, "duration_ms"));
    if (!gathering)
        return g_strdup("");
    return g_strdup_printf("%s %.1f ms: %lld host, %lld srflx, %lld relay\n",
                           json_is_true(json_object_get(gathering, "is_complete"))
                               ? "gathered in"
                               : "not done after",
                           ms, field_whole(counts, "host"), field_whole(counts, "srflx"),
                           field_whole(counts, "relay"));
}
