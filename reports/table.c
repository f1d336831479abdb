/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of a run. One table of columns says what there is: each column makes a cell
 * (text, number, tone) from a row, and the layouts only arrange cells:
 *
 *   wide     a scenario a line; an id that is longer than its column has a line of its
 *            own above the cells
 *   stacked  so has every id, when little would be left for that column
 *   list     below the id a line for each cell, when nothing else fits
 *
 * Ids and commands are never cut: they are there to be copied. So is everything in ASCII
 * but what the records themselves hold. A cell's width is that of its text, a blank and
 * its number, whatever colours surround it.
 *
 * That is for one pair of peers; where there are more, table_pairs.c has a grid of them
 * for each scenario instead.
 *
 * Nothing is judged here: as_expected and why stand in the records. A call whose peer
 * lacks a capability is "unsupported", never a failure.
 */
#include "reports/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <glib.h>

#include "base/file.h"
#include "base/text.h"
#include "reports/compare.h"
#include "reports/headline.h"
#include "reports/table_calls.h"
#include "reports/table_cells.h"
#include "reports/table_pairs.h"

#define DEFAULT_WIDTH 100
#define GAP           "  "
#define LEAST_NAME    24 /* columns for ids, for a wide layout to be worth it */

static const char *const tone_codes[TABLE_N_TONES] = {
    [TABLE_PLAIN] = "", [TABLE_GOOD] = "32", [TABLE_BAD] = "1;31",
    [TABLE_ODD] = "33", [TABLE_DIM] = "2",
};

static unsigned cell_width(const struct table_cell *cell)
{
    unsigned width = text_width(cell->text);
    if (cell->number)
        width += text_width(cell->number) + (width > 0 ? 1 : 0);
    return width;
}

static void append_blanks(GString *out, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        g_string_append_c(out, ' ');
}

void table_append_toned(GString *out, const char *text, enum table_tone tone,
                        const struct table_style *style)
{
    if (!style->colour || tone == TABLE_PLAIN || !*text)
        g_string_append(out, text);
    else
        g_string_append_printf(out, "\033[%sm%s\033[0m", tone_codes[tone], text);
}

/* `width` 0: as wide as it is, the number after one blank. */
static void append_cell(GString *out, const struct table_cell *cell, unsigned width,
                        const struct table_style *style)
{
    unsigned used = cell_width(cell);
    table_append_toned(out, cell->text, cell->tone, style);
    if (cell->number && *cell->text)
        g_string_append_c(out, ' ');
    if (cell->number) {
        append_blanks(out, width > used ? width - used : 0);
        g_string_append(out, cell->number);
    } else if (width > used) {
        append_blanks(out, width - used);
    }
}

static void end_line(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

enum layout { LAYOUT_WIDE, LAYOUT_STACKED, LAYOUT_LIST };

struct grid {
    struct table_cell *cells; /* TABLE_N_COLUMNS a row */
    struct table_row *rows;
    guint n_rows;
    unsigned widths[TABLE_N_COLUMNS];
    bool is_hidden[TABLE_N_COLUMNS];
    enum layout layout;
};

static struct table_cell *grid_row(const struct grid *grid, guint row)
{
    return &grid->cells[row * TABLE_N_COLUMNS];
}

static bool is_empty(const struct grid *grid, size_t column)
{
    for (guint r = 0; r < grid->n_rows; r++)
        if (cell_width(&grid_row(grid, r)[column]) > 0)
            return false;
    return true;
}

static void choose_layout(struct grid *grid, unsigned terminal_width)
{
    unsigned cells = 0;
    for (size_t c = 0; c < TABLE_N_COLUMNS; c++) {
        grid->is_hidden[c] = table_columns[c].is_optional && is_empty(grid, c);
        if (grid->is_hidden[c])
            continue;
        grid->widths[c] = (unsigned)strlen(table_columns[c].title);
        for (guint r = 0; r < grid->n_rows; r++)
            grid->widths[c] = MAX(grid->widths[c], cell_width(&grid_row(grid, r)[c]));
        if (c > 0)
            cells += grid->widths[c] + (unsigned)strlen(GAP);
    }
    unsigned left = terminal_width > cells ? terminal_width - cells : 0;
    if (grid->widths[0] <= left || left >= LEAST_NAME) {
        grid->layout = LAYOUT_WIDE;
        grid->widths[0] = MIN(grid->widths[0], left);
    } else if (cells <= terminal_width) {
        grid->layout = LAYOUT_STACKED;
    } else {
        grid->layout = LAYOUT_LIST;
    }
}

static void append_titles(GString *out, const struct grid *grid,
                          const struct table_style *style)
{
    if (grid->layout == LAYOUT_LIST)
        return;
    GString *line = g_string_new(NULL);
    if (grid->layout == LAYOUT_WIDE)
        g_string_append_printf(line, "%-*s", (int)grid->widths[0],
                               table_columns[0].title);
    for (size_t c = 1; c < TABLE_N_COLUMNS; c++) {
        if (grid->is_hidden[c])
            continue;
        g_string_append(line, GAP);
        g_string_append_printf(line, table_columns[c].is_number ? "%*s" : "%-*s",
                               (int)grid->widths[c], table_columns[c].title);
    }
    table_append_toned(out, g_strchomp(line->str), TABLE_DIM, style);
    g_string_append_c(out, '\n');
    g_string_free(line, TRUE);
}

static void append_row(GString *out, const struct grid *grid, guint row,
                       const struct table_style *style)
{
    const struct table_cell *cells = grid_row(grid, row);
    append_cell(out, &cells[0], grid->layout == LAYOUT_WIDE ? grid->widths[0] : 0, style);
    if (grid->layout == LAYOUT_STACKED) {
        end_line(out);
    } else if (grid->layout == LAYOUT_WIDE && cell_width(&cells[0]) > grid->widths[0]) {
        end_line(out);
        append_blanks(out, grid->widths[0]);
    }
    for (size_t c = 1; c < TABLE_N_COLUMNS; c++) {
        if (grid->is_hidden[c] ||
            (grid->layout == LAYOUT_LIST && cell_width(&cells[c]) == 0))
            continue;
        if (grid->layout == LAYOUT_LIST) {
            end_line(out);
            g_string_append_printf(out, GAP "%-8s", table_columns[c].title);
            append_cell(out, &cells[c], 0, style);
        } else {
            g_string_append(out, GAP);
            append_cell(out, &cells[c], grid->widths[c], style);
        }
    }
    end_line(out);
}

static void append_rows(GString *out, const struct grid *grid,
                        const struct table_style *style)
{
    append_titles(out, grid, style);
    for (guint r = 0; r < grid->n_rows; r++)
        append_row(out, grid, r, style);
}

void table_append_wrapped(GString *out, const char *text, const struct table_style *style)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    GString *line = g_string_new(NULL);
    for (char **word = words; *word; word++) {
        if (line->len > 0 && line->len + 1 + strlen(*word) > style->width) {
            table_append_toned(out, line->str, TABLE_DIM, style);
            g_string_append_c(out, '\n');
            g_string_truncate(line, 0);
        }
        g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "", *word);
    }
    table_append_toned(out, line->str, TABLE_DIM, style);
    g_string_append_c(out, '\n');
    g_string_free(line, TRUE);
}

static void append_legend(GString *out, const struct grid *grid,
                          const struct table_style *style)
{
    gboolean has_other_pairs = FALSE;
    for (size_t i = 0; i < grid->n_rows * TABLE_N_COLUMNS; i++)
        has_other_pairs |= grid->cells[i].has_other_pairs;
    g_autoptr(GString) legend =
        g_string_new("Selected pair (offerer~answerer), median set-up in ms; "
                     "saves = full - trickle");
    for (size_t c = 0; c < TABLE_N_COLUMNS; c++)
        if (table_columns[c].legend && !grid->is_hidden[c])
            g_string_append_printf(legend, "; %s", table_columns[c].legend);
    table_append_wrapped(out, legend->str, style);
    bool is_deterministic = false;
    for (guint r = 0; r < grid->n_rows; r++)
        is_deterministic |= grid->rows[r].is_deterministic;
    if (is_deterministic)
        table_append_wrapped(out,
                             TABLE_DETERMINISTIC_SIGN
                             " deterministic: no chance in the network, two seeds "
                             "gave the same; not repeated further",
                             style);
    if (has_other_pairs)
        table_append_wrapped(out, "+N: N calls selected another pair than the one shown",
                             style);
}

/* The comparison that the run has stored; older records lack most of one, and a list of
 * calls has none: then it is made, once for all groups. */
static const json_t *comparison_of(const json_t *results, const GPtrArray *groups,
                                   guint at, json_t **computed)
{
    const json_t *stored =
        compare_find(json_object_get(results, "comparisons"), groups->pdata[at], at);
    if (json_object_get(stored, "modes"))
        return stored;
    if (!*computed)
        *computed = compare_modes(json_object_get(results, "calls"));
    return json_array_get(*computed, at);
}

/* What a run has found out; its calls alone do not say it. */
static bool is_deterministic(const json_t *results, const struct call_group *group,
                             guint at)
{
    const json_t *stored =
        compare_find(json_object_get(results, "comparisons"), group, at);
    return json_is_true(json_object_get(stored, "deterministic"));
}

/* What matters of all the figures. */
static void append_saving(GString *out, const json_t *results,
                          const struct table_style *style)
{
    g_autofree char *saving = headline_format_saving(results);
    if (!saving)
        return;
    saving[0] = g_ascii_toupper(saving[0]);
    g_string_append_c(out, '\n');
    text_append_wrapped(out, saving, 0, style->width);
    g_string_append_c(out, '\n');
}

static void append_table(GString *out, const json_t *results,
                         const struct table_style *style)
{
    const json_t *calls = json_object_get(results, "calls");
    g_autoptr(GPtrArray) groups = compare_group_calls(calls);
    if (table_has_pairs(groups)) {
        table_append_pairs(out, groups, style);
        return;
    }
    if (groups->len == 0)
        return;
    g_autoptr(json_t) computed = NULL;
    struct grid grid = {
        .cells = g_new0(struct table_cell, groups->len * TABLE_N_COLUMNS),
        .rows = g_new0(struct table_row, groups->len),
        .n_rows = groups->len,
    };
    for (guint r = 0; r < grid.n_rows; r++) {
        grid.rows[r] = (struct table_row){
            .group = groups->pdata[r],
            .comparison = comparison_of(results, groups, r, &computed),
            .is_deterministic = is_deterministic(results, groups->pdata[r], r),
        };
        for (size_t c = 0; c < TABLE_N_COLUMNS; c++)
            grid_row(&grid, r)[c] =
                table_columns[c].make(&grid.rows[r], table_columns[c].mode);
    }
    choose_layout(&grid, style->width);
    append_rows(out, &grid, style);
    append_legend(out, &grid, style);
    table_append_rates(out, grid.rows, grid.n_rows, style);
    for (size_t i = 0; i < grid.n_rows * TABLE_N_COLUMNS; i++) {
        g_free(grid.cells[i].text);
        g_free(grid.cells[i].number);
    }
    g_free(grid.cells);
    g_free(grid.rows);
}

char *table_format(const json_t *results, const struct table_style *style)
{
    GString *out = g_string_new(NULL);
    append_table(out, results, style);
    append_saving(out, results, style);
    table_append_unsupported(out, results, style);
    table_append_known(out, results, style);
    table_append_flaky(out, results, style);
    table_append_unexpected(out, results, style);
    table_append_summary(out, results, style);
    return g_string_free(out, FALSE);
}

struct table_style table_style_for(int fd)
{
    struct table_style style = { .width = DEFAULT_WIDTH };
    if (!isatty(fd))
        return style;
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        style.width = size.ws_col;
    const char *no_colour = getenv("NO_COLOR"); /* no-color.org: set and not empty */
    const char *term = getenv("TERM");
    style.colour = !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
    return style;
}
