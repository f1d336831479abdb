/* SPDX-License-Identifier: Apache-2.0 */
/* The text at the end of a run, made from results.json alone. */
#ifndef RTCLAB_REPORTS_TABLE_H
#define RTCLAB_REPORTS_TABLE_H

#include <stdbool.h>

#include <jansson.h>

/** How the text shall look, and what results.json does not know. */
struct table_style {
    unsigned width;     /**< columns of the terminal */
    bool colour;        /**< ANSI colours */
    const char *folder; /**< the run's folder as the user knows it */
};

/** The style for a stream: its width and colours if it is a terminal, else 100 plain. */
struct table_style table_style_for(int fd);

/**
 * A row for each scenario with each mode's outcome, selected pair and median set-up, and
 * what trickle saves, or, with several pairs of peers, for each scenario a grid of who
 * offers and who answers; then why calls were unsupported, the known failures, each call
 * that was not as expected with its record and the command that repeats it; then a line
 * that sums up.
 *
 * @param results results.json; what is missing in it is left out of the text
 * @return text that ends in a newline; caller owns
 */
char *table_format(const json_t *results, const struct table_style *style);

#endif
