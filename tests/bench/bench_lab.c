/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lab costs on this machine, in figures: packets per second between real sockets
 * through two TUNs, beside a bare loop that only reads and writes them; how late packets
 * are on the wall clock; the memory of a lab.
 *
 *     bench_lab [SECONDS]
 *
 * Traffic stays inside the namespaces that it makes, and ends after the seconds given.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "lab/lab.h"
#include "lab/sandbox.h"

enum { N_HOSTS = 2, PORT = 5000, PAYLOAD_BYTES = 100, BATCH = 32 };

static struct interface_config interfaces[N_HOSTS] = {
    { .name = "a/eth0",
      .addresses = { { .family = ADDRESS_IPV4, .bytes = { 198, 51, 100, 4 } } },
      .n_addresses = 1 },
    { .name = "b/eth0",
      .addresses = { { .family = ADDRESS_IPV4, .bytes = { 198, 51, 100, 20 } } },
      .n_addresses = 1 },
};

static struct site_config sites[N_HOSTS] = {
    { .name = "a", .parent = -1, .interfaces = &interfaces[0], .n_interfaces = 1 },
    { .name = "b", .parent = -1, .interfaces = &interfaces[1], .n_interfaces = 1 },
};

static const struct network_config config = { .sites = sites, .n_sites = N_HOSTS };

static struct sockaddr_in address_of(unsigned host)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    memcpy(&in.sin_addr, interfaces[host].addresses[0].bytes, 4);
    return in;
}

static int open_socket(const struct lab_host *host, unsigned self, unsigned other)
{
    int fd = lab_host_socket(host, AF_INET, SOCK_DGRAM);
    struct sockaddr_in local = address_of(self);
    struct sockaddr_in remote = address_of(other);
    int size = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(fd, (struct sockaddr *)&local, sizeof local) != 0 ||
        connect(fd, (struct sockaddr *)&remote, sizeof remote) != 0) {
        perror("bench_lab: socket");
        _exit(3);
    }
    return fd;
}

/* ---- throughput ---- */

/* In a child: sends as fast as it can, takes in what comes, and reports how many came. */
static void flood(int fd, int64_t end_ns, int report)
{
    static uint8_t payload[BATCH][PAYLOAD_BYTES];
    struct iovec out[BATCH];
    struct mmsghdr messages[BATCH] = { 0 };
    for (unsigned i = 0; i < BATCH; i++) {
        out[i] = (struct iovec){ payload[i], PAYLOAD_BYTES };
        messages[i].msg_hdr.msg_iov = &out[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    uint64_t received = 0;
    while (clock_now_ns() < end_ns) {
        int sent = sendmmsg(fd, messages, BATCH, MSG_DONTWAIT);
        int got;
        while ((got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL)) > 0)
            received += (unsigned)got;
        if (sent <= 0) {
            struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
            poll(&p, 1, 1);
        }
    }
    if (write(report, &received, sizeof received) != sizeof received)
        _exit(3);
    _exit(0);
}

/* Reads and writes TUNs and nothing else: what no router on this machine can beat. */
static void bare_loop(struct lab_host *const *hosts, int64_t end_ns)
{
    static uint8_t buffer[65535];
    struct pollfd polls[N_HOSTS];
    for (unsigned i = 0; i < N_HOSTS; i++)
        polls[i] = (struct pollfd){ .fd = hosts[i]->tun, .events = POLLIN };
    while (clock_now_ns() < end_ns) {
        poll(polls, N_HOSTS, 1);
        for (unsigned i = 0; i < N_HOSTS; i++) {
            for (unsigned n = 0; n < 64; n++) {
                ssize_t size = read(hosts[i]->tun, buffer, sizeof buffer);
                if (size <= 0)
                    break;
                if (write(hosts[!i]->tun, buffer, (size_t)size) < 0 && errno != EIO)
                    perror("bench_lab: write");
            }
        }
    }
}

static void lab_loop(struct lab *lab, int64_t end_ns)
{
    struct lab_event event;
    do
        lab_next(lab, end_ns, end_ns, &event);
    while (event.kind != LAB_TIMEOUT);
}

/* Packets per second that arrive, all directions together. */
static double measure(struct lab *lab, bool bare, bool both_ways, double seconds)
{
    struct lab_host *hosts[N_HOSTS];
    int reports[2];
    if (pipe(reports) != 0)
        _exit(3);
    int64_t start_ns = clock_now_ns();
    int64_t end_ns = start_ns + (int64_t)(seconds * (double)NS_PER_S);
    for (unsigned i = 0; i < N_HOSTS; i++) {
        hosts[i] = (struct lab_host *)lab_find_host(lab, i);
        int fd = open_socket(hosts[i], i, !i);
        if (i == 0 || both_ways) {
            if (fork() == 0)
                flood(fd, end_ns, reports[1]);
        } else if (fork() == 0) {
            /* only takes in */
            shutdown(fd, SHUT_WR);
            uint64_t received = 0;
            static uint8_t buffer[2048];
            while (clock_now_ns() < end_ns) {
                struct pollfd p = { .fd = fd, .events = POLLIN };
                poll(&p, 1, 1);
                while (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0)
                    received++;
            }
            if (write(reports[1], &received, sizeof received) != sizeof received)
                _exit(3);
            _exit(0);
        }
        close(fd);
    }
    if (bare)
        bare_loop(hosts, end_ns);
    else
        lab_loop(lab, end_ns);
    uint64_t total = 0;
    for (unsigned i = 0; i < N_HOSTS; i++) {
        uint64_t received = 0;
        if (read(reports[0], &received, sizeof received) != sizeof received)
            _exit(3);
        total += received;
    }
    while (waitpid(-1, NULL, 0) > 0)
        ; /* their sockets are then closed, and their addresses free */
    close(reports[0]);
    close(reports[1]);
    return (double)total / seconds;
}

static void report_throughput(struct lab *lab, double seconds)
{
    printf("packets per second between real sockets, %d bytes of UDP payload\n"
           "  %-22s %12s %12s\n",
           PAYLOAD_BYTES, "", "one way", "both ways");
    for (unsigned i = 0; i < 2; i++) {
        bool bare = i == 0;
        double one = measure(lab, bare, false, seconds);
        double both = measure(lab, bare, true, seconds);
        printf("  %-22s %12.0f %12.0f\n", bare ? "bare read-write loop" : "the lab", one,
               both);
    }
}

/* ---- lateness ---- */

/* In a child: one packet a millisecond. */
static void tick(int fd, int64_t end_ns)
{
    uint8_t payload[PAYLOAD_BYTES] = { 0 };
    for (int64_t at_ns = clock_now_ns(); at_ns < end_ns; at_ns += NS_PER_MS) {
        int64_t left_ns = at_ns - clock_now_ns();
        if (left_ns > 0)
            poll(NULL, 0, (int)(left_ns / NS_PER_MS) + 1);
        if (send(fd, payload, sizeof payload, 0) < 0 && errno != ECONNREFUSED)
            _exit(3);
    }
    _exit(0);
}

static void report_lateness(double seconds)
{
    sites[0].link.up.delay_ns = 10 * NS_PER_MS;
    struct rng rng = rng_seed(1);
    g_autoptr(GError) error = NULL;
    struct lab *lab =
        lab_new(&(struct lab_options){ .network = &config, .rng = &rng }, &error);
    sites[0].link.up.delay_ns = 0;
    if (!lab) {
        fprintf(stderr, "bench_lab: %s\n", error->message);
        _exit(3);
    }
    int fd = open_socket(lab_find_host(lab, 0), 0, 1);
    int sink = open_socket(lab_find_host(lab, 1), 1, 0);
    int64_t end_ns = clock_now_ns() + (int64_t)(seconds * (double)NS_PER_S);
    if (fork() == 0)
        tick(fd, end_ns);
    lab_loop(lab, end_ns);
    const struct lateness *l = lab_lateness(lab);
    printf("lateness on the wall clock, 1,000 packets a second, 10 ms link\n"
           "  %" G_GUINT64_FORMAT " packets: p50 %.0f, p90 %.0f, p99 %.0f, p99.9 %.0f, "
           "max %.0f us\n",
           l->count, (double)lateness_quantile_ns(l, 0.5) / 1e3,
           (double)lateness_quantile_ns(l, 0.9) / 1e3,
           (double)lateness_quantile_ns(l, 0.99) / 1e3,
           (double)lateness_quantile_ns(l, 0.999) / 1e3, (double)l->max_ns / 1e3);
    close(fd);
    close(sink);
    lab_free(lab);
}

/* ---- memory ---- */

static long status_kib(const char *key)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long kib = -1;
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtol(line + strlen(key) + 1, NULL, 10);
    if (status)
        fclose(status);
    return kib;
}

static int work(void *data, const GError *problem)
{
    if (problem) {
        fprintf(stderr, "bench_lab: %s\n", problem->message);
        return 3;
    }
    double seconds = *(double *)data;
    struct rng rng = rng_seed(1);
    g_autoptr(GError) error = NULL;
    long before_kib = status_kib("VmRSS");
    struct lab *lab =
        lab_new(&(struct lab_options){ .network = &config, .rng = &rng }, &error);
    if (!lab) {
        fprintf(stderr, "bench_lab: %s\n", error->message);
        return 3;
    }
    report_throughput(lab, seconds);
    printf("memory of one lab without its processes, after that load\n"
           "  %.1f MB resident in all, of which %.1f MB since before the lab\n",
           (double)status_kib("VmRSS") / 1024,
           (double)(status_kib("VmRSS") - before_kib) / 1024);
    lab_free(lab);
    report_lateness(seconds * 2);
    return 0;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
    g_autoptr(GError) error = NULL;
    if (!sandbox_probe(&error)) {
        fprintf(stderr, "bench_lab: %s\n", error->message);
        return 3;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    pid_t pid = sandbox_start(work, &seconds, &error);
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        fprintf(stderr, "bench_lab: %s\n", error ? error->message : "no worker");
        return 3;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}
