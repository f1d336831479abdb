/* SPDX-License-Identifier: Apache-2.0 */
/* The first thing that differs between two records, and what is no difference. */
#include "suite.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/file.h"
#include "reports/divergence.h"

static char *root;

/* A record with these events, and packets if there are any. Caller owns. */
static char *record(const char *name, const char *events, const char *timeline)
{
    char *folder = g_build_filename(root, name, NULL);
    g_autofree char *path = g_build_filename(folder, "events.jsonl", NULL);
    g_autofree char *packets = g_build_filename(folder, "timeline.json", NULL);
    CU_ASSERT_TRUE_FATAL(file_make_folder(folder, NULL));
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, events, -1, NULL));
    g_unlink(packets);
    if (timeline)
        CU_ASSERT_TRUE_FATAL(g_file_set_contents(packets, timeline, -1, NULL));
    return folder;
}

static json_t *find(const char *before, const char *after, bool is_exact)
{
    g_autofree char *first = record("before", before, NULL);
    g_autofree char *second = record("after", after, NULL);
    return divergence_find(first, second, is_exact);
}

static void assert_found(const char *before, const char *after, bool is_exact,
                         const char *what, const char *text)
{
    g_autoptr(json_t) found = find(before, after, is_exact);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    ASSERT_TEXT(json_string_value(json_object_get(found, "what")), what);
    ASSERT_TEXT(json_string_value(json_object_get(found, "text")), text);
}

#define EVENT(t, src, kind, data) \
    "{\"t_us\":" #t ",\"src\":\"" src "\",\"kind\":\"" kind "\",\"data\":" data "}\n"
#define CHECKING(t)  EVENT(t, "offerer", "peer.ice-state", "{\"state\":\"checking\"}")
#define CONNECTED(t) EVENT(t, "offerer", "peer.ice-state", "{\"state\":\"connected\"}")
#define FAILED(t)    EVENT(t, "offerer", "peer.ice-state", "{\"state\":\"failed\"}")
#define CANDIDATE(t, port)                                                   \
    EVENT(t, "offerer", "peer.candidate",                                    \
          "{\"candidate\":\"candidate:2 1 UDP 1679819007 198.51.100.1 " port \
          " typ srflx raddr 192.168.1.2 rport "                              \
          "1\",\"type\":\"srflx\",\"protocol\":\"udp\","                     \
          "\"address\":\"198.51.100.1\",\"port\":" port "}")
#define DROPPED(t)                           \
    EVENT(t, "home-b/nat", "packet.dropped", \
          "{\"reason\":\"nat-filtered\",\"packet\":12,\"direction\":\"inward\"}")

static void test_equal(void)
{
    const char *events = CANDIDATE(70000, "45620") CHECKING(80000);
    CU_ASSERT_PTR_NULL(find(events, events, true));
    CU_ASSERT_PTR_NULL(find(events, events, false));
    CU_ASSERT_PTR_NULL(find("", "", true));
}

static void test_late(void)
{
    assert_found(
        CHECKING(1000) CANDIDATE(70000, "45620") CONNECTED(120000),
        CHECKING(1000) CANDIDATE(125000, "45620") CONNECTED(175000), true, "late",
        "As before offerer peer.ice-state checking at 1.000 ms; "
        "then offerer peer.candidate srflx udp 198.51.100.1 comes at 125.000 ms, "
        "was at 70.000 ms (55.000 ms later)");
}

/* What is in its place meanwhile is a consequence. */
static void test_late_among_others(void)
{
    assert_found(CANDIDATE(70000, "45620") CHECKING(90000),
                 CHECKING(90000) CANDIDATE(125000, "45620"), true, "late",
                 "offerer peer.candidate srflx udp 198.51.100.1 comes at 125.000 ms, was "
                 "at 70.000 ms (55.000 ms later)");
}

static void test_early(void)
{
    assert_found(CHECKING(9000) CONNECTED(120000), CHECKING(9000) CONNECTED(20000), true,
                 "early",
                 "As before offerer peer.ice-state checking at 9.000 "
                 "ms; then offerer peer.ice-state connected comes at 20.000 ms, was at "
                 "120.000 ms (100.000 ms earlier)");
}

static void test_missing(void)
{
    assert_found(CHECKING(1000) CONNECTED(50000), CHECKING(1000) FAILED(90000), true,
                 "missing",
                 "As before offerer peer.ice-state checking at 1.000 "
                 "ms; then offerer peer.ice-state connected, at 50.000 ms, does not come "
                 "any more; next is offerer peer.ice-state failed at 90.000 ms");
}

static void test_one_ends(void)
{
    g_autoptr(json_t) found = find(CHECKING(1000) CONNECTED(50000), CHECKING(1000), true);
    ASSERT_TEXT(json_string_value(json_object_get(found, "what")), "missing");
    CU_ASSERT_TRUE(json_is_null(json_object_get(found, "after")));
    CU_ASSERT_TRUE(json_is_null(json_object_get(found, "after_ms")));
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(found, "common")), 1);
}

static void test_new(void)
{
    assert_found(CHECKING(1000) CONNECTED(50000),
                 CHECKING(1000) DROPPED(20000) CONNECTED(50000), true, "new",
                 "As before offerer peer.ice-state checking at 1.000 "
                 "ms; then home-b/nat packet.dropped nat-filtered inward comes at 20.000 "
                 "ms and did not before; next was offerer peer.ice-state connected at "
                 "50.000 ms");
}

/* Ports are drawn anew where the seed is another; with one seed they tell something, but
   less than anything else. */
static void test_ports(void)
{
    const char *before = CANDIDATE(70000, "45620") CHECKING(80000);
    const char *after = CANDIDATE(70000, "50001") CHECKING(80000);
    CU_ASSERT_PTR_NULL(find(before, after, false));
    assert_found(before, after, true, "detail",
                 "offerer peer.candidate srflx udp 198.51.100.1 at 70.000 ms has other "
                 "details");
    assert_found(
        before, CANDIDATE(70000, "50001") CHECKING(81000), true, "late",
        "As before offerer peer.candidate srflx udp "
        "198.51.100.1 at 70.000 ms; then offerer peer.ice-state checking comes at "
        "81.000 ms, was at 80.000 ms (1.000 ms later)");
}

#define MAPPING(t, remote)                                                           \
    EVENT(t, "nat", "nat.mapping-created",                                           \
          "{\"internal\":\"192.168.1.2:45620\",\"external\":\"198.51.100.1:45620\"," \
          "\"remote\":\"" remote "\"}")

static void test_services_are_no_chance(void)
{
    CU_ASSERT_PTR_NULL(
        find(MAPPING(0, "203.0.113.10:49152"), MAPPING(0, "203.0.113.10:50000"), false));
    g_autoptr(json_t) found =
        find(MAPPING(0, "203.0.113.10:3478"), MAPPING(0, "203.0.113.10:443"), false);
    CU_ASSERT_PTR_NOT_NULL(found);
}

#define OFFER(t, sdp) \
    EVENT(t, "offerer", "signal.sent", "{\"type\":\"offer\",\"sdp\":\"" sdp "\"}")

static void test_descriptions(void)
{
    const char *one =
        OFFER(0, "v=0\\r\\no=- 1 1 IN IP4 0.0.0.0\\r\\nm=application 9 udp "
                 "x\\r\\na=ice-ufrag:abcd\\r\\na=ice-options:trickle\\r\\n");
    const char *other =
        OFFER(0, "v=0\\r\\no=- 2 1 IN IP4 0.0.0.0\\r\\nm=application 7 udp "
                 "x\\r\\na=ice-ufrag:efgh\\r\\na=ice-options:trickle\\r\\n");
    const char *lite =
        OFFER(0, "v=0\\r\\no=- 2 1 IN IP4 0.0.0.0\\r\\nm=application 7 udp "
                 "x\\r\\na=ice-ufrag:efgh\\r\\na=ice-lite\\r\\n");
    CU_ASSERT_PTR_NULL(find(one, other, false));
    g_autoptr(json_t) found = find(one, lite, false);
    CU_ASSERT_PTR_NOT_NULL(found);
}

/* On the wall clock sources run into each other, and times are never the same. */
static void test_wall(void)
{
    const char *before = CHECKING(1000) DROPPED(2000) CONNECTED(100000);
    CU_ASSERT_PTR_NULL(
        find(before, DROPPED(900) CHECKING(1200) CONNECTED(110000), false));
    assert_found(before, DROPPED(900) CHECKING(1200) CONNECTED(160000), false, "late",
                 "As before offerer peer.ice-state checking at 1.000 "
                 "ms; then offerer peer.ice-state connected comes at 160.000 ms, was at "
                 "100.000 ms (60.000 ms later)");
    assert_found(
        before, CHECKING(1200) CONNECTED(110000), false, "missing",
        "home-b/nat packet.dropped nat-filtered inward, at 2.000 ms, does not come "
        "any more");
}

#define PACKETS(second)                                                         \
    "{\"taps\":[\"home-a/nat\",\"turn/eth0\"],\"packets\":["                    \
    "{\"number\":1,\"t_us\":0,\"tap\":0,\"src\":\"192.168.1.2:45620\",\"dst\":" \
    "\"203.0.113.10:3478\",\"summary\":\"Binding "                              \
    "request\",\"verdict\":\"passed\"}," second "]}"
#define ARRIVES(t)                                                            \
    "{\"number\":2,\"t_us\":" #t ",\"tap\":1,\"src\":\"198.51.100.1:45620\"," \
    "\"dst\":\"203.0.113.10:3478\",\"summary\":\"Binding "                    \
    "request\",\"verdict\":\"passed\"}"

static void test_packets(void)
{
    g_autofree char *before =
        record("before", CANDIDATE(70000, "45620"), PACKETS(ARRIVES(15000)));
    g_autofree char *after =
        record("after", CANDIDATE(125000, "45620"), PACKETS(ARRIVES(70000)));
    g_autoptr(json_t) found = divergence_find(before, after, true);
    ASSERT_TEXT(json_string_value(json_object_get(found, "of")), "packets");
    ASSERT_TEXT(
        json_string_value(json_object_get(found, "before")),
        "packet 2 at turn/eth0: 198.51.100.1 > 203.0.113.10:3478 Binding request");
    CU_ASSERT_EQUAL(json_number_value(json_object_get(found, "after_ms")), 70);
}

static void test_damaged(void)
{
    const char *good = CHECKING(1000) CONNECTED(2000);
    CU_ASSERT_PTR_NULL(find(
        good, CHECKING(1000) "{\"t_us\":\n[]\nnull\n\xff\n" CONNECTED(2000) "{}", true));
    g_autofree char *before = record("before", good, "{\"packets\": [3, {}, null]}");
    g_autofree char *after = record("after", good, "not JSON");
    CU_ASSERT_PTR_NULL(divergence_find(before, after, true));
    g_autofree char *nowhere = g_build_filename(root, "nowhere", NULL);
    CU_ASSERT_PTR_NULL(divergence_find(before, nowhere, true));
}

static void test_long_texts(void)
{
    g_autofree char *huge = g_strnfill(100000, 'x');
    g_autofree char *after =
        g_strdup_printf("{\"t_us\":1,\"src\":\"offerer\",\"kind\":\"peer.warning\","
                        "\"data\":{\"text\":\"%s\"}}\n",
                        huge);
    g_autoptr(json_t) found = find("", after, true);
    const char *text = json_string_value(json_object_get(found, "text"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_TRUE(strlen(text) < 1000);
}

/* A folder may be somebody's: what its links lead to is none of the record. */
static void test_links_are_not_followed(void)
{
    g_autofree char *before = record("before", CHECKING(1), NULL);
    g_autofree char *after = record("after", CONNECTED(2), NULL);
    g_autofree char *elsewhere = g_build_filename(root, "elsewhere", NULL);
    g_autofree char *events = g_build_filename(after, "events.jsonl", NULL);
    g_autoptr(json_t) found = divergence_find(before, after, true);
    CU_ASSERT_PTR_NOT_NULL(found);
    CU_ASSERT_EQUAL_FATAL(rename(events, elsewhere), 0);
    CU_ASSERT_EQUAL_FATAL(symlink(elsewhere, events), 0);
    CU_ASSERT_PTR_NULL(divergence_find(before, after, true));
    g_unlink(events);
    CU_ASSERT_EQUAL_FATAL(mkfifo(events, 0600), 0);
    CU_ASSERT_PTR_NULL(divergence_find(before, after, true));
    g_unlink(events);
    g_unlink(elsewhere);
}

/* Times at the ends of what a number may be: far apart, and no overflow. */
static void test_farthest_times(void)
{
    g_autoptr(json_t) found =
        find(CHECKING(-9223372036854775808), CHECKING(9223372036854775807), false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    ASSERT_TEXT(json_string_value(json_object_get(found, "what")), "late");
}

/* Each line of a source of its own: the walk is by source. */
static void test_many_sources(void)
{
    enum { LINES = 40000 };
    GString *events = g_string_new(NULL);
    for (unsigned i = 0; i < LINES; i++)
        g_string_append_printf(events,
                               "{\"t_us\":%u,\"src\":\"s%u\",\"kind\":\"x\",\"data\":{}}"
                               "\n",
                               i, i);
    g_autofree char *whole = g_string_free(events, FALSE);
    clock_t start = clock();
    CU_ASSERT_PTR_NULL(find(whole, whole, false));
    CU_ASSERT_TRUE(clock() - start < 2 * CLOCKS_PER_SEC);
}

static const struct test tests[] = {
    { "equal records have no divergence", test_equal },
    { "what comes later is told with both times", test_late },
    { "what is in its place meanwhile is not told", test_late_among_others },
    { "what comes earlier is told", test_early },
    { "what does not come any more is told", test_missing },
    { "a record that ends before the other lacks the rest", test_one_ends },
    { "what did not come before is told", test_new },
    { "ports that are drawn are the least of differences", test_ports },
    { "ports of services are no chance", test_services_are_no_chance },
    { "of descriptions only what no chance decides is compared", test_descriptions },
    { "without exact evidence order and small times are no difference", test_wall },
    { "packets are compared where both have a timeline", test_packets },
    { "damaged records are compared as far as they can be read", test_damaged },
    { "a peer's long text is cut", test_long_texts },
    { "links and pipes in a record are not opened", test_links_are_not_followed },
    { "times may be as far apart as numbers are", test_farthest_times },
    { "many sources take no longer than many lines", test_many_sources },
};

int main(int argc, char **argv)
{
    root = g_dir_make_tmp("rtclab-divergence-XXXXXX", NULL);
    int status = suite_run("divergence", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(root);
    g_free(root);
    return status;
}
