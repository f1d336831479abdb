/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases L11, L12, L27 and L29: which ports are relayed (RFC 8656 §7.2). Where one
 * allocation proves nothing several are made, one after the other, each given back before
 * the next: quotas stay far.
 */
#include "probes/cases/allocate_cases.h"

#include <stdlib.h>

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

void allocate_reserved(struct trial *t)
{
    static const struct allocate_options reserving = { .is_even = true,
                                                       .reserves = true };
    struct allocation first, second;
    char at[ENDPOINT_TEXT_SIZE], then[ENDPOINT_TEXT_SIZE];
    struct client *a = trial_allocated(t, &reserving, &first);
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

/*
 * How often somebody who has seen the ports before it would have guessed a port within
 * NEAR. He tries around each of them, and one step on from the last, for each step he has
 * seen. That finds ports in sequence, several sequences mixed, constant steps, small
 * ranges, and a port given out again; not a weak generator.
 *
 * If all were drawn evenly from the 16384 dynamic ports, a port with i before it would be
 * guessed with a chance of at most 33 i / 16384 by the first and i / 16384 by the second
 * way, 0.4 times in all of 20. Six times or more then comes by chance about once in
 * 350,000 runs (Poisson).
 */
enum { PORTS = 20, NEAR = 16, MOST_GUESSED = 5 };

static bool is_guessed(const uint16_t *ports, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (abs(ports[n] - ports[i]) <= NEAR)
            return true;
    for (unsigned i = 1; i < n; i++)
        if (ports[n] - ports[n - 1] == ports[i] - ports[i - 1])
            return true;
    return false;
}

void allocate_port_chance(struct trial *t)
{
    uint16_t ports[PORTS];
    unsigned n_guessed = 0;
    for (unsigned i = 0; i < PORTS; i++) {
        struct allocation allocation;
        if (!taste(t, NULL, &allocation))
            return;
        ports[i] = allocation.relayed.port;
        n_guessed += is_guessed(ports, i);
    }
    if (n_guessed > MOST_GUESSED)
        trial_fail(t, "%u of %d ports could be guessed from those before: %u, %u, %u, %u",
                   n_guessed, PORTS, ports[0], ports[1], ports[2], ports[3]);
    else
        trial_pass(t, "%u of %d ports could be guessed from those before", n_guessed,
                   PORTS);
}
