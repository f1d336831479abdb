/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections over UDP and TCP, against servers in threads of this process: good ones,
 * bad ones and hostile ones. TLS and DTLS: test_connection_tls.c.
 */
#include "suite.h"

#include <errno.h>
#include <netinet/in.h>

#include "loopback.h"
#include "probes/core/connection.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"
#include "wire/stunmsg.h"

static int64_t in_ms(int64_t ms)
{
    return clock_now_ns() + ms * NS_PER_MS;
}

/* A Binding indication with a SOFTWARE of some length, which is a whole message. */
static size_t make_message(uint8_t *out, size_t size, size_t n_text)
{
    static const uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = "transaction";
    g_autofree char *text = g_strnfill(n_text, 'x');
    struct stunmsg_builder b;
    stunmsg_begin(&b, out, size, STUNMSG_BINDING, STUNMSG_INDICATION, transaction);
    stunmsg_add_text(&b, STUNMSG_SOFTWARE, text);
    size_t made = 0;
    CU_ASSERT_EQUAL(stunmsg_end(&b, &made), STUNMSG_OK);
    return made;
}

static struct connection *open_to(const struct loopback *server,
                                  enum probe_transport transport, GError **error)
{
    struct connection_options options = { .transport = transport, .server = server->at };
    return connection_open(&options, in_ms(2000), NULL, NULL, error);
}

static void assert_error(GError **error, enum probe_error code, const char *part)
{
    bool is_right = g_error_matches(*error, PROBE_ERROR, (int)code) &&
                    strstr((*error)->message, part);
    if (!is_right)
        printf("\n    is: %s\n", *error ? (*error)->message : "no error");
    CU_ASSERT_TRUE(is_right);
    g_clear_error(error);
}

/* ---- UDP ------------------------------------------------------------------------ */

static void echo_datagrams(struct loopback *server)
{
    uint8_t bytes[65536];
    struct sockaddr_storage from;
    while (loopback_wait(server, server->fd, POLLIN, -1)) {
        socklen_t from_size = sizeof from;
        ssize_t n = recvfrom(server->fd, bytes, sizeof bytes, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &from_size);
        if (n >= 0)
            sendto(server->fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, from_size);
    }
}

static void test_udp_echo(void)
{
    struct loopback server = { 0 };
    struct received got = { 0 };
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_DGRAM, echo_datagrams, NULL);
    g_autoptr(auto_connection) c = open_to(&server, PROBE_UDP, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    struct endpoint local = connection_local(c), at = connection_server(c);
    CU_ASSERT_TRUE(address_equal(&local.address, &server.at.address));
    CU_ASSERT_NOT_EQUAL(local.port, 0);
    CU_ASSERT_TRUE(endpoint_equal(&at, &server.at));
    CU_ASSERT_TRUE(connection_send(c, (const uint8_t *)"any bytes", 9, NULL, &error));
    CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
    CU_ASSERT_EQUAL(got.size, 9);
    CU_ASSERT_EQUAL(memcmp(got.bytes, "any bytes", 9), 0);
    /* Datagrams may be empty. */
    CU_ASSERT_TRUE(connection_send(c, (const uint8_t *)"", 0, NULL, &error));
    CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
    CU_ASSERT_EQUAL(got.size, 0);
    struct connection_counts counts = connection_counts(c);
    CU_ASSERT_TRUE(counts.sent == 2 && counts.received == 2 && counts.sent_bytes == 9 &&
                   counts.received_bytes == 9);
    loopback_stop(&server);
}

static void test_udp_refused(void)
{
    struct loopback server = { 0 };
    struct received got;
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_DGRAM, NULL, NULL);
    struct endpoint at = server.at;
    loopback_stop(&server); /* its port is free now, and nobody's */
    server.at = at;
    g_autoptr(auto_connection) c = open_to(&server, PROBE_UDP, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_TRUE(connection_send(c, (const uint8_t *)"x", 1, NULL, &error));
    CU_ASSERT_FALSE(connection_receive(c, in_ms(2000), &got, &error));
    assert_error(&error, PROBE_ERROR_REFUSED, "port unreachable (ICMP)");
    /* Told once each: a server that is back is heard. */
    CU_ASSERT_FALSE(connection_receive(c, in_ms(1), &got, &error));
    assert_error(&error, PROBE_ERROR_SILENT, "no answer");
}

static void test_udp_silent(void)
{
    struct loopback server = { 0 };
    struct received got;
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_DGRAM, NULL, NULL);
    g_autoptr(auto_connection) c = open_to(&server, PROBE_UDP, &error);
    int64_t deadline_ns = in_ms(20);
    CU_ASSERT_TRUE(connection_send(c, (const uint8_t *)"x", 1, NULL, &error));
    CU_ASSERT_FALSE(connection_receive(c, deadline_ns, &got, &error));
    CU_ASSERT_TRUE(clock_now_ns() >= deadline_ns);
    assert_error(&error, PROBE_ERROR_SILENT, "UDP to 127.0.0.1:");
    loopback_stop(&server);
}

/* Sends without end to who spoke first. */
static void flood_datagrams(struct loopback *server)
{
    struct sockaddr_storage from;
    socklen_t from_size = sizeof from;
    uint8_t byte = 0;
    if (!loopback_wait(server, server->fd, POLLIN, -1))
        return;
    recvfrom(server->fd, &byte, 1, 0, (struct sockaddr *)&from, &from_size);
    while (loopback_wait(server, server->fd, POLLOUT, -1))
        sendto(server->fd, &byte, 1, MSG_DONTWAIT, (struct sockaddr *)&from, from_size);
}

static void test_udp_flood(void)
{
    struct loopback server = { 0 };
    struct received got;
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_DGRAM, flood_datagrams, NULL);
    g_autoptr(auto_connection) c = open_to(&server, PROBE_UDP, &error);
    CU_ASSERT_TRUE(connection_send(c, (const uint8_t *)"x", 1, NULL, &error));
    CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
    int64_t deadline_ns = in_ms(20);
    while (connection_receive(c, deadline_ns, &got, &error))
        ;
    CU_ASSERT_TRUE(clock_now_ns() >= deadline_ns);
    assert_error(&error, PROBE_ERROR_SILENT, "no answer");
    loopback_stop(&server);
}

static void test_peers(void)
{
    struct endpoint any = { 0 };
    struct endpoint from;
    struct received got;
    g_autoptr(GError) error = NULL;
    static const int tos = 0xb8; /* expedited forwarding */
    address_parse("127.0.0.1", &any.address);
    g_autoptr(auto_connection) a = connection_open_peer(&any, NULL, &error);
    g_autoptr(auto_connection) b = connection_open_peer(&any, NULL, &error);
    struct endpoint to = connection_local(b), self = connection_local(a);
    setsockopt(connection_fd(a), IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    CU_ASSERT_EQUAL(connection_last_marks(b).ttl, -1);
    CU_ASSERT_TRUE(connection_send_to(a, &to, (const uint8_t *)"hello", 5, &error));
    CU_ASSERT_TRUE(connection_receive_from(b, in_ms(2000), &got, &from, &error));
    CU_ASSERT_TRUE(got.size == 5 && memcmp(got.bytes, "hello", 5) == 0);
    CU_ASSERT_TRUE(endpoint_equal(&from, &self));
    CU_ASSERT_EQUAL(connection_last_marks(b).tos, 0xb8);
    CU_ASSERT_EQUAL(connection_last_marks(b).ttl, 64);
    CU_ASSERT_FALSE(connection_receive_from(b, 0, &got, &from, &error));
    assert_error(&error, PROBE_ERROR_SILENT, "UDP from 127.0.0.1:");
}

static void test_peer_of_ipv6(void)
{
    struct endpoint any = { 0 };
    struct endpoint from;
    struct received got;
    g_autoptr(GError) error = NULL;
    address_parse("::1", &any.address);
    g_autoptr(auto_connection) a = connection_open_peer(&any, NULL, &error);
    if (!a) { /* a machine without IPv6 */
        assert_error(&error, PROBE_ERROR_LOCAL, "cannot");
        return;
    }
    struct endpoint self = connection_local(a);
    CU_ASSERT_TRUE(connection_send_to(a, &self, (const uint8_t *)"x", 1, &error));
    CU_ASSERT_TRUE(connection_receive_from(a, in_ms(2000), &got, &from, &error));
    CU_ASSERT_TRUE(endpoint_equal(&from, &self));
    CU_ASSERT_EQUAL(connection_last_marks(a).tos, 0);
    CU_ASSERT_EQUAL(connection_last_marks(a).ttl, 64);
}

static void test_local_address(void)
{
    struct loopback server = { 0 };
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_DGRAM, NULL, NULL);
    struct connection_options options = { .transport = PROBE_UDP, .server = server.at };
    address_parse("127.0.0.2", &options.local.address);
    g_autoptr(auto_connection) c =
        connection_open(&options, in_ms(2000), NULL, NULL, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    struct endpoint local = connection_local(c);
    CU_ASSERT_TRUE(address_equal(&local.address, &options.local.address));
    options.local = server.at; /* taken */
    CU_ASSERT_PTR_NULL(connection_open(&options, in_ms(2000), NULL, NULL, &error));
    assert_error(&error, PROBE_ERROR_LOCAL, "cannot bind to 127.0.0.1:");
    address_parse("::1", &options.local.address);
    CU_ASSERT_PTR_NULL(connection_open(&options, in_ms(2000), NULL, NULL, &error));
    assert_error(&error, PROBE_ERROR_LOCAL, "IPv6");
    loopback_stop(&server);
}

/* ---- TCP ------------------------------------------------------------------------ */

static void test_tcp_refused(void)
{
    struct loopback server = { 0 };
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_STREAM, NULL, NULL);
    struct endpoint at = server.at;
    loopback_stop(&server);
    server.at = at;
    CU_ASSERT_PTR_NULL(open_to(&server, PROBE_TCP, &error));
    assert_error(&error, PROBE_ERROR_REFUSED, "TCP connect to 127.0.0.1:");
}

/* Sends what the test gives, and ends the connection when the client does. */
struct speech {
    const uint8_t *bytes;
    size_t size;
    bool bytewise;
    bool stays;
};

static void send_speech(struct loopback *server)
{
    const struct speech *speech = server->data;
    int fd = loopback_accept(server);
    size_t piece = speech->bytewise ? 1 : speech->size;
    for (size_t at = 0; fd >= 0 && at < speech->size; at += piece)
        if (send(fd, speech->bytes + at, piece, MSG_NOSIGNAL) < 0)
            break;
    if (speech->stays)
        loopback_wait(server, -1, 0, -1);
    close(fd);
}

static struct connection *open_speech(struct loopback *server,
                                      const struct speech *speech)
{
    g_autoptr(GError) error = NULL;
    loopback_start(server, SOCK_STREAM, send_speech, speech);
    struct connection *c = open_to(server, PROBE_TCP, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    return c;
}

static void assert_no_message(const void *bytes, size_t size, enum probe_error code,
                              const char *part)
{
    struct speech speech = { .bytes = bytes, .size = size };
    struct loopback server = { 0 };
    struct received got;
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_connection) c = open_speech(&server, &speech);
    CU_ASSERT_FALSE(connection_receive(c, in_ms(2000), &got, &error));
    assert_error(&error, code, part);
    loopback_stop(&server);
}

static void test_tcp_closed(void)
{
    assert_no_message("", 0, PROBE_ERROR_CLOSED, "closed by the server");
    assert_no_message("\0\1\0\10", 4, PROBE_ERROR_CLOSED,
                      "closed by the server within a message (4 of 28 bytes), which "
                      "begins with 00010008");
}

static void test_tcp_garbage(void)
{
    static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    assert_no_message("\xff\xff\xff\xff\xff", 5, PROBE_ERROR_GARBAGE, "ffffffffff");
    assert_no_message("SSH-2.0-x", 9, PROBE_ERROR_GARBAGE, "begins with \"SSH-2.0-x\"");
    /* "HT" could be a channel. */
    assert_no_message(http, sizeof http - 1, PROBE_ERROR_CLOSED, "\"HTTP/1.1 400 Bad\"");
}

static void test_tcp_framing(void)
{
    uint8_t bytes[2000];
    size_t first = make_message(bytes, sizeof bytes, 10);
    static const uint8_t channel[] = { 0x40, 0, 0, 3, 'a', 'b', 'c', 0 };
    size_t second = sizeof channel;
    memcpy(bytes + first, channel, second);
    size_t third = make_message(bytes + first + second, 1000, 700);
    for (int bytewise = 0; bytewise <= 1; bytewise++) {
        struct speech speech = { .bytes = bytes,
                                 .size = first + second + third,
                                 .bytewise = bytewise };
        struct loopback server = { 0 };
        struct received got = { 0 };
        g_autoptr(GError) error = NULL;
        g_autoptr(auto_connection) c = open_speech(&server, &speech);
        CU_ASSERT_FALSE(connection_has_message(c));
        CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
        CU_ASSERT_TRUE(got.size == first && memcmp(got.bytes, bytes, first) == 0);
        CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
        CU_ASSERT_TRUE(got.size == second && memcmp(got.bytes, channel, second) == 0);
        CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
        CU_ASSERT_TRUE(got.size == third &&
                       memcmp(got.bytes, bytes + first + second, third) == 0);
        CU_ASSERT_FALSE(connection_receive(c, in_ms(2000), &got, &error));
        assert_error(&error, PROBE_ERROR_CLOSED, "closed by the server");
        loopback_stop(&server);
    }
}

static void echo_stream(struct loopback *server)
{
    uint8_t bytes[4096];
    int fd = loopback_accept(server);
    while (fd >= 0 && loopback_wait(server, fd, POLLIN, -1)) {
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            server->result = n < 0 ? errno : 0;
            break;
        }
        for (ssize_t at = 0; at < n;) {
            ssize_t sent = send(fd, bytes + at, (size_t)(n - at), MSG_NOSIGNAL);
            if (sent < 0)
                break;
            at += sent;
        }
    }
    close(fd);
}

static void test_tcp_bytewise(void)
{
    struct loopback server = { 0 };
    struct received got = { 0 };
    uint8_t bytes[200];
    size_t size = make_message(bytes, sizeof bytes, 100);
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_STREAM, echo_stream, NULL);
    struct connection *c = open_to(&server, PROBE_TCP, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_TRUE(connection_send_bytewise(c, bytes, size, &error));
    CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
    CU_ASSERT_TRUE(got.size == size && memcmp(got.bytes, bytes, size) == 0);
    connection_close(c);
    g_thread_join(g_steal_pointer(&server.thread));
    CU_ASSERT_EQUAL(server.result, 0);
    loopback_stop(&server);
}

static void test_tcp_abort(void)
{
    struct loopback server = { 0 };
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_STREAM, echo_stream, NULL);
    struct connection *c = open_to(&server, PROBE_TCP, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    connection_abort(c);
    g_thread_join(g_steal_pointer(&server.thread));
    CU_ASSERT_EQUAL(server.result, ECONNRESET);
    loopback_stop(&server);
}

/* One byte of the longest message each millisecond. */
static void trickle(struct loopback *server)
{
    static const uint8_t start[] = { 0, 1, 0xff, 0xfc };
    int fd = loopback_accept(server);
    for (size_t i = 0; fd >= 0 && loopback_wait(server, -1, 0, 1); i++)
        if (send(fd, i < 4 ? start + i : start, 1, MSG_NOSIGNAL) < 0)
            break;
    close(fd);
}

static void test_tcp_trickle(void)
{
    struct loopback server = { 0 };
    struct received got;
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_STREAM, trickle, NULL);
    g_autoptr(auto_connection) c = open_to(&server, PROBE_TCP, &error);
    int64_t deadline_ns = in_ms(50);
    CU_ASSERT_FALSE(connection_receive(c, deadline_ns, &got, &error));
    CU_ASSERT_TRUE(clock_now_ns() - deadline_ns < 500 * NS_PER_MS);
    assert_error(&error, PROBE_ERROR_SILENT, "TCP to 127.0.0.1:");
    loopback_stop(&server);
}

/* ---- Interrupts ----------------------------------------------------------------- */

static gpointer interrupt_soon(gpointer data)
{
    struct pollfd none = { .fd = -1 };
    poll(&none, 1, 20);
    wait_interrupt();
    return data;
}

static void test_interrupt(void)
{
    struct loopback server = { 0 };
    struct received got;
    g_autoptr(GError) error = NULL;
    struct speech nothing = { .stays = true };
    g_autofree uint8_t *much = g_malloc0(1 << 20);
    g_autoptr(auto_connection) c = open_speech(&server, &nothing);
    GThread *thread = g_thread_new("interrupt", interrupt_soon, NULL);
    CU_ASSERT_FALSE(connection_receive(c, CLOCK_NEVER, &got, &error));
    assert_error(&error, PROBE_ERROR_INTERRUPTED, "interrupted");
    g_thread_join(thread);
    wait_reset();
    /* The server reads nothing: sending comes to a halt. */
    thread = g_thread_new("interrupt", interrupt_soon, NULL);
    while (connection_send(c, much, 1 << 20, NULL, &error))
        ;
    assert_error(&error, PROBE_ERROR_INTERRUPTED, "the server reads nothing");
    g_thread_join(thread);
    wait_reset();
    CU_ASSERT_FALSE(connection_send(c, much, 1, NULL, &error));
    assert_error(&error, PROBE_ERROR_CLOSED, "broke while a message was sent");
    loopback_stop(&server);
}

/* ---- What is kept --------------------------------------------------------------- */

static size_t make_token_request(uint8_t *out, size_t size)
{
    static const uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = "transaction";
    struct stunmsg_builder b;
    size_t made = 0;
    stunmsg_begin(&b, out, size, STUNMSG_ALLOCATE, STUNMSG_REQUEST, transaction);
    stunmsg_add_text(&b, STUNMSG_USERNAME, "probe");
    stunmsg_add_text(&b, STUNMSG_ACCESS_TOKEN, "hush-hush");
    stunmsg_end(&b, &made);
    return made;
}

static void test_transcript(void)
{
    struct loopback server = { 0 };
    struct received got;
    uint8_t bytes[200];
    size_t size = make_token_request(bytes, sizeof bytes);
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_transcript) transcript = transcript_new(clock_now_ns());
    loopback_start(&server, SOCK_DGRAM, echo_datagrams, NULL);
    struct connection_options options = { .transport = PROBE_UDP,
                                          .server = server.at,
                                          .transcript = transcript };
    g_autoptr(auto_connection) c =
        connection_open(&options, in_ms(2000), NULL, NULL, &error);
    CU_ASSERT_TRUE(connection_send(c, bytes, size, "the first", &error));
    CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
    bytes[2] = 0xff; /* a wrong length hides nothing */
    CU_ASSERT_TRUE(connection_send(c, bytes, size, NULL, &error));
    CU_ASSERT_TRUE(connection_receive(c, in_ms(2000), &got, &error));
    json_t *json = transcript_to_json(transcript);
    CU_ASSERT_EQUAL(json_array_size(json), 4);
    json_t *sent = json_array_get(json, 0), *received = json_array_get(json, 1);
    ASSERT_TEXT(json_string_value(json_object_get(sent, "direction")), "sent");
    ASSERT_TEXT(json_string_value(json_object_get(sent, "note")), "the first");
    ASSERT_TEXT(json_string_value(json_object_get(sent, "transport")), "udp");
    ASSERT_TEXT(json_string_value(json_object_get(received, "direction")), "received");
    json_t *message = json_object_get(sent, "message");
    ASSERT_TEXT(json_string_value(json_object_get(message, "what")), "Allocate request");
    g_autofree char *dump = json_dumps(json, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(dump, "Allocate request"));
    CU_ASSERT_PTR_NOT_NULL(strstr(dump, "70726f6265")); /* probe */
    CU_ASSERT_PTR_NULL(strstr(dump, "68757368"));       /* hush */
    CU_ASSERT_PTR_NULL(strstr(dump, "hush"));
    CU_ASSERT_EQUAL(memcmp(got.bytes + size - 12, "hush-hush", 9), 0); /* but was sent */
    json_decref(json);
    loopback_stop(&server);
}

static void test_transcript_bounds(void)
{
    g_autofree uint8_t *bytes = g_malloc0(TRANSCRIPT_MAX_BYTES + 1);
    struct transcript_path path = { .transport = PROBE_UDP };
    g_autoptr(auto_transcript) t = transcript_new(0);
    for (unsigned i = 0; i < TRANSCRIPT_MAX_MESSAGES + 5; i++)
        transcript_add(t, &path, false, bytes, TRANSCRIPT_MAX_BYTES + 1, NULL);
    transcript_add(NULL, &path, false, bytes, 1, NULL);
    json_t *json = transcript_to_json(t);
    CU_ASSERT_EQUAL(json_array_size(json), TRANSCRIPT_MAX_MESSAGES + 1);
    json_t *first = json_array_get(json, 0);
    json_t *last = json_array_get(json, TRANSCRIPT_MAX_MESSAGES);
    CU_ASSERT_EQUAL(json_string_length(json_object_get(first, "hex")),
                    2 * TRANSCRIPT_MAX_BYTES);
    ASSERT_TEXT(json_string_value(json_object_get(last, "text")),
                "5 more messages are not kept");
    json_decref(json);
}

static const struct test tests[] = {
    { "UDP: what is sent comes back, and is counted", test_udp_echo },
    { "UDP: an ICMP error is a refusal", test_udp_refused },
    { "UDP: silence ends at the deadline", test_udp_silent },
    { "UDP: a flood ends at the deadline", test_udp_flood },
    { "peers hear from anyone, with class and lifetime", test_peers },
    { "peers hear class and lifetime over IPv6", test_peer_of_ipv6 },
    { "the local address is what was asked for", test_local_address },
    { "TCP: a refusal is told", test_tcp_refused },
    { "TCP: the end is told, and within what", test_tcp_closed },
    { "TCP: garbage is told, and how it begins", test_tcp_garbage },
    { "TCP: messages are framed, however they are cut", test_tcp_framing },
    { "TCP: bytes go one by one", test_tcp_bytewise },
    { "TCP: an abort is a reset", test_tcp_abort },
    { "TCP: a trickle ends at the deadline", test_tcp_trickle },
    { "an interrupt ends receiving and sending", test_interrupt },
    { "the transcript has all but access tokens", test_transcript },
    { "the transcript is bounded", test_transcript_bounds },
};

int main(int argc, char **argv)
{
    return suite_run("connection", tests, G_N_ELEMENTS(tests), argc, argv);
}
