/* SPDX-License-Identifier: Apache-2.0 */
/* The cases M: Mobility, RFC 8016. */
#include "probes/cases/case.h"

const struct case_group cases_mobility = { .letter = 'M',
                                           .tag = "mobility",
                                           .title = "Mobility, RFC 8016",
                                           .cases = NULL,
                                           .n_cases = 0 };
