/* SPDX-License-Identifier: Apache-2.0 */
/* The cases L: Allocate and Refresh, RFC 8656. */
#include "probes/cases/trial.h"

/* A signed request for something that only an allocation has. */
static void refresh_without_allocation(struct trial *t)
{
    struct draft request;
    struct client *c = trial_challenged(t);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    client_sign(c, &request);
    trial_expect_code(t, c, &request, STUNMSG_CODE_ALLOCATION_MISMATCH);
}

static const struct test_case cases[] = {
    { .id = "L06",
      .title = "a Refresh without an allocation is a mismatch",
      .clause = "RFC 8656 §5",
      .classic = "RFC 5766 §4",
      .level = CASE_MUST,
      .needs = CAN(CHALLENGE) | CAN(AUTH),
      .expected = "437 (Allocation Mismatch)",
      .run = refresh_without_allocation },
};

const struct case_group cases_allocate = { .letter = 'L',
                                           .tag = "allocate",
                                           .title = "Allocate and Refresh, RFC 8656",
                                           .cases = cases,
                                           .n_cases = G_N_ELEMENTS(cases) };
