/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab check: are scenarios valid, and the known failures? One line a mistake; the sum
 * at the end. With --schema it prints the JSON Schema of these files, or of a run's
 * records.
 */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/event.h"
#include "base/file.h"
#include "call/results_schema.h"
#include "call/timeline_schema.h"
#include "command/load.h"
#include "scenario/scenario.h"

struct check_values {
    bool schema;
    const char *folder;
};

static const struct option options[] = {
    { .name = "schema",
      .help = "Print a JSON Schema instead",
      .take = option_take_flag,
      .offset = offsetof(struct check_values, schema) },
    { .name = "scenarios",
      .argument = "DIR",
      .help = "The folder of the scenarios",
      .take = option_take_text,
      .offset = offsetof(struct check_values, folder) },
};

static const struct {
    const char *name;
    json_t *(*make)(void);
} schemas[] = {
    { "scenario", scenario_schema },
    { "events", event_schema },
    { "results", results_schema },
    { "timeline", timeline_schema },
    { "known-failures", known_failures_schema },
};

static gboolean print_schema(const GPtrArray *words, GError **error)
{
    const char *wanted = words->len > 0 ? words->pdata[0] : schemas[0].name;
    for (size_t i = 0; words->len < 2 && i < G_N_ELEMENTS(schemas); i++) {
        if (strcmp(schemas[i].name, wanted) != 0)
            continue;
        g_autoptr(json_t) schema = schemas[i].make();
        char *text = json_dumps(schema, JSON_INDENT(2));
        puts(text);
        free(text);
        return TRUE;
    }
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE,
                "--schema must be of scenario, events, results, timeline or "
                "known-failures, is of "
                "\"%s\"",
                (const char *)words->pdata[words->len - 1]);
    return FALSE;
}

/* What was found in files of one kind; how many mistakes are in them. */
static void report(unsigned n_mistakes, unsigned n_invalid, unsigned n_files,
                   const char *what)
{
    const char *plural = n_files == 1 ? "" : "s";
    if (n_invalid > 0)
        fprintf(stderr, "%u mistake%s in %u of %u %s%s\n", n_mistakes,
                n_mistakes == 1 ? "" : "s", n_invalid, n_files, what, plural);
    else
        printf("%u %s%s valid\n", n_files, what, n_files == 1 ? " is" : "s are");
}

static gboolean check_scenarios(const char *folder, const GPtrArray *selectors,
                                bool *ret_is_valid, GError **error)
{
    struct loaded loaded;
    if (!load_scenarios(folder, (const char *const *)selectors->pdata, &loaded, error))
        return FALSE;
    report(loaded.n_mistakes, loaded.n_invalid, loaded.n_files, "scenario");
    *ret_is_valid = loaded.n_invalid == 0;
    loaded_clear(&loaded);
    return TRUE;
}

/* The entries of a file of known failures; NULL: that of the scenarios' folder. */
static bool check_known_failures(const char *path, const char *folder)
{
    struct known_failures *known;
    unsigned n_mistakes = load_known_failures(path, folder, &known);
    if (n_mistakes > 0)
        report(n_mistakes, 1, 1, "file of known failures");
    else if (known)
        report(0, 0, known->n_entries, "known failure");
    known_failures_free(known);
    return n_mistakes == 0;
}

/* By its name, or by what it holds: --known takes a file of any name. */
static bool is_known_failures(const char *word)
{
    g_autofree char *name = g_path_get_basename(word);
    if (strcmp(name, KNOWN_FAILURES_NAME) == 0)
        return true;
    if (!g_file_test(word, G_FILE_TEST_IS_REGULAR))
        return false;
    g_autoptr(json_t) file = json_load_file(word, 0, NULL);
    return json_object_get(file, "known_failures") != NULL;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct check_values *values = data;
    if (values->schema)
        return print_schema(arguments->words, error);
    g_autoptr(GPtrArray) selectors = g_ptr_array_new();
    bool is_valid = true, are_valid = true;
    for (guint i = 0; i < arguments->words->len; i++) {
        char *word = arguments->words->pdata[i];
        if (is_known_failures(word))
            is_valid = check_known_failures(word, values->folder) && is_valid;
        else
            g_ptr_array_add(selectors, word);
    }
    bool is_whole = arguments->words->len == 0;
    bool has_scenarios = is_whole || selectors->len > 0;
    g_ptr_array_add(selectors, NULL);
    if (has_scenarios && !check_scenarios(values->folder, selectors, &are_valid, error))
        return FALSE;
    if (is_whole)
        is_valid = check_known_failures(NULL, values->folder);
    *ret_status = is_valid && are_valid ? EXIT_AS_EXPECTED : EXIT_USAGE;
    return TRUE;
}

const struct command command_check = {
    .name = "check",
    .usage = "[SELECTOR...]",
    .summary = "Check that scenarios are valid; a mistake is a line",
    .description =
        "A file of known failures is checked as such.\n"
        "--schema [scenario|events|results|timeline|known-failures] prints the JSON\n"
        "Schema of scenario files, of a line of events.jsonl, of results.json, of a\n"
        "call's timeline.json, or of a file of known failures.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct check_values),
    .most_words = G_MAXUINT,
    .execute = execute,
};
