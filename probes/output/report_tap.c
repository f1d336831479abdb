/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TAP (testanything.org), each item as it is done and the plan at the end. The
 * YAML of a diagnostic is the little that Perl's reader of it knows, too: indented keys
 * and dashes, and scalars as JSON has them.
 *
 * It says version 13, which all harnesses know (Perl's none later); what is written is
 * the same in 14.
 *
 * `not ok` are `fail`, `error` and `inconclusive`, as they make an exit status that is
 * not 0; `known` is `not ok` with TODO, which harnesses count as passed.
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "probes/output/report_writer.h"

/* A description: one line, in which # and \ mean something. */
static char *describe(const char *text)
{
    g_autofree char *safe = text_escape(text);
    GString *out = g_string_new(NULL);
    for (const char *at = safe; *at; at++) {
        if (*at == '#' || *at == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}

static void begin(struct report *r)
{
    report_printf(r, "TAP version 13\n# rtcprobe %s %s, seed %" G_GUINT64_FORMAT "\n",
                  RTCLAB_VERSION, r->options.command, r->options.seed);
}

static void write_directive(struct report *r, const json_t *item, enum verdict verdict)
{
    const char *word = verdict == VERDICT_KNOWN ? "TODO" : "SKIP";
    if (verdict != VERDICT_KNOWN && verdict != VERDICT_UNSUPPORTED &&
        verdict != VERDICT_SKIPPED)
        return;
    g_autofree char *reason = describe(report_text_of(item, "message"));
    report_printf(r, " # %s %s%s%s", word, verdict_name(verdict), *reason ? ": " : "",
                  reason);
}

static void append_node(GString *out, const json_t *value, unsigned indent);

/* "key: value" lines, of which the first is on a line that is begun already. The keys are
   words of ours, and need no quotes. */
static void append_fields(GString *out, const json_t *object, unsigned indent)
{
    const char *key;
    json_t *value;
    bool is_first = true;
    json_object_foreach((json_t *)object, key, value)
    {
        g_string_append_printf(out, "%*s%s:", is_first ? 0 : (int)indent, "", key);
        append_node(out, value, indent + 2);
        is_first = false;
    }
}

/* What follows "key:". Arrays of anything but objects stay on the line: Perl's reader
   would take a text with a colon in it for a key. */
static void append_node(GString *out, const json_t *value, unsigned indent)
{
    size_t i;
    json_t *element;
    if (json_object_size(value) > 0) {
        g_string_append_printf(out, "\n%*s", (int)indent, "");
        append_fields(out, value, indent);
    } else if (json_object_size(json_array_get(value, 0)) > 0) {
        g_string_append_c(out, '\n');
        json_array_foreach((json_t *)value, i, element)
        {
            g_string_append_printf(out, "%*s- ", (int)indent, "");
            if (json_object_size(element) > 0)
                append_fields(out, element, indent + 2);
            else
                g_string_append(out, "{}\n");
        }
    } else {
        g_autofree char *text = report_dump(value, JSON_ENCODE_ANY);
        g_string_append_printf(out, " %s\n", text);
    }
}

static void write_item(struct report *r, const json_t *item, enum verdict verdict)
{
    bool is_ok = !report_is_bad(verdict) && verdict != VERDICT_KNOWN;
    g_autofree char *title = report_title_of(item);
    g_autofree char *safe = describe(title);
    report_printf(r, "%sok %u - %s", is_ok ? "" : "not ", r->n_items, safe);
    write_directive(r, item, verdict);
    g_autoptr(GString) yaml = g_string_new("\n  ---\n  ");
    json_t *evidence = json_copy((json_t *)item);
    json_object_del(evidence, "name");
    append_fields(yaml, evidence, 2);
    g_string_append(yaml, "  ...\n");
    report_write(r, yaml->str);
    json_decref(evidence);
}

static int end(struct report *r, const json_t *document, int status)
{
    (void)document;
    if (status == EXIT_INTERRUPTED)
        report_write(r, "Bail out! interrupted\n");
    else
        report_printf(r, "1..%u\n", r->n_items);
    return status;
}

const struct report_writer report_writer_tap = { .begin = begin,
                                                 .item = write_item,
                                                 .end = end };
