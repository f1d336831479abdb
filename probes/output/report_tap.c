/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TAP version 14 (testanything.org), each item as it is done and the plan at the end. The
 * YAML of a diagnostic is what both YAML and JSON are: a key, then JSON on one line, of
 * an array each element on a line of its own.
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
    report_printf(r, "TAP version 14\n# rtcprobe %s %s, seed %" G_GUINT64_FORMAT "\n",
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

/* The keys are words of ours, and need no quotes. */
static void write_value(struct report *r, const char *key, const json_t *value)
{
    size_t i;
    json_t *element;
    if (json_array_size(value) == 0) {
        g_autofree char *text = report_dump(value, JSON_ENCODE_ANY);
        report_printf(r, "  %s: %s\n", key, text);
        return;
    }
    report_printf(r, "  %s:\n", key);
    json_array_foreach(value, i, element)
    {
        g_autofree char *text = report_dump(element, JSON_ENCODE_ANY);
        report_printf(r, "    - %s\n", text);
    }
}

static void write_item(struct report *r, const json_t *item, enum verdict verdict)
{
    bool is_ok = !report_is_bad(verdict) && verdict != VERDICT_KNOWN;
    g_autofree char *title = report_title_of(item);
    g_autofree char *safe = describe(title);
    report_printf(r, "%sok %u - %s", is_ok ? "" : "not ", r->n_items, safe);
    write_directive(r, item, verdict);
    report_write(r, "\n  ---\n");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)item, key, value)
    {
        if (strcmp(key, "name") != 0)
            write_value(r, key, value);
    }
    report_write(r, "  ...\n");
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
