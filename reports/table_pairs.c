/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A grid for each scenario: rows offer, columns answer, a line for each mode, or one for
 * all where they are the same. Columns are as wide as what is in them; where the terminal
 * is too narrow, they stand closer, and then in several blocks below one another. A cell
 * says in words what its colour says.
 */
#include "reports/table_pairs.h"

#include <string.h>

#include "base/text.h"
#include "reports/compare.h"
#include "reports/statistics.h"
#include "reports/table_calls.h"

enum { WIDE_GAP = 2, NARROW_GAP = 1 };

#define NO_CALL   "-"
#define ALL_MODES "all"

struct cell {
    char *text;
    enum table_tone tone;
};

/* The peers of a scenario in each role, and a group for each pair that was to call. */
struct grid {
    GPtrArray *offerers, *answerers; /* const char *, borrowed */
    const struct call_group **groups;
    struct cell *cells; /* by offerer, answerer, mode */
    bool has_mode[COMPARE_N_MODES];
    unsigned *widths; /* of the answerers' columns */
    unsigned offerer_width, mode_width, gap;
};

/* ---- cells ---- */

struct counts {
    guint verdicts[CALL_N_VERDICTS];
    guint n_errors; /* of those not as expected */
    guint n_passing;
    GArray *setups_ms; /* double: of connected calls that were as expected */
};

static void count(struct counts *counts, const json_t *call)
{
    enum call_verdict verdict = call_verdict_of(call);
    const char *outcome = json_string_value(json_object_get(call, "outcome"));
    const json_t *setup = json_object_get(call, "setup_ms");
    counts->verdicts[verdict]++;
    counts->n_passing += call_passes_unexpectedly(call);
    if (verdict == CALL_NOT_AS_EXPECTED && g_strcmp0(outcome, "error") == 0)
        counts->n_errors++;
    if ((verdict == CALL_AS_EXPECTED || verdict == CALL_FLAKY) && json_is_number(setup)) {
        double ms = json_number_value(setup);
        g_array_append_val(counts->setups_ms, ms);
    }
}

/* "FAIL", "known 2/5": how many of the calls, unless all. */
static char *some_of(const char *word, guint n, guint n_calls)
{
    return n == n_calls ? g_strdup(word) : g_strdup_printf("%s %u/%u", word, n, n_calls);
}

static struct cell make_cell(const GPtrArray *calls)
{
    struct counts counts = { .setups_ms = g_array_new(FALSE, FALSE, sizeof(double)) };
    for (guint i = 0; i < calls->len; i++)
        count(&counts, calls->pdata[i]);
    guint n_bad = counts.verdicts[CALL_NOT_AS_EXPECTED];
    guint n_known = counts.verdicts[CALL_KNOWN_FAILURE];
    guint n_flaky = counts.verdicts[CALL_FLAKY];
    struct cell cell = { .tone = TABLE_GOOD };
    if (calls->len == 0)
        cell = (struct cell){ g_strdup(NO_CALL), TABLE_DIM };
    else if (n_bad > 0)
        cell =
            (struct cell){ some_of(counts.n_errors ? "ERROR" : "FAIL", n_bad, calls->len),
                           TABLE_BAD };
    else if (n_known > 0)
        cell = (struct cell){ some_of("known", n_known, calls->len), TABLE_ODD };
    else if (n_flaky > 0)
        cell = (struct cell){ some_of("flaky", n_flaky, calls->len), TABLE_ODD };
    else if (counts.verdicts[CALL_AS_EXPECTED] == 0)
        cell = (struct cell){ g_strdup("unsup."), TABLE_DIM };
    else if (counts.n_passing > 0)
        cell =
            (struct cell){ some_of("passes", counts.n_passing, calls->len), TABLE_ODD };
    else if (counts.setups_ms->len > 0)
        cell.text = g_strdup_printf(
            "ok %.0f", statistics_median((double *)(void *)counts.setups_ms->data,
                                         counts.setups_ms->len));
    else
        cell.text = g_strdup("ok");
    g_array_unref(counts.setups_ms);
    return cell;
}

/* ---- the grid ---- */

static guint find_or_add(GPtrArray *names, const char *name)
{
    guint at;
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, &at)) {
        at = names->len;
        g_ptr_array_add(names, (gpointer)name);
    }
    return at;
}

static const struct cell *cell_of(const struct grid *grid, guint offerer, guint answerer,
                                  int mode)
{
    guint pair = offerer * grid->answerers->len + answerer;
    return &grid->cells[pair * COMPARE_N_MODES + (guint)mode];
}

static unsigned shown_width(const char *name)
{
    g_autofree char *shown = text_escape(name);
    return text_width(shown);
}

static void measure(struct grid *grid)
{
    grid->widths = g_new0(unsigned, grid->answerers->len);
    grid->offerer_width = (unsigned)strlen("offerer");
    grid->mode_width = (unsigned)strlen(ALL_MODES);
    for (guint o = 0; o < grid->offerers->len; o++)
        grid->offerer_width =
            MAX(grid->offerer_width, shown_width(grid->offerers->pdata[o]));
    for (int mode = 0; mode < COMPARE_N_MODES; mode++)
        if (grid->has_mode[mode])
            grid->mode_width =
                MAX(grid->mode_width, (unsigned)strlen(compare_mode_names[mode]));
    for (guint a = 0; a < grid->answerers->len; a++) {
        grid->widths[a] = shown_width(grid->answerers->pdata[a]);
        for (guint o = 0; o < grid->offerers->len; o++)
            for (int mode = 0; mode < COMPARE_N_MODES; mode++)
                if (grid->has_mode[mode])
                    grid->widths[a] =
                        MAX(grid->widths[a], text_width(cell_of(grid, o, a, mode)->text));
    }
}

/* The width of a block with the answerers `from` up to, not including, `to`. */
static unsigned block_width(const struct grid *grid, guint from, guint to)
{
    unsigned width = grid->offerer_width + grid->gap + grid->mode_width;
    for (guint a = from; a < to; a++)
        width += grid->gap + grid->widths[a];
    return width;
}

static struct grid make_grid(const GPtrArray *groups, guint from, guint to)
{
    struct grid grid = { .offerers = g_ptr_array_new(), .answerers = g_ptr_array_new() };
    for (guint g = from; g < to; g++) {
        const struct call_group *group = groups->pdata[g];
        find_or_add(grid.offerers, group->offerer);
        find_or_add(grid.answerers, group->answerer);
        for (int mode = 0; mode < COMPARE_N_MODES; mode++)
            grid.has_mode[mode] |= group->calls[mode]->len > 0;
    }
    guint n_pairs = grid.offerers->len * grid.answerers->len;
    grid.groups = g_new0(const struct call_group *, n_pairs);
    grid.cells = g_new0(struct cell, n_pairs * COMPARE_N_MODES);
    for (guint g = from; g < to; g++) {
        const struct call_group *group = groups->pdata[g];
        guint pair = find_or_add(grid.offerers, group->offerer) * grid.answerers->len +
                     find_or_add(grid.answerers, group->answerer);
        grid.groups[pair] = group;
    }
    for (guint i = 0; i < n_pairs * COMPARE_N_MODES; i++) {
        const struct call_group *group = grid.groups[i / COMPARE_N_MODES];
        grid.cells[i] = group ? make_cell(group->calls[i % COMPARE_N_MODES])
                              : (struct cell){ g_strdup(NO_CALL), TABLE_DIM };
    }
    measure(&grid);
    return grid;
}

static void grid_clear(struct grid *grid)
{
    guint n_cells = grid->offerers->len * grid->answerers->len * COMPARE_N_MODES;
    for (guint i = 0; i < n_cells; i++)
        g_free(grid->cells[i].text);
    g_free(grid->cells);
    g_free(grid->groups);
    g_free(grid->widths);
    g_ptr_array_unref(grid->offerers);
    g_ptr_array_unref(grid->answerers);
}

/* ---- its text ---- */

static void pad(GString *out, const char *text, unsigned width)
{
    unsigned used = text_width(text);
    g_string_append_printf(out, "%*s", (int)(width > used ? width - used : 0), "");
}

static void append_padded(GString *out, const char *text, unsigned width)
{
    g_string_append(out, text);
    pad(out, text, width);
}

static void end_line(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

static void append_titles(GString *out, const struct grid *grid, guint from, guint to,
                          const struct table_style *style)
{
    g_autoptr(GString) line = g_string_new(NULL);
    append_padded(line, "offerer", grid->offerer_width + grid->gap + grid->mode_width);
    for (guint a = from; a < to; a++) {
        g_autofree char *name = text_escape(grid->answerers->pdata[a]);
        pad(line, "", grid->gap);
        append_padded(line, name, grid->widths[a]);
    }
    table_append_toned(out, g_strchomp(line->str), TABLE_DIM, style);
    g_string_append_c(out, '\n');
}

static gboolean modes_are_same(const struct grid *grid, guint offerer, guint from,
                               guint to)
{
    int first = -1;
    for (int mode = 0; mode < COMPARE_N_MODES; mode++) {
        if (!grid->has_mode[mode])
            continue;
        for (guint a = from; a < to && first >= 0; a++)
            if (strcmp(cell_of(grid, offerer, a, mode)->text,
                       cell_of(grid, offerer, a, first)->text) != 0)
                return FALSE;
        if (first < 0)
            first = mode;
    }
    return TRUE;
}

static void append_row(GString *out, const struct grid *grid, guint offerer, guint from,
                       guint to, const struct table_style *style)
{
    unsigned n_modes = 0;
    for (int mode = 0; mode < COMPARE_N_MODES; mode++)
        n_modes += grid->has_mode[mode];
    gboolean is_one = n_modes > 1 && modes_are_same(grid, offerer, from, to);
    g_autofree char *name = text_escape(grid->offerers->pdata[offerer]);
    gboolean is_first = TRUE;
    for (int mode = 0; mode < COMPARE_N_MODES; mode++) {
        if (!grid->has_mode[mode] || (is_one && !is_first))
            continue;
        append_padded(out, is_first ? name : "", grid->offerer_width + grid->gap);
        append_padded(out, is_one ? ALL_MODES : compare_mode_names[mode],
                      grid->mode_width);
        for (guint a = from; a < to; a++) {
            const struct cell *cell = cell_of(grid, offerer, a, mode);
            pad(out, "", grid->gap);
            table_append_toned(out, cell->text, cell->tone, style);
            pad(out, cell->text, grid->widths[a]);
        }
        end_line(out);
        is_first = FALSE;
    }
}

static void append_grid(GString *out, struct grid *grid, const struct table_style *style)
{
    guint n = grid->answerers->len;
    grid->gap = WIDE_GAP;
    if (block_width(grid, 0, n) > style->width)
        grid->gap = NARROW_GAP;
    for (guint from = 0, to; from < n; from = to) {
        to = from + 1; /* at least one, however narrow it is */
        while (to < n && block_width(grid, from, to + 1) <= style->width)
            to++;
        append_titles(out, grid, from, to, style);
        for (guint o = 0; o < grid->offerers->len; o++)
            append_row(out, grid, o, from, to, style);
    }
}

gboolean table_has_pairs(const GPtrArray *groups)
{
    for (guint g = 1; g < groups->len; g++) {
        const struct call_group *first = groups->pdata[0];
        const struct call_group *group = groups->pdata[g];
        if (strcmp(first->offerer, group->offerer) != 0 ||
            strcmp(first->answerer, group->answerer) != 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean is_of_scenario(gconstpointer group, gconstpointer scenario)
{
    return strcmp(((const struct call_group *)group)->scenario, scenario) == 0;
}

/* What each peer said it is, in the order of the groups. */
static void append_versions(GString *out, const GPtrArray *groups,
                            const struct table_style *style)
{
    static const char *const roles[] = { "offerer", "answerer" };
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint g = 0; g < groups->len; g++) {
        const struct call_group *group = groups->pdata[g];
        for (int mode = 0; mode < COMPARE_N_MODES; mode++)
            for (guint i = 0; i < group->calls[mode]->len; i++)
                for (size_t r = 0; r < G_N_ELEMENTS(roles); r++) {
                    const char *name = r == 0 ? group->offerer : group->answerer;
                    const json_t *peer = json_object_get(
                        json_object_get(group->calls[mode]->pdata[i], "peers"), roles[r]);
                    const char *stack = json_string_value(json_object_get(peer, "stack"));
                    const char *version =
                        json_string_value(json_object_get(peer, "version"));
                    guint n_known = names->len;
                    if (!stack || !version || find_or_add(names, name) < n_known)
                        continue;
                    g_autofree char *shown = g_strdup_printf(
                        "%s%s is %s %s", text->len ? ", " : "", name, stack, version);
                    g_autofree char *escaped = text_escape(shown);
                    g_string_append(text, escaped);
                }
    }
    if (text->len > 0)
        table_append_wrapped(out, text->str, style);
}

void table_append_pairs(GString *out, const GPtrArray *groups,
                        const struct table_style *style)
{
    /* A scenario's groups need not follow one another: sorted, they do. */
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint g = 0; g < groups->len; g++) {
        const char *scenario = ((struct call_group *)groups->pdata[g])->scenario;
        if (g_ptr_array_find_with_equal_func(sorted, scenario, is_of_scenario, NULL))
            continue;
        for (guint h = g; h < groups->len; h++)
            if (is_of_scenario(groups->pdata[h], scenario))
                g_ptr_array_add(sorted, groups->pdata[h]);
    }
    for (guint from = 0, to; from < sorted->len; from = to) {
        const char *scenario = ((struct call_group *)sorted->pdata[from])->scenario;
        for (to = from; to < sorted->len && is_of_scenario(sorted->pdata[to], scenario);)
            to++;
        g_autofree char *title = text_escape(scenario);
        g_string_append_printf(out, "%s%s\n", from ? "\n" : "", title);
        struct grid grid = make_grid(sorted, from, to);
        append_grid(out, &grid, style);
        grid_clear(&grid);
    }
    table_append_wrapped(out,
                         "Rows offer, columns answer. ok and the median set-up in ms; "
                         "known: a known failure; flaky: ok after a retry; unsup.: "
                         "unsupported; -: no call",
                         style);
    append_versions(out, groups, style);
}
