/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. Options are declared once; here they are held against the help text
 * and the manual page. Then the program itself is run on what people mistype: what it
 * says is one line, which these tables hold.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/stacks.h"
#include "command/command.h"
#include "command/list.h"
#include "command/run_options.h"
#include "scenario/scenario.h"

/* Not inlined: GCC 12 would warn of a dangling pointer to `text` that nobody keeps. */
G_GNUC_NO_INLINE static char *read_manual(void)
{
    char *text = NULL;
    CU_ASSERT_TRUE_FATAL(
        g_file_get_contents(TEST_DATA "/../../harness/rtclab.1", &text, NULL, NULL));
    return text;
}

/* The manual's part on a command: from its ".SS NAME" to the next heading. */
static char *manual_part(const char *manual, const char *name)
{
    g_autofree char *heading = g_strdup_printf("\n.SS %s\n", name);
    const char *start = strstr(manual, heading);
    if (!start)
        return NULL;
    start += strlen(heading);
    const char *end = strstr(start, "\n.S");
    return end ? g_strndup(start, (gsize)(end - start)) : g_strdup(start);
}

/* The option as the manual writes it: its dashes escaped, then its end or a blank. */
static void assert_in_manual(const char *part, const char *command, const char *option)
{
    g_auto(GStrv) words = g_strsplit(option, "-", -1);
    g_autofree char *escaped = g_strjoinv("\\\\-", words);
    g_autofree char *pattern = g_strdup_printf("\n\\.BI? \\\\-\\\\-%s[ \n]", escaped);
    if (g_regex_match_simple(pattern, part, 0, 0))
        return;
    g_autofree char *what =
        g_strdup_printf("%s --%s is not in harness/rtclab.1", command, option);
    ASSERT_TEXT(what, "");
}

static void test_options_are_documented(void)
{
    g_autofree char *manual = read_manual();
    unsigned n_options = 0;
    for (size_t i = 0; command_table[i]; i++) {
        const struct command *command = command_table[i];
        g_autofree char *part = manual_part(manual, command->name);
        g_autofree char *help = program_format_help(&rtclab_program, command);
        CU_ASSERT_PTR_NOT_NULL_FATAL(part);
        for (size_t o = 0; o < command->options.count; o++) {
            const struct option *option = &command->options.options[o];
            g_autofree char *usage =
                g_strdup_printf(" --%s%s%s ", option->name, option->argument ? " " : "",
                                option->argument ? option->argument : "");
            CU_ASSERT_PTR_NOT_NULL(strstr(help, usage));
            assert_in_manual(part, command->name, option->name);
            n_options++;
        }
    }
    CU_ASSERT_TRUE(n_options > RUN_N_OPTIONS);
}

/* Nothing in the manual that is not in the tables. */
static void test_manual_invents_no_option(void)
{
    g_autofree char *manual = read_manual();
    unsigned documented = 0, declared = 0;
    g_autoptr(GRegex) tagged = g_regex_new("\\.TP\n\\.BI? \\\\-\\\\-[a-z]", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_regex_match(tagged, manual, 0, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL))
        documented++;
    for (size_t i = 0; command_table[i]; i++)
        declared += (unsigned)command_table[i]->options.count;
    CU_ASSERT_EQUAL(documented, declared);
}

static void test_help_fits_80_columns(void)
{
    for (size_t i = 0; command_table[i]; i++) {
        g_autofree char *help = program_format_help(&rtclab_program, command_table[i]);
        g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
        for (char **line = lines; *line; line++)
            CU_ASSERT_TRUE(strlen(*line) <= 80);
    }
}

/* Runs the built rtclab, which stands beside this test. */
static int run_rtclab(const char *arguments, char **ret_out, char **ret_err)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(self);
    g_autofree char *folder = g_path_get_dirname(self);
    g_autofree char *program = g_build_filename(folder, "rtclab", NULL);
    g_autofree char *command = g_strdup_printf("%s %s", program, arguments);
    int status = 0;
    CU_ASSERT_TRUE_FATAL(
        g_spawn_command_line_sync(command, ret_out, ret_err, &status, NULL));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_mistakes_are_one_line(void)
{
    static const struct {
        const char *arguments;
        int status;
        const char *message;
    } rows[] = {
        { "run --repeat x", 2,
          "rtclab run: --repeat must be a whole number from 1 to 100000, is \"x\" (see "
          "rtclab help run)\n" },
        { "run --repeat=0", 2,
          "rtclab run: --repeat must be a whole number from 1 to 100000, is \"0\" (see "
          "rtclab help run)\n" },
        { "run --modes trickle,fulll", 2,
          "rtclab run: --modes must be some of trickle,half,full, is \"trickle,fulll\" "
          "(see rtclab help run)\n" },
        { "run --clock sun", 2,
          "rtclab run: --clock must be virtual or wall, is \"sun\" (see rtclab help "
          "run)\n" },
        { "run --calendar 2025-01-01", 2,
          "rtclab run: --calendar must be a UTC time from 1970 to 2199 such as "
          "2025-01-01T00:00:00Z, is \"2025-01-01\" (see rtclab help run)\n" },
        { "run --calendar 2025-02-30T00:00:00Z", 2,
          "rtclab run: --calendar must be a UTC time from 1970 to 2199 such as "
          "2025-01-01T00:00:00Z, is \"2025-02-30T00:00:00Z\" (see rtclab help run)\n" },
        { "run --calendar 2300-01-01T00:00:00Z", 2,
          "rtclab run: --calendar must be a UTC time from 1970 to 2199 such as "
          "2025-01-01T00:00:00Z, is \"2300-01-01T00:00:00Z\" (see rtclab help run)\n" },
        { "run --calendar=2025-01-01T00:00:00+01:00", 2,
          "rtclab run: --calendar must be a UTC time from 1970 to 2199 such as "
          "2025-01-01T00:00:00Z, is \"2025-01-01T00:00:00+01:00\" (see rtclab help "
          "run)\n" },
        { "run --kernel-random=yes", 2,
          "rtclab run: --kernel-random takes no argument (see rtclab help run)\n" },
        { "run --shard 3/2", 2,
          "rtclab run: --shard must be K/N with K from 1 to N, is \"3/2\" (see rtclab "
          "help run)\n" },
        { "run --timeout nan", 2,
          "rtclab run: --timeout must be a number of seconds above 0 and up to 86400, is "
          "\"nan\" (see rtclab help run)\n" },
        { "run --peers nice,", 2,
          "rtclab run: --peers must be OFFERER or OFFERER,ANSWERER, is \"nice,\" (see "
          "rtclab help run)\n" },
        { "run --seed 18446744073709551616", 2,
          "rtclab run: --seed must be a whole number from 0 to 18446744073709551615, is "
          "\"18446744073709551616\" (see rtclab help run)\n" },
        { "run --out", 2,
          "rtclab run: --out needs its argument DIR (see rtclab help run)\n" },
        { "run --color", 2,
          "rtclab run: there is no option --color (see rtclab help run)\n" },
        { "run --repeats=3", 2,
          "rtclab run: there is no option --repeats; did you mean --repeat? (see rtclab "
          "help run)\n" },
        { "run --help=1", 2,
          "rtclab run: --help takes no argument (see rtclab help run)\n" },
        { "run --timeout 0x10", 2,
          "rtclab run: --timeout must be a number of seconds above 0 and up to 86400, is "
          "\"0x10\" (see rtclab help run)\n" },
        { "run --timeout 1.2.3", 2,
          "rtclab run: --timeout must be a number of seconds above 0 and up to 86400, is "
          "\"1.2.3\" (see rtclab help run)\n" },
        { "run --timeout .", 2,
          "rtclab run: --timeout must be a number of seconds above 0 and up to 86400, is "
          "\".\" (see rtclab help run)\n" },
        { "run --jobs 0", 2,
          "rtclab run: --jobs must be a whole number from 1 to 1000, is \"0\" (see "
          "rtclab "
          "help run)\n" },
        { "run --modes ''", 2,
          "rtclab run: --modes must name a mode, is empty (see rtclab help run)\n" },
        { "run --modes trickle,", 2,
          "rtclab run: --modes must be some of trickle,half,full, is \"trickle,\" (see "
          "rtclab help run)\n" },
        { "run --out ''", 2,
          "rtclab run: --out must not be empty (see rtclab help run)\n" },
        { "run --scenarios " SCENARIO_FOLDER " ''", 2,
          "rtclab run: a selector must name scenarios, is empty\n" },
        { "list --scenarios " SCENARIO_FOLDER " --tag none", 2,
          "rtclab list: no scenario has the tag \"none\"\n" },
        { "exec --scenarios " SCENARIO_FOLDER " 'tcp/*' bob -- ls", 2,
          "rtclab exec: tcp/open~open has no host \"bob\"; its hosts are offerer, "
          "answerer\n" },
        { "exec --scenarios " SCENARIO_FOLDER " 'behaviour/ei-*' bob -- ls", 2,
          "rtclab exec: \"behaviour/ei-*\" names 3 scenarios, must name one\n" },
        { "check --schema call", 2,
          "rtclab check: --schema must be of scenario, events, results, timeline "
          "or known-failures, is of \"call\"\n" },
        { "check --schema events results", 2,
          "rtclab check: --schema must be of scenario, events, results, timeline "
          "or known-failures, is of \"results\"\n" },
        { "run --clock wall --audit-clock --scenarios " SCENARIO_FOLDER, 2,
          "rtclab run: --audit-clock is about the virtual clock, and --clock is wall\n" },
        { "run -j2", 2, "rtclab run: there is no option -j2 (see rtclab help run)\n" },
        { "check --schema=1", 2,
          "rtclab check: --schema takes no argument (see rtclab help check)\n" },
        { "show", 2,
          "rtclab show: arguments are missing: rtclab show SELECTOR... (see rtclab help "
          "show)\n" },
        { "exec a b", 2,
          "rtclab exec: a command must follow a \"--\": rtclab exec SCENARIO HOST -- CMD "
          "[ARG...] (see rtclab help exec)\n" },
        { "exec a b ls", 2,
          "rtclab exec: the command must follow a \"--\": rtclab exec SCENARIO HOST -- "
          "CMD [ARG...] (see rtclab help exec)\n" },
        { "doctor now", 2,
          "rtclab doctor: the command must follow a \"--\": rtclab doctor [--audit-clock "
          "-- CMD [ARG...]] (see rtclab help doctor)\n" },
        { "frob", 2, "rtclab: there is no command \"frob\" (see rtclab help)\n" },
        { "lst", 2,
          "rtclab: there is no command \"lst\"; did you mean \"list\"? (see rtclab "
          "help)\n" },
        { "run '\033[2J'x --frob\033", 2,
          "rtclab run: there is no option --frob\\x1b (see rtclab help run)\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *out = NULL;
        g_autofree char *err = NULL;
        int status = run_rtclab(rows[i].arguments, &out, &err);
        CU_ASSERT_EQUAL(status, rows[i].status);
        ASSERT_TEXT(err, rows[i].message);
        ASSERT_TEXT(out, "");
    }
}

static void test_lists_fit_the_terminal(void)
{
    struct scenario first = { .id = "a/b",
                              .title = "A title",
                              .tags = (char *[]){ "x", "y", NULL } };
    struct scenario second = { .id = "a/longer", .title = "Wide", .tags = NULL };
    g_autoptr(GPtrArray) both = g_ptr_array_new();
    g_ptr_array_add(both, &first);
    g_ptr_array_add(both, &second);
    g_autofree char *wide = list_format(both, 22);
    ASSERT_TEXT(wide, "a/b       x,y  A title\n"
                      "a/longer       Wide\n");
    g_autofree char *narrow = list_format(both, 21);
    ASSERT_TEXT(narrow, "a/b  x,y\n    A title\na/longer\n    Wide\n");
}

static const char *title_of(const char *schema_text)
{
    json_t *schema = json_loads(schema_text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
    const char *title =
        g_intern_string(json_string_value(json_object_get(schema, "title")));
    json_decref(schema);
    return title;
}

static void test_schemas_are_printed(void)
{
    static const struct {
        const char *arguments, *title;
    } rows[] = {
        { "check --schema", "A scenario of rtclab" },
        { "check --schema scenario", "A scenario of rtclab" },
        { "check --schema events", "An event of a call: a line of events.jsonl" },
        { "check --schema known-failures",
          "What is known not to work: known-failures.json" },
        { "check --schema results", "The results of a run of rtclab: results.json" },
        { "check --schema timeline", "What a call's record says: timeline.json" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *out = NULL;
        g_autofree char *err = NULL;
        CU_ASSERT_EQUAL(run_rtclab(rows[i].arguments, &out, &err), 0);
        ASSERT_TEXT(title_of(out), rows[i].title);
        ASSERT_TEXT(err, "");
    }
}

#define INVALID TEST_DATA "/scenario/invalid/"

/* Each command that reads scenarios tells their mistakes, and none calls it success. */
static void test_invalid_scenarios_are_told(void)
{
    static const char first[] =
        INVALID "rate-zero.json: /sites/home-a/link/rate_kbps: must be 1 or more, is 0\n";
    static const char *const commands[] = { "list", "show", "check", "run" };
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *arguments = g_strdup_printf("%s " INVALID "rate-zero.json "
                                                     "--scenarios " SCENARIO_FOLDER,
                                                     commands[i]);
        g_autofree char *out = NULL;
        g_autofree char *err = NULL;
        CU_ASSERT_EQUAL(run_rtclab(arguments, &out, &err), 2);
        CU_ASSERT_TRUE(g_str_has_prefix(err, first));
        ASSERT_TEXT(out, "");
    }
    /* The one file has two mistakes. */
    g_autofree char *path = g_strdup("/tmp/rtclab-two-XXXXXX.json");
    int fd = g_mkstemp(path);
    static const char two[] = "{\"x\": 1, \"title\": \"t\", \"sites\": {}, "
                              "\"expect\": {\"outcome\": \"failed\"}}";
    CU_ASSERT_EQUAL_FATAL(write(fd, two, strlen(two)), (ssize_t)strlen(two));
    close(fd);
    g_autofree char *arguments = g_strdup_printf(
        "check %s " INVALID "rate-zero.json " SCENARIO_FOLDER "/open/open~open.json",
        path);
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_EQUAL(run_rtclab(arguments, &out, &err), 2);
    CU_ASSERT_TRUE(g_str_has_suffix(err, "\n3 mistakes in 2 of 3 scenarios\n"));
    g_unlink(path);
}

static void test_known_failures_of_any_name(void)
{
    g_autofree char *path = g_strdup("/tmp/rtclab-mine-XXXXXX.json");
    int fd = g_mkstemp(path);
    static const char text[] = "{\"known_failures\": [{\"scenario\": \"*\"}]}";
    CU_ASSERT_EQUAL_FATAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    g_autofree char *arguments = g_strdup_printf("check %s", path);
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_EQUAL(run_rtclab(arguments, &out, &err), 2);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(err, ": /known_failures/0/reason: must be given, is missing\n"));
    CU_ASSERT_TRUE(g_str_has_suffix(err, " in 1 of 1 file of known failures\n"));
    g_unlink(path);
}

static void test_scenarios_are_listed_in_order(void)
{
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_EQUAL(
        run_rtclab("list --tag default --scenarios " SCENARIO_FOLDER, &out, &err), 0);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(out), "\n", -1);
    CU_ASSERT_EQUAL(g_strv_length(lines), 17);
    for (size_t i = 1; lines[i]; i++)
        CU_ASSERT_TRUE(strcmp(lines[i - 1], lines[i]) < 0);
}

static void test_shown_scenarios_stand_apart(void)
{
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_EQUAL(
        run_rtclab("show open/open~open lan/one-lan --scenarios " SCENARIO_FOLDER, &out,
                   &err),
        0);
    CU_ASSERT_TRUE(g_str_has_prefix(out, "open/open~open\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "ms\n\nlan/one-lan\n"));
}

/* A full disk behind standard output must not look like success. */
static void test_output_that_is_lost_is_no_success(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self);
    g_autofree char *script = g_strdup_printf("exec '%s/rtclab' help >/dev/full", folder);
    char *argv[] = { "/bin/sh", "-c", script, NULL };
    g_autofree char *err = NULL;
    int status = 0;
    CU_ASSERT_TRUE_FATAL(
        g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, NULL, &err, &status, NULL));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 3);
    CU_ASSERT_TRUE(g_str_has_prefix(err, "rtclab: cannot write to standard output: "));
}

/* A run that could not begin leaves no empty folder behind. */
static void test_nothing_is_left_of_no_run(void)
{
    g_autofree char *folder = g_dir_make_tmp("rtclab-test-XXXXXX", NULL);
    g_autofree char *out_folder = g_build_filename(folder, "run", NULL);
    g_autofree char *arguments = g_strdup_printf(
        "run open/open~open --peers no-such --out %s --scenarios " SCENARIO_FOLDER,
        out_folder);
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_EQUAL(run_rtclab(arguments, &out, &err), 2);
    ASSERT_TEXT(err, "rtclab run: no peer \"no-such\": there is no program "
                     "rtclab-peer-no-such beside rtclab or in PATH\n");
    CU_ASSERT_FALSE(g_file_test(out_folder, G_FILE_TEST_EXISTS));
    file_remove_tree(folder);
}

static void test_rest_is_what_follows(void)
{
    static const struct option_list none = { NULL, 0 };
    char *argv[] = { "a", "--", "ls", "--help", "--", NULL };
    struct arguments arguments;
    CU_ASSERT_TRUE(options_parse(&none, argv, NULL, &arguments, NULL));
    CU_ASSERT_EQUAL(arguments.words->len, 1);
    CU_ASSERT_FALSE(arguments.is_help_wanted);
    CU_ASSERT_PTR_EQUAL(arguments.rest, argv + 2);
    arguments_clear(&arguments);
}

static void test_help_succeeds(void)
{
    static const char *const rows[] = {
        "help", "--help", "help exec", "run --help", "run -h --repeat x", "--version"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *out = NULL;
        g_autofree char *err = NULL;
        CU_ASSERT_EQUAL(run_rtclab(rows[i], &out, &err), 0);
        CU_ASSERT_TRUE(strlen(out) > 0);
        ASSERT_TEXT(err, "");
    }
}

/* Parses a command line of `run` up to the struct run_options. */
/* What a command line of `run` means. The strings are kept by `argv`. */
struct parsed {
    char **argv;
    struct arguments arguments;
    struct run_values values;
    struct run_words words;
    struct run_options options;
};

static gboolean parse_with_stacks(const char *line, const GPtrArray *stacks,
                                  struct parsed *p, GError **error)
{
    *p = (struct parsed){ .argv = g_strsplit(line, " ", -1) };
    gboolean ok =
        options_parse(&command_run.options, p->argv, &p->values, &p->arguments, error);
    CU_ASSERT_TRUE_FATAL(ok);
    run_words_sort(p->arguments.words, &p->words);
    CU_ASSERT_TRUE_FATAL(stacks || !run_options_want_stacks(&p->values, &p->words));
    return run_options_make(&p->values, &p->arguments, &p->words, stacks, &p->options,
                            error);
}

static gboolean parse_run(const char *line, struct parsed *p, GError **error)
{
    return parse_with_stacks(line, NULL, p, error);
}

static void parsed_clear(struct parsed *p)
{
    run_options_clear(&p->options);
    run_words_clear(&p->words);
    arguments_clear(&p->arguments);
    g_strfreev(p->argv);
}

static void test_a_key_says_what_to_run(void)
{
    struct parsed p;
    CU_ASSERT_TRUE(parse_run("--seed 42 nice~chromium/nat/a~b/full/3", &p, NULL));
    CU_ASSERT_EQUAL(p.options.seed, 42);
    CU_ASSERT_EQUAL(p.options.repeat, 3);
    ASSERT_TEXT(p.options.pairs[0].peers[ROLE_OFFERER], "nice");
    ASSERT_TEXT(p.options.pairs[0].peers[ROLE_ANSWERER], "chromium");
    CU_ASSERT_EQUAL_FATAL(p.words.keys->len, 1);
    CU_ASSERT_EQUAL(p.words.selectors->len, 0);
    const struct call_key *key = p.words.keys->pdata[0];
    ASSERT_TEXT(key->scenario, "nat/a~b");
    CU_ASSERT_EQUAL(key->mode, MODE_FULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p.options.only_keys);
    ASSERT_TEXT(p.options.only_keys[0], "nice~chromium/nat/a~b/full/3");
    CU_ASSERT_PTR_NULL(p.options.only_keys[1]);
    parsed_clear(&p);
}

static void test_keys_and_selectors(void)
{
    static const char *const selectors[] = {
        "nat/symmetric~symmetric",
        "nat/*",
        "./a~b/s/full/1",
        "nice~nice/nat/sideways/1",
        "nice~nice/full/1",
        "nice~nice/s/full/0",
        "nice~nice/s/full/x",
        "~nice/s/full/1",
        "nice~/s/full/1",
        "nice/s/full/1",
        "my~own.json",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(selectors); i++) {
        g_autofree char *line = g_strdup_printf("%s a~b/s/full/1", selectors[i]);
        struct parsed p;
        CU_ASSERT_TRUE(parse_run(line, &p, NULL));
        CU_ASSERT_EQUAL(p.words.keys->len, 1);
        CU_ASSERT_EQUAL_FATAL(p.words.selectors->len, 1);
        ASSERT_TEXT(p.words.selectors->pdata[0], selectors[i]);
        parsed_clear(&p);
    }
}

static void test_what_is_given_beats_the_key(void)
{
    struct parsed p;
    CU_ASSERT_TRUE(
        parse_run("--repeat 9 --peers ./mine,nice mine~nice/s/half/2", &p, NULL));
    CU_ASSERT_EQUAL(p.options.repeat, 9);
    ASSERT_TEXT(p.options.pairs[0].peers[ROLE_OFFERER], "./mine");
    ASSERT_TEXT(p.options.pairs[0].peers[ROLE_ANSWERER], "nice");
    ASSERT_TEXT(p.arguments.rerun->str, " --peers ./mine,nice");
    parsed_clear(&p);
}

static void test_presets_hold(void)
{
    struct parsed p;
    CU_ASSERT_TRUE(parse_run("nat/a --out x", &p, NULL));
    const struct run_options *options = &p.options;
    CU_ASSERT_EQUAL(p.words.selectors->len, 1);
    CU_ASSERT_TRUE(options->modes[MODE_TRICKLE] && options->modes[MODE_HALF] &&
                   options->modes[MODE_FULL]);
    CU_ASSERT_EQUAL(options->repeat, 1);
    CU_ASSERT_EQUAL(options->seed, 1);
    CU_ASSERT_EQUAL(options->jobs, 0);
    CU_ASSERT_EQUAL(options->timeout_s, 30);
    CU_ASSERT_EQUAL(options->shard, 1);
    CU_ASSERT_EQUAL(options->n_shards, 1);
    CU_ASSERT_EQUAL(options->clock, LAB_CLOCK_VIRTUAL);
    CU_ASSERT_EQUAL(options->calendar_ns, INT64_C(1735689600) * NS_PER_S);
    CU_ASSERT_FALSE(options->has_kernel_random);
    CU_ASSERT_FALSE(options->audits_clock);
    CU_ASSERT_FALSE(options->all_repeats);
    CU_ASSERT_PTR_NULL(options->only_keys);
    ASSERT_TEXT(options->pairs[0].peers[ROLE_ANSWERER], "nice");
    ASSERT_TEXT(p.arguments.rerun->str, "");
    parsed_clear(&p);
}

/* What changes a call is in the command that repeats it. */
static void test_clock_options(void)
{
    struct parsed p;
    CU_ASSERT_TRUE(parse_run("--clock wall --all-repeats", &p, NULL));
    CU_ASSERT_EQUAL(p.options.clock, LAB_CLOCK_WALL);
    CU_ASSERT_FALSE(p.options.audits_clock);
    CU_ASSERT_TRUE(p.options.all_repeats);
    ASSERT_TEXT(p.arguments.rerun->str, " --clock wall");
    parsed_clear(&p);
    CU_ASSERT_TRUE(parse_run("--audit-clock", &p, NULL));
    CU_ASSERT_TRUE(p.options.audits_clock);
    ASSERT_TEXT(p.arguments.rerun->str, "");
    parsed_clear(&p);
    CU_ASSERT_TRUE(
        parse_run("--kernel-random --calendar 1970-01-01T00:00:01Z", &p, NULL));
    CU_ASSERT_TRUE(p.options.has_kernel_random);
    CU_ASSERT_EQUAL(p.options.calendar_ns, NS_PER_S);
    ASSERT_TEXT(p.arguments.rerun->str,
                " --kernel-random --calendar 1970-01-01T00:00:01Z");
    parsed_clear(&p);
}

static void assert_pairs(const struct run_options *options, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < options->n_pairs; i++)
        g_string_append_printf(text, "%s%s~%s", i ? " " : "",
                               options->pairs[i].peers[ROLE_OFFERER],
                               options->pairs[i].peers[ROLE_ANSWERER]);
    ASSERT_TEXT(text->str, expected);
}

/* Keys of several pairs make a run of these pairs. */
static void test_keys_of_several_pairs(void)
{
    struct parsed p;
    CU_ASSERT_TRUE(
        parse_run("a~b/s/half/2 a~c/s/half/2 a~b/s/full/1 b~a/s/half/1", &p, NULL));
    assert_pairs(&p.options, "a~b a~c b~a");
    parsed_clear(&p);
}

/* That "all" was asked for does not matter to a call that is repeated: nothing need be
   examined, and what --peers named stays what it is. */
static void test_keys_say_who_all_are(void)
{
    struct parsed p;
    CU_ASSERT_TRUE(parse_run("--peers all gst~nice/s/half/2", &p, NULL));
    assert_pairs(&p.options, "gst~nice");
    parsed_clear(&p);
    CU_ASSERT_TRUE(parse_run("--peers ./mine,all mine~nice/s/half/2", &p, NULL));
    assert_pairs(&p.options, "./mine~nice");
    ASSERT_TEXT(p.arguments.rerun->str, " --peers ./mine,all");
    parsed_clear(&p);
}

static void test_all_stacks(void)
{
    static const struct stack_status statuses[] = {
        { (char *)"nice", STACK_PRESENT, (char *)"libnice 0.1.21" },
        { (char *)"gst", STACK_MISSING, (char *)"gst is not installed; try: X" },
        { (char *)"aiortc", STACK_SILENT, (char *)"it ended without a word" },
    };
    static const struct {
        const char *line, *pairs;
    } rows[] = {
        { "--peers all", "nice~nice nice~aiortc aiortc~nice aiortc~aiortc" },
        { "--peers all,all", "nice~nice nice~aiortc aiortc~nice aiortc~aiortc" },
        { "--peers gst,all", "gst~nice gst~aiortc" },
        { "--peers all,./mine", "nice~./mine aiortc~./mine" },
    };
    g_autoptr(GPtrArray) stacks = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        g_ptr_array_add(stacks, (gpointer)&statuses[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct parsed p;
        CU_ASSERT_TRUE_FATAL(parse_with_stacks(rows[i].line, stacks, &p, NULL));
        CU_ASSERT_TRUE(run_options_want_stacks(&p.values, &p.words));
        assert_pairs(&p.options, rows[i].pairs);
        CU_ASSERT_EQUAL_FATAL(p.options.n_left_out, 1);
        ASSERT_TEXT(p.options.left_out[0].stack, "gst");
        ASSERT_TEXT(p.options.left_out[0].why, "gst is not installed; try: X");
        parsed_clear(&p);
    }
    g_ptr_array_set_size(stacks, 0);
    struct parsed p;
    g_autoptr(GError) error = NULL;
    CU_ASSERT_FALSE(parse_with_stacks("--peers all", stacks, &p, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    ASSERT_TEXT(error->message, "--peers all: no stack is installed; see rtclab doctor");
    p.options = (struct run_options){ 0 };
    parsed_clear(&p);
}

static void test_no_run_is_overwritten(void)
{
    g_autofree char *folder = g_dir_make_tmp("rtclab-test-XXXXXX", NULL);
    g_autofree char *fresh = g_build_filename(folder, "a", "b", NULL);
    g_autofree char *file = g_build_filename(folder, "file", NULL);
    g_autofree char *results = g_build_filename(fresh, "results.json", NULL);
    g_autoptr(GError) error = NULL;

    g_autofree char *made = run_make_folder(fresh, NULL, NULL);
    ASSERT_TEXT(made, fresh);
    CU_ASSERT_TRUE(g_file_test(fresh, G_FILE_TEST_IS_DIR));

    CU_ASSERT_TRUE(g_file_set_contents(results, "{}", -1, NULL));
    CU_ASSERT_PTR_NULL(run_make_folder(fresh, NULL, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
    g_autofree char *wanted = g_strdup_printf(
        "%s holds an earlier run: remove it, or give another --out", fresh);
    ASSERT_TEXT(error->message, wanted);
    g_clear_error(&error);

    CU_ASSERT_TRUE(g_file_set_contents(file, "", -1, NULL));
    CU_ASSERT_PTR_NULL(run_make_folder(file, NULL, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    file_remove_tree(folder);
}

/* Two runs may start within one second. */
static void test_default_folders_differ(void)
{
    g_autofree char *before = g_get_current_dir();
    g_autofree char *folder = g_dir_make_tmp("rtclab-test-XXXXXX", NULL);
    CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
    g_autofree char *first = run_make_folder(NULL, NULL, NULL);
    g_autofree char *second = run_make_folder(NULL, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    CU_ASSERT_TRUE(g_str_has_prefix(first, "rtclab-out/"));
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    CU_ASSERT_EQUAL(chdir(before), 0);
    file_remove_tree(folder);
}

static const struct test tests[] = {
    { "each option is in the help text and in the manual", test_options_are_documented },
    { "the manual has no option that is not there", test_manual_invents_no_option },
    { "help fits 80 columns", test_help_fits_80_columns },
    { "a mistake on the command line is one line", test_mistakes_are_one_line },
    { "asking for help succeeds", test_help_succeeds },
    { "mistakes in scenarios are told", test_invalid_scenarios_are_told },
    { "known failures are checked, whatever the file's name",
      test_known_failures_of_any_name },
    { "scenarios are listed in the order of their ids",
      test_scenarios_are_listed_in_order },
    { "shown scenarios stand apart", test_shown_scenarios_stand_apart },
    { "output that is lost is no success", test_output_that_is_lost_is_no_success },
    { "nothing is left of a run that could not begin", test_nothing_is_left_of_no_run },
    { "what follows -- is left alone", test_rest_is_what_follows },
    { "a list fits the terminal", test_lists_fit_the_terminal },
    { "schemas of scenarios and records are printed", test_schemas_are_printed },
    { "what is not given has its preset", test_presets_hold },
    { "a key says by itself what to run", test_a_key_says_what_to_run },
    { "a word is a key only if all of it is one", test_keys_and_selectors },
    { "options of the clock, and which of them a repeated call needs",
      test_clock_options },
    { "what is given beats what the key says", test_what_is_given_beats_the_key },
    { "keys may be of several pairs", test_keys_of_several_pairs },
    { "keys say who is meant by all peers", test_keys_say_who_all_are },
    { "all is each stack that is there, and the others are told", test_all_stacks },
    { "no earlier run is overwritten", test_no_run_is_overwritten },
    { "runs of one second get different folders", test_default_folders_differ },
};

int main(int argc, char **argv)
{
    return suite_run("command", tests, G_N_ELEMENTS(tests), argc, argv);
}
