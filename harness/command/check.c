/* SPDX-License-Identifier: Apache-2.0 */
/* rtclab check: are scenarios valid? One line a mistake; the sum at the end. */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "command/load.h"
#include "scenario/scenario.h"

struct check_values {
    bool schema;
    const char *folder;
};

static const struct option options[] = {
    { .name = "schema",
      .help = "Print the JSON Schema of scenario files instead",
      .take = option_take_flag,
      .offset = offsetof(struct check_values, schema) },
    { .name = "scenarios",
      .argument = "DIR",
      .help = "The folder of the scenarios",
      .take = option_take_text,
      .offset = offsetof(struct check_values, folder) },
};

static void print_schema(void)
{
    json_t *schema = scenario_schema();
    char *text = json_dumps(schema, JSON_INDENT(2));
    puts(text);
    free(text);
    json_decref(schema);
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct check_values *values = data;
    if (values->schema) {
        print_schema();
        return TRUE;
    }
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
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct check_values),
    .most_words = G_MAXUINT,
    .execute = execute,
};
