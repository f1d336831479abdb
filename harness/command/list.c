/* SPDX-License-Identifier: Apache-2.0 */
/* rtclab list: what scenarios there are, a line each. */
#include "command/command.h"

#include <stdio.h>

#include "base/error.h"
#include "command/load.h"
#include "reports/text.h"
#include "scenario/scenario.h"

struct list_values {
    const char *tag;
    const char *folder;
};

static const struct option options[] = {
    { .name = "tag",
      .argument = "TAG",
      .help = "Only scenarios with this tag",
      .take = option_take_text,
      .offset = offsetof(struct list_values, tag) },
    { .name = "scenarios",
      .argument = "DIR",
      .help = "The folder of the scenarios",
      .take = option_take_text,
      .offset = offsetof(struct list_values, folder) },
};

enum field { FIELD_ID, FIELD_TAGS, FIELD_TITLE, N_FIELDS };

static char *get_field(const struct scenario *scenario, enum field field)
{
    switch (field) {
    case FIELD_ID:
        return text_escape(scenario->id);
    case FIELD_TAGS: {
        g_autofree char *tags =
            scenario->tags ? g_strjoinv(",", scenario->tags) : g_strdup("");
        return text_escape(tags);
    }
    case FIELD_TITLE:
        return text_escape(scenario->title);
    case N_FIELDS:
        break;
    }
    g_assert_not_reached();
}

static void print_scenarios(const GPtrArray *scenarios)
{
    unsigned widths[N_FIELDS] = { 0 };
    for (guint i = 0; i < scenarios->len; i++) {
        for (enum field field = 0; field < N_FIELDS; field++) {
            g_autofree char *text = get_field(scenarios->pdata[i], field);
            widths[field] = MAX(widths[field], text_width(text));
        }
    }
    for (guint i = 0; i < scenarios->len; i++) {
        for (enum field field = 0; field < N_FIELDS; field++) {
            g_autofree char *text = get_field(scenarios->pdata[i], field);
            int blanks =
                field + 1 < N_FIELDS ? (int)(widths[field] - text_width(text)) + 2 : 0;
            printf("%s%*s", text, blanks, "");
        }
        putchar('\n');
    }
}

static gboolean execute(const void *data, const struct arguments *arguments,
                        int *ret_status, GError **error)
{
    const struct list_values *values = data;
    struct loaded loaded;
    if (!load_scenarios(values->folder, (const char *const *)arguments->words->pdata,
                        &loaded, error))
        return FALSE;
    if (values->tag)
        loaded_keep_tagged(&loaded, values->tag);
    gboolean ok = loaded.scenarios->len > 0 || loaded.n_invalid > 0;
    if (ok)
        print_scenarios(loaded.scenarios);
    else
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "no scenario has the tag \"%s\"",
                    values->tag ? values->tag : "");
    *ret_status = loaded.n_invalid > 0 ? EXIT_USAGE : EXIT_AS_EXPECTED;
    loaded_clear(&loaded);
    return ok;
}

const struct command command_list = {
    .name = "list",
    .usage = "[SELECTOR...]",
    .summary = "List scenarios: id, tags, title",
    .options = { options, G_N_ELEMENTS(options) },
    .values_size = sizeof(struct list_values),
    .most_words = G_MAXUINT,
    .execute = execute,
};
