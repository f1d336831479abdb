/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls a machine makes (harness/call/shards.h, harness/command/shard_choice.h). */
#include "suite.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "call/shards.h"
#include "command/shard_choice.h"

/* ---- dealing units out ---- */

enum { MOST_UNITS = 40 };

static struct shards_unit *make_units(struct rng *rng, unsigned n, uint64_t most)
{
    struct shards_unit *units = g_new0(struct shards_unit, n + 1);
    for (unsigned i = 0; i < n; i++) {
        units[i].name = g_strdup_printf("unit-%02u", i);
        units[i].weight = rng_below(rng, most + 1);
    }
    return units;
}

static void free_units(struct shards_unit *units, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        g_free(units[i].name);
    g_free(units);
}

static uint64_t longest(const struct shards_unit *units, unsigned n, unsigned n_shards)
{
    g_autofree uint64_t *loads = g_new0(uint64_t, n_shards);
    uint64_t most = 0;
    for (unsigned i = 0; i < n; i++) {
        CU_ASSERT_FATAL(units[i].shard >= 1 && units[i].shard <= n_shards);
        loads[units[i].shard - 1] += units[i].weight;
        most = MAX(most, loads[units[i].shard - 1]);
    }
    return most;
}

/* The shortest time possible, by trying everything. */
static uint64_t best(const struct shards_unit *units, unsigned n, unsigned n_shards)
{
    uint64_t total = 1, shortest = UINT64_MAX;
    for (unsigned i = 0; i < n; i++)
        total *= n_shards;
    for (uint64_t way = 0; way < total; way++) {
        uint64_t loads[4] = { 0 }, rest = way, most = 0;
        for (unsigned i = 0; i < n; i++, rest /= n_shards)
            loads[rest % n_shards] += units[i].weight;
        for (unsigned s = 0; s < n_shards; s++)
            most = MAX(most, loads[s]);
        shortest = MIN(shortest, most);
    }
    return shortest;
}

/* Graham's bound: 4/3 - 1/(3N) of the best. */
static void test_bound(void)
{
    struct rng rng = rng_seed(1);
    for (unsigned round = 0; round < 60; round++) {
        unsigned n_shards = 2 + round % 3, n = 5 + round % 4;
        struct shards_unit *units = make_units(&rng, n, 30);
        shards_assign(units, n, n_shards);
        CU_ASSERT(longest(units, n, n_shards) * 3 * n_shards <=
                  best(units, n, n_shards) * (4 * n_shards - 1));
        free_units(units, n);
    }
}

/* Of many units the longest shard exceeds an even share by less than one unit. */
static void test_balance(void)
{
    struct rng rng = rng_seed(2);
    for (unsigned n_shards = 1; n_shards <= 9; n_shards++) {
        struct shards_unit *units = make_units(&rng, MOST_UNITS, 1000);
        shards_assign(units, MOST_UNITS, n_shards);
        uint64_t sum = 0;
        for (unsigned i = 0; i < MOST_UNITS; i++)
            sum += units[i].weight;
        CU_ASSERT(longest(units, MOST_UNITS, n_shards) <=
                  sum / n_shards + units[0].weight);
        free_units(units, MOST_UNITS);
    }
}

static unsigned shard_of(const struct shards_unit *units, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(units[i].name, name) == 0)
            return units[i].shard;
    CU_FAIL_FATAL("there is no such unit");
    return 0;
}

/* Equal weights too: whatever order they come in, the name decides. */
static void test_order_of_units_does_not_matter(void)
{
    struct rng rng = rng_seed(3);
    struct shards_unit *units = make_units(&rng, MOST_UNITS, 3);
    shards_assign(units, MOST_UNITS, 7);
    for (unsigned round = 0; round < 10; round++) {
        struct shards_unit shuffled[MOST_UNITS];
        memcpy(shuffled, units, sizeof shuffled);
        for (unsigned i = MOST_UNITS; i-- > 1;) {
            size_t other = rng_below(&rng, i + 1);
            struct shards_unit kept = shuffled[i];
            shuffled[i] = shuffled[other];
            shuffled[other] = kept;
        }
        shards_assign(shuffled, MOST_UNITS, 7);
        for (unsigned i = 0; i < MOST_UNITS; i++)
            CU_ASSERT_EQUAL(shard_of(shuffled, MOST_UNITS, units[i].name),
                            units[i].shard);
    }
    free_units(units, MOST_UNITS);
}

/* ---- units of a plan ---- */

static struct site_config lossy_site = { .name = "home",
                                         .link = { .up = { .loss = 0.1 } } };
static struct scenario certain = { .id = (char *)"nat/certain" };
static struct scenario lossy = { .id = (char *)"link/lossy",
                                 .network = { .sites = &lossy_site, .n_sites = 1 } };
static struct scenario on_wall = { .id = (char *)"tcp/wall", .needs_wall_clock = true };

static const struct run_pair pair = { { "/bin/sh", "/bin/cat" } };

static struct run_options usual(void)
{
    return (struct run_options){
        .out = "out",
        .pairs = &pair,
        .n_pairs = 1,
        .modes = { true, true, true },
        .repeat = 5,
        .shard = 1,
        .n_shards = 1,
        .clock = LAB_CLOCK_VIRTUAL,
    };
}

static struct plan *make_plan(const struct run_options *options)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, &certain);
    g_ptr_array_add(all, &lossy);
    g_ptr_array_add(all, &on_wall);
    struct plan *plan = plan_new(all, options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    return plan;
}

/* "NAME=WEIGHT" of each unit, a blank after each. */
static char *describe_units(const struct run_options *options)
{
    struct plan *plan = make_plan(options);
    g_autoptr(GArray) units = shards_make_units(plan->calls, options);
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < units->len; i++) {
        const struct shards_unit *unit = &g_array_index(units, struct shards_unit, i);
        g_string_append_printf(text, "%s=%" G_GUINT64_FORMAT " ",
                               unit->name + strlen("sh~cat/"), unit->weight);
    }
    plan_free(plan);
    return g_string_free(text, FALSE);
}

/* Where a run may stop early all repeats are one unit, which counts what it must make. */
static void test_units(void)
{
    struct run_options options = usual();
    g_autofree char *units = describe_units(&options);
    ASSERT_TEXT(units, "nat/certain=6 link/lossy/1=3 tcp/wall/1=3 link/lossy/2=3 "
                       "tcp/wall/2=3 link/lossy/3=3 tcp/wall/3=3 link/lossy/4=3 "
                       "tcp/wall/4=3 link/lossy/5=3 tcp/wall/5=3 ");
}

static void assert_repeats_apart(const struct run_options *options)
{
    g_autofree char *units = describe_units(options);
    CU_ASSERT_PTR_NOT_NULL(strstr(units, "nat/certain/1=3 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(units, "nat/certain/5=3 "));
}

static void test_units_of_runs_that_make_all(void)
{
    struct run_options options = usual();
    options.all_repeats = true;
    assert_repeats_apart(&options);
    options = usual();
    options.has_kernel_random = true;
    assert_repeats_apart(&options);
    options = usual();
    options.clock = LAB_CLOCK_WALL;
    assert_repeats_apart(&options);
}

static void add_cost(json_t *costs, const char *key, double ms)
{
    json_object_set_new(costs, key,
                        json_pack("{s:f, s:f, s:f, s:f}", "start_up_ms", ms / 4,
                                  "call_ms", ms / 2, "teardown_ms", ms / 4, "lab_s",
                                  7.0));
}

static void test_durations(void)
{
    struct run_options options = usual();
    g_autoptr(json_t) costs = json_object();
    options.durations = costs;
    options.repeat = 3;
    /* What was left out of the earlier run weighs nothing. */
    add_cost(costs, "sh~cat/nat/certain/trickle/1", 1);
    add_cost(costs, "sh~cat/nat/certain/half/1", 2);
    add_cost(costs, "sh~cat/nat/certain/full/2", 3);
    /* What it did not have weighs as the other repeats of its mode did. */
    add_cost(costs, "sh~cat/link/lossy/trickle/1", 10);
    add_cost(costs, "sh~cat/link/lossy/trickle/2", 20);
    add_cost(costs, "sh~cat/link/lossy/half/1", 100);
    add_cost(costs, "sh~cat/link/lossy/full/1", 1000);
    /* And what is like nothing of it as all did: 1136 ms / 7. */
    g_autofree char *units = describe_units(&options);
    ASSERT_TEXT(units, "nat/certain=6000 link/lossy/1=1110000 tcp/wall/1=486855 "
                       "link/lossy/2=1120000 tcp/wall/2=486855 link/lossy/3=1115000 "
                       "tcp/wall/3=486855 ");
}

/* A call without a history stands beside those that have one. */
static void test_durations_of_what_is_new(void)
{
    struct run_options options = usual();
    g_autoptr(json_t) costs = json_object();
    options.durations = costs;
    options.repeat = 4;
    add_cost(costs, "sh~cat/link/lossy/trickle/1", 1);
    g_autofree char *units = describe_units(&options);
    CU_ASSERT_PTR_NOT_NULL(strstr(units, "nat/certain=6000 "));
    json_object_clear(costs);
    json_object_set_new(costs, "sh~cat/link/lossy/trickle/1", json_pack("[]"));
    add_cost(costs, "sh~cat/link/lossy/half/1", -5);
    g_autofree char *plain = describe_units(&options);
    CU_ASSERT_PTR_NOT_NULL(strstr(plain, "nat/certain=6 link/lossy/1=3 "));
}

/* Each machine makes its own plan; together they have every call once. */
static void test_every_call_once(void)
{
    struct run_options options = usual();
    struct plan *whole = make_plan(&options);
    for (options.n_shards = 1; options.n_shards <= 14; options.n_shards++) {
        g_autoptr(GHashTable) seen =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        unsigned shards_of_certain = 0;
        for (options.shard = 1; options.shard <= options.n_shards; options.shard++) {
            struct plan *shard = make_plan(&options);
            bool has_certain = false;
            for (unsigned i = 0; i < shard->calls->len; i++) {
                const struct call_spec *call =
                    &g_array_index(shard->calls, struct call_spec, i);
                CU_ASSERT_TRUE(g_hash_table_add(seen, g_strdup(call->key)));
                has_certain |= call->scenario == &certain;
            }
            shards_of_certain += has_certain;
            plan_free(shard);
        }
        CU_ASSERT_EQUAL(g_hash_table_size(seen), whole->calls->len);
        CU_ASSERT_EQUAL(shards_of_certain, 1);
    }
    plan_free(whole);
}

/* ---- the environment ---- */

static const char *const *environment; /* "NAME=VALUE", NULL-ended */

static const char *look_up(const char *variable)
{
    size_t size = strlen(variable);
    for (const char *const *entry = environment; *entry; entry++)
        if (strncmp(*entry, variable, size) == 0 && (*entry)[size] == '=')
            return *entry + size + 1;
    return NULL;
}

static const struct {
    const char *variables[6];
    uint64_t n_wanted;
    unsigned shard, n_shards; /* 0: an error */
    const char *words;        /* the source, or what the message has in it */
} environments[] = {
    { { NULL }, 0, 1, 1, NULL },
    { { "CI_NODE_TOTAL=1" }, 0, 1, 1, NULL }, /* GitLab without `parallel` */
    { { "CI_NODE_INDEX=", "CI_NODE_TOTAL=1" }, 0, 1, 1, NULL },
    { { "CI_NODE_INDEX=2", "CI_NODE_TOTAL=5" },
      0,
      2,
      5,
      "CI_NODE_INDEX and CI_NODE_TOTAL" },
    { { "CI_NODE_INDEX=5", "CI_NODE_TOTAL=5" },
      5,
      5,
      5,
      "CI_NODE_INDEX and CI_NODE_TOTAL" },
    { { "CI_NODE_INDEX=0", "CI_NODE_TOTAL=5" }, 0, 0, 0, "CI_NODE_INDEX must be" },
    { { "CI_NODE_INDEX=6", "CI_NODE_TOTAL=5" }, 0, 0, 0, "from 1 to 5, is \"6\"" },
    { { "CI_NODE_INDEX=2" }, 0, 0, 0, "CI_NODE_TOTAL is not set" },
    { { "CI_NODE_INDEX=2", "CI_NODE_TOTAL=5" },
      4,
      0,
      0,
      "--shards is 4 and CI_NODE_TOTAL 5" },
    { { "JOB_COMPLETION_INDEX=0", "RTCLAB_SHARDS=3" },
      0,
      1,
      3,
      "JOB_COMPLETION_INDEX and RTCLAB_SHARDS" },
    { { "JOB_COMPLETION_INDEX=2" }, 3, 3, 3, "JOB_COMPLETION_INDEX" },
    { { "JOB_COMPLETION_INDEX=2", "RTCLAB_SHARDS=9" }, 3, 3, 3, "JOB_COMPLETION_INDEX" },
    { { "JOB_COMPLETION_INDEX=2" }, 0, 0, 0, "does not tell of how many" },
    { { "JOB_COMPLETION_INDEX=3", "RTCLAB_SHARDS=3" }, 0, 0, 0, "from 0 to 2, is \"3\"" },
    { { "RTCLAB_SHARDS=3" }, 0, 1, 1, NULL }, /* not inside a Job */
    { { "SLURM_ARRAY_TASK_ID=0", "SLURM_ARRAY_TASK_MIN=0", "SLURM_ARRAY_TASK_MAX=7",
        "SLURM_ARRAY_TASK_COUNT=8" },
      0,
      1,
      8,
      "SLURM_ARRAY_TASK_ID" },
    { { "SLURM_ARRAY_TASK_ID=8", "SLURM_ARRAY_TASK_MIN=1", "SLURM_ARRAY_TASK_MAX=8",
        "SLURM_ARRAY_TASK_COUNT=8" },
      8,
      8,
      8,
      "SLURM_ARRAY_TASK_ID" },
    { { "SLURM_ARRAY_TASK_ID=30", "SLURM_ARRAY_TASK_MIN=10", "SLURM_ARRAY_TASK_MAX=40",
        "SLURM_ARRAY_TASK_COUNT=4" },
      0,
      3,
      4,
      "SLURM_ARRAY_TASK_ID" },
    { { "SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_MIN=1", "SLURM_ARRAY_TASK_MAX=7",
        "SLURM_ARRAY_TASK_COUNT=5" },
      0,
      0,
      0,
      "not evenly spaced" },
    { { "SLURM_ARRAY_TASK_ID=4", "SLURM_ARRAY_TASK_MIN=1", "SLURM_ARRAY_TASK_MAX=7",
        "SLURM_ARRAY_TASK_COUNT=4" },
      0,
      0,
      0,
      "not evenly spaced" },
    { { "SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_MIN=3", "SLURM_ARRAY_TASK_MAX=3",
        "SLURM_ARRAY_TASK_COUNT=1" },
      8,
      0,
      0,
      "--shards is 8 and SLURM_ARRAY_TASK_COUNT 1" },
    { { "SLURM_ARRAY_TASK_ID=3" }, 0, 0, 0, "SLURM_ARRAY_TASK_MIN is not set" },
    { { "SLURM_ARRAY_TASK_ID=4294967294", "SLURM_ARRAY_TASK_MIN=x" },
      0,
      0,
      0,
      "is \"x\"" },
    { { "CI_NODE_INDEX=2", "CI_NODE_TOTAL=5", "JOB_COMPLETION_INDEX=0",
        "SLURM_ARRAY_TASK_ID=1" },
      0,
      2,
      5,
      "CI_NODE_INDEX and CI_NODE_TOTAL" },
    { { NULL }, 4, 0, 0, "nothing says which" },
    { { NULL }, 1, 1, 1, NULL },
};

static void test_environments(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(environments); i++) {
        struct shard_choice choice = { 77, 77, "untouched" };
        g_autoptr(GError) error = NULL;
        environment = environments[i].variables;
        gboolean ok =
            shard_from_environment(look_up, environments[i].n_wanted, &choice, &error);
        CU_ASSERT_EQUAL(ok, environments[i].n_shards > 0);
        if (ok) {
            CU_ASSERT_EQUAL(choice.shard, environments[i].shard);
            CU_ASSERT_EQUAL(choice.n_shards, environments[i].n_shards);
            ASSERT_TEXT(choice.source, environments[i].words);
            continue;
        }
        CU_ASSERT_EQUAL(choice.shard, 77);
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_EQUAL(error->code, RTC_ERROR_USAGE);
        if (!strstr(error->message, environments[i].words))
            ASSERT_TEXT(error->message, environments[i].words);
    }
}

static const struct test tests[] = {
    { "no shard takes longer than 4/3 - 1/(3N) of the best", test_bound },
    { "of many units no shard has more than a fair share and one", test_balance },
    { "the order of units does not matter, nor do equal weights",
      test_order_of_units_does_not_matter },
    { "repeats stay together where a run may stop early", test_units },
    { "elsewhere the modes of a repeat do", test_units_of_runs_that_make_all },
    { "an earlier run's durations are the weights", test_durations },
    { "a guess is made for what it did not have", test_durations_of_what_is_new },
    { "shards have every call once", test_every_call_once },
    { "the environment says which shard, or an error says why not", test_environments },
};

int main(int argc, char **argv)
{
    return suite_run("shards", tests, G_N_ELEMENTS(tests), argc, argv);
}
