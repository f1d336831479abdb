/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls sorted into groups: one scenario between the same two peers, by mode and repeat.
 * Names come from files that others may have written; a call without them is left out.
 */
#include "reports/compare.h"

#include "reports/call_words.h"

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
        const char *scenario = call_text(call, "scenario", NULL);
        const char *offerer = call_text(call, "offerer", NULL);
        const char *answerer = call_text(call, "answerer", NULL);
        int mode = mode_from_name(call_text(call, "mode", NULL));
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
