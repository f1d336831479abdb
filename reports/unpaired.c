/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever runs a few scenarios against a baseline of all has a change for each mode of
 * each other one. They say one thing, and would hide what changed.
 */
#include "reports/unpaired.h"

#include <string.h>

#include <glib.h>

#include "reports/baseline.h"
#include "reports/baseline_groups.h"

enum { MAX_NAMED = 3 };

static bool is_kind(const json_t *change, enum baseline_kind kind)
{
    return strcmp(baseline_text(change, "kind"), baseline_kind_names[kind]) == 0;
}

bool unpaired_is(const json_t *change)
{
    return is_kind(change, BASELINE_MISSING) || is_kind(change, BASELINE_NEW);
}

char *unpaired_format(const json_t *baseline, bool is_new)
{
    enum baseline_kind kind = is_new ? BASELINE_NEW : BASELINE_MISSING;
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) text = g_string_new(NULL);
    long long calls = 0;
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(baseline, "changes"), i, change)
    {
        if (!is_kind(change, kind))
            continue;
        calls += json_integer_value(json_object_get(change, is_new ? "after" : "before"));
        const char *name = baseline_text(change, "scenario");
        if (g_hash_table_add(names, (char *)name) &&
            g_hash_table_size(names) <= MAX_NAMED)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", name);
    }
    unsigned n_names = g_hash_table_size(names);
    if (n_names == 0)
        return NULL;
    if (n_names > MAX_NAMED)
        g_string_append_printf(text, " and %u more", n_names - MAX_NAMED);
    const char *what = is_new       ? "that the baseline does not have"
                       : calls == 1 ? "of the baseline was not made in this run"
                                    : "of the baseline were not made in this run";
    return g_strdup_printf("%lld call%s %s: %s", calls, calls == 1 ? "" : "s", what,
                           text->str);
}
