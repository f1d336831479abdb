/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab merge: the shards of a run, made by several machines, become one run's folder.
 *
 * Records are not copied where a hard link will do: nothing changes a record once it is
 * written, and the shards' folders can be removed afterwards. A shard comes from another
 * machine: no link in it is followed, which could lead to anything.
 */
#include "command/command.h"

#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "call/merge.h"
#include "command/finish.h"
#include "command/results_file.h"
#include "command/run_options.h"

struct merge_values {
    const char *out;
};

static const struct option merge_options[] = {
    { .name = "out",
      .argument = "DIR",
      .help = "The merged run (a new folder in rtclab-out)",
      .take = option_take_text,
      .offset = offsetof(struct merge_values, out) },
};

/* Links the records of a shard's calls; how many are not there. */
static gboolean take_records(const struct merge_part *part, const char *out,
                             unsigned *ret_n_gone, GError **error)
{
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(part->results, "calls"), i, call)
    {
        if (json_is_null(json_object_get(call, "artifacts")))
            continue;
        const char *key = json_string_value(json_object_get(call, "key"));
        g_autofree char *inner = g_build_filename("calls", key, NULL);
        g_autofree char *from = file_find_inside(part->folder, inner);
        g_autofree char *to = g_build_filename(out, inner, NULL);
        if (!from || !g_file_test(from, G_FILE_TEST_IS_DIR))
            (*ret_n_gone)++;
        else if (!file_link_tree(from, to, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_merged(const struct merge_part *parts, unsigned n_parts,
                             const json_t *results, const char *out, int *ret_status,
                             GError **error)
{
    for (unsigned i = 0; i < n_parts; i++) {
        unsigned n_gone = 0;
        if (!take_records(&parts[i], out, &n_gone, error))
            return FALSE;
        if (n_gone > 0)
            g_printerr("rtclab merge: %s lacks the records of %u call%s\n",
                       parts[i].folder, n_gone, n_gone == 1 ? "" : "s");
    }
    return finish_results(results, out, ret_status, error);
}

static gboolean merge_parts(const struct merge_part *parts, unsigned n_parts,
                            const char *wanted, int *ret_status, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(json_t) results = merge_results(parts, n_parts, notes, error);
    if (!results)
        return FALSE;
    for (unsigned i = 0; i < notes->len; i++)
        g_printerr("rtclab merge: %s\n", (const char *)notes->pdata[i]);
    g_autofree char *out = run_make_folder(wanted, NULL, error);
    return out && write_merged(parts, n_parts, results, out, ret_status, error);
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct merge_values *values = data;
    unsigned n = arguments->words->len;
    g_autofree struct merge_part *parts = g_new0(struct merge_part, n);
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < n; i++) {
        json_t *results = results_file_read(arguments->words->pdata[i], error);
        if (!results)
            return FALSE;
        char *folder = results_file_folder(arguments->words->pdata[i]);
        g_ptr_array_add(all, results);
        g_ptr_array_add(folders, folder);
        parts[i] = (struct merge_part){ folder, results };
    }
    return merge_parts(parts, n, values->out, ret_status, error);
}

const struct command command_merge = {
    .name = "merge",
    .usage = "DIR...",
    .summary = "Put the shards of a run together",
    .description = "DIR is the folder of a run with --shard. The merged run is what it "
                   "would have\nbeen on one machine, with its report and exit status; "
                   "shards that are not\nthere are told.",
    .options = { merge_options, G_N_ELEMENTS(merge_options) },
    .values_size = sizeof(struct merge_values),
    .least_words = 1,
    .most_words = G_MAXUINT,
    .execute = execute,
};
