/* SPDX-License-Identifier: Apache-2.0 */
/* What the file says is data of somebody's; only its schema is looked at here. */
#include "command/results_file.h"

#include "base/error.h"
#include "base/text.h"

json_t *results_file_read(const char *folder, GError **error)
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
