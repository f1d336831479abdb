/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No command sends more than it was asked for: a proxy before the built-in server counts
 * what rtcprobe, as a child, sends.
 */
#include "suite.h"

#include "child.h"
#include "hostile.h"
#include "probes/server/server.h"

enum { LIMIT_MS = 20000 };

#define USER " -u alice --pass-env RTCPROBE_PASS "

static const char *const secrets[] = { "RTCPROBE_PASS=wonderland", NULL };

static size_t pass(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    (void)m, (void)out;
    return h->made_size;
}

static size_t say_nothing(struct hostile *h, const struct stunmsg *m, uint8_t *out)
{
    (void)h, (void)m, (void)out;
    return 0;
}

static const struct manner good = { .name = "good", .answer = pass, .is_proxy = true };
static const struct manner silent = { .name = "silent", .answer = say_nothing };

static struct probe_server *server;

/* Runs a command to its end; what it printed is in `ret_child`, to be cleared. */
static struct hostile_counts count(const struct manner *manner, const char *command,
                                   struct child *ret_child)
{
    char at[ENDPOINT_TEXT_SIZE];
    struct hostile_counts counts;
    struct hostile *h = hostile_start(manner, 1, &probe_server_endpoints(server)->plain);
    endpoint_format(&h->base.at, at);
    g_auto(GStrv) parts = g_strsplit(command, "%s", -1);
    g_autofree char *line = g_strjoinv(at, parts);
    child_start(ret_child, line, secrets);
    child_finish(ret_child, LIMIT_MS);
    CU_ASSERT_FALSE(ret_child->is_late);
    hostile_stop_counting(h, &counts);
    return counts;
}

static void test_ping(void)
{
    struct child child;
    struct hostile_counts n = count(&good, "ping stun:%s -c 7 -i 20ms", &child);
    CU_ASSERT_EQUAL(child.status, 0);
    CU_ASSERT_EQUAL(n.received, 7);
    CU_ASSERT_EQUAL(n.requests[STUNMSG_BINDING], 7);
    child_clear(&child);
    /* Each once, however long nobody answers. */
    n = count(&silent, "ping stun:%s -c 4 -i 20ms --timeout 200ms --rto 20ms", &child);
    CU_ASSERT_EQUAL(n.received, 4);
    child_clear(&child);
}

static void test_transmissions(void)
{
    static const struct {
        const char *command;
        unsigned most;
    } rows[] = {
        { "relay turn:%s" USER "--rc 4 --rto 10ms --timeout 1s", 4 },
        { "relay turn:%s" USER "--rc 1 --rto 10ms --timeout 1s", 1 },
        /* at 0, 100, 300 and 700 ms */
        { "relay turn:%s" USER "--rto 100ms --timeout 650ms", 3 },
        { "conform turn:%s" USER "--rc 2 --rto 10ms --timeout 1s", 2 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct child child;
        struct hostile_counts n = count(&silent, rows[i].command, &child);
        CU_ASSERT_EQUAL(child.status, 3);
        CU_ASSERT_TRUE(n.received >= 1 && n.received <= rows[i].most);
        child_clear(&child);
    }
}

/* There by one client and back by the other. */
static void test_relay(void)
{
    struct child child;
    struct hostile_counts n =
        count(&good, "relay turn:%s" USER "-c 25 --pps 500 --rc 1", &child);
    CU_ASSERT_EQUAL(child.status, 0);
    CU_ASSERT_TRUE(n.channel_data > 25 && n.channel_data <= 50);
    CU_ASSERT_EQUAL(n.requests[STUNMSG_ALLOCATE], 4); /* two challenged */
    CU_ASSERT_EQUAL(n.requests[STUNMSG_SEND], 0);
    child_clear(&child);
}

/* What it says before is what it keeps. */
static void test_bench(void)
{
    struct child child;
    struct hostile_counts n = count(
        &good,
        "bench turn:%s" USER
        "--allocations 20 --clients 2 --packets 300 --size 100 --duration 10s --rc 1",
        &child);
    CU_ASSERT_EQUAL(child.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(child.err, "at the most 20 allocations by 2 clients"));
    CU_ASSERT_PTR_NOT_NULL(strstr(child.err, "300 payloads of 100 bytes"));
    CU_ASSERT_TRUE(n.channel_data > 150 && n.channel_data <= 300);
    /* 20 and the two that relay; each is challenged at most once. */
    CU_ASSERT_TRUE(n.requests[STUNMSG_ALLOCATE] >= 22);
    CU_ASSERT_TRUE(n.requests[STUNMSG_ALLOCATE] <= 44);
    CU_ASSERT_TRUE(n.requests[STUNMSG_REFRESH] <= 22);
    child_clear(&child);
}

static void test_check(void)
{
    struct child child;
    struct hostile_counts n =
        count(&good, "check turn:%s" USER "-c 12 -i 1ms --rc 1", &child);
    CU_ASSERT_EQUAL(child.status, 0);
    CU_ASSERT_TRUE(n.channel_data + n.requests[STUNMSG_SEND] <= 24);
    CU_ASSERT_TRUE(n.received <= 24 + 16);
    child_clear(&child);
    n = count(&good, "check turn:%s" USER "-c 0 --rc 1", &child);
    CU_ASSERT_EQUAL(n.channel_data + n.requests[STUNMSG_SEND], 0);
    child_clear(&child);
}

static const struct test tests[] = {
    { "ping sends each request that was asked for, once", test_ping },
    { "a request is sent as often as --rc and --timeout let", test_transmissions },
    { "relay sends what was asked for, there and back", test_relay },
    { "bench keeps the limits that it states", test_bench },
    { "check sends what was asked for", test_check },
};

int main(int argc, char **argv)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    server = probe_server_start(&options, NULL);
    if (!server)
        return 1;
    int status = suite_run("probe_limits", tests, G_N_ELEMENTS(tests), argc, argv);
    probe_server_stop(server);
    return status;
}
