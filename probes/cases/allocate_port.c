/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases L11, L12, L27 and L29: which ports are relayed (RFC 8656 §7.2). Where one
 * allocation proves nothing several are made, one after the other, each given back before
 * the next: quotas stay far.
 */
#include "probes/cases/allocate_cases.h"
#include "probes/cases/port_chance.h"

/* An allocation that is given back at once; false: the verdict is said. */
static bool taste(struct trial *t, const struct allocate_options *options,
                  struct allocation *ret)
{
    struct client *c = trial_allocated(t, options, ret);
    if (!c)
        return false;
    turn_release(c);
    trial_close(t, c);
    return true;
}

void allocate_even(struct trial *t)
{
    enum { TRIES = 6 }; /* one server in 64 that ignores it goes unnoticed */
    static const struct allocate_options even = { .is_even = true };
    for (unsigned i = 0; i < TRIES; i++) {
        struct allocation allocation;
        if (!taste(t, &even, &allocation))
            return;
        if (allocation.relayed.port % 2 != 0) {
            trial_fail(t, "relayed port %u", allocation.relayed.port);
            return;
        }
    }
    trial_pass(t, "even ports from %d allocations", TRIES);
}

/* A server that forgets the token when it repeats a lost answer is asked again: what a
   retransmission gets is not what this case is about. */
static struct client *reserve(struct trial *t, struct allocation *ret)
{
    enum { TRIES = 3 };
    static const struct allocate_options reserving = { .is_even = true,
                                                       .reserves = true };
    struct client *c = NULL;
    for (unsigned i = 0; i < TRIES; i++) {
        struct draft request;
        g_auto(auto_answer) answer = { 0 };
        c = step_ready(t);
        if (!c)
            return NULL;
        client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
        turn_add_allocate(&request.b, &reserving);
        step_sign(c, &request);
        if (!trial_expect_success(t, c, &request, &answer))
            return NULL;
        turn_read_allocation(&answer.message, ret);
        if (ret->has_token || answer.transmissions == 1)
            break;
    }
    return c;
}

void allocate_reserved(struct trial *t)
{
    struct allocation first, second;
    char at[ENDPOINT_TEXT_SIZE], then[ENDPOINT_TEXT_SIZE];
    struct client *a = reserve(t, &first);
    if (!a)
        return;
    endpoint_format(&first.relayed, at);
    if (first.relayed.port % 2 != 0 || !first.has_token) {
        trial_fail(t, "relayed %s, %s RESERVATION-TOKEN", at,
                   first.has_token ? "with a" : "without");
        return;
    }
    const struct allocate_options redeeming = { .token = first.token };
    struct client *b = step_ready(t);
    if (!b || !step_expect_allocation(t, b, &redeeming, &second))
        return;
    endpoint_format(&second.relayed, then);
    bool is_next = address_equal(&first.relayed.address, &second.relayed.address) &&
                   second.relayed.port == first.relayed.port + 1;
    if (is_next)
        trial_pass(t, "relayed %s, and with the token %s", at, then);
    else
        trial_fail(t, "relayed %s, but with the token %s", at, then);
}

void allocate_port_range(struct trial *t)
{
    enum { TRIES = 4, SYSTEM_END = 1024, DYNAMIC_START = 49152 };
    unsigned lowest = UINT16_MAX;
    for (unsigned i = 0; i < TRIES; i++) {
        struct allocation allocation;
        if (!taste(t, NULL, &allocation))
            return;
        lowest = MIN(lowest, allocation.relayed.port);
    }
    if (lowest < SYSTEM_END)
        trial_fail(t, "port %u, of the well-known ones", lowest);
    else if (lowest < DYNAMIC_START)
        trial_fail(t, "port %u, below the dynamic ones, which begin at 49152", lowest);
    else
        trial_pass(t, "the lowest of %d ports was %u", TRIES, lowest);
}

void allocate_port_chance(struct trial *t)
{
    uint16_t ports[PORT_CHANCE_PORTS];
    for (unsigned i = 0; i < PORT_CHANCE_PORTS; i++) {
        struct allocation allocation;
        if (!taste(t, NULL, &allocation))
            return;
        ports[i] = allocation.relayed.port;
    }
    struct port_chance chance = port_chance_count(ports);
    if (port_chance_is_one_way(&chance))
        trial_fail(t, "%u of 19 steps go %s: %u, %u, %u, %u",
                   MAX(chance.n_up, chance.n_down),
                   chance.n_up > chance.n_down ? "up" : "down", ports[0], ports[1],
                   ports[2], ports[3]);
    else if (port_chance_is_guessable(&chance))
        trial_fail(t, "%u of 20 ports could be guessed from those before: %u, %u, %u, %u",
                   chance.n_guessed, ports[0], ports[1], ports[2], ports[3]);
    else
        trial_pass(t, "%u of 19 steps go up, and %u of 20 ports could be guessed",
                   chance.n_up, chance.n_guessed);
}
