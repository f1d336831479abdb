/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subcommand found, in any of the output formats.
 *
 * A subcommand makes one JSON object for each thing that it tried (an item: a URI, a case)
 * and hands it in as soon as it is done; formats that can, print it at once. What people
 * read is made from the same object by the subcommand's own function, so that no format
 * knows what another does not.
 *
 *     item: {"name": "turn:…" or "L08", "status": "pass|non-strict|fail|info|unsupported|
 *            inconclusive|error|skipped|known", "message": "…", "duration_ms": 12.3, …}
 */
#ifndef RTCLAB_PROBES_REPORT_H
#define RTCLAB_PROBES_REPORT_H

#include <stdbool.h>

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
#define VERDICTS(X)                    \
    X(PASS, "pass")                    \
    X(NON_STRICT, "non-strict")        \
    X(FAIL, "fail")                    \
    X(INFO, "info")                    \
    X(UNSUPPORTED, "unsupported")      \
    X(INCONCLUSIVE, "inconclusive")    \
    X(ERROR, "error")                  \
    X(SKIPPED, "skipped")              \
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
G_DEFINE_AUTOPTR_CLEANUP_FUNC(struct metrics, metrics_free)

/**
 * Adds a sample of a metric that the table knows (CASES-STUN-TURN.md lists them).
 * @param labels  name and value, name and value, …, NULL
 */
void metrics_add(struct metrics *m, const char *name, double value, ...)
    G_GNUC_NULL_TERMINATED;

/** Text exposition format 0.0.4, each HELP and TYPE once; caller owns. */
char *metrics_format(const struct metrics *m);

struct report;

struct report_options {
    enum report_format format;
    const char *command;  /**< "check" */
    uint64_t seed;
    bool is_interactive;  /**< colours: standard output is a terminal and NO_COLOR unset */
    /** An item as people read it, of one or several lines, with its last newline. */
    char *(*format_item)(const json_t *item, bool in_colour);
    /** What stands below all items; NULL: nothing. */
    char *(*format_end)(const json_t *document, bool in_colour);
};

/** Starts a report on standard output, or into `out` (tests, `serve`; NULL: stdout). */
struct report *report_begin(const struct report_options *options, GString *out);

/** Adds an item; takes the reference. */
void report_item(struct report *r, json_t *item_consumed);

/** A value of the document beside the items: "summary", "server"; takes the reference. */
void report_set(struct report *r, const char *name, json_t *value_consumed);

/** The metrics of the whole report, borrowed; written by -o prom, and in the JSON. */
struct metrics *report_metrics(struct report *r);

/**
 * Ends it and writes what is left. For -o nagios the returned status is 0 to 3 (OK,
 * WARNING, CRITICAL, UNKNOWN) and the first line says it; else it is `status`.
 * @param status the exit status so far
 */
int report_end(struct report *r_consumed, int status);

#endif
