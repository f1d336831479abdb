/* SPDX-License-Identifier: Apache-2.0 */
/* DF is told for just the datagram that is looked for; skipped without CAP_NET_RAW. */
#include "suite.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/header_watch.h"
#include "probes/core/socket_address.h"

enum { SKIPPED = 77 };

/* A UDP socket on loopback. */
static int open_socket(struct endpoint *ret_local)
{
    struct endpoint local = { .address = { .family = ADDRESS_IPV4,
                                           .bytes = { 127, 0, 0, 1 } } };
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(&local, &address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, size), 0);
    size = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &size);
    socket_address_read(&address, ret_local);
    return fd;
}

static void send_with(int discover, const struct endpoint *to, const char *text)
{
    struct endpoint local;
    struct sockaddr_storage address;
    int fd = open_socket(&local);
    socklen_t size = socket_address_make(to, &address);
    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
    CU_ASSERT_EQUAL(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, size),
                    (ssize_t)strlen(text));
    close(fd);
}

static bool find_df(struct header_watch *watch, const char *text)
{
    struct ip_view ip = { 0 };
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE_FATAL(header_watch_find(watch, (const uint8_t *)text, strlen(text),
                                           clock_now_ns() + NS_PER_S, &ip, &error));
    return ip.dont_fragment;
}

static void test_df(void)
{
    struct endpoint local;
    int fd = open_socket(&local);
    g_autoptr(auto_header_watch) watch = header_watch_open(&local, NULL);
    send_with(IP_PMTUDISC_DO, &local, "whole");
    send_with(IP_PMTUDISC_DONT, &local, "in pieces");
    CU_ASSERT_TRUE(find_df(watch, "whole"));
    CU_ASSERT_FALSE(find_df(watch, "in pieces"));
    close(fd);
}

static void test_others(void)
{
    struct endpoint local, other;
    struct ip_view ip;
    int fd = open_socket(&local), other_fd = open_socket(&other);
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_header_watch) watch = header_watch_open(&local, NULL);
    send_with(IP_PMTUDISC_DO, &other, "text");
    send_with(IP_PMTUDISC_DO, &local, "longer text");
    CU_ASSERT_FALSE(header_watch_find(watch, (const uint8_t *)"text", 4,
                                      clock_now_ns() + 10 * NS_PER_MS, &ip, &error));
    CU_ASSERT_TRUE(g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT));
    close(fd);
    close(other_fd);
}

static const struct test tests[] = {
    { "DF is told as it was set", test_df },
    { "other ports and payloads are passed over, until the deadline", test_others },
};

int main(int argc, char **argv)
{
    const struct endpoint any = { .address = { .family = ADDRESS_IPV4 } };
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_header_watch) watch = header_watch_open(&any, &error);
    if (!watch) {
        printf("skipped: %s\n", error->message);
        return SKIPPED;
    }
    return suite_run("header_watch", tests, G_N_ELEMENTS(tests), argc, argv);
}
