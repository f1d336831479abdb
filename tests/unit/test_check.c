/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `rtcprobe check` says of servers that are not there, silent, wrong or sending
 * somewhere else: small servers on loopback, each a thread.
 */
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "probes/commands/check_text.h"
#include "probes/core/check.h"
#include "probes/core/error.h"
#include "probes/core/parallel.h"
#include "probes/core/wait.h"
#include "suite.h"

/* ---- Servers ---------------------------------------------------------------------- */

/* A socket of any free port on loopback; for TCP it listens. */
static int open_socket(int type, uint16_t *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    CU_ASSERT_TRUE_FATAL(fd >= 0 &&
                         bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                         (type == SOCK_DGRAM || listen(fd, 4) == 0) &&
                         getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static struct endpoint loopback(uint16_t port)
{
    struct endpoint e = { .port = port };
    address_parse("127.0.0.1", &e.address);
    return e;
}

/* Answers every request over UDP in one way. */
struct responder {
    int fd;
    uint16_t port;
    int stop[2];
    GThread *thread;
    unsigned code;             /* of the error response; 0: success */
    struct endpoint alternate; /* for 300 */
    const char *software;
    int n_requests; /* atomic */
};

static size_t respond(struct responder *r, const struct stunmsg *m,
                      const struct sockaddr_in *from, uint8_t *out, size_t size)
{
    struct stunmsg_builder b;
    size_t written = 0;
    struct endpoint mapped = loopback(ntohs(from->sin_port));
    stunmsg_begin(&b, out, size, m->method, r->code ? STUNMSG_FAILURE : STUNMSG_SUCCESS,
                  m->transaction);
    if (r->code)
        stunmsg_add_error(&b, r->code, NULL);
    else
        stunmsg_add_address(&b, STUNMSG_XOR_MAPPED_ADDRESS, &mapped);
    if (r->alternate.port)
        stunmsg_add_address(&b, STUNMSG_ALTERNATE_SERVER, &r->alternate);
    if (r->software)
        stunmsg_add_text(&b, STUNMSG_SOFTWARE, r->software);
    g_assert(stunmsg_end(&b, &written) == STUNMSG_OK); /* not CUnit's thread */
    return written;
}

static void *serve(void *data)
{
    struct responder *r = data;
    for (;;) {
        struct pollfd fds[] = { { .fd = r->fd, .events = POLLIN },
                                { .fd = r->stop[0], .events = POLLIN } };
        uint8_t in[1500], out[1500];
        struct sockaddr_in from;
        socklen_t from_size = sizeof from;
        struct stunmsg m;
        poll(fds, 2, -1);
        if (fds[1].revents)
            return NULL;
        ssize_t n =
            recvfrom(r->fd, in, sizeof in, 0, (struct sockaddr *)&from, &from_size);
        if (n < 0 || stunmsg_decode(in, (size_t)n, &m) != STUNMSG_OK)
            continue;
        g_atomic_int_inc(&r->n_requests);
        size_t size = respond(r, &m, &from, out, sizeof out);
        sendto(r->fd, out, size, 0, (struct sockaddr *)&from, from_size);
    }
}

/* How it answers must be set before. */
static void responder_start(struct responder *r)
{
    if (!r->port)
        r->fd = open_socket(SOCK_DGRAM, &r->port);
    CU_ASSERT_TRUE_FATAL(pipe(r->stop) == 0);
    r->thread = g_thread_new("responder", serve, r);
}

static void responder_stop(struct responder *r)
{
    close(r->stop[1]);
    g_thread_join(r->thread);
    close(r->stop[0]);
    close(r->fd);
}

/* ---- Checking --------------------------------------------------------------------- */

static struct check_result *check(const char *uri, const struct credentials *credentials,
                                  int64_t deadline_ns)
{
    struct check_options options = {
        .uri = uri,
        /* With a deadline of all, that alone: what is in the way of it takes longer. */
        .client = { .timing = deadline_ns == CLOCK_NEVER
                                  ? (struct client_timing){ 100, 3, 2, 600 }
                                  : CLIENT_TIMING_DEFAULT,
                    .username = credentials ? credentials->user : NULL,
                    .password = credentials ? credentials->password : NULL },
        .credentials = credentials,
        .scope = CHECK_RELAYS,
        .n_payloads = 3,
        .payload_bytes = 100,
        .interval_ns = NS_PER_MS,
        .rng = rng_seed(1),
        .deadline_ns = deadline_ns,
    };
    CU_ASSERT_TRUE_FATAL(ice_url_parse(uri, strlen(uri), &options.url));
    return check_run(&options);
}

static struct check_result *check_port(const char *scheme, uint16_t port,
                                       const char *query)
{
    g_autofree char *uri = g_strdup_printf("%s:127.0.0.1:%u%s", scheme, port, query);
    return check(uri, NULL, CLOCK_NEVER);
}

static void assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        ASSERT_TEXT(text, part);
    else
        CU_ASSERT_TRUE(true);
}

static void test_binding(void)
{
    struct responder r = { .software = "a \x1b[31mred\xff server" };
    responder_start(&r);
    g_autoptr(auto_check_result) result = check_port("stun", r.port, "");
    CU_ASSERT_TRUE(check_is_good(result));
    CU_ASSERT_EQUAL(check_exit_status(result), 0);
    CU_ASSERT_EQUAL(result->n_addresses, 1);
    CU_ASSERT_EQUAL(result->chosen->steps[CHECK_PHASE_BINDING].state, CHECK_DONE);
    CU_ASSERT_EQUAL(result->chosen->steps[CHECK_PHASE_TLS].state, CHECK_NOT_TRIED);
    CU_ASSERT_TRUE(result->chosen->rtt_ns > 0);
    ASSERT_TEXT(result->chosen->software, "a \x1b[31mred\\xff server");
    responder_stop(&r);
}

static void test_nothing_listens(void)
{
    uint16_t port;
    close(open_socket(SOCK_STREAM, &port));
    g_autoptr(auto_check_result) udp = check_port("turn", port, "");
    CU_ASSERT_EQUAL(check_exit_status(udp), 3);
    CU_ASSERT_EQUAL(udp->chosen->failed, CHECK_PHASE_CHALLENGE);
    assert_has(udp->error->message, "port unreachable");
    assert_has(udp->advice, "nothing listens on UDP");
    g_autoptr(auto_check_result) tcp = check_port("turn", port, "?transport=tcp");
    CU_ASSERT_EQUAL(check_exit_status(tcp), 3);
    CU_ASSERT_EQUAL(tcp->chosen->failed, CHECK_PHASE_CONNECT);
    assert_has(tcp->advice, "nothing listens on TCP");
    g_autoptr(auto_check_result) tls = check_port("turns", port, "");
    CU_ASSERT_EQUAL(check_exit_status(tls), 3);
    CU_ASSERT_EQUAL(tls->chosen->failed, CHECK_PHASE_CONNECT);
    CU_ASSERT_EQUAL(tls->chosen->steps[CHECK_PHASE_TLS].state, CHECK_NOT_TRIED);
}

static void test_silence_tells_whether_tcp_answers(void)
{
    uint16_t port, tcp_port;
    int udp = open_socket(SOCK_DGRAM, &port);
    g_autoptr(auto_check_result) result = check_port("stun", port, "");
    CU_ASSERT_EQUAL(check_exit_status(result), 3);
    assert_has(result->error->message, "no answer in");
    g_autofree char *wanted = g_strdup_printf(
        "UDP %u is silent: a firewall, or no server there; TCP is refused there", port);
    ASSERT_TEXT(result->advice, wanted);
    int tcp = open_socket(SOCK_STREAM, &tcp_port);
    g_autoptr(auto_check_result) over_tls = check_port("turns", tcp_port, "");
    CU_ASSERT_EQUAL(over_tls->chosen->failed, CHECK_PHASE_TLS);
    CU_ASSERT_EQUAL(over_tls->chosen->steps[CHECK_PHASE_CONNECT].state, CHECK_DONE);
    assert_has(over_tls->advice, "speaks no TLS");
    close(tcp);
    close(udp);
}

/* Answers one datagram with what is no STUN. */
static gpointer answer_in_another_language(gpointer data)
{
    char bytes[2048];
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    int fd = GPOINTER_TO_INT(data);
    if (recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size) > 0)
        sendto(fd, "SIP/2.0 400\r\n", 13, 0, (struct sockaddr *)&from, size);
    return NULL;
}

static void test_another_language_is_no_silence(void)
{
    uint16_t port;
    int fd = open_socket(SOCK_DGRAM, &port);
    GThread *thread =
        g_thread_new("answer", answer_in_another_language, GINT_TO_POINTER(fd));
    g_autoptr(auto_check_result) result = check_port("stun", port, "");
    g_thread_join(thread);
    CU_ASSERT_EQUAL(check_exit_status(result), 3);
    g_autofree char *wanted = g_strdup_printf(
        "UDP %u answers, but not what was asked: is it the right port?", port);
    ASSERT_TEXT(result->advice, wanted);
    close(fd);
}

static void test_no_such_name(void)
{
    g_autoptr(auto_check_result) result = check("stun:[::1]:1", NULL, CLOCK_NEVER);
    CU_ASSERT_EQUAL(check_exit_status(result), 3);
    struct check_options options = { .uri = "stun:127.0.0.1",
                                     .resolve.family = ADDRESS_IPV6,
                                     .client.timing = CLIENT_TIMING_DEFAULT,
                                     .deadline_ns = CLOCK_NEVER };
    CU_ASSERT_TRUE(ice_url_parse(options.uri, strlen(options.uri), &options.url));
    g_autoptr(auto_check_result) other = check_run(&options);
    CU_ASSERT_EQUAL(check_exit_status(other), 3);
    CU_ASSERT_PTR_NULL(other->chosen);
    CU_ASSERT_EQUAL(other->dns.state, CHECK_FAILED);
    g_autoptr(json_t) item = check_to_json(other);
    g_autofree char *text = check_format_item(item, false);
    assert_has(text, "FAIL dns: ");
}

static void test_codes_say_what_to_look_at(void)
{
    static const struct {
        unsigned code;
        bool has_credentials;
        int status;
        const char *message, *advice;
    } codes[] = {
        { 401, false, 4, "no credentials were given", "give -u USER" },
        { 400, true, 1, "400 (Bad Request)", "try the stun: URI" },
        { 486, true, 1, "486", "as many allocations as the server allows" },
        { 508, true, 1, "508", "no relay address or port left" },
        { 599, true, 1, "599", "look at the server's log" },
        { 401, true, 1, "no usable REALM and NONCE", "" },
    };
    g_autoptr(auto_credentials) joe = credentials_new("joe", "sesame", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        struct responder r = { .code = codes[i].code };
        responder_start(&r);
        g_autofree char *uri = g_strdup_printf("turn:127.0.0.1:%u", r.port);
        g_autoptr(auto_check_result) result =
            check(uri, codes[i].has_credentials ? joe : NULL, CLOCK_NEVER);
        CU_ASSERT_EQUAL(check_exit_status(result), codes[i].status);
        CU_ASSERT_EQUAL(result->chosen->failed, CHECK_PHASE_CHALLENGE);
        CU_ASSERT_EQUAL(result->chosen->code, codes[i].code);
        assert_has(result->error->message, codes[i].message);
        assert_has(result->advice, codes[i].advice);
        responder_stop(&r);
    }
}

static void test_a_redirect_is_followed(void)
{
    struct responder last = { .software = "last" };
    responder_start(&last);
    struct responder first = { .code = 300, .alternate = loopback(last.port) };
    responder_start(&first);
    g_autoptr(auto_check_result) result = check_port("stun", first.port, "");
    CU_ASSERT_TRUE(check_is_good(result));
    CU_ASSERT_EQUAL(result->chosen->redirected.port, last.port);
    ASSERT_TEXT(result->chosen->software, "last");
    responder_stop(&first);
    responder_stop(&last);
}

static void test_redirects_end(void)
{
    struct responder a = { .code = 300 }, b = { .code = 300 };
    a.fd = open_socket(SOCK_DGRAM, &a.port);
    b.fd = open_socket(SOCK_DGRAM, &b.port);
    a.alternate = loopback(b.port);
    b.alternate = loopback(a.port); /* round and round */
    responder_start(&a);
    responder_start(&b);
    g_autoptr(auto_check_result) result = check_port("stun", a.port, "");
    CU_ASSERT_FALSE(check_is_good(result));
    CU_ASSERT_EQUAL(check_exit_status(result), 1);
    CU_ASSERT_EQUAL(result->chosen->code, 300);
    int n_asked = g_atomic_int_get(&a.n_requests) + g_atomic_int_get(&b.n_requests);
    CU_ASSERT_TRUE(n_asked >= 2 && n_asked <= 6); /* two, each sent thrice at most */
    responder_stop(&a);
    responder_stop(&b);
}

static void test_the_deadline_holds_for_all(void)
{
    uint16_t port;
    int udp = open_socket(SOCK_DGRAM, &port);
    g_autofree char *uri = g_strdup_printf("stun:127.0.0.1:%u", port);
    int64_t start_ns = clock_now_ns();
    g_autoptr(auto_check_result) result = check(uri, NULL, start_ns + 20 * NS_PER_MS);
    CU_ASSERT_TRUE(clock_now_ns() - start_ns < 5 * NS_PER_S);
    CU_ASSERT_TRUE(g_error_matches(result->error, PROBE_ERROR, PROBE_ERROR_SILENT));
    close(udp);
}

static void test_an_interrupt_skips(void)
{
    wait_interrupt();
    g_autoptr(auto_check_result) result = check_port("stun", 9, "");
    wait_reset();
    CU_ASSERT_EQUAL(check_exit_status(result), EXIT_INTERRUPTED);
    g_autoptr(json_t) item = check_to_json(result);
    ASSERT_TEXT(json_string_value(json_object_get(item, "status")), "skipped");
}

static void test_metrics_of_a_failure(void)
{
    struct responder r = { .code = 486 };
    responder_start(&r);
    g_autoptr(auto_credentials) joe = credentials_new("joe", "sesame", NULL);
    g_autofree char *uri = g_strdup_printf("turn:127.0.0.1:%u", r.port);
    g_autoptr(auto_check_result) result = check(uri, joe, CLOCK_NEVER);
    g_autoptr(auto_metrics) metrics = metrics_new();
    check_add_metrics(result, metrics, NULL);
    g_autofree char *text = metrics_format(metrics);
    assert_has(text, "\nprobe_success 0\n");
    assert_has(text, "\nrtcprobe_stun_error_code 486\n");
    assert_has(text, "\nrtcprobe_phase_duration_seconds{phase=\"challenge\"} ");
    responder_stop(&r);
}

static void test_days_left_round_down(void)
{
    int64_t now_s = clock_calendar_ns() / NS_PER_S;
    struct tls_report tls = { .not_after_s = now_s + 2 * 86400 + 60 };
    CU_ASSERT_EQUAL(check_days_left(&tls), 2);
    tls.not_after_s = now_s + 60;
    CU_ASSERT_EQUAL(check_days_left(&tls), 0);
    tls.not_after_s = now_s - 60;
    CU_ASSERT_EQUAL(check_days_left(&tls), -1);
}

static void count_one(unsigned i, void *data)
{
    int *counts = data;
    g_atomic_int_inc(&counts[i]);
}

static void test_parallel_for_runs_each_once(void)
{
    for (unsigned most = 0; most < 5; most++) {
        int counts[20] = { 0 };
        parallel_for(G_N_ELEMENTS(counts), most, count_one, counts);
        for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++)
            CU_ASSERT_EQUAL(counts[i], 1);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "a Binding that is answered is a server that works", test_binding },
        { "nothing listens: refused, over UDP and TCP", test_nothing_listens },
        { "silence tells whether TCP answers", test_silence_tells_whether_tcp_answers },
        { "what answers, but no STUN, is not silent",
          test_another_language_is_no_silence },
        { "a name without an address fails in DNS", test_no_such_name },
        { "each code says what to look at", test_codes_say_what_to_look_at },
        { "a redirect is followed", test_a_redirect_is_followed },
        { "redirects in a ring end", test_redirects_end },
        { "the deadline holds for all", test_the_deadline_holds_for_all },
        { "an interrupt skips what is left", test_an_interrupt_skips },
        { "a failure's metrics have its code", test_metrics_of_a_failure },
        { "a certificate's days are rounded down", test_days_left_round_down },
        { "parallel_for runs each once", test_parallel_for_runs_each_once },
    };
    return suite_run("check", tests, G_N_ELEMENTS(tests), argc, argv);
}
