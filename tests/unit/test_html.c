/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the HTML report's files hold: data that no byte of a record can leave, no file but
 * the run's own, nothing of the report that was there before.
 */
#include "suite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "reports/html.h"
#include "reports/html_details.h"
#include "reports/html_index.h"

static char *folder;

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void put(const char *name, const char *text)
{
    g_autofree char *path = path_of(name);
    g_autofree char *parent = g_path_get_dirname(path);
    CU_ASSERT_EQUAL(g_mkdir_with_parents(parent, 0700), 0);
    CU_ASSERT_TRUE(g_file_set_contents(path, text, -1, NULL));
}

static char *get(const char *name)
{
    g_autofree char *path = path_of(name);
    char *text = NULL;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static gboolean exists(const char *name)
{
    g_autofree char *path = path_of(name);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static json_t *make_results(const char *timeline)
{
    json_t *results =
        json_pack("{s:s, s:{s:s}, s:{}, s:[{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:b, "
                  "s:{s:s}}], s:[]}",
                  "schema", "rtclab/results/1", "run", "id", "r", "scenarios", "calls",
                  "key", "a~b/s/trickle/1", "scenario", "s", "offerer", "a", "answerer",
                  "b", "mode", "trickle", "repeat", 1, "outcome", "connected",
                  "as_expected", 1, "artifacts", "timeline", timeline, "comparisons");
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    return results;
}

static void write_report(const json_t *results)
{
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE(html_write_report(results, folder, &error));
    CU_ASSERT_PTR_NULL(error);
}

static void assert_literal(const char *bytes, gsize size, const char *expected)
{
    g_autoptr(GString) out = g_string_new("");
    html_details_append_literal(out, bytes, size);
    ASSERT_TEXT(out->str, expected);
}

static void test_literal(void)
{
    assert_literal("", 0, "''");
    assert_literal("it's \\ \r\n</script>\"", 19, "'it\\'s \\\\ \\r\\n</script>\"'");
    assert_literal("\\'", 2, "'\\\\\\''");
    assert_literal("\xff'\xe2\x80\xa8", 5, "'\xff\\'\xe2\x80\xa8'");
}

static void test_index_is_no_markup(void)
{
    g_autoptr(json_t) results = make_results("x");
    json_t *call = json_array_get(json_object_get(results, "calls"), 0);
    json_object_set_new(call, "why", json_string("</script><!--<script>&amp;"));
    g_autoptr(json_t) index = html_index_make(results);
    g_autofree char *text = html_index_format(index);
    CU_ASSERT_PTR_NULL(strpbrk(text, "<>&"));
    g_autoptr(json_t) back = json_loads(text, 0, NULL);
    CU_ASSERT_TRUE(json_equal(back, index));
}

static void test_columns(void)
{
    g_autoptr(json_t) results = make_results("x");
    json_t *calls = json_object_get(results, "calls");
    for (int i = 2; i < 5; i++) {
        json_t *call = json_copy(json_array_get(calls, 0));
        json_object_set_new(call, "repeat", json_integer(i));
        json_object_set_new(call, "setup_ms", json_real(i + 0.12345678));
        if (i < 4) {
            g_autofree char *key = g_strdup_printf("a~b/s/trickle/%d", i);
            json_object_set_new(call, "key", json_string(key));
        }
        json_array_append_new(calls, call);
    }
    g_autoptr(json_t) index = html_index_make(results);
    json_t *columns = json_object_get(index, "columns"),
           *values = json_object_get(index, "values");
    g_autofree char *scenarios = json_dumps(json_object_get(columns, "scenario"), 0),
                    *scenario = json_dumps(json_object_get(values, "scenario"), 0),
                    *setups = json_dumps(json_object_get(columns, "setup_ms"),
                                         JSON_REAL_PRECISION(12)),
                    *keys = json_dumps(json_object_get(index, "keys"), 0);
    ASSERT_TEXT(scenarios, "[0, 0, 0, 0]");
    ASSERT_TEXT(scenario, "[\"s\"]");
    ASSERT_TEXT(setups, "[null, 2.123, 3.123, 4.123]");
    ASSERT_TEXT(keys, "{\"3\": \"a~b/s/trickle/1\"}"); /* only the one that is unusual */
}

static void test_long_texts_are_cut_in_the_index_only(void)
{
    g_autoptr(json_t) results = make_results("x");
    json_t *call = json_array_get(json_object_get(results, "calls"), 0);
    g_autofree char *why = g_malloc0(1000001);
    for (size_t i = 0; i < 1000000; i += 2)
        memcpy(why + i, "\xc3\xa9", 2);
    json_object_set_new(call, "why", json_string(why));
    write_report(results);
    g_autofree char *page = get("report/index.html"),
                    *script = get("report/calls/000000.js");
    CU_ASSERT_TRUE(strlen(page) < 600000);
    CU_ASSERT_TRUE(g_utf8_validate(page, -1, NULL));
    CU_ASSERT_TRUE(strlen(script) > 1000000);
}

static bool has_timeline(const char *path)
{
    g_autoptr(json_t) results = make_results(path);
    write_report(results);
    g_autofree char *script = get("report/calls/000000.js");
    return strstr(script, ",null,0,") == NULL;
}

static void test_timelines_of_the_run_only(void)
{
    put("calls/k/timeline.json", "{}");
    put("../rtclab-html-secret", "secret");
    g_autofree char *link = path_of("calls/link"), *up = path_of("calls/up");
    CU_ASSERT_EQUAL(symlink("../../rtclab-html-secret", link), 0);
    CU_ASSERT_EQUAL(symlink("../..", up), 0);
    CU_ASSERT_TRUE(has_timeline("calls/k/timeline.json"));
    CU_ASSERT_FALSE(has_timeline("../rtclab-html-secret"));
    CU_ASSERT_FALSE(has_timeline("calls/link"));
    CU_ASSERT_FALSE(has_timeline("calls/up/rtclab-html-secret"));
    CU_ASSERT_FALSE(has_timeline("/etc/passwd"));
    CU_ASSERT_FALSE(has_timeline("calls/k"));
    CU_ASSERT_FALSE(has_timeline("calls/none"));
    g_autofree char *secret = path_of("../rtclab-html-secret");
    unlink(secret);
}

static void test_replaces_what_was_there(void)
{
    put("report/calls/000007.js", "old");
    put("report.part/left", "by one that was killed");
    g_autoptr(json_t) results = make_results("x");
    write_report(results);
    CU_ASSERT_TRUE(exists("report/index.html"));
    CU_ASSERT_TRUE(exists("report/calls/000000.js"));
    CU_ASSERT_FALSE(exists("report/calls/000007.js"));
    CU_ASSERT_FALSE(exists("report.part"));
    CU_ASSERT_FALSE(exists("report.old"));
}

static void test_nothing_need_be_there(void)
{
    g_autoptr(json_t) results = json_object();
    g_autoptr(json_t) none = json_pack("{s:[n, s, []]}", "calls", "x");
    write_report(results);
    CU_ASSERT_FALSE(exists("report/calls/000000.js"));
    write_report(none);
    CU_ASSERT_TRUE(exists("report/calls/000002.js"));
}

static void test_a_folder_that_cannot_be_written(void)
{
    g_autoptr(json_t) results = make_results("x");
    g_autoptr(GError) error = NULL;
    put("file", "");
    g_autofree char *file = path_of("file");
    CU_ASSERT_FALSE(html_write_report(results, file, &error));
    CU_ASSERT_PTR_NOT_NULL(error);
}

static const struct test tests[] = {
    { "no byte leaves a literal", test_literal },
    { "the index has no markup in it, and is what it was", test_index_is_no_markup },
    { "what comes again is listed once", test_columns },
    { "long texts are cut in the index only", test_long_texts_are_cut_in_the_index_only },
    { "only files of the run are read", test_timelines_of_the_run_only },
    { "an older report is replaced as a whole", test_replaces_what_was_there },
    { "whatever is missing is left out", test_nothing_need_be_there },
    { "a folder that cannot be written is an error",
      test_a_folder_that_cannot_be_written },
};

int main(int argc, char **argv)
{
    g_autofree char *base = g_dir_make_tmp("rtclab-html-XXXXXX", NULL);
    folder = g_build_filename(base, "run", NULL);
    if (g_mkdir_with_parents(folder, 0700) != 0)
        return 1;
    int status = suite_run("html", tests, G_N_ELEMENTS(tests), argc, argv);
    g_free(folder);
    file_remove_tree(base);
    return status;
}
