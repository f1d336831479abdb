/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.tap and summary.md against golden files (golden.h); what strings of others can
 * do to them; summaries that are cut.
 */
#include "suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "golden.h"
#include "hostile_results.h"
#include "reports/markdown.h"
#include "reports/summary.h"
#include "reports/tap.h"

static json_t *load_results(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/report/%s.json", TEST_DATA, name);
    json_t *results = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    return results;
}

static void assert_outputs(const char *name)
{
    g_autoptr(json_t) results = load_results(name);
    g_autofree char *tap = tap_format(results);
    g_autofree char *markdown = summary_format(results);
    g_autofree char *tap_file = g_strdup_printf("report/%s.tap", name);
    g_autofree char *markdown_file = g_strdup_printf("report/%s.md", name);
    assert_golden_file(tap_file, tap);
    assert_golden_file(markdown_file, markdown);
}

static void test_golden(void)
{
    assert_outputs("ci");
}

static void test_hostile_golden(void)
{
    assert_outputs("hostile");
}

static void assert_moves_no_terminal(const char *text)
{
    CU_ASSERT_TRUE_FATAL(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at; at = g_utf8_next_char(at))
        CU_ASSERT_TRUE(*at == '\n' || !text_moves_terminal(g_utf8_get_char(at)));
}

/* Lines of TAP that are no diagnostic's: a version, a comment, tests, the plan. */
static unsigned count_tap(const char *tap, unsigned *ret_others)
{
    unsigned n_tests = 0;
    *ret_others = 0;
    g_auto(GStrv) lines = g_strsplit(tap, "\n", -1);
    for (char **line = lines; *line; line++) {
        bool is_test =
            g_str_has_prefix(*line, "ok ") || g_str_has_prefix(*line, "not ok ");
        n_tests += is_test;
        *ret_others += !is_test && **line && **line != ' ';
    }
    return n_tests;
}

/* Whatever strings say, there are as many tests as there are, and one plan. */
static void test_strings_make_no_tests(void)
{
    g_autoptr(json_t) results = load_results("ci");
    g_autofree char *plain = tap_format(results);
    unsigned n_others;
    unsigned n_tests = count_tap(plain, &n_others);
    CU_ASSERT_EQUAL(n_tests, 18 + 1); /* calls, and a regression */
    CU_ASSERT_EQUAL(n_others, 3);
    for (size_t i = 0; i < hostile_n_strings; i++) {
        g_autoptr(json_t) hostile = hostile_results(results, hostile_strings[i]);
        g_autofree char *tap = tap_format(hostile);
        assert_moves_no_terminal(tap);
        CU_ASSERT_EQUAL(count_tap(tap, &n_others), n_tests);
        CU_ASSERT_EQUAL(n_others, 3);
    }
}

/* The document without its code spans and fenced blocks, in which nothing has a meaning.
 */
static char *without_code(const char *markdown)
{
    GString *out = g_string_new(NULL);
    for (const char *at = markdown; *at;) {
        size_t n = strspn(at, "`");
        if (*at == '\\' && g_ascii_ispunct(at[1])) {
            at += 2;
            continue;
        }
        if (n == 0) {
            g_string_append_c(out, *at++);
            continue;
        }
        g_autofree char *fence = g_strndup(at, n);
        const char *end = at + n;
        do {
            end = strstr(end, fence);
            CU_ASSERT_PTR_NOT_NULL_FATAL(end);
            size_t row = strspn(end, "`");
            if (row == n)
                break;
            end += row;
        } while (true);
        at = end + n;
    }
    return g_string_free(out, FALSE);
}

static unsigned count_lines(const char *text, char first)
{
    unsigned n = *text == first;
    for (const char *at = text; *at; at++)
        n += *at == '\n' && at[1] == first;
    return n;
}

static void test_strings_make_no_markup(void)
{
    static const char *const never[] = { "<script",  "<img", "](j", "](h",     "<!--",
                                         "@octocat", "://",  "<b",  "\n```\n[" };
    g_autoptr(json_t) results = load_results("ci");
    for (size_t i = 0; i < hostile_n_strings; i++) {
        g_autoptr(json_t) hostile = hostile_results(results, hostile_strings[i]);
        g_autofree char *markdown = summary_format(hostile);
        g_autofree char *prose = without_code(markdown);
        assert_moves_no_terminal(markdown);
        for (size_t k = 0; k < G_N_ELEMENTS(never); k++)
            CU_ASSERT_PTR_NULL(strstr(prose, never[k]));
        /* Headings, and rows with as many cells as the first. */
        CU_ASSERT_EQUAL(count_lines(prose, '#'), 7);
        g_auto(GStrv) lines = g_strsplit(markdown, "\n", -1);
        for (char **line = lines; *line; line++) {
            if (**line != '|')
                continue;
            unsigned n_pipes = 0;
            for (const char *at = *line; *at; at++)
                n_pipes += *at == '|' && (at == *line || at[-1] != '\\');
            CU_ASSERT_TRUE(n_pipes == 7 || n_pipes == 8);
        }
    }
}

static void test_code_spans(void)
{
    static const struct {
        const char *text, *code;
    } rows[] = {
        { "plain", "`plain`" }, { "", "`  `" },           { "a`b", "``a`b``" },
        { "`", "`` ` ``" },     { "``x", "``` ``x ```" }, { "a|b", "`a|b`" },
        { " x ", "`  x  `" },   { "a\nb", "`a\\x0ab`" },  { "<b>@x</b>", "`<b>@x</b>`" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        markdown_append_code(out, rows[i].text);
        ASSERT_TEXT(out->str, rows[i].code);
    }
    g_autoptr(GString) cell = g_string_new(NULL);
    markdown_append_cell_code(cell, "a|b");
    ASSERT_TEXT(cell->str, "`a\\|b`");
}

static void test_cut(void)
{
    g_autoptr(json_t) results = load_results("ci");
    g_autofree char *whole = summary_format(results);
    size_t size = strlen(whole);
    for (size_t most = 0; most <= size + 1; most++) {
        g_autofree char *cut = summary_cut(whole, most);
        CU_ASSERT_TRUE(strlen(cut) <= most);
        if (most >= size)
            CU_ASSERT_STRING_EQUAL(cut, whole);
        if (most >= size || !*cut)
            continue;
        CU_ASSERT_PTR_NOT_NULL(strstr(cut, "\n*Cut here: "));
        CU_ASSERT_TRUE(g_str_has_suffix(cut, "*\n"));
        g_autofree char *prose = without_code(cut); /* no fence is left open */
        CU_ASSERT_PTR_NOT_NULL(strstr(prose, "*Cut here: "));
    }
    g_autofree char *most_of_it = summary_cut(whole, size - 1);
    CU_ASSERT_TRUE(strlen(most_of_it) > size - 300);
}

/* A matrix of many scenarios is folded, and a cut in it unfolds nothing. */
static void test_folded(void)
{
    g_autoptr(json_t) results = load_results("ci");
    json_t *calls = json_object_get(results, "calls");
    json_t *first = json_array_get(calls, 0);
    for (unsigned i = 0; i < 100; i++) {
        json_t *call = json_deep_copy(first);
        g_autofree char *id = g_strdup_printf("many/%u", i);
        json_object_set_new(call, "scenario", json_string(id));
        json_array_append_new(calls, call);
    }
    g_autofree char *whole = summary_format(results);
    CU_ASSERT_PTR_NOT_NULL(strstr(whole, "<details><summary>105 rows</summary>"));
    g_autofree char *cut = summary_cut(whole, strlen(whole) - 1000);
    CU_ASSERT_PTR_NOT_NULL(strstr(cut, "\n</details>\n\n*Cut here: "));
}

static const struct test tests[] = {
    { "each thing that a call can come to stands in TAP and in the summary",
      test_golden },
    { "strings of peers are text", test_hostile_golden },
    { "strings make no tests in TAP", test_strings_make_no_tests },
    { "strings make no markup, link or mention in Markdown",
      test_strings_make_no_markup },
    { "a code span holds anything", test_code_spans },
    { "a summary is cut at a line, and says so", test_cut },
    { "a long matrix is folded, also when it is cut", test_folded },
};

int main(int argc, char **argv)
{
    return suite_run("outputs", tests, G_N_ELEMENTS(tests), argc, argv);
}
