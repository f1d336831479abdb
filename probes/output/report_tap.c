/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TAP (base/tap.h), each item as it is done and the plan at the end.
 *
 * `not ok` are `fail`, `error` and `inconclusive`, as they make an exit status that is
 * not 0; `known` is `not ok` with TODO, which harnesses count as passed.
 */
#include "base/error.h"
#include "base/tap.h"
#include "probes/output/report_writer.h"

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
    const char *reason = report_text_of(item, "message");
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, " # %s %s%s", word, verdict_name(verdict),
                           *reason ? ": " : "");
    tap_append_description(out, reason);
    report_write(r, out->str);
}

static void write_item(struct report *r, const json_t *item, enum verdict verdict)
{
    bool is_ok = !report_is_bad(verdict) && verdict != VERDICT_KNOWN;
    g_autofree char *title = report_title_of(item);
    g_autoptr(GString) safe = g_string_new(NULL);
    tap_append_description(safe, title);
    report_printf(r, "%sok %u - %s", is_ok ? "" : "not ", r->n_items, safe->str);
    write_directive(r, item, verdict);
    g_autoptr(GString) yaml = g_string_new("\n");
    json_t *evidence = json_copy((json_t *)item);
    json_object_del(evidence, "name");
    tap_append_yaml(yaml, evidence);
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
