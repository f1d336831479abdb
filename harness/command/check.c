/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab check: are scenarios valid? One line a mistake; the sum at the end. With
 * --schema it prints the JSON Schema of scenario files, or of a run's records.
 */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/event.h"
#include "base/file.h"
#include "call/results_schema.h"
#include "command/load.h"
#include "scenario/scenario.h"

struct check_values {
    bool schema;
    const char *folder;
};

static const struct option options[] = {
    { .name = "schema",
      .help = "Print a JSON Schema instead: scenario, events or results",
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
                "--schema must be of scenario, events or results, is of \"%s\"",
                (const char *)words->pdata[words->len - 1]);
    return FALSE;
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct check_values *values = data;
    if (values->schema)
        return print_schema(arguments->words, error);
    struct loaded loaded;
    if (!load_scenarios(values->folder, (const char *const *)arguments->words->pdata,
                        &loaded, error))
        return FALSE;
    if (loaded.n_invalid > 0)
        fprintf(stderr, "%u mistake%s in %u of %u scenario%s\n", loaded.n_mistakes,
                loaded.n_mistakes == 1 ? "" : "s", loaded.n_invalid, loaded.n_files,
                loaded.n_files == 1 ? "" : "s");
    else
        printf("%u scenario%s valid\n", loaded.n_files,
               loaded.n_files == 1 ? " is" : "s are");
    *ret_status = loaded.n_invalid > 0 ? EXIT_USAGE : EXIT_AS_EXPECTED;
    loaded_clear(&loaded);
    return TRUE;
}

const struct command command_check = {
    .name = "check",
    .usage = "[SELECTOR...]",
    .summary = "Check that scenarios are valid; a mistake is a line",
    .description =
        "--schema [scenario|events|results] prints the JSON Schema of scenario\n"
        "files, of a line of events.jsonl, or of results.json.",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct check_values),
    .most_words = G_MAXUINT,
    .execute = execute,
};
