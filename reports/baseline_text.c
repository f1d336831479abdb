/* SPDX-License-Identifier: Apache-2.0 */
/* Regressions are all told; of what is no regression only the first ones. */
#include "reports/baseline_text.h"

#include <string.h>

#include <glib.h>

#include "base/text.h"
#include "reports/baseline_groups.h"
#include "reports/table_calls.h"
#include "reports/unpaired.h"

enum { MAX_OTHERS = 12, INDENT = 4 };

enum part { PART_REGRESSIONS, PART_OPEN, PART_OTHERS, N_PARTS };

static const struct part_style {
    const char *title;
    enum table_tone tone;
    unsigned most;
} parts[N_PARTS] = {
    [PART_REGRESSIONS] = { "Regressions", TABLE_BAD, G_MAXUINT },
    [PART_OPEN] = { "Too few calls to tell", TABLE_ODD, G_MAXUINT },
    [PART_OTHERS] = { "Other changes", TABLE_PLAIN, MAX_OTHERS },
};

static enum part part_of(const json_t *change)
{
    if (json_is_true(json_object_get(change, "is_regression")))
        return PART_REGRESSIONS;
    return json_object_get(change, "repeats_needed") ? PART_OPEN : PART_OTHERS;
}

/* The call, or the calls that are meant. */
static char *name_of(const json_t *change)
{
    const char *key = baseline_text(change, "key");
    if (*key)
        return text_escape(key);
    const char *scenario = baseline_text(change, "scenario");
    if (!*scenario)
        return g_strdup("all calls");
    g_autofree char *name = g_strdup_printf(
        "%s~%s/%s/%s", baseline_text(change, "offerer"),
        baseline_text(change, "answerer"), scenario, baseline_text(change, "mode"));
    return text_escape(name);
}

static void append_wrapped(GString *out, const char *words,
                           const struct table_style *style)
{
    g_autofree char *safe = text_escape(words);
    g_string_append_printf(out, "%*s", INDENT, "");
    text_append_wrapped(out, safe, INDENT, style->width);
    g_string_append_c(out, '\n');
}

static void append_change(GString *out, const json_t *change, const char *path,
                          const struct table_style *style)
{
    g_autofree char *name = name_of(change);
    g_string_append(out, "  ");
    table_append_toned(out, name, parts[part_of(change)].tone, style);
    g_string_append_printf(out, "  %s\n", baseline_text(change, "kind"));
    append_wrapped(out, baseline_text(change, "text"), style);
    const json_t *confirmation = json_object_get(change, "confirmation");
    if (confirmation)
        append_wrapped(out, baseline_text(confirmation, "text"), style);
    const json_t *divergence = json_object_get(change, "divergence");
    if (json_is_object(divergence))
        append_wrapped(out, baseline_text(divergence, "text"), style);
    const char *key = baseline_text(change, "key");
    if (part_of(change) == PART_REGRESSIONS && *key && style->folder) {
        g_autofree char *words = g_strdup_printf("records %s/calls/%s, was %s/calls/%s",
                                                 style->folder, key, path, key);
        append_wrapped(out, words, style);
    }
}

static unsigned append_part(GString *out, const json_t *baseline, enum part part,
                            const struct table_style *style)
{
    unsigned count = 0;
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(baseline, "changes"), i, change)
    {
        if (unpaired_is(change) || part_of(change) != part)
            continue;
        if (count++ == 0)
            g_string_append_printf(out, "%s:\n", parts[part].title);
        if (count <= parts[part].most)
            append_change(out, change, baseline_text(baseline, "path"), style);
    }
    if (count > parts[part].most)
        g_string_append_printf(out, "  and %u more, in results.json\n",
                               count - parts[part].most);
    if (count > 0)
        g_string_append_c(out, '\n');
    return count;
}

/* Not among the changes, which they would hide. */
static void append_unpaired(GString *out, const json_t *baseline,
                            const struct table_style *style)
{
    bool has_any = false;
    for (int is_new = 0; is_new <= 1; is_new++) {
        g_autofree char *words = unpaired_format(baseline, is_new);
        if (!words)
            continue;
        if (!has_any)
            g_string_append(out, "In one of the runs only:\n");
        has_any = true;
        append_wrapped(out, words, style);
    }
    if (has_any)
        g_string_append_c(out, '\n');
}

static void append_notes(GString *out, const json_t *baseline,
                         const struct table_style *style)
{
    const json_t *notes = json_object_get(baseline, "notes");
    size_t i;
    json_t *note;
    if (json_array_size(notes) > 0)
        g_string_append(out, "Not the same in both runs:\n");
    json_array_foreach(notes, i, note) append_wrapped(
        out, json_string_value(note) ? json_string_value(note) : "", style);
    if (json_array_size(notes) > 0)
        g_string_append_c(out, '\n');
}

static enum table_tone tone_of(const char *verdict)
{
    if (strcmp(verdict, baseline_verdict_names[BASELINE_PASS]) == 0)
        return TABLE_GOOD;
    bool is_open = strcmp(verdict, baseline_verdict_names[BASELINE_INCONCLUSIVE]) == 0;
    return is_open ? TABLE_ODD : TABLE_BAD;
}

char *baseline_format(const json_t *baseline, const struct table_style *style)
{
    GString *out = g_string_new(NULL);
    unsigned counts[N_PARTS];
    for (enum part part = 0; part < N_PARTS; part++)
        counts[part] = append_part(out, baseline, part, style);
    append_unpaired(out, baseline, style);
    append_notes(out, baseline, style);
    g_autofree char *path = text_escape(baseline_text(baseline, "path"));
    g_autofree char *id = text_escape(baseline_text(baseline, "id"));
    g_autofree char *verdict = text_escape(baseline_text(baseline, "verdict"));
    long long compared = json_integer_value(json_object_get(baseline, "compared"));
    g_string_append_printf(out, "Against %s (%s): ", path, id);
    table_append_toned(out, verdict, tone_of(verdict), style);
    g_string_append_printf(
        out, "; %lld %s compared, %u %s, %u undecided, %u other %s\n", compared,
        compared == 1 ? "call" : "calls", counts[PART_REGRESSIONS],
        counts[PART_REGRESSIONS] == 1 ? "regression" : "regressions", counts[PART_OPEN],
        counts[PART_OTHERS], counts[PART_OTHERS] == 1 ? "change" : "changes");
    return g_string_free(out, FALSE);
}
