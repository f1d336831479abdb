/* SPDX-License-Identifier: Apache-2.0 */
/* The cases C: Channels, RFC 8656. */
#include "probes/cases/case.h"

const struct case_group cases_channel = { .letter = 'C',
                                          .tag = "channel",
                                          .title = "Channels, RFC 8656",
                                          .cases = NULL,
                                          .n_cases = 0 };
