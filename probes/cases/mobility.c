/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases M: Mobility, RFC 8016. A client that asked for it gets a ticket with its
 * allocation, and by the ticket takes the allocation along to another 5-tuple: here a
 * second socket, which signs with the challenge that the first one got, as a client that
 * moves does (RFC 8489 §9.2.3.2).
 */
#include "probes/cases/trial.h"

#include <string.h>

enum { MAX_TICKET = 1024 };

struct ticket {
    uint8_t bytes[MAX_TICKET];
    size_t size; /* 0: none */
};

/* The ticket in a success response, if there is one; false, having said so, if it cannot
 * be kept. */
static bool read_ticket(struct trial *t, const struct outcome *outcome,
                        struct ticket *ret)
{
    struct stunmsg_text text;
    ret->size = 0;
    if (outcome->code > 0 ||
        stunmsg_get_text(&outcome->answer.message, STUNMSG_MOBILITY_TICKET, &text) !=
            STUNMSG_OK)
        return true;
    if (text.size == 0 || text.size > sizeof ret->bytes) {
        trial_fail(t, "a ticket of %zu bytes", text.size);
        return false;
    }
    memcpy(ret->bytes, text.at, text.size);
    ret->size = text.size;
    return true;
}

/* An Allocate with a ticket of any size, the empty one asking for mobility. */
static bool allocate(struct trial *t, struct client *c, const void *ticket, size_t size,
                     struct outcome *ret)
{
    struct draft request;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    stunmsg_add(&request.b, STUNMSG_MOBILITY_TICKET, ticket, size);
    return trial_request(t, c, &request, ret);
}

/* A client with an allocation that can move. */
static struct client *open_mobile(struct trial *t, struct ticket *ret_ticket,
                                  struct allocation *ret)
{
    g_auto(auto_outcome) outcome = { 0 };
    struct client *c = trial_client(t);
    if (!c || !allocate(t, c, "", 0, &outcome) || !read_ticket(t, &outcome, ret_ticket))
        return NULL;
    if (ret_ticket->size == 0) {
        trial_inconclusive(t, "%s%s", outcome.said,
                           outcome.code == 0 ? " without a ticket" : "");
        return NULL;
    }
    turn_read_allocation(&outcome.answer.message, ret);
    return c;
}

static bool refresh(struct trial *t, struct client *c, const struct ticket *ticket,
                    struct outcome *ret)
{
    struct draft request;
    client_begin(c, &request, STUNMSG_REFRESH, STUNMSG_REQUEST);
    stunmsg_add(&request.b, STUNMSG_MOBILITY_TICKET, ticket->bytes, ticket->size);
    return trial_request(t, c, &request, ret);
}

/* A client on another 5-tuple, which knows the server from the old one. */
static struct client *open_beside(struct trial *t, struct client *old,
                                  const struct client_options *options)
{
    struct client *c = trial_client_with(t, options);
    if (c)
        auth_learn_from(client_auth(c), client_auth(old));
    return c;
}

/* Another 5-tuple that takes the allocation over. */
static struct client *move(struct trial *t, struct client *old,
                           const struct ticket *ticket, struct ticket *ret_ticket)
{
    g_auto(auto_outcome) outcome = { 0 };
    struct client_options options = trial_client_options(t, trial_subject(t)->transport);
    struct client *c = open_beside(t, old, &options);
    if (!c || !refresh(t, c, ticket, &outcome) || !read_ticket(t, &outcome, ret_ticket))
        return NULL;
    if (outcome.code == 0)
        return c;
    trial_fail(t, "%s, with the ticket from another port", outcome.said);
    return NULL;
}

/* ---- Cases ------------------------------------------------------------------------ */

static void ticket_wanted(struct trial *t)
{
    struct ticket ticket;
    g_auto(auto_outcome) outcome = { 0 };
    struct client *c = trial_client(t);
    if (!c || !allocate(t, c, "", 0, &outcome) || !read_ticket(t, &outcome, &ticket))
        return;
    if (ticket.size > 0)
        trial_pass(t, "a ticket of %zu bytes", ticket.size);
    else if (outcome.code == 0)
        trial_unsupported(t, "a success without a ticket: the server has no mobility");
    else if (outcome.code == STUNMSG_CODE_MOBILITY_FORBIDDEN)
        trial_pass(t, "%s", outcome.said);
    else
        trial_fail(t, "%s, must be a ticket or 405", outcome.said);
}

static void ticket_in_allocate(struct trial *t)
{
    static const char ticket[] = "not a ticket";
    g_auto(auto_outcome) outcome = { 0 };
    struct client *c = trial_client(t);
    if (c && allocate(t, c, ticket, strlen(ticket), &outcome))
        trial_expect_outcome(t, &outcome, STUNMSG_CODE_BAD_REQUEST);
}

static void moved(struct trial *t)
{
    struct ticket first, second;
    struct allocation allocation;
    struct client *old = open_mobile(t, &first, &allocation);
    struct client *c = old ? move(t, old, &first, &second) : NULL;
    if (!c)
        return;
    if (second.size == 0)
        trial_fail(t, "a success without a new ticket");
    else if (second.size == first.size &&
             memcmp(first.bytes, second.bytes, first.size) == 0)
        trial_fail(t, "a success with the same ticket again");
    else
        trial_pass(t, "a success with a new ticket");
    turn_release(c);
}

/* A real one with its first letter changed: all else of it makes sense to the server. */
static void forge(const struct ticket *real, struct ticket *ret)
{
    *ret = *real;
    ret->bytes[0] = real->bytes[0] == 'A' ? 'B' : 'A';
}

static void unknown_ticket(struct trial *t)
{
    struct ticket real, forged;
    struct allocation allocation;
    g_auto(auto_outcome) outcome = { 0 };
    struct client_options options = trial_client_options(t, trial_subject(t)->transport);
    struct client *old = open_mobile(t, &real, &allocation);
    struct client *c = old ? open_beside(t, old, &options) : NULL;
    if (!c)
        return;
    forge(&real, &forged);
    if (refresh(t, c, &forged, &outcome))
        trial_expect_outcome(t, &outcome, STUNMSG_CODE_ALLOCATION_MISMATCH);
}

static void ticket_of_another(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    struct ticket ticket;
    struct allocation allocation;
    g_auto(auto_outcome) outcome = { 0 };
    if (!s->other_username || !s->other_password) {
        trial_unsupported(t, "no second user was given: --other-user");
        return;
    }
    struct client_options options = trial_client_options(t, s->transport);
    options.username = s->other_username;
    options.password = s->other_password;
    struct client *old = open_mobile(t, &ticket, &allocation);
    struct client *other = old ? open_beside(t, old, &options) : NULL;
    if (!other || !refresh(t, other, &ticket, &outcome))
        return;
    trial_expect_outcome(t, &outcome, STUNMSG_CODE_WRONG_CREDENTIALS);
    if (outcome.code == 0)
        turn_release(other);
}

/* What the peer sends comes on the old path until the client has sent on the new one. */
static void try_paths(struct trial *t, struct client *old, struct client *new,
                      const struct allocation *allocation, const struct peer *peer)
{
    if (trial_peer_to_client(t, old, allocation, peer, NULL) != PASSAGE_ARRIVED)
        trial_fail(t, "the old path got nothing from the peer, though the new one had "
                      "sent no data yet");
    else if (trial_client_to_peer(t, new, 0, peer, NULL) != PASSAGE_ARRIVED)
        trial_fail(t, "data of the new path did not get to the peer");
    else if (trial_peer_to_client(t, new, allocation, peer, NULL) != PASSAGE_ARRIVED)
        trial_fail(t, "the new path got nothing from the peer, though it had sent data");
    else
        trial_pass(t, "the old path until the first data of the new one, then that");
}

static void old_path_lives(struct trial *t)
{
    struct ticket first, second;
    struct allocation allocation;
    struct client *old = open_mobile(t, &first, &allocation);
    struct peer *peer = old ? trial_peer(t) : NULL;
    if (!peer)
        return;
    connection_punch(peer->connection, &allocation.relayed);
    if (!trial_permit(t, old, peer))
        return;
    if (trial_peer_to_client(t, old, &allocation, peer, NULL) != PASSAGE_ARRIVED) {
        trial_inconclusive(t, "nothing came from the peer before the move either");
        return;
    }
    struct client *new = move(t, old, &first, &second);
    if (!new)
        return;
    try_paths(t, old, new, &allocation, peer);
    turn_release(new);
}

/* ---- The table -------------------------------------------------------------------- */

#define SIGNED (CAN(CHALLENGE) | CAN(AUTH) | CAN(ALLOCATE))

static const struct test_case cases[] = {
    { .id = "M01",
      .title = "a client that asks for mobility gets a ticket, or is told that it cannot",
      .clause = "RFC 8016 §3.1.2",
      .classic = "RFC 8016 §3.1.2",
      .level = CASE_MUST,
      .needs = SIGNED,
      .expected = "MOBILITY-TICKET, or 405 (Mobility Forbidden)",
      .run = ticket_wanted },
    { .id = "M02",
      .title = "an Allocate with a ticket that is not empty is a bad request",
      .clause = "RFC 8016 §3.1.2",
      .classic = "RFC 8016 §3.1.2",
      .level = CASE_MUST,
      .needs = SIGNED | CAN(MOBILITY),
      .expected = "400 (Bad Request)",
      .run = ticket_in_allocate },
    { .id = "M03",
      .title = "a Refresh with the ticket from another 5-tuple gets a new one",
      .clause = "RFC 8016 §3.2.2",
      .classic = "RFC 8016 §3.2.2",
      .level = CASE_MUST,
      .needs = SIGNED | CAN(MOBILITY),
      .expected = "a success with another ticket",
      .run = moved },
    { .id = "M04",
      .title = "a Refresh with an unknown ticket is a mismatch",
      .clause = "RFC 8016 §3.2.2",
      .classic = "RFC 8016 §3.2.2",
      .level = CASE_MUST,
      .needs = SIGNED | CAN(MOBILITY),
      .expected = "437 (Allocation Mismatch)",
      .run = unknown_ticket },
    { .id = "M05",
      .title = "a ticket is worth nothing to another user",
      .clause = "RFC 8016 §3.2.2",
      .classic = "RFC 8016 §3.2.2",
      .level = CASE_MUST,
      .needs = SIGNED | CAN(MOBILITY),
      .expected = "441 (Wrong Credentials)",
      .run = ticket_of_another },
    { .id = "M06",
      .title = "the old path lives until the first data on the new one",
      .clause = "RFC 8016 §3.2.2",
      .classic = "RFC 8016 §3.2.2",
      .level = CASE_MUST,
      .needs = SIGNED | CAN(MOBILITY) | CAN(PEER),
      .expected = "the peer's data on the old path, then on the new one",
      .run = old_path_lives },
};

const struct case_group cases_mobility = { .letter = 'M',
                                           .tag = "mobility",
                                           .title = "Mobility, RFC 8016",
                                           .cases = cases,
                                           .n_cases = G_N_ELEMENTS(cases) };
