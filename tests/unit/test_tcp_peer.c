/* SPDX-License-Identifier: Apache-2.0 */
/* TCP peers of a relay, with each other on loopback. */
#include "probes/cases/tcp_peer.h"

#include <string.h>

#include "base/clock.h"
#include "suite.h"

static const struct endpoint loopback = { .address = { ADDRESS_IPV4, { 127, 0, 0, 1 } } };

static int64_t soon_ns(void)
{
    return clock_now_ns() + 5 * NS_PER_S;
}

/* A connection from one to the other. */
struct pair {
    int listener, near, far;
};

static struct pair open_pair(void)
{
    struct endpoint at = { 0 }, from = { 0 };
    struct pair pair;
    pair.listener = tcp_peer_listen(&loopback, &at, NULL);
    CU_ASSERT_TRUE_FATAL(pair.listener >= 0);
    CU_ASSERT_TRUE(address_equal(&at.address, &loopback.address));
    CU_ASSERT_NOT_EQUAL(at.port, 0);
    pair.near = tcp_peer_connect(&loopback, &at, soon_ns());
    CU_ASSERT_TRUE_FATAL(pair.near >= 0);
    pair.far = tcp_peer_accept(pair.listener, soon_ns(), &from);
    CU_ASSERT_TRUE_FATAL(pair.far >= 0);
    CU_ASSERT_TRUE(address_equal(&from.address, &loopback.address));
    return pair;
}

static void test_bytes(void)
{
    uint8_t got[6];
    struct pair pair = open_pair();
    CU_ASSERT_TRUE(tcp_peer_write(pair.near, (const uint8_t *)"one", 3));
    CU_ASSERT_TRUE(tcp_peer_write(pair.near, (const uint8_t *)"two", 3));
    CU_ASSERT_TRUE(tcp_peer_read(pair.far, got, sizeof got, soon_ns()));
    CU_ASSERT_EQUAL(memcmp(got, "onetwo", sizeof got), 0);
    CU_ASSERT_FALSE(tcp_peer_read(pair.far, got, 1, clock_now_ns()));
    tcp_peer_close(pair.near);
    tcp_peer_close(pair.far);
    tcp_peer_close(pair.listener);
}

static void test_end(void)
{
    struct pair pair = open_pair();
    CU_ASSERT_FALSE(tcp_peer_ends(pair.far, clock_now_ns()));
    CU_ASSERT_TRUE(tcp_peer_write(pair.near, (const uint8_t *)"last", 4));
    tcp_peer_close(pair.near);
    CU_ASSERT_TRUE(tcp_peer_ends(pair.far, soon_ns()));
    tcp_peer_close(pair.far);
    tcp_peer_close(pair.listener);
}

static void test_nobody(void)
{
    struct endpoint at = { 0 };
    int listener = tcp_peer_listen(&loopback, &at, NULL);
    CU_ASSERT_TRUE_FATAL(listener >= 0);
    CU_ASSERT_EQUAL(tcp_peer_accept(listener, clock_now_ns(), NULL), -1);
    tcp_peer_close(listener);
    CU_ASSERT_EQUAL(tcp_peer_connect(&loopback, &at, soon_ns()), -1);
}

static const struct test tests[] = {
    { "bytes get across, and reading ends at its deadline", test_bytes },
    { "the end is seen behind what was written before it", test_end },
    { "where nobody connects or listens nothing opens", test_nobody },
};

int main(int argc, char **argv)
{
    return suite_run("tcp_peer", tests, G_N_ELEMENTS(tests), argc, argv);
}
