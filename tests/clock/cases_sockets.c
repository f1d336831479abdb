/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: SO_RCVTIMEO and SO_SNDTIMEO, and the times at which packets came. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "clock/cases.h"

static int pair[2];

static void make_pair(int option, int64_t s)
{
    expect("socketpair", 0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    struct timeval limit = { s, 0 };
    expect("setsockopt", 0,
           setsockopt(pair[0], SOL_SOCKET, option, &limit, sizeof limit));
    struct timeval found;
    socklen_t bytes = sizeof found;
    expect("getsockopt", 0, getsockopt(pair[0], SOL_SOCKET, option, &found, &bytes));
    expect("limit", s, found.tv_sec);
}

static void send_byte(void *data)
{
    (void)data;
    expect("send", 1, send(pair[1], "x", 1, 0));
}

static void run_receive(const struct clock_case *self)
{
    make_pair(SO_RCVTIMEO, 600);
    char byte;
    struct iovec to = { &byte, 1 };
    struct msghdr message = { .msg_iov = &to, .msg_iovlen = 1 };
    int64_t since_ns = now_ns();
    expect("recv", -1, recv(pair[0], &byte, 1, 0));
    expect("errno", EAGAIN, errno);
    expect_elapsed("recv", since_ns, HOUR_NS / 6);
    expect("read", -1, read(pair[0], &byte, 1));
    expect_elapsed("read", since_ns, 2 * HOUR_NS / 6);
    expect("recvmsg", -1, recvmsg(pair[0], &message, 0));
    expect_elapsed("recvmsg", since_ns, 3 * HOUR_NS / 6);
    expect("readv", -1, readv(pair[0], &to, 1));
    expect_elapsed("readv", since_ns, 4 * HOUR_NS / 6);
    expect("not waiting", -1, recv(pair[0], &byte, 1, MSG_DONTWAIT));
    expect_elapsed("not waiting", since_ns, 4 * HOUR_NS / 6);
    call_after(NS_PER_S, send_byte, NULL);
    expect(self->name, 1, recvfrom(pair[0], &byte, 1, 0, NULL, NULL));
    expect_elapsed(self->name, since_ns, 4 * HOUR_NS / 6 + NS_PER_S);
}

static void run_send(const struct clock_case *self)
{
    make_pair(SO_SNDTIMEO, 1800);
    static char much[1 << 20];
    int64_t since_ns = now_ns();
    while (send(pair[0], much, sizeof much, 0) > 0)
        ; /* until the other end, which does not read, has all that it can hold */
    expect("errno", EAGAIN, errno);
    int64_t elapsed_ns = now_ns() - since_ns;
    expect(self->name, 0, elapsed_ns % (HOUR_NS / 2));
    expect(self->name, 1, elapsed_ns >= HOUR_NS / 2);
}

static void run_accept(const struct clock_case *self)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr address = { .sa_family = AF_UNIX };
    expect("bind", 0, bind(fd, &address, sizeof address.sa_family)); /* any name */
    expect("listen", 0, listen(fd, 1));
    struct timeval limit = { 3600, 0 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int64_t since_ns = now_ns();
    expect(self->name, -1, accept(fd, NULL, NULL));
    expect("errno", EAGAIN, errno);
    expect_elapsed(self->name, since_ns, HOUR_NS);
}

/* Calls with a limit are not restarted after a handler, be it with SA_RESTART; the
 * handler may wait itself. */
static void sleep_in_handler(int signal_number)
{
    (void)signal_number;
    struct timespec t = in_timespec(10 * NS_PER_S);
    nanosleep(&t, NULL);
}

static void run_restarted(const struct clock_case *self)
{
    make_pair(SO_RCVTIMEO, 60);
    interrupt_after(NS_PER_S);
    struct sigaction action = { .sa_handler = sleep_in_handler, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &action, NULL);
    char byte;
    int64_t since_ns = now_ns();
    expect(self->name, -1, recv(pair[0], &byte, 1, 0));
    expect("errno", EINTR, errno);
    expect_elapsed(self->name, since_ns, 11 * NS_PER_S);

    interrupt_after(NS_PER_S);
    sigaction(SIGUSR1, &action, NULL);
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    struct timespec until = { .tv_sec = time(NULL) + 60 };
    since_ns = now_ns();
    expect("sem_timedwait", -1, sem_timedwait(&semaphore, &until));
    expect("errno", EINTR, errno);
    expect_elapsed("sem_timedwait", since_ns, 11 * NS_PER_S);
}

static void send_datagram(void *data)
{
    expect("sendto", 1, sendto(pair[1], "x", 1, 0, data, sizeof(struct sockaddr_in)));
}

/* Two UDP sockets, the first bound to loopback; its address. */
static struct sockaddr_in make_datagram_pair(void)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t bytes = sizeof in;
    pair[0] = socket(AF_INET, SOCK_DGRAM, 0);
    pair[1] = socket(AF_INET, SOCK_DGRAM, 0);
    expect("bind", 0, bind(pair[0], (struct sockaddr *)&in, bytes));
    expect("getsockname", 0, getsockname(pair[0], (struct sockaddr *)&in, &bytes));
    return in;
}

/* When a packet came, as the kernel says it with the message. */
static void run_timestamp(const struct clock_case *self)
{
    struct sockaddr_in to = make_datagram_pair();
    int on = 1;
    expect("setsockopt", 0,
           setsockopt(pair[0], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on));
    call_after(HOUR_NS, send_datagram, &to);
    char byte;
    char control[256];
    struct iovec into = { &byte, 1 };
    struct msghdr message = { .msg_iov = &into,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof control };
    expect("recvmsg", 1, recvmsg(pair[0], &message, 0));
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    struct timespec came = { 0 };
    expect("a timestamp", 1, c && c->cmsg_type == SCM_TIMESTAMPNS);
    memcpy(&came, CMSG_DATA(c), sizeof came);
    expect(self->name, now_on(CLOCK_REALTIME), came.tv_sec * NS_PER_S + came.tv_nsec);
}

static void run_ioctl_timestamp(const struct clock_case *self)
{
    struct sockaddr_in to = make_datagram_pair();
    struct timespec came = { 0 };
    char byte;
    ioctl(pair[0], SIOCGSTAMPNS_OLD, &came); /* has the kernel take them */
    call_after(HOUR_NS, send_datagram, &to);
    expect("recv", 1, recv(pair[0], &byte, 1, 0));
    expect("ioctl", 0, ioctl(pair[0], SIOCGSTAMPNS_OLD, &came));
    expect(self->name, now_on(CLOCK_REALTIME), came.tv_sec * NS_PER_S + came.tv_nsec);
}

const struct clock_case socket_cases[] = {
    { "socket-timestamp", run_timestamp, NULL },
    { "socket-timestamp-ioctl", run_ioctl_timestamp, NULL },
    { "socket-receive", run_receive, NULL },
    { "socket-send", run_send, NULL },
    { "socket-accept", run_accept, NULL },
    { "socket-restarted", run_restarted, NULL },
    { NULL, NULL, NULL },
};
