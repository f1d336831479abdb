/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections over TLS and DTLS, against servers in threads of this process, whose
 * certificates are made here: good, foreign, misnamed, expired and self-signed ones, and
 * servers that do not finish, or speak something else.
 */
#include "suite.h"

#include "loopback.h"
#include "probes/core/connection.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"
#include "wire/stunmsg.h"

enum { DAY_S = 86400 };

static struct test_certificate ca;
static char *ca_file;
static int64_t now_s;

static int64_t in_ms(int64_t ms)
{
    return clock_now_ns() + ms * NS_PER_MS;
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

/* ---- Servers -------------------------------------------------------------------- */

/* Echoes whole records until the client ends it. */
static void echo_records(struct loopback *server, int fd, unsigned flags)
{
    static const gnutls_datum_t stun = { (unsigned char *)"stun.turn", 9 };
    g_autofree uint8_t *bytes = g_malloc(20000);
    gnutls_session_t session;
    ssize_t n;
    gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL | flags);
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, server->credentials);
    gnutls_alpn_set_protocols(session, &stun, 1, 0);
    gnutls_transport_set_int(session, fd);
    gnutls_handshake_set_timeout(session, 2000);
    do
        n = gnutls_handshake(session);
    while (n < 0 && !gnutls_error_is_fatal((int)n));
    if (n == 0 && flags & GNUTLS_DATAGRAM)
        gnutls_dtls_set_mtu(session, 16384);
    while (n >= 0 && loopback_wait(server, fd, POLLIN, -1) &&
           (n = gnutls_record_recv(session, bytes, 20000)) > 0)
        gnutls_record_send(session, bytes, (size_t)n);
    server->result = (int)n;
    gnutls_deinit(session);
}

static void serve_tls(struct loopback *server)
{
    int fd = loopback_accept(server);
    if (fd >= 0)
        echo_records(server, fd, 0);
    close(fd);
}

/* One client: that which speaks first. */
static void serve_dtls(struct loopback *server)
{
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    uint8_t byte;
    if (!loopback_wait(server, server->fd, POLLIN, -1))
        return;
    recvfrom(server->fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&from, &size);
    if (connect(server->fd, (struct sockaddr *)&from, size) == 0)
        echo_records(server, server->fd, GNUTLS_DATAGRAM);
}

struct text {
    const char *bytes;
    size_t size;
};
#define TEXT(literal) (&(struct text){ literal, sizeof literal - 1 })

static void serve_text(struct loopback *server)
{
    const struct text *text = server->data;
    int fd = loopback_accept(server);
    if (fd >= 0 && send(fd, text->bytes, text->size, MSG_NOSIGNAL) > 0)
        loopback_wait(server, -1, 0, -1);
    close(fd);
}

/* ---- Opening -------------------------------------------------------------------- */

struct attempt {
    enum probe_transport transport;
    struct certificate_request shown;
    const char *server_name;
    const char *const *alpn;
    bool knows_no_ca, accepts_any;
    const struct test_certificate *also_shown; /* in the chain; NULL: none */
    struct loopback server;
    struct tls_report report;
    struct connection_times times;
    GError *error;
};

static struct connection *open_attempt(struct attempt *a)
{
    struct test_certificate shown;
    bool is_stream = a->transport == PROBE_TLS;
    if (a->shown.until_s == 0)
        a->shown.until_s = now_s + 41 * DAY_S + 3600;
    a->shown.from_s = now_s - 400 * DAY_S;
    test_certificate_make(&shown, &a->shown);
    a->server.credentials = test_certificate_credentials(&shown, a->also_shown);
    test_certificate_clear(&shown);
    loopback_start(&a->server, is_stream ? SOCK_STREAM : SOCK_DGRAM,
                   is_stream ? serve_tls : serve_dtls, NULL);
    struct tls_options tls = { .server_name = a->server_name,
                               .ca_file = a->knows_no_ca ? NULL : ca_file,
                               .alpn = a->alpn,
                               .accepts_any = a->accepts_any };
    struct connection_options options = { .transport = a->transport,
                                          .server = a->server.at,
                                          .tls = &tls };
    return connection_open(&options, in_ms(3000), &a->times, &a->report, &a->error);
}

static void end_attempt(struct attempt *a, struct connection *c)
{
    connection_close(c);
    loopback_stop(&a->server);
    tls_report_clear(&a->report);
}

static void assert_echo(struct connection *c, size_t n_text)
{
    static const uint8_t transaction[STUNMSG_TRANSACTION_SIZE] = "transaction";
    g_autofree uint8_t *bytes = g_malloc(CONNECTION_MAX_MESSAGE);
    g_autofree char *text = g_strnfill(n_text, 'x');
    struct stunmsg_builder b;
    struct received got = { 0 };
    size_t size = 0;
    g_autoptr(GError) error = NULL;
    stunmsg_begin(&b, bytes, CONNECTION_MAX_MESSAGE, STUNMSG_BINDING, STUNMSG_REQUEST,
                  transaction);
    stunmsg_add_text(&b, STUNMSG_SOFTWARE, text);
    stunmsg_end(&b, &size);
    CU_ASSERT_TRUE(connection_send(c, bytes, size, NULL, &error));
    CU_ASSERT_TRUE(connection_receive(c, in_ms(3000), &got, &error));
    CU_ASSERT_TRUE(got.size == size && memcmp(got.bytes, bytes, size) == 0);
}

/* ---- TLS ------------------------------------------------------------------------ */

static void test_tls(void)
{
    static const char *const alpn[] = { "stun.turn", NULL };
    struct attempt a = { .transport = PROBE_TLS,
                         .server_name = "turn.test",
                         .alpn = alpn,
                         .shown = { "turn.test", "turn.test", .signer = &ca } };
    struct connection *c = open_attempt(&a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    ASSERT_TEXT(a.report.version, "TLS1.3");
    ASSERT_TEXT(a.report.alpn, "stun.turn");
    ASSERT_TEXT(a.report.subject, "CN=turn.test");
    ASSERT_TEXT(a.report.problem, NULL);
    CU_ASSERT_PTR_NOT_NULL(a.report.cipher);
    CU_ASSERT_TRUE(a.report.is_trusted && a.report.is_name_ok);
    CU_ASSERT_EQUAL(a.report.not_after_s, a.shown.until_s);
    CU_ASSERT_TRUE(a.times.connect_ns > 0 && a.times.tls_ns > 0);
    assert_echo(c, 10);
    assert_echo(c, 60000); /* of several records */
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE(
        connection_send_bytewise(c, (const uint8_t *)"\x40\0\0\1x\0\0\0", 8, &error));
    struct received got = { 0 };
    CU_ASSERT_TRUE(connection_receive(c, in_ms(3000), &got, &error));
    CU_ASSERT_EQUAL(got.size, 8);
    connection_close(c);
    g_thread_join(g_steal_pointer(&a.server.thread));
    CU_ASSERT_EQUAL(a.server.result, 0); /* it was told that this is the end */
    end_attempt(&a, NULL);
}

/* Two messages in one record: poll(2) knows nothing of the second. */
static void test_tls_two_in_one(void)
{
    static const uint8_t two[] = { 0x40, 0, 0, 1, 'x', 0, 0, 0, 0x40, 1, 0, 0 };
    struct attempt a = { .transport = PROBE_TLS,
                         .shown = { "x", .has_loopback = true, .signer = &ca } };
    struct received got = { 0 };
    g_autoptr(GError) error = NULL;
    struct connection *c = open_attempt(&a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c); /* by its address, too */
    CU_ASSERT_TRUE(a.report.is_name_ok);
    CU_ASSERT_TRUE(connection_send(c, two, sizeof two, NULL, &error));
    CU_ASSERT_TRUE(connection_receive(c, in_ms(3000), &got, &error));
    CU_ASSERT_EQUAL(got.size, 8);
    CU_ASSERT_TRUE(connection_has_message(c));
    CU_ASSERT_TRUE(connection_receive(c, 0, &got, &error));
    CU_ASSERT_EQUAL(got.size, 4);
    CU_ASSERT_FALSE(connection_has_message(c));
    end_attempt(&a, c);
}

static void test_tls_problems(void)
{
    g_autofree char *date = NULL;
    g_autoptr(GDateTime) day = g_date_time_new_from_unix_utc(now_s - 3 * DAY_S - 60);
    date = g_date_time_format(day, "the certificate expired 3 days ago (%Y-%m-%d)");
    struct {
        struct attempt attempt;
        const char *problem;
        bool is_trusted, is_name_ok, is_expired;
    } cases[] = {
        { { .server_name = "turn.test", .shown = { "x", "*.other.test", .signer = &ca } },
          "its name is not turn.test but *.other.test",
          .is_trusted = true },
        { { .shown = { "only-a-common-name", .signer = &ca } },
          "its name is not 127.0.0.1 but only-a-common-name",
          .is_trusted = true },
        { { .shown = { "no\xffname", .signer = &ca } },
          "its name is not 127.0.0.1 but no\xef\xbf\xbdname", /* U+FFFD */
          .is_trusted = true },
        { { .server_name = "turn.test",
            .shown = { "x", "turn.test", .signer = &ca,
                       .until_s = now_s - 3 * DAY_S - 60 } },
          date,
          .is_name_ok = true,
          .is_expired = true },
        { { .server_name = "turn.test", .shown = { "x", .dns_name = "turn.test" } },
          "self-signed",
          .is_name_ok = true },
        { { .server_name = "turn.test",
            .knows_no_ca = true,
            .shown = { "x", "turn.test", .signer = &ca } },
          "no known CA signed it (the last issuer is CN=test CA, of which the server "
          "sent "
          "no certificate)",
          .is_name_ok = true },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases) * 2; i++) {
        struct attempt a = cases[i / 2].attempt;
        a.transport = PROBE_TLS;
        a.accepts_any = i % 2 == 1;
        struct connection *c = open_attempt(&a);
        CU_ASSERT_EQUAL(c != NULL, a.accepts_any);
        ASSERT_TEXT(a.report.problem, cases[i / 2].problem);
        CU_ASSERT_EQUAL(a.report.is_trusted, cases[i / 2].is_trusted);
        CU_ASSERT_EQUAL(a.report.is_name_ok, cases[i / 2].is_name_ok);
        CU_ASSERT_EQUAL(a.report.is_expired, cases[i / 2].is_expired);
        if (c)
            assert_echo(c, 1);
        else
            assert_error(&a.error, PROBE_ERROR_TLS, "TLS certificate of 127.0.0.1:");
        end_attempt(&a, c);
    }
}

/* A CA that is known now was once vouched for by another one, in a certificate that has
 * expired and that servers still send. */
static void test_tls_expired_and_not_needed(void)
{
    struct test_certificate old, other;
    const struct certificate_request request = { .common_name = "test CA",
                                                 .from_s = now_s - 400 * DAY_S,
                                                 .until_s = now_s - 10 * DAY_S };
    struct attempt a = { .transport = PROBE_TLS,
                         .server_name = "turn.test",
                         .shown = { "x", "turn.test", .signer = &ca },
                         .also_shown = &old };
    test_certificate_make(&old, &request);
    gnutls_x509_crt_set_key(old.certificate, ca.key);
    test_certificate_make(&other, &(struct certificate_request){ .common_name = "other",
                                                                 .from_s = request.from_s,
                                                                 .until_s = now_s });
    gnutls_x509_crt_sign2(old.certificate, other.certificate, other.key,
                          GNUTLS_DIG_SHA256, 0);
    test_certificate_clear(&other);
    test_certificate_reread(&old);
    struct connection *c = open_attempt(&a);
    CU_ASSERT_PTR_NOT_NULL(c);
    CU_ASSERT_TRUE(a.report.is_trusted);
    ASSERT_TEXT(a.report.problem, NULL);
    CU_ASSERT_EQUAL(a.report.not_after_s, request.until_s); /* told nevertheless */
    end_attempt(&a, c);
    g_clear_error(&a.error);
    test_certificate_clear(&old);
}

static void test_ca_file(void)
{
    struct tls_options tls = { .ca_file = "/nonexistent/ca.pem" };
    struct loopback server = { 0 };
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_STREAM, NULL, NULL);
    struct connection_options options = { .transport = PROBE_TLS,
                                          .server = server.at,
                                          .tls = &tls };
    CU_ASSERT_PTR_NULL(connection_open(&options, in_ms(2000), NULL, NULL, &error));
    assert_error(&error, PROBE_ERROR_LOCAL, "the CAs of /nonexistent/ca.pem");
    loopback_stop(&server);
}

/* What a server that is none comes to. */
static void assert_no_handshake(enum probe_transport transport, const struct text *text,
                                int64_t timeout_ms, enum probe_error code,
                                const char *part)
{
    struct loopback server = { 0 };
    struct connection_times times = { 0 };
    g_autoptr(GError) error = NULL;
    loopback_start(&server, transport == PROBE_TLS ? SOCK_STREAM : SOCK_DGRAM,
                   text ? serve_text : NULL, text);
    struct tls_options tls = { .ca_file = ca_file };
    struct connection_options options = { .transport = transport,
                                          .server = server.at,
                                          .tls = &tls };
    int64_t start_ns = clock_now_ns();
    CU_ASSERT_PTR_NULL(
        connection_open(&options, in_ms(timeout_ms), &times, NULL, &error));
    assert_error(&error, code, part);
    CU_ASSERT_TRUE(clock_now_ns() - start_ns < (timeout_ms + 1000) * NS_PER_MS);
    CU_ASSERT_TRUE(times.tls_ns > 0);
    loopback_stop(&server);
}

static void test_tls_none(void)
{
    assert_no_handshake(PROBE_TLS, NULL, 30, PROBE_ERROR_SILENT,
                        "TLS handshake with 127.0.0.1:");
    assert_no_handshake(PROBE_TLS, TEXT("\x16\x03\x03\x40"), 300, PROBE_ERROR_SILENT,
                        "not finished in time");
    assert_no_handshake(PROBE_TLS, TEXT("220 mail.test ESMTP\r\n"), 2000, PROBE_ERROR_TLS,
                        "what the server sends is not TLS");
    assert_no_handshake(PROBE_TLS, TEXT(""), 2000, PROBE_ERROR_TLS, "the server ");
    assert_no_handshake(PROBE_TLS, TEXT("\x15\x03\x03\0\x02\x02\x28"), 2000,
                        PROBE_ERROR_TLS,
                        "the server sent the alert \"Handshake failed\"");
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
    for (unsigned i = 0; i < 2; i++) {
        GThread *thread = g_thread_new("interrupt", interrupt_soon, NULL);
        assert_no_handshake(i ? PROBE_TLS : PROBE_DTLS, NULL, 60000,
                            PROBE_ERROR_INTERRUPTED, "interrupted");
        g_thread_join(thread);
        wait_reset();
    }
}

/* ---- DTLS ----------------------------------------------------------------------- */

static void test_dtls(void)
{
    struct attempt a = { .transport = PROBE_DTLS,
                         .server_name = "turn.test",
                         .shown = { "turn.test", "turn.test", .signer = &ca } };
    struct connection *c = open_attempt(&a);
    if (!c)
        printf("\n    %s\n", a.error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    ASSERT_TEXT(a.report.version, "DTLS1.2");
    CU_ASSERT_TRUE(a.report.is_trusted && a.report.is_name_ok);
    CU_ASSERT_TRUE(a.times.connect_ns == 0 && a.times.tls_ns > 0);
    assert_echo(c, 10);
    assert_echo(c, 2000); /* more than an Ethernet frame */
    /* An empty datagram is not the end. */
    struct received got;
    g_autoptr(GError) error = NULL;
    CU_ASSERT_EQUAL(send(a.server.fd, "", 0, 0), 0);
    CU_ASSERT_EQUAL(send(a.server.fd, "junk", 4, 0), 4);
    CU_ASSERT_FALSE(connection_receive(c, in_ms(10), &got, &error));
    assert_error(&error, PROBE_ERROR_SILENT, "DTLS to 127.0.0.1:");
    assert_echo(c, 10);
    end_attempt(&a, c);
}

static void test_dtls_unknown(void)
{
    struct attempt a = { .transport = PROBE_DTLS,
                         .server_name = "turn.test",
                         .shown = { "turn.test", .dns_name = "turn.test" } };
    struct connection *c = open_attempt(&a);
    CU_ASSERT_PTR_NULL(c);
    assert_error(&a.error, PROBE_ERROR_TLS, "DTLS certificate of 127.0.0.1:");
    end_attempt(&a, c);
}

static void test_dtls_none(void)
{
    assert_no_handshake(PROBE_DTLS, NULL, 50, PROBE_ERROR_SILENT,
                        "DTLS handshake with 127.0.0.1:");
    struct loopback server = { 0 };
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_DGRAM, NULL, NULL);
    struct endpoint at = server.at;
    loopback_stop(&server);
    struct connection_options options = { .transport = PROBE_DTLS, .server = at };
    CU_ASSERT_PTR_NULL(connection_open(&options, in_ms(2000), NULL, NULL, &error));
    assert_error(&error, PROBE_ERROR_REFUSED, "port unreachable (ICMP)");
}

/* Without end: "come again with this cookie" (RFC 6347 §4.2.1), each with a new one. */
static void flood_with_cookies(struct loopback *server)
{
    uint8_t record[] = { 22,   0xfe, 0xff, 0,   0,   0,   0,
                         0,    0,    0,    0,   0,   19, /* the record */
                         3,    0,    0,    7,   0,   0,   0,
                         0,    0,    0,    0,   7, /* HelloVerifyRequest */
                         0xfe, 0xff, 4,    'c', 'o', 'o', 'k' };
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    uint8_t byte;
    if (!loopback_wait(server, server->fd, POLLIN, -1))
        return;
    recvfrom(server->fd, &byte, 1, 0, (struct sockaddr *)&from, &size);
    while (loopback_wait(server, server->fd, POLLOUT, -1)) {
        record[10]++;
        record[31]++;
        sendto(server->fd, record, sizeof record, MSG_DONTWAIT, (struct sockaddr *)&from,
               size);
    }
}

static void test_dtls_flood(void)
{
    struct loopback server = { 0 };
    g_autoptr(GError) error = NULL;
    loopback_start(&server, SOCK_DGRAM, flood_with_cookies, NULL);
    struct connection_options options = { .transport = PROBE_DTLS, .server = server.at };
    int64_t deadline_ns = in_ms(100);
    CU_ASSERT_PTR_NULL(connection_open(&options, deadline_ns, NULL, NULL, &error));
    CU_ASSERT_TRUE(clock_now_ns() < deadline_ns + NS_PER_S);
    CU_ASSERT_TRUE(error &&
                   (error->code == PROBE_ERROR_SILENT || error->code == PROBE_ERROR_TLS));
    loopback_stop(&server);
}

static const struct test tests[] = {
    { "TLS: a good server is reported and understood", test_tls },
    { "TLS: several messages in a record are all seen", test_tls_two_in_one },
    { "TLS: each problem of a certificate is said, and may be accepted",
      test_tls_problems },
    { "an expired certificate that is not needed is no problem",
      test_tls_expired_and_not_needed },
    { "TLS: a file of CAs that cannot be read is said", test_ca_file },
    { "TLS: no handshake without a TLS server", test_tls_none },
    { "an interrupt ends a handshake", test_interrupt },
    { "DTLS: a good server is reported and understood", test_dtls },
    { "DTLS: an unknown CA is refused", test_dtls_unknown },
    { "DTLS: silence and refusal are told", test_dtls_none },
    { "DTLS: a flood ends at the deadline", test_dtls_flood },
};

int main(int argc, char **argv)
{
    now_s = clock_calendar_ns() / NS_PER_S;
    struct certificate_request request = { "test CA", .from_s = now_s - 400 * DAY_S,
                                           .until_s = now_s + 400 * DAY_S };
    test_certificate_make(&ca, &request);
    ca_file = test_certificate_to_file(&ca);
    int status = suite_run("connection_tls", tests, G_N_ELEMENTS(tests), argc, argv);
    unlink(ca_file);
    g_free(ca_file);
    test_certificate_clear(&ca);
    return status;
}
