/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin's output for Nagios, Icinga and their kin (Monitoring Plugins guidelines): one
 * line of status and performance data, and an exit status of 0 to 3.
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "probes/output/report_writer.h"

enum { LINE_CHARACTERS = 300 }; /* of text; readers cut whole outputs at 4 or 8 KB */

enum state { OK, WARNING, CRITICAL, UNKNOWN };

static const char *const state_names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

static enum state state_of(const struct report *r, int status)
{
    switch (status) {
    case EXIT_AS_EXPECTED:
        if (r->n_items == 0)
            return UNKNOWN;
        return r->n_warned > 0 || r->counts[VERDICT_NON_STRICT] > 0 ? WARNING : OK;
    case EXIT_USAGE:
    case RTC_ERROR_INCONCLUSIVE:
    case EXIT_INTERRUPTED:
        return UNKNOWN;
    default:
        return CRITICAL;
    }
}

/* The status ends at the first | and the line: both mean something here. */
static void append_text(GString *out, const char *text)
{
    g_autofree char *safe = text_escape(text);
    if (g_utf8_strlen(safe, -1) > LINE_CHARACTERS)
        memcpy(g_utf8_offset_to_pointer(safe, LINE_CHARACTERS - 3), "...", 4);
    for (char *at = safe; (at = strchr(at, '|'));)
        *at = '/';
    g_string_append(out, safe);
}

/* The first item that says why the state is what it is; NULL: there is none. */
static const json_t *telling_item(const struct report *r)
{
    size_t i;
    json_t *item;
    if (r->first_bad)
        return r->first_bad;
    json_array_foreach(r->items, i, item)
    {
        if (json_array_size(json_object_get(item, "warnings")) > 0 ||
            strcmp(report_text_of(item, "status"), "non-strict") == 0)
            return item;
    }
    return json_array_get(r->items, 0);
}

static void append_status(GString *out, const struct report *r)
{
    const json_t *item = telling_item(r);
    if (!item) {
        g_string_append(out, "nothing was tried");
        return;
    }
    unsigned n_bad = 0;
    for (unsigned i = 0; i < VERDICT_N; i++)
        n_bad += report_is_bad((enum verdict)i) ? r->counts[i] : 0;
    if (r->n_items > 1)
        g_string_append_printf(out, "%u of %u failed; ", n_bad, r->n_items);
    g_autofree char *title = report_title_of(item);
    const char *message = report_text_of(item, "message");
    const char *warning =
        json_string_value(json_array_get(json_object_get(item, "warnings"), 0));
    if (warning && item != r->first_bad)
        message = warning;
    g_autofree char *text = g_strconcat(title, *message ? ": " : "", message, NULL);
    append_text(out, text);
}

/* "'relay_rtt p95'=0.0142s": the name without what all have, then its labels' values. A
 * label may hold neither = nor a quotation mark. */
static void append_performance(GString *out, const struct report *r, const json_t *metric)
{
    const char *name = report_text_of(metric, "name");
    const char *unit = "";
    const char *label_name;
    json_t *label;
    if (g_str_has_prefix(name, "rtcprobe_"))
        name += strlen("rtcprobe_");
    g_autoptr(GString) text = g_string_new(name);
    if (g_str_has_suffix(text->str, "_seconds") && !strstr(text->str, "timestamp")) {
        g_string_truncate(text, text->len - strlen("_seconds"));
        unit = "s";
    } else if (g_str_has_suffix(text->str, "_total")) {
        g_string_truncate(text, text->len - strlen("_total"));
        unit = "c";
    }
    json_object_foreach(json_object_get(metric, "labels"), label_name, label)
    {
        /* Of a single target the service's own name says it. */
        if (r->n_items > 1 || strcmp(label_name, "target") != 0)
            g_string_append_printf(text, " %s", json_string_value(label));
    }
    g_strdelimit(text->str, "='|", '_');
    g_autofree char *safe = text_escape(text->str);
    const json_t *value = json_object_get(metric, "value");
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(number, sizeof number, "%.12g", json_number_value(value));
    if (!json_is_null(value))
        g_string_append_printf(out, " '%s'=%s%s", safe, number, unit);
}

static int write_line(struct report *r, const json_t *document, int status)
{
    enum state state = state_of(r, status);
    g_autofree char *command = g_ascii_strup(r->options.command, -1);
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "RTCPROBE %s %s - ", command, state_names[state]);
    append_status(out, r);
    size_t i;
    json_t *metric;
    json_t *metrics = json_object_get(document, "metrics");
    if (json_array_size(metrics) > 0)
        g_string_append(out, " |");
    json_array_foreach(metrics, i, metric) append_performance(out, r, metric);
    g_string_append_c(out, '\n');
    report_write(r, out->str);
    return (int)state;
}

const struct report_writer report_writer_nagios = { .keeps_items = true,
                                                    .end = write_line };
