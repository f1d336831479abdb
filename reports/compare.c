/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes of a scenario compared, as a paired experiment: the calls of one repeat share
 * their seed, hence their network's chance, so the difference between two modes is taken
 * within a repeat and its median over the repeats. That is not the difference of the
 * medians, which would put the network's chance back in.
 *
 * Only connected calls are paired or have a set-up time; a call that failed slowly says
 * nothing about what trickle saves. Every difference is kept beside its median.
 *
 * Nothing here judges whether a difference means anything, and a sample is never dropped.
 */
#include "reports/compare.h"

#include <stdlib.h>

const char *const compare_mode_names[COMPARE_N_MODES] = {
    [COMPARE_TRICKLE] = "trickle",
    [COMPARE_HALF] = "half",
    [COMPARE_FULL] = "full",
};

static void call_group_free(void *data)
{
    struct call_group *group = data;
    for (int mode = 0; mode < COMPARE_N_MODES; mode++)
        g_ptr_array_unref(group->calls[mode]);
    g_free(group);
}

static struct call_group *call_group_new(const char *scenario, const char *offerer,
                                         const char *answerer)
{
    struct call_group *group = g_new0(struct call_group, 1);
    group->scenario = scenario;
    group->offerer = offerer;
    group->answerer = answerer;
    for (int mode = 0; mode < COMPARE_N_MODES; mode++)
        group->calls[mode] = g_ptr_array_new();
    return group;
}

static const char *text_of(const json_t *call, const char *key)
{
    return json_string_value(json_object_get(call, key));
}

static json_int_t repeat_of(const json_t *call)
{
    return json_integer_value(json_object_get(call, "repeat"));
}

static int by_repeat(const void *a, const void *b)
{
    json_int_t left = repeat_of(*(json_t *const *)a);
    json_int_t right = repeat_of(*(json_t *const *)b);
    return (left > right) - (left < right);
}

static int mode_from_name(const char *name)
{
    for (int mode = 0; mode < COMPARE_N_MODES; mode++)
        if (g_strcmp0(name, compare_mode_names[mode]) == 0)
            return mode;
    return -1;
}

GPtrArray *compare_group_calls(const json_t *calls)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(call_group_free);
    /* No name in results.json holds a newline: scenario ids are paths, peers are words.
     */
    g_autoptr(GHashTable) known =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        const char *scenario = text_of(call, "scenario");
        const char *offerer = text_of(call, "offerer");
        const char *answerer = text_of(call, "answerer");
        int mode = mode_from_name(text_of(call, "mode"));
        if (!scenario || !offerer || !answerer || mode < 0)
            continue;
        char *key = g_strjoin("\n", scenario, offerer, answerer, NULL);
        struct call_group *group = g_hash_table_lookup(known, key);
        if (group) {
            g_free(key);
        } else {
            group = call_group_new(scenario, offerer, answerer);
            g_ptr_array_add(groups, group);
            g_hash_table_insert(known, key, group);
        }
        g_ptr_array_add(group->calls[mode], call);
    }
    for (guint g = 0; g < groups->len; g++) {
        struct call_group *group = groups->pdata[g];
        for (int mode = 0; mode < COMPARE_N_MODES; mode++)
            g_ptr_array_sort(group->calls[mode], by_repeat);
    }
    return groups;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double compare_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    size_t middle = count / 2;
    return count % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

static gboolean is_connected(const json_t *call)
{
    return g_strcmp0(text_of(call, "outcome"), "connected") == 0;
}

/* Whether the call connected and its set-up time is known. */
static gboolean get_setup_ms(const json_t *call, double *ret_ms)
{
    const json_t *value = json_object_get(call, "setup_ms");
    if (!is_connected(call) || !json_is_number(value))
        return FALSE;
    *ret_ms = json_number_value(value);
    return TRUE;
}

static json_t *median_setup(const GPtrArray *calls)
{
    g_autofree double *values = g_new(double, calls->len + 1);
    size_t count = 0;
    for (guint i = 0; i < calls->len; i++)
        if (get_setup_ms(calls->pdata[i], &values[count]))
            count++;
    return count ? json_real(compare_median(values, count)) : json_null();
}

static json_t *count_connected(const GPtrArray *calls)
{
    int connected = 0;
    for (guint i = 0; i < calls->len; i++)
        connected += is_connected(calls->pdata[i]);
    return json_pack("[i, i]", connected, (int)calls->len);
}

/* What `mode` saves over full gathering: both lists are ordered by repeat. */
static json_t *paired_saving(const GPtrArray *full, const GPtrArray *mode)
{
    g_autofree double *values = g_new(double, full->len + 1);
    size_t count = 0;
    for (guint f = 0, m = 0; f < full->len && m < mode->len;) {
        json_int_t full_repeat = repeat_of(full->pdata[f]);
        json_int_t mode_repeat = repeat_of(mode->pdata[m]);
        if (full_repeat < mode_repeat) {
            f++;
        } else if (full_repeat > mode_repeat) {
            m++;
        } else {
            double full_ms, mode_ms;
            if (get_setup_ms(full->pdata[f], &full_ms) &&
                get_setup_ms(mode->pdata[m], &mode_ms))
                values[count++] = full_ms - mode_ms;
            f++;
            m++;
        }
    }
    if (count == 0)
        return json_null();
    json_t *samples = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(samples, json_real(values[i]));
    return json_pack("{s:f, s:o}", "median", compare_median(values, count), "samples",
                     samples);
}

json_t *compare_modes(const json_t *calls)
{
    json_t *comparisons = json_array();
    g_autoptr(GPtrArray) groups = compare_group_calls(calls);
    for (guint g = 0; g < groups->len; g++) {
        const struct call_group *group = groups->pdata[g];
        json_t *medians = json_object(), *connected = json_object();
        for (int mode = 0; mode < COMPARE_N_MODES; mode++) {
            const char *name = compare_mode_names[mode];
            json_object_set_new(medians, name, median_setup(group->calls[mode]));
            json_object_set_new(connected, name, count_connected(group->calls[mode]));
        }
        const GPtrArray *full = group->calls[COMPARE_FULL];
        json_array_append_new(
            comparisons,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "scenario", group->scenario,
                      "offerer", group->offerer, "answerer", group->answerer,
                      "median_setup_ms", medians, "connected", connected,
                      "trickle_saves_ms",
                      paired_saving(full, group->calls[COMPARE_TRICKLE]), "half_saves_ms",
                      paired_saving(full, group->calls[COMPARE_HALF])));
    }
    return comparisons;
}
