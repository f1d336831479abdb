/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order is that of what is worth most: the results, then what machines read, then
 * what people look at. Each is a pure function of the results, so that `rtclab report`
 * gives the same files from results.json alone.
 */
#include "command/finish.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "command/exit_status.h"
#include "reports/baseline_text.h"
#include "reports/html.h"
#include "reports/table.h"

gboolean finish_results(const json_t *results, const char *folder, int *ret_status,
                        GError **error)
{
    g_autofree char *path = g_build_filename(folder, "results.json", NULL);
    if (!file_replace_json(path, results, error))
        return FALSE;
    if (!html_write_report(results, folder, error))
        return FALSE;
    struct table_style style = table_style_for(STDOUT_FILENO);
    style.folder = folder;
    g_autofree char *text = table_format(results, &style);
    fputs(text, stdout);
    const json_t *baseline = json_object_get(results, "baseline");
    g_autofree char *changes = baseline ? baseline_format(baseline, &style) : NULL;
    if (changes)
        printf("\n%s", changes);
    *ret_status = exit_status_of(results);
    return TRUE;
}
