/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases L15 to L20 and L24: IPv4 and IPv6 allocations (RFC 8656 §7.2, §8.2). A server of
 * RFC 5766 alone does not know REQUESTED-ADDRESS-FAMILY, which RFC 6156 added, and says
 * so by 420: in the classic profile that is right too.
 */
#include "probes/cases/allocate_cases.h"

void allocate_both_families(struct trial *t)
{
    static const struct allocate_options both = { .family = ADDRESS_IPV4,
                                                  .additional_family = ADDRESS_IPV6 };
    struct client *c = step_ready(t);
    if (c)
        step_refuse_allocate(t, c, &both, STUNMSG_CODE_BAD_REQUEST);
}

/* Ends the list of codes that are right where a family is refused. */
static unsigned unknown_to(const struct trial *t)
{
    return trial_subject(t)->is_modern ? 0 : STUNMSG_CODE_UNKNOWN_ATTRIBUTE;
}

/* A family that no server has: of the two, only 1 and 2 have a meaning (§18.6). */
static void refuse_unknown_family(struct trial *t, struct client *c)
{
    enum { NO_FAMILY = 3 };
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    stunmsg_add_number(&request.b, STUNMSG_REQUESTED_ADDRESS_FAMILY, NO_FAMILY);
    step_sign(c, &request);
    if (!trial_exchange(t, c, &request, &answer))
        return;
    g_autofree char *said = answer_describe(&answer);
    unsigned code = answer_code(&answer);
    if (code == STUNMSG_CODE_ADDRESS_FAMILY_NOT_SUPPORTED ||
        (code != 0 && code == unknown_to(t)))
        trial_pass(t, "%s to family 3", said);
    else if (code == STUNMSG_CODE_BAD_REQUEST)
        trial_warn(t, "%s to family 3: read as malformed rather than unsupported", said);
    else
        trial_fail(t, "%s to family 3", said);
    turn_release(c);
}

void allocate_odd_family(struct trial *t)
{
    const unsigned codes[] = { STUNMSG_CODE_ADDRESS_FAMILY_NOT_SUPPORTED, unknown_to(t),
                               0 };
    static const struct allocate_options ipv6 = { .family = ADDRESS_IPV6 };
    struct draft request;
    struct client *c = step_ready(t);
    if (!c)
        return;
    if (subject_can(trial_subject(t), CAN(RELAY_IPV6))) {
        refuse_unknown_family(t, c);
        return;
    }
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, &ipv6);
    step_sign(c, &request);
    trial_expect_codes(t, c, &request, codes);
}

void allocate_no_family(struct trial *t)
{
    struct allocation allocation;
    char relayed[ENDPOINT_TEXT_SIZE];
    struct client *c = step_ready(t);
    if (!c || !step_expect_allocation(t, c, NULL, &allocation))
        return;
    endpoint_format(&allocation.relayed, relayed);
    /* A server without IPv4 must refuse: an IPv6 address is wrong from either. */
    if (allocation.relayed.address.family == ADDRESS_IPV4)
        trial_pass(t, "relayed %s", relayed);
    else
        trial_fail(t, "relayed %s, though IPv6 was not asked for", relayed);
}

void allocate_additional_ipv4(struct trial *t)
{
    static const struct allocate_options ipv4 = { .additional_family = ADDRESS_IPV4 };
    struct client *c = step_ready(t);
    if (c)
        step_refuse_allocate(t, c, &ipv4, STUNMSG_CODE_BAD_REQUEST);
}

/* What came of asking for both. */
static void judge_dual(struct trial *t, const struct stunmsg *m)
{
    struct allocation a;
    struct stunmsg_error_code lack;
    turn_read_allocation(m, &a);
    unsigned families[] = { a.relayed.address.family, a.additional.address.family };
    if (families[0] != ADDRESS_NONE && families[1] != ADDRESS_NONE) {
        if (families[0] == families[1])
            trial_fail(t, "two relayed addresses of one family");
        else
            trial_pass(t, "one relayed address of each family");
        return;
    }
    if (stunmsg_get_error(m, STUNMSG_ADDRESS_ERROR_CODE, &lack) != STUNMSG_OK) {
        trial_fail(t, "one relayed address, and no ADDRESS-ERROR-CODE why");
        return;
    }
    unsigned lacked =
        families[0] == ADDRESS_IPV4 ? STUNMSG_FAMILY_IPV6 : STUNMSG_FAMILY_IPV4;
    if (lack.code != STUNMSG_CODE_ADDRESS_FAMILY_NOT_SUPPORTED &&
        lack.code != STUNMSG_CODE_INSUFFICIENT_CAPACITY)
        trial_fail(t, "one relayed address, ADDRESS-ERROR-CODE %u", lack.code);
    else if (lack.family != lacked)
        trial_fail(t, "ADDRESS-ERROR-CODE %u for family %u, not the one that lacks",
                   lack.code, lack.family);
    else
        trial_pass(t, "one relayed address, ADDRESS-ERROR-CODE %u for the other",
                   lack.code);
}

void allocate_additional_ipv6(struct trial *t)
{
    static const struct allocate_options dual = { .additional_family = ADDRESS_IPV6 };
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = step_ready(t);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, &dual);
    step_sign(c, &request);
    if (!trial_exchange(t, c, &request, &answer))
        return;
    g_autofree char *said = answer_describe(&answer);
    if (answer.message.class == STUNMSG_SUCCESS)
        judge_dual(t, &answer.message);
    else if (answer_code(&answer) == STUNMSG_CODE_INSUFFICIENT_CAPACITY)
        trial_pass(t, "%s: neither family can be had now", said);
    else
        trial_fail(t, "%s", said);
    turn_release(c);
}

void allocate_additional_and_reserve(struct trial *t)
{
    static const struct allocate_options options = { .additional_family = ADDRESS_IPV6,
                                                     .is_even = true,
                                                     .reserves = true };
    struct client *c = step_ready(t);
    if (c)
        step_refuse_allocate(t, c, &options, STUNMSG_CODE_BAD_REQUEST);
}

void refresh_odd_family(struct trial *t)
{
    struct draft request;
    struct allocation allocation;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (!c)
        return;
    unsigned other = allocation.relayed.address.family == ADDRESS_IPV4
                         ? STUNMSG_FAMILY_IPV6
                         : STUNMSG_FAMILY_IPV4;
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_LIFETIME, TURN_DEFAULT_LIFETIME_S);
    stunmsg_add_number(&request.b, STUNMSG_REQUESTED_ADDRESS_FAMILY, other);
    step_sign(c, &request);
    trial_expect_codes(t, c, &request,
                       (const unsigned[]){ STUNMSG_CODE_PEER_ADDRESS_FAMILY_MISMATCH,
                                           unknown_to(t), 0 });
}
