/* SPDX-License-Identifier: Apache-2.0 */
/* Known verdicts and what selectors choose. */
#include "probes/cases/known.h"

#include <string.h>

#include <glib/gstdio.h>
#include <unistd.h>

#include "base/error.h"
#include "probes/cases/case.h"
#include "suite.h"

static struct known *load(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("rtcprobe-known-XXXXXX", &path, NULL);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, text, -1, NULL));
    struct known *k = known_load(path, error);
    g_unlink(path);
    return k;
}

static json_t *item(const char *id, const char *status)
{
    return json_pack("{s:s, s:s}", "name", id, "status", status);
}

static const char *status_of(const json_t *of)
{
    return json_string_value(json_object_get(of, "status"));
}

static void test_known_is_known(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_known) k =
        load("{\"schema\": \"rtcprobe/known/1\", \"cases\": {\"L06\": {\"status\": "
             "\"fail\", \"reason\": \"no answer\"}}}",
             &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k);
    json_t *same = item("L06", "fail"), *better = item("L06", "pass");
    json_t *other = item("L06", "inconclusive"), *unlisted = item("L05", "fail");
    known_apply(k, same);
    known_apply(k, better);
    known_apply(k, other);
    known_apply(k, unlisted);
    ASSERT_TEXT(status_of(same), "known");
    ASSERT_TEXT(
        json_string_value(json_object_get(json_object_get(same, "known"), "reason")),
        "no answer");
    ASSERT_TEXT(status_of(better), "pass");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(better, "warnings")), 1);
    ASSERT_TEXT(status_of(other), "inconclusive");
    ASSERT_TEXT(status_of(unlisted), "fail");
    json_decref(same);
    json_decref(better);
    json_decref(other);
    json_decref(unlisted);
}

static void test_one_transport(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_known) k =
        load("{\"schema\": \"rtcprobe/known/1\", \"cases\": {"
             "\"L06\": {\"status\": \"fail\", \"reason\": \"x\"},"
             "\"L06/tcp\": {\"status\": \"pass\", \"reason\": \"y\"}}}",
             &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k);
    json_t *udp = item("L06", "fail"), *tcp = item("L06", "fail");
    json_object_set_new(udp, "transport", json_string("udp"));
    json_object_set_new(tcp, "transport", json_string("tcp"));
    known_apply(k, udp);
    known_apply(k, tcp);
    ASSERT_TEXT(status_of(udp), "known");
    ASSERT_TEXT(status_of(tcp), "fail");
    json_decref(udp);
    json_decref(tcp);
}

static void test_baseline(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_known) k =
        load("{\"schema\": \"rtcprobe/1\", \"command\": \"conform\", \"items\": ["
             "{\"name\": \"L06\", \"status\": \"fail\"},"
             "{\"name\": \"L07\", \"status\": \"known\", \"known\": {\"status\": "
             "\"inconclusive\"}}, {\"name\": \"L08\", \"status\": \"pass\"}]}",
             &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k);
    json_t *same = item("L06", "fail"), *second = item("L07", "inconclusive");
    json_t *worse = item("L08", "fail"), *still = item("L08", "pass");
    known_apply(k, same);
    known_apply(k, second);
    known_apply(k, worse);
    known_apply(k, still);
    ASSERT_TEXT(status_of(same), "known");
    ASSERT_TEXT(status_of(second), "known");
    ASSERT_TEXT(status_of(worse), "fail");
    ASSERT_TEXT(status_of(still), "pass");
    json_decref(same);
    json_decref(second);
    json_decref(worse);
    json_decref(still);
}

static void test_mistakes(void)
{
    static const struct {
        const char *text, *message;
    } mistakes[] = {
        { "{", "line 1" },
        { "{}", "/schema" },
        { "{\"schema\": \"rtcprobe/known/1\"}", "/cases: must be" },
        { "{\"schema\": \"rtcprobe/known/1\", \"cases\": {\"Z99\": {}}}",
          "/cases/Z99: is no case" },
        { "{\"schema\": \"rtcprobe/known/1\", \"cases\": {\"L06\": {\"status\": "
          "\"broken\", \"reason\": \"x\"}}}",
          "/cases/L06: must have a \"status\"" },
        { "{\"schema\": \"rtcprobe/known/1\", \"cases\": {\"L06\": {\"status\": "
          "\"fail\"}}}",
          "/cases/L06: must have a \"reason\"" },
        { "{\"schema\": \"rtcprobe/1\", \"command\": \"ping\", \"items\": []}",
          "rtcprobe conform" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(GError) error = NULL;
        CU_ASSERT_PTR_NULL(load(mistakes[i].text, &error));
        CU_ASSERT_TRUE_FATAL(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
        if (!strstr(error->message, mistakes[i].message))
            ASSERT_TEXT(error->message, mistakes[i].message);
    }
}

static void test_no_file(void)
{
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(known_load("/nonexistent/known.json", &error));
    CU_ASSERT_TRUE_FATAL(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
    ASSERT_TEXT(error->message,
                "cannot open /nonexistent/known.json: No such file or directory");
}

static bool chooses(const char *id, const char *const *selectors)
{
    const struct test_case *c = case_find(id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    return case_is_chosen(c, selectors, false, false);
}

#define SELECTORS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_selectors(void)
{
    CU_ASSERT_TRUE(chooses("L06", (const char *const[]){ NULL }));
    CU_ASSERT_TRUE(chooses("L06", SELECTORS("l06")));
    CU_ASSERT_TRUE(chooses("L06", SELECTORS("L*")));
    CU_ASSERT_TRUE(chooses("L06", SELECTORS("@allocate")));
    CU_ASSERT_TRUE(chooses("L06", SELECTORS("@must")));
    CU_ASSERT_TRUE(chooses("L06", SELECTORS("turn/5")));
    CU_ASSERT_TRUE(chooses("L06", SELECTORS("rfc8656/5")));
    CU_ASSERT_TRUE(chooses("L06", SELECTORS("!@slow")));
    CU_ASSERT_FALSE(chooses("L06", SELECTORS("S*")));
    CU_ASSERT_FALSE(chooses("L06", SELECTORS("@auth")));
    CU_ASSERT_FALSE(chooses("L06", SELECTORS("stun/5")));
    CU_ASSERT_FALSE(chooses("L06", SELECTORS("@allocate", "!L06")));
    CU_ASSERT_FALSE(chooses("L06", SELECTORS("!@allocate")));
    CU_ASSERT_TRUE(case_selector_is_known("!@allocate"));
    CU_ASSERT_FALSE(case_selector_is_known("@nonsense"));
    CU_ASSERT_FALSE(case_selector_is_known("Z99"));
    CU_ASSERT_FALSE(case_selector_is_known("turn/99"));
}

/* The table itself: an id is its group's letter and two digits, once; all rows say all.
 */
static void test_table(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t g = 0; case_groups[g]; g++) {
        for (size_t i = 0; i < case_groups[g]->n_cases; i++) {
            const struct test_case *c = &case_groups[g]->cases[i];
            CU_ASSERT_EQUAL(strlen(c->id), 3);
            CU_ASSERT_EQUAL(c->id[0], case_groups[g]->letter);
            CU_ASSERT_TRUE(g_hash_table_add(seen, (gpointer)c->id));
            CU_ASSERT_TRUE(c->title && *c->title && c->expected && *c->expected);
            CU_ASSERT_TRUE(g_str_has_prefix(c->clause, "RFC ") || c->level == CASE_GATE ||
                           c->level == CASE_REPORT);
            CU_ASSERT_TRUE(c->run != NULL);
        }
    }
}

static const struct test tests[] = {
    { "a verdict that is known does not fail; another one does", test_known_is_known },
    { "what is known of one transport goes before what is known of all",
      test_one_transport },
    { "an earlier run is a baseline, its known ones too", test_baseline },
    { "a mistake in the file is said with its place", test_mistakes },
    { "a file that is not there is said", test_no_file },
    { "selectors are ids, globs, tags and sections, and what is left out",
      test_selectors },
    { "each row of the table is whole, each id is there once", test_table },
};

int main(int argc, char **argv)
{
    return suite_run("known_verdicts", tests, G_N_ELEMENTS(tests), argc, argv);
}
