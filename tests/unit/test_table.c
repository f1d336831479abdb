/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a run against golden files (golden.h): tests/data/report/NAME.json must
 * give NAME.WIDTH.txt.
 */
#include "suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "golden.h"
#include "reports/table.h"

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

static void assert_golden(const char *name, const char *kind, struct table_style style)
{
    g_autofree char *file = g_strdup_printf("report/%s.%s.txt", name, kind);
    g_autofree char *text = format_results(name, style);
    assert_golden_file(file, text);
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

static void test_clocks(void)
{
    assert_golden("clocks", "100", (struct table_style){ .width = 100 });
}

/* Ten repeats: one time-out among them, ten, and a difference that may be none. */
static void test_intervals(void)
{
    assert_golden("intervals", "100", (struct table_style){ .width = 100 });
    assert_golden("intervals", "60", (struct table_style){ .width = 60 });
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
    assert_golden("repeats", "100", (struct table_style){ .width = 100 });
}

/* Seven stacks, each calling each, on the narrowest usual terminal. */
static void test_pairs(void)
{
    assert_golden("pairs", "80", (struct table_style){ .width = 80 });
}

static void test_pairs_in_blocks(void)
{
    assert_golden("pairs", "40", (struct table_style){ .width = 40 });
}

static void assert_grids_fit(unsigned width)
{
    g_autofree char *text =
        format_results("pairs", (struct table_style){ .width = width });
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line && !g_str_has_prefix(*line, "Unsupported"); line++)
        CU_ASSERT_TRUE(text_width(*line) <= width);
}

static void test_grids_keep_within_the_width(void)
{
    for (unsigned width = 30; width <= 120; width += 5)
        assert_grids_fit(width);
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

static struct table_style style_on_terminal(unsigned short columns)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    CU_ASSERT_TRUE_FATAL(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
    int terminal = open(ptsname(fd), O_RDWR | O_NOCTTY);
    CU_ASSERT_TRUE_FATAL(terminal >= 0);
    struct winsize size = { .ws_col = columns, .ws_row = 24 };
    CU_ASSERT_EQUAL(ioctl(terminal, TIOCSWINSZ, &size), 0);
    struct table_style style = table_style_for(terminal);
    close(terminal);
    close(fd);
    return style;
}

static void test_terminal_has_its_way(void)
{
    g_setenv("TERM", "xterm", TRUE);
    g_unsetenv("NO_COLOR");
    CU_ASSERT_EQUAL(style_on_terminal(73).width, 73);
    CU_ASSERT_EQUAL(style_on_terminal(0).width, 100);
    CU_ASSERT_TRUE(style_on_terminal(73).colour);
    g_setenv("NO_COLOR", "", TRUE); /* no-color.org: empty is not set */
    CU_ASSERT_TRUE(style_on_terminal(73).colour);
    g_setenv("NO_COLOR", "1", TRUE);
    CU_ASSERT_FALSE(style_on_terminal(73).colour);
    g_unsetenv("NO_COLOR");
    g_setenv("TERM", "dumb", TRUE);
    CU_ASSERT_FALSE(style_on_terminal(73).colour);
    g_unsetenv("TERM");
    CU_ASSERT_FALSE(style_on_terminal(73).colour);
}

static json_t *call_of(unsigned repeat, const char *outcome, const char *type)
{
    g_autofree char *key = g_strdup_printf("nice~nice/a/full/%u", repeat);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:b, s:s,"
                     " s:{s:{s:s}, s:{s:s}}}",
                     "key", key, "scenario", "a", "offerer", "nice", "answerer", "nice",
                     "mode", "full", "repeat", (int)repeat, "outcome", outcome,
                     "as_expected", strcmp(outcome, "connected") == 0, "why", "",
                     "selected", "offerer", "local", type, "answerer", "local", "host");
}

/* When everything fails, the first calls say why. */
static void test_long_lists_are_cut(void)
{
    json_t *calls = json_array();
    for (unsigned i = 1; i <= 23; i++)
        json_array_append_new(calls, call_of(i, "timeout", "host"));
    json_t *results = json_pack("{s:o, s:{s:b}}", "calls", calls, "run", "complete", 1);
    struct table_style style = { .width = 100, .folder = "out" };
    g_autofree char *text = table_format(results, &style);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  nice~nice/a/full/20\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "  nice~nice/a/full/21\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  and 3 more: see results.json\n"));
    json_decref(results);
}

/* Of pairs that were selected equally often the first is named. */
static void test_first_of_equals_is_named(void)
{
    json_t *results =
        json_pack("{s:[o, o], s:{s:b}}", "calls", call_of(1, "connected", "srflx"),
                  call_of(2, "connected", "relay"), "run", "complete", 1);
    struct table_style style = { .width = 100, .folder = "out" };
    g_autofree char *text = table_format(results, &style);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "2/2 srflx~host+1"));
    json_decref(results);
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
        { "\xe2\x81\xa6", "\\u2066" }, /* left-to-right isolate */
        { "\xe2\x80\xa8", "\\u2028" }, /* line separator */
        { "\xd8\x9c", "\\u061c" },     /* Arabic letter mark */
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
                                         "a=b:~/x",
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
    /* Bash, though not POSIX, expands this one. */
    g_autofree char *path = text_quote_word("a:~/x");
    ASSERT_TEXT(path, "'a:~/x'");
    g_autofree char *plain = text_quote_word(words[0]);
    ASSERT_TEXT(plain, words[0]);
}

static const struct test tests[] = {
    { "what the virtual clock could not do, what bypassed it, what it need not repeat",
      test_clocks },
    { "a scenario is a line, a long id one more", test_wide },
    { "at 80 columns the cells stand below the id", test_stacked },
    { "enough repeats give intervals, and time-outs leave them open", test_intervals },
    { "in a narrow terminal each cell is a line", test_list },
    { "calls whose packets were late say so", test_late },
    { "repeats are counted, and the savings paired", test_repeats },
    { "several pairs have a grid for each scenario, seven stacks fit 80 columns",
      test_pairs },
    { "a grid that is too wide comes in blocks", test_pairs_in_blocks },
    { "grids keep within the width", test_grids_keep_within_the_width },
    { "strings of peers cannot disturb the terminal", test_hostile },
    { "no calls give one line", test_empty },
    { "the table keeps within the width", test_width_is_kept },
    { "colours change nothing else", test_colours_change_nothing_else },
    { "what is no terminal is 100 columns without colours", test_no_terminal_is_plain },
    { "a terminal has its width, and colours if it wants them",
      test_terminal_has_its_way },
    { "a long list of failures is cut", test_long_lists_are_cut },
    { "of equally frequent pairs the first is named", test_first_of_equals_is_named },
    { "control characters are escaped", test_escape },
    { "widths count characters, not bytes", test_width_counts_characters },
    { "quoted words survive a shell", test_quoted_words_survive_a_shell },
};

int main(int argc, char **argv)
{
    return suite_run("table", tests, G_N_ELEMENTS(tests), argc, argv);
}
