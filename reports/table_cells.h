/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the columns of the table; used by table.c only. */
#ifndef RTCLAB_REPORTS_TABLE_CELLS_H
#define RTCLAB_REPORTS_TABLE_CELLS_H

#include "reports/compare.h"
#include "reports/table_calls.h"

#define TABLE_DETERMINISTIC_SIGN "="

struct table_cell {
    char *text;   /**< caller owns */
    char *number; /**< right-aligned; caller owns; NULL: none */
    enum table_tone tone;
    gboolean has_other_pairs; /**< the text names only the most frequent pair */
};

struct table_row {
    const struct call_group *group;
    const json_t *comparison; /**< of the group, as compare_modes() makes it */
    bool is_deterministic;    /**< repeated twice, to the same end: no more were needed */
};

struct table_column {
    const char *title;
    struct table_cell (*make)(const struct table_row *row, enum compare_mode mode);
    enum compare_mode mode;
    bool is_number;     /**< the title stands above its right end */
    bool is_optional;   /**< left out where all its cells are empty */
    const char *legend; /**< what it is; NULL: the title says it */
};

/** The columns from the left; the first is the row's name. */
enum { TABLE_N_COLUMNS = 7 };
extern const struct table_column table_columns[TABLE_N_COLUMNS];

/** Which scenarios connected at times and at times not, with the rate's interval. */
void table_append_rates(GString *out, const struct table_row *rows, size_t n_rows,
                        const struct table_style *style);

#endif
