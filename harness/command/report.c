/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab report: the HTML report of runs made before, or on another machine, from what
 * their folders hold.
 */
#include "command/command.h"

#include <stdio.h>

#include "base/file.h"
#include "command/finish.h"
#include "command/results_file.h"

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    (void)data, (void)ret_status;
    for (guint i = 0; i < arguments->words->len; i++) {
        const char *place = arguments->words->pdata[i];
        g_autofree char *folder = results_file_folder(place);
        g_autoptr(json_t) results = results_file_read(place, error);
        if (!results || !finish_write_reports(results, folder, error))
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
