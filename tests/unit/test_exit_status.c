/* SPDX-License-Identifier: Apache-2.0 */
/* The exit status that results call for (harness/command/exit_status.h). */
#include "suite.h"

#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "command/exit_status.h"
#include "scenario/scenario.h"

/* Letters of a run's calls. */
static const struct {
    char letter;
    enum outcome outcome;
    int as_expected;
    const char *known; /* status of a known failure; NULL: none is known */
} kinds[] = {
    { 'c', OUTCOME_CONNECTED, 1, NULL },     { 'C', OUTCOME_CONNECTED, 0, NULL },
    { 'f', OUTCOME_FAILED, 1, NULL },        { 'F', OUTCOME_FAILED, 0, NULL },
    { 't', OUTCOME_TIMEOUT, 1, NULL },       { 'T', OUTCOME_TIMEOUT, 0, NULL },
    { 'U', OUTCOME_UNSUPPORTED, 0, NULL },   { 'E', OUTCOME_ERROR, 0, NULL },
    { 'K', OUTCOME_TIMEOUT, 0, "fails" },    { 'k', OUTCOME_ERROR, 0, "fails" },
    { 'P', OUTCOME_CONNECTED, 1, "passes" }, { 'D', OUTCOME_FAILED, 0, "differs" },
    { 'd', OUTCOME_ERROR, 0, "differs" },
};

enum end { COMPLETE, CUT, INTERRUPTED };

static const struct {
    const char *calls;
    enum end end;
    int status;
} cases[] = {
    { "c", COMPLETE, EXIT_AS_EXPECTED },     { "cft", COMPLETE, EXIT_AS_EXPECTED },
    { "cU", COMPLETE, EXIT_AS_EXPECTED },    { "U", COMPLETE, EXIT_AS_EXPECTED },
    { "C", COMPLETE, EXIT_UNEXPECTED },      { "cF", COMPLETE, EXIT_UNEXPECTED },
    { "Tc", COMPLETE, EXIT_UNEXPECTED },     { "cE", COMPLETE, EXIT_ENVIRONMENT },
    { "FE", COMPLETE, EXIT_ENVIRONMENT },    { "EFU", COMPLETE, EXIT_ENVIRONMENT },
    { "", COMPLETE, EXIT_INCOMPLETE },       { "", CUT, EXIT_INCOMPLETE },
    { "c", CUT, EXIT_INCOMPLETE },           { "cF", CUT, EXIT_UNEXPECTED },
    { "E", CUT, EXIT_ENVIRONMENT },          { "", INTERRUPTED, EXIT_INTERRUPTED },
    { "c", INTERRUPTED, EXIT_INTERRUPTED },  { "F", INTERRUPTED, EXIT_INTERRUPTED },
    { "EF", INTERRUPTED, EXIT_INTERRUPTED }, { "cKk", COMPLETE, EXIT_AS_EXPECTED },
    { "P", COMPLETE, EXIT_AS_EXPECTED },     { "cKD", COMPLETE, EXIT_UNEXPECTED },
    { "Kd", COMPLETE, EXIT_ENVIRONMENT },    { "KF", COMPLETE, EXIT_UNEXPECTED },
    { "K", CUT, EXIT_INCOMPLETE },
};

static const struct {
    const char *run;
    int status;
} without_calls[] = {
    { "{\"complete\":true,\"shard\":\"3/4\",\"plan\":{\"calls\":2}}", EXIT_AS_EXPECTED },
    { "{\"complete\":true,\"shard\":\"3/4\",\"plan\":{\"calls\":0}}", EXIT_INCOMPLETE },
    { "{\"complete\":true,\"plan\":{\"calls\":2}}", EXIT_INCOMPLETE },
    { "{\"complete\":false,\"shard\":\"3/4\",\"plan\":{\"calls\":2}}", EXIT_INCOMPLETE },
};

/* With the verdict of a baseline. */
static const struct {
    const char *baseline;
    const char *calls;
    enum end end;
    int status;
} judged[] = {
    { "pass", "c", COMPLETE, EXIT_AS_EXPECTED },
    { "pass", "F", COMPLETE, EXIT_UNEXPECTED },
    { "failed", "c", COMPLETE, EXIT_UNEXPECTED },
    { "regressed", "c", COMPLETE, EXIT_REGRESSION },
    { "regressed", "F", COMPLETE, EXIT_UNEXPECTED },
    { "regressed", "E", COMPLETE, EXIT_ENVIRONMENT },
    { "failed", "c", INTERRUPTED, EXIT_INTERRUPTED },
    { "regressed", "c", CUT, EXIT_REGRESSION },
    { "failed", "c", CUT, EXIT_UNEXPECTED },
    { "inconclusive", "c", COMPLETE, EXIT_INCONCLUSIVE },
    { "inconclusive", "c", CUT, EXIT_INCOMPLETE },
    { "inconclusive", "F", COMPLETE, EXIT_UNEXPECTED },
};

/* The numbers are what scripts and CI know. */
static void test_numbers(void)
{
    CU_ASSERT_EQUAL(EXIT_AS_EXPECTED, 0);
    CU_ASSERT_EQUAL(EXIT_UNEXPECTED, 1);
    CU_ASSERT_EQUAL(EXIT_USAGE, 2);
    CU_ASSERT_EQUAL(EXIT_ENVIRONMENT, 3);
    CU_ASSERT_EQUAL(EXIT_REGRESSION, 4);
    CU_ASSERT_EQUAL(EXIT_INCOMPLETE, 5);
    CU_ASSERT_EQUAL(EXIT_INCONCLUSIVE, 6);
    CU_ASSERT_EQUAL(EXIT_INTERRUPTED, 130);
}

static json_t *make_call(char letter)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(kinds) && kinds[i].letter != letter)
        i++;
    CU_ASSERT_FATAL(i < G_N_ELEMENTS(kinds));
    json_t *call = json_pack("{s:s, s:b}", "outcome", outcome_names[kinds[i].outcome],
                             "as_expected", kinds[i].as_expected);
    if (kinds[i].known)
        json_object_set_new(call, "known_failure",
                            json_pack("{s:s}", "status", kinds[i].known));
    return call;
}

static void assert_status(const char *letters, enum end end, const char *baseline,
                          int wanted)
{
    json_t *calls = json_array();
    for (const char *letter = letters; *letter; letter++)
        CU_ASSERT_EQUAL_FATAL(json_array_append_new(calls, make_call(*letter)), 0);
    g_autoptr(json_t) results =
        json_pack("{s:{s:b}, s:o}", "run", "complete", end == COMPLETE, "calls", calls);
    if (end == INTERRUPTED)
        json_object_set_new(json_object_get(results, "run"), "interrupted", json_true());
    if (baseline)
        json_object_set_new(results, "baseline", json_pack("{s:s}", "verdict", baseline));
    int status = exit_status_of(results);
    if (status != wanted)
        printf("  calls \"%s\", end %d, baseline %s: status %d\n", letters, end,
               baseline ? baseline : "none", status);
    CU_ASSERT_EQUAL(status, wanted);
}

static void test_statuses(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_status(cases[i].calls, cases[i].end, NULL, cases[i].status);
}

static void test_empty_shards(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(without_calls); i++) {
        g_autoptr(json_t) run = json_loads(without_calls[i].run, 0, NULL);
        g_autoptr(json_t) results = json_pack("{s:O, s:[]}", "run", run, "calls");
        CU_ASSERT_EQUAL(exit_status_of(results), without_calls[i].status);
    }
}

static void test_baselines(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(judged); i++)
        assert_status(judged[i].calls, judged[i].end, judged[i].baseline,
                      judged[i].status);
}

static const struct test tests[] = {
    { "interrupted over error over unexpected over incomplete; known failures are none",
      test_statuses },
    { "a shard may be empty, a run may not", test_empty_shards },
    { "a baseline's verdict: failed as unexpected, slower over incomplete, inconclusive "
      "last",
      test_baselines },
    { "each status has its number", test_numbers },
};

int main(int argc, char **argv)
{
    return suite_run("exit-status", tests, G_N_ELEMENTS(tests), argc, argv);
}
