/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known failures: the file (scenario/known_failures.h), and what becomes of calls that it
 * is about (call/known.h).
 *
 * With RTCLAB_WRITE_SCHEMA in the environment scenarios/known-failures.schema.json is
 * written anew.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "call/known.h"
#include "peer/stack.h"
#include "scenario/selection.h"

static struct known_failures *parse(const char *text, char **ret_mistakes)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    struct known_failures *known =
        known_failures_parse(text, strlen(text), "known.json", lines);
    CU_ASSERT_EQUAL(known == NULL, lines->len > 0);
    g_ptr_array_add(lines, NULL);
    *ret_mistakes = g_strjoinv("\n", (char **)lines->pdata);
    return known;
}

static struct known_failures *parse_valid(const char *text)
{
    g_autofree char *mistakes = NULL;
    struct known_failures *known = parse(text, &mistakes);
    ASSERT_TEXT(mistakes, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(known);
    return known;
}

static void test_mistakes(void)
{
    static const struct {
        const char *text, *mistakes;
    } rows[] = {
        { "{}", "known.json: /known_failures: must be given, is missing" },
        { "[", "known.json:1:1: must be JSON, is not: ']' expected near end of file" },
        { "{\"known_failures\": [{\"offerer\": \"a\", \"answerer\": \"b\"}]}",
          "known.json: /known_failures/0/scenario: must be given, is missing\n"
          "known.json: /known_failures/0/outcome: must be given, is missing\n"
          "known.json: /known_failures/0/reason: must be given, is missing" },
        { "{\"known_failures\": [{\"offerer\": \"a b\", \"answerer\": \"\", "
          "\"scenario\": "
          "3, \"modes\": [\"trikle\"], \"outcome\": \"unsupported\", \"reason\": \"\"}]}",
          "known.json: /known_failures/0/offerer: must be a name or a glob, without "
          "blanks, is \"a b\"\n"
          "known.json: /known_failures/0/answerer: must be a name or a glob, without "
          "blanks, is \"\"\n"
          "known.json: /known_failures/0/scenario: must be a name or a glob, without "
          "blanks, is 3\n"
          "known.json: /known_failures/0/modes/0: must be \"trickle\", \"half\" or "
          "\"full\", is \"trikle\"; did you mean \"trickle\"?\n"
          "known.json: /known_failures/0/outcome: must be \"connected\", \"failed\", "
          "\"timeout\" or \"error\", is \"unsupported\"\n"
          "known.json: /known_failures/0/reason: must be one line of text, is \"\"" },
        { "{\"known_failures\": [{\"offerer\": \"a\", \"answerer\": \"b\", \"scenario\": "
          "\"*\", \"outcome\": \"error\", \"reason\": \"r\"}]}",
          "known.json: /known_failures/0/why: must be there where the outcome is "
          "\"error\", is missing" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *mistakes = NULL;
        CU_ASSERT_PTR_NULL(parse(rows[i].text, &mistakes));
        ASSERT_TEXT(mistakes, rows[i].mistakes);
    }
}

static const char two_entries[] =
    "{\"known_failures\": ["
    "{\"offerer\": \"werift\", \"answerer\": \"*\", \"scenario\": \"interop/*\","
    " \"modes\": [\"full\", \"half\"], \"outcome\": \"failed\", \"reason\": \"one\"},"
    "{\"offerer\": \"werift\", \"answerer\": \"gst\", \"scenario\": \"interop/open\","
    " \"outcome\": \"error\", \"why\": \"signal 11\", \"reason\": \"two\"}]}";

/* A call in results.json, marked; "POINTER STATUS", or "" if no entry is about it. */
static char *mark(const struct known_failures *known, const char *call,
                  const char *outcome, bool as_expected, const char *why)
{
    g_auto(GStrv) words = g_strsplit(call, " ", 4);
    g_autoptr(json_t) result =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "offerer", words[0], "answerer",
                  words[1], "scenario", words[2], "mode", words[3], "outcome", outcome,
                  "as_expected", as_expected, "why", why);
    known_mark(known, result);
    const json_t *mark = json_object_get(result, "known_failure");
    if (!mark)
        return g_strdup("");
    const char *status = json_string_value(json_object_get(mark, "status"));
    CU_ASSERT_EQUAL(known_excuses(result), strcmp(status, "fails") == 0);
    return g_strdup_printf("%s %s", json_string_value(json_object_get(mark, "entry")),
                           status);
}

static void test_marks(void)
{
    static const struct {
        const char *call, *outcome;
        bool as_expected;
        const char *why, *mark;
    } rows[] = {
        { "werift aiortc interop/open full", "failed", false, "",
          "/known_failures/0 fails" },
        { "werift aiortc interop/a/b half", "failed", false, "x",
          "/known_failures/0 fails" },
        /* Another outcome is not hidden. */
        { "werift aiortc interop/open full", "timeout", false, "",
          "/known_failures/0 differs" },
        { "werift aiortc interop/open full", "error", false, "signal 11",
          "/known_failures/0 differs" },
        { "werift aiortc interop/open full", "connected", false, "",
          "/known_failures/0 differs" },
        { "werift aiortc interop/open full", "connected", true, "",
          "/known_failures/0 passes" },
        /* A scenario may expect a failure. */
        { "werift aiortc interop/open full", "failed", true, "",
          "/known_failures/0 passes" },
        /* What was not called says nothing. */
        { "werift aiortc interop/open full", "unsupported", false, "", "" },
        /* Not about these. */
        { "werift aiortc interop/open trickle", "failed", false, "", "" },
        { "aiortc werift interop/open full", "failed", false, "", "" },
        { "werift aiortc open/open full", "failed", false, "", "" },
        { "werift2 aiortc interop/open full", "failed", false, "", "" },
        /* Two are about this one: that whose outcome came. */
        { "werift gst interop/open full", "failed", false, "",
          "/known_failures/0 fails" },
        { "werift gst interop/open full", "error", false,
          "error, must be connected: offerer was ended by signal 11 (…)",
          "/known_failures/1 fails" },
        { "werift gst interop/open full", "error", false, "a worker ended",
          "/known_failures/0 differs" },
        { "werift gst interop/open trickle", "error", false, "a worker ended",
          "/known_failures/1 differs" },
    };
    struct known_failures *known = parse_valid(two_entries);
    CU_ASSERT_EQUAL_FATAL(known->n_entries, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *marked =
            mark(known, rows[i].call, rows[i].outcome, rows[i].as_expected, rows[i].why);
        ASSERT_TEXT(marked, rows[i].mark);
    }
    g_autofree char *unknown = mark(NULL, rows[0].call, "failed", false, "");
    ASSERT_TEXT(unknown, "");
    known_failures_free(known);
}

static bool matches_any(const char *glob, const char *const *names, size_t n,
                        bool is_offerer)
{
    struct known_failure entry = { .offerer = "*", .answerer = "*", .scenario = "*" };
    *(is_offerer ? &entry.offerer : &entry.answerer) = glob;
    for (size_t i = 0; i < n; i++)
        if (known_failure_is_about(&entry, "s", names[i], names[i], MODE_FULL))
            return true;
    return false;
}

/* Each entry of the shipped file is about something that there is. */
static void test_shipped_file(void)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    struct known_failures *known =
        known_failures_load(SCENARIO_FOLDER "/" KNOWN_FAILURES_PATH, lines);
    CU_ASSERT_PTR_NOT_NULL_FATAL(known);
    g_autoptr(GPtrArray) refs = selection_resolve(SCENARIO_FOLDER, NULL, NULL);
    g_autofree const char **stacks = g_new0(const char *, stack_count);
    for (size_t i = 0; i < stack_count; i++)
        stacks[i] = stack_table[i].name;
    for (unsigned i = 0; i < known->n_entries; i++) {
        const struct known_failure *entry = &known->entries[i];
        bool is_scenario = false;
        for (guint r = 0; r < refs->len && !is_scenario; r++) {
            const struct scenario_ref *ref = refs->pdata[r];
            struct known_failure any = *entry;
            any.offerer = any.answerer = "*";
            any.modes = 0;
            is_scenario = known_failure_is_about(&any, ref->id, "a", "b", MODE_FULL);
        }
        CU_ASSERT_TRUE(is_scenario);
        CU_ASSERT_TRUE(matches_any(entry->offerer, stacks, stack_count, true));
        CU_ASSERT_TRUE(matches_any(entry->answerer, stacks, stack_count, false));
    }
    known_failures_free(known);
}

/* It stands among the scenarios, and is none. */
static void test_is_no_scenario(void)
{
    g_autoptr(GPtrArray) refs = selection_resolve(SCENARIO_FOLDER, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(refs);
    CU_ASSERT_TRUE(refs->len > 30);
    for (guint i = 0; i < refs->len; i++) {
        const struct scenario_ref *ref = refs->pdata[i];
        CU_ASSERT_PTR_NULL(strstr(ref->id, "known-failures"));
    }
}

static void test_schema_file(void)
{
    static const char path[] = SCENARIO_FOLDER "/known-failures.schema.json";
    g_autoptr(json_t) schema = known_failures_schema();
    char *dump = json_dumps(schema, JSON_INDENT(2));
    g_autofree char *text = g_strconcat(dump, "\n", NULL);
    free(dump);
    if (g_getenv("RTCLAB_WRITE_SCHEMA"))
        CU_ASSERT_TRUE(file_replace(path, text, strlen(text), NULL));
    g_autofree char *file = NULL;
    g_file_get_contents(path, &file, NULL, NULL);
    ASSERT_TEXT(file, text);
}

static const struct test tests[] = {
    { "mistakes are told: where, what was wanted, what was found", test_mistakes },
    { "a call is excused if it fails as the entry says, and not otherwise", test_marks },
    { "what ships is about scenarios and stacks that there are", test_shipped_file },
    { "the file is no scenario", test_is_no_scenario },
    { "the schema file is the table's", test_schema_file },
};

int main(int argc, char **argv)
{
    return suite_run("known-failures", tests, G_N_ELEMENTS(tests), argc, argv);
}
