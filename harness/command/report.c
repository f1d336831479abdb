/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab report: the HTML report of runs made before, or on another machine, from what
 * their folders hold.
 */
#include "command/command.h"

#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "reports/html.h"

static json_t *read_results(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "results.json", NULL);
    json_error_t problem;
    json_t *results = json_load_file(path, 0, &problem);
    if (!results) {
        g_autofree char *text = text_escape(problem.text);
        if (problem.line > 0)
            rtc_fail_usage(error, "%s: line %d: %s", path, problem.line, text);
        else
            rtc_fail_usage(error, "%s", text);
        return NULL;
    }
    const char *schema = json_string_value(json_object_get(results, "schema"));
    if (g_strcmp0(schema, "rtclab/results/1") == 0)
        return results;
    g_autofree char *found = text_escape(schema);
    rtc_fail_usage(error, "%s: /schema: must be \"rtclab/results/1\", is \"%s\"", path,
                   found);
    json_decref(results);
    return NULL;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    (void)data, (void)ret_status;
    for (guint i = 0; i < arguments->words->len; i++) {
        const char *folder = arguments->words->pdata[i];
        g_autoptr(json_t) results = read_results(folder, error);
        if (!results || !html_write_report(results, folder, error))
            return FALSE;
        g_autofree char *path = g_build_filename(folder, "report", "index.html", NULL);
        puts(path);
    }
    return TRUE;
}

const struct command command_report = {
    .name = "report",
    .usage = "DIR...",
    .summary = "Write the HTML report of runs anew",
    .description = "DIR is a run's folder. What was DIR/report/ is replaced; the path of "
                   "the\npage is printed.",
    .least_words = 1,
    .most_words = G_MAXUINT,
    .execute = execute,
};
