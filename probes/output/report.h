/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subcommand found, in any of the output formats.
 *
 * A subcommand makes one JSON object for each thing that it tried (an item: a URI, a
 * case) and hands it in as soon as it is done; formats that can, print it at once. What
 * people read is made from the same object by the subcommand's own function, so that no
 * format knows what another does not.
 *
 *     item: {"name": "turn:…" or "L08", "status": "pass|non-strict|fail|info|unsupported|
 *            inconclusive|error|skipped|known", "message": "…", "duration_ms": 12.3, …}
 *
 * Of an item's other keys the formats know three, all optional: "title" (a few words that
 * stand beside the name), "group" (JUnit's class names end in it) and "warnings" (an
 * array of texts; they turn Nagios' OK into a WARNING). The rest is evidence, shown as it
 * is.
 *
 * The document of -o json:
 *
 *     {"schema": "rtcprobe/1", "command": "check", "version": "…",
 *      "started": "2026-11-21T21:00:00.000Z", "seed": "7", "items": [item, …],
 *      what report_set() gave, "metrics": [{"name", "labels": {…}, "value"}, …],
 *      "exit_status": 0}
 *
 * -o jsonl is one item a line as each is done, then the same document without its items:
 * the line with a "schema". Formats never print what moves a terminal (base/text.h), in
 * whatever way the format escapes it. A report belongs to one thread at a time.
 */
#ifndef RTCLAB_PROBES_REPORT_H
#define RTCLAB_PROBES_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "cli/options.h"

/* symbol, name */
#define REPORT_FORMATS(X) \
    X(HUMAN, "human")     \
    X(JSON, "json")       \
    X(JSONL, "jsonl")     \
    X(JUNIT, "junit")     \
    X(TAP, "tap")         \
    X(PROM, "prom")       \
    X(NAGIOS, "nagios")

enum report_format {
#define X(symbol, name) REPORT_##symbol,
    REPORT_FORMATS(X)
#undef X
        REPORT_N_FORMATS
};

/** `take` of option -o: an enum report_format. */
gboolean report_take_format(const char *text, void *place, GError **error);

/* symbol, name: DESIGN section 8; "known": a failure listed in --known or --baseline */
#define VERDICTS(X)                 \
    X(PASS, "pass")                 \
    X(NON_STRICT, "non-strict")     \
    X(FAIL, "fail")                 \
    X(INFO, "info")                 \
    X(UNSUPPORTED, "unsupported")   \
    X(INCONCLUSIVE, "inconclusive") \
    X(ERROR, "error")               \
    X(SKIPPED, "skipped")           \
    X(KNOWN, "known")

enum verdict {
#define X(symbol, name) VERDICT_##symbol,
    VERDICTS(X)
#undef X
        VERDICT_N
};
const char *verdict_name(enum verdict verdict);
bool verdict_parse(const char *name, enum verdict *ret);

/** A metric's kinds, as Prometheus knows them. */
enum metric_type { METRIC_GAUGE, METRIC_COUNTER };

/** One time series' value. The names and help texts stand in one table (metrics.c). */
struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
typedef struct metrics auto_metrics; /* for g_autoptr() */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_metrics, metrics_free)

/**
 * Adds a sample of a metric that the table knows; one of the same name and labels takes
 * the place of an earlier one.
 * @param ...  labels: name and value, name and value, …, NULL; the values are escaped
 * here
 */
void metrics_add(struct metrics *m, const char *name, double value,
                 ...) G_GNUC_NULL_TERMINATED;

/** The i-th metric of the table; NULL beyond its end: the manual page has each. */
const char *metrics_name(unsigned i);

/** Text exposition format 0.0.4, each HELP and TYPE once; caller owns. */
char *metrics_format(const struct metrics *m);

/** An array of {"name", "labels": {…}, "value"}; a value that is no number: null. */
json_t *metrics_to_json(const struct metrics *m);

/**
 * Bytes that a server sent as a JSON string: what is no UTF-8, and NUL, becomes "\\xff".
 * All that goes into an item and was not written by us has to go through here, since
 * jansson makes no string of what is no UTF-8.
 * @return a new reference, never NULL
 */
json_t *report_json_text(const char *bytes, size_t size);

struct report;

struct report_options {
    enum report_format format;
    const char *command; /**< "check" */
    uint64_t seed;
    bool is_interactive; /**< colours: standard output is a terminal and NO_COLOR unset */
    /** An item as people read it, of one or several lines, with its last newline; what a
     * server sent has to be escaped. NULL: a line with its status, name and message. */
    char *(*format_item)(const json_t *item, bool in_colour);
    /** What stands below all items; NULL: nothing. */
    char *(*format_end)(const json_t *document, bool in_colour);
};

/** Starts a report on standard output, or into `out` (tests, `serve`; NULL: stdout). */
struct report *report_begin(const struct report_options *options, GString *out);

/** Whether a report was begun on standard output. */
bool report_was_begun(void);

/** Adds an item; takes the reference. */
void report_item(struct report *r, json_t *item_consumed);

/** A value of the document beside the items: "summary", "server"; takes the reference. */
void report_set(struct report *r, const char *name, json_t *value_consumed);

/** The metrics of the whole report, borrowed; written by -o prom, and in the JSON. */
struct metrics *report_metrics(struct report *r);

/**
 * Ends it and writes what is left. For -o nagios the returned status is 0 to 3 (OK,
 * WARNING, CRITICAL, UNKNOWN) and the first line says it; else it is `status`, or 3 if
 * standard output could not be written (a full disk).
 * @param status the exit status so far
 */
int report_end(struct report *r_consumed, int status);

#endif
