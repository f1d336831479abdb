/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab export: a call's timeline for trace viewers, a run's samples for spreadsheets.
 * The call is one of results.json; a record without a timeline.json (it was made by an
 * earlier version) has one made of it here.
 */
#include "command/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "call/blame.h"
#include "call/timeline.h"
#include "command/results_file.h"
#include "reports/csv.h"
#include "reports/trace.h"

struct export_values {
    const char *trace, *csv;
};

static const struct option options[] = {
    { .name = "trace",
      .argument = "FILE",
      .help = "The call KEY for ui.perfetto.dev; -: standard output",
      .take = option_take_text,
      .offset = offsetof(struct export_values, trace) },
    { .name = "csv",
      .argument = "FILE",
      .help = "A row a call, with all samples; -: standard output",
      .take = option_take_text,
      .offset = offsetof(struct export_values, csv) },
};

static gboolean write_text(const char *path, const char *text, GError **error)
{
    if (strcmp(path, "-") != 0)
        return file_replace(path, text, strlen(text), error);
    if (file_write_all(STDOUT_FILENO, text, strlen(text)))
        return TRUE;
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                        "cannot write to standard output");
    return FALSE;
}

static const json_t *find_call(const json_t *results, const char *key)
{
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        const char *is = json_string_value(json_object_get(call, "key"));
        if (g_strcmp0(is, key) == 0)
            return call;
    }
    return NULL;
}

static json_t *make_timeline(const char *folder, const json_t *call, GError **error)
{
    struct timeline *timeline = timeline_read(folder, error);
    if (!timeline)
        return NULL;
    g_autoptr(json_t) entry = json_copy((json_t *)call);
    json_object_set_new(entry, "blame", blame_setup(timeline, call));
    json_t *document = timeline_format(timeline, entry);
    timeline_free(timeline);
    return document;
}

static gboolean export_trace(const json_t *results, const char *folder, const char *key,
                             const char *path, GError **error)
{
    const json_t *call = find_call(results, key);
    if (!call)
        return rtc_fail_usage(error, "%s has no call %s", folder, key);
    g_autofree char *record = g_build_filename(folder, "calls", key, NULL);
    g_autofree char *file = g_build_filename(record, "timeline.json", NULL);
    g_autoptr(json_t) timeline = json_load_file(file, 0, NULL);
    if (!timeline)
        timeline = make_timeline(record, call, error);
    if (!timeline)
        return FALSE;
    g_autofree char *text = trace_format(timeline);
    return write_text(path, text, error);
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    (void)ret_status;
    const struct export_values *values = data;
    const char *place = arguments->words->pdata[0];
    g_autofree char *folder = results_file_folder(place);
    const char *key = arguments->words->len > 1 ? arguments->words->pdata[1] : NULL;
    if (!values->trace && !values->csv)
        return rtc_fail_usage(error, "must have --trace or --csv, has neither");
    if (!values->trace != !key)
        return rtc_fail_usage(error, key ? "a call's KEY goes with --trace, which is not "
                                           "there"
                                         : "--trace wants the KEY of a call");
    g_autoptr(json_t) results = results_file_read(place, error);
    if (!results)
        return FALSE;
    if (values->trace && !export_trace(results, folder, key, values->trace, error))
        return FALSE;
    g_autofree char *table = values->csv ? csv_format(results) : NULL;
    return !table || write_text(values->csv, table, error);
}

const struct command command_export = {
    .name = "export",
    .usage = "DIR [KEY]",
    .summary = "Write a call as a trace, or a run's samples as CSV",
    .description = "DIR is a run's folder, KEY one of its calls. A trace opens in\n"
                   "ui.perfetto.dev and chrome://tracing.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct export_values),
    .least_words = 1,
    .most_words = 2,
    .execute = execute,
};
