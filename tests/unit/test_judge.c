/* SPDX-License-Identifier: Apache-2.0 */
/* Judging calls by what their scenario expects (harness/call/judge.h). */
#include "suite.h"

#include "base/file.h"
#include "call/judge.h"

static char *pairs[] = { "srflx~prflx", "relay~*", NULL };
static char *udp[] = { "udp", NULL };

#define RESULT(outcome, ms, a, b, protocol)                                             \
    "{\"outcome\":\"" outcome "\",\"why\":\"\",\"setup_ms\":" ms ",\"selected\":{"      \
    "\"offerer\":{\"local\":\"" a "\",\"remote\":\"x\",\"protocol\":\"" protocol "\"}," \
    "\"answerer\":{\"local\":\"" b "\",\"remote\":\"x\",\"protocol\":\"" protocol       \
    "\"}}}"

static const struct {
    const char *name;
    enum outcome expected;
    bool wants_pairs;
    double max_ms;
    const char *result;
    const char *why; /* NULL: as expected */
} cases[] = {
    { "as expected", OUTCOME_CONNECTED, true, 500,
      RESULT("connected", "500", "srflx", "prflx", "udp"), NULL },
    { "a star", OUTCOME_CONNECTED, true, 0,
      RESULT("connected", "9999", "relay", "host", "udp"), NULL },
    { "any pair", OUTCOME_CONNECTED, false, 0,
      RESULT("connected", "1", "host", "host", "tcp"), NULL },
    { "the other way round is another pair", OUTCOME_CONNECTED, true, 0,
      RESULT("connected", "1", "prflx", "srflx", "udp"),
      "selected prflx~srflx, must be srflx~prflx or relay~*" },
    { "over another protocol", OUTCOME_CONNECTED, true, 0,
      RESULT("connected", "1", "relay", "host", "tcp"),
      "offerer's pair is over tcp, must be udp; answerer's pair is over tcp, must be "
      "udp" },
    { "late", OUTCOME_CONNECTED, true, 500,
      RESULT("connected", "501", "srflx", "prflx", "udp"),
      "set-up took 501 ms, must be at most 500 ms" },
    { "all that differs is said", OUTCOME_CONNECTED, true, 500,
      RESULT("connected", "501", "host", "host", "udp"),
      "selected host~host, must be srflx~prflx or relay~*; set-up took 501 ms, must be "
      "at "
      "most 500 ms" },
    { "not connected", OUTCOME_CONNECTED, true, 500,
      "{\"outcome\":\"timeout\",\"why\":\"not connected after 30.0 s\"}",
      "timeout, must be connected: not connected after 30.0 s" },
    { "failure that is expected", OUTCOME_FAILED, false, 0, "{\"outcome\":\"failed\"}",
      NULL },
    { "connected where it must fail", OUTCOME_FAILED, false, 0,
      RESULT("connected", "5", "host", "host", "udp"), "connected, must be failed" },
    { "nothing selected", OUTCOME_CONNECTED, true, 0,
      "{\"outcome\":\"connected\",\"setup_ms\":1}",
      "selected none~none, must be srflx~prflx or relay~*; offerer's pair is over "
      "nothing, "
      "must be udp; answerer's pair is over nothing, must be udp" },
};

static void test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct expectation expect = {
            .outcome = cases[i].expected,
            .selected = cases[i].wants_pairs ? pairs : NULL,
            .selected_protocols = cases[i].wants_pairs ? udp : NULL,
            .setup_max_ms = { [MODE_HALF] = cases[i].max_ms },
        };
        g_autoptr(json_t) result = json_loads(cases[i].result, 0, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(result);
        g_autofree char *why = judge_call(&expect, MODE_HALF, result);
        suite_assert_text(why, cases[i].why, cases[i].name, (int)i);
    }
}

static void test_bound_of_mode(void)
{
    struct expectation expect = { .setup_max_ms = { [MODE_FULL] = 10 } };
    g_autoptr(json_t) result =
        json_loads(RESULT("connected", "11", "host", "host", "udp"), 0, NULL);
    CU_ASSERT_PTR_NULL(judge_call(&expect, MODE_TRICKLE, result));
    g_autofree char *why = judge_call(&expect, MODE_FULL, result);
    CU_ASSERT_PTR_NOT_NULL(why);
}

static const struct test tests[] = {
    { "each difference is found and said in words", test_cases },
    { "the bound on the set-up is the mode's own", test_bound_of_mode },
};

int main(int argc, char **argv)
{
    return suite_run("judge", tests, G_N_ELEMENTS(tests), argc, argv);
}
