/* SPDX-License-Identifier: Apache-2.0 */
/* The cases N: NAT discovery, RFC 5780. */
#include "probes/cases/case.h"

const struct case_group cases_nat = { .letter = 'N',
                                      .tag = "nat",
                                      .title = "NAT discovery, RFC 5780",
                                      .cases = NULL,
                                      .n_cases = 0 };
