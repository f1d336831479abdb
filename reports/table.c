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
#include "reports/table_calls.h"
#include "reports/table_pairs.h"

#define DEFAULT_WIDTH      100
#define GAP                "  "
#define DETERMINISTIC_SIGN "="
#define LEAST_NAME         24 /* columns for ids, for a wide layout to be worth it */

static const char *const tone_codes[TABLE_N_TONES] = {
    [TABLE_PLAIN] = "", [TABLE_GOOD] = "32", [TABLE_BAD] = "1;31",
    [TABLE_ODD] = "33", [TABLE_DIM] = "2",
};

struct cell {
    char *text;
    char *number; /* right-aligned; NULL: none */
    enum table_tone tone;
    gboolean has_other_pairs; /* the text names only the most frequent pair */
};

struct row {
    const struct call_group *group;
    const json_t *comparison;
    bool is_deterministic; /* repeated twice, to the same end: no more were needed */
};

struct column {
    const char *title;
    struct cell (*make)(const struct row *row, enum compare_mode mode);
    enum compare_mode mode;
};

static struct cell cell_of_scenario(const struct row *row, enum compare_mode mode)
{
    (void)mode;
    return (struct cell){ .text = text_escape(row->group->scenario) };
}

static struct cell cell_of_mode(const struct row *row, enum compare_mode mode)
{
    struct cell cell = { 0 };
    cell.text =
        table_describe_calls(row->group->calls[mode], &cell.tone, &cell.has_other_pairs);
    const json_t *median = json_object_get(
        json_object_get(row->comparison, "median_setup_ms"), compare_mode_names[mode]);
    if (json_is_number(median))
        cell.number = g_strdup_printf("%.0f", json_number_value(median));
    return cell;
}

static struct cell cell_of_saving(const struct row *row, enum compare_mode mode)
{
    (void)mode;
    const char *text = row->is_deterministic ? DETERMINISTIC_SIGN : "";
    const json_t *median =
        json_object_get(json_object_get(row->comparison, "trickle_saves_ms"), "median");
    if (!json_is_number(median))
        return (struct cell){ .text = g_strdup(text), .number = g_strdup("-") };
    double ms = json_number_value(median);
    if (ms > -0.5 && ms < 0.5)
        ms = 0; /* no "-0" */
    return (struct cell){ .text = g_strdup(text), .number = g_strdup_printf("%.0f", ms) };
}

/* The first column is the row's name; the layouts treat it apart. */
static const struct column columns[] = {
    { "scenario", cell_of_scenario, 0 },    { "trickle", cell_of_mode, COMPARE_TRICKLE },
    { "half", cell_of_mode, COMPARE_HALF }, { "full", cell_of_mode, COMPARE_FULL },
    { "saves", cell_of_saving, 0 },
};
#define N_COLUMNS G_N_ELEMENTS(columns)

static unsigned cell_width(const struct cell *cell)
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
static void append_cell(GString *out, const struct cell *cell, unsigned width,
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
    struct cell *cells; /* N_COLUMNS a row */
    struct row *rows;
    guint n_rows;
    unsigned widths[N_COLUMNS];
    enum layout layout;
};

static struct cell *grid_row(const struct grid *grid, guint row)
{
    return &grid->cells[row * N_COLUMNS];
}

static void choose_layout(struct grid *grid, unsigned terminal_width)
{
    unsigned cells = 0;
    for (size_t c = 0; c < N_COLUMNS; c++) {
        grid->widths[c] = (unsigned)strlen(columns[c].title);
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
        g_string_append_printf(line, "%-*s", (int)grid->widths[0], columns[0].title);
    for (size_t c = 1; c < N_COLUMNS; c++) {
        /* A column of numbers alone has its title above their right end. */
        gboolean is_number = columns[c].make == cell_of_saving;
        g_string_append(line, GAP);
        g_string_append_printf(line, is_number ? "%*s" : "%-*s", (int)grid->widths[c],
                               columns[c].title);
    }
    table_append_toned(out, g_strchomp(line->str), TABLE_DIM, style);
    g_string_append_c(out, '\n');
    g_string_free(line, TRUE);
}

static void append_row(GString *out, const struct grid *grid, guint row,
                       const struct table_style *style)
{
    const struct cell *cells = grid_row(grid, row);
    append_cell(out, &cells[0], grid->layout == LAYOUT_WIDE ? grid->widths[0] : 0, style);
    if (grid->layout == LAYOUT_STACKED) {
        end_line(out);
    } else if (grid->layout == LAYOUT_WIDE && cell_width(&cells[0]) > grid->widths[0]) {
        end_line(out);
        append_blanks(out, grid->widths[0]);
    }
    for (size_t c = 1; c < N_COLUMNS; c++) {
        if (grid->layout == LAYOUT_LIST) {
            end_line(out);
            g_string_append_printf(out, GAP "%-8s", columns[c].title);
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
    for (size_t i = 0; i < grid->n_rows * N_COLUMNS; i++)
        has_other_pairs |= grid->cells[i].has_other_pairs;
    table_append_wrapped(out,
                         "Selected pair (offerer~answerer), median set-up in ms; "
                         "saves = full - trickle",
                         style);
    bool is_deterministic = false;
    for (guint r = 0; r < grid->n_rows; r++)
        is_deterministic |= grid->rows[r].is_deterministic;
    if (is_deterministic)
        table_append_wrapped(out,
                             DETERMINISTIC_SIGN
                             " deterministic: no chance in the network, two seeds "
                             "gave the same; not repeated further",
                             style);
    if (has_other_pairs)
        table_append_wrapped(out, "+N: N calls selected another pair than the one shown",
                             style);
}

/* What the run has found out; the calls alone do not say it. */
static bool is_deterministic(const json_t *results, const struct call_group *group)
{
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(results, "comparisons"), i, c)
    {
        const char *scenario = json_string_value(json_object_get(c, "scenario"));
        const char *offerer = json_string_value(json_object_get(c, "offerer"));
        const char *answerer = json_string_value(json_object_get(c, "answerer"));
        if (g_strcmp0(scenario, group->scenario) == 0 &&
            g_strcmp0(offerer, group->offerer) == 0 &&
            g_strcmp0(answerer, group->answerer) == 0)
            return json_is_true(json_object_get(c, "deterministic"));
    }
    return false;
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
    g_autoptr(json_t) comparisons = compare_modes(calls);
    if (groups->len == 0)
        return;
    struct grid grid = {
        .cells = g_new0(struct cell, groups->len * N_COLUMNS),
        .rows = g_new0(struct row, groups->len),
        .n_rows = groups->len,
    };
    for (guint r = 0; r < grid.n_rows; r++) {
        grid.rows[r] = (struct row){
            .group = groups->pdata[r],
            .comparison = json_array_get(comparisons, r),
            .is_deterministic = is_deterministic(results, groups->pdata[r]),
        };
        for (size_t c = 0; c < N_COLUMNS; c++)
            grid_row(&grid, r)[c] = columns[c].make(&grid.rows[r], columns[c].mode);
    }
    choose_layout(&grid, style->width);
    append_rows(out, &grid, style);
    append_legend(out, &grid, style);
    for (size_t i = 0; i < grid.n_rows * N_COLUMNS; i++) {
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
