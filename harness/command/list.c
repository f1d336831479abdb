/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab list: what scenarios there are, a line each; on a terminal that is too narrow
 * for that, the title on a second line.
 */
#include "command/list.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "command/command.h"
#include "command/load.h"
#include "reports/table.h"
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

char *list_format(const GPtrArray *scenarios, unsigned columns)
{
    unsigned widths[N_FIELDS] = { 0 };
    unsigned whole = 2 * (N_FIELDS - 1);
    for (enum field field = 0; field < N_FIELDS; field++) {
        for (guint i = 0; i < scenarios->len; i++) {
            g_autofree char *text = get_field(scenarios->pdata[i], field);
            widths[field] = MAX(widths[field], text_width(text));
        }
        whole += widths[field];
    }
    bool is_narrow = whole > columns;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < scenarios->len; i++) {
        g_autofree char *id = get_field(scenarios->pdata[i], FIELD_ID);
        g_autofree char *tags = get_field(scenarios->pdata[i], FIELD_TAGS);
        g_autofree char *title = get_field(scenarios->pdata[i], FIELD_TITLE);
        if (is_narrow)
            g_string_append_printf(out, "%s%s%s\n    %s\n", id, *tags ? "  " : "", tags,
                                   title);
        else
            g_string_append_printf(
                out, "%s%*s%s%*s%s\n", id, (int)(widths[FIELD_ID] - text_width(id)) + 2,
                "", tags, (int)(widths[FIELD_TAGS] - text_width(tags)) + 2, "", title);
    }
    return g_string_free(out, FALSE);
}

static void print_scenarios(const GPtrArray *scenarios)
{
    bool is_terminal = isatty(STDOUT_FILENO);
    unsigned columns = is_terminal ? table_style_for(STDOUT_FILENO).width : UINT_MAX;
    g_autofree char *text = list_format(scenarios, columns);
    fputs(text, stdout);
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
