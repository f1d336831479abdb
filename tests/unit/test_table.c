/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a run against golden files: tests/data/report/NAME.json must give
 * NAME.WIDTH.txt. A difference is shown as one; the text as it is now is left in the
 * temporary folder, to be copied over when the change is wanted.
 */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "reports/table.h"
#include "reports/text.h"

static json_t *load_results(const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/report/%s.json", TEST_DATA, name);
    json_t *results = json_load_file(path, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    return results;
}

static char *format_results(const char *name, struct table_style style)
{
    g_autoptr(json_t) results = load_results(name);
    style.folder = "rtclab-out/run";
    return table_format(results, &style);
}

static void show_difference(const char *golden, const char *text)
{
    g_autofree char *base = g_path_get_basename(golden);
    g_autofree char *actual = g_build_filename(g_get_tmp_dir(), base, NULL);
    CU_ASSERT_TRUE(g_file_set_contents(actual, text, -1, NULL));
    char *argv[] = { "diff", "-u", (char *)golden, actual, NULL };
    g_autofree char *shown = NULL;
    if (g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &shown, NULL,
                     NULL, NULL))
        printf("\n%s", shown);
}

static void assert_golden(const char *name, const char *kind, struct table_style style)
{
    g_autofree char *golden =
        g_strdup_printf("%s/report/%s.%s.txt", TEST_DATA, name, kind);
    g_autofree char *wanted = NULL;
    g_autofree char *text = format_results(name, style);
    g_file_get_contents(golden, &wanted, NULL, NULL);
    if (g_strcmp0(text, wanted) != 0)
        show_difference(golden, text);
    CU_ASSERT_STRING_EQUAL(text, wanted ? wanted : "");
}

static void assert_width(const char *text, unsigned width)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && !g_str_has_prefix(*line, "Not as"); line++)
        CU_ASSERT_TRUE(text_width(*line) <= width);
}

static void test_wide(void)
{
    assert_golden("basic", "100", (struct table_style){ .width = 100 });
}

static void test_stacked(void)
{
    assert_golden("basic", "80", (struct table_style){ .width = 80 });
}

static void test_list(void)
{
    assert_golden("basic", "40", (struct table_style){ .width = 40 });
}

static void test_late(void)
{
    assert_golden("late", "100", (struct table_style){ .width = 100 });
}

static void test_repeats(void)
{
    assert_golden(
        "repeats", "100",
        (struct table_style){ .width = 100,
                              .rerun_command = "bin/rtclab run --peers nice,./my-peer" });
}

static void test_hostile(void)
{
    assert_golden("hostile", "100", (struct table_style){ .width = 100 });
}

static void test_empty(void)
{
    assert_golden("empty", "100", (struct table_style){ .width = 100 });
}

static void test_width_is_kept(void)
{
    for (unsigned width = 60; width <= 120; width += 20) {
        g_autofree char *text =
            format_results("basic", (struct table_style){ .width = width });
        assert_width(text, width);
    }
}

/* Without its colours the coloured text is the plain text. */
static void test_colours_change_nothing_else(void)
{
    g_autofree char *plain =
        format_results("basic", (struct table_style){ .width = 100 });
    g_autofree char *coloured =
        format_results("basic", (struct table_style){ .width = 100, .colour = true });
    CU_ASSERT_PTR_NOT_NULL(strstr(coloured, "\033[32mfailed (expected)\033[0m"));
    CU_ASSERT_PTR_NOT_NULL(strstr(coloured, "\033[1;31mtimeout!\033[0m"));
    CU_ASSERT_PTR_NULL(strchr(plain, '\033'));
    g_autoptr(GRegex) codes = g_regex_new("\033\\[[0-9;]*m", 0, 0, NULL);
    g_autofree char *stripped =
        g_regex_replace_literal(codes, coloured, -1, 0, "", 0, NULL);
    ASSERT_TEXT(stripped, plain);
}

static void test_no_terminal_is_plain(void)
{
    int pipe_fds[2];
    CU_ASSERT_EQUAL_FATAL(pipe(pipe_fds), 0);
    struct table_style style = table_style_for(pipe_fds[1]);
    CU_ASSERT_EQUAL(style.width, 100);
    CU_ASSERT_FALSE(style.colour);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void test_escape(void)
{
    static const struct {
        const char *text, *escaped;
    } rows[] = {
        { NULL, "" },
        { "plain", "plain" },
        { "\033[2J\n\t\x7f", "\\x1b[2J\\x0a\\x09\\x7f" },
        { "\xc2\x9b", "\\x9b" },       /* C1: a one-byte CSI for some terminals */
        { "\xe2\x80\xae", "\\u202e" }, /* right-to-left override */
        { "\xff\xc3", "\\xff\\xc3" },  /* no UTF-8 */
        { "\xc3\xa9\xe8\xaa\x9e", "\xc3\xa9\xe8\xaa\x9e" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *escaped = text_escape(rows[i].text);
        ASSERT_TEXT(escaped, rows[i].escaped);
    }
}

static void test_width_counts_characters(void)
{
    CU_ASSERT_EQUAL(text_width("abc"), 3);
    CU_ASSERT_EQUAL(text_width("\xc3\xa9"), 1);
    CU_ASSERT_EQUAL(text_width("e\xcc\x81"), 1);    /* e and a combining accent */
    CU_ASSERT_EQUAL(text_width("\xe8\xaa\x9e"), 2); /* a wide character */
}

/* What a shell reads back is what went in. */
static void test_quoted_words_survive_a_shell(void)
{
    static const char *const words[] = { "nice~nice/nat/a~b/full/1",
                                         "",
                                         "~",
                                         "a=~/x",
                                         "it's $HOME",
                                         "a b\n",
                                         "*",
                                         "\\",
                                         "-n" };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *quoted = text_quote_word(words[i]);
        g_autofree char *command = g_strdup_printf("printf '%%s' %s", quoted);
        char *argv[] = { "/bin/sh", "-c", command, NULL };
        g_autofree char *out = NULL;
        CU_ASSERT_TRUE_FATAL(
            g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &out, NULL, NULL, NULL));
        ASSERT_TEXT(out, words[i]);
    }
    g_autofree char *plain = text_quote_word(words[0]);
    ASSERT_TEXT(plain, words[0]);
}

static const struct test tests[] = {
    { "a scenario is a line, a long id one more", test_wide },
    { "at 80 columns the cells stand below the id", test_stacked },
    { "in a narrow terminal each cell is a line", test_list },
    { "calls whose packets were late say so", test_late },
    { "repeats are counted, and the savings paired", test_repeats },
    { "strings of peers cannot disturb the terminal", test_hostile },
    { "no calls give one line", test_empty },
    { "the table keeps within the width", test_width_is_kept },
    { "colours change nothing else", test_colours_change_nothing_else },
    { "what is no terminal is 100 columns without colours", test_no_terminal_is_plain },
    { "control characters are escaped", test_escape },
    { "widths count characters, not bytes", test_width_counts_characters },
    { "quoted words survive a shell", test_quoted_words_survive_a_shell },
};

int main(int argc, char **argv)
{
    return suite_run("table", tests, G_N_ELEMENTS(tests), argc, argv);
}
