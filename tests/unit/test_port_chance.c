/* SPDX-License-Identifier: Apache-2.0 */
/* Which ports look handed out in order, and that chance itself does not. */
#include "suite.h"

#include "base/rng.h"
#include "probes/cases/port_chance.h"

enum { FIRST = 49152, DYNAMIC = 16384 };

static bool is_one_way(const uint16_t *ports)
{
    struct port_chance chance = port_chance_count(ports);
    return port_chance_is_one_way(&chance);
}

static bool is_guessable(const uint16_t *ports)
{
    struct port_chance chance = port_chance_count(ports);
    return port_chance_is_guessable(&chance);
}

static void test_sequence(void)
{
    uint16_t up[PORT_CHANCE_PORTS], down[PORT_CHANCE_PORTS];
    for (unsigned i = 0; i < PORT_CHANCE_PORTS; i++) {
        up[i] = (uint16_t)(FIRST + i);
        down[i] = (uint16_t)(UINT16_MAX - 2 * i);
    }
    CU_ASSERT_TRUE(is_one_way(up) && is_guessable(up));
    CU_ASSERT_TRUE(is_one_way(down) && is_guessable(down));
}

static void test_busy_counter(void)
{
    struct rng rng = rng_seed(1);
    uint16_t ports[PORT_CHANCE_PORTS];
    unsigned at = 60000; /* so that it turns at its end */
    for (unsigned i = 0; i < PORT_CHANCE_PORTS; i++) {
        ports[i] = (uint16_t)(at < UINT16_MAX ? at : at - DYNAMIC);
        at += 100 + (unsigned)rng_below(&rng, 400);
    }
    CU_ASSERT_TRUE(is_one_way(ports));
    CU_ASSERT_FALSE(is_guessable(ports));
}

static void test_counters_in_turn(void)
{
    uint16_t ports[PORT_CHANCE_PORTS];
    for (unsigned i = 0; i < PORT_CHANCE_PORTS; i++)
        ports[i] = (uint16_t)((i % 2 ? 50000 : 60000) + i);
    CU_ASSERT_FALSE(is_one_way(ports));
    CU_ASSERT_TRUE(is_guessable(ports));
}

static void test_same_port(void)
{
    uint16_t ports[PORT_CHANCE_PORTS];
    for (unsigned i = 0; i < PORT_CHANCE_PORTS; i++)
        ports[i] = FIRST;
    CU_ASSERT_FALSE(is_one_way(ports));
    CU_ASSERT_TRUE(is_guessable(ports));
}

static void draw(struct rng *rng, unsigned range, uint16_t *ports)
{
    for (unsigned i = 0; i < PORT_CHANCE_PORTS; i++)
        ports[i] = (uint16_t)(FIRST + rng_below(rng, range));
}

static void test_chance(void)
{
    enum { RUNS = 2000 };
    struct rng rng = rng_seed(2);
    for (unsigned i = 0; i < RUNS; i++) {
        uint16_t ports[PORT_CHANCE_PORTS];
        draw(&rng, i % 2 ? DYNAMIC : 1000, ports);
        CU_ASSERT_FALSE(is_one_way(ports));
        CU_ASSERT_FALSE(is_guessable(ports));
    }
}

static const struct test tests[] = {
    { "ports in sequence go one way and can be guessed", test_sequence },
    { "a busy counter goes one way", test_busy_counter },
    { "counters that take turns can be guessed", test_counters_in_turn },
    { "a port given out again can be guessed", test_same_port },
    { "ports by chance are neither, from a thousand as from all", test_chance },
};

int main(int argc, char **argv)
{
    return suite_run("port_chance", tests, G_N_ELEMENTS(tests), argc, argv);
}
