/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack that is not installed is left out of "all", and told; one that is named is not:
 * its calls are then "unsupported". One that is there but does not speak is taken, so
 * that its calls show what is wrong.
 */
#include "command/pairs.h"

#include <string.h>

#include "base/error.h"
#include "call/stacks.h"
#include "command/run_options.h"
#include "peer/stack.h"

bool pairs_have_all(const char *peers)
{
    g_auto(GStrv) names = g_strsplit(peers, ",", -1);
    return g_strv_contains((const char *const *)names, STACK_ALL);
}

static void add_once(GPtrArray *names, const char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, (gpointer)name);
}

/* What "all" stands for in a role. */
static GPtrArray *list_all(enum role role, const GPtrArray *keys, const GPtrArray *stacks)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < keys->len; i++) {
        const struct call_key *key = keys->pdata[i];
        add_once(names, role == ROLE_OFFERER ? key->offerer : key->answerer);
    }
    for (guint i = 0; keys->len == 0 && i < stacks->len; i++) {
        const struct stack_status *stack = stacks->pdata[i];
        if (stack->presence != STACK_MISSING)
            g_ptr_array_add(names, stack->name);
    }
    return names;
}

static void choose_from_keys(const GPtrArray *keys, GArray *pairs)
{
    for (guint i = 0; i < keys->len; i++) {
        const struct call_key *key = keys->pdata[i];
        bool is_known = false;
        for (guint p = 0; p < pairs->len && !is_known; p++) {
            const struct run_pair *pair = &g_array_index(pairs, struct run_pair, p);
            is_known = strcmp(pair->peers[ROLE_OFFERER], key->offerer) == 0 &&
                       strcmp(pair->peers[ROLE_ANSWERER], key->answerer) == 0;
        }
        struct run_pair pair = { { key->offerer, key->answerer } };
        if (!is_known)
            g_array_append_val(pairs, pair);
    }
}

static void choose_from_text(const char *peers, const GPtrArray *keys,
                             const GPtrArray *stacks, GArray *pairs)
{
    g_auto(GStrv) words = g_strsplit(peers, ",", 2);
    GPtrArray *names[N_ROLES];
    for (unsigned role = 0; role < N_ROLES; role++) {
        const char *word = words[role] ? words[role] : words[0];
        if (strcmp(word, STACK_ALL) == 0) {
            names[role] = list_all(role, keys, stacks);
        } else {
            names[role] = g_ptr_array_new();
            g_ptr_array_add(names[role], (gpointer)g_intern_string(word));
        }
    }
    for (guint o = 0; o < names[ROLE_OFFERER]->len; o++)
        for (guint a = 0; a < names[ROLE_ANSWERER]->len; a++) {
            struct run_pair pair = { { names[ROLE_OFFERER]->pdata[o],
                                       names[ROLE_ANSWERER]->pdata[a] } };
            g_array_append_val(pairs, pair);
        }
    for (unsigned role = 0; role < N_ROLES; role++)
        g_ptr_array_unref(names[role]);
}

static GArray *list_left_out(const GPtrArray *stacks)
{
    GArray *left_out = g_array_new(FALSE, FALSE, sizeof(struct run_left_out));
    for (guint i = 0; stacks && i < stacks->len; i++) {
        const struct stack_status *stack = stacks->pdata[i];
        struct run_left_out entry = { stack->name, stack->detail };
        if (stack->presence == STACK_MISSING)
            g_array_append_val(left_out, entry);
    }
    return left_out;
}

gboolean pairs_choose(const char *peers, const GPtrArray *keys, const GPtrArray *stacks,
                      struct run_options *ret, GError **error)
{
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct run_pair));
    if (peers)
        choose_from_text(peers, keys, stacks, pairs);
    else
        choose_from_keys(keys, pairs);
    if (pairs->len == 0) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "--peers " STACK_ALL ": no stack is installed; see rtclab doctor");
        g_array_unref(pairs);
        return FALSE;
    }
    GArray *left_out = list_left_out(stacks);
    ret->n_pairs = pairs->len;
    ret->pairs = (const struct run_pair *)(void *)g_array_free(pairs, FALSE);
    ret->n_left_out = left_out->len;
    ret->left_out = (const struct run_left_out *)(void *)g_array_free(left_out, FALSE);
    return TRUE;
}

void pairs_clear(struct run_options *options)
{
    g_free((void *)options->pairs);
    g_free((void *)options->left_out);
}
