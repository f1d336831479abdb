/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab judge: finished runs judged once more, by another baseline or other known
 * failures. What each call came to, and whether that was as expected, stands as it was
 * recorded; nothing is run.
 */
#include "command/command.h"

#include "base/error.h"
#include "base/file.h"
#include "call/known.h"
#include "command/baseline_command.h"
#include "command/finish.h"
#include "command/load.h"
#include "command/results_file.h"

struct values {
    struct baseline_values baseline;
    const char *known;
};

static const struct option options[] = {
    BASELINE_OPTION_PATH(struct values, baseline),
    BASELINE_OPTION_MARGIN(struct values, baseline),
    BASELINE_OPTION_EFFECT(struct values, baseline),
    { .name = "known",
      .argument = "FILE",
      .help = "What is known to fail (default: as recorded)",
      .take = option_take_text,
      .offset = offsetof(struct values, known) },
};

static void mark_anew(const struct known_failures *known, json_t *results)
{
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(results, "calls"), i, call)
    {
        json_object_del(call, "known_failure");
        known_mark(known, call);
    }
    g_autofree char *path = g_utf8_make_valid(known->path, -1);
    json_object_set_new(json_object_get(results, "run"), "known_failures",
                        json_string(path));
}

/* The first of two that is worse: as exit_status_of() orders them. */
static int worse(int status, int other)
{
    static const int order[] = { EXIT_INTERRUPTED, EXIT_ENVIRONMENT, EXIT_UNEXPECTED,
                                 EXIT_REGRESSION,  EXIT_INCOMPLETE,  EXIT_INCONCLUSIVE };
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        if (status == order[i] || other == order[i])
            return order[i];
    return EXIT_AS_EXPECTED;
}

static gboolean judge_run(const char *path, const struct baseline_held *held,
                          const struct known_failures *known, int *ret_status,
                          GError **error)
{
    g_autofree char *folder = results_file_folder(path);
    g_autoptr(json_t) results = results_file_read(path, error);
    if (!results)
        return FALSE;
    if (known)
        mark_anew(known, results);
    baseline_apply(held, results, folder);
    int status = EXIT_AS_EXPECTED;
    if (!finish_results(results, folder, &status, error))
        return FALSE;
    *ret_status = worse(*ret_status, status);
    return TRUE;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct values *values = data;
    struct known_failures *known = NULL;
    if (values->known && load_known_failures(values->known, NULL, &known) > 0) {
        *ret_status = EXIT_USAGE; /* the mistakes are printed */
        return TRUE;
    }
    struct baseline_held held;
    gboolean ok = baseline_hold(&values->baseline, &held, error);
    for (guint i = 0; ok && i < arguments->words->len; i++)
        ok = judge_run(arguments->words->pdata[i], &held, known, ret_status, error);
    baseline_release(&held);
    known_failures_free(known);
    return ok;
}

const struct command command_judge = {
    .name = "judge",
    .usage = "DIR...",
    .summary = "Judge finished runs once more",
    .description = "DIR is a run's folder. Its results.json and reports are replaced.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct values),
    .least_words = 1,
    .most_words = G_MAXUINT,
    .execute = execute,
};
