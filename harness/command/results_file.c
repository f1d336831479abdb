/* SPDX-License-Identifier: Apache-2.0 */
/* What the file says is data of somebody's; only its schema is looked at here. */
#include "command/results_file.h"

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

char *results_file_folder(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_path_get_dirname(path)
                                                     : g_strdup(path);
}

json_t *results_file_read(const char *place, GError **error)
{
    bool is_file = g_file_test(place, G_FILE_TEST_IS_REGULAR);
    g_autofree char *path =
        is_file ? g_strdup(place) : g_build_filename(place, "results.json", NULL);
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
