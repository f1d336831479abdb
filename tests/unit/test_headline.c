/* SPDX-License-Identifier: Apache-2.0 */
/* The one sentence: failures come first, and what is not sure is not claimed. */
#include "suite.h"

#include "base/file.h"
#include "reports/headline.h"

/* Calls: "2e" two as expected, "1f" one not, "1k" known, "1u" unsupported, "1l" flaky; of
 * scenario s0, s1, … in turn. */
static json_t *make_calls(const char *what)
{
    json_t *calls = json_array();
    g_auto(GStrv) words = g_strsplit(what, " ", -1);
    unsigned scenario = 0;
    for (char **word = words; *word && **word; word++) {
        char *kind;
        for (guint64 n = g_ascii_strtoull(*word, &kind, 10); n > 0; n--) {
            g_autofree char *id = g_strdup_printf("s%u", scenario++);
            gboolean connects = *kind == 'e' || *kind == 'l';
            const char *outcome = *kind == 'u' ? "unsupported"
                                  : connects   ? "connected"
                                               : "timeout";
            json_t *call =
                json_pack("{s:s, s:s, s:b, s:b}", "scenario", id, "outcome", outcome,
                          "as_expected", connects, "flaky", *kind == 'l');
            if (*kind == 'k')
                json_object_set_new(call, "known_failure",
                                    json_pack("{s:s}", "status", "fails"));
            json_array_append_new(calls, call);
        }
    }
    return calls;
}

static char *headline_of(const char *calls, const char *comparisons, const char *rest)
{
    g_autoptr(json_t) results = json_loads(rest, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    json_t *list = json_loads(comparisons, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    json_object_set_new(results, "calls", make_calls(calls));
    json_object_set_new(results, "comparisons", list);
    return headline_format(results);
}

static void assert_headline(const char *calls, const char *comparisons, const char *rest,
                            const char *wanted)
{
    g_autofree char *text = headline_of(calls, comparisons, rest);
    ASSERT_TEXT(text, wanted);
}

static void test_calls(void)
{
    static const struct {
        const char *calls, *rest, *wanted;
    } rows[] = {
        { "51e", "{}", "All 51 calls as expected" },
        { "1e", "{}", "The call was as expected" },
        { "", "{}", "No call was made" },
        { "3e 1f", "{}", "1 of 4 calls not as expected, in s3" },
        { "2f", "{}", "2 of 2 calls not as expected, in s0 and s1" },
        { "1e 5f", "{}", "5 of 6 calls not as expected, in s1, s2 and 3 more" },
        { "4e 2k 1u", "{}", "4 of 7 calls as expected, 2 known to fail, 1 unsupported" },
        { "4e 2l", "{}", "All 6 calls as expected, 2 flaky" },
        { "3e 1f 1k", "{}", "1 of 5 calls not as expected, in s3, 1 known to fail" },
        { "3e", "{\"run\":{\"complete\":false}}", "Incomplete: all 3 calls as expected" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_headline(rows[i].calls, "[]", rows[i].rest, rows[i].wanted);
}

static void test_baseline(void)
{
    assert_headline("2e", "[]",
                    "{\"baseline\":{\"verdict\":\"regressed\",\"changes\":["
                    "{\"scenario\":\"a\",\"is_regression\":true},"
                    "{\"scenario\":\"a\",\"is_regression\":true},"
                    "{\"scenario\":\"b\",\"is_regression\":false}]}}",
                    "All 2 calls as expected; 2 regressions against the baseline, in a");
    /* Of all calls together. */
    assert_headline("2e", "[]",
                    "{\"baseline\":{\"verdict\":\"failed\",\"changes\":["
                    "{\"scenario\":null,\"is_regression\":true}]}}",
                    "All 2 calls as expected; 1 regression against the baseline");
    assert_headline("2e", "[]", "{\"baseline\":{\"verdict\":\"pass\",\"changes\":[]}}",
                    "All 2 calls as expected; no regression against the baseline");
    assert_headline(
        "2e", "[]",
        "{\"baseline\":{\"verdict\":\"inconclusive\",\"compared\":2,\"changes\":[]}}",
        "All 2 calls as expected; too few repeats to hold against the baseline");
    assert_headline(
        "2e", "[]",
        "{\"baseline\":{\"verdict\":\"inconclusive\",\"compared\":0,\"changes\":[]}}",
        "All 2 calls as expected; no call of it is in the baseline");
}

#define SAVING(id, more, fields)                                         \
    "{\"scenario\":\"" id "\",\"offerer\":\"a\",\"answerer\":\"b\"" more \
    ",\"trickle_saves_ms\":" fields "}"
#define SURE(id, shift, low, high)                                     \
    SAVING(id, "",                                                     \
           "{\"median\":1,\"samples\":[1,2,3,4,5,6],\"shift\":" #shift \
           ",\"interval\":[" #low "," #high "],\"p_value\":0.01,\"p_holm\":0.02}")

/* The greatest that is sure, though another seems greater. */
static void test_greatest_sure_saving(void)
{
    assert_headline(
        "9e",
        "[" SURE("x", 40.2, 30, 50) "," SURE("stun/dead", 1980.4, 1950, 2020) "," SAVING(
            "wild", "",
            "{\"median\":9000,\"samples\":[1,1,1,1,1,9000],"
            "\"shift\":9000,\"interval\":[-5,9999],\"p_value\":0.06,"
            "\"p_holm\":0.12}") "]",
        "{\"scenarios\":{\"stun/dead\":"
        "{\"title\":\"STUN server dead: full gathering waits\"}}}",
        "All 9 calls as expected; trickle saves most in stun/dead "
        "(STUN server dead): 1.98 s [1.95, 2.02]");
}

static void test_deterministic_saving(void)
{
    assert_headline("4e",
                    "[" SURE("x", 40, 30,
                             50) "," SAVING("d", ",\"deterministic\":true",
                                            "{\"median\":180,\"samples\":[180,180]}") "]",
                    "{}", "All 4 calls as expected; trickle saves most in d: 180 ms");
}

static void test_open_end_and_cost(void)
{
    assert_headline("9e", "[" SURE("x", null, 27900, null) "]", "{}",
                    "All 9 calls as expected; trickle saves most in x: at least 27.90 s");
    assert_headline("9e", "[" SURE("x", -30, -40, -20) "]", "{}",
                    "All 9 calls as expected; trickle takes longer in x: 30 ms [20, 40]");
    assert_headline(
        "9e", "[" SURE("x", null, null, -2500) "]", "{}",
        "All 9 calls as expected; trickle takes longer in x: at least 2.50 s");
}

static void test_nothing_sure(void)
{
    assert_headline("9e",
                    "[" SAVING("x", "",
                               "{\"median\":50,\"samples\":[1,2,3,4,5,-6],\"shift\":2,"
                               "\"interval\":[-1,5],\"p_value\":0.2,\"p_holm\":0.2}") "]",
                    "{}", "All 9 calls as expected; trickle saves nothing significant");
}

/* Few repeats prove nothing: what was seen is said as that. */
static void test_few_pairs(void)
{
    assert_headline("2e",
                    "[" SAVING("x", "", "{\"median\":160,\"samples\":[160]}") "," SAVING(
                        "y", "", "{\"median\":4000,\"samples\":[4000]}") "]",
                    "{}",
                    "All 2 calls as expected; in one pair of calls trickle took 4.00 s "
                    "less in y");
    assert_headline(
        "6e", "[" SAVING("x", "", "{\"median\":160,\"samples\":[150,160,190]}") "]", "{}",
        "All 6 calls as expected; in all 3 pairs of calls trickle took less in x, "
        "the median 160 ms");
    assert_headline("6e",
                    "[" SAVING("x", "", "{\"median\":160,\"samples\":[-1,160,190]}") "]",
                    "{}", "All 6 calls as expected");
    /* Enough for a test by itself, but not for one of 17. */
    assert_headline(
        "9e",
        "[" SAVING("x", "",
                   "{\"median\":165,\"samples\":[160,161,162,168,169,170],"
                   "\"shift\":165,\"interval\":[160,170],\"p_faster\":1,"
                   "\"p_value\":0.03125,\"p_holm\":0.53}") "]",
        "{}",
        "All 9 calls as expected; in all 6 pairs of calls trickle took less in "
        "x, the median 165 ms");
    assert_headline("2e", "[{\"scenario\":\"x\",\"trickle_saves_ms\":null}]", "{}",
                    "All 2 calls as expected");
}

static void test_peers_are_named_if_several(void)
{
    assert_headline(
        "9e",
        "[" SURE("x", 40, 30,
                 50) ","
                     "{\"scenario\":\"x\",\"offerer\":\"b\",\"answerer\":\"b\","
                     "\"trickle_saves_ms\":null}]",
        "{}",
        "All 9 calls as expected; trickle saves most in a~b/x: "
        "40 ms [30, 50]");
}

static void test_hostile_names(void)
{
    g_autofree char *text =
        headline_of("9e", "[" SURE("x\\u001b[2J\\n", 40, 30, 50) "]",
                    "{\"scenarios\":{\"x\\u001b[2J\\n\":{\"title\":\"\\u202e\"}}}");
    for (const char *c = text; *c; c++)
        CU_ASSERT_TRUE(g_ascii_isprint(*c));
}

static const struct test tests[] = {
    { "what is not as expected comes first", test_calls },
    { "regressions against the baseline are counted", test_baseline },
    { "the greatest saving that is sure is named", test_greatest_sure_saving },
    { "a deterministic saving needs no interval", test_deterministic_saving },
    { "an open end is a bound, a loss is no saving", test_open_end_and_cost },
    { "what is not significant is not claimed", test_nothing_sure },
    { "where nothing is sure it says what was seen", test_few_pairs },
    { "peers are named if there are several pairs", test_peers_are_named_if_several },
    { "strings of peers stay text", test_hostile_names },
};

int main(int argc, char **argv)
{
    return suite_run("headline", tests, G_N_ELEMENTS(tests), argc, argv);
}
