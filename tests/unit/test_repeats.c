/* SPDX-License-Identifier: Apache-2.0 */
/* Which repeats are made (harness/call/repeats.h). */
#include "suite.h"

#include <string.h>

#include "base/file.h"
#include "call/repeats.h"

static struct site_config lossy_site = { .name = "home",
                                         .link = { .up = { .loss = 0.1 } } };
static struct scenario certain = { .id = (char *)"nat/certain" };
static struct scenario lossy = { .id = (char *)"link/lossy",
                                 .network = { .sites = &lossy_site, .n_sites = 1 } };
static struct scenario on_wall = { .id = (char *)"tcp/wall", .needs_wall_clock = true };

static const struct run_pair pair = { { "/bin/sh", "/bin/cat" } };

static struct plan *make_plan(unsigned shard, unsigned n_shards, bool has_kernel_random)
{
    struct run_options options = {
        .out = "out",
        .pairs = &pair,
        .n_pairs = 1,
        .modes = { true, false, true },
        .repeat = 5,
        .shard = shard,
        .n_shards = n_shards,
        .clock = LAB_CLOCK_VIRTUAL,
        .has_kernel_random = has_kernel_random,
    };
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, &certain);
    g_ptr_array_add(all, &lossy);
    g_ptr_array_add(all, &on_wall);
    struct plan *plan = plan_new(all, &options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    return plan;
}

static const struct call_spec *spec_of(const struct plan *plan, unsigned i)
{
    return &g_array_index(plan->calls, struct call_spec, i);
}

static json_t *make_result(double setup_ms)
{
    return json_pack("{s:s, s:f, s:{s:f}, s:n}", "outcome", "connected", "setup_ms",
                     setup_ms, "phases_ms", "first_check", 20.0, "selected");
}

/* Gives all calls of a scenario that may run their result, as often as that lets others
   run; how many ran. `odd_mode` takes longer in each repeat. */
static unsigned play(const struct plan *plan, struct repeats *repeats,
                     const struct scenario *scenario, int odd_mode)
{
    g_autofree bool *has_run = g_new0(bool, plan->calls->len);
    unsigned n = 0;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = plan->calls->len; i-- > 0;) {
            const struct call_spec *spec = spec_of(plan, i);
            if (spec->scenario != scenario || has_run[i] ||
                repeats_ask(repeats, i) != REPEATS_RUN)
                continue;
            bool is_odd = (int)spec->mode == odd_mode;
            g_autoptr(json_t) result = make_result(100 + (is_odd ? spec->repeat : 0));
            has_run[i] = true;
            repeats_take(repeats, i, result);
            n++;
        }
    }
    return n;
}

static void assert_played(const struct scenario *scenario, int odd_mode, unsigned n,
                          bool is_same)
{
    struct plan *plan = make_plan(1, 1, false);
    struct repeats *repeats = repeats_new(plan, false);
    CU_ASSERT_EQUAL(play(plan, repeats, scenario, odd_mode), n);
    CU_ASSERT_EQUAL(repeats_are_same(repeats, scenario->id, "sh", "cat"), is_same);
    repeats_free(repeats);
    plan_free(plan);
}

static void test_same(void)
{
    assert_played(&certain, -1, 2 * 2, true);
}

static void test_one_mode_has_one_repeat(void)
{
    const char *const keys[] = { "sh~cat/nat/certain/trickle/1",
                                 "sh~cat/nat/certain/trickle/2",
                                 "sh~cat/nat/certain/trickle/3",
                                 "sh~cat/nat/certain/full/1", NULL };
    struct run_options options = {
        .out = "out",
        .pairs = &pair,
        .n_pairs = 1,
        .modes = { true, true, true },
        .repeat = 3,
        .shard = 1,
        .n_shards = 1,
        .only_keys = keys,
        .clock = LAB_CLOCK_VIRTUAL,
    };
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, &certain);
    struct plan *plan = plan_new(all, &options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    struct repeats *repeats = repeats_new(plan, false);
    CU_ASSERT_EQUAL(play(plan, repeats, &certain, -1), 4);
    CU_ASSERT_FALSE(repeats_are_same(repeats, certain.id, "sh", "cat"));
    repeats_free(repeats);
    plan_free(plan);
}

static void test_one_mode_differs(void)
{
    assert_played(&certain, MODE_FULL, 2 * 5, false);
}

static void test_chance(void)
{
    assert_played(&lossy, -1, 2 * 5, false);
}

static void test_wall_clock(void)
{
    assert_played(&on_wall, -1, 2 * 5, false);
}

static void test_kernel_random(void)
{
    struct plan *plan = make_plan(1, 1, true);
    struct repeats *repeats = repeats_new(plan, false);
    CU_ASSERT_EQUAL(play(plan, repeats, &certain, -1), 2 * 5);
    repeats_free(repeats);
    plan_free(plan);
}

static void test_all_wanted(void)
{
    struct plan *plan = make_plan(1, 1, false);
    struct repeats *repeats = repeats_new(plan, true);
    CU_ASSERT_EQUAL(play(plan, repeats, &certain, -1), 2 * 5);
    CU_ASSERT_FALSE(repeats_are_same(repeats, certain.id, "sh", "cat"));
    repeats_free(repeats);
    plan_free(plan);
}

static void test_waiting(void)
{
    struct plan *plan = make_plan(1, 1, false);
    struct repeats *repeats = repeats_new(plan, false);
    unsigned third = 0;
    while (spec_of(plan, third)->scenario != &certain || spec_of(plan, third)->repeat < 3)
        third++;
    for (unsigned i = 0; i < third; i++) {
        if (spec_of(plan, i)->scenario != &certain)
            continue;
        CU_ASSERT_EQUAL(repeats_ask(repeats, third), REPEATS_WAIT);
        g_autoptr(json_t) result = make_result(100);
        repeats_take(repeats, i, result);
    }
    CU_ASSERT_EQUAL(repeats_ask(repeats, third), REPEATS_SKIP);
    repeats_free(repeats);
    plan_free(plan);
}

/* One shard has all repeats of a scenario that may stop early, and decides as an
   unsharded run does. */
static void test_shards(void)
{
    for (unsigned n_shards = 2; n_shards <= 5; n_shards++) {
        for (unsigned shard = 1; shard <= n_shards; shard++) {
            struct plan *plan = make_plan(shard, n_shards, false);
            struct repeats *repeats = repeats_new(plan, false);
            unsigned n_planned = 0;
            for (unsigned i = 0; i < plan->calls->len; i++)
                n_planned += spec_of(plan, i)->scenario == &certain;
            CU_ASSERT_EQUAL(play(plan, repeats, &certain, -1), MIN(n_planned, 2 * 2));
            CU_ASSERT_EQUAL(repeats_are_same(repeats, certain.id, "sh", "cat"),
                            n_planned >= 2 * 2);
            repeats_free(repeats);
            plan_free(plan);
        }
    }
}

/* What one pair's repeats come to says nothing of another's. */
static void test_pairs(void)
{
    static const struct run_pair pairs[] = { { { "/bin/sh", "/bin/cat" } },
                                             { { "/bin/cat", "/bin/sh" } } };
    struct run_options options = {
        .out = "out",
        .pairs = pairs,
        .n_pairs = 2,
        .modes = { true },
        .repeat = 3,
        .shard = 1,
        .n_shards = 1,
        .clock = LAB_CLOCK_VIRTUAL,
    };
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, &certain);
    struct plan *plan = plan_new(all, &options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    CU_ASSERT_EQUAL_FATAL(plan->calls->len, 2 * 3);
    struct repeats *repeats = repeats_new(plan, false);
    for (unsigned i = 0; i < 4; i++) {
        bool is_second = strcmp(spec_of(plan, i)->names[ROLE_OFFERER], "cat") == 0;
        g_autoptr(json_t) result =
            make_result(100 + (is_second ? spec_of(plan, i)->repeat : 0));
        CU_ASSERT_EQUAL(repeats_ask(repeats, i), REPEATS_RUN);
        repeats_take(repeats, i, result);
    }
    CU_ASSERT_TRUE(repeats_are_same(repeats, certain.id, "sh", "cat"));
    CU_ASSERT_FALSE(repeats_are_same(repeats, certain.id, "cat", "sh"));
    CU_ASSERT_FALSE(repeats_are_same(repeats, certain.id, "sh", "sh"));
    CU_ASSERT_EQUAL(repeats_ask(repeats, 4), REPEATS_SKIP);
    CU_ASSERT_EQUAL(repeats_ask(repeats, 5), REPEATS_RUN);
    repeats_free(repeats);
    plan_free(plan);
}

static void test_comparing(void)
{
    g_autoptr(json_t) first = make_result(100);
    g_autoptr(json_t) second = make_result(100);
    CU_ASSERT_TRUE(repeats_compare(first, second));
    json_object_set_new(second, "seed", json_string("other"));
    CU_ASSERT_TRUE(repeats_compare(first, second));
    json_object_set_new(second, "setup_ms", json_real(100.001));
    CU_ASSERT_FALSE(repeats_compare(first, second));
    json_object_set_new(second, "setup_ms", json_real(100));
    json_object_set_new(second, "phases_ms", json_null());
    CU_ASSERT_FALSE(repeats_compare(first, second));
    json_object_set_new(first, "outcome", json_string("error"));
    CU_ASSERT_FALSE(repeats_compare(first, first));
}

static const struct test tests[] = {
    { "two repeats that came to the same are enough", test_same },
    { "if one mode differs all are repeated", test_one_mode_differs },
    { "and if one has no second repeat", test_one_mode_has_one_repeat },
    { "with chance in the network all are made", test_chance },
    { "on the wall clock all are made", test_wall_clock },
    { "with the kernel's random numbers all are made", test_kernel_random },
    { "all are made if all are wanted", test_all_wanted },
    { "later repeats wait for the first two", test_waiting },
    { "each shard decides for itself", test_shards },
    { "and so does each pair of peers", test_pairs },
    { "to the microsecond, and errors are never the same", test_comparing },
};

int main(int argc, char **argv)
{
    return suite_run("repeats", tests, G_N_ELEMENTS(tests), argc, argv);
}
