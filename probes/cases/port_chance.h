/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody who has seen a server's ports can tell of the next one (RFC 6056), by two
 * counts that need to know nothing of the range they come from:
 *
 * - The direction. A counter goes one way, however many others it serves between, but for
 *   one turn at its end. Of 20 ports in random order 16 or more of 19 steps go one way
 *   about once in a million (Eulerian numbers).
 * - The place. A port within PORT_CHANCE_NEAR of an earlier one, or one step on from the
 *   last by a step seen before, would have been guessed: so it is with counters that take
 *   turns, constant steps, tiny ranges, and a port given out again. Drawn evenly from the
 *   16384 dynamic ports that happens 0.07 times in 20, from a range of 1000 ports once; 8
 *   or more then come about once in 70,000 runs (Poisson).
 *
 * A weak generator with neither fault passes.
 */
#ifndef RTCLAB_PROBES_PORT_CHANCE_H
#define RTCLAB_PROBES_PORT_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PORT_CHANCE_PORTS = 20,
    PORT_CHANCE_NEAR = 2,
    PORT_CHANCE_LEAST_GUESSED = 8,
    PORT_CHANCE_LEAST_ONE_WAY = 16
};

struct port_chance {
    unsigned n_up, n_down; /**< steps to a higher, and to a lower port */
    unsigned n_guessed;
};

/** Counts. @param ports in the order they were handed out */
struct port_chance port_chance_count(const uint16_t ports[PORT_CHANCE_PORTS]);

bool port_chance_is_one_way(const struct port_chance *chance);
bool port_chance_is_guessable(const struct port_chance *chance);

#endif
