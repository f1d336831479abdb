/* SPDX-License-Identifier: Apache-2.0 */
/* Every mistake of every file is printed: nobody wants to find them one run at a time. */
#include "command/load.h"

#include <stdio.h>

#include "base/text.h"
#include "scenario/scenario.h"
#include "scenario/selection.h"

static void free_scenario(void *scenario)
{
    scenario_free(scenario);
}

static void print_problems(const GPtrArray *problems)
{
    for (guint i = 0; i < problems->len; i++) {
        g_autofree char *line = text_escape(problems->pdata[i]);
        fprintf(stderr, "%s\n", line);
    }
}

static void load_one(const struct scenario_ref *ref, struct loaded *loaded)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    struct scenario *scenario = scenario_load(ref->path, ref->id, problems);
    loaded->n_files++;
    if (scenario) {
        g_ptr_array_add(loaded->scenarios, scenario);
        return;
    }
    loaded->n_invalid++;
    loaded->n_mistakes += problems->len;
    print_problems(problems);
}

unsigned load_known_failures(const char *path, const char *folder,
                             struct known_failures **ret)
{
    *ret = NULL;
    g_autofree char *found = path ? NULL : selection_find_folder(folder, NULL);
    g_autofree char *usual =
        found ? g_build_filename(found, KNOWN_FAILURES_PATH, NULL) : NULL;
    if (!path && (!usual || !g_file_test(usual, G_FILE_TEST_EXISTS)))
        return 0;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    *ret = known_failures_load(path ? path : usual, problems);
    print_problems(problems);
    return problems->len;
}

gboolean load_scenarios(const char *folder, const char *const *selectors,
                        struct loaded *ret, GError **error)
{
    g_autofree char *found = NULL;
    if (folder || selection_needs_folder(selectors)) {
        found = selection_find_folder(folder, error);
        if (!found)
            return FALSE;
    } else {
        found = selection_find_folder(NULL, NULL); /* for the ids, if it is there */
    }
    g_autoptr(GPtrArray) refs = selection_resolve(found, selectors, error);
    if (!refs)
        return FALSE;
    *ret = (struct loaded){ .scenarios = g_ptr_array_new_with_free_func(free_scenario) };
    for (guint i = 0; i < refs->len; i++)
        load_one(refs->pdata[i], ret);
    return TRUE;
}

void loaded_keep_tagged(struct loaded *loaded, const char *tag)
{
    for (guint i = 0; i < loaded->scenarios->len;) {
        if (scenario_has_tag(loaded->scenarios->pdata[i], tag))
            i++;
        else
            g_ptr_array_remove_index(loaded->scenarios, i);
    }
}

void loaded_clear(struct loaded *loaded)
{
    if (loaded->scenarios)
        g_ptr_array_unref(loaded->scenarios);
    *loaded = (struct loaded){ 0 };
}
