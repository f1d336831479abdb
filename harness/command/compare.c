/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab compare: two finished runs, the later held against the earlier. The same as
 * `rtclab run --baseline`, but nothing is run: a suspicion that chance may have made is
 * told as what it is, and not confirmed by calls made afresh.
 */
#include "command/command.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "command/baseline_command.h"
#include "command/exit_status.h"
#include "command/results_file.h"
#include "reports/baseline_text.h"

struct values {
    struct baseline_values baseline;
    bool is_json;
};

static const struct option options[] = {
    BASELINE_OPTION_MARGIN(struct values, baseline),
    BASELINE_OPTION_EFFECT(struct values, baseline),
    { .name = "json",
      .help = "The comparison as JSON, as in results.json",
      .take = option_take_flag,
      .offset = offsetof(struct values, is_json) },
};

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct values *values = data;
    const char *before = arguments->words->pdata[0];
    const char *after = arguments->words->pdata[1];
    g_autofree char *folder = results_file_folder(after);
    g_autoptr(json_t) results = results_file_read(after, error);
    if (!results)
        return FALSE;
    struct baseline_values against = values->baseline;
    against.path = before;
    struct baseline_held held;
    gboolean ok = baseline_hold(&against, &held, error);
    if (ok)
        baseline_apply(&held, results, folder);
    baseline_release(&held);
    if (!ok)
        return FALSE;
    const json_t *baseline = json_object_get(results, "baseline");
    if (values->is_json) {
        json_dumpf(baseline, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
    } else {
        struct table_style style = table_style_for(STDOUT_FILENO);
        style.folder = folder;
        g_autofree char *text = baseline_format(baseline, &style);
        fputs(text, stdout);
    }
    *ret_status = exit_status_of_baseline(baseline);
    return TRUE;
}

const struct command command_compare = {
    .name = "compare",
    .usage = "BEFORE AFTER",
    .summary = "Hold a run against an earlier one, and say what changed",
    .description = "BEFORE and AFTER are runs' folders, or their results.json.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct values),
    .least_words = 2,
    .most_words = 2,
    .execute = execute,
};
