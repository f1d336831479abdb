/* SPDX-License-Identifier: Apache-2.0 */
/* The cases A: Authentication, RFC 8489. */
#include "probes/cases/case.h"

const struct case_group cases_auth = { .letter = 'A',
                                       .tag = "auth",
                                       .title = "Authentication, RFC 8489",
                                       .cases = NULL,
                                       .n_cases = 0 };
