/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of a run for spreadsheets, R and pandas. */
#ifndef RTCLAB_REPORTS_CSV_H
#define RTCLAB_REPORTS_CSV_H

#include <jansson.h>

/**
 * A row a call under one of column names, as RFC 4180 has it: UTF-8, CRLF, quotes where
 * they are needed. What a call does not have is empty, never 0. Columns are always the
 * same, in the same order; new ones come at the end.
 *
 * Programs for tables take a text that begins with = + - or @ for a formula: such a text,
 * which only others could have written, gets an apostrophe before it. What moves a
 * terminal is escaped (base/text.h).
 *
 * @param results results.json
 * @return caller owns
 */
char *csv_format(const json_t *results);

/** The i-th column's name; NULL beyond the last. */
const char *csv_column(size_t i);

#endif
