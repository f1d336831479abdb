/* SPDX-License-Identifier: Apache-2.0 */
/* Reading STUN off the wire (harness/call/traffic.h). */
#include "net_probe.h"

#include <string.h>

#include "call/traffic.h"
#include "wire/stunmsg.h"

struct message {
    uint8_t bytes[512];
    size_t size;
};

static struct message make_stun(uint16_t method, enum stunmsg_class class,
                                uint8_t transaction, bool is_check)
{
    struct message m = { 0 };
    uint8_t id[STUNMSG_TRANSACTION_SIZE] = { transaction };
    struct stunmsg_builder b;
    stunmsg_begin(&b, m.bytes, sizeof m.bytes, method, class, id);
    if (is_check)
        stunmsg_add_text(&b, STUNMSG_USERNAME, "bob:alice");
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &m.size), STUNMSG_OK);
    return m;
}

static struct message make_check(uint8_t transaction)
{
    return make_stun(STUNMSG_BINDING, STUNMSG_REQUEST, transaction, true);
}

static struct message make_answer(uint8_t transaction)
{
    return make_stun(STUNMSG_BINDING, STUNMSG_SUCCESS, transaction, false);
}

/* RFC 8656 §11: the indication in which a relayed candidate's packets travel. */
static struct message in_indication(uint16_t method, const struct message *inner)
{
    struct message m = { 0 };
    uint8_t id[STUNMSG_TRANSACTION_SIZE] = { 0xee };
    struct stunmsg_builder b;
    stunmsg_begin(&b, m.bytes, sizeof m.bytes, method, STUNMSG_INDICATION, id);
    stunmsg_add(&b, STUNMSG_DATA, inner->bytes, inner->size);
    CU_ASSERT_EQUAL_FATAL(stunmsg_end(&b, &m.size), STUNMSG_OK);
    return m;
}

static struct message in_channel(const struct message *inner)
{
    struct message m = { .size = inner->size + STUNMSG_CHANNEL_HEADER_SIZE };
    stunmsg_channel_data_header(m.bytes, STUNMSG_CHANNEL_MIN, (uint16_t)inner->size);
    memcpy(m.bytes + STUNMSG_CHANNEL_HEADER_SIZE, inner->bytes, inner->size);
    return m;
}

/* RFC 4571 §2: two bytes of length before it. */
static struct message in_frame(const struct message *inner)
{
    struct message m = { .size = inner->size + 2 };
    put16(m.bytes, (unsigned)inner->size);
    memcpy(m.bytes + 2, inner->bytes, inner->size);
    return m;
}

static struct datagram over(uint8_t protocol, const struct message *m)
{
    size_t header = protocol == IPPROTO_TCP ? 20 : 8;
    struct datagram d = { 0 };
    put16(d.bytes + 20, 4000);
    put16(d.bytes + 22, 5000);
    if (protocol == IPPROTO_TCP)
        d.bytes[32] = 0x50;
    else
        put16(d.bytes + 24, (unsigned)(header + m->size));
    memcpy(d.bytes + 20 + header, m->bytes, m->size);
    seal_ipv4(&d, protocol, A("192.0.2.1"), A("192.0.2.2"), header + m->size);
    return d;
}

static void see(struct traffic *t, enum role role, bool outward, uint8_t protocol,
                const struct message *m, int64_t at_ns)
{
    struct datagram d = over(protocol, m);
    traffic_add(t, role, outward, d.bytes, d.size, at_ns);
}

static void test_counts(void)
{
    struct traffic t;
    traffic_init(&t);
    struct message to_server = make_stun(STUNMSG_BINDING, STUNMSG_REQUEST, 1, false);
    struct message allocate = make_stun(STUNMSG_ALLOCATE, STUNMSG_REQUEST, 2, true);
    struct message answer = make_answer(1);
    struct message noise = { .bytes = "hello", .size = 5 };
    see(&t, ROLE_OFFERER, true, IPPROTO_UDP, &to_server, 10);
    see(&t, ROLE_OFFERER, true, IPPROTO_UDP, &allocate, 11);
    see(&t, ROLE_OFFERER, true, IPPROTO_UDP, &to_server, 12);
    see(&t, ROLE_ANSWERER, true, IPPROTO_UDP, &to_server, 13);
    see(&t, ROLE_ANSWERER, true, IPPROTO_UDP, &noise, 14);
    see(&t, ROLE_ANSWERER, false, IPPROTO_UDP, &answer, 15);
    CU_ASSERT_EQUAL(t.packets, 5);
    CU_ASSERT_EQUAL(t.stun_requests, 4);
    /* The same id from another peer is another transaction. */
    CU_ASSERT_EQUAL(t.retransmissions, 1);
    for (unsigned role = 0; role < N_ROLES; role++) {
        CU_ASSERT_EQUAL(t.first_check_ns[role], -1);
        CU_ASSERT_EQUAL(t.first_valid_ns[role], -1);
    }
    traffic_clear(&t);
}

static void test_what_comes_in(void)
{
    struct traffic t;
    traffic_init(&t);
    struct message check = make_check(1);
    see(&t, ROLE_OFFERER, false, IPPROTO_UDP, &check, 10);
    CU_ASSERT_EQUAL(t.packets, 0);
    CU_ASSERT_EQUAL(t.stun_requests, 0);
    CU_ASSERT_EQUAL(t.first_check_ns[ROLE_OFFERER], -1);
    traffic_clear(&t);
}

static void test_checks(void)
{
    struct traffic t;
    traffic_init(&t);
    struct message first = make_check(1), second = make_check(2);
    struct message refused = make_stun(STUNMSG_BINDING, STUNMSG_FAILURE, 1, false);
    struct message other = make_answer(9), answer = make_answer(2);
    see(&t, ROLE_OFFERER, true, IPPROTO_UDP, &first, 10);
    see(&t, ROLE_OFFERER, true, IPPROTO_UDP, &second, 20);
    see(&t, ROLE_OFFERER, false, IPPROTO_UDP, &refused, 30);
    see(&t, ROLE_OFFERER, false, IPPROTO_UDP, &other, 40);
    see(&t, ROLE_ANSWERER, false, IPPROTO_UDP, &answer, 45); /* it did not ask */
    CU_ASSERT_EQUAL(t.first_valid_ns[ROLE_OFFERER], -1);
    see(&t, ROLE_OFFERER, false, IPPROTO_UDP, &answer, 50);
    see(&t, ROLE_OFFERER, false, IPPROTO_UDP, &answer, 60);
    CU_ASSERT_EQUAL(t.first_check_ns[ROLE_OFFERER], 10);
    CU_ASSERT_EQUAL(t.first_valid_ns[ROLE_OFFERER], 50);
    CU_ASSERT_EQUAL(t.first_check_ns[ROLE_ANSWERER], -1);
    CU_ASSERT_EQUAL(t.first_valid_ns[ROLE_ANSWERER], -1);
    traffic_clear(&t);
}

/* An answer to what was asked of a STUN server is no valid pair. */
static void test_server_answers(void)
{
    struct traffic t;
    traffic_init(&t);
    struct message ask = make_stun(STUNMSG_BINDING, STUNMSG_REQUEST, 1, false);
    struct message answer = make_answer(1);
    see(&t, ROLE_OFFERER, true, IPPROTO_UDP, &ask, 10);
    see(&t, ROLE_OFFERER, false, IPPROTO_UDP, &answer, 20);
    CU_ASSERT_EQUAL(t.first_valid_ns[ROLE_OFFERER], -1);
    traffic_clear(&t);
}

enum wrapping { BARE, INDICATION, CHANNEL, FRAME };

static struct message wrap(enum wrapping wrapping, bool outward,
                           const struct message *inner)
{
    switch (wrapping) {
    case INDICATION:
        return in_indication(outward ? STUNMSG_SEND : STUNMSG_DATA_INDICATION, inner);
    case CHANNEL:
        return in_channel(inner);
    case FRAME:
        return in_frame(inner);
    case BARE:
        break;
    }
    return *inner;
}

static void test_wrapped(void)
{
    static const struct {
        uint8_t protocol;
        enum wrapping wrapping;
    } cases[] = {
        { IPPROTO_UDP, INDICATION }, { IPPROTO_UDP, CHANNEL }, { IPPROTO_TCP, BARE },
        { IPPROTO_TCP, INDICATION }, { IPPROTO_TCP, CHANNEL }, { IPPROTO_TCP, FRAME },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct traffic t;
        traffic_init(&t);
        struct message check = make_check(1), answer = make_answer(1);
        struct message out = wrap(cases[i].wrapping, true, &check);
        struct message in = wrap(cases[i].wrapping, false, &answer);
        see(&t, ROLE_ANSWERER, true, cases[i].protocol, &out, 10);
        see(&t, ROLE_ANSWERER, true, cases[i].protocol, &out, 20);
        see(&t, ROLE_ANSWERER, false, cases[i].protocol, &in, 30);
        CU_ASSERT_EQUAL(t.stun_requests, 2);
        CU_ASSERT_EQUAL(t.retransmissions, 1);
        CU_ASSERT_EQUAL(t.first_check_ns[ROLE_ANSWERER], 10);
        CU_ASSERT_EQUAL(t.first_valid_ns[ROLE_ANSWERER], 30);
        traffic_clear(&t);
    }
}

/* An RFC 4571 frame is TCP's alone; over UDP those bytes are no STUN. */
static void test_frame_over_udp(void)
{
    struct traffic t;
    traffic_init(&t);
    struct message check = make_check(1);
    struct message framed = in_frame(&check);
    see(&t, ROLE_OFFERER, true, IPPROTO_UDP, &framed, 10);
    CU_ASSERT_EQUAL(t.packets, 1);
    CU_ASSERT_EQUAL(t.stun_requests, 0);
    traffic_clear(&t);
}

static void test_later_fragments(void)
{
    struct traffic t;
    traffic_init(&t);
    struct message check = make_check(1);
    struct datagram d = over(IPPROTO_UDP, &check);
    /* Its payload happens to look like a datagram with a check in it. */
    put16(d.bytes + 6, 100);
    traffic_add(&t, ROLE_OFFERER, true, d.bytes, d.size, 10);
    CU_ASSERT_EQUAL(t.packets, 1);
    CU_ASSERT_EQUAL(t.stun_requests, 0);
    traffic_clear(&t);
}

static void see_prefixes(uint8_t protocol, const struct message *m)
{
    struct traffic t;
    traffic_init(&t);
    struct datagram whole = over(protocol, m);
    for (size_t n = 0; n < whole.size; n++) {
        g_autofree uint8_t *copy = g_memdup2(whole.bytes, n);
        traffic_add(&t, ROLE_OFFERER, true, copy, n, (int64_t)n);
    }
    size_t header = protocol == IPPROTO_TCP ? 20 : 8;
    for (size_t n = 0; n < m->size; n++) {
        /* The same cut as a sound datagram that holds less. */
        struct message cut = *m;
        cut.size = n;
        struct datagram d = over(protocol, &cut);
        g_autofree uint8_t *copy = g_memdup2(d.bytes, 20 + header + n);
        traffic_add(&t, ROLE_OFFERER, true, copy, 20 + header + n, 1000);
    }
    CU_ASSERT_EQUAL(t.packets, whole.size + m->size);
    CU_ASSERT_EQUAL(t.stun_requests, 0);
    CU_ASSERT_EQUAL(t.first_check_ns[ROLE_OFFERER], -1);
    traffic_clear(&t);
}

static void test_every_prefix(void)
{
    struct message check = make_check(1);
    for (enum wrapping wrapping = BARE; wrapping <= FRAME; wrapping++) {
        struct message m = wrap(wrapping, true, &check);
        see_prefixes(IPPROTO_TCP, &m);
        if (wrapping != FRAME)
            see_prefixes(IPPROTO_UDP, &m);
    }
}

static const struct test tests[] = {
    { "packets, requests and retransmissions are counted, a peer at a time",
      test_counts },
    { "what comes in is not what a peer sent", test_what_comes_in },
    { "a check is valid when its own peer gets the answer to it", test_checks },
    { "an answer of a STUN server is no valid check", test_server_answers },
    { "checks are seen inside Send, Data, ChannelData and RFC 4571", test_wrapped },
    { "RFC 4571 is not looked for over UDP", test_frame_over_udp },
    { "a later fragment holds no header", test_later_fragments },
    { "no prefix of a packet counts as a request", test_every_prefix },
};

int main(int argc, char **argv)
{
    return suite_run("traffic", tests, G_N_ELEMENTS(tests), argc, argv);
}
