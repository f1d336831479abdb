/* SPDX-License-Identifier: Apache-2.0 */
/* What has changed against a baseline, as text for a terminal. */
#ifndef RTCLAB_REPORTS_BASELINE_TEXT_H
#define RTCLAB_REPORTS_BASELINE_TEXT_H

#include <jansson.h>

#include "reports/table.h"

/**
 * The regressions, each with where its record parts from the baseline's; what too few
 * repeats leave open; other changes, the first of them; a line that sums up.
 *
 * @param baseline the "baseline" of results.json
 * @return text that ends in a newline; nothing in it moves a terminal; caller owns
 */
char *baseline_format(const json_t *baseline, const struct table_style *style);

#endif
