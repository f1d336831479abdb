/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a virtual clock takes for granted of kernels' TCP: with the settings of a
 * repeatable host, and what is drawn replaced, a connection is the same bytes each time,
 * and each segment is acknowledged at once. The packets go from TUN to TUN by hand.
 */
#include "platform.h"
#include "unit/net_probe.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include "lab/host.h"
#include "lab/normalise.h"

enum { CLIENT, SERVER, N_HOSTS, CLIENT_PORT = 4000, SERVER_PORT = 4001, BIG = 200000 };

static const char *const names[N_HOSTS] = { "client/eth0", "server/eth0" };

/* The addresses of one family. */
struct family {
    int domain;
    const char *addresses[N_HOSTS];
};

static const struct family ipv4 = { AF_INET, { "192.0.2.1", "198.51.100.1" } };
static const struct family ipv6 = { AF_INET6, { "2001:db8:1::1", "2001:db8:2::1" } };

struct bench {
    const struct family *family;
    struct lab_host *hosts[N_HOSTS];
    struct normaliser *normaliser;
    GByteArray *wire; /* all packets, as the network sees them */
    unsigned n_packets;
    int sockets[N_HOSTS];
    int listener;
};

static socklen_t fill(const struct bench *b, unsigned host, uint16_t port,
                      struct sockaddr_storage *ret)
{
    struct address a = A(b->family->addresses[host]);
    memset(ret, 0, sizeof *ret);
    if (b->family->domain == AF_INET) {
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
        memcpy(&in.sin_addr, a.bytes, 4);
        memcpy(ret, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    memcpy(&in.sin6_addr, a.bytes, 16);
    memcpy(ret, &in, sizeof in);
    return sizeof in;
}

static int open_socket(const struct bench *b, unsigned host, uint16_t port)
{
    struct sockaddr_storage address;
    socklen_t size = fill(b, host, port, &address);
    int fd = lab_host_socket(b->hosts[host], b->family->domain, SOCK_STREAM);
    int one = 1;
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, size), 0);
    return fd;
}

static struct bench bench_new(const struct family *family, uint64_t seed)
{
    struct bench b = { .family = family,
                       .wire = g_byte_array_new(),
                       .sockets = { -1, -1 } };
    struct rng rng = rng_seed(seed);
    b.normaliser = normaliser_new(names, N_HOSTS, &rng);
    for (unsigned i = 0; i < N_HOSTS; i++) {
        g_autoptr(GError) error = NULL;
        struct address a = A(family->addresses[i]);
        b.hosts[i] = lab_host_open(names[i], &a, 1, true, &error);
        if (error)
            printf("  %s\n", error->message);
        CU_ASSERT_PTR_NOT_NULL_FATAL(b.hosts[i]);
    }
    b.listener = open_socket(&b, SERVER, SERVER_PORT);
    CU_ASSERT_EQUAL_FATAL(listen(b.listener, 16), 0);
    return b;
}

static void bench_clear(struct bench *b)
{
    close(b->listener);
    for (unsigned i = 0; i < N_HOSTS; i++) {
        if (b->sockets[i] >= 0)
            close(b->sockets[i]);
        lab_host_close(b->hosts[i]);
    }
    normaliser_free(b->normaliser);
    g_byte_array_unref(b->wire);
}

/* Carries packets to and fro until both are silent: no time passes. */
static void carry(struct bench *b)
{
    uint8_t bytes[65536];
    for (bool any = true; any;) {
        any = false;
        for (unsigned i = 0; i < N_HOSTS; i++) {
            ssize_t size = read(b->hosts[i]->tun, bytes, sizeof bytes);
            if (size <= 0)
                continue;
            any = true;
            if (!normaliser_outward(b->normaliser, i, bytes, (size_t)size))
                continue;
            g_byte_array_append(b->wire, bytes, (guint)size);
            b->n_packets++;
            normaliser_inward(b->normaliser, !i, bytes, (size_t)size);
            CU_ASSERT_EQUAL(write(b->hosts[!i]->tun, bytes, (size_t)size), size);
        }
    }
}

/* Nothing that was sent waits for an acknowledgment. */
static void assert_acknowledged(const struct bench *b)
{
    for (unsigned i = 0; i < N_HOSTS; i++) {
        int unsent = -1;
        CU_ASSERT_EQUAL(ioctl(b->sockets[i], SIOCOUTQ, &unsent), 0);
        CU_ASSERT_EQUAL(unsent, 0);
    }
}

static void say(struct bench *b, unsigned from, size_t size)
{
    g_autofree uint8_t *data = g_malloc(size);
    g_autofree uint8_t *got = g_malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * 7 + from);
    size_t sent = 0, received = 0;
    for (unsigned turn = 0; received < size && turn < 10000; turn++) {
        if (sent < size) {
            ssize_t n = send(b->sockets[from], data + sent, size - sent, MSG_NOSIGNAL);
            sent += n > 0 ? (size_t)n : 0;
        }
        carry(b);
        ssize_t n = recv(b->sockets[!from], got + received, size - received, 0);
        received += n > 0 ? (size_t)n : 0;
        carry(b);
    }
    CU_ASSERT_EQUAL(received, size);
    CU_ASSERT_EQUAL(memcmp(data, got, size), 0);
    assert_acknowledged(b);
}

static void connect_both(struct bench *b)
{
    struct sockaddr_storage to;
    socklen_t size = fill(b, SERVER, SERVER_PORT, &to);
    b->sockets[CLIENT] = open_socket(b, CLIENT, CLIENT_PORT);
    CU_ASSERT_EQUAL(connect(b->sockets[CLIENT], (struct sockaddr *)&to, size), -1);
    CU_ASSERT_EQUAL(errno, EINPROGRESS);
    carry(b);
    b->sockets[SERVER] = accept4(b->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(b->sockets[SERVER] >= 0);
}

static void end(struct bench *b, unsigned first)
{
    char byte;
    close(b->sockets[first]);
    carry(b);
    CU_ASSERT_EQUAL(recv(b->sockets[!first], &byte, 1, 0), 0);
    close(b->sockets[!first]);
    carry(b);
    b->sockets[CLIENT] = b->sockets[SERVER] = -1;
}

/* Two connections one after the other between the same ports, and a refused one. */
static GByteArray *run(const struct family *family, uint64_t seed, int64_t pause_us)
{
    struct bench b = bench_new(family, seed);
    for (unsigned i = 0; i < 2; i++) {
        g_usleep((gulong)pause_us);
        connect_both(&b);
        say(&b, CLIENT, 5);
        g_usleep((gulong)pause_us);
        say(&b, SERVER, 3000);
        say(&b, CLIENT, 1);
        end(&b, i == 0 ? SERVER : CLIENT);
    }
    close(b.listener);
    struct sockaddr_storage to;
    socklen_t size = fill(&b, SERVER, SERVER_PORT, &to);
    b.listener = open_socket(&b, CLIENT, CLIENT_PORT + 9);
    connect(b.listener, (struct sockaddr *)&to, size);
    carry(&b);
    int problem = 0;
    socklen_t problem_size = sizeof problem;
    getsockopt(b.listener, SOL_SOCKET, SO_ERROR, &problem, &problem_size);
    CU_ASSERT_EQUAL(problem, ECONNREFUSED);
    CU_ASSERT_TRUE(b.n_packets > 30);
    CU_ASSERT_EQUAL(normaliser_counts(b.normaliser).retransmissions, 0);
    GByteArray *wire = g_byte_array_ref(b.wire);
    bench_clear(&b);
    return wire;
}

static void compare(const struct family *family)
{
    GByteArray *first = run(family, 1, 0), *again = run(family, 1, 30000),
               *other = run(family, 2, 0);
    CU_ASSERT_EQUAL(first->len, again->len);
    CU_ASSERT_TRUE(first->len == again->len &&
                   memcmp(first->data, again->data, first->len) == 0);
    CU_ASSERT_TRUE(first->len == other->len &&
                   memcmp(first->data, other->data, first->len) != 0);
    g_byte_array_unref(first);
    g_byte_array_unref(again);
    g_byte_array_unref(other);
}

static void test_same_bytes(void)
{
    compare(&ipv4);
}

static void test_same_bytes_over_ipv6(void)
{
    if (access("/proc/sys/net/ipv6", F_OK) == 0)
        compare(&ipv6);
}

/* Much data: windows and the sizes of segments do not depend on time either. */
static void test_much(void)
{
    GByteArray *wires[2];
    for (unsigned i = 0; i < G_N_ELEMENTS(wires); i++) {
        struct bench b = bench_new(&ipv4, 1);
        connect_both(&b);
        say(&b, CLIENT, BIG);
        g_usleep(i * 300000); /* longer than a timeout would be */
        say(&b, SERVER, BIG);
        say(&b, CLIENT, BIG);
        end(&b, CLIENT);
        wires[i] = g_byte_array_ref(b.wire);
        bench_clear(&b);
    }
    CU_ASSERT_EQUAL(wires[0]->len, wires[1]->len);
    CU_ASSERT_TRUE(wires[0]->len == wires[1]->len &&
                   memcmp(wires[0]->data, wires[1]->data, wires[0]->len) == 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(wires); i++)
        g_byte_array_unref(wires[i]);
}

/* Data that nobody carries are not sent again, by any timer. */
static void test_no_retransmission(void)
{
    struct bench b = bench_new(&ipv4, 1);
    uint8_t bytes[2048];
    connect_both(&b);
    say(&b, CLIENT, 5);
    CU_ASSERT_EQUAL(send(b.sockets[CLIENT], "lost", 4, MSG_NOSIGNAL), 4);
    CU_ASSERT_TRUE(read(b.hosts[CLIENT]->tun, bytes, sizeof bytes) > 0);
    CU_ASSERT_FALSE(is_readable(b.hosts[CLIENT]->tun, 1500));
    bench_clear(&b);
}

/* The SYN's timer is another, and cannot be set: its retransmission is swallowed. */
static void test_syn_is_swallowed(void)
{
    struct bench b = bench_new(&ipv4, 1);
    struct sockaddr_storage to;
    socklen_t size = fill(&b, SERVER, SERVER_PORT, &to);
    uint8_t bytes[2048];
    int fd = open_socket(&b, CLIENT, CLIENT_PORT);
    connect(fd, (struct sockaddr *)&to, size);
    ssize_t got = read(b.hosts[CLIENT]->tun, bytes, sizeof bytes);
    CU_ASSERT_TRUE_FATAL(got > 0);
    CU_ASSERT_TRUE(normaliser_outward(b.normaliser, CLIENT, bytes, (size_t)got));
    CU_ASSERT_TRUE_FATAL(is_readable(b.hosts[CLIENT]->tun, SOON_MS));
    got = read(b.hosts[CLIENT]->tun, bytes, sizeof bytes);
    CU_ASSERT_TRUE_FATAL(got > 0);
    CU_ASSERT_FALSE(normaliser_outward(b.normaliser, CLIENT, bytes, (size_t)got));
    CU_ASSERT_EQUAL(normaliser_counts(b.normaliser).retransmissions, 1);
    close(fd);
    bench_clear(&b);
}

/* A host that is used again knows nothing of what went before: a FIN that was never
 * acknowledged, and a TIME-WAIT. */
static void test_used_again(void)
{
    struct bench b = bench_new(&ipv4, 1);
    for (unsigned i = 0; i < 6; i++) {
        connect_both(&b);
        say(&b, CLIENT, 5);
        if (i % 2) {
            end(&b, CLIENT);
        } else { /* neither end learns that the other is gone */
            close(b.sockets[CLIENT]);
            close(b.sockets[SERVER]);
            b.sockets[CLIENT] = b.sockets[SERVER] = -1;
        }
        close(b.listener);
        for (unsigned host = 0; host < N_HOSTS; host++) {
            uint8_t bytes[2048];
            CU_ASSERT_TRUE(lab_host_refresh(b.hosts[host], names[host]));
            while (read(b.hosts[host]->tun, bytes, sizeof bytes) > 0)
                ;
        }
        /* The same seed, so the same sequence numbers. */
        struct rng rng = rng_seed(1);
        normaliser_free(b.normaliser);
        b.normaliser = normaliser_new(names, N_HOSTS, &rng);
        b.listener = open_socket(&b, SERVER, SERVER_PORT);
        CU_ASSERT_EQUAL_FATAL(listen(b.listener, 16), 0);
    }
    bench_clear(&b);
}

static void test_settings(void)
{
    struct bench b = bench_new(&ipv4, 1);
    CU_ASSERT_TRUE(b.hosts[CLIENT]->is_repeatable);
    CU_ASSERT_FALSE(b.hosts[CLIENT]->lacks_settings);
    bench_clear(&b);
}

static const struct test tests[] = {
    { "all settings can be made", test_settings },
    { "two runs are the same bytes, and each ACK comes at once", test_same_bytes },
    { "over IPv6, too", test_same_bytes_over_ipv6 },
    { "much data, too", test_much },
    { "data that get lost are not sent again", test_no_retransmission },
    { "a host is as new when it is used again", test_used_again },
    { "a SYN sent again is swallowed", test_syn_is_swallowed },
};

int main(int argc, char **argv)
{
    platform_require();
    if (access("/dev/net/tun", R_OK | W_OK) != 0) {
        puts("skipped: /dev/net/tun cannot be opened");
        return SKIPPED;
    }
    return suite_run("platform-repeatable", tests, G_N_ELEMENTS(tests), argc, argv);
}
