/* SPDX-License-Identifier: Apache-2.0 */
/* What the run's command line said last counts: options that are given twice do no harm.
 */
#include "reports/rerun.h"

#include <glib.h>

#include "base/text.h"

/* As a word of a shell and fit for a terminal; appended after a blank. */
static void append_word(GString *out, const char *text)
{
    g_autofree char *word = text_quote_word(text);
    g_autofree char *shown = text_escape(word);
    g_string_append_printf(out, " %s", shown);
}

char *rerun_format(const json_t *results, const json_t *call)
{
    const json_t *run = json_object_get(results, "run");
    const char *command = json_string_value(json_object_get(run, "command"));
    const char *seed = json_string_value(json_object_get(run, "seed"));
    const char *key = json_string_value(json_object_get(call, "key"));
    g_autofree char *shown = text_escape(command ? command : "rtclab run");
    GString *out = g_string_new(shown);
    if (seed) {
        g_string_append(out, " --seed");
        append_word(out, seed);
    }
    append_word(out, key ? key : "?");
    return g_string_free(out, FALSE);
}
