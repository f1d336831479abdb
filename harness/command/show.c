/* SPDX-License-Identifier: Apache-2.0 */
/* rtclab show: a scenario in full, in words. */
#include "command/command.h"

#include <stdio.h>

#include "base/error.h"
#include "command/load.h"
#include "scenario/scenario.h"

struct show_values {
    const char *folder;
};

static const struct option options[] = {
    { .name = "scenarios",
      .argument = "DIR",
      .help = "The folder of the scenarios",
      .take = option_take_text,
      .offset = offsetof(struct show_values, folder) },
};

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct show_values *values = data;
    struct loaded loaded;
    if (!load_scenarios(values->folder, (const char *const *)arguments->words->pdata,
                        &loaded, error))
        return FALSE;
    for (guint i = 0; i < loaded.scenarios->len; i++) {
        g_autofree char *text = scenario_format(loaded.scenarios->pdata[i]);
        printf("%s%s", i > 0 ? "\n" : "", text);
    }
    *ret_status = loaded.n_invalid > 0 ? EXIT_USAGE : EXIT_AS_EXPECTED;
    loaded_clear(&loaded);
    return TRUE;
}

const struct command command_show = {
    .name = "show",
    .usage = "SELECTOR...",
    .summary = "Show scenarios in full: network, servers, what must happen",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct show_values),
    .least_words = 1,
    .most_words = G_MAXUINT,
    .execute = execute,
};
