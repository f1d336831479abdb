/* SPDX-License-Identifier: Apache-2.0 */
/* The cases T: TCP relay, RFC 6062. */
#include "probes/cases/case.h"

const struct case_group cases_tcp_relay = { .letter = 'T',
                                            .tag = "tcp-relay",
                                            .title = "TCP relay, RFC 6062",
                                            .cases = NULL,
                                            .n_cases = 0 };
