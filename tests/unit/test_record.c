/* SPDX-License-Identifier: Apache-2.0 */
/* A call's events.jsonl (harness/call/record.h), in a folder of its own. */
#include "suite.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/record.h"

static const struct network_config nothing = { 0 };

struct bench {
    char *folder;
    char *events;
    struct network *network;
    struct record *record;
};

static struct bench bench_new(int64_t now_ns)
{
    struct rng rng = rng_seed(1);
    struct bench b = { .folder = g_dir_make_tmp("rtclab-record.XXXXXX", NULL) };
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.folder);
    b.events = g_build_filename(b.folder, RECORD_EVENTS_FILE, NULL);
    b.network = network_new(&nothing, &rng, true);
    b.record = record_open(b.folder, b.network, now_ns, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.record);
    return b;
}

static void bench_clear(struct bench *b)
{
    network_free(b->network);
    file_remove_tree(b->folder);
    g_free(b->events);
    g_free(b->folder);
}

static void assert_events(const struct bench *b, const char *expected)
{
    g_autofree char *is = NULL;
    CU_ASSERT_TRUE(g_file_get_contents(b->events, &is, NULL, NULL));
    ASSERT_TEXT(is, expected);
}

static void test_order(void)
{
    struct bench b = bench_new(1000000);
    record_add(b.record, 1500000, "turn", EVENT_SERVER_STARTED, NULL);
    record_start(b.record, 2000000);
    record_add(b.record, 2000000, "call", EVENT_CALL_STARTED,
               json_pack("{s:s}", "mode", "full"));
    record_add(b.record, 2007000, "answerer", EVENT_PEER_CANDIDATE, NULL);
    /* A peer stamps its events itself: this one was first, and came later. */
    record_add(b.record, 2003000, "offerer", EVENT_PEER_CANDIDATE, NULL);
    record_add(b.record, 2007000, "answerer", EVENT_PEER_MESSAGE, NULL);
    CU_ASSERT_TRUE(record_close(b.record, NULL));
    assert_events(
        &b, "{\"t_us\":-500,\"src\":\"turn\",\"kind\":\"server.started\",\"data\":{}}\n"
            "{\"t_us\":0,\"src\":\"call\",\"kind\":\"call.started\",\"data\":{\"mode\":"
            "\"full\"}}\n"
            "{\"t_us\":3,\"src\":\"offerer\",\"kind\":\"peer.candidate\",\"data\":{}}\n"
            "{\"t_us\":7,\"src\":\"answerer\",\"kind\":\"peer.candidate\",\"data\":{}}\n"
            "{\"t_us\":7,\"src\":\"answerer\",\"kind\":\"peer.message\",\"data\":{}}\n");
    bench_clear(&b);
}

/* What a link lost and yet lets arrive has an event and a comment of its own, and does
 * not count as dropped. */
static void test_late(void)
{
    struct bench b = bench_new(0);
    record_start(b.record, 0);
    static const int64_t late_ns[] = { 1000 * NS_PER_MS, 0 };
    for (unsigned i = 0; i < G_N_ELEMENTS(late_ns); i++) {
        g_autofree struct packet *packet = g_malloc0(sizeof *packet + 20);
        packet->size = 20;
        struct network_event e = { .kind = NETWORK_PACKET,
                                   .at_ns = 5000,
                                   .packet_id = 7,
                                   .direction = PACKET_OUTWARD,
                                   .verdict = PACKET_LATE,
                                   .reason = DROP_LINK_LOSS,
                                   .late_ns = late_ns[i],
                                   .packet = packet };
        record_add_network(b.record, &e);
    }
    CU_ASSERT_EQUAL(record_dropped(b.record), 0);
    CU_ASSERT_TRUE(record_close(b.record, NULL));
    static const char line[] =
        "{\"t_us\":5,\"src\":\"internet\",\"kind\":\"packet.late\","
        "\"data\":{\"reason\":\"link-loss\",\"packet\":7,"
        "\"direction\":\"outward\",\"late_us\":%d}}\n";
    g_autofree char *first = g_strdup_printf(line, 1000000);
    g_autofree char *second = g_strdup_printf(line, 0);
    g_autofree char *both = g_strconcat(first, second, NULL);
    assert_events(&b, both);
    g_autofree char *path = g_build_filename(b.folder, RECORD_CAPTURE_FILE, NULL);
    g_autofree char *capture = NULL;
    size_t size;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &capture, &size, NULL));
    static const char *const comments[] = {
        "lost by internet (link-loss); its retransmission, 1000 ms later, stands for it",
        "lost by internet (link-loss); nobody would send it again, so it arrives",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(comments); i++)
        CU_ASSERT_PTR_NOT_NULL(memmem(capture, size, comments[i], strlen(comments[i])));
    bench_clear(&b);
}

/* A worker that is killed leaves what it saw. */
static void test_written_at_once(void)
{
    struct bench b = bench_new(0);
    record_add(b.record, 1000, "turn", EVENT_SERVER_STARTED, NULL);
    assert_events(&b, ""); /* nobody knows yet when t_us is 0 */
    record_start(b.record, 2000);
    record_add(b.record, 5000, "offerer", EVENT_PEER_CANDIDATE, NULL);
    assert_events(
        &b, "{\"t_us\":-1,\"src\":\"turn\",\"kind\":\"server.started\",\"data\":{}}\n"
            "{\"t_us\":3,\"src\":\"offerer\",\"kind\":\"peer.candidate\",\"data\":{}}\n");
    CU_ASSERT_TRUE(record_close(b.record, NULL));
    bench_clear(&b);
}

static void test_floor(void)
{
    static const struct {
        int64_t at_ns, t_us;
    } cases[] = {
        { -2001, -3 }, { -2000, -2 }, { -1999, -2 }, { -1001, -2 },
        { -1000, -1 }, { -999, -1 },  { -1, -1 },    { 0, 0 },
        { 1, 0 },      { 999, 0 },    { 1000, 1 },   { 1999, 1 },
    };
    struct bench b = bench_new(0);
    record_start(b.record, 0);
    g_autoptr(GString) expected = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        record_add(b.record, cases[i].at_ns, "x", EVENT_PEER_MESSAGE, NULL);
        g_string_append_printf(expected,
                               "{\"t_us\":%" G_GINT64_FORMAT
                               ",\"src\":\"x\",\"kind\":\"peer.message\",\"data\":{}}\n",
                               cases[i].t_us);
    }
    CU_ASSERT_TRUE(record_close(b.record, NULL));
    assert_events(&b, expected->str);
    bench_clear(&b);
}

static void test_hostile_text(void)
{
    struct bench b = bench_new(0);
    record_start(b.record, 0);
    record_add(b.record, 0, "offerer", EVENT_PEER_WARNING,
               json_pack("{s:s}", "what", "a\"b\\c\nd\x7f\xe2\x80\xa8"));
    CU_ASSERT_TRUE(record_close(b.record, NULL));
    assert_events(&b, "{\"t_us\":0,\"src\":\"offerer\",\"kind\":\"peer.warning\","
                      "\"data\":{\"what\":\"a\\\"b\\\\c\\nd\x7f\xe2\x80\xa8\"}}\n");
    bench_clear(&b);
}

static void test_bound(void)
{
    struct bench b = bench_new(0);
    record_start(b.record, 0);
    g_autofree char *kib = g_strnfill(1000, 'x');
    unsigned n = 0;
    for (; !record_is_full(b.record) && n < RECORD_MAX_MIB * 1100; n++)
        record_add(b.record, n, "x", EVENT_PEER_MESSAGE, json_pack("{s:s}", "data", kib));
    CU_ASSERT(n > RECORD_MAX_MIB * 900 && n < RECORD_MAX_MIB * 1100);
    /* The end of the call is still in it; a flood is not. */
    record_add(b.record, n++, "call", EVENT_CALL_ENDED, NULL);
    for (unsigned i = 0; i < 10000; i++)
        record_add(b.record, n++, "x", EVENT_PEER_MESSAGE,
                   json_pack("{s:s}", "data", kib));
    CU_ASSERT_TRUE(record_close(b.record, NULL));
    g_autofree char *text = NULL;
    gsize size = 0;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(b.events, &text, &size, NULL));
    CU_ASSERT(size < ((gsize)RECORD_MAX_MIB + 2) << 20);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "call.ended"));
    bench_clear(&b);
}

/* A limit on the size of files stands in for a full disk. */
static void test_full_disk(void)
{
    struct bench b = bench_new(0);
    record_start(b.record, 0);
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    struct rlimit small = { .rlim_cur = 200, .rlim_max = before.rlim_max };
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    for (unsigned i = 0; i < 10; i++)
        record_add(b.record, i, "x", EVENT_PEER_MESSAGE, NULL);
    g_autoptr(GError) error = NULL;
    CU_ASSERT_FALSE(record_close(b.record, &error));
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(error->code, RTC_ERROR_ENVIRONMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, RECORD_EVENTS_FILE));
    g_autofree char *text = NULL;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(b.events, &text, NULL, NULL));
    CU_ASSERT_TRUE(g_str_has_prefix(text, "{\"t_us\":0,")); /* what could be, is there */
    bench_clear(&b);
}

/* All events are written once more at the end: a disk that has room again by then has
   cost nothing. */
static void test_disk_full_for_a_while(void)
{
    struct bench b = bench_new(0);
    record_start(b.record, 0);
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    struct rlimit small = { .rlim_cur = 100, .rlim_max = before.rlim_max };
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    for (unsigned i = 0; i < 5; i++)
        record_add(b.record, i, "x", EVENT_PEER_MESSAGE, NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    CU_ASSERT_TRUE(record_close(b.record, NULL));
    g_autofree char *text = NULL;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(b.events, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    CU_ASSERT_EQUAL(g_strv_length(lines), 5 + 1);
    bench_clear(&b);
}

static void test_no_folder(void)
{
    struct rng rng = rng_seed(1);
    struct network *network = network_new(&nothing, &rng, true);
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(record_open("/no/such/folder", network, 0, 0, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(error->code, RTC_ERROR_ENVIRONMENT);
    network_free(network);
}

static const struct test tests[] = {
    { "a late segment is told, and is not dropped", test_late },
    { "events are in the order of their times, those of one time as they came",
      test_order },
    { "events are in the file as soon as the call has begun", test_written_at_once },
    { "microseconds are rounded down, before the start too", test_floor },
    { "no text breaks the line", test_hostile_text },
    { "events are bounded, and the end of the call is among them", test_bound },
    { "a full disk is an error, and what could be written stays", test_full_disk },
    { "a disk that is full for a while costs no event", test_disk_full_for_a_while },
    { "a folder that is not there is an error", test_no_folder },
};

int main(int argc, char **argv)
{
    return suite_run("record", tests, G_N_ELEMENTS(tests), argc, argv);
}
