/* SPDX-License-Identifier: Apache-2.0 */
/* Who can call whom: for each scenario a grid of the peers; used by table.c only. */
#ifndef RTCLAB_REPORTS_TABLE_PAIRS_H
#define RTCLAB_REPORTS_TABLE_PAIRS_H

#include <glib.h>

#include "reports/table.h"

/** Whether there is more than one pair of peers among the groups (compare.h). */
gboolean table_has_pairs(const GPtrArray *groups);

/** Appends a grid for each scenario, and what its cells mean. */
void table_append_pairs(GString *out, const GPtrArray *groups,
                        const struct table_style *style);

#endif
