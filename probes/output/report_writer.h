/* SPDX-License-Identifier: Apache-2.0 */
/* What report.c and the formats share; for no one else. */
#ifndef RTCLAB_PROBES_REPORT_WRITER_H
#define RTCLAB_PROBES_REPORT_WRITER_H

#include "probes/output/report.h"

struct report {
    struct report_options options;
    const struct report_writer *writer;
    GString *out;   /**< NULL: standard output */
    json_t *items;  /**< empty where the format keeps none */
    json_t *values; /**< what report_set() gave */
    struct metrics *metrics;
    int64_t started_ns; /**< calendar time */
    unsigned counts[VERDICT_N];
    unsigned n_items;
    unsigned n_warned; /**< items with warnings */
    json_t *first_bad; /**< the first item that failed; NULL: none */
    int write_errno;   /**< why standard output could not be written; 0: it could */
};

/** A format. What it does not need may be NULL. */
struct report_writer {
    bool keeps_items; /**< it needs the document at the end */
    void (*begin)(struct report *r);
    void (*item)(struct report *r, const json_t *item, enum verdict verdict);
    /** @return the exit status, mostly the one handed in */
    int (*end)(struct report *r, const json_t *document, int status);
};

extern const struct report_writer report_writer_human, report_writer_json,
    report_writer_jsonl, report_writer_junit, report_writer_tap, report_writer_prom,
    report_writer_nagios;

/** Writes text as it is, at once. */
void report_write(struct report *r, const char *text);
void report_printf(struct report *r, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** A text of an item; "" if there is none. Borrowed. */
const char *report_text_of(const json_t *item, const char *key);

/** "L08 ChannelBind without an allocation": the name, and the title if there is one. */
char *report_title_of(const json_t *item);

/** When it began: "2026-11-21T21:00:00.000Z"; caller owns. */
char *report_started(const struct report *r);

/** Whether it is what an exit status other than 0 comes from. */
bool report_is_bad(enum verdict verdict);

/** What -o json writes, without "items" if the format keeps none. New reference. */
json_t *report_document(const struct report *r, int status);

#endif
