/* SPDX-License-Identifier: Apache-2.0 */
/* Cases L01 to L05, L10, L13, L14: what an Allocate may hold (RFC 8656 §7.2). */
#include "probes/cases/allocate_cases.h"

#include <string.h>

/* Where the server sees the client, by a Binding on the same 5-tuple. */
static bool learn_mapped(struct trial *t, struct client *c, struct endpoint *ret)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    if (!trial_exchange(t, c, &request, &answer))
        return false;
    if (stunmsg_get_address(&answer.message, STUNMSG_XOR_MAPPED_ADDRESS, ret) ==
        STUNMSG_OK)
        return true;
    trial_inconclusive(t, "a Binding does not say where the client is seen");
    return false;
}

static void check_success(struct trial *t, struct client *c, const struct stunmsg *m,
                          const struct endpoint *mapped)
{
    struct allocation allocation;
    char relayed[ENDPOINT_TEXT_SIZE], said[ENDPOINT_TEXT_SIZE], real[ENDPOINT_TEXT_SIZE];
    turn_read_allocation(m, &allocation);
    endpoint_format(&allocation.relayed, relayed);
    endpoint_format(&allocation.mapped, said);
    endpoint_format(mapped, real);
    if (allocation.relayed.address.family == ADDRESS_NONE)
        trial_fail(t, "a success without XOR-RELAYED-ADDRESS");
    else if (allocation.relayed.port == 0 ||
             address_is_unspecified(&allocation.relayed.address))
        trial_fail(t, "a success with the relayed address %s", relayed);
    else if (allocation.mapped.address.family == ADDRESS_NONE)
        trial_fail(t, "a success without XOR-MAPPED-ADDRESS");
    else if (!endpoint_equal(&allocation.mapped, mapped))
        trial_fail(t, "XOR-MAPPED-ADDRESS %s, while a Binding gets %s", said, real);
    else if (!stunmsg_has(m, STUNMSG_LIFETIME))
        trial_fail(t, "a success without LIFETIME");
    else if (allocation.lifetime_s == 0)
        trial_fail(t, "a success with LIFETIME 0");
    else if (auth_is_ready(client_auth(c)) && auth_check(client_auth(c), m) != STUNMSG_OK)
        trial_fail(t, "a success whose integrity is %s",
                   stunmsg_error_text(auth_check(client_auth(c), m)));
    else
        trial_pass(t, "relayed %s, mapped %s, lifetime %u s", relayed, said,
                   allocation.lifetime_s);
}

void allocate_success(struct trial *t)
{
    struct draft request;
    struct endpoint mapped;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = step_ready(t);
    if (!c || !learn_mapped(t, c, &mapped))
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    step_sign(c, &request);
    if (trial_expect_success(t, c, &request, &answer))
        check_success(t, c, &answer.message, &mapped);
}

/* An Allocate whose REQUESTED-TRANSPORT has this many bytes; below 0 it has none. */
static bool refuse_transport(struct trial *t, struct client *c, int size,
                             const char *what)
{
    static const uint8_t udp[8] = { TURN_PROTOCOL_UDP };
    struct draft request;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    if (size >= 0)
        stunmsg_add(&request.b, STUNMSG_REQUESTED_TRANSPORT, udp, (size_t)size);
    step_sign(c, &request);
    return step_expect_code(t, c, &request, STUNMSG_CODE_BAD_REQUEST, what);
}

void allocate_no_transport(struct trial *t)
{
    struct client *c = step_ready(t);
    if (c && refuse_transport(t, c, -1, "without REQUESTED-TRANSPORT") &&
        refuse_transport(t, c, 1, "to a REQUESTED-TRANSPORT of 1 byte"))
        refuse_transport(t, c, 8, "to a REQUESTED-TRANSPORT of 8 bytes");
}

void allocate_odd_transport(struct trial *t)
{
    static const struct allocate_options reserved = { .protocol = 255 };
    struct client *c = step_ready(t);
    if (c)
        step_refuse_allocate(t, c, &reserved, STUNMSG_CODE_UNSUPPORTED_TRANSPORT);
}

void allocate_again(struct trial *t)
{
    struct allocation allocation;
    struct client *c = trial_allocated(t, NULL, &allocation);
    if (c)
        step_refuse_allocate(t, c, NULL, STUNMSG_CODE_ALLOCATION_MISMATCH);
}

static void compare(struct trial *t, const struct stunmsg *first,
                    const struct stunmsg *second)
{
    struct allocation a, b;
    char relayed[ENDPOINT_TEXT_SIZE], then[ENDPOINT_TEXT_SIZE];
    turn_read_allocation(first, &a);
    turn_read_allocation(second, &b);
    endpoint_format(&a.relayed, relayed);
    endpoint_format(&b.relayed, then);
    /* LIFETIME may have run on between them (§7.2, the note at its end). */
    if (!endpoint_equal(&a.relayed, &b.relayed))
        trial_fail(t, "first relayed %s, then relayed %s", relayed, then);
    else if (!endpoint_equal(&a.mapped, &b.mapped))
        trial_fail(t, "the mapped address differs from that of the first answer");
    else if (a.has_token && !b.has_token)
        trial_warn(t, "the same relayed address, but not the RESERVATION-TOKEN again");
    else if (a.has_token && memcmp(a.token, b.token, sizeof a.token) != 0)
        trial_fail(t, "the same relayed address, but another RESERVATION-TOKEN");
    else
        trial_pass(t, "the same success, relayed %s", relayed);
}

void allocate_retransmitted(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    struct draft request;
    g_auto(auto_answer) first = { 0 };
    g_auto(auto_answer) second = { 0 };
    bool is_stream = transport_is_stream(s->transport);
    if (is_stream && !subject_can(s, CAN(UDP))) {
        trial_unsupported(t, "nothing is retransmitted over streams, and the server does "
                             "not answer over UDP");
        return;
    }
    struct client *c = step_ready_over(t, is_stream ? PROBE_UDP : s->transport);
    if (!c)
        return;
    /* With a token, where there are some, since a server must keep that too. */
    bool reserves = subject_can(s, CAN(RESERVE));
    const struct allocate_options options = { .is_even = reserves, .reserves = reserves };
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, &options);
    step_sign(c, &request);
    if (trial_expect_success(t, c, &request, &first) &&
        trial_expect_success(t, c, &request, &second))
        compare(t, &first.message, &second.message);
}

static bool lists_dont_fragment(const struct stunmsg *m)
{
    uint16_t types[8];
    size_t n_types;
    if (stunmsg_get_unknown(m, types, G_N_ELEMENTS(types), &n_types) != STUNMSG_OK)
        return false;
    for (size_t i = 0; i < MIN(n_types, G_N_ELEMENTS(types)); i++)
        if (types[i] == STUNMSG_DONT_FRAGMENT)
            return true;
    return false;
}

void allocate_dont_fragment(struct trial *t)
{
    static const struct allocate_options whole = { .does_not_fragment = true };
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct client *c = step_ready(t);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, &whole);
    step_sign(c, &request);
    if (!trial_exchange(t, c, &request, &answer))
        return;
    g_autofree char *said = answer_describe(&answer);
    if (answer.message.class == STUNMSG_SUCCESS)
        trial_pass(t, "success: the server can set DF");
    else if (answer_code(&answer) != STUNMSG_CODE_UNKNOWN_ATTRIBUTE)
        trial_fail(t, "%s", said);
    else if (!lists_dont_fragment(&answer.message))
        trial_fail(t, "%s, but UNKNOWN-ATTRIBUTES does not list 0x001A", said);
    else
        trial_pass(t, "%s, listing 0x001A: the server cannot set DF", said);
    turn_release(c);
}

static bool refuse_with_token(struct trial *t, struct client *c,
                              const struct allocate_options *options, const char *what)
{
    struct draft request;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, options);
    step_sign(c, &request);
    return step_expect_code(t, c, &request, STUNMSG_CODE_BAD_REQUEST, what);
}

/* Whatever is wrong with the token, what is beside it is looked at first (§7.2 step 5):
   so a bogus one does. */
void allocate_token_and_more(struct trial *t)
{
    uint8_t token[8];
    uint64_t chance = rng_next(trial_rng(t));
    memcpy(token, &chance, sizeof token);
    const struct allocate_options even = { .token = token, .is_even = true };
    const struct allocate_options one = { .token = token, .family = ADDRESS_IPV4 };
    const struct allocate_options two = { .token = token,
                                          .additional_family = ADDRESS_IPV6 };
    struct client *c = step_ready(t);
    if (!c || !refuse_with_token(t, c, &even, "with EVEN-PORT"))
        return;
    /* Families came with RFC 6156 §4.2 and RFC 8656. */
    if (trial_subject(t)->is_modern &&
        refuse_with_token(t, c, &one, "with REQUESTED-ADDRESS-FAMILY"))
        refuse_with_token(t, c, &two, "with ADDITIONAL-ADDRESS-FAMILY");
}

void allocate_bogus_token(struct trial *t)
{
    uint8_t token[8];
    uint64_t chance = rng_next(trial_rng(t));
    memcpy(token, &chance, sizeof token);
    struct client *c = step_ready(t);
    if (c)
        step_refuse_allocate(t, c, &(struct allocate_options){ .token = token },
                             STUNMSG_CODE_INSUFFICIENT_CAPACITY);
}
