/* SPDX-License-Identifier: Apache-2.0 */
/* base/file.h, in a folder of its own under the temporary one. */
#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"

static char *folder;

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void assert_content(const char *path, const char *expected)
{
    g_autofree char *content = NULL;
    CU_ASSERT_TRUE(g_file_get_contents(path, &content, NULL, NULL));
    ASSERT_TEXT(content, expected);
}

static unsigned count_entries(void)
{
    unsigned count = 0;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while (dir && g_dir_read_name(dir))
        count++;
    return count;
}

static void test_replace(void)
{
    g_autofree char *path = in_folder("result");
    CU_ASSERT_TRUE(file_replace(path, "old", 3, NULL));
    assert_content(path, "old");
    CU_ASSERT_TRUE(file_replace(path, "newer", 5, NULL));
    assert_content(path, "newer");
    CU_ASSERT_EQUAL(count_entries(), 1);
    CU_ASSERT_TRUE(file_replace(path, "", 0, NULL));
    assert_content(path, "");
    g_unlink(path);
}

/* Who hands over a folder must not choose what its report is written to. */
static void test_replace_follows_no_link(void)
{
    g_autofree char *path = in_folder("result");
    g_autofree char *beside = in_folder("result.part");
    g_autofree char *precious = in_folder("precious");
    CU_ASSERT_TRUE(g_file_set_contents(precious, "kept", -1, NULL));
    CU_ASSERT_EQUAL_FATAL(symlink("precious", beside), 0);
    CU_ASSERT_TRUE(file_replace(path, "new", 3, NULL));
    assert_content(precious, "kept");
    assert_content(path, "new");
    CU_ASSERT_FALSE(g_file_test(path, G_FILE_TEST_IS_SYMLINK));
    CU_ASSERT_EQUAL_FATAL(link(precious, beside), 0);
    CU_ASSERT_TRUE(file_replace(path, "newer", 5, NULL));
    assert_content(precious, "kept");
    assert_content(path, "newer");
    CU_ASSERT_EQUAL(count_entries(), 2);
    g_unlink(path);
    g_unlink(precious);
}

/* A limit on the size of files stands in for a full disk. */
static void test_full_disk(void)
{
    g_autofree char *path = in_folder("result");
    g_autofree char *big = g_malloc0(100000);
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE(file_replace(path, "old", 3, NULL));

    struct rlimit before;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = { .rlim_cur = 4096, .rlim_max = before.rlim_max };
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    gboolean ok = file_replace(path, big, 100000, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);

    CU_ASSERT_FALSE(ok);
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    assert_content(path, "old");
    CU_ASSERT_EQUAL(count_entries(), 1);
    g_unlink(path);
}

static void test_missing_folder(void)
{
    g_autofree char *path = in_folder("no/such/folder/result");
    g_autoptr(GError) error = NULL;
    CU_ASSERT_FALSE(file_replace(path, "x", 1, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    CU_ASSERT_TRUE(error && strstr(error->message, path));
    CU_ASSERT_TRUE(error && strstr(error->message, g_strerror(ENOENT)));
    CU_ASSERT_EQUAL(count_entries(), 0);
}

static void test_unwritable_folder(void)
{
    g_autofree char *locked = in_folder("locked");
    g_autofree char *path = in_folder("locked/result");
    g_autoptr(GError) error = NULL;
    CU_ASSERT_EQUAL(g_mkdir(locked, 0500), 0);
    /* Root may write anywhere on a disk; a process's own folder in /proc refuses it too.
     */
    const char *target = geteuid() == 0 ? "/proc/self/result" : path;
    CU_ASSERT_FALSE(file_replace(target, "x", 1, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    CU_ASSERT_TRUE(error && strstr(error->message, target));
    CU_ASSERT_EQUAL(g_rmdir(locked), 0);
}

static void test_name_is_folder(void)
{
    g_autofree char *path = in_folder("taken");
    g_autoptr(GError) error = NULL;
    CU_ASSERT_EQUAL(g_mkdir(path, 0700), 0);
    CU_ASSERT_FALSE(file_replace(path, "x", 1, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    CU_ASSERT_EQUAL(count_entries(), 1);
    g_rmdir(path);
}

static void test_json(void)
{
    g_autofree char *path = in_folder("result.json");
    g_autoptr(json_t) value =
        json_pack("{s:i,s:s,s:n}", "zebra", 1, "apple", "é", "none");
    CU_ASSERT_TRUE(file_replace_json(path, value, NULL));
    assert_content(path,
                   "{\n  \"zebra\": 1,\n  \"apple\": \"é\",\n  \"none\": null\n}\n");

    g_autoptr(GError) error = NULL;
    CU_ASSERT_FALSE(file_replace_json(path, NULL, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    g_unlink(path);
}

static void test_make_folder(void)
{
    g_autofree char *deep = in_folder("a/b/c");
    g_autofree char *top = in_folder("a");
    CU_ASSERT_TRUE(file_make_folder(deep, NULL));
    CU_ASSERT_TRUE(file_make_folder(deep, NULL));
    CU_ASSERT_TRUE(g_file_test(deep, G_FILE_TEST_IS_DIR));

    g_autofree char *file = in_folder("a/file");
    g_autofree char *below = in_folder("a/file/d");
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE(file_replace(file, "x", 1, NULL));
    CU_ASSERT_FALSE(file_make_folder(below, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    file_remove_tree(top);
    CU_ASSERT_EQUAL(count_entries(), 0);
}

static void assert_inside(const char *path, bool is_inside)
{
    g_autofree char *found = file_find_inside(folder, path);
    g_autofree char *wanted = in_folder(path);
    ASSERT_TEXT(found ? found : "-", is_inside ? wanted : "-");
}

static void test_find_inside(void)
{
    g_autofree char *deep = in_folder("a/b");
    g_autofree char *file = in_folder("a/b/file");
    g_autofree char *link = in_folder("link");
    g_autofree char *up = in_folder("a/up");
    g_autofree char *top = in_folder("a");
    CU_ASSERT_TRUE(file_make_folder(deep, NULL));
    CU_ASSERT_TRUE(g_file_set_contents(file, "", -1, NULL));
    CU_ASSERT_EQUAL_FATAL(symlink("a", link), 0);
    CU_ASSERT_EQUAL_FATAL(symlink("/", up), 0);
    assert_inside("a/b", true);
    assert_inside("a/b/file", true);
    assert_inside("a/c", false);
    assert_inside("a/../a/b", false);
    assert_inside("..", false);
    assert_inside("link/b", false);
    assert_inside("a/up/etc", false);
    assert_inside("a/up", false);
    g_unlink(link);
    file_remove_tree(top);
    CU_ASSERT_EQUAL(count_entries(), 0);
}

static void test_remove_tree(void)
{
    g_autofree char *tree = in_folder("tree");
    g_autofree char *deep = in_folder("tree/x/y");
    g_autofree char *file = in_folder("tree/x/y/.hidden");
    g_autofree char *kept = in_folder("kept");
    g_autofree char *precious = in_folder("kept/precious");
    g_autofree char *to_folder = in_folder("tree/to-folder");
    g_autofree char *to_file = in_folder("tree/x/to-file");
    g_autofree char *dangling = in_folder("tree/dangling");
    CU_ASSERT_TRUE(file_make_folder(deep, NULL));
    CU_ASSERT_TRUE(file_make_folder(kept, NULL));
    CU_ASSERT_TRUE(file_replace(file, "x", 1, NULL));
    CU_ASSERT_TRUE(file_replace(precious, "x", 1, NULL));
    CU_ASSERT_EQUAL(symlink(kept, to_folder), 0);
    CU_ASSERT_EQUAL(symlink(precious, to_file), 0);
    CU_ASSERT_EQUAL(symlink("/nowhere/at/all", dangling), 0);

    file_remove_tree(tree);
    CU_ASSERT_FALSE(g_file_test(tree, G_FILE_TEST_EXISTS));
    assert_content(precious, "x");
    file_remove_tree(tree); /* what is not there is no error */

    /* A link itself goes, and what it points at stays. */
    CU_ASSERT_EQUAL(symlink(kept, tree), 0);
    file_remove_tree(tree);
    CU_ASSERT_FALSE(g_file_test(tree, G_FILE_TEST_IS_SYMLINK));
    assert_content(precious, "x");
    file_remove_tree(kept);
    CU_ASSERT_EQUAL(count_entries(), 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "replacing leaves the new content and nothing beside it", test_replace },
        { "replacing follows no link", test_replace_follows_no_link },
        { "what is found inside a folder is there, through no link", test_find_inside },
        { "a full disk leaves the old content and nothing beside it", test_full_disk },
        { "a missing folder is an error that names the path", test_missing_folder },
        { "an unwritable folder is an error that names the path",
          test_unwritable_folder },
        { "a folder of that name is not replaced", test_name_is_folder },
        { "JSON keeps the order of its keys", test_json },
        { "folders are made with their parents", test_make_folder },
        { "removing a tree does not follow links", test_remove_tree },
    };
    g_autoptr(GError) error = NULL;
    folder = g_dir_make_tmp("rtclab-file-XXXXXX", &error);
    if (!folder)
        g_error("%s", error->message);
    int status = suite_run("file", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(folder);
    g_free(folder);
    return status;
}
