/* SPDX-License-Identifier: Apache-2.0 */
/* What the modes make of a peer's signals (harness/call/signaling.h). */
#include "suite.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "call/signaling.h"

#define SDP "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"

static const struct signal *describe(struct signaling *s, enum role from, const char *sdp,
                                     int64_t now_ns)
{
    g_autoptr(json_t) body =
        json_pack("{s:{s:s, s:s}}", "description", "type",
                  from == ROLE_OFFERER ? "offer" : "answer", "sdp", sdp);
    return signaling_submit(s, from, body, now_ns);
}

static const struct signal *trickle(struct signaling *s, enum role from, const char *text,
                                    int64_t now_ns)
{
    g_autoptr(json_t) body = json_pack("{s:{s:s, s:s, s:i}}", "candidate", "candidate",
                                       text, "sdpMid", "0", "sdpMLineIndex", 0);
    return signaling_submit(s, from, body, now_ns);
}

static const char *sdp_of(const struct signal *signal)
{
    const json_t *description = json_object_get(signal->body, "description");
    return json_string_value(json_object_get(description, "sdp"));
}

static const char *candidate_of(const struct signal *signal)
{
    const json_t *candidate = json_object_get(signal->body, "candidate");
    return json_string_value(json_object_get(candidate, "candidate"));
}

static void test_trickle(void)
{
    struct signaling *s = signaling_new(MODE_TRICKLE, 20);
    CU_ASSERT_PTR_NOT_NULL(describe(s, ROLE_OFFERER, SDP, 100));
    CU_ASSERT_PTR_NOT_NULL(trickle(s, ROLE_OFFERER, "candidate:1", 105));
    CU_ASSERT_PTR_NOT_NULL(trickle(s, ROLE_OFFERER, "", 110));
    CU_ASSERT_EQUAL(signaling_next_deadline(s), 120);
    CU_ASSERT_PTR_NULL(signaling_pop(s, 119));
    struct signal *first = signaling_pop(s, 120);
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    ASSERT_TEXT(sdp_of(first), SDP);
    signal_free(first);
    CU_ASSERT_PTR_NULL(signaling_pop(s, 124));
    struct signal *second = signaling_pop(s, 130);
    ASSERT_TEXT(candidate_of(second), "candidate:1");
    signal_free(second);
    struct signal *end = signaling_pop(s, 130);
    ASSERT_TEXT(candidate_of(end), "");
    signal_free(end);
    CU_ASSERT_EQUAL(signaling_next_deadline(s), CLOCK_NEVER);
    signaling_free(s);
}

static void test_full(void)
{
    struct signaling *s = signaling_new(MODE_FULL, 20);
    CU_ASSERT_PTR_NULL(describe(s, ROLE_ANSWERER, SDP, 0));
    CU_ASSERT_PTR_NULL(trickle(s, ROLE_ANSWERER, "candidate:1", 1));
    CU_ASSERT_PTR_NULL(trickle(s, ROLE_ANSWERER, "candidate:2", 2));
    CU_ASSERT_EQUAL(signaling_next_deadline(s), CLOCK_NEVER);
    CU_ASSERT_PTR_NOT_NULL(trickle(s, ROLE_ANSWERER, "", 3));
    CU_ASSERT_EQUAL(signaling_next_deadline(s), 23);
    struct signal *whole = signaling_pop(s, 23);
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    ASSERT_TEXT(sdp_of(whole),
                SDP "a=candidate:1\r\na=candidate:2\r\na=end-of-candidates\r\n");
    ASSERT_TEXT(json_string_value(
                    json_object_get(json_object_get(whole->body, "description"), "type")),
                "answer");
    signal_free(whole);
    CU_ASSERT_EQUAL(signaling_next_deadline(s), CLOCK_NEVER);
    signaling_free(s);
}

static void test_half(void)
{
    struct signaling *s = signaling_new(MODE_HALF, 0);
    CU_ASSERT_PTR_NULL(describe(s, ROLE_OFFERER, SDP, 0));
    CU_ASSERT_PTR_NOT_NULL(trickle(s, ROLE_OFFERER, "", 0));
    CU_ASSERT_PTR_NOT_NULL(describe(s, ROLE_ANSWERER, SDP, 0));
    CU_ASSERT_PTR_NOT_NULL(trickle(s, ROLE_ANSWERER, "candidate:1", 0));
    signaling_free(s);
}

static void test_full_restart(void)
{
    struct signaling *s = signaling_new(MODE_FULL, 0);
    describe(s, ROLE_OFFERER, SDP, 0);
    trickle(s, ROLE_OFFERER, "candidate:old", 0);
    trickle(s, ROLE_OFFERER, "", 0);
    signal_free(signaling_pop(s, 0));
    /* A second description (an ICE restart) starts with no candidates of the first. */
    describe(s, ROLE_OFFERER, SDP, 1);
    trickle(s, ROLE_OFFERER, "candidate:new", 1);
    trickle(s, ROLE_OFFERER, "", 1);
    struct signal *again = signaling_pop(s, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    ASSERT_TEXT(sdp_of(again), SDP "a=candidate:new\r\na=end-of-candidates\r\n");
    signal_free(again);
    signaling_free(s);
}

static void test_late_whole_description(void)
{
    /* A stack that cannot trickle: all at once, and the end is in it. */
    struct signaling *s = signaling_new(MODE_FULL, 0);
    CU_ASSERT_PTR_NOT_NULL(
        describe(s, ROLE_OFFERER, SDP "a=candidate:1\r\na=end-of-candidates\r\n", 0));
    struct signal *whole = signaling_pop(s, 0);
    ASSERT_TEXT(sdp_of(whole), SDP "a=candidate:1\r\na=end-of-candidates\r\n");
    signal_free(whole);
    signaling_free(s);
}

static void test_neither(void)
{
    struct signaling *s = signaling_new(MODE_TRICKLE, 0);
    static const char *const bodies[] = {
        "{}",
        "{\"candidate\":{}}",
        "{\"candidate\":\"x\"}",
        "{\"description\":7}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(json_t) body = json_loads(bodies[i], 0, NULL);
        CU_ASSERT_PTR_NULL(signaling_submit(s, ROLE_OFFERER, body, 0));
    }
    CU_ASSERT_EQUAL(signaling_next_deadline(s), CLOCK_NEVER);
    signaling_free(s);
}

static void test_sections(void)
{
    static const char two[] = "v=0\nm=audio 9 X 0\na=mid:a\nm=video 9 X 0\na=mid:v\n";
    g_autoptr(json_t) candidates = json_pack(
        "[{s:s,s:s},{s:s,s:i},{s:s,s:s},{s:s}]", "candidate", "candidate:video", "sdpMid",
        "v", "candidate", "candidate:second", "sdpMLineIndex", 1, "candidate",
        "candidate:nowhere", "sdpMid", "zz", "candidate", "candidate:unsaid");
    g_autofree char *sdp = signaling_insert_candidates(two, candidates);
    ASSERT_TEXT(sdp, "v=0\r\nm=audio 9 X 0\r\na=mid:a\r\na=candidate:nowhere\r\n"
                     "a=candidate:unsaid\r\na=end-of-candidates\r\n"
                     "m=video 9 X 0\r\na=mid:v\r\na=candidate:video\r\n"
                     "a=candidate:second\r\na=end-of-candidates\r\n");
}

static void test_injection(void)
{
    g_autoptr(json_t) candidates =
        json_pack("[{s:s}]", "candidate", "candidate:1\r\na=evil:1");
    g_autofree char *sdp = signaling_insert_candidates(SDP, candidates);
    ASSERT_TEXT(sdp, SDP "a=candidate:1\r\na=end-of-candidates\r\n");
}

/* To look through all sections for each candidate would take hours. */
static void test_many(void)
{
    enum { N_SECTIONS = 200000, N_CANDIDATES = 100000 };
    static const char line[] = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
    static const char section[] = "m=\r\n";
    static const char end[] = "a=end-of-candidates\r\n";
    GString *many = g_string_new(NULL);
    for (int i = 0; i < N_SECTIONS; i++)
        g_string_append(many, section);
    g_autoptr(json_t) candidates = json_array();
    for (int i = 0; i < N_CANDIDATES; i++)
        json_array_append_new(candidates, json_pack("{s:s%, s:s}", "candidate", line + 2,
                                                    sizeof line - 5, "sdpMid", "none"));
    g_autofree char *sdp = signaling_insert_candidates(many->str, candidates);
    CU_ASSERT_EQUAL(strlen(sdp), N_SECTIONS * (strlen(section) + strlen(end)) +
                                     N_CANDIDATES * strlen(line));
    CU_ASSERT_NSTRING_EQUAL(sdp + strlen(section), line, strlen(line));
    g_string_free(many, TRUE);
}

static void test_over_the_network(void)
{
    struct signaling *s = signaling_new(MODE_FULL, 0);
    describe(s, ROLE_OFFERER, SDP, 100);
    CU_ASSERT_PTR_NOT_NULL(trickle(s, ROLE_OFFERER, "", 105));
    struct signal *leaves = signaling_pop(s, 105);
    CU_ASSERT_PTR_NOT_NULL_FATAL(leaves);
    CU_ASSERT_FALSE(leaves->has_arrived);
    signaling_arrive(s, ROLE_OFFERER, leaves->body, 200);
    CU_ASSERT_EQUAL(signaling_next_deadline(s), 200);
    struct signal *arrives = signaling_pop(s, 200);
    CU_ASSERT_PTR_NOT_NULL_FATAL(arrives);
    CU_ASSERT_TRUE(arrives->has_arrived);
    CU_ASSERT_EQUAL(arrives->from, ROLE_OFFERER);
    ASSERT_TEXT(sdp_of(arrives), sdp_of(leaves));
    signal_free(leaves);
    signal_free(arrives);
    signaling_free(s);
}

static const struct test tests[] = {
    { "trickle: each signal goes at once and takes the delay", test_trickle },
    { "full: a description goes with all its candidates, none alone", test_full },
    { "half: the offerer is full, the answerer trickles", test_half },
    { "full: a restart starts with no old candidates", test_full_restart },
    { "full: a description that is whole already goes at once",
      test_late_whole_description },
    { "what is neither description nor candidate is not signalled", test_neither },
    { "a candidate goes into the section that it is for", test_sections },
    { "a candidate cannot bring further lines along", test_injection },
    { "a peer with many sections and candidates does not hold the call up", test_many },
    { "what has crossed the network is held no more", test_over_the_network },
};

int main(int argc, char **argv)
{
    return suite_run("signaling", tests, G_N_ELEMENTS(tests), argc, argv);
}
