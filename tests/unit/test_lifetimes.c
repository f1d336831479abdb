/* SPDX-License-Identifier: Apache-2.0 */
/* Lifetimes against a table that is scanned. */
#include "suite.h"

#include "base/clock.h"
#include "base/rng.h"
#include "net/lifetimes.h"

enum { N = 200, STEPS = 200000 };
static const int64_t class_ns[] = { 50, 300, 1000, CLOCK_NEVER };

static void test_equals_a_scan(void)
{
    struct lifetimes l;
    struct rng rng = rng_seed(5);
    int64_t ends[N], now = 0;
    unsigned n_expired = 0, n_alive = 0;
    for (unsigned i = 0; i < N; i++)
        ends[i] = -1; /* has no lifetime */
    lifetimes_init(&l, class_ns, G_N_ELEMENTS(class_ns));
    for (unsigned step = 0; step < STEPS; step++) {
        uint32_t object = (uint32_t)rng_below(&rng, N), popped;
        /* Endless ones only at times, or in the end all would be. */
        unsigned class = (unsigned)rng_below(&rng, step % 100 ? 3 : 4);
        int64_t end = clock_after_ns(now, class_ns[class]);
        if (ends[object] < 0)
            lifetimes_add(&l, object, class, now);
        else if (rng_below(&rng, 8) > 0)
            lifetimes_refresh(&l, object, class, now);
        else
            lifetimes_remove(&l, object), end = -1;
        ends[object] = end;
        now += (int64_t)rng_below(&rng, 4);
        int64_t last = 0;
        while (lifetimes_pop_expired(&l, now, &popped)) {
            CU_ASSERT_TRUE_FATAL(ends[popped] >= last && ends[popped] <= now);
            last = ends[popped];
            ends[popped] = -1;
            n_expired++;
        }
        int64_t first = CLOCK_NEVER;
        n_alive = 0;
        for (unsigned i = 0; i < N; i++) {
            CU_ASSERT_TRUE_FATAL(ends[i] < 0 || ends[i] > now);
            first = ends[i] >= 0 ? MIN(first, ends[i]) : first;
            n_alive += ends[i] >= 0;
        }
        CU_ASSERT_EQUAL_FATAL(lifetimes_deadline(&l), first);
    }
    CU_ASSERT_TRUE(n_expired > STEPS / 100 && n_alive > 0);
    lifetimes_clear(&l);
}

static void test_ties_come_out_in_order(void)
{
    struct lifetimes l;
    lifetimes_init(&l, class_ns, G_N_ELEMENTS(class_ns));
    static const uint32_t objects[] = { 7, 3, 100, 0, 9 };
    for (unsigned i = 0; i < G_N_ELEMENTS(objects); i++)
        lifetimes_add(&l, objects[i], 0, 0);
    uint32_t popped;
    CU_ASSERT_FALSE(lifetimes_pop_expired(&l, 49, &popped));
    for (unsigned i = 0; i < G_N_ELEMENTS(objects); i++)
        CU_ASSERT_TRUE(lifetimes_pop_expired(&l, 50, &popped) && popped == objects[i]);
    CU_ASSERT_EQUAL(lifetimes_deadline(&l), CLOCK_NEVER);
    lifetimes_clear(&l);
}

static void test_never_is_never(void)
{
    struct lifetimes l;
    uint32_t popped;
    lifetimes_init(&l, class_ns, G_N_ELEMENTS(class_ns));
    lifetimes_add(&l, 1, 3, NS_PER_S);
    CU_ASSERT_FALSE(lifetimes_pop_expired(&l, CLOCK_NEVER, &popped));
    lifetimes_refresh(&l, 1, 0, NS_PER_S);
    CU_ASSERT_EQUAL(lifetimes_deadline(&l), NS_PER_S + 50);
    CU_ASSERT_TRUE(lifetimes_pop_expired(&l, CLOCK_NEVER, &popped));
    lifetimes_clear(&l);
}

static const struct test tests[] = {
    { "objects expire as if the table were scanned", test_equals_a_scan },
    { "what ends together comes out in order", test_ties_come_out_in_order },
    { "an endless life has no end", test_never_is_never },
};

int main(int argc, char **argv)
{
    return suite_run("lifetimes", tests, G_N_ELEMENTS(tests), argc, argv);
}
