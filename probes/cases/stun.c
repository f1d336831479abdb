/* SPDX-License-Identifier: Apache-2.0 */
/* The cases S: STUN, RFC 8489. */
#include "probes/cases/case.h"

const struct case_group cases_stun = {
    .letter = 'S', .tag = "stun", .title = "STUN, RFC 8489", .cases = NULL, .n_cases = 0
};
