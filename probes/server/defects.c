/* SPDX-License-Identifier: Apache-2.0 */
/* The list of defects as a table, and looking things up in it. */
#include "probes/server/defects.h"

#include <string.h>

static const struct probe_defect_info defects[] = {
#define X(symbol, name, cases, what) [DEFECT_##symbol] = { name, cases, what },
    PROBE_DEFECTS(X)
#undef X
};
_Static_assert(sizeof defects / sizeof *defects == PROBE_N_DEFECTS, "one row each");

const struct probe_defect_info *probe_defect_describe(enum probe_defect defect)
{
    return &defects[defect];
}

bool probe_defect_by_name(const char *name, enum probe_defect *ret_defect)
{
    for (size_t i = 0; i < PROBE_N_DEFECTS; i++) {
        if (strcmp(defects[i].name, name) == 0) {
            *ret_defect = (enum probe_defect)i;
            return true;
        }
    }
    return false;
}

bool probe_defect_breaks(enum probe_defect defect, const char *case_id)
{
    size_t size = strlen(case_id);
    const char *at = defects[defect].cases;
    while (*at) {
        size_t word = strcspn(at, " ");
        if (word == size && memcmp(at, case_id, size) == 0)
            return true;
        at += word + strspn(at + word, " ");
    }
    return false;
}
