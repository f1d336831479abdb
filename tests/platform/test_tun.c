/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lab, and still more a virtual clock, takes for granted of a TUN: a packet is
 * through the kernel when the call that put it there returns. If it were not, a lab with
 * nothing left to read would not be quiet.
 */
#include "platform.h"
#include "unit/net_probe.h"

#include <string.h>
#include <sys/socket.h>

#include "lab/host.h"

enum { PORT = 4000, ROUNDS = 1000 };

static struct lab_host *open_host(const char *address)
{
    g_autoptr(GError) error = NULL;
    struct address a = A(address);
    struct lab_host *host = lab_host_open("host", &a, 1, false, &error);
    if (error)
        printf("  %s\n", error->message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(host);
    return host;
}

static int open_socket(const struct lab_host *host, int type)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    int fd = lab_host_socket(host, AF_INET, type);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    return fd;
}

static void test_in(void)
{
    struct lab_host *host = open_host("192.0.2.1");
    int fd = open_socket(host, SOCK_DGRAM);
    struct datagram d = make_udp(E("192.0.2.9", 5000), E("192.0.2.1", PORT), "hello");
    char got[64];
    for (unsigned i = 0; i < ROUNDS; i++) {
        CU_ASSERT_EQUAL(write(host->tun, d.bytes, d.size), (ssize_t)d.size);
        CU_ASSERT_EQUAL(recv(fd, got, sizeof got, MSG_DONTWAIT), 5);
    }
    close(fd);
    lab_host_close(host);
}

static void test_out(void)
{
    struct lab_host *host = open_host("192.0.2.1");
    int fd = open_socket(host, SOCK_DGRAM);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(5000) };
    memcpy(&to.sin_addr, A("192.0.2.9").bytes, 4);
    uint8_t got[64];
    for (unsigned i = 0; i < ROUNDS; i++) {
        CU_ASSERT_EQUAL(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof to), 5);
        CU_ASSERT_EQUAL(read(host->tun, got, sizeof got), 20 + 8 + 5);
    }
    close(fd);
    lab_host_close(host);
}

/* The kernel's own answer, too, is there when the question's write() returns. */
static void test_tcp_answer(void)
{
    struct lab_host *host = open_host("192.0.2.1");
    int fd = open_socket(host, SOCK_STREAM);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 16), 0);
    for (unsigned i = 0; i < 16; i++) {
        struct datagram syn =
            make_tcp(E("192.0.2.9", 5000 + i), E("192.0.2.1", PORT), TCP_SYN);
        uint8_t got[128];
        CU_ASSERT_EQUAL(write(host->tun, syn.bytes, syn.size), (ssize_t)syn.size);
        ssize_t size = read(host->tun, got, sizeof got);
        CU_ASSERT_TRUE_FATAL(size >= 40);
        CU_ASSERT_EQUAL(got[33], TCP_SYN | TCP_ACK);
        CU_ASSERT_TRUE(all_checksums_hold(got, (size_t)size));
    }
    close(fd);
    lab_host_close(host);
}

static void test_silence(void)
{
    struct lab_host *host = open_host("192.0.2.1");
    CU_ASSERT_FALSE(is_readable(host->tun, 1000));
    lab_host_close(host);
}

/* The same host with IPv6 does speak: the silence above is no accident. */
static void test_no_silence_with_ipv6(void)
{
    if (access("/proc/sys/net/ipv6", F_OK) != 0)
        return;
    struct lab_host *host = open_host("2001:db8::1");
    CU_ASSERT_TRUE(is_readable(host->tun, SOON_MS));
    lab_host_close(host);
}

/* Whether a socket of the host can send from an address to itself. */
static bool reaches_itself(const struct lab_host *host, const char *address)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t size = sizeof in;
    char got[64];
    memcpy(&in.sin_addr, A(address).bytes, 4);
    int fd = lab_host_socket(host, AF_INET, SOCK_DGRAM);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    bool is = bind(fd, (struct sockaddr *)&in, sizeof in) == 0 &&
              getsockname(fd, (struct sockaddr *)&in, &size) == 0 &&
              sendto(fd, "hello", 5, 0, (struct sockaddr *)&in, sizeof in) == 5 &&
              recv(fd, got, sizeof got, MSG_DONTWAIT) == 5;
    close(fd);
    return is;
}

static void test_loopback(void)
{
    struct lab_host *host = open_host("192.0.2.1");
    CU_ASSERT_TRUE(reaches_itself(host, "127.0.0.1"));
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(lab_host_remove_loopback(host));
        CU_ASSERT_FALSE(reaches_itself(host, "127.0.0.1"));
        CU_ASSERT_TRUE(reaches_itself(host, "192.0.2.1"));
    }
    CU_ASSERT_TRUE(lab_host_refresh(host, "again"));
    CU_ASSERT_TRUE(reaches_itself(host, "127.0.0.1"));
    CU_ASSERT_TRUE(reaches_itself(host, "127.0.0.2"));
    CU_ASSERT_TRUE(reaches_itself(host, "192.0.2.1"));
    lab_host_close(host);
}

static const struct test tests[] = {
    { "a host's loopback can be taken away, and is back for its next use",
      test_loopback },
    { "a packet written to a TUN is in the socket before write() returns", test_in },
    { "a packet sent is in the TUN before sendto() returns", test_out },
    { "a SYN is answered before write() returns, checksums right", test_tcp_answer },
    { "a host without IPv6 sends nothing by itself for a second", test_silence },
    { "a host with IPv6 does", test_no_silence_with_ipv6 },
};

int main(int argc, char **argv)
{
    platform_require();
    if (access("/dev/net/tun", R_OK | W_OK) != 0) {
        puts("skipped: /dev/net/tun cannot be opened");
        return SKIPPED;
    }
    return suite_run("platform-tun", tests, G_N_ELEMENTS(tests), argc, argv);
}
