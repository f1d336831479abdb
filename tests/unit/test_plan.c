/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of a run (harness/call/plan.h). */
#include "suite.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/program.h"
#include "call/plan.h"
#include "peer/stack.h"

/* Any two executables will do for peers. */
#define OFFERER  "/bin/sh"
#define ANSWERER "/bin/cat"

static struct scenario scenarios[] = { { .id = (char *)"nat/a" },
                                       { .id = (char *)"nat/b" },
                                       { .id = (char *)"open/c" } };

static GPtrArray *all_scenarios(void)
{
    GPtrArray *all = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++)
        g_ptr_array_add(all, &scenarios[i]);
    return all;
}

static const struct run_pair usual_pair = { { OFFERER, ANSWERER } };

static struct run_options usual(void)
{
    return (struct run_options){
        .out = "out",
        .pairs = &usual_pair,
        .n_pairs = 1,
        .modes = { true, true, true },
        .repeat = 4,
        .seed = 7,
        .timeout_s = 1.5,
        .shard = 1,
        .n_shards = 1,
    };
}

static struct plan *make(const struct run_options *options)
{
    g_autoptr(GPtrArray) all = all_scenarios();
    g_autoptr(GError) error = NULL;
    struct plan *plan = plan_new(all, options, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    return plan;
}

static const struct call_spec *call_of(const struct plan *plan, unsigned i)
{
    return &g_array_index(plan->calls, struct call_spec, i);
}

static void test_calls(void)
{
    struct run_options options = usual();
    struct plan *plan = make(&options);
    CU_ASSERT_EQUAL_FATAL(plan->calls->len, 3 * 3 * 4);
    const struct call_spec *second = call_of(plan, 1);
    ASSERT_TEXT(second->key, "sh~cat/nat/a/half/1");
    ASSERT_TEXT(second->folder, "out/calls/sh~cat/nat/a/half/1");
    ASSERT_TEXT(second->programs[ROLE_ANSWERER], ANSWERER);
    CU_ASSERT_EQUAL(second->mode, MODE_HALF);
    CU_ASSERT_EQUAL(second->timeout_ns, 1500 * NS_PER_MS);
    /* Repeats are outermost: a run that is cut short has something of each scenario. */
    CU_ASSERT_EQUAL(call_of(plan, 8)->repeat, 1);
    CU_ASSERT_EQUAL(call_of(plan, 9)->repeat, 2);
    plan_free(plan);
}

static void test_seeds(void)
{
    struct run_options options = usual();
    struct plan *plan = make(&options);
    g_autoptr(GHashTable) seeds = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (unsigned i = 0; i < plan->calls->len; i++) {
        const struct call_spec *call = call_of(plan, i);
        CU_ASSERT_EQUAL(call->seed, call_of(plan, i - i % N_MODES)->seed);
        g_hash_table_add(seeds, (gpointer)&call->seed);
    }
    CU_ASSERT_EQUAL(g_hash_table_size(seeds), 3 * 4);

    /* Other modes, fewer scenarios, fewer repeats: the same call has the same seed. */
    options.modes[MODE_TRICKLE] = options.modes[MODE_HALF] = false;
    options.repeat = 1;
    struct plan *fewer = make(&options);
    CU_ASSERT_EQUAL(call_of(fewer, 2)->seed, call_of(plan, 8)->seed);
    ASSERT_TEXT(call_of(fewer, 2)->key, call_of(plan, 8)->key);
    plan_free(fewer);

    options.seed = 8;
    struct plan *other = make(&options);
    CU_ASSERT_NOT_EQUAL(call_of(other, 2)->seed, call_of(plan, 8)->seed);
    plan_free(other);
    plan_free(plan);
}

static void test_shards(void)
{
    struct run_options options = usual();
    struct plan *whole = make(&options);
    /* With as many shards as modes too: dealt out singly, each would get one mode. */
    for (options.n_shards = 1; options.n_shards <= 14; options.n_shards++) {
        g_autoptr(GHashTable) seen =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (options.shard = 1; options.shard <= options.n_shards; options.shard++) {
            struct plan *shard = make(&options);
            CU_ASSERT_EQUAL(shard->calls->len % N_MODES, 0);
            for (unsigned i = 0; i < shard->calls->len; i++) {
                const struct call_spec *call = call_of(shard, i);
                CU_ASSERT_TRUE(g_hash_table_add(seen, g_strdup(call->key)));
                CU_ASSERT_EQUAL(call->mode, i % N_MODES);
                CU_ASSERT_EQUAL(call->seed, call_of(shard, i - i % N_MODES)->seed);
            }
            plan_free(shard);
        }
        CU_ASSERT_EQUAL(g_hash_table_size(seen), whole->calls->len);
    }
    plan_free(whole);
}

static void test_only_keys(void)
{
    static const char *const keys[] = { "sh~cat/open/c/full/4", "sh~cat/nat/b/half/2",
                                        NULL };
    struct run_options options = usual();
    struct plan *whole = make(&options);
    options.only_keys = keys;
    struct plan *plan = make(&options);
    CU_ASSERT_EQUAL_FATAL(plan->calls->len, 2);
    ASSERT_TEXT(call_of(plan, 0)->key, keys[1]);
    ASSERT_TEXT(call_of(plan, 1)->key, keys[0]);
    CU_ASSERT_EQUAL(call_of(plan, 1)->seed, call_of(whole, 35)->seed);
    plan_free(plan);
    plan_free(whole);
}

static void assert_refused(const struct run_options *options, const char *named)
{
    g_autoptr(GPtrArray) all = all_scenarios();
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(plan_new(all, options, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(error->code, RTC_ERROR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, named));
}

static void test_unknown_key(void)
{
    static const char *const keys[] = { "sh~cat/nat/a/full/1", "sh~cat/nat/a/full/5",
                                        NULL };
    struct run_options options = usual();
    options.only_keys = keys;
    assert_refused(&options, "sh~cat/nat/a/full/5");
}

static void test_unknown_peer(void)
{
    static const char *const unknown[] = { "no-such-stack", "/bin", "/etc/passwd",
                                           "./no-such-file" };
    for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++) {
        struct run_options options = usual();
        struct run_pair pair = { { OFFERER, unknown[i] } };
        options.pairs = &pair;
        assert_refused(&options, unknown[i]);
    }
}

static void test_clock(void)
{
    struct run_options options = usual();
    struct plan *plan = make(&options);
    CU_ASSERT_EQUAL(call_of(plan, 0)->clock, LAB_CLOCK_WALL);
    CU_ASSERT_PTR_NULL(call_of(plan, 0)->clock_why);
    plan_free(plan);

    options.clock = LAB_CLOCK_VIRTUAL;
    options.calendar_ns = 5;
    options.has_kernel_random = options.audits_clock = true;
    scenarios[1].needs_wall_clock = true;
    plan = make(&options);
    const struct call_spec *call = call_of(plan, 0);
    CU_ASSERT_EQUAL(call->clock, LAB_CLOCK_VIRTUAL);
    CU_ASSERT_PTR_NULL(call->clock_why);
    CU_ASSERT_EQUAL(call->calendar_ns, 5);
    CU_ASSERT_TRUE(call->has_kernel_random);
    CU_ASSERT_TRUE(g_path_is_absolute(call->audit_path));
    CU_ASSERT_TRUE(g_str_has_suffix(call->audit_path, "/trickle/1/clock-audit.txt"));
    call = call_of(plan, 3);
    CU_ASSERT_EQUAL(call->clock, LAB_CLOCK_WALL);
    ASSERT_TEXT(call->clock_why, "the scenario says so");
    CU_ASSERT_PTR_NULL(call->audit_path);
    scenarios[1].needs_wall_clock = false;
    plan_free(plan);
}

static void test_peers_off_the_clock(void)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("rtclab-test-XXXXXX", &path, NULL);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, "#!\n", 3), 3);
    CU_ASSERT_EQUAL(fchmod(fd, 0700), 0);
    close(fd);
    struct run_options options = usual();
    options.clock = LAB_CLOCK_VIRTUAL;
    struct run_pair pair = { { OFFERER, path } };
    options.pairs = &pair;
    struct plan *plan = make(&options);
    g_autofree char *why = g_strdup_printf("%s is a script without an interpreter", path);
    for (unsigned i = 0; i < plan->calls->len; i++) {
        CU_ASSERT_EQUAL(call_of(plan, i)->clock, LAB_CLOCK_WALL);
        ASSERT_TEXT(call_of(plan, i)->clock_why, why);
    }
    plan_free(plan);
    unlink(path);
}

/* Pairs of a run share nothing but its peers. */
static void test_pairs(void)
{
    static const struct run_pair pairs[] = {
        { { OFFERER, OFFERER } },
        { { OFFERER, ANSWERER } },
        { { ANSWERER, OFFERER } },
    };
    struct run_options options = usual();
    options.pairs = pairs;
    options.n_pairs = G_N_ELEMENTS(pairs);
    struct plan *plan = make(&options);
    CU_ASSERT_EQUAL_FATAL(plan->calls->len, 3 * 3 * 3 * 4);
    CU_ASSERT_EQUAL(plan->peers->len, 2);
    /* A scenario's pairs stand together, and a pair's modes. */
    ASSERT_TEXT(call_of(plan, 2)->key, "sh~sh/nat/a/full/1");
    ASSERT_TEXT(call_of(plan, 3)->key, "sh~cat/nat/a/trickle/1");
    ASSERT_TEXT(call_of(plan, 8)->key, "cat~sh/nat/a/full/1");
    ASSERT_TEXT(call_of(plan, 9)->key, "sh~sh/nat/b/trickle/1");
    ASSERT_TEXT(call_of(plan, 8)->programs[ROLE_OFFERER], ANSWERER);
    ASSERT_TEXT(call_of(plan, 8)->names[ROLE_ANSWERER], "sh");
    CU_ASSERT_NOT_EQUAL(call_of(plan, 3)->seed, call_of(plan, 6)->seed);

    struct run_options alone = usual();
    struct plan *one = make(&alone);
    CU_ASSERT_EQUAL(call_of(one, 0)->seed, call_of(plan, 3)->seed);
    plan_free(one);
    plan_free(plan);
}

static void test_pairs_in_shards(void)
{
    static const struct run_pair pairs[] = { { { OFFERER, ANSWERER } },
                                             { { ANSWERER, OFFERER } } };
    struct run_options options = usual();
    options.pairs = pairs;
    options.n_pairs = G_N_ELEMENTS(pairs);
    options.n_shards = 5;
    unsigned n = 0;
    for (options.shard = 1; options.shard <= options.n_shards; options.shard++) {
        struct plan *shard = make(&options);
        n += shard->calls->len;
        for (unsigned i = 0; i < shard->calls->len; i++) {
            CU_ASSERT_EQUAL(call_of(shard, i)->mode, i % N_MODES);
            CU_ASSERT_EQUAL(call_of(shard, i)->seed,
                            call_of(shard, i - i % N_MODES)->seed);
        }
        plan_free(shard);
    }
    CU_ASSERT_EQUAL(n, 2 * 3 * 3 * 4);
}

/* Of calls that have a peer that is not installed (tests/lab/test_matrix.sh plans some).
 */
static void test_missing_stack(void)
{
    g_autofree char *missing = stack_describe_missing(stack_find("firefox"));
    ASSERT_TEXT(missing, "firefox (Firefox, headless) is not installed; try: "
                         "./quickstart.sh deps --all && ./quickstart.sh build");
    struct call_spec spec = {
        .scenario = &scenarios[0],
        .key = "sh~firefox/nat/a/full/1",
        .names = { "sh", "firefox" },
        .missing = missing,
    };
    g_autoptr(json_t) result = call_missing_result(&spec);
    ASSERT_TEXT(json_string_value(json_object_get(result, "outcome")), "unsupported");
    ASSERT_TEXT(json_string_value(json_object_get(result, "why")), missing);
    CU_ASSERT_TRUE(json_is_false(json_object_get(result, "as_expected")));
    CU_ASSERT_TRUE(json_is_null(json_object_get(result, "artifacts")));
}

static void test_near_names(void)
{
    static const struct run_pair pair = { { OFFERER, "chromum" } };
    struct run_options options = usual();
    options.pairs = &pair;
    assert_refused(&options, "in PATH; did you mean \"chromium\"?");
}

/* The time shim could be preloaded into the program that drives a browser: it says of
   itself that this will not do, under whatever name. */
static void test_browsers_keep_real_time(void)
{
    g_autofree char *folder = g_dir_make_tmp("rtclab-test-XXXXXX", NULL);
    g_autofree char *program =
        g_build_filename(program_folder(), "rtclab-peer-chromium", NULL);
    g_autofree char *other_name = g_build_filename(folder, "mine", NULL);
    CU_ASSERT_EQUAL_FATAL(symlink(program, other_name), 0);
    g_autofree char *why =
        g_strdup_printf("%s is a browser, whose processes keep real time", other_name);
    const struct run_pair pairs[] = { { { OFFERER, other_name } },
                                      { { OFFERER, ANSWERER } },
                                      { { OFFERER, "chromium" } } };
    struct run_options options = usual();
    options.pairs = pairs;
    options.n_pairs = G_N_ELEMENTS(pairs);
    options.clock = LAB_CLOCK_VIRTUAL;
    struct plan *plan = make(&options);
    CU_ASSERT_EQUAL(call_of(plan, 0)->clock, LAB_CLOCK_WALL);
    ASSERT_TEXT(call_of(plan, 0)->clock_why, why);
    CU_ASSERT_EQUAL(call_of(plan, 3)->clock, LAB_CLOCK_VIRTUAL);
    CU_ASSERT_PTR_NULL(call_of(plan, 3)->clock_why);
    CU_ASSERT_FALSE(call_of(plan, 3)->has_browser);
    ASSERT_TEXT(call_of(plan, 6)->clock_why,
                "chromium is a browser, whose processes keep real time");
    CU_ASSERT_TRUE(call_of(plan, 6)->has_browser);
    plan_free(plan);
    file_remove_tree(folder);
}

static const struct test tests[] = {
    { "every pair calls in each scenario and mode, as it would alone", test_pairs },
    { "shards keep the modes of a pair together", test_pairs_in_shards },
    { "a call with a peer that is not installed is unsupported, and says how to",
      test_missing_stack },
    { "a name that is near a stack's is told it", test_near_names },
    { "browsers are on the wall clock, the other pairs are not",
      test_browsers_keep_real_time },
    { "the clock is the one asked for, unless the scenario says wall", test_clock },
    { "peers that cannot be on the virtual clock have all calls on the wall clock",
      test_peers_off_the_clock },
    { "a call for each scenario, mode and repeat, repeats outermost", test_calls },
    { "a seed depends on the scenario and the repeat, not on the mode or the rest",
      test_seeds },
    { "shards are complete and disjoint, and keep modes together", test_shards },
    { "only some calls, by key, with the seeds they always have", test_only_keys },
    { "a key that names no call is refused", test_unknown_key },
    { "a peer that there is not is refused", test_unknown_peer },
};

int main(int argc, char **argv)
{
    return suite_run("plan", tests, G_N_ELEMENTS(tests), argc, argv);
}
