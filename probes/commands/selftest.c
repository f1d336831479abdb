/* SPDX-License-Identifier: Apache-2.0 */
/* `rtcprobe selftest`: shows that each case can pass and can fail. */
#include "probes/commands/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "probes/cases/selftest.h"
#include "probes/commands/conformance.h"
#include "probes/core/wait.h"
#include "probes/output/layout.h"

struct selftest_values {
    struct target_options target; /* only what comes out */
    struct conformance_options conformance;
    const char *bug;
    bool lists_bugs;
};

static const struct option options[] = {
    { .name = "bug",
      .argument = "NAME",
      .help = "Only this defect, on the cases that it is for",
      .take = option_take_text,
      .offset = offsetof(struct selftest_values, bug) },
    { .name = "list-bugs",
      .help = "Print the defects and the cases that find them",
      .take = option_take_flag,
      .offset = offsetof(struct selftest_values, lists_bugs) },
    { .name = "slow",
      .help = "Also what waits for minutes (about twenty, side by side)",
      .take = option_take_flag,
      .offset = offsetof(struct selftest_values, conformance.includes_slow) },
    { .name = "jobs",
      .argument = "N",
      .preset = "16",
      .help = "Servers side by side",
      .take = conformance_take_jobs,
      .offset = offsetof(struct selftest_values, conformance.jobs) },
    TARGET_OUTPUT_OPTIONS(struct selftest_values),
};

static void list_bugs(void)
{
    for (unsigned d = 0; d < PROBE_N_DEFECTS; d++) {
        const struct probe_defect_info *info =
            probe_defect_describe((enum probe_defect)d);
        g_autofree char *first =
            g_strdup_printf("%-34s  %-16s  ", info->name, info->cases);
        g_autofree char *lines = layout_wrap(first, info->what, layout_columns());
        fputs(lines, stdout);
    }
}

static gboolean find_bug(const char *name, enum probe_defect *ret, GError **error)
{
    *ret = PROBE_N_DEFECTS;
    if (!name || probe_defect_by_name(name, ret))
        return TRUE;
    const char *names[PROBE_N_DEFECTS + 1] = { NULL };
    for (unsigned d = 0; d < PROBE_N_DEFECTS; d++)
        names[d] = probe_defect_describe((enum probe_defect)d)->name;
    g_autofree char *hint = nearest_hint(name, names);
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "--bug: there is no defect \"%s\"%s; see rtcprobe selftest --list-bugs",
                name, hint);
    return FALSE;
}

/* With one defect only the cases that are to find it. */
static const struct test_case **choose(const struct selftest_values *values,
                                       const struct arguments *arguments,
                                       enum probe_defect bug, GError **error)
{
    g_autoptr(GPtrArray) selectors = g_ptr_array_new_with_free_func(g_free);
    struct conformance_options all = values->conformance;
    all.includes_intrusive = true; /* of nobody but ourselves */
    for (guint i = 0; i < arguments->words->len; i++)
        g_ptr_array_add(selectors, g_strdup(g_ptr_array_index(arguments->words, i)));
    if (selectors->len == 0 && bug != PROBE_N_DEFECTS)
        for (char **id = g_strsplit(probe_defect_describe(bug)->cases, " ", -1); *id;
             id++)
            g_ptr_array_add(selectors, *id);
    else if (selectors->len == 0)
        g_ptr_array_add(selectors, g_strdup("*"));
    g_ptr_array_add(selectors, NULL);
    return conformance_choose((const char *const *)selectors->pdata, &all, error);
}

static char *format_item(const json_t *item, bool in_colour)
{
    enum verdict verdict = VERDICT_ERROR;
    verdict_parse(json_string_value(json_object_get(item, "status")), &verdict);
    g_autofree char *safe =
        text_escape(json_string_value(json_object_get(item, "message")));
    g_autofree char *word = g_ascii_strup(verdict_name(verdict), -1);
    g_autofree char *first = g_strdup_printf(
        "%-8s %s  ", word, json_string_value(json_object_get(item, "name")));
    g_autofree char *lines = layout_wrap(first, safe, layout_columns());
    return layout_paint(verdict, lines, in_colour && verdict != VERDICT_PASS);
}

static char *format_end(const json_t *document, bool in_colour)
{
    size_t i, n_tries = 0, n_cases = 0, n_bad = 0, n_skipped = 0;
    json_t *item;
    (void)in_colour;
    json_array_foreach(json_object_get(document, "items"), i, item)
    {
        const char *status = json_string_value(json_object_get(item, "status"));
        if (strcmp(status, verdict_name(VERDICT_SKIPPED)) == 0) {
            n_skipped++;
            continue;
        }
        n_cases++;
        n_tries += json_array_size(json_object_get(item, "tries")) - 1;
        n_bad += strcmp(status, verdict_name(VERDICT_PASS)) != 0;
    }
    if (n_skipped > 0)
        return g_strdup_printf(
            "\n%zu cases and %zu defects tried, %zu cases skipped: %zu "
            "cases are not as they should be\n",
            n_cases, n_tries, n_skipped, n_bad);
    return g_strdup_printf("\n%zu cases and %zu defects tried: %zu cases are not as they "
                           "should be\n",
                           n_cases, n_tries, n_bad);
}

struct telling {
    struct report *report;
    unsigned n_bad;
};

static void tell(json_t *item_consumed, void *data)
{
    struct telling *telling = data;
    const char *status = json_string_value(json_object_get(item_consumed, "status"));
    telling->n_bad += strcmp(status, verdict_name(VERDICT_PASS)) != 0;
    report_item(telling->report, item_consumed);
}

static gboolean execute(const void *given, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct selftest_values *values = given;
    enum probe_defect bug;
    if (values->lists_bugs) {
        list_bugs();
        return TRUE;
    }
    if (!find_bug(values->bug, &bug, error))
        return FALSE;
    g_autofree const struct test_case **cases = choose(values, arguments, bug, error);
    if (!cases || !wait_catch_interrupts(error) ||
        !target_capture_begin(&values->target, error))
        return FALSE;
    uint64_t seed = target_seed(&values->target);
    struct telling telling = { .report = target_report(&values->target, "selftest", seed,
                                                       format_item, format_end) };
    struct selftest_options run = { .cases = cases,
                                    .only = bug,
                                    .jobs = (unsigned)values->conformance.jobs,
                                    .seed = seed,
                                    .done = tell,
                                    .data = &telling };
    selftest_run(&run);
    target_capture_end(&values->target);
    *ret_status = report_end(telling.report, wait_is_interrupted() ? EXIT_INTERRUPTED
                                             : telling.n_bad > 0   ? EXIT_UNEXPECTED
                                                                   : EXIT_AS_EXPECTED);
    return TRUE;
}

const struct command probe_command_selftest = {
    .name = "selftest",
    .usage = "[SELECTOR...]",
    .summary = "Show that each case can pass and can fail",
    .description =
        "Tries each case on a server inside this program, on loopback: once as it should "
        "be,\nand once for each defect that the case is to find.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct selftest_values),
    .most_words = 64,
    .execute = execute,
};
