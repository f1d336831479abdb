/* SPDX-License-Identifier: Apache-2.0 */
/* The exit status that results call for (harness/call/run.h; DESIGN's exit codes). */
#include "suite.h"

#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "call/run.h"

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

static void test_statuses(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *calls = json_array();
        for (const char *letter = cases[i].calls; *letter; letter++)
            CU_ASSERT_EQUAL_FATAL(json_array_append_new(calls, make_call(*letter)), 0);
        g_autoptr(json_t) results = json_pack("{s:{s:b}, s:o}", "run", "complete",
                                              cases[i].end == COMPLETE, "calls", calls);
        if (cases[i].end == INTERRUPTED)
            json_object_set_new(json_object_get(results, "run"), "interrupted",
                                json_true());
        int status = run_exit_code(results);
        if (status != cases[i].status)
            printf("  calls \"%s\", end %d: status %d\n", cases[i].calls, cases[i].end,
                   status);
        CU_ASSERT_EQUAL(status, cases[i].status);
    }
}

static const struct test tests[] = {
    { "interrupted over error over unexpected over incomplete; known failures are none",
      test_statuses },
};

int main(int argc, char **argv)
{
    return suite_run("run-exit-code", tests, G_N_ELEMENTS(tests), argc, argv);
}
