/* SPDX-License-Identifier: Apache-2.0 */
/* The cases P: Permissions and data, RFC 8656. */
#include "probes/cases/case.h"

const struct case_group cases_permission = { .letter = 'P',
                                             .tag = "permission",
                                             .title = "Permissions and data, RFC 8656",
                                             .cases = NULL,
                                             .n_cases = 0 };
