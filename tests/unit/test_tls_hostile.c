/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS servers that never come to an end: within the handshake, or after it with what a
 * client must take but gets no data from. Deadlines hold, and so do interrupts.
 */
#include "suite.h"

#include <fcntl.h>

#include "child.h"
#include "loopback.h"
#include "probes/core/connection.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"

enum { DEADLINE_MS = 300, LATEST_MS = 2500 * CHILD_SLOWNESS, BURST = 64 };

/* ---- Servers ---------------------------------------------------------------------- */

struct record {
    const char *bytes;
    size_t size;
    bool is_slow;     /* one byte each few ms */
    const char *head; /* goes before, once; NULL: nothing */
    size_t head_size;
};

/* Without TLS of its own: one record over and over. */
static void serve_records(struct loopback *server)
{
    const struct record *record = server->data;
    int fd = loopback_accept(server);
    size_t at = 0;
    if (fd >= 0 && record->head)
        send(fd, record->head, record->head_size, MSG_NOSIGNAL);
    while (fd >= 0 && loopback_wait(server, fd, POLLOUT, 10)) {
        size_t size = record->is_slow ? 1 : record->size - at;
        ssize_t n = send(fd, record->bytes + at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        at = n > 0 ? (at + (size_t)n) % record->size : at;
        if (record->is_slow)
            loopback_wait(server, -1, 0, 2);
    }
    close(fd);
}

enum endless { TICKETS, KEY_UPDATES, HELLO_REQUESTS, WARNINGS };

static int send_endless(gnutls_session_t session, enum endless what)
{
    switch (what) {
    case TICKETS:
        return gnutls_session_ticket_send(session, 4, 0);
    case KEY_UPDATES:
        return gnutls_session_key_update(session, GNUTLS_KU_PEER);
    case HELLO_REQUESTS:
        return gnutls_rehandshake(session);
    case WARNINGS:
        return gnutls_alert_send(session, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED);
    }
    return -1;
}

/* A whole handshake, and then no end. `result` is how much was sent. */
static void serve_endless(struct loopback *server)
{
    enum endless what = *(const enum endless *)server->data;
    bool is_old = what == HELLO_REQUESTS || what == WARNINGS;
    gnutls_session_t session;
    gnutls_datum_t key;
    int fd = loopback_accept(server), status;
    gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL | GNUTLS_NONBLOCK);
    gnutls_priority_set_direct(session, is_old ? "NORMAL:-VERS-TLS1.3" : "NORMAL", NULL);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, server->credentials);
    gnutls_session_ticket_key_generate(&key);
    gnutls_session_ticket_enable_server(session, &key);
    gnutls_transport_set_int(session, fd);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (fd >= 0 && (status = gnutls_handshake(session)) < 0 &&
           !gnutls_error_is_fatal(status) && loopback_wait(server, fd, POLLIN, 10))
        continue;
    while (fd >= 0 && loopback_wait(server, fd, POLLOUT, 10))
        for (int i = 0; i < BURST; i++)
            server->result += send_endless(session, what) >= 0;
    gnutls_deinit(session);
    gnutls_free(key.data);
    close(fd);
}

/* ---- Clients ---------------------------------------------------------------------- */

static void start(struct loopback *server, void (*serve)(struct loopback *),
                  const void *data)
{
    struct test_certificate shown;
    int64_t now_s = clock_calendar_ns() / NS_PER_S;
    struct certificate_request request = { .common_name = "endless",
                                           .has_loopback = true,
                                           .from_s = now_s - 1000,
                                           .until_s = now_s + 1000000 };
    test_certificate_make(&shown, &request);
    server->credentials = test_certificate_credentials(&shown, NULL);
    test_certificate_clear(&shown);
    loopback_start(server, SOCK_STREAM, serve, data);
}

static struct connection *open_tls(const struct loopback *server, int64_t deadline_ns,
                                   GError **error)
{
    static const struct tls_options tls = { .accepts_any = true };
    struct connection_options options = { .transport = PROBE_TLS,
                                          .server = server->at,
                                          .tls = &tls };
    return connection_open(&options, deadline_ns, NULL, NULL, error);
}

#define RECORD(literal) .bytes = literal, .size = sizeof literal - 1

static void test_handshakes(void)
{
    static const struct record records[] = {
        /* the longest record there may be, byte by byte */
        { RECORD("\0"), .is_slow = true, .head = "\x16\3\3\x40\0\2\0\x3f\xfc",
          .head_size = 9 },
        { RECORD("\x16\3\3\0\4\0\0\0\0") },       /* HelloRequest */
        { RECORD("\x15\3\3\0\2\1\x5a") },         /* a warning */
        { RECORD("\x14\3\3\0\1\1") },             /* ChangeCipherSpec */
        { RECORD("\x16\3\3\0\0") },               /* empty records */
        { RECORD("\x17\3\3\xff\xff") },           /* longer than may be */
        { RECORD("\x16\3\3\0\4\2\xff\xff\xff") }, /* a ServerHello of 16 MiB */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++) {
        struct loopback server = { 0 };
        g_autoptr(GError) error = NULL;
        start(&server, serve_records, &records[i]);
        int64_t begun_ns = clock_now_ns();
        struct connection *c =
            open_tls(&server, begun_ns + DEADLINE_MS * NS_PER_MS, &error);
        CU_ASSERT_PTR_NULL(c);
        CU_ASSERT_TRUE(clock_now_ns() < begun_ns + LATEST_MS * NS_PER_MS);
        CU_ASSERT_TRUE(g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT) ||
                       g_error_matches(error, PROBE_ERROR, PROBE_ERROR_TLS));
        loopback_stop(&server);
    }
}

static gpointer interrupt_soon(gpointer data)
{
    struct pollfd none = { .fd = -1 };
    poll(&none, 1, 100);
    wait_interrupt();
    return data;
}

/* Waits for a message that does not come; true if it was for no longer than it should. */
static bool receive_nothing(struct connection *c, int64_t deadline_ns, int wanted)
{
    g_autoptr(GError) error = NULL;
    struct received received;
    int64_t begun_ns = clock_now_ns();
    CU_ASSERT_FALSE(connection_receive(c, deadline_ns, &received, &error));
    if (!g_error_matches(error, PROBE_ERROR, wanted))
        printf("\n    is: %s\n", error ? error->message : "no error");
    return clock_now_ns() < begun_ns + LATEST_MS * NS_PER_MS &&
           (g_error_matches(error, PROBE_ERROR, wanted) ||
            g_error_matches(error, PROBE_ERROR, PROBE_ERROR_GARBAGE));
}

static void test_sessions(void)
{
    static const enum endless all[] = { TICKETS, KEY_UPDATES, HELLO_REQUESTS, WARNINGS };
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        struct loopback server = { 0 };
        g_autoptr(GError) error = NULL;
        start(&server, serve_endless, &all[i]);
        struct connection *c = open_tls(&server, clock_now_ns() + 5 * NS_PER_S, &error);
        ASSERT_TEXT(error ? error->message : "", "");
        if (c) {
            int64_t deadline_ns = clock_now_ns() + DEADLINE_MS * NS_PER_MS;
            CU_ASSERT_TRUE(receive_nothing(c, deadline_ns, PROBE_ERROR_SILENT));
            GThread *thread = g_thread_new("interrupt", interrupt_soon, NULL);
            CU_ASSERT_TRUE(receive_nothing(c, CLOCK_NEVER, PROBE_ERROR_INTERRUPTED));
            g_thread_join(thread);
            wait_reset();
        }
        connection_close(c);
        loopback_stop(&server);
        CU_ASSERT_TRUE(server.result > 0);
    }
}

static const struct test tests[] = {
    { "a handshake without end ends at its deadline", test_handshakes },
    { "a session without data ends at deadlines and on interrupts", test_sessions },
};

int main(int argc, char **argv)
{
    return suite_run("tls_hostile", tests, G_N_ELEMENTS(tests), argc, argv);
}
