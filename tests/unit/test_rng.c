/* SPDX-License-Identifier: Apache-2.0 */
/* The generator: reference values, independent streams, and no bias. */
#include "suite.h"

#include "base/rng.h"

static void test_reference_values(void)
{
    /* SplitMix64 from seed 1234567, as published with the algorithm's reference code. */
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    struct rng r = rng_seed(1234567);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        CU_ASSERT_EQUAL(rng_next(&r), expected[i]);
}

static void test_fork_ignores_what_was_drawn(void)
{
    struct rng parent = rng_seed(42);
    struct rng before = rng_fork(&parent, "link:home-a:up");
    for (unsigned i = 0; i < 100; i++)
        rng_next(&parent);
    struct rng after = rng_fork(&parent, "link:home-a:up");
    struct rng other = rng_fork(&parent, "link:home-a:down");
    unsigned same = 0;
    for (unsigned i = 0; i < 100; i++) {
        uint64_t drawn = rng_next(&before);
        CU_ASSERT_EQUAL(drawn, rng_next(&after));
        same += drawn == rng_next(&other);
    }
    CU_ASSERT_EQUAL(same, 0);
}

static void test_bounds(void)
{
    struct rng r = rng_seed(1);
    unsigned counts[6] = { 0 };
    for (unsigned i = 0; i < 60000; i++) {
        uint64_t drawn = rng_below(&r, 6);
        CU_ASSERT_FATAL(drawn < 6);
        counts[drawn]++;
        double unit = rng_unit(&r);
        CU_ASSERT_TRUE(unit >= 0 && unit < 1);
    }
    double chi_squared = 0;
    for (unsigned i = 0; i < 6; i++)
        chi_squared += (counts[i] - 10000.0) * (counts[i] - 10000.0) / 10000.0;
    CU_ASSERT_TRUE(chi_squared < 20.5); /* 5 degrees of freedom, p = 0.001 */
    CU_ASSERT_EQUAL(rng_below(&r, 0), 0);
    CU_ASSERT_EQUAL(rng_below(&r, 1), 0);
}

static void test_certainty_draws_nothing(void)
{
    struct rng r = rng_seed(9), untouched = r;
    CU_ASSERT_FALSE(rng_chance(&r, 0));
    CU_ASSERT_TRUE(rng_chance(&r, 1));
    CU_ASSERT_EQUAL(r.state, untouched.state);
    rng_chance(&r, 0.5);
    CU_ASSERT_NOT_EQUAL(r.state, untouched.state);
}

static const struct test tests[] = {
    { "a seed gives SplitMix64's reference values", test_reference_values },
    { "a fork depends on seed and name only", test_fork_ignores_what_was_drawn },
    { "numbers stay below their bound, without bias", test_bounds },
    { "certainty draws nothing", test_certainty_draws_nothing },
};

int main(int argc, char **argv)
{
    return suite_run("rng", tests, G_N_ELEMENTS(tests), argc, argv);
}
