/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors over a small tree of empty files: what they find, in which order, and not. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "scenario/selection.h"

static char *top;

static char *path_in(const char *relative)
{
    return g_build_filename(top, relative, NULL);
}

static void make(const char *relative)
{
    g_autofree char *path = path_in(relative);
    g_autofree char *folder = g_path_get_dirname(path);
    CU_ASSERT_TRUE_FATAL(file_make_folder(folder, NULL));
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, "{}", 2, NULL));
}

static void set_up(void)
{
    static const char *const files[] = {
        "scenarios/schema.json",
        "scenarios/nat/symmetric~open.json",
        "scenarios/nat/full-cone.json",
        "scenarios/link/rtt.json",
        "scenarios/link/notes.txt",
        "scenarios/.git/x.json",
        "mine/alone.json",
        "mine/deep/er.json",
        "other/alone.json",
        "far/a/b/c/d.json",
        "empty/readme",
    };
    top = g_dir_make_tmp("selection-XXXXXX", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(top);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        make(files[i]);
}

static void tear_down(void)
{
    file_remove_tree(top);
    g_clear_pointer(&top, g_free);
}

/* The ids that a list of selectors finds, or the error's message with the tree's path
   as T. An "@" at a selector's front stands for the tree. */
static char *resolve(const char *const *selectors)
{
    g_autofree char *folder = path_in("scenarios");
    g_autoptr(GPtrArray) full = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; selectors[i]; i++)
        g_ptr_array_add(full, *selectors[i] == '@' ? path_in(selectors[i] + 1)
                                                   : g_strdup(selectors[i]));
    g_ptr_array_add(full, NULL);
    g_autoptr(GError) error = NULL;
    GPtrArray *refs = selection_resolve(folder, (const char *const *)full->pdata, &error);
    GString *out = g_string_new(NULL);
    if (refs) {
        for (unsigned i = 0; i < refs->len; i++) {
            const struct scenario_ref *ref = g_ptr_array_index(refs, i);
            g_string_append_printf(out, "%s%s", i ? " " : "", ref->id);
            CU_ASSERT_TRUE(g_file_test(ref->path, G_FILE_TEST_IS_REGULAR));
        }
        g_ptr_array_unref(refs);
    } else {
        CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
        g_string_append(out, error->message);
        g_string_replace(out, top, "T", 0);
    }
    return g_string_free(out, FALSE);
}

static const struct selector_case {
    const char *selectors[4];
    const char *found;
} cases[] = {
    { { NULL }, "link/rtt nat/full-cone nat/symmetric~open" },
    { { "nat/full-cone" }, "nat/full-cone" },
    { { "*" }, "link/rtt nat/full-cone nat/symmetric~open" },
    { { "*~*" }, "nat/symmetric~open" },
    { { "nat/*", "link/rtt" }, "nat/full-cone nat/symmetric~open link/rtt" },
    { { "nat/symmetric~open", "nat/*" }, "nat/symmetric~open nat/full-cone" },
    { { "nat" }, "nat/full-cone nat/symmetric~open" },
    { { "@scenarios/nat/full-cone.json" }, "nat/full-cone" },
    { { "@scenarios/link/../nat/full-cone.json", "nat/full-cone" }, "nat/full-cone" },
    { { "@scenarios/nat" }, "nat/full-cone nat/symmetric~open" },
    { { "@mine/alone.json" }, "alone" },
    { { "@mine" }, "alone deep/er" },
    { { "@far" }, "a/b/c/d" },
    { { "@mine", "nat/full-cone" }, "alone deep/er nat/full-cone" },
    /* what is not there */
    { { "nat/full-con" },
      "nat/full-con: no scenario in T/scenarios, no glob over their ids, .json file or "
      "folder; did you mean \"nat/full-cone\"?" },
    { { "tcp/*" },
      "tcp/*: no scenario in T/scenarios, no glob over their ids, .json file or folder "
      "(see rtclab list)" },
    { { "nat/*", "" }, "a selector must name scenarios, is empty" },
    { { "/dev/null" },
      "/dev/null: must be named *.json to be taken for a scenario file" },
    { { "nat/*", "@none.json" }, "T/none.json: must be a scenario file, is missing" },
    { { "@empty" }, "T/empty: must be a folder with scenarios, has no *.json" },
    { { "@mine/alone.json", "@other/alone.json" },
      "T/other/alone.json: must have an id of its own, is \"alone\" as "
      "T/mine/alone.json" },
};

static void test_selectors(void)
{
    set_up();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = resolve(cases[i].selectors);
        ASSERT_TEXT(found, cases[i].found);
    }
    tear_down();
}

static void test_no_folder(void)
{
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(selection_resolve("/nonexistent", NULL, &error));
    CU_ASSERT_TRUE_FATAL(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
    ASSERT_TEXT(error->message,
                "/nonexistent: must be the folder of the scenarios, is missing");
}

static void test_without_folder(void)
{
    set_up();
    g_autofree char *mine = path_in("mine");
    g_autofree char *file = path_in("other/alone.json");
    const char *by_path[] = { file, NULL };
    const char *by_folder[] = { mine, NULL };
    const char *by_id[] = { file, "nat/full-cone", NULL };
    CU_ASSERT_FALSE(selection_needs_folder(by_path));
    CU_ASSERT_FALSE(selection_needs_folder(by_folder));
    CU_ASSERT_TRUE(selection_needs_folder(by_id));
    CU_ASSERT_TRUE(selection_needs_folder(NULL));
    GPtrArray *refs = selection_resolve(NULL, by_path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(refs);
    CU_ASSERT_EQUAL_FATAL(refs->len, 1);
    ASSERT_TEXT(((struct scenario_ref *)refs->pdata[0])->id, "alone");
    g_ptr_array_unref(refs);
    CU_ASSERT_PTR_NULL(selection_resolve(NULL, by_id, NULL));
    tear_down();
}

static void assert_found(const char *explicit_folder, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = selection_find_folder(explicit_folder, &error);
    ASSERT_TEXT(found ? found : error->message, expected);
}

static void test_find_folder(void)
{
    set_up();
    g_autofree char *old = g_get_current_dir();
    g_autofree char *mine = path_in("mine");
    g_autofree char *file = path_in("mine/alone.json");
    g_autofree char *no_folder =
        g_strconcat(file, ": must be the folder of the scenarios, is no folder", NULL);
    CU_ASSERT_EQUAL_FATAL(g_chdir(top), 0);
    g_unsetenv("RTCLAB_SCENARIOS");
    assert_found(NULL, "scenarios");
    assert_found(mine, mine);
    assert_found(file, no_folder);
    g_setenv("RTCLAB_SCENARIOS", mine, TRUE);
    assert_found(NULL, mine);
    assert_found("scenarios", "scenarios");
    g_setenv("RTCLAB_SCENARIOS", "/nonexistent", TRUE);
    assert_found(NULL, "/nonexistent: must be the folder of the scenarios "
                       "(RTCLAB_SCENARIOS), is missing");
    g_unsetenv("RTCLAB_SCENARIOS");
    CU_ASSERT_EQUAL_FATAL(g_chdir(old), 0);
    tear_down();
}

static const struct test tests[] = {
    { "selectors find files in order, each once", test_selectors },
    { "a missing scenario folder is an error", test_no_folder },
    { "paths need no scenario folder", test_without_folder },
    { "the folder is named, set, here or beside the program", test_find_folder },
};

int main(int argc, char **argv)
{
    return suite_run("selection", tests, G_N_ELEMENTS(tests), argc, argv);
}
