/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report counts what comes in, hands each item to its format's writer, and makes the
 * document at the end. Every format is written from the same JSON objects; what one needs
 * beside that is in its own file.
 *
 * Standard output is written with write(2) as soon as there is something: a program that
 * is killed has said what it knew.
 */
#include "probes/output/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "probes/output/report_writer.h"

#define SCHEMA "rtcprobe/1"

static const char *const verdict_names[VERDICT_N + 1] = {
#define X(symbol, name) [VERDICT_##symbol] = name,
    VERDICTS(X)
#undef X
};

static const struct {
    const char *name;
    const struct report_writer *writer;
} formats[REPORT_N_FORMATS] = {
    [REPORT_HUMAN] = { "human", &report_writer_human },
    [REPORT_JSON] = { "json", &report_writer_json },
    [REPORT_JSONL] = { "jsonl", &report_writer_jsonl },
    [REPORT_JUNIT] = { "junit", &report_writer_junit },
    [REPORT_TAP] = { "tap", &report_writer_tap },
    [REPORT_PROM] = { "prom", &report_writer_prom },
    [REPORT_NAGIOS] = { "nagios", &report_writer_nagios },
};

const char *verdict_name(enum verdict verdict)
{
    g_assert(verdict < VERDICT_N);
    return verdict_names[verdict];
}

bool verdict_parse(const char *name, enum verdict *ret)
{
    for (unsigned i = 0; i < VERDICT_N; i++) {
        if (strcmp(name, verdict_names[i]) == 0) {
            *ret = (enum verdict)i;
            return true;
        }
    }
    return false;
}

gboolean report_take_format(const char *text, void *place, GError **error)
{
    const char *names[REPORT_N_FORMATS + 1] = { NULL };
    for (unsigned i = 0; i < REPORT_N_FORMATS; i++) {
        names[i] = formats[i].name;
        if (strcmp(text, formats[i].name) == 0) {
            *(enum report_format *)place = (enum report_format)i;
            return TRUE;
        }
    }
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "must be one of %s, is \"%s\"", all,
                text);
    return FALSE;
}

bool report_is_bad(enum verdict verdict)
{
    return verdict == VERDICT_FAIL || verdict == VERDICT_ERROR ||
           verdict == VERDICT_INCONCLUSIVE;
}

const char *report_text_of(const json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));
    return text ? text : "";
}

char *report_title_of(const json_t *item)
{
    const char *title = report_text_of(item, "title");
    return g_strconcat(report_text_of(item, "name"), *title ? " " : "", title, NULL);
}

void report_write(struct report *r, const char *text)
{
    if (r->out)
        g_string_append(r->out, text);
    else if (!r->write_errno && !file_write_all(STDOUT_FILENO, text, strlen(text)))
        r->write_errno = errno;
}

void report_printf(struct report *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    report_write(r, text);
}

static bool was_begun;

bool report_was_begun(void)
{
    return was_begun;
}

struct report *report_begin(const struct report_options *options, GString *out)
{
    struct report *r = g_new(struct report, 1);
    *r = (struct report){ .options = *options,
                          .writer = formats[options->format].writer,
                          .out = out,
                          .items = json_array(),
                          .values = json_object(),
                          .metrics = metrics_new(),
                          .started_ns = clock_calendar_ns() };
    was_begun |= !out;
    if (r->writer->begin)
        r->writer->begin(r);
    return r;
}

void report_item(struct report *r, json_t *item_consumed)
{
    enum verdict verdict = VERDICT_ERROR;
    if (!verdict_parse(report_text_of(item_consumed, "status"), &verdict))
        g_error("an item of %s has no status", r->options.command);
    r->n_items++;
    r->counts[verdict]++;
    r->n_warned += json_array_size(json_object_get(item_consumed, "warnings")) > 0;
    if (report_is_bad(verdict) && !r->first_bad)
        r->first_bad = json_incref(item_consumed);
    if (r->writer->item)
        r->writer->item(r, item_consumed, verdict);
    if (r->writer->keeps_items)
        json_array_append_new(r->items, item_consumed);
    else
        json_decref(item_consumed);
}

void report_set(struct report *r, const char *name, json_t *value_consumed)
{
    json_object_set_new(r->values, name, value_consumed);
}

struct metrics *report_metrics(struct report *r)
{
    return r->metrics;
}

char *report_started(const struct report *r)
{
    g_autoptr(GDateTime) started =
        g_date_time_new_from_unix_utc(r->started_ns / NS_PER_S);
    g_autofree char *seconds = g_date_time_format(started, "%Y-%m-%dT%H:%M:%S");
    return g_strdup_printf("%s.%03dZ", seconds,
                           (int)(r->started_ns / NS_PER_MS % (NS_PER_S / NS_PER_MS)));
}

json_t *report_document(const struct report *r, int status)
{
    g_autofree char *started = report_started(r);
    g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, r->options.seed);
    json_t *document = json_pack("{s:s, s:s, s:s, s:s, s:s}", "schema", SCHEMA, "command",
                                 r->options.command, "version", RTCLAB_VERSION, "started",
                                 started, "seed", seed);
    if (r->writer->keeps_items)
        json_object_set(document, "items", r->items);
    json_object_update(document, r->values);
    json_object_set_new(document, "metrics", metrics_to_json(r->metrics));
    json_object_set_new(document, "exit_status", json_integer(status));
    return document;
}

int report_end(struct report *r_consumed, int status)
{
    struct report *r = r_consumed;
    json_t *document = report_document(r, status);
    if (r->writer->end)
        status = r->writer->end(r, document, status);
    if (r->write_errno) {
        fprintf(stderr, "rtcprobe: cannot write to standard output: %s\n",
                g_strerror(r->write_errno));
        status = EXIT_ENVIRONMENT;
    }
    json_decref(document);
    json_decref(r->first_bad);
    json_decref(r->items);
    json_decref(r->values);
    metrics_free(r->metrics);
    g_free(r);
    return status;
}
