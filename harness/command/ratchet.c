/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab ratchet: a file of known failures from finished runs. What becomes of each entry
 * is told on standard error, so that the file may go to standard output.
 */
#include "command/command.h"

#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "call/ratchet.h"
#include "command/load.h"
#include "command/results_file.h"

struct values {
    const char *known, *out;
    bool may_add;
};

static const struct option options[] = {
    { .name = "known",
      .argument = "OLD",
      .help = "The file to make shorter (default: begin one)",
      .take = option_take_text,
      .offset = offsetof(struct values, known) },
    { .name = "add",
      .help = "Also take in failures that OLD does not have",
      .take = option_take_flag,
      .offset = offsetof(struct values, may_add) },
    { .name = "out",
      .letter = 'o',
      .argument = "FILE",
      .help = "Where it goes; may be OLD (default: standard output)",
      .take = option_take_text,
      .offset = offsetof(struct values, out) },
};

static GPtrArray *load_runs(const GPtrArray *paths, GError **error)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
    for (guint i = 0; i < paths->len; i++) {
        json_t *run = results_file_read(paths->pdata[i], error);
        if (!run)
            return NULL;
        g_ptr_array_add(runs, run);
    }
    return g_steal_pointer(&runs);
}

static void tell(const GPtrArray *calls, const char *what)
{
    for (guint i = 0; i < calls->len; i++) {
        g_autofree char *safe = text_escape(calls->pdata[i]);
        fprintf(stderr, "%s: %s\n", what, safe);
    }
}

static gboolean write_out(const struct values *values, const json_t *file, GError **error)
{
    if (values->out)
        return file_replace_json(values->out, file, error);
    json_dumpf(file, stdout, JSON_INDENT(2));
    putchar('\n');
    return TRUE;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct values *values = data;
    if (values->may_add && !values->known)
        return rtc_fail_usage(error, "--add is about the file of --known, and there is "
                                     "none");
    struct known_failures *old = NULL;
    if (values->known && load_known_failures(values->known, NULL, &old) > 0) {
        *ret_status = EXIT_USAGE; /* the mistakes are printed */
        return TRUE;
    }
    g_autoptr(GPtrArray) runs = load_runs(arguments->words, error);
    gboolean ok = runs != NULL;
    if (ok) {
        struct ratchet ratchet;
        ratchet_turn(runs, old, values->may_add, &ratchet);
        tell(ratchet.removed, "removed, as all its calls pass");
        tell(ratchet.added, "added");
        tell(ratchet.refused, "not added");
        tell(ratchet.unsteady, "not added, as it does not always fail so");
        if (ratchet.refused->len + ratchet.unsteady->len > 0)
            *ret_status = EXIT_UNEXPECTED;
        ok = write_out(values, ratchet.file, error);
        ratchet_clear(&ratchet);
    }
    known_failures_free(old);
    return ok;
}

const struct command command_ratchet = {
    .name = "ratchet",
    .usage = "DIR...",
    .summary = "Write a file of known failures from runs",
    .description = "From what failed in the same way in all runs. A file that is there "
                   "gets shorter\nonly, unless --add is given.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct values),
    .least_words = 1,
    .most_words = G_MAXUINT,
    .execute = execute,
};
