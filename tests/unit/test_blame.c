/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blame and causes of records that real calls left (tests/data/timeline): two libnice
 * agents, and in lossy-dtls two webrtcbins.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/file.h"
#include "base/rng.h"
#include "call/cause.h"
#include "call/record.h"
#include "call/timeline.h"
#include "timeline_record.h"
#include "wire/stunmsg.h"

static struct timeline *read_real(const char *name)
{
    g_autofree char *folder = g_build_filename(TEST_DATA, "timeline", name, NULL);
    struct timeline *t = timeline_read(folder, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

/* The entry of a call in results.json, as far as it is looked at. */
static json_t *connected(double setup_ms, const char *mode)
{
    return json_pack("{s:s, s:s, s:f}", "outcome", "connected", "mode", mode, "setup_ms",
                     setup_ms);
}

static json_t *failed(const char *outcome)
{
    return json_pack("{s:s, s:s, s:n}", "outcome", outcome, "mode", "trickle",
                     "setup_ms");
}

static json_t *blame_of(const char *name, double setup_ms, const char *mode)
{
    struct timeline *t = read_real(name);
    g_autoptr(json_t) call = connected(setup_ms, mode);
    json_t *blame = blame_setup(t, call);
    timeline_free(t);
    return blame;
}

static json_t *cause_of(const char *name)
{
    struct timeline *t = read_real(name);
    g_autoptr(json_t) call = failed("failed");
    json_t *cause = blame_failure(t, call);
    timeline_free(t);
    return cause;
}

static double part(const json_t *blame, enum blame_part part)
{
    return json_number_value(
        json_object_get(json_object_get(blame, "parts_ms"), blame_part_names[part]));
}

static const json_t *step_at(const json_t *blame, size_t i)
{
    return json_array_get(json_object_get(blame, "path"), i);
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* By time, without gaps, from 0 to the set-up; and the parts are its sums. */
static void assert_whole(const json_t *blame, int64_t setup_us)
{
    int64_t at_us = 0, parts_us[BLAME_N_PARTS] = { 0 };
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(blame, "path"), i, step)
    {
        json_int_t from_us = json_integer_value(json_object_get(step, "from_us"));
        json_int_t to_us = json_integer_value(json_object_get(step, "to_us"));
        CU_ASSERT_EQUAL(from_us, at_us);
        CU_ASSERT_TRUE(to_us > from_us);
        for (unsigned p = 0; p < BLAME_N_PARTS; p++)
            if (strcmp(blame_part_names[p], text_of(step, "part")) == 0)
                parts_us[p] += to_us - from_us;
        at_us = to_us;
    }
    CU_ASSERT_EQUAL(at_us, setup_us);
    for (enum blame_part p = 0; p < BLAME_N_PARTS; p++)
        CU_ASSERT_DOUBLE_EQUAL(part(blame, p), (double)parts_us[p] / 1000.0, 1e-9);
}

/* ---- set-up ---- */

static void test_dead_server(void)
{
    g_autoptr(json_t) blame = blame_of("dead-stun", 4100, "full");
    assert_whole(blame, 4100000);
    CU_ASSERT_EQUAL(part(blame, BLAME_GATHERING), 4000);
    CU_ASSERT_EQUAL(part(blame, BLAME_SIGNALLING), 40);
    CU_ASSERT_EQUAL(part(blame, BLAME_PACING), 20);
    CU_ASSERT_EQUAL(part(blame, BLAME_CHECKS), 40);
    const json_t *first = step_at(blame, 0);
    ASSERT_TEXT(text_of(first, "part"), "gathering");
    ASSERT_TEXT(text_of(first, "who"), "offerer");
    CU_ASSERT_PTR_NOT_NULL(strstr(text_of(first, "text"),
                                  "203.0.113.10:3478 is asked 3 times and does not "
                                  "answer: dropped by stun/eth0 (host-silent)"));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(first, "packets")), 6);
}

static void test_dead_pair(void)
{
    g_autoptr(json_t) blame = blame_of("symmetric", 2080, "trickle");
    assert_whole(blame, 2080000);
    CU_ASSERT_TRUE(part(blame, BLAME_NOMINATION) > 1900);
    size_t n = json_array_size(json_object_get(blame, "path"));
    const json_t *last = step_at(blame, n - 1);
    ASSERT_TEXT(text_of(last, "part"), "nomination");
    CU_ASSERT_PTR_NOT_NULL(strstr(text_of(last, "text"), "198.51.100.4:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_of(last, "text"), "internet (no-route)"));
}

static void test_relay(void)
{
    g_autoptr(json_t) blame = blame_of("relayed", 2120, "full");
    assert_whole(blame, 2120000);
    CU_ASSERT_EQUAL(part(blame, BLAME_GATHERING), 160);
    size_t n = json_array_size(json_object_get(blame, "path"));
    bool has_permission = false;
    for (size_t i = 0; i < n; i++)
        has_permission |=
            g_str_has_prefix(text_of(step_at(blame, i), "text"), "a permission for ");
    CU_ASSERT_TRUE(has_permission);
    /* A relay drops without a word what it has no permission for. */
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text_of(step_at(blame, n - 1), "text"), "the relay had no permission"));
}

static void test_tcp(void)
{
    g_autoptr(json_t) blame = blame_of("tcp", 240, "trickle");
    assert_whole(blame, 240000);
    const json_t *connection = step_at(blame, 2);
    ASSERT_TEXT(text_of(connection, "part"), "checks");
    CU_ASSERT_TRUE(g_str_has_prefix(text_of(connection, "text"), "the TCP connection"));
    CU_ASSERT_EQUAL(part(blame, BLAME_PACING), 40);
}

static void test_loss_and_dtls(void)
{
    g_autoptr(json_t) blame = blame_of("lossy-dtls", 1009.264, "trickle");
    assert_whole(blame, 1009264);
    CU_ASSERT_DOUBLE_EQUAL(part(blame, BLAME_RETRANSMISSION), 500.13, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(part(blame, BLAME_DTLS), 141.216, 1e-9);
    size_t n = json_array_size(json_object_get(blame, "path"));
    ASSERT_TEXT(text_of(step_at(blame, n - 1), "part"), "dtls");
    bool is_named = false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(text_of(step_at(blame, i), "part"), "retransmission") == 0)
            is_named = strstr(text_of(step_at(blame, i), "text"),
                              "dropped by home-a/nat (nat-filtered)") != NULL;
    CU_ASSERT_TRUE(is_named);
}

/* Whatever the call's entry says, the parts sum to it. */
static void test_any_setup_time(void)
{
    static const char *const names[] = { "dead-stun", "symmetric", "relayed",
                                         "tcp",       "filtered",  "blocked-signalling",
                                         "refused",   "lossy-dtls" };
    struct rng rng = rng_seed(4);
    for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
        struct timeline *t = read_real(names[n]);
        for (unsigned i = 0; i < 60; i++) {
            int64_t setup_us = (int64_t)(rng_next(&rng) % 3000000);
            g_autoptr(json_t) call = connected((double)setup_us / 1000.0,
                                               mode_names[rng_next(&rng) % N_MODES]);
            g_autoptr(json_t) blame = blame_setup(t, call);
            assert_whole(blame, setup_us);
        }
        timeline_free(t);
    }
}

/* What is cut off or overwritten has a blame, too, that sums. */
static void test_damaged_records(void)
{
    g_autofree char *folder = g_dir_make_tmp("rtclab-blame-XXXXXX", NULL);
    const char *const files[] = { RECORD_EVENTS_FILE, RECORD_CAPTURE_FILE };
    const char *const names[] = { "symmetric", "relayed", "lossy-dtls" };
    struct rng rng = rng_seed(9);
    for (unsigned i = 0; i < 90; i++) {
        for (size_t f = 0; f < G_N_ELEMENTS(files); f++) {
            g_autofree char *from =
                g_build_filename(TEST_DATA, "timeline", names[i % 3], files[f], NULL);
            g_autofree char *to = g_build_filename(folder, files[f], NULL);
            g_autofree char *bytes = NULL;
            gsize size;
            CU_ASSERT_TRUE_FATAL(g_file_get_contents(from, &bytes, &size, NULL));
            for (unsigned k = 0; k < i / 3; k++)
                bytes[rng_next(&rng) % size] = (char)rng_next(&rng);
            gsize kept = i % 2 ? size : (gsize)(rng_next(&rng) % size);
            CU_ASSERT_TRUE_FATAL(g_file_set_contents(to, bytes, (gssize)kept, NULL));
        }
        struct timeline *t = timeline_read(folder, NULL);
        if (!t)
            continue;
        g_autoptr(json_t) call = connected(2080, "trickle");
        g_autoptr(json_t) blame = blame_setup(t, call);
        assert_whole(blame, 2080000);
        g_autoptr(json_t) other = failed("timeout");
        g_autoptr(json_t) cause = blame_failure(t, other);
        CU_ASSERT_PTR_NOT_NULL(cause);
        timeline_free(t);
    }
    for (size_t f = 0; f < G_N_ELEMENTS(files); f++) {
        g_autofree char *path = g_build_filename(folder, files[f], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

static void test_no_setup_no_blame(void)
{
    struct timeline *t = read_real("filtered");
    g_autoptr(json_t) call = failed("failed");
    CU_ASSERT_PTR_NULL(blame_setup(t, call));
    timeline_free(t);
}

/* ---- causes ---- */

static void test_filtered(void)
{
    g_autoptr(json_t) cause = cause_of("filtered");
    ASSERT_TEXT(text_of(cause, "code"), "filtered-by-nat");
    ASSERT_TEXT(text_of(cause, "element"), "home-a/nat");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text_of(cause, "text"), "home-a/nat 3, home-b/nat 3 (nat-filtered)"));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(cause, "packets")), 6);
}

static void test_refused(void)
{
    g_autoptr(json_t) cause = cause_of("refused");
    ASSERT_TEXT(text_of(cause, "code"), "relay-refused");
    ASSERT_TEXT(text_of(cause, "element"), "203.0.113.10:3478");
    CU_ASSERT_PTR_NOT_NULL(strstr(text_of(cause, "text"), "401"));
}

static void test_blocked_signalling(void)
{
    g_autoptr(json_t) cause = cause_of("blocked-signalling");
    ASSERT_TEXT(text_of(cause, "code"), "signalling-lost");
    ASSERT_TEXT(text_of(cause, "element"), "office/firewall");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(cause, "packets")), 1);
}

/* Both peers of this record were connected: so something else failed. */
static void test_connected_and_failed(void)
{
    g_autoptr(json_t) cause = cause_of("symmetric");
    ASSERT_TEXT(text_of(cause, "code"), "no-data");
}

static void cause_clear(struct cause *cause)
{
    g_free(cause->text);
    g_free(cause->element);
    if (cause->packets)
        g_array_unref(cause->packets);
}

/* The 401 that asks for credentials refuses nothing: what became of the request that has
   them is the server's word. */
static void test_a_challenge_is_no_refusal(void)
{
    struct timeline *t = read_real("relayed");
    struct cause granted = { 0 }, unanswered = { 0 };
    CU_ASSERT_TRUE(cause_has_relay(t, ROLE_OFFERER));
    cause_find_server(t, ROLE_OFFERER, false, &granted);
    CU_ASSERT_FALSE(granted.is_found && granted.code == BLAME_CAUSE_RELAY_REFUSED);
    unsigned n_challenges = 0;
    for (unsigned i = 0; i < t->transactions->len; i++) {
        struct timeline_transaction *one =
            &g_array_index(t->transactions, struct timeline_transaction, i);
        n_challenges += one->error_code == 401;
        if (one->role == ROLE_OFFERER && one->method == STUNMSG_ALLOCATE &&
            one->error_code == 0)
            one->answer = TIMELINE_NONE;
    }
    CU_ASSERT_TRUE(n_challenges > 0);
    cause_find_server(t, ROLE_OFFERER, true, &unanswered);
    CU_ASSERT_TRUE_FATAL(unanswered.is_found);
    CU_ASSERT_EQUAL(unanswered.code, BLAME_CAUSE_SERVER_SILENT);
    cause_clear(&granted);
    cause_clear(&unanswered);
    timeline_free(t);
}

enum { ARRIVAL_US = 20000 };

/* A check of the offerer, which comes to the answerer or is dropped. */
static void made_check(struct made *m, const uint32_t taps[N_ROLES], int64_t t_us,
                       uint8_t transaction, bool comes)
{
    uint8_t bytes[100], id[STUNMSG_TRANSACTION_SIZE] = { transaction };
    struct stunmsg_builder b;
    size_t size;
    stunmsg_begin(&b, bytes, sizeof bytes, STUNMSG_BINDING, STUNMSG_REQUEST, id);
    stunmsg_add_text(&b, STUNMSG_USERNAME, "bbbb:aaaa");
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &size), STUNMSG_OK);
    made_datagram(m, taps[ROLE_OFFERER], t_us, bytes, size, 4000, false, NULL);
    if (comes)
        made_datagram(m, taps[ROLE_ANSWERER], t_us + ARRIVAL_US, bytes, size, 5000, true,
                      NULL);
    else
        made_datagram(m, taps[ROLE_OFFERER], t_us + ARRIVAL_US, bytes, size, 4000, false,
                      "dropped by home-b/nat: nat-filtered");
}

static enum blame_cause cause_of_checks(unsigned n_come, unsigned n_dropped)
{
    struct made m;
    made_begin(&m);
    const uint32_t taps[N_ROLES] = { made_tap(&m, "offerer/eth0"),
                                     made_tap(&m, "answerer/eth0") };
    for (unsigned i = 0; i < n_come + n_dropped; i++)
        made_check(&m, taps, 100000 * i, (uint8_t)(i + 1), i >= n_dropped);
    made_event(&m, 9000000, "offerer", "peer.ice-state", "{\"state\":\"failed\"}");
    struct timeline *t = made_read(&m);
    struct cause cause = { 0 };
    cause_find_checks(t, &cause);
    CU_ASSERT_TRUE(cause.is_found);
    cause_clear(&cause);
    timeline_free(t);
    made_end(&m);
    return cause.code;
}

/* Nearly every call through NATs has its first checks filtered. */
static void test_checks_that_came_outdo_filtered_ones(void)
{
    CU_ASSERT_EQUAL(cause_of_checks(0, 3), BLAME_CAUSE_FILTERED);
    CU_ASSERT_EQUAL(cause_of_checks(3, 0), BLAME_CAUSE_PEER_SILENT);
    CU_ASSERT_EQUAL(cause_of_checks(9, 1), BLAME_CAUSE_PEER_SILENT);
}

static void test_only_failures_have_causes(void)
{
    static const char *const others[] = { "connected", "unsupported", "error" };
    struct timeline *t = read_real("filtered");
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(json_t) call = failed(others[i]);
        CU_ASSERT_PTR_NULL(blame_failure(t, call));
    }
    timeline_free(t);
}

static void test_causes_have_words(void)
{
    for (unsigned i = 0; i < BLAME_N_CAUSES; i++) {
        CU_ASSERT_TRUE(strlen(blame_cause_meanings[i]) > 10);
        for (const char *at = blame_cause_names[i]; *at; at++)
            CU_ASSERT_TRUE(g_ascii_islower(*at) || *at == '-');
        for (unsigned j = 0; j < i; j++)
            CU_ASSERT_TRUE(strcmp(blame_cause_names[i], blame_cause_names[j]) != 0);
    }
}

static const struct test tests[] = {
    { "full gathering waits for a dead server", test_dead_server },
    { "a pair that works waits for one that does not", test_dead_pair },
    { "a relay takes a permission, and drops without one", test_relay },
    { "a check over TCP takes a connection first", test_tcp },
    { "what was lost is sent again, and DTLS comes last", test_loss_and_dtls },
    { "the parts sum to any set-up time", test_any_setup_time },
    { "the parts of a damaged record sum, too", test_damaged_records },
    { "a call without a set-up time has no blame", test_no_setup_no_blame },
    { "checks that NATs filter are the cause", test_filtered },
    { "a relay that is refused is the cause, with its code", test_refused },
    { "a firewall before the signalling is the cause", test_blocked_signalling },
    { "after both were connected it was the data", test_connected_and_failed },
    { "a server's challenge is no refusal", test_a_challenge_is_no_refusal },
    { "that checks came and were not answered outdoes that others were filtered",
      test_checks_that_came_outdo_filtered_ones },
    { "only a call that failed has a cause", test_only_failures_have_causes },
    { "each cause has a name and words", test_causes_have_words },
};

int main(int argc, char **argv)
{
    return suite_run("blame", tests, G_N_ELEMENTS(tests), argc, argv);
}
