/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series is the calls of one scenario and two peers in this plan, which has all of them
 * or none where repeats may be left out (shards.h). Calls that cannot be made are no
 * observation.
 *
 * A mode that differs between them has all modes repeated: a repeat is a paired
 * experiment, and stays whole.
 */
#include "call/repeats.h"

#include <string.h>

enum { N_FIRST = 2 };

struct series {
    const struct call_spec *spec; /* one of them */
    bool may_be_same;             /* there is nothing in it that depends on the seed */
    unsigned repeats[N_FIRST];    /* their numbers; 0: there are no two */
    unsigned n_open;              /* calls of these that have not ended */
    bool differs;
    json_t *results[N_MODES]; /* of the first of the two that has ended */
    bool is_compared[N_MODES];
};

struct repeats {
    const struct plan *plan;
    bool runs_all;
    GPtrArray *all;         /* struct series */
    struct series **series; /* of each call, by its index in the plan */
};

static const struct call_spec *spec_of(const struct repeats *repeats, unsigned call)
{
    return &g_array_index(repeats->plan->calls, struct call_spec, call);
}

static void series_free(gpointer data)
{
    struct series *series = data;
    for (unsigned mode = 0; mode < N_MODES; mode++)
        json_decref(series->results[mode]);
    g_free(series);
}

static struct series *find_series(const struct repeats *repeats, const char *scenario_id,
                                  const char *offerer, const char *answerer)
{
    for (unsigned i = 0; i < repeats->all->len; i++) {
        struct series *series = repeats->all->pdata[i];
        const struct call_spec *spec = series->spec;
        if (strcmp(spec->scenario->id, scenario_id) == 0 &&
            strcmp(spec->names[ROLE_OFFERER], offerer) == 0 &&
            strcmp(spec->names[ROLE_ANSWERER], answerer) == 0)
            return series;
    }
    return NULL;
}

static bool is_first(const struct series *series, const struct call_spec *spec)
{
    return spec->repeat == series->repeats[0] || spec->repeat == series->repeats[1];
}

static void add_call(struct repeats *repeats, unsigned call)
{
    const struct call_spec *spec = spec_of(repeats, call);
    struct series *series =
        find_series(repeats, spec->scenario->id, spec->names[ROLE_OFFERER],
                    spec->names[ROLE_ANSWERER]);
    if (!series) {
        series = g_new0(struct series, 1);
        series->spec = spec;
        series->may_be_same = !repeats->runs_all && spec->clock == LAB_CLOCK_VIRTUAL &&
                              !spec->has_kernel_random && !spec->missing &&
                              !scenario_has_chance(spec->scenario);
        g_ptr_array_add(repeats->all, series);
    }
    repeats->series[call] = series;
    for (unsigned i = 0; i < N_FIRST && !is_first(series, spec); i++)
        if (series->repeats[i] == 0)
            series->repeats[i] = spec->repeat;
    if (is_first(series, spec))
        series->n_open++;
}

struct repeats *repeats_new(const struct plan *plan, bool runs_all)
{
    struct repeats *repeats = g_new0(struct repeats, 1);
    repeats->plan = plan;
    repeats->runs_all = runs_all;
    repeats->all = g_ptr_array_new_with_free_func(series_free);
    repeats->series = g_new0(struct series *, plan->calls->len + 1);
    for (unsigned i = 0; i < plan->calls->len; i++)
        add_call(repeats, i);
    return repeats;
}

void repeats_free(struct repeats *repeats)
{
    g_ptr_array_unref(repeats->all);
    g_free(repeats->series);
    g_free(repeats);
}

static bool is_same_series(const struct series *series)
{
    if (!series->may_be_same || series->differs || series->n_open > 0)
        return false;
    bool is_compared = false;
    for (unsigned mode = 0; mode < N_MODES; mode++) {
        if (series->results[mode] && !series->is_compared[mode])
            return false; /* of this mode the plan has only one of the two */
        is_compared |= series->is_compared[mode];
    }
    return is_compared;
}

enum repeats_verdict repeats_ask(const struct repeats *repeats, unsigned call)
{
    const struct call_spec *spec = spec_of(repeats, call);
    const struct series *series = repeats->series[call];
    if (!series->may_be_same || is_first(series, spec) || series->differs)
        return REPEATS_RUN;
    if (series->n_open > 0)
        return REPEATS_WAIT;
    return is_same_series(series) ? REPEATS_SKIP : REPEATS_RUN;
}

void repeats_take(struct repeats *repeats, unsigned call, const json_t *result)
{
    const struct call_spec *spec = spec_of(repeats, call);
    struct series *series = repeats->series[call];
    if (!series->may_be_same || !is_first(series, spec))
        return;
    series->n_open--;
    if (!series->results[spec->mode]) {
        series->results[spec->mode] = json_incref((json_t *)result);
        return;
    }
    series->is_compared[spec->mode] = true;
    series->differs |= !repeats_compare(series->results[spec->mode], result);
}

bool repeats_are_same(const struct repeats *repeats, const char *scenario_id,
                      const char *offerer, const char *answerer)
{
    const struct series *series = find_series(repeats, scenario_id, offerer, answerer);
    return series && is_same_series(series);
}

bool repeats_compare(const json_t *result, const json_t *other)
{
    static const char *const keys[] = { "outcome", "setup_ms", "phases_ms", "selected" };
    const char *outcome = json_string_value(json_object_get(result, "outcome"));
    if (g_strcmp0(outcome, outcome_names[OUTCOME_ERROR]) == 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (!json_equal(json_object_get(result, keys[i]),
                        json_object_get(other, keys[i])))
            return false;
    return true;
}
