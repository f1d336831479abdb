/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtcprobe's command line: its options against the help text, the manual page and the
 * completion; and the program itself on what people mistype, and on what asks no server.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <glib/gstdio.h>

#include "base/file.h"
#include "probes/commands/commands.h"
#include "probes/commands/conformance.h"
#include "probes/commands/target_options.h"

#define MANUAL     TEST_DATA "/../../probes/rtcprobe.1"
#define COMPLETION TEST_DATA "/../../probes/rtcprobe.bash"

/* What several commands have and the manual describes once. */
struct shared_values {
    struct target_options target;
    struct conformance_options conformance;
};
static const struct option shared_options[] = {
    TARGET_OPTIONS(struct shared_values),
    CONFORMANCE_OPTIONS(struct shared_values),
};

static bool is_shared(const struct option *option)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shared_options); i++)
        if (strcmp(option->name, shared_options[i].name) == 0 &&
            strcmp(option->help, shared_options[i].help) == 0)
            return true;
    return false;
}

/* ---- Help and the manual ---- */

/* The manual's text from a heading to the next one that begins with `end`. */
static char *manual_part(const char *manual, const char *heading, const char *end)
{
    g_autofree char *line = g_strdup_printf("\n%s\n", heading);
    const char *start = strstr(manual, line);
    if (!start)
        return NULL;
    start += strlen(line);
    const char *stop = strstr(start, end);
    return stop ? g_strndup(start, (gsize)(stop - start)) : g_strdup(start);
}

G_GNUC_NO_INLINE static char *read_manual(void)
{
    char *text = NULL;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(MANUAL, &text, NULL, NULL));
    return text;
}

/* "\n.BI "\-c\fR, \fP\-\-count" ", as roff has it */
static bool is_in_manual(const char *part, const struct option *option)
{
    g_auto(GStrv) words = g_strsplit(option->name, "-", -1);
    g_autofree char *name = g_strjoinv("\\\\-", words);
    g_autofree char *letter =
        option->letter ? g_strdup_printf("\"\\\\-%c\\\\fR, \\\\fP", option->letter)
                       : g_strdup("");
    g_autofree char *pattern =
        g_strdup_printf("\\.TP\n\\.BI? %s\\\\-\\\\-%s\"?[ \n]", letter, name);
    return g_regex_match_simple(pattern, part, 0, 0);
}

static unsigned count_tagged(const char *part)
{
    unsigned n = 0;
    for (const char *at = part; (at = strstr(at, "\\-\\-")); at += 4) {
        const char *line = at;
        while (line > part && line[-1] != '\n')
            line--;
        n += (g_str_has_prefix(line, ".B ") || g_str_has_prefix(line, ".BI ")) &&
             line - part >= 4 && strncmp(line - 4, ".TP\n", 4) == 0;
    }
    return n;
}

static void assert_option(const char *part, const char *shared_part, const char *help,
                          const char *command, const struct option *option)
{
    bool found = is_in_manual(is_shared(option) ? shared_part : part, option);
    g_autofree char *where = g_strdup_printf("%s --%s is%s in probes/rtcprobe.1", command,
                                             option->name, found ? "" : " not");
    g_autofree char *wanted =
        g_strdup_printf("%s --%s is in probes/rtcprobe.1", command, option->name);
    ASSERT_TEXT(where, wanted);
    g_autofree char *usage =
        g_strdup_printf("--%s%s%s", option->name, option->argument ? " " : "",
                        option->argument ? option->argument : "");
    CU_ASSERT_PTR_NOT_NULL(strstr(help, usage));
}

static void test_manual(void)
{
    g_autofree char *manual = read_manual();
    g_autofree char *shared_part = manual_part(manual, ".SH SHARED OPTIONS", "\n.SH ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(shared_part);
    for (size_t i = 0; probe_command_table[i]; i++) {
        const struct command *command = probe_command_table[i];
        g_autofree char *heading = g_strdup_printf(".SS %s", command->name);
        g_autofree char *part = manual_part(manual, heading, "\n.S");
        g_autofree char *help = program_format_help(&rtcprobe_program, command);
        unsigned n_own = 0;
        ASSERT_TEXT(part ? "" : command->name, "");
        for (size_t o = 0; part && o < command->options.count; o++) {
            const struct option *option = &command->options.options[o];
            assert_option(part, shared_part, help, command->name, option);
            n_own += !is_shared(option);
        }
        CU_ASSERT_TRUE(!part || count_tagged(part) == n_own);
    }
    CU_ASSERT_EQUAL(count_tagged(shared_part), G_N_ELEMENTS(shared_options));
}

static void test_manual_invents_no_command(void)
{
    g_autofree char *manual = read_manual();
    g_autofree char *commands = manual_part(manual, ".SH COMMANDS", "\n.SH ");
    unsigned documented = 0, declared = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(commands);
    for (const char *at = commands; (at = strstr(at, ".SS ")); at += 4)
        documented++;
    while (probe_command_table[declared])
        declared++;
    CU_ASSERT_EQUAL(documented, declared);
}

static void test_help_fits_80_columns(void)
{
    for (size_t i = 0; probe_command_table[i]; i++) {
        g_autofree char *help =
            program_format_help(&rtcprobe_program, probe_command_table[i]);
        g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
        for (char **line = lines; *line; line++)
            if (g_utf8_strlen(*line, -1) > 80)
                ASSERT_TEXT(*line, "at most 80 columns");
    }
}

/* No letter means two things, and -h is for help. */
static void test_letters_are_unique(void)
{
    for (size_t i = 0; probe_command_table[i]; i++) {
        const struct option_list *list = &probe_command_table[i]->options;
        bool taken[128] = { ['h'] = true };
        CU_ASSERT_TRUE(list->count <= 64);
        for (size_t o = 0; o < list->count; o++) {
            unsigned char letter = (unsigned char)list->options[o].letter;
            CU_ASSERT_TRUE_FATAL(letter < 128);
            CU_ASSERT_FALSE(letter && taken[letter]);
            taken[letter] = true;
        }
    }
}

/* ---- The program ---- */

static char *folder; /* of this test's files */

static char *program_path(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *beside = g_path_get_dirname(self);
    return g_build_filename(beside, "rtcprobe", NULL);
}

static int run(const char *arguments, char **ret_out, char **ret_err)
{
    g_autofree char *program = program_path();
    g_autofree char *line = g_strdup_printf("%s %s", program, arguments);
    int status = 0;
    CU_ASSERT_TRUE_FATAL(
        g_spawn_command_line_sync(line, ret_out, ret_err, &status, NULL));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *write_file(const char *name, const char *text, unsigned mode)
{
    char *path = g_build_filename(folder, name, NULL);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, text, -1, NULL));
    CU_ASSERT_EQUAL(g_chmod(path, mode), 0);
    return path;
}

static void test_mistakes_are_one_line(void)
{
    static const struct {
        const char *arguments, *message;
    } rows[] = {
        { "decoed", "rtcprobe: there is no command \"decoed\"; did you mean \"decode\"? "
                    "(see rtcprobe help)\n" },
        { "cred", "rtcprobe cred: arguments are missing: rtcprobe cred rest|decode "
                  "[USERNAME] (see rtcprobe help cred)\n" },
        { "cred make",
          "rtcprobe cred: there is no \"cred make\": it is cred rest or cred "
          "decode USERNAME\n" },
        { "cred rest",
          "rtcprobe cred: cred rest needs --secret-file FILE or --secret-env "
          "NAME\n" },
        { "cred rest --ttl 0", "rtcprobe cred: --ttl must be a whole number from 1 to "
                               "316224000, is \"0\" (see "
                               "rtcprobe help cred)\n" },
        { "cred rest --uri turn:a,http:b", "rtcprobe cred: --uri must be URIs of STUN or "
                                           "TURN, is \"http:b\" (see rtcprobe "
                                           "help cred)\n" },
        { "decode xyz",
          "rtcprobe decode: there is no file xyz, and as digits: line 1: there is "
          "something other than hexadecimal digits\n" },
        { "conform turn:127.0.0.1:9 --other-user ann",
          "rtcprobe conform: --other-user needs a password: --other-pass-file FILE or "
          "--other-pass-env NAME\n" },
        { "conform turn:127.0.0.1:9 --other-pass-env HOME",
          "rtcprobe conform: a password needs its user: --other-user NAME\n" },
        { "relay turns:127.0.0.1:9 --ca /nonexistent/ca.pem",
          "rtcprobe relay: --ca: cannot read the CAs of /nonexistent/ca.pem: No such "
          "file or directory\n" },
        { "gather --ice-servers /nonexistent/x",
          "rtcprobe gather: cannot read /nonexistent/x: No such file or directory\n" },
        { "bench turn:127.0.0.1:9 --allocations 0 --packets 0",
          "rtcprobe bench: nothing is left to do: --allocations and --packets are 0\n" },
        { "decode 00 -o xml",
          "rtcprobe decode: --output must be human or json, is \"xml\" "
          "(see rtcprobe help decode)\n" },
        { "decode --pass-env RTCPROBE_NO_SUCH 00",
          "rtcprobe decode: --pass-env: the environment has no RTCPROBE_NO_SUCH, or it "
          "is "
          "empty\n" },
        { "list @nonsense", "rtcprobe list: no case is named by \"@nonsense\"\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *out = NULL;
        g_autofree char *err = NULL;
        CU_ASSERT_EQUAL(run(rows[i].arguments, &out, &err), 2);
        ASSERT_TEXT(err, rows[i].message);
        ASSERT_TEXT(out, "");
    }
}

/* What fails before there is anything to report is told in the format, too. */
static void test_errors_have_the_format(void)
{
    static const struct {
        const char *arguments;
        int status;
        const char *begins, *has;
    } runs[] = {
        { "relay turn:127.0.0.1:9 -o junit", 4, "<?xml",
          "<failure message=\"fail: a TURN" },
        { "relay turn:127.0.0.1:9 -o prom", 4, "# HELP", "\nprobe_success{" },
        { "relay turn:127.0.0.1:9 -o tap", 4, "TAP version 13\n", "\nnot ok 1 - turn:" },
        { "check -o nagios turn.example", 3,
          "RTCPROBE CHECK UNKNOWN - turn.example: ", "must be a URI" },
        { "check -o json --rto soon stun:127.0.0.1", 2, "{\n",
          "\"message\": \"--rto must be a time" },
        { "relay turn:127.0.0.1:9", 4, "", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *out = NULL, *err = NULL;
        CU_ASSERT_EQUAL(run(runs[i].arguments, &out, &err), runs[i].status);
        CU_ASSERT_TRUE(g_str_has_prefix(out, runs[i].begins));
        CU_ASSERT_PTR_NOT_NULL(strstr(out, runs[i].has));
        CU_ASSERT_TRUE(g_str_has_prefix(err, "rtcprobe "));
        CU_ASSERT_TRUE(*runs[i].begins || !*out);
    }
}

static void test_cred(void)
{
    g_autofree char *path = write_file("secret", "north\n", 0600);
    g_autofree char *rest =
        g_strdup_printf("cred rest --secret-file %s -u 1785000000:alice -o json --uri "
                        "turn:a.test,turns:a.test",
                        path);
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_EQUAL(run(rest, &out, &err), 0);
    ASSERT_TEXT(err, "");
    g_autoptr(json_t) wanted =
        json_loads("{\"iceServers\": [{\"urls\": [\"turn:a.test\", \"turns:a.test\"],"
                   "\"username\": \"1785000000:alice\","
                   "\"credential\": \"0SkivAMFz9sluCgpoIqp0cjlfOQ=\"}]}",
                   0, NULL);
    g_autoptr(json_t) said = json_loads(out, 0, NULL);
    CU_ASSERT_TRUE(json_equal(said, wanted));

    CU_ASSERT_EQUAL(g_chmod(path, 0644), 0);
    g_autofree char *out_again = NULL;
    g_autofree char *warning = NULL;
    CU_ASSERT_EQUAL(run(rest, &out_again, &warning), 0);
    ASSERT_TEXT(out_again, out);
    CU_ASSERT_PTR_NOT_NULL(strstr(warning, "others may read "));
    CU_ASSERT_PTR_NULL(strstr(warning, "north"));

    g_autofree char *decoded = NULL;
    g_autofree char *none = NULL;
    CU_ASSERT_EQUAL(run("cred decode 1:alice", &decoded, &none), 0);
    CU_ASSERT_TRUE(g_str_has_prefix(decoded, "expired "));
    CU_ASSERT_TRUE(g_str_has_suffix(decoded, " days ago, at 1970-01-01 00:00:01 UTC\n"
                                             "name     alice\n"));
}

static void test_decode(void)
{
    static const char message[] = "0001 0000 2112a442 000000000000000000000000";
    g_autofree char *path = write_file("message", message, 0644);
    g_autofree char *by_file = g_strdup_printf("decode %s", path);
    g_autofree char *by_word = g_strdup_printf("decode '%s'", message);
    const char *const ways[] = { by_file, by_word };
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *out = NULL;
        g_autofree char *err = NULL;
        CU_ASSERT_EQUAL(run(ways[i], &out, &err), 0);
        ASSERT_TEXT(out, "Binding request, 20 bytes, transaction "
                         "000000000000000000000000\n");
        ASSERT_TEXT(err, "");
    }
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_EQUAL(
        run("decode 000100042112a442000000000000000000000000 -o json", &out, &err), 1);
    g_autoptr(json_t) said = json_loads(out, 0, NULL);
    const json_t *first = json_array_get(json_object_get(said, "messages"), 0);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(first, "problems")), 1);
}

static void test_list(void)
{
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_EQUAL(run("list", &out, &err), 0);
    unsigned n_listed = 0, n_cases = 0;
    for (const char *at = out; at; at = strchr(at + 1, '\n'))
        n_listed += g_regex_match_simple("^\n?[A-Z][0-9]+ ", at, 0, 0) ? 1 : 0;
    for (size_t g = 0; case_groups[g]; g++)
        n_cases += (unsigned)case_groups[g]->n_cases;
    CU_ASSERT_EQUAL(n_listed, n_cases);

    g_autofree char *json = NULL;
    g_autofree char *none = NULL;
    CU_ASSERT_EQUAL(run("list -o json S01 S02 !S02", &json, &none), 0);
    g_autoptr(json_t) said = json_loads(json, 0, NULL);
    const json_t *cases = json_object_get(said, "cases");
    CU_ASSERT_EQUAL_FATAL(json_array_size(cases), 1);
    ASSERT_TEXT(json_string_value(json_object_get(json_array_get(cases, 0), "id")),
                "S01");
}

/* ---- Completion ---- */

/* What is offered for words, the last of which is being typed; in lines. */
static char *complete(const char *const *words)
{
    static const char script[] = "source \"$0\"; COMP_WORDS=(\"$@\"); "
                                 "COMP_CWORD=$(($# - 1)); _rtcprobe; "
                                 "printf '%s\\n' \"${COMPREPLY[@]}\"";
    g_autofree char *program = program_path();
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *const head[] = { "bash", "-c", script, COMPLETION, program };
    for (size_t i = 0; i < G_N_ELEMENTS(head); i++)
        g_ptr_array_add(argv, (gpointer)head[i]);
    for (; *words; words++)
        g_ptr_array_add(argv, (gpointer)*words);
    g_ptr_array_add(argv, NULL);
    char *out = NULL;
    g_autofree char *err = NULL;
    CU_ASSERT_TRUE_FATAL(g_spawn_sync(NULL, (char **)argv->pdata, NULL,
                                      G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, NULL,
                                      NULL));
    ASSERT_TEXT(err, "");
    return out;
}

static void assert_line(const char *lines, const char *wanted)
{
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);
    if (!g_strv_contains((const char *const *)each, wanted))
        ASSERT_TEXT(lines, wanted);
}

static void test_completion_offers_everything(void)
{
    g_autofree char *commands = complete((const char *const[]){ "", NULL });
    for (size_t i = 0; probe_command_table[i]; i++) {
        const struct command *command = probe_command_table[i];
        assert_line(commands, command->name);
        g_autofree char *options =
            complete((const char *const[]){ command->name, "--", NULL });
        for (size_t o = 0; o < command->options.count; o++) {
            g_autofree char *name =
                g_strdup_printf("--%s", command->options.options[o].name);
            assert_line(options, name);
        }
    }
}

static void test_completion_knows_arguments(void)
{
    static const struct {
        const char *words[5], *offered;
    } rows[] = {
        { { "ping", "-o", "" }, "human\njson\njsonl\njunit\ntap\nprom\nnagios\n" },
        { { "decode", "--output", "=", "j" }, "json\n" },
        { { "ping", "--transport", "d" }, "dtls\n" },
        { { "cred", "" }, "rest\ndecode\n" },
        { { "list", "S0" }, "S01\nS02\nS03\nS04\nS05\nS06\nS07\nS08\nS09\n" },
        { { "conform", "@stu" }, "@stun\n" },
        { { "ping", "tu" }, "turn:\nturns:\n" },
        { { "help", "deco" }, "decode\n" },
        { { "ping", "--count", "" }, "\n" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *offered = complete(rows[i].words);
        ASSERT_TEXT(offered, rows[i].offered);
    }
}

static const struct test tests[] = {
    { "each option is in the help text and in the manual, and no other", test_manual },
    { "the manual has no command that is not there", test_manual_invents_no_command },
    { "help fits 80 columns", test_help_fits_80_columns },
    { "no letter means two things", test_letters_are_unique },
    { "a mistake on the command line is one line", test_mistakes_are_one_line },
    { "an error has the format that was asked for", test_errors_have_the_format },
    { "credentials are printed for whom they are for", test_cred },
    { "messages are decoded from words and files", test_decode },
    { "all cases are listed, or those asked for", test_list },
    { "completion offers each command and option", test_completion_offers_everything },
    { "completion knows what options take", test_completion_knows_arguments },
};

int main(int argc, char **argv)
{
    folder = g_dir_make_tmp("rtcprobe-test-XXXXXX", NULL);
    int status = suite_run("rtcprobe", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(folder);
    g_free(folder);
    return status;
}
