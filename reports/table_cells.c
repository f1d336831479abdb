/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the columns of the table, from the group's calls and its comparison. A
 * median counts the calls that did not connect as longer than any other; where that
 * leaves it unknown there is none. What is saved is the shift of the pairs, not a
 * difference of medians; it stands with its 95 % interval, if the repeats were enough for
 * one, and with what was predicted, if anything was.
 */
#include "reports/table_cells.h"

#include <math.h>

#include "base/text.h"

static struct table_cell cell_of_scenario(const struct table_row *row,
                                          enum compare_mode mode)
{
    (void)mode;
    return (struct table_cell){ .text = text_escape(row->group->scenario) };
}

/* A number of the JSON without decimals, and without "-0"; NULL: it is none. */
static char *format_ms(const json_t *value)
{
    if (!json_is_number(value))
        return NULL;
    double ms = json_number_value(value);
    return g_strdup_printf("%.0f", fabs(ms) < 0.5 ? 0 : ms);
}

static const json_t *mode_of(const struct table_row *row, enum compare_mode mode)
{
    return json_object_get(json_object_get(row->comparison, "modes"),
                           compare_mode_names[mode]);
}

static struct table_cell cell_of_mode(const struct table_row *row, enum compare_mode mode)
{
    struct table_cell cell = { 0 };
    cell.text =
        table_describe_calls(row->group->calls[mode], &cell.tone, &cell.has_other_pairs);
    cell.number = format_ms(json_object_get(mode_of(row, mode), "p50_ms"));
    return cell;
}

static const json_t *saving_of(const struct table_row *row, const char *key)
{
    return json_object_get(json_object_get(row->comparison, "trickle_saves_ms"), key);
}

/* "= 160", "4058", ">27900" where only that is known, "-". */
static struct table_cell cell_of_saving(const struct table_row *row,
                                        enum compare_mode mode)
{
    (void)mode;
    struct table_cell cell = {
        .text = g_strdup(row->is_deterministic ? TABLE_DETERMINISTIC_SIGN : ""),
        .number = format_ms(saving_of(row, "shift")),
    };
    const json_t *interval = saving_of(row, "interval");
    g_autofree char *low = format_ms(json_array_get(interval, 0));
    g_autofree char *high = format_ms(json_array_get(interval, 1));
    if (!cell.number && low && !high)
        cell.number = g_strconcat(">", low, NULL);
    else if (!cell.number && high && !low)
        cell.number = g_strconcat("<", high, NULL);
    else if (!cell.number)
        cell.number = g_strdup("-");
    return cell;
}

/* "[4037,4105]"; an end that the calls leave open is "..". */
static struct table_cell cell_of_interval(const struct table_row *row,
                                          enum compare_mode mode)
{
    (void)mode;
    const json_t *interval = saving_of(row, "interval");
    g_autofree char *low = format_ms(json_array_get(interval, 0));
    g_autofree char *high = format_ms(json_array_get(interval, 1));
    if (!low && !high)
        return (struct table_cell){ .text = g_strdup("") };
    return (struct table_cell){ .text = g_strdup_printf("[%s,%s]", low ? low : "..",
                                                        high ? high : "..") };
}

static struct table_cell cell_of_prediction(const struct table_row *row,
                                            enum compare_mode mode)
{
    (void)mode;
    return (struct table_cell){
        .text = g_strdup(""),
        .number = format_ms(json_object_get(row->comparison, "predicted_saving_ms")),
    };
}

const struct table_column table_columns[TABLE_N_COLUMNS] = {
    { .title = "scenario", .make = cell_of_scenario },
    { .title = "trickle", .make = cell_of_mode, .mode = COMPARE_TRICKLE },
    { .title = "half", .make = cell_of_mode, .mode = COMPARE_HALF },
    { .title = "full", .make = cell_of_mode, .mode = COMPARE_FULL },
    { .title = "saves", .make = cell_of_saving, .is_number = true },
    { .title = "95 %",
      .make = cell_of_interval,
      .is_optional = true,
      .legend = "95 %: its interval" },
    { .title = "pred.",
      .make = cell_of_prediction,
      .is_number = true,
      .is_optional = true,
      .legend = "pred.: what the stack's timers predict" },
};

static void append_rate(GString *out, const struct table_row *row, enum compare_mode mode)
{
    const json_t *entry = mode_of(row, mode), *rate = json_object_get(entry, "success");
    g_autofree char *id = text_escape(row->group->scenario);
    g_string_append_printf(out, "  %s %s: %d of %d, %.0f to %.0f %%\n", id,
                           compare_mode_names[mode],
                           (int)json_integer_value(json_object_get(entry, "connected")),
                           (int)json_integer_value(json_object_get(entry, "calls")),
                           100 * json_number_value(json_array_get(rate, 0)),
                           100 * json_number_value(json_array_get(rate, 1)));
}

void table_append_rates(GString *out, const struct table_row *rows, size_t n_rows,
                        const struct table_style *style)
{
    bool has_title = false;
    for (size_t r = 0; r < n_rows; r++)
        for (int mode = 0; mode < COMPARE_N_MODES; mode++) {
            const json_t *entry = mode_of(&rows[r], (enum compare_mode)mode);
            json_int_t connected =
                json_integer_value(json_object_get(entry, "connected"));
            if (connected == 0 ||
                connected == json_integer_value(json_object_get(entry, "calls")))
                continue;
            if (!has_title)
                table_append_toned(out,
                                   "\nNot always connected; 95 % interval of the rate:\n",
                                   TABLE_ODD, style);
            has_title = true;
            append_rate(out, &rows[r], (enum compare_mode)mode);
        }
}
