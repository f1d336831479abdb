/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a unit takes is what its calls took in an earlier run ("costs"). A call that
 * run did not have takes as long as the others of its scenario, peers and mode did, or
 * else as all did; but where repeats may be left out, and the earlier run had some of the
 * unit, it left this one out. Without an earlier run each call that must be made
 * counts 1.
 */
#include "call/shards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Repeats after so many may be left out (repeats.c). */
enum { N_NEEDED_REPEATS = 2 };

/* ---- an earlier run ---- */

struct mean {
    uint64_t sum_us, count;
};

struct history {
    const json_t *costs;  /* NULL: there is none */
    GHashTable *by_group; /* a key without its repeat: struct mean */
    struct mean all;
};

static bool get_us(const json_t *cost, uint64_t *ret_us)
{
    static const char *const parts[] = { "start_up_ms", "call_ms", "teardown_ms" };
    double ms = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        ms += json_number_value(json_object_get(cost, parts[i]));
    if (!(ms > 0) || ms > 1e9)
        return false;
    *ret_us = (uint64_t)llround(ms * 1e3);
    return true;
}

static char *group_of(const char *key)
{
    const char *slash = strrchr(key, '/');
    return slash ? g_strndup(key, (gsize)(slash - key)) : g_strdup(key);
}

static void history_init(struct history *history, const json_t *costs)
{
    *history = (struct history){ .costs = costs };
    history->by_group = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *key;
    json_t *cost;
    json_object_foreach((json_t *)costs, key, cost)
    {
        uint64_t us;
        if (!get_us(cost, &us))
            continue;
        char *group = group_of(key);
        struct mean *mean = g_hash_table_lookup(history->by_group, group);
        if (!mean) {
            mean = g_new0(struct mean, 1);
            g_hash_table_insert(history->by_group, g_strdup(group), mean);
        }
        g_free(group);
        mean->sum_us += us;
        mean->count++;
        history->all.sum_us += us;
        history->all.count++;
    }
}

static bool get_exact(const struct history *history, const char *key, uint64_t *ret_us)
{
    return get_us(json_object_get(history->costs, key), ret_us);
}

static uint64_t guess(const struct history *history, const char *key)
{
    g_autofree char *group = group_of(key);
    const struct mean *mean = g_hash_table_lookup(history->by_group, group);
    if (!mean)
        mean = &history->all;
    return mean->count ? MAX(1, mean->sum_us / mean->count) : 1;
}

/* ---- units ---- */

/* What is known of a unit while its calls are gone through. */
struct tally {
    bool may_stop_early;
    unsigned repeats[N_NEEDED_REPEATS];
    uint64_t exact_us, guess_us;
    bool has_exact;
};

/* As repeats.c decides, but by what was asked for alone: the same on every machine. */
static bool may_stop_early(const struct call_spec *spec,
                           const struct run_options *options)
{
    return !options->all_repeats && options->clock == LAB_CLOCK_VIRTUAL &&
           !options->has_kernel_random && !spec->has_browser &&
           !spec->scenario->needs_wall_clock && !scenario_has_chance(spec->scenario);
}

static bool is_needed(struct tally *tally, unsigned repeat)
{
    if (!tally->may_stop_early)
        return true;
    for (size_t i = 0; i < N_NEEDED_REPEATS; i++) {
        if (tally->repeats[i] == 0)
            tally->repeats[i] = repeat;
        if (tally->repeats[i] == repeat)
            return true;
    }
    return false;
}

static void weigh(struct tally *tally, const struct history *history,
                  const struct call_spec *spec)
{
    uint64_t us;
    bool needed = is_needed(tally, spec->repeat);
    if (get_exact(history, spec->key, &us)) {
        tally->exact_us += us;
        tally->has_exact = true;
    } else if (needed) {
        tally->guess_us += guess(history, spec->key);
    }
}

static char *name_unit(const struct call_spec *spec, bool is_whole)
{
    g_autofree char *name =
        g_strdup_printf("%s~%s/%s", spec->names[ROLE_OFFERER], spec->names[ROLE_ANSWERER],
                        spec->scenario->id);
    return is_whole ? g_steal_pointer(&name)
                    : g_strdup_printf("%s/%u", name, spec->repeat);
}

static void unit_clear(gpointer data)
{
    g_free(((struct shards_unit *)data)->name);
}

/* @param ret_unit_of the unit of each call; NULL: nobody asks */
static GArray *make_units(const GArray *calls, const struct run_options *options,
                          unsigned *ret_unit_of)
{
    GArray *units = g_array_new(FALSE, FALSE, sizeof(struct shards_unit));
    g_array_set_clear_func(units, unit_clear);
    g_autoptr(GArray) tallies = g_array_new(FALSE, TRUE, sizeof(struct tally));
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    struct history history;
    history_init(&history, options->durations);
    for (unsigned i = 0; i < calls->len; i++) {
        const struct call_spec *spec = &g_array_index(calls, struct call_spec, i);
        struct tally begun = { .may_stop_early = may_stop_early(spec, options) };
        char *name = name_unit(spec, begun.may_stop_early);
        unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(by_name, name));
        if (number == 0) {
            struct shards_unit unit = { .name = name };
            g_array_append_val(units, unit);
            g_array_append_val(tallies, begun);
            number = units->len;
            g_hash_table_insert(by_name, name, GUINT_TO_POINTER(number));
        } else {
            g_free(name);
        }
        weigh(&g_array_index(tallies, struct tally, number - 1), &history, spec);
        if (ret_unit_of)
            ret_unit_of[i] = number - 1;
    }
    g_hash_table_unref(history.by_group);
    for (unsigned u = 0; u < units->len; u++) {
        const struct tally *tally = &g_array_index(tallies, struct tally, u);
        bool was_left_out = tally->may_stop_early && tally->has_exact;
        g_array_index(units, struct shards_unit, u).weight =
            tally->exact_us + (was_left_out ? 0 : tally->guess_us);
    }
    return units;
}

GArray *shards_make_units(const GArray *calls, const struct run_options *options)
{
    return make_units(calls, options, NULL);
}

/* ---- dealing out ---- */

static int by_weight(const void *a, const void *b)
{
    const struct shards_unit *left = a, *right = b;
    if (left->weight != right->weight)
        return left->weight > right->weight ? -1 : 1;
    return strcmp(left->name, right->name);
}

void shards_assign(struct shards_unit *units, unsigned n_units, unsigned n_shards)
{
    g_autofree uint64_t *loads = g_new0(uint64_t, n_shards);
    if (n_units > 0)
        qsort(units, n_units, sizeof *units, by_weight);
    for (unsigned u = 0; u < n_units; u++) {
        unsigned least = 0;
        for (unsigned s = 1; s < n_shards; s++)
            if (loads[s] < loads[least])
                least = s;
        loads[least] += units[u].weight;
        units[u].shard = least + 1;
    }
}

unsigned *shards_deal(const GArray *calls, const struct run_options *options)
{
    unsigned *shards = g_new0(unsigned, calls->len + 1);
    g_autofree unsigned *unit_of = g_new0(unsigned, calls->len + 1);
    g_autoptr(GArray) units = make_units(calls, options, unit_of);
    g_autofree const char **names = g_new0(const char *, units->len + 1);
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned u = 0; u < units->len; u++)
        names[u] = g_array_index(units, struct shards_unit, u).name;
    shards_assign((struct shards_unit *)(void *)units->data, units->len,
                  options->n_shards);
    for (unsigned u = 0; u < units->len; u++) {
        const struct shards_unit *unit = &g_array_index(units, struct shards_unit, u);
        g_hash_table_insert(by_name, unit->name, GUINT_TO_POINTER(unit->shard));
    }
    for (unsigned i = 0; i < calls->len; i++)
        shards[i] = GPOINTER_TO_UINT(g_hash_table_lookup(by_name, names[unit_of[i]]));
    return shards;
}
