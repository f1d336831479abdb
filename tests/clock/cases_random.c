/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness and ports: the same in each run with a seed. Without a seed in the
 * environment these cases only see that it works. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock/cases.h"

static bool is_seeded(void)
{
    return getenv("RTCLAB_RANDOM_SEED") != NULL;
}

static uint64_t draw(void)
{
    uint64_t drawn = 0;
    expect("getrandom", sizeof drawn, getrandom(&drawn, sizeof drawn, 0));
    return drawn;
}

static void *draw_in_thread(void *data)
{
    *(uint64_t *)data = draw();
    return NULL;
}

/** Draws in every way there is, in this process, a thread and a child. */
static void draw_all(uint64_t *drawn, size_t n)
{
    memset(drawn, 0, n * sizeof *drawn);
    drawn[0] = draw();
    getentropy(&drawn[1], sizeof drawn[1]);
    arc4random_buf(&drawn[2], sizeof drawn[2]);
    int fd = open("/dev/urandom", O_RDONLY);
    expect("read", sizeof drawn[3], read(fd, &drawn[3], sizeof drawn[3]));
    close(fd);
    FILE *file = fopen("/dev/random", "r");
    expect("fread", 1, (int64_t)fread(&drawn[4], sizeof drawn[4], 1, file));
    expect("read of its descriptor", sizeof drawn[8],
           read(fileno(file), &drawn[8], sizeof drawn[8]));
    expect("fclose", 0, fclose(file));
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, draw_in_thread, &drawn[5 + i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    int fds[2];
    expect("pipe", 0, pipe(fds));
    pid_t child = fork();
    if (child == 0) {
        uint64_t of_child = draw();
        _exit(write(fds[1], &of_child, sizeof of_child) == sizeof of_child ? 0 : 1);
    }
    expect("child", sizeof drawn[7], read(fds[0], &drawn[7], sizeof drawn[7]));
    waitpid(child, NULL, 0);
    close(fds[0]);
    close(fds[1]);
}

enum { N_DRAWN = 9 };

static void run_differs(const struct clock_case *self)
{
    uint64_t drawn[2 * N_DRAWN];
    draw_all(drawn, N_DRAWN);
    draw_all(drawn + N_DRAWN, N_DRAWN);
    for (int i = 0; i < 2 * N_DRAWN; i++)
        for (int j = 0; j < i; j++)
            expect(self->name, 0, drawn[i] == drawn[j]);
}

/* Prints what it drew, for two runs to be compared. */
static void run_print(const struct clock_case *self)
{
    (void)self;
    uint64_t drawn[N_DRAWN];
    draw_all(drawn, N_DRAWN);
    for (int i = 0; i < N_DRAWN; i++)
        printf("%016llx\n", (unsigned long long)drawn[i]);
}

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    expect("getsockname", 0, getsockname(fd, (struct sockaddr *)&address, &bytes));
    return ntohs(address.sin_port);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void run_ports(const struct clock_case *self)
{
    struct sockaddr_in any = loopback(0);
    int bound = socket(AF_INET, SOCK_DGRAM, 0);
    expect("bind", 0, bind(bound, (struct sockaddr *)&any, sizeof any));
    struct sockaddr_in to = loopback(port_of(bound));
    int sending = socket(AF_INET, SOCK_DGRAM, 0);
    expect("sendto", 1, sendto(sending, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    int connected = socket(AF_INET, SOCK_DGRAM, 0);
    expect("connect", 0, connect(connected, (struct sockaddr *)&to, sizeof to));
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    expect("listen", 0, listen(listening, 1));
    struct sockaddr_in listener = loopback(port_of(listening));
    int calling = socket(AF_INET, SOCK_STREAM, 0);
    expect("connect", 0, connect(calling, (struct sockaddr *)&listener, sizeof listener));
    const int fds[] = { bound, sending, connected, listening, calling };
    for (int i = 0; i < 5; i++) {
        printf("%d\n", port_of(fds[i]));
        if (is_seeded())
            expect(self->name, 1, port_of(fds[i]) >= 32768 && port_of(fds[i]) <= 60999);
        for (int j = 0; j < i; j++)
            expect("the same port", 0, port_of(fds[i]) == port_of(fds[j]));
    }
}

const struct clock_case random_cases[] = {
    { "random-differs", run_differs, NULL },
    { "random-print", run_print, NULL },
    { "ports", run_ports, NULL },
    { NULL, NULL, NULL },
};
