/* SPDX-License-Identifier: Apache-2.0 */
/* The cases X: Security. */
#include "probes/cases/case.h"

const struct case_group cases_audit = {
    .letter = 'X', .tag = "audit", .title = "Security", .cases = NULL, .n_cases = 0
};
