/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a cell are the table's (table_calls.h). Milliseconds are whole: Markdown
 * is for people, the rest stands in results.json.
 */
#include "reports/summary_matrix.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "reports/call_words.h"
#include "reports/compare.h"
#include "reports/markdown.h"
#include "reports/table_calls.h"

enum { MAX_UNFOLDED = 40 };

static const char *mark_of(enum table_tone tone)
{
    switch (tone) {
    case TABLE_GOOD:
        return SUMMARY_GOOD " ";
    case TABLE_BAD:
        return SUMMARY_BAD " ";
    case TABLE_ODD:
        return SUMMARY_ODD " ";
    case TABLE_PLAIN:
    case TABLE_DIM:
    case TABLE_N_TONES:
        break;
    }
    return "";
}

/* No "-0". */
static long long whole_ms(const json_t *number)
{
    return llround(json_number_value(number));
}

static void append_cell(GString *out, const struct call_group *group,
                        const json_t *comparison, enum compare_mode mode)
{
    enum table_tone tone;
    gboolean has_other_pairs;
    g_autofree char *words =
        table_describe_calls(group->calls[mode], &tone, &has_other_pairs);
    const json_t *median = json_object_get(json_object_get(comparison, "median_setup_ms"),
                                           compare_mode_names[mode]);
    g_string_append_printf(out, " %s", mark_of(tone));
    markdown_append_text(out, words);
    if (json_is_number(median))
        g_string_append_printf(out, " %lld", whole_ms(median));
    g_string_append(out, " |");
}

/* "2050 [2047, 2053]": the shift if there is one, else the median. */
static void append_saving(GString *out, const json_t *comparison)
{
    const json_t *saving = json_object_get(comparison, "trickle_saves_ms");
    const json_t *value = json_object_get(saving, "shift");
    const json_t *interval = json_object_get(saving, "interval");
    const json_t *low = json_array_get(interval, 0), *high = json_array_get(interval, 1);
    if (!json_is_number(value))
        value = json_object_get(saving, "median");
    if (!json_is_number(value)) {
        g_string_append(out, " - |");
        return;
    }
    g_string_append_printf(out, " %lld", whole_ms(value));
    if (json_is_number(low) && json_is_number(high))
        g_string_append_printf(out, " \\[%lld, %lld\\]", whole_ms(low), whole_ms(high));
    g_string_append(out, " |");
}

static void append_predicted(GString *out, const json_t *comparison)
{
    const json_t *predicted = json_object_get(comparison, "predicted_saving_ms");
    if (json_is_number(predicted))
        g_string_append_printf(out, " %lld |\n", whole_ms(predicted));
    else
        g_string_append(out, " - |\n");
}

static bool is_about(const json_t *comparison, const struct call_group *group)
{
    return strcmp(call_text(comparison, "scenario", ""), group->scenario) == 0 &&
           strcmp(call_text(comparison, "offerer", ""), group->offerer) == 0 &&
           strcmp(call_text(comparison, "answerer", ""), group->answerer) == 0;
}

/* They come in the order of the groups; others than these are passed over. */
static const json_t *find_comparison(const json_t *comparisons, size_t *from,
                                     const struct call_group *group)
{
    for (size_t i = *from; i < json_array_size(comparisons); i++) {
        const json_t *comparison = json_array_get(comparisons, i);
        if (!is_about(comparison, group))
            continue;
        *from = i + 1;
        return comparison;
    }
    return NULL;
}

static bool has_pairs(const GPtrArray *groups)
{
    const struct call_group *first = groups->pdata[0];
    for (guint i = 1; i < groups->len; i++) {
        const struct call_group *group = groups->pdata[i];
        if (strcmp(group->offerer, first->offerer) != 0 ||
            strcmp(group->answerer, first->answerer) != 0)
            return true;
    }
    return false;
}

static void append_rows(GString *out, const GPtrArray *groups, const json_t *comparisons)
{
    bool has_peers = has_pairs(groups);
    size_t from = 0;
    g_string_append_printf(
        out, "| scenario |%s trickle | half | full | trickle saves | predicted |\n",
        has_peers ? " peers |" : "");
    g_string_append_printf(out, "|---|%s---|---|---|--:|--:|\n", has_peers ? "---|" : "");
    for (guint i = 0; i < groups->len; i++) {
        const struct call_group *group = groups->pdata[i];
        const json_t *comparison = find_comparison(comparisons, &from, group);
        g_string_append(out, "| ");
        markdown_append_cell_code(out, group->scenario);
        g_string_append(out, " |");
        if (has_peers) {
            g_autofree char *peers =
                g_strdup_printf("%s~%s", group->offerer, group->answerer);
            g_string_append_c(out, ' ');
            markdown_append_cell_code(out, peers);
            g_string_append(out, " |");
        }
        for (unsigned mode = 0; mode < COMPARE_N_MODES; mode++)
            append_cell(out, group, comparison, mode);
        append_saving(out, comparison);
        append_predicted(out, comparison);
    }
}

void summary_append_matrix(GString *out, const json_t *results)
{
    g_autoptr(GPtrArray) groups = compare_group_calls(json_object_get(results, "calls"));
    if (groups->len == 0)
        return;
    bool is_folded = groups->len > MAX_UNFOLDED;
    g_string_append(out, "\n### Scenarios\n\nSelected pair (offerer~answerer) and median "
                         "set-up in ms; what trickle saves over full gathering, with its "
                         "95 % interval.\n\n");
    if (is_folded)
        g_string_append_printf(out, "<details><summary>%u rows</summary>\n\n",
                               groups->len);
    append_rows(out, groups, json_object_get(results, "comparisons"));
    if (is_folded)
        g_string_append(out, "\n</details>\n");
}
