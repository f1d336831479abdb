/* SPDX-License-Identifier: Apache-2.0 */
/*
 * junit.xml: against golden files (golden.h), and by xmllint against
 * tests/data/schema/junit.rng. RTCLAB_JUNIT_XSD may name a schema file of a CI system,
 * against which all documents are held, too.
 */
#include "suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "golden.h"
#include "hostile_results.h"
#include "reports/junit.h"

static json_t *load_results(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/report/%s.json", TEST_DATA, name);
    json_t *results = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    return results;
}

static bool has_xmllint(void)
{
    g_autofree char *path = g_find_program_in_path("xmllint");
    if (!path)
        printf("\n  skipped: xmllint is not installed (libxml2-utils)");
    return path != NULL;
}

/* Whether xmllint takes it; what it says otherwise is shown if it should have. */
static bool is_valid(const char *kind, const char *schema, const char *xml,
                     bool is_wanted)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("junit-XXXXXX", &path, NULL);
    CU_ASSERT_TRUE_FATAL(fd >= 0 && file_write_all(fd, xml, strlen(xml)));
    close(fd);
    char *argv[] = { "xmllint",      "--noout", "--nonet", (char *)kind,
                     (char *)schema, path,      NULL };
    g_autofree char *said = NULL;
    int status = -1;
    CU_ASSERT_TRUE(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                                &said, &status, NULL));
    unlink(path);
    if ((status == 0) != is_wanted)
        printf("\n%.2000s", said);
    return status == 0;
}

static bool is_valid_by_all(const char *xml)
{
    const char *xsd = g_getenv("RTCLAB_JUNIT_XSD");
    return is_valid("--relaxng", TEST_DATA "/schema/junit.rng", xml, true) &&
           (!xsd || is_valid("--schema", xsd, xml, true));
}

static void test_golden(void)
{
    g_autoptr(json_t) results = load_results("ci");
    g_autofree char *xml = junit_format(results);
    assert_golden_file("report/ci.junit.xml", xml);
}

static void test_hostile_golden(void)
{
    g_autoptr(json_t) results = load_results("hostile");
    g_autofree char *xml = junit_format(results);
    assert_golden_file("report/hostile.junit.xml", xml);
}

static void test_validity(void)
{
    static const char *const names[] = { "basic",   "ci",   "clocks", "empty",
                                         "hostile", "late", "pairs",  "repeats" };
    if (!has_xmllint())
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(json_t) results = load_results(names[i]);
        g_autofree char *xml = junit_format(results);
        CU_ASSERT_TRUE(is_valid_by_all(xml));
    }
}

/* Each string of the results in turn, and then all, is what a peer would like to say. */
static void test_hostile_strings(void)
{
    if (!has_xmllint())
        return;
    g_autoptr(json_t) results = load_results("ci");
    for (size_t i = 0; i < hostile_n_strings; i++) {
        g_autoptr(json_t) hostile = hostile_results(results, hostile_strings[i]);
        g_autofree char *xml = junit_format(hostile);
        CU_ASSERT_TRUE(g_utf8_validate(xml, -1, NULL));
        CU_ASSERT_TRUE(is_valid_by_all(xml));
    }
}

/* The schema of ours would notice. */
static void test_schema_can_fail(void)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        { "<failure ", "<failed " },
        { " classname=\"", " class=\"" },
        { " tests=\"", " tests=\"-" },
        { "</testsuites>", "<testcase/></testsuites>" },
        { " type=\"timeout\"", "" },
        { " time=\"2", " time=\"1e" },
        { "<skipped ", "<error message=\"e\" type=\"e\"/><skipped " },
    };
    if (!has_xmllint())
        return;
    g_autoptr(json_t) results = load_results("ci");
    g_autofree char *xml = junit_format(results);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) parts = g_strsplit(xml, rows[i].from, 2);
        CU_ASSERT_EQUAL_FATAL(g_strv_length(parts), 2);
        g_autofree char *broken = g_strjoinv(rows[i].to, parts);
        CU_ASSERT_FALSE(
            is_valid("--relaxng", TEST_DATA "/schema/junit.rng", broken, false));
    }
}

static unsigned count_of(const char *xml, const char *what)
{
    unsigned n = 0;
    for (const char *at = xml; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* The totals are those of what stands below them. */
static void test_totals(void)
{
    g_autoptr(json_t) results = load_results("ci");
    g_autofree char *xml = junit_format(results);
    g_autofree char *head =
        g_strdup_printf("<testsuites name=\"rtclab\" tests=\"%u\" failures=\"%u\""
                        " errors=\"%u\" time=\"",
                        count_of(xml, "<testcase "), count_of(xml, "<failure "),
                        count_of(xml, "<error "));
    CU_ASSERT_PTR_NOT_NULL(strstr(xml, head));
    CU_ASSERT_EQUAL(count_of(xml, "<testcase "), 18 + 2); /* calls, baseline's changes */
    CU_ASSERT_EQUAL(count_of(xml, "<skipped "), 2);
}

static void test_incomplete(void)
{
    g_autoptr(json_t) results = load_results("ci");
    json_object_set_new(json_object_get(results, "run"), "complete", json_false());
    g_autofree char *xml = junit_format(results);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(xml, "<error message=\"the run is not complete\" type=\"incomplete\"/>"));
    json_object_set_new(json_object_get(results, "run"), "interrupted", json_true());
    g_autofree char *interrupted = junit_format(results);
    CU_ASSERT_PTR_NOT_NULL(strstr(interrupted, "message=\"the run was interrupted\""));
}

static void test_inconclusive(void)
{
    g_autoptr(json_t) results = load_results("ci");
    json_object_set_new(json_object_get(results, "baseline"), "verdict",
                        json_string("inconclusive"));
    g_autofree char *xml = junit_format(results);
    CU_ASSERT_PTR_NOT_NULL(strstr(xml, "<testcase name=\"verdict\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(xml, "type=\"inconclusive\"/>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(xml, "make more repeats"));

    json_object_set_new(json_object_get(results, "baseline"), "compared",
                        json_integer(0));
    g_autofree char *idle = junit_format(results);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(idle, "message=\"no call of this run is in the baseline"));
}

static const struct test tests[] = {
    { "each thing that a call can come to has its element", test_golden },
    { "strings of peers are text", test_hostile_golden },
    { "what is written is valid", test_validity },
    { "it is valid whatever the strings hold", test_hostile_strings },
    { "a document that is not as the schema says is noticed", test_schema_can_fail },
    { "totals are those of what stands below them", test_totals },
    { "a run that is not complete is an error", test_incomplete },
    { "so is a baseline that tells nothing", test_inconclusive },
};

int main(int argc, char **argv)
{
    return suite_run("junit", tests, G_N_ELEMENTS(tests), argc, argv);
}
