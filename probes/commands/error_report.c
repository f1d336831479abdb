/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command that fails before it has anything to report (no such name, wrong credentials)
 * still owes a report to what reads it: one item, failed, of the first argument. The
 * format is found by the reader of its option, so that no command has to do anything for
 * this.
 */
#include "probes/commands/error_report.h"

#include <string.h>

#include "probes/core/error.h"
#include "probes/output/report.h"

/* The format that was read; human if the command has none. */
static enum report_format find_format(const struct command *command, const void *values)
{
    for (size_t i = 0; i < command->options.count; i++) {
        const struct option *option = &command->options.options[i];
        if (option->take == report_take_format)
            return *(const enum report_format *)((const char *)values + option->offset);
    }
    return REPORT_HUMAN;
}

/* What the server did, and what is ours. */
static enum verdict verdict_of(const GError *error)
{
    if (error->domain != PROBE_ERROR || error->code == PROBE_ERROR_LOCAL)
        return VERDICT_ERROR;
    return error->code == PROBE_ERROR_INTERRUPTED ? VERDICT_SKIPPED : VERDICT_FAIL;
}

int error_report(const struct command *command, const void *values,
                 const struct arguments *arguments, const GError *error, int status)
{
    const struct report_options options = { .format = find_format(command, values),
                                            .command = command->name };
    bool has_words = arguments->words && arguments->words->len > 0;
    const char *name = has_words ? arguments->words->pdata[0] : command->name;
    if (options.format == REPORT_HUMAN || report_was_begun())
        return status;
    struct report *report = report_begin(&options, NULL);
    json_t *item = json_object();
    json_object_set_new(item, "name", report_json_text(name, strlen(name)));
    json_object_set_new(item, "status", json_string(verdict_name(verdict_of(error))));
    json_object_set_new(item, "message",
                        report_json_text(error->message, strlen(error->message)));
    report_item(report, item);
    if (has_words)
        metrics_add(report_metrics(report), "probe_success", 0, "target", name, NULL);
    return report_end(report, status);
}
