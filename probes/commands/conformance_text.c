/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance items as people read them: a line where all is well, and the rest below. */
#include "probes/commands/conformance_text.h"

#include <string.h>

#include "base/text.h"
#include "probes/output/fields.h"
#include "probes/output/layout.h"

static const char indent[] = "              ";

static void append_line(GString *out, const char *label, const char *text)
{
    g_autofree char *safe = text_escape(text);
    g_autofree char *first = g_strdup_printf("%s%-10s", indent, label);
    g_autofree char *lines = layout_wrap(first, safe, layout_columns());
    g_string_append(out, lines);
}

static bool is_well(enum verdict verdict)
{
    return verdict == VERDICT_PASS || verdict == VERDICT_UNSUPPORTED ||
           verdict == VERDICT_SKIPPED || verdict == VERDICT_INFO;
}

static void append_explanation(GString *out, const json_t *item)
{
    g_autofree char *clause =
        g_strdup_printf("%s, %s", field_text(item, "clause"), field_text(item, "level"));
    append_line(out, "clause", clause);
    append_line(out, "expected", field_text(item, "expected"));
    append_line(out, "observed", field_text(item, "message"));
    const json_t *known = json_object_get(item, "known");
    if (known)
        append_line(out, "known", field_text(known, "reason"));
}

/* The whole command on one line, so that it can be copied. */
static void append_again(GString *out, const json_t *item)
{
    g_string_append_printf(out, "%s%-10s%s\n", indent,
                           "again:", field_text(item, "again"));
}

/* How much is told of what is well. */
enum detail { DETAIL_TITLE, DETAIL_OBSERVED, DETAIL_MESSAGES };

static char *format(const json_t *item, bool in_colour, enum detail detail)
{
    GString *out = g_string_new(NULL);
    enum verdict verdict = VERDICT_ERROR;
    verdict_parse(field_text(item, "status"), &verdict);
    g_autofree char *word = g_ascii_strup(verdict_name(verdict), -1);
    g_autofree char *padded = g_strdup_printf("%-12s", word);
    g_autofree char *painted = layout_paint(verdict, padded, in_colour);
    g_string_append_printf(out, "%s  %s  %s\n", painted, field_text(item, "name"),
                           field_text(item, "title"));
    if (!is_well(verdict) || detail == DETAIL_MESSAGES)
        append_explanation(out, item);
    else if (verdict != VERDICT_PASS || detail == DETAIL_OBSERVED)
        append_line(out, "", field_text(item, "message"));
    const json_t *warnings = json_object_get(item, "warnings");
    if (json_array_size(warnings) > 0)
        append_line(out, "warning", json_string_value(json_array_get(warnings, 0)));
    if (!is_well(verdict) && detail != DETAIL_MESSAGES)
        append_again(out, item);
    return g_string_free(out, FALSE);
}

char *conformance_format_item(const json_t *item, bool in_colour)
{
    return format(item, in_colour, DETAIL_TITLE);
}

char *conformance_format_item_observed(const json_t *item, bool in_colour)
{
    return format(item, in_colour, DETAIL_OBSERVED);
}

/* ---- Messages --------------------------------------------------------------------- */

static void append_hex(GString *out, const char *hex)
{
    enum { BYTES_A_LINE = 16 };
    size_t size = strlen(hex);
    for (size_t at = 0; at < size; at += 2) {
        if (at % (2 * (size_t)BYTES_A_LINE) == 0)
            g_string_append_printf(out, "%s%s    ", at ? "\n" : "", indent);
        g_string_append_printf(out, " %.2s", hex + at);
    }
    if (size > 0)
        g_string_append_c(out, '\n');
}

static void append_message(GString *out, const json_t *message)
{
    bool is_sent = strcmp(field_text(message, "direction"), "sent") == 0;
    bool is_event = strcmp(field_text(message, "direction"), "event") == 0;
    g_autofree char *text = text_escape(field_text(message, "text"));
    g_autofree char *note = text_escape(field_text(message, "note"));
    double t_ms = json_number_value(json_object_get(message, "t_ms"));
    g_autofree char *first = g_strdup_printf("%s%9.3f ms %s %s ", indent, t_ms,
                                             is_event  ? "--"
                                             : is_sent ? "->"
                                                       : "<-",
                                             field_text(message, "transport"));
    g_autofree char *said =
        g_strdup_printf("%s%s%s%s", text, *note ? " (" : "", note, *note ? ")" : "");
    g_autofree char *lines = layout_wrap(first, said, layout_columns());
    g_string_append(out, lines);
    append_hex(out, field_text(message, "hex"));
}

char *conformance_format_item_and_messages(const json_t *item, bool in_colour)
{
    g_autofree char *head = format(item, in_colour, DETAIL_MESSAGES);
    GString *out = g_string_new(head);
    size_t i;
    json_t *message;
    json_array_foreach(json_object_get(item, "transcript"), i, message)
        append_message(out, message);
    append_again(out, item);
    return g_string_free(out, FALSE);
}

/* ---- The end ---------------------------------------------------------------------- */

char *conformance_format_end(const json_t *document, bool in_colour)
{
    unsigned counts[VERDICT_N] = { 0 };
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(document, "items"), i, item)
    {
        enum verdict verdict = VERDICT_ERROR;
        verdict_parse(field_text(item, "status"), &verdict);
        counts[verdict]++;
    }
    GString *out = g_string_new("\n");
    const json_t *server = json_object_get(document, "server");
    g_autofree char *software = text_escape(field_text(server, "software"));
    g_string_append_printf(
        out, "%s, %s over %s%s%s, held against RFC %s\n", field_text(server, "uri"),
        field_text(server, "address"), field_text(server, "transport"),
        *software ? ", " : "", software,
        strcmp(field_text(server, "profile"), "8489") == 0 ? "8489 and 8656"
                                                           : "5389 and 5766");
    const char *separator = "";
    for (unsigned v = 0; v < VERDICT_N; v++) {
        if (counts[v] == 0)
            continue;
        g_autofree char *text =
            g_strdup_printf("%u %s", counts[v], verdict_name((enum verdict)v));
        g_autofree char *painted = layout_paint((enum verdict)v, text, in_colour);
        g_string_append_printf(out, "%s%s", separator, painted);
        separator = ", ";
    }
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
