/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: against a golden file (golden.h), and read again as RFC 4180 says. */
#include "suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "golden.h"
#include "hostile_results.h"
#include "reports/csv.h"

static json_t *load_results(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/report/%s.json", TEST_DATA, name);
    json_t *results = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    return results;
}

static size_t count_columns(void)
{
    size_t n = 0;
    while (csv_column(n))
        n++;
    return n;
}

/* Records of fields, RFC 4180 section 2. */
static GPtrArray *read_csv(const char *text)
{
    GPtrArray *records =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    while (*text) {
        GPtrArray *record = g_ptr_array_new_with_free_func(g_free);
        for (bool is_last = false; !is_last;) {
            GString *field = g_string_new(NULL);
            if (*text == '"') {
                for (text++; *text != '"' || text[1] == '"'; text++) {
                    CU_ASSERT_TRUE_FATAL(*text != '\0');
                    g_string_append_c(field, *text);
                    text += *text == '"';
                }
                text++;
            } else {
                size_t size = strcspn(text, ",\"\r\n");
                g_string_append_len(field, text, (gssize)size);
                text += size;
            }
            g_ptr_array_add(record, g_string_free(field, FALSE));
            is_last = *text == '\r';
            CU_ASSERT_TRUE_FATAL(is_last ? text[1] == '\n' : *text == ',');
            text += is_last ? 2 : 1;
        }
        g_ptr_array_add(records, record);
    }
    return records;
}

static const char *cell(const GPtrArray *records, guint row, const char *column)
{
    size_t c = 0;
    while (csv_column(c) && strcmp(csv_column(c), column) != 0)
        c++;
    const GPtrArray *record = records->pdata[row];
    CU_ASSERT_TRUE_FATAL(c < record->len);
    return record->pdata[c];
}

static void test_golden(void)
{
    g_autoptr(json_t) results = load_results("ci");
    g_autofree char *text = csv_format(results);
    assert_golden_file("report/ci.csv", text);
}

static void test_cells(void)
{
    g_autoptr(json_t) results = load_results("ci");
    json_t *first = json_array_get(json_object_get(results, "calls"), 0);
    json_object_set_new(first, "setup_parts_ms", json_pack("{s:f}", "dtls", 12.5));
    json_object_set_new(json_object_get(results, "run"), "costs",
                        json_pack("{s:{s:f}}",
                                  json_string_value(json_object_get(first, "key")),
                                  "call_ms", 3.25));
    g_autofree char *text = csv_format(results);
    g_autoptr(GPtrArray) records = read_csv(text);
    CU_ASSERT_EQUAL(records->len, 1 + 18);
    for (guint r = 0; r < records->len; r++)
        CU_ASSERT_EQUAL(((GPtrArray *)records->pdata[r])->len, count_columns());
    for (size_t c = 0; c < count_columns(); c++)
        ASSERT_TEXT(cell(records, 0, csv_column(c)), csv_column(c));
    ASSERT_TEXT(cell(records, 1, "setup_ms"), "212.5");
    ASSERT_TEXT(cell(records, 1, "dtls_ms"), "12.5");
    ASSERT_TEXT(cell(records, 1, "cost_call_ms"), "3.25");
    ASSERT_TEXT(cell(records, 1, "as_expected"), "true");
    ASSERT_TEXT(cell(records, 1, "offerer_local"), "srflx");
    ASSERT_TEXT(cell(records, 1, "flaky"), "");
    ASSERT_TEXT(cell(records, 10, "setup_ms"), ""); /* never 0 */
    ASSERT_TEXT(cell(records, 10, "cause"), "every check was filtered by home-b/nat");
    ASSERT_TEXT(cell(records, 13, "flaky"), "true");
    ASSERT_TEXT(cell(records, 13, "attempts"), "2");
}

static void test_columns_are_distinct(void)
{
    for (size_t a = 0; csv_column(a); a++)
        for (size_t b = 0; b < a; b++)
            CU_ASSERT_STRING_NOT_EQUAL(csv_column(a), csv_column(b));
}

static void test_strings(void)
{
    static const struct {
        const char *text, *cell;
    } rows[] = {
        { "a,b", "a,b" },
        { "say \"x\"", "say \"x\"" },
        { "a\r\nb", "a\\x0d\\x0ab" },
        { "=1+1", "'=1+1" },
        { "+1", "'+1" },
        { "-1", "'-1" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "\t=1", "\\x09=1" },
        { "\xef\xbc\x9d"
          "1",
          "'\xef\xbc\x9d"
          "1" },
        { "a=1", "a=1" },
        { "", "" },
        { " x", " x" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(json_t) results = json_pack("{s:[{s:s, s:s, s:f}]}", "calls", "key",
                                              "k", "why", rows[i].text, "setup_ms", -1.5);
        g_autofree char *text = csv_format(results);
        g_autoptr(GPtrArray) records = read_csv(text);
        ASSERT_TEXT(cell(records, 1, "why"), rows[i].cell);
        ASSERT_TEXT(cell(records, 1, "setup_ms"), "-1.5"); /* a number is no formula */
    }
}

static void test_hostile_strings(void)
{
    g_autoptr(json_t) results = load_results("ci");
    for (size_t i = 0; i < hostile_n_strings; i++) {
        g_autoptr(json_t) hostile = hostile_results(results, hostile_strings[i]);
        g_autofree char *text = csv_format(hostile);
        g_autoptr(GPtrArray) records = read_csv(text);
        CU_ASSERT_EQUAL(records->len, 1 + 18);
        for (guint r = 0; r < records->len; r++) {
            const GPtrArray *record = records->pdata[r];
            CU_ASSERT_EQUAL(record->len, count_columns());
            for (guint c = 0; c < record->len; c++)
                CU_ASSERT_TRUE(!strchr("=+-@", *(char *)record->pdata[c]) ||
                               !*(char *)record->pdata[c]);
        }
    }
}

static const struct test tests[] = {
    { "a row a call", test_golden },
    { "each value is in its column, and what is not there is empty", test_cells },
    { "columns have distinct names", test_columns_are_distinct },
    { "texts come back, and none is a formula", test_strings },
    { "strings of peers make no cells", test_hostile_strings },
};

int main(int argc, char **argv)
{
    return suite_run("csv", tests, G_N_ELEMENTS(tests), argc, argv);
}
