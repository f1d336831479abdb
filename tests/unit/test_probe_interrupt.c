/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C in the middle of each command: rtcprobe, as a child, ends at once with 130 and a
 * whole report of what it has, and asks the server for hardly anything more.
 */
#include "suite.h"

#include "base/file.h"
#include "child.h"
#include "hostile.h"
#include "probes/core/parallel.h"
#include "probes/server/server.h"

enum { ABREAST = 6, WITHIN_MS = 2000, MOST_AFTERWARDS = 64, PATIENCE_MS = 20000 };

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

struct stop {
    const char *command;
    const struct manner *manner;
    unsigned after;    /* so many messages it is interrupted; 0: when it has printed */
    int signal, times; /* 0: SIGINT, once */
    int status;
    bool prints_json;
    struct endpoint behind;
    unsigned n_before, n_after;
    bool was_running;
    struct child child;
};

static const struct stop stops[] = {
    { "check turn:%s" USER "-o json", &silent, 2, .status = 130, .prints_json = true },
    { "check turn:%s" USER "-c 0 -o json stun:%s", &silent, 2, .status = 130,
      .prints_json = true },
    { "check turn:%s" USER "-c 10000 -o json", &good, 20, .status = 130,
      .prints_json = true },
    { "ping stun:%s -i 20ms -o json", &good, 3, .status = 130, .prints_json = true },
    { "ping stun:%s -i 20ms -o json", &silent, 3, .status = 130, .prints_json = true },
    { "relay turn:%s" USER "-c 100000 -o json", &good, 20, .status = 130,
      .prints_json = true },
    { "relay turn:%s" USER "-o json", &silent, 1, .status = 130 },
    { "bench turn:%s" USER "--allocations 100000 --duration 1h -o json", &good, 50,
      .status = 130, .prints_json = true },
    { "bench turn:%s" USER "--allocations 0 --packets 100000000 --duration 1h -o json",
      &good, 200, .status = 130, .prints_json = true },
    { "nat stun:%s --lifetime -o json", &good, 1, .status = 130, .prints_json = true },
    { "nat stun:%s -o json", &silent, 1, .status = 130, .prints_json = true },
    { "conform turn:%s" USER "-o json", &good, 60, .status = 130, .prints_json = true },
    { "conform turn:%s" USER "--slow -o json", &good, 60, .status = 130,
      .prints_json = true },
    { "conform turn:%s" USER "-o json", &silent, 1, .status = 130 },
    { "audit turn:%s" USER "-o json", &good, 30, .status = 130, .prints_json = true },
    { "relay turn:%s" USER "-c 100000 -o json", &good, 20, .signal = SIGTERM,
      .status = 130, .prints_json = true },
    { "selftest --slow -o jsonl", NULL, 0, .status = 130 },
    { "serve --listen 127.0.0.1:0", NULL, 0, .status = 0 },
    { "serve --listen 127.0.0.1:0", NULL, 0, .signal = SIGTERM, .status = 0 },
};

static bool is_due(const struct stop *stop, struct hostile *h)
{
    if (h)
        return (unsigned)g_atomic_int_get(&h->n_received) >= stop->after;
    return lseek(stop->child.out_fd, 0, SEEK_END) > 0;
}

/* Runs it until it is in the middle. */
static void start(struct stop *stop, struct hostile *h)
{
    char at[ENDPOINT_TEXT_SIZE] = "";
    if (h)
        endpoint_format(&h->base.at, at);
    g_auto(GStrv) parts = g_strsplit(stop->command, "%s", -1);
    g_autofree char *line = g_strjoinv(at, parts);
    child_start(&stop->child, line, secrets);
    int64_t patience_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    while (!is_due(stop, h) && clock_now_ns() < patience_ns &&
           !child_ends_within(&stop->child, 1))
        continue;
}

static void run_stop(unsigned i, void *data)
{
    struct stop *stop = (struct stop *)data + i;
    struct hostile *h =
        stop->manner ? hostile_start(stop->manner, i, &stop->behind) : NULL;
    start(stop, h);
    stop->was_running = !child_ends_within(&stop->child, 0);
    stop->n_before = h ? (unsigned)g_atomic_int_get(&h->n_received) : 0;
    for (int k = 0; k < MAX(stop->times, 1); k++)
        kill(stop->child.pid, stop->signal ? stop->signal : SIGINT);
    child_finish(&stop->child, WITHIN_MS);
    stop->n_after = h ? hostile_stop(h) : 0;
}

static char *judge(const struct stop *stop)
{
    const struct child *child = &stop->child;
    g_autoptr(json_t) said = json_loadb(child->out, child->out_size, 0, NULL);
    if (!stop->was_running)
        return g_strdup_printf("ended by itself: %d %s%s", child->status, child->out,
                               child->err);
    if (child->is_late)
        return g_strdup("did not end");
    if (child->status != stop->status)
        return g_strdup_printf("ended with %d: %s", child->status, child->err);
    if (stop->prints_json && !json_is_array(json_object_get(said, "items")))
        return g_strdup_printf("printed %s%s", child->out, child->err);
    if (stop->n_after > stop->n_before + MOST_AFTERWARDS)
        return g_strdup_printf("sent %u, and then %u", stop->n_before,
                               stop->n_after - stop->n_before);
    return g_strdup("");
}

static void assert_stops(struct stop *all, unsigned n)
{
    struct probe_server_options options;
    probe_server_options_init(&options);
    struct probe_server *server = probe_server_start(&options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    for (unsigned i = 0; i < n; i++)
        all[i].behind = probe_server_endpoints(server)->plain;
    parallel_for(n, ABREAST, run_stop, all);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *wrong = judge(&all[i]);
        g_autofree char *said = g_strdup_printf("%s: %s", all[i].command, wrong);
        g_autofree char *wanted = g_strdup_printf("%s: ", all[i].command);
        ASSERT_TEXT(said, wanted);
        child_clear(&all[i].child);
    }
    probe_server_stop(server);
}

static void test_stops(void)
{
    struct stop all[G_N_ELEMENTS(stops)];
    memcpy(all, stops, sizeof all);
    assert_stops(all, G_N_ELEMENTS(all));
}

/* What ping measured until then is not lost. */
static void test_ping_tells(void)
{
    struct stop ping = stops[3];
    struct probe_server_options options;
    probe_server_options_init(&options);
    struct probe_server *server = probe_server_start(&options, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    ping.behind = probe_server_endpoints(server)->plain;
    run_stop(0, &ping);
    g_autoptr(json_t) said = json_loads(ping.child.out, 0, NULL);
    const json_t *item = json_array_get(json_object_get(said, "items"), 0);
    const json_t *told = json_object_get(item, "ping");
    CU_ASSERT_TRUE(json_integer_value(json_object_get(told, "sent")) >= 3);
    CU_ASSERT_TRUE(json_integer_value(json_object_get(told, "received")) >= 1);
    child_clear(&ping.child);
    probe_server_stop(server);
}

/* Its server is in a file, and it listens to a main loop. */
static void test_gather(void)
{
    struct stop gather = { .manner = &silent, .after = 1 };
    struct hostile *h = hostile_start(&silent, 1, NULL);
    g_autofree char *folder = g_dir_make_tmp("rtcprobe-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "servers.json", NULL);
    g_autofree char *servers =
        g_strdup_printf("[{\"urls\": \"turn:127.0.0.1:%u\", \"username\": \"a\", "
                        "\"credential\": \"b\"}]",
                        h->base.at.port);
    g_autofree char *command =
        g_strdup_printf("gather --ice-servers '%s' --local 127.0.0.1 -o json", path);
    CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, servers, -1, NULL));
    gather.command = command;
    start(&gather, h);
    kill(gather.child.pid, SIGINT);
    child_finish(&gather.child, WITHIN_MS);
    CU_ASSERT_FALSE(gather.child.is_late);
    CU_ASSERT_EQUAL(gather.child.status, 130);
    g_autoptr(json_t) said = json_loads(gather.child.out, 0, NULL);
    CU_ASSERT_TRUE(json_is_array(json_object_get(said, "items")));
    child_clear(&gather.child);
    hostile_stop(h);
    file_remove_tree(folder);
}

/* The second signal is the kernel's: whoever is in a hurry gets out. */
static void test_second_kills(void)
{
    struct stop twice = { "ping stun:%s -i 20ms -o json", &silent, 2, .times = 2 };
    run_stop(0, &twice);
    CU_ASSERT_TRUE(twice.was_running && !twice.child.is_late);
    CU_ASSERT_TRUE(twice.child.status == 130 || twice.child.status == -SIGINT);
    child_clear(&twice.child);
}

static const struct test tests[] = {
    { "an interrupt ends each command, with what it has", test_stops },
    { "what ping measured before an interrupt is told", test_ping_tells },
    { "an interrupt ends gathering, with what it has", test_gather },
    { "two interrupts end it, too", test_second_kills },
};

int main(int argc, char **argv)
{
    return suite_run("probe_interrupt", tests, G_N_ELEMENTS(tests), argc, argv);
}
