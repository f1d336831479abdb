/* SPDX-License-Identifier: Apache-2.0 */
/* Options as both programs parse them, on a table of its own. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/options.h"

struct values {
    const char *user;
    bool is_ipv4;
    uint64_t seed;
};

static const struct option table[] = {
    { .name = "user",
      .letter = 'u',
      .argument = "USER",
      .help = "Who we are",
      .take = option_take_text,
      .offset = offsetof(struct values, user) },
    { .name = "ipv4",
      .letter = '4',
      .help = "IPv4 only",
      .take = option_take_flag,
      .offset = offsetof(struct values, is_ipv4) },
    { .name = "seed",
      .argument = "N",
      .preset = "7",
      .help = "What chance starts from, in a text so long that it must be broken",
      .take = option_take_seed,
      .offset = offsetof(struct values, seed),
      .changes_a_call = true },
};
static const struct option_list list = { table, G_N_ELEMENTS(table) };

/* What a command line, split at blanks, comes to: its mistake, or "USER 4? SEED WORDS".
 */
static char *parse(const char *line)
{
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    struct values values = { 0 };
    struct arguments arguments;
    g_autoptr(GError) error = NULL;
    char *said = NULL;
    if (options_parse(&list, argv, &values, &arguments, &error)) {
        g_autofree char *words = g_strjoinv(",", (char **)arguments.words->pdata);
        said = g_strdup_printf("%s %s %u [%s]%s", values.user ? values.user : "-",
                               values.is_ipv4 ? "4" : "-", (unsigned)values.seed, words,
                               arguments.rerun->str);
        CU_ASSERT_EQUAL(options_were_given(&list, &arguments, "user"),
                        values.user != NULL);
    } else {
        CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
        said = g_strdup(error->message);
    }
    arguments_clear(&arguments);
    return said;
}

static void test_letters_and_names(void)
{
    static const struct {
        const char *line, *comes_to;
    } rows[] = {
        { "a b", "- - 7 [a,b]" },
        { "--user me a", "me - 7 [a]" },
        { "-u me a", "me - 7 [a]" },
        { "-ume a", "me - 7 [a]" },
        { "-u=me", "=me - 7 []" },
        { "--user=me --user=you", "you - 7 []" },
        { "-u -4 -4", "-4 4 7 []" },
        { "--seed=9 -4", "- 4 9 [] --seed 9" },
        { "a - -- -u", "- - 7 [a,-]" },
        { "-44", "--ipv4 takes no argument" },
        { "--ipv4=yes", "--ipv4 takes no argument" },
        { "-u", "--user needs its argument USER" },
        { "--user=", "--user must not be empty" },
        { "-x", "there is no option -x" },
        { "-n 3", "there is no option -n" },
        { "--usre me", "there is no option --usre; did you mean --user?" },
        { "--u me", "there is no option --u" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *said = parse(rows[i].line);
        ASSERT_TEXT(said, rows[i].comes_to);
    }
}

static void test_help_is_aligned(void)
{
    g_autofree char *help = options_format_help(&list);
    ASSERT_TEXT(help,
                "  -u, --user USER  Who we are\n"
                "  -4, --ipv4       IPv4 only\n"
                "      --seed N     What chance starts from, in a text so long that it "
                "must be\n"
                "                   broken (7)\n");
    const struct option_list last = { table + 2, 1 };
    g_autofree char *bare = options_format_help(&last);
    CU_ASSERT_TRUE(g_str_has_prefix(bare, "  --seed N  What"));
}

static const struct test tests[] = {
    { "options are found by their names and letters", test_letters_and_names },
    { "help is aligned and fits 80 columns", test_help_is_aligned },
};

int main(int argc, char **argv)
{
    return suite_run("options", tests, G_N_ELEMENTS(tests), argc, argv);
}
