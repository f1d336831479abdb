/* SPDX-License-Identifier: Apache-2.0 */
/* probes/core/binding.h and self_check.h: answers from anywhere, and the own codecs. */
#include "suite.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/binding.h"
#include "probes/core/error.h"
#include "probes/core/self_check.h"

static const struct endpoint loopback = {
    .address = { .family = ADDRESS_IPV4, .bytes = { 127, 0, 0, 1 } },
};

static struct address address_of(const char *text)
{
    struct address a;
    CU_ASSERT_TRUE_FATAL(address_parse(text, &a));
    return a;
}

static struct connection *open_socket(void)
{
    struct connection *c = connection_open_peer(&loopback, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    return c;
}

/* A server in another thread: answers from one socket what another one gets. */
struct responder {
    struct connection *hears, *answers;
    struct endpoint to; /* port 0: who asked */
    unsigned n_ignored; /* so many requests come first */
    uint8_t spoils;     /* XORed into the transaction id of a first, wrong answer */
};

static void answer(const struct responder *r, const uint8_t *transaction, uint8_t spoils,
                   const struct endpoint *to)
{
    uint8_t bytes[STUNMSG_HEADER_SIZE], id[STUNMSG_TRANSACTION_SIZE];
    size_t size = 0;
    struct stunmsg_builder b;
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = transaction[i] ^ spoils;
    stunmsg_begin(&b, bytes, sizeof bytes, STUNMSG_BINDING, STUNMSG_SUCCESS, id);
    CU_ASSERT_EQUAL(stunmsg_end(&b, &size), STUNMSG_OK);
    CU_ASSERT_TRUE(connection_send_to(r->answers, to, bytes, size, NULL));
}

static gpointer respond(gpointer data)
{
    const struct responder *r = data;
    int64_t deadline_ns = clock_now_ns() + 5 * NS_PER_S;
    for (unsigned i = 0;; i++) {
        struct received in;
        struct endpoint from;
        struct stunmsg m;
        if (!connection_receive_from(r->hears, deadline_ns, &in, &from, NULL))
            return NULL;
        CU_ASSERT_EQUAL_FATAL(stunmsg_decode(in.bytes, in.size, &m), STUNMSG_OK);
        const struct endpoint *to = r->to.port ? &r->to : &from;
        if (i < r->n_ignored)
            continue;
        if (r->spoils)
            answer(r, m.transaction, r->spoils, to);
        answer(r, m.transaction, 0, to);
        return NULL;
    }
}

static const struct client_timing quick = {
    .rto_ms = 20, .rc = 4, .rm = 10, .timeout_ms = 3000
};

/* Asks a responder; what came is checked by the caller. */
static gboolean ask(struct binding_way *way, struct responder *r, struct heard *ret,
                    GError **error)
{
    struct rng rng = rng_seed(1);
    struct draft request;
    draft_begin(&request, &rng, STUNMSG_BINDING, STUNMSG_REQUEST);
    way->to = connection_local(r->hears);
    way->timing = quick;
    GThread *thread = g_thread_new("responder", respond, r);
    gboolean done = binding_ask(way, &request, ret, error);
    g_thread_join(thread);
    return done;
}

static void test_an_answer_from_elsewhere_is_heard(void)
{
    g_auto(auto_heard) heard = { 0 };
    g_autoptr(auto_connection) server = open_socket();
    g_autoptr(auto_connection) elsewhere = open_socket();
    g_autoptr(auto_connection) client = open_socket();
    struct responder r = { .hears = server, .answers = elsewhere, .spoils = 0xff };
    struct binding_way way = { .by = client };
    struct endpoint expected = connection_local(elsewhere);
    CU_ASSERT_TRUE_FATAL(ask(&way, &r, &heard, NULL));
    CU_ASSERT_TRUE(endpoint_equal(&heard.from, &expected));
    CU_ASSERT_PTR_EQUAL(heard.at, client);
    CU_ASSERT_EQUAL(heard.answer.message.class, STUNMSG_SUCCESS);
}

static void test_an_answer_at_the_other_socket_is_heard(void)
{
    g_auto(auto_heard) heard = { 0 };
    g_autoptr(auto_connection) server = open_socket();
    g_autoptr(auto_connection) client = open_socket();
    g_autoptr(auto_connection) other = open_socket();
    struct responder r = {
        .hears = server, .answers = server, .to = connection_local(other), .n_ignored = 1
    };
    struct binding_way way = { .by = client, .or_at = other };
    CU_ASSERT_TRUE_FATAL(ask(&way, &r, &heard, NULL));
    CU_ASSERT_PTR_EQUAL(heard.at, other);
    CU_ASSERT_TRUE(heard.answer.transmissions > 1);
}

static void test_silence_is_told_with_what_was_sent(void)
{
    struct rng rng = rng_seed(1);
    struct draft request;
    g_auto(auto_heard) heard = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_connection) silent = open_socket();
    g_autoptr(auto_connection) client = open_socket();
    const struct binding_way way = {
        .by = client,
        .to = connection_local(silent),
        .timing = { .rto_ms = 10, .rc = 2, .rm = 1, .timeout_ms = 3000 }
    };
    draft_begin(&request, &rng, STUNMSG_BINDING, STUNMSG_REQUEST);
    CU_ASSERT_FALSE(binding_ask(&way, &request, &heard, &error));
    CU_ASSERT_TRUE(g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "sent 2 times"));
    CU_ASSERT_PTR_NULL(heard.at);
}

/* Somebody who sends and sends. */
struct flood {
    struct connection *by;
    struct endpoint to;
    gint is_over; /* atomic */
};

static gpointer send_without_end(gpointer data)
{
    static const uint8_t meaningless[] = { 1, 2, 3, 4 };
    struct flood *flood = data;
    while (!g_atomic_int_get(&flood->is_over))
        connection_send_to(flood->by, &flood->to, meaningless, sizeof meaningless, NULL);
    return NULL;
}

static void test_a_flood_does_not_keep_who_waits(void)
{
    struct rng rng = rng_seed(1);
    struct draft request;
    g_auto(auto_heard) heard = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_connection) server = open_socket();
    g_autoptr(auto_connection) client = open_socket();
    const struct binding_way way = {
        .by = client,
        .to = connection_local(server),
        .timing = { .rto_ms = 10, .rc = 2, .rm = 1, .timeout_ms = 100 }
    };
    struct flood flood = { .by = server, .to = connection_local(client) };
    GThread *thread = g_thread_new("flood", send_without_end, &flood);
    int64_t start_ns = clock_now_ns();
    draft_begin(&request, &rng, STUNMSG_BINDING, STUNMSG_REQUEST);
    CU_ASSERT_FALSE(binding_ask(&way, &request, &heard, &error));
    CU_ASSERT_TRUE(g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT));
    CU_ASSERT_TRUE(clock_now_ns() - start_ns < 10 * NS_PER_S);
    g_atomic_int_set(&flood.is_over, 1);
    g_thread_join(thread);
}

static void test_addresses_of_the_internet_are_told(void)
{
    static const struct {
        const char *text;
        bool is_public;
    } rows[] = {
        { "192.0.2.1", true },
        { "8.8.8.8", true },
        { "9.255.255.255", true },
        { "10.0.0.1", false },
        { "100.64.0.1", false },
        { "100.128.0.1", true },
        { "127.0.0.1", false },
        { "172.15.0.1", true },
        { "172.31.255.1", false },
        { "192.168.1.1", false },
        { "0.0.0.0", false },
        { "169.254.1.1", false },
        { "255.255.255.255", false },
        { "224.0.0.1", false },
        { "::", false },
        { "::1", false },
        { "fd00::1", false },
        { "fe80::1", false },
        { "2001:db8::1", true },
        { "ff02::1", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct address a = address_of(rows[i].text);
        if (binding_is_public(&a) != rows[i].is_public)
            CU_FAIL(rows[i].text);
    }
}

static void test_the_vectors_are_read_and_made(void)
{
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE(self_check(false, &error));
    CU_ASSERT_PTR_NULL(error);
    CU_ASSERT_FALSE(self_check(true, &error));
    CU_ASSERT_PTR_NOT_NULL(error);
}

static const struct test tests[] = {
    { "an answer from elsewhere is heard", test_an_answer_from_elsewhere_is_heard },
    { "an answer at the other socket is heard",
      test_an_answer_at_the_other_socket_is_heard },
    { "silence is told with what was sent", test_silence_is_told_with_what_was_sent },
    { "a flood does not keep who waits", test_a_flood_does_not_keep_who_waits },
    { "addresses of the Internet are told from others",
      test_addresses_of_the_internet_are_told },
    { "the vectors of RFC 5769 are read and made", test_the_vectors_are_read_and_made },
};

int main(int argc, char **argv)
{
    return suite_run("binding", tests, G_N_ELEMENTS(tests), argc, argv);
}
