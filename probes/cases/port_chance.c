/* SPDX-License-Identifier: Apache-2.0 */
/* Counting steps and near ports; what the counts prove is said in the header. */
#include "probes/cases/port_chance.h"

#include <stdlib.h>

static bool is_guessed(const uint16_t *ports, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (abs(ports[n] - ports[i]) <= PORT_CHANCE_NEAR)
            return true;
    for (unsigned i = 1; i < n; i++)
        if (ports[n] - ports[n - 1] == ports[i] - ports[i - 1])
            return true;
    return false;
}

struct port_chance port_chance_count(const uint16_t ports[PORT_CHANCE_PORTS])
{
    struct port_chance chance = { 0 };
    for (unsigned i = 1; i < PORT_CHANCE_PORTS; i++) {
        chance.n_up += ports[i] > ports[i - 1];
        chance.n_down += ports[i] < ports[i - 1];
        chance.n_guessed += is_guessed(ports, i);
    }
    return chance;
}

bool port_chance_is_one_way(const struct port_chance *chance)
{
    return chance->n_up >= PORT_CHANCE_LEAST_ONE_WAY ||
           chance->n_down >= PORT_CHANCE_LEAST_ONE_WAY;
}

bool port_chance_is_guessable(const struct port_chance *chance)
{
    return chance->n_guessed >= PORT_CHANCE_LEAST_GUESSED;
}
