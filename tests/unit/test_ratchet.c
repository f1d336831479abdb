/* SPDX-License-Identifier: Apache-2.0 */
/* A file of known failures from runs: what gets in, what stays, what leaves. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "call/known.h"
#include "call/ratchet.h"

static json_t *make_run(void)
{
    return json_pack("{s:[]}", "calls");
}

/* A call; `outcome` NULL: as expected. */
static void add_call(json_t *run, const char *mode, unsigned repeat, const char *outcome,
                     const char *why)
{
    json_array_append_new(json_object_get(run, "calls"),
                          json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:b, s:s}",
                                    "scenario", "nat/x", "offerer", "a", "answerer", "b",
                                    "mode", mode, "repeat", (int)repeat, "clock",
                                    "virtual", "outcome", outcome ? outcome : "connected",
                                    "as_expected", outcome == NULL, "why", why));
}

static json_t *run_with(const char *outcome, const char *why)
{
    json_t *run = make_run();
    add_call(run, "trickle", 1, outcome, why);
    return run;
}

static struct known_failures *parse(const char *text)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    struct known_failures *known =
        known_failures_parse(text, strlen(text), "old.json", problems);
    CU_ASSERT_PTR_NOT_NULL_FATAL(known);
    return known;
}

/* Turns runs (consumed, NULL-ended). `old` NULL: there is none. */
static void turn(struct ratchet *ret, const char *old, bool may_add, json_t *first, ...)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
    va_list rest;
    va_start(rest, first);
    for (json_t *run = first; run; run = va_arg(rest, json_t *))
        g_ptr_array_add(runs, run);
    va_end(rest);
    struct known_failures *known = old ? parse(old) : NULL;
    ratchet_turn(runs, known, may_add, ret);
    known_failures_free(known);
    /* What is written can be read. */
    char *text = json_dumps(ret->file, 0);
    known_failures_free(parse(text));
    free(text);
}

static void assert_file(struct ratchet *ratchet, const char *entries)
{
    char *text = json_dumps(json_object_get(ratchet->file, "known_failures"), 0);
    ASSERT_TEXT(text, entries);
    free(text);
    ratchet_clear(ratchet);
}

#define ENTRY                                                                          \
    "[{\"offerer\": \"a\", \"answerer\": \"b\", \"scenario\": \"nat/x\", \"modes\": "  \
    "[\"trickle\"], \"outcome\": \"timeout\", \"why\": \"not connected after 30 s\", " \
    "\"reason\": \"not connected after 30 s\"}]"
#define OLD_ENTRY                                                                       \
    "[{\"offerer\": \"a\", \"answerer\": \"*\", \"scenario\": \"nat/*\", \"outcome\": " \
    "\"timeout\", \"reason\": \"a bug with a link\"}]"
#define OLD "{\"known_failures\": " OLD_ENTRY "}"

static void test_begins(void)
{
    struct ratchet ratchet;
    turn(&ratchet, NULL, false, run_with("timeout", "not connected after 30 s"),
         run_with("timeout", "not connected after 30 s"), NULL);
    CU_ASSERT_EQUAL(ratchet.added->len, 1);
    assert_file(&ratchet, ENTRY);
}

/* What is known of a call excuses that call, and no other. */
static void test_fits(void)
{
    struct ratchet ratchet;
    json_t *run = run_with("timeout", "not connected after 30 s");
    turn(&ratchet, NULL, false, json_incref(run), NULL);
    char *text = json_dumps(ratchet.file, 0);
    struct known_failures *known = parse(text);
    json_t *call = json_array_get(json_object_get(run, "calls"), 0);
    known_mark(known, call);
    CU_ASSERT_TRUE(known_excuses(call));
    json_object_set_new(call, "mode", json_string("full"));
    json_object_del(call, "known_failure");
    known_mark(known, call);
    CU_ASSERT_FALSE(known_excuses(call));
    known_failures_free(known);
    free(text);
    json_decref(run);
    ratchet_clear(&ratchet);
}

static void test_modes_share(void)
{
    struct ratchet ratchet;
    json_t *run = make_run();
    add_call(run, "full", 1, "failed", "both peers failed");
    add_call(run, "trickle", 1, "failed", "both peers failed");
    add_call(run, "half", 1, NULL, "");
    turn(&ratchet, NULL, false, run, NULL);
    assert_file(&ratchet,
                "[{\"offerer\": \"a\", \"answerer\": \"b\", \"scenario\": \"nat/x\", "
                "\"modes\": [\"trickle\", \"full\"], \"outcome\": \"failed\", \"why\": "
                "\"both peers failed\", \"reason\": \"both peers failed\"}]");
}

static void test_common_why(void)
{
    struct ratchet ratchet;
    turn(&ratchet, NULL, false,
         run_with("connected", "set-up took 4123 ms, must be less"),
         run_with("connected", "set-up took 4098 ms, must be less"), NULL);
    const json_t *entry =
        json_array_get(json_object_get(ratchet.file, "known_failures"), 0);
    ASSERT_TEXT(json_string_value(json_object_get(entry, "why")), "ms, must be less");
    ratchet_clear(&ratchet);
}

static void test_flaky_stays_out(void)
{
    struct ratchet ratchet;
    turn(&ratchet, NULL, false, run_with("timeout", "x y z"), run_with(NULL, ""), NULL);
    CU_ASSERT_EQUAL(ratchet.unsteady->len, 1);
    ASSERT_TEXT(ratchet.unsteady->pdata[0], "a~b/nat/x/trickle: 1 of 2 calls failed");
    assert_file(&ratchet, "[]");
    turn(&ratchet, NULL, false, run_with("timeout", "x y z"), run_with("failed", "x y z"),
         NULL);
    ASSERT_TEXT(ratchet.unsteady->pdata[0],
                "a~b/nat/x/trickle: 2 of 2 calls failed, in different ways");
    assert_file(&ratchet, "[]");
}

static void test_old_stays(void)
{
    struct ratchet ratchet;
    turn(&ratchet, OLD, false, run_with("timeout", "not connected"), NULL);
    CU_ASSERT_EQUAL(ratchet.kept->len, 1);
    CU_ASSERT_EQUAL(ratchet.refused->len + ratchet.unsteady->len, 0);
    assert_file(&ratchet, OLD_ENTRY);
    /* nothing that it is about was made */
    turn(&ratchet, OLD, false, make_run(), NULL);
    assert_file(&ratchet, OLD_ENTRY);
    /* once of two */
    turn(&ratchet, OLD, false, run_with("timeout", "x"), run_with(NULL, ""), NULL);
    assert_file(&ratchet, OLD_ENTRY);
    /* "unsupported" says nothing */
    turn(&ratchet, OLD, false, run_with("unsupported", "not installed"), NULL);
    assert_file(&ratchet, OLD_ENTRY);
}

static void test_old_leaves(void)
{
    struct ratchet ratchet;
    turn(&ratchet, OLD, false, run_with(NULL, ""), run_with(NULL, ""), NULL);
    CU_ASSERT_EQUAL(ratchet.removed->len, 1);
    assert_file(&ratchet, "[]");
}

/* It turns one way: what is new is told and does not get in, not even what got out. */
static void test_new_stays_out(void)
{
    struct ratchet ratchet;
    turn(&ratchet, "{\"known_failures\": []}", false,
         run_with("timeout", "not connected after 30 s"), NULL);
    CU_ASSERT_EQUAL(ratchet.refused->len, 1);
    ASSERT_TEXT(ratchet.refused->pdata[0], "a~b/nat/x/trickle: a new failure");
    assert_file(&ratchet, "[]");
    turn(&ratchet, OLD, false, run_with("failed", "both peers failed"), NULL);
    CU_ASSERT_EQUAL(ratchet.refused->len, 1);
    assert_file(&ratchet, OLD_ENTRY);
    turn(&ratchet, "{\"known_failures\": []}", true,
         run_with("timeout", "not connected after 30 s"), NULL);
    CU_ASSERT_EQUAL(ratchet.added->len, 1);
    assert_file(&ratchet, ENTRY);
}

/* An error can mean anything: without a text of its own it cannot be known. */
static void test_error_needs_a_why(void)
{
    struct ratchet ratchet;
    turn(&ratchet, NULL, false, run_with("error", "offerer was ended by signal 6"),
         run_with("error", "XYZ"), NULL);
    CU_ASSERT_EQUAL(ratchet.refused->len, 1);
    assert_file(&ratchet, "[]");
}

/* Names are names, and texts of peers one line of text. */
static void test_hostile(void)
{
    struct ratchet ratchet;
    json_t *run = run_with("failed", "a line\x1b[2J\nthe longer of two lines");
    json_t *call = json_array_get(json_object_get(run, "calls"), 0);
    json_object_set_new(call, "scenario", json_string("nat/[x]*"));
    turn(&ratchet, NULL, false, run, NULL);
    assert_file(
        &ratchet,
        "[{\"offerer\": \"a\", \"answerer\": \"b\", \"scenario\": "
        "\"nat/\\\\[x]\\\\*\", \"modes\": [\"trickle\"], \"outcome\": \"failed\", "
        "\"why\": \"the longer of two lines\", \"reason\": \"the longer of two "
        "lines\"}]");
    json_t *blank = run_with("failed", "both peers failed");
    call = json_array_get(json_object_get(blank, "calls"), 0);
    json_object_set_new(call, "offerer", json_string("my peer"));
    turn(&ratchet, NULL, false, blank, json_pack("{s:[n, {}, i]}", "calls", 3), NULL);
    CU_ASSERT_EQUAL(ratchet.refused->len, 1);
    assert_file(&ratchet, "[]");
}

static const struct test tests[] = {
    { "a file is begun with what failed in all runs", test_begins },
    { "an entry excuses its calls alone", test_fits },
    { "modes that fail alike share an entry", test_modes_share },
    { "an entry has what its calls say in common", test_common_why },
    { "what does not always fail so stays out", test_flaky_stays_out },
    { "what fails still, or was not made, stays", test_old_stays },
    { "what passes in all runs leaves", test_old_leaves },
    { "what is new gets in only when asked", test_new_stays_out },
    { "an error without a text stays out", test_error_needs_a_why },
    { "names and texts of peers make no other entry", test_hostile },
};

int main(int argc, char **argv)
{
    return suite_run("ratchet", tests, G_N_ELEMENTS(tests), argc, argv);
}
