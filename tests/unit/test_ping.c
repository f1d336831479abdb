/* SPDX-License-Identifier: Apache-2.0 */
/* `ping` against a server in a thread, which answers each request in another way. */
#include "suite.h"

#include <errno.h>

#include "loopback.h"
#include "probes/commands/ping_text.h"
#include "probes/core/error.h"
#include "probes/core/ping_run.h"
#include "probes/core/wait.h"

enum manner { ANSWER, DROP, ANSWER_TWICE, ANOTHER_ADDRESS, REFUSE, ANOTHER_TRANSACTION };

static size_t make_answer(const struct stunmsg *m, enum manner manner, uint8_t *out,
                          size_t size)
{
    struct stunmsg_builder b;
    struct endpoint mapped = { .port = manner == ANOTHER_ADDRESS ? 2000 : 1000 };
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    size_t made = 0;
    address_parse("198.51.100.7", &mapped.address);
    memcpy(transaction, m->transaction, sizeof transaction);
    transaction[0] ^= manner == ANOTHER_TRANSACTION;
    stunmsg_begin(&b, out, size, STUNMSG_BINDING,
                  manner == REFUSE ? STUNMSG_FAILURE : STUNMSG_SUCCESS, transaction);
    if (manner == REFUSE)
        stunmsg_add_error(&b, 420, NULL);
    else
        stunmsg_add_address(&b, STUNMSG_XOR_MAPPED_ADDRESS, &mapped);
    stunmsg_end(&b, &made);
    return made;
}

/* `data` has the manners, the last one for all that follow. */
static void serve(struct loopback *server)
{
    const enum manner *manner = server->data;
    uint8_t bytes[2000], answer[200];
    struct sockaddr_storage from;
    struct stunmsg m;
    while (loopback_wait(server, server->fd, POLLIN, -1)) {
        socklen_t from_size = sizeof from;
        ssize_t n = recvfrom(server->fd, bytes, sizeof bytes, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &from_size);
        if (n < 0 || stunmsg_decode(bytes, (size_t)n, &m) != STUNMSG_OK)
            continue;
        size_t size = make_answer(&m, *manner, answer, sizeof answer);
        for (int i = 0; i < (*manner == DROP ? 0 : *manner == ANSWER_TWICE ? 2 : 1); i++)
            sendto(server->fd, answer, size, 0, (struct sockaddr *)&from, from_size);
        manner++;
    }
}

static void collect(const struct ping_event *event, void *data)
{
    g_string_append_printf(data, "%d %s", (int)event->number,
                           ping_event_name(event->kind));
    if (event->before.port)
        g_string_append_printf(data, " from %d to %d", event->before.port,
                               event->mapped.port);
    if (event->code)
        g_string_append_printf(data, " %u", event->code);
    g_string_append(data, "; ");
}

static gboolean run(const struct endpoint *at, unsigned count, int64_t timeout_ms,
                    struct ping_result *ret, GString *events, GError **error)
{
    struct client_options how = {
        .connection = { .transport = PROBE_UDP, .server = *at },
        .timing = CLIENT_TIMING_DEFAULT,
        .rng = rng_seed(1),
    };
    struct ping_options options = { .count = count,
                                    .interval_ns = 2 * NS_PER_MS,
                                    .timeout_ns = timeout_ms * NS_PER_MS,
                                    .tell = collect,
                                    .data = events };
    g_autoptr(auto_client) client = client_open(&how, NULL, NULL, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(client);
    return ping_run(client, &options, ret, error);
}

static void test_manners(void)
{
    static const enum manner manners[] = { ANSWER,          DROP,   ANSWER_TWICE,
                                           ANOTHER_ADDRESS, REFUSE, ANOTHER_TRANSACTION,
                                           ANOTHER_ADDRESS };
    struct loopback server = { 0 };
    struct ping_result r;
    g_autoptr(GString) events = g_string_new(NULL);
    loopback_start(&server, SOCK_DGRAM, serve, manners);
    CU_ASSERT_TRUE(run(&server.at, 7, 1000, &r, events, NULL));
    loopback_stop(&server);
    CU_ASSERT_EQUAL(r.sent, 7);
    CU_ASSERT_EQUAL(r.received, 5);
    CU_ASSERT_EQUAL(r.lost, 2);
    CU_ASSERT_EQUAL(r.successes, 4);
    CU_ASSERT_EQUAL(r.doubled, 1);
    CU_ASSERT_EQUAL(r.changes, 1);
    CU_ASSERT_EQUAL(r.last_code, 420);
    CU_ASSERT_EQUAL(r.mapped.port, 2000);
    CU_ASSERT_EQUAL(r.rtt.count, 5);
    ASSERT_TEXT(events->str,
                "1 reply; 3 reply; 3 doubled; 4 reply from 1000 to 2000; 5 reply 420; "
                "7 reply; 2 lost; 6 lost; ");
    ping_result_clear(&r);
}

static void test_silence(void)
{
    struct loopback server = { 0 };
    struct ping_result r;
    g_autoptr(GString) events = g_string_new(NULL);
    loopback_start(&server, SOCK_DGRAM, NULL, NULL);
    CU_ASSERT_TRUE(run(&server.at, 2, 20, &r, events, NULL));
    loopback_stop(&server);
    CU_ASSERT_TRUE(r.sent == 2 && r.received == 0 && r.lost == 2 && r.rtt.count == 0);
    ASSERT_TEXT(events->str, "1 lost; 2 lost; ");
    ping_result_clear(&r);
}

static void test_refusal(void)
{
    struct loopback server = { 0 };
    struct ping_result r;
    g_autoptr(GString) events = g_string_new(NULL);
    loopback_start(&server, SOCK_DGRAM, NULL, NULL);
    loopback_stop(&server); /* nobody has the port now */
    CU_ASSERT_TRUE(run(&server.at, 3, 30, &r, events, NULL));
    CU_ASSERT_TRUE(r.sent == 3 && r.lost == 3 && r.unreachable > 0);
    ping_result_clear(&r);
}

static gpointer interrupt_soon(gpointer data)
{
    struct pollfd none = { .fd = -1 };
    poll(&none, 1, 20);
    wait_interrupt();
    return data;
}

static void test_interrupt(void)
{
    static const enum manner manners[1000] = { ANSWER };
    struct loopback server = { 0 };
    struct ping_result r;
    g_autoptr(GString) events = g_string_new(NULL);
    loopback_start(&server, SOCK_DGRAM, serve, manners);
    GThread *thread = g_thread_new("interrupt", interrupt_soon, NULL);
    CU_ASSERT_TRUE(run(&server.at, 0, 1000, &r, events, NULL));
    g_thread_join(thread);
    wait_reset();
    loopback_stop(&server);
    CU_ASSERT_TRUE(r.sent > 0 && r.received <= r.sent && r.received + r.lost == r.sent);
    ping_result_clear(&r);
}

static void assert_line(const char *event, const char *expected)
{
    json_t *json = json_loads(event, 0, NULL);
    g_autofree char *line = ping_format_event(json);
    ASSERT_TEXT(line, expected);
    json_decref(json);
}

static void test_lines(void)
{
    assert_line("{\"event\":\"reply\",\"number\":3,\"rtt_ms\":12.345,\"is_success\":true,"
                "\"mapped\":\"192.0.2.1:7\"}",
                "    3     12.35 ms  192.0.2.1:7\n");
    assert_line("{\"event\":\"reply\",\"number\":4,\"rtt_ms\":1,\"is_success\":true,"
                "\"mapped\":\"192.0.2.1:8\",\"before\":\"192.0.2.1:7\"}",
                "    4      1.00 ms  192.0.2.1:8, was 192.0.2.1:7\n");
    assert_line("{\"event\":\"doubled\",\"number\":4,\"rtt_ms\":1,\"is_success\":true}",
                "    4      1.00 ms  no mapped address  (once more)\n");
    assert_line("{\"event\":\"reply\",\"number\":5,\"rtt_ms\":1,\"is_success\":false,"
                "\"code\":401}",
                "    5      1.00 ms  error 401 (Unauthenticated)\n");
    assert_line("{\"event\":\"lost\",\"number\":6}", "    6         no answer\n");
}

static const struct test tests[] = {
    { "each way to answer is told and counted", test_manners },
    { "silence is loss", test_silence },
    { "ICMP errors are counted and end nothing", test_refusal },
    { "an interrupt ends it with what came", test_interrupt },
    { "a reply is a line", test_lines },
};

int main(int argc, char **argv)
{
    return suite_run("ping", tests, G_N_ELEMENTS(tests), argc, argv);
}
