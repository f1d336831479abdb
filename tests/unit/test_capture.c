/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --pcap: which packets are ours, from made-up ones; and a real capture on the loopback,
 * left out where the privilege is missing.
 */
#include "suite.h"

#include <netinet/in.h>
#include <sys/stat.h>

#include <pcap/pcap.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/file.h"
#include "loopback.h"
#include "probes/core/capture.h"
#include "probes/core/capture_internal.h"
#include "probes/core/connection.h"
#include "wire/ip.h"

/* ---- Which are ours ------------------------------------------------------------- */

static struct endpoint endpoint(const char *address, uint16_t port)
{
    struct endpoint e = { .port = port };
    address_parse(address, &e.address);
    return e;
}

/* An IPv4 header and the start of what it carries. */
struct packet {
    const char *from, *to;
    uint8_t protocol;
    uint16_t id, fragment; /* the field with the flags */
    uint16_t from_port, to_port;
};

enum { PACKET_SIZE = IP_V4_HEADER + 24 };

static void make_packet(uint8_t out[PACKET_SIZE], const struct packet *p)
{
    struct endpoint from = endpoint(p->from, 0), to = endpoint(p->to, 0);
    memset(out, 0, PACKET_SIZE);
    out[0] = 0x45;
    store_be16(out + 2, PACKET_SIZE);
    store_be16(out + 4, p->id);
    store_be16(out + 6, p->fragment);
    out[8] = 64;
    out[9] = p->protocol;
    memcpy(out + 12, from.address.bytes, 4);
    memcpy(out + 16, to.address.bytes, 4);
    store_be16(out + 20, p->from_port);
    store_be16(out + 22, p->to_port);
    if (p->protocol == IPPROTO_UDP)
        store_be16(out + 24, PACKET_SIZE - IP_V4_HEADER);
    else
        out[32] = 0x50; /* TCP: a header of 20 bytes */
}

static bool is_ours(const struct packet *p, struct capture_fragments *fragments)
{
    uint8_t bytes[PACKET_SIZE];
    make_packet(bytes, p);
    return capture_packet_is_ours(bytes, sizeof bytes, fragments);
}

#define SERVER "192.0.2.1"
#define ME     "198.51.100.1"
#define OTHER  "203.0.113.1"

static void test_flows(void)
{
    struct capture_fragments none = { 0 };
    struct endpoint server = endpoint(SERVER, 3478);
    const struct packet out = { ME, SERVER, IPPROTO_UDP, 1, 0, 5000, 3478 };
    const struct packet back = { SERVER, ME, IPPROTO_UDP, 1, 0, 3478, 5000 };
    CU_ASSERT_FALSE(capture_is_running());
    capture_add_flow(IPPROTO_UDP, 5000, &server); /* nobody keeps it */
    CU_ASSERT_TRUE(capture_flows_begin());
    CU_ASSERT_TRUE(capture_is_running());
    CU_ASSERT_FALSE(is_ours(&out, &none));
    capture_add_flow(IPPROTO_UDP, 5000, &server);
    CU_ASSERT_TRUE(is_ours(&out, &none));
    CU_ASSERT_TRUE(is_ours(&back, &none));
    const struct packet others[] = {
        { ME, SERVER, IPPROTO_TCP, 1, 0, 5000, 3478 },
        { ME, SERVER, IPPROTO_UDP, 1, 0, 5001, 3478 },
        { ME, SERVER, IPPROTO_UDP, 1, 0, 5000, 3479 },
        { ME, OTHER, IPPROTO_UDP, 1, 0, 5000, 3478 },
        { ME, SERVER, IPPROTO_UDP, 1, 100, 5000, 3478 }, /* of an unknown datagram */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        CU_ASSERT_FALSE(is_ours(&others[i], &none));
    /* A socket that speaks with anyone. */
    const struct packet from_other = { OTHER, ME, IPPROTO_UDP, 1, 0, 7, 6000 };
    CU_ASSERT_FALSE(is_ours(&from_other, &none));
    capture_add_flow(IPPROTO_UDP, 6000, NULL);
    CU_ASSERT_TRUE(is_ours(&from_other, &none));
    capture_flows_end();
    CU_ASSERT_FALSE(is_ours(&out, &none));
}

static void test_fragments(void)
{
    struct capture_fragments fragments = { 0 };
    struct endpoint server = endpoint(SERVER, 3478);
    const struct packet first = { ME, SERVER, IPPROTO_UDP, 7, 0x2000, 5000, 3478 };
    const struct packet later = { ME, SERVER, IPPROTO_UDP, 7, 0x2003, 1, 2 };
    const struct packet others = { ME, SERVER, IPPROTO_UDP, 8, 3, 1, 2 };
    capture_flows_begin();
    capture_add_flow(IPPROTO_UDP, 5000, &server);
    CU_ASSERT_FALSE(is_ours(&later, &fragments));
    CU_ASSERT_TRUE(is_ours(&first, &fragments));
    CU_ASSERT_TRUE(is_ours(&later, &fragments));
    CU_ASSERT_FALSE(is_ours(&others, &fragments));
    capture_flows_end();
}

static void test_icmp_errors(void)
{
    struct capture_fragments none = { 0 };
    struct endpoint server = endpoint(SERVER, 3478);
    struct packet about = { ME, SERVER, IPPROTO_UDP, 1, 0, 5000, 3478 };
    uint8_t bytes[IP_V4_HEADER + ICMP_HEADER + PACKET_SIZE] = { 0 };
    capture_flows_begin();
    capture_add_flow(IPPROTO_UDP, 5000, &server);
    make_packet(bytes, &(struct packet){ OTHER, ME, IPPROTO_ICMP, 1, 0, 0, 0 });
    store_be16(bytes + 2, sizeof bytes);
    memset(bytes + IP_V4_HEADER, 0, ICMP_HEADER);
    bytes[IP_V4_HEADER] = 3; /* unreachable: port */
    bytes[IP_V4_HEADER + 1] = 3;
    make_packet(bytes + IP_V4_HEADER + ICMP_HEADER, &about);
    CU_ASSERT_TRUE(capture_packet_is_ours(bytes, sizeof bytes, &none));
    about.to_port = 53;
    make_packet(bytes + IP_V4_HEADER + ICMP_HEADER, &about);
    CU_ASSERT_FALSE(capture_packet_is_ours(bytes, sizeof bytes, &none));
    /* Cut anywhere, it is nobody's, and nothing is read that is not there. */
    for (size_t n = 0; n < sizeof bytes; n++) {
        g_autofree uint8_t *copy = g_memdup2(bytes, n);
        CU_ASSERT_FALSE(capture_packet_is_ours(copy, n, &none));
    }
    capture_flows_end();
}

/* ---- For real ------------------------------------------------------------------- */

static void echo(struct loopback *server)
{
    uint8_t bytes[100];
    struct sockaddr_storage from;
    while (loopback_wait(server, server->fd, POLLIN, -1)) {
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(server->fd, bytes, sizeof bytes, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &size);
        if (n >= 0)
            sendto(server->fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, size);
    }
}

static void exchange(const struct loopback *server, const char *text)
{
    struct connection_options options = { .transport = PROBE_UDP, .server = server->at };
    struct received got;
    g_autoptr(GError) error = NULL;
    int64_t deadline_ns = clock_now_ns() + 2 * NS_PER_S;
    g_autoptr(auto_connection) c =
        connection_open(&options, deadline_ns, NULL, NULL, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_TRUE(connection_send(c, (const uint8_t *)text, strlen(text), NULL, &error));
    CU_ASSERT_TRUE(connection_receive(c, deadline_ns, &got, &error));
}

/* What another program sends meanwhile, by a port that was never ours. */
static void send_foreign(int fd, const struct loopback *server)
{
    struct sockaddr_storage address;
    socklen_t size = socket_address_make(&server->at, &address);
    sendto(fd, "foreign", 7, 0, (struct sockaddr *)&address, size);
}

static unsigned count_packets(const char *path, const char *text, int64_t *ret_last_ns)
{
    char detail[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const uint8_t *bytes;
    unsigned n = 0;
    pcap_t *pcap = pcap_open_offline(path, detail);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pcap);
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
        if (memmem(bytes, header->caplen, text, strlen(text)))
            n++;
        *ret_last_ns = header->ts.tv_sec * NS_PER_S + header->ts.tv_usec * NS_PER_US;
    }
    pcap_close(pcap);
    return n;
}

static void test_capture(void)
{
    struct loopback server = { 0 };
    struct capture_counts counts = { 0 };
    struct stat status;
    int64_t last_ns = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("rtclab-capture-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x.pcap", NULL);
    CU_ASSERT_TRUE(g_file_set_contents(path, "old", -1, NULL)); /* readable for all */
    chmod(path, 0644);
    if (!capture_start(path, &error)) {
        printf("left out: %s\n    ", error->message);
        CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
        CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "--pcap: "));
        CU_ASSERT_FALSE(capture_is_running());
        CU_ASSERT_EQUAL(stat(path, &status), 0);
        CU_ASSERT_EQUAL(status.st_size, 3); /* what was there is untouched */
        file_remove_tree(folder);
        return;
    }
    loopback_start(&server, SOCK_DGRAM, echo, NULL);
    CU_ASSERT_FALSE(capture_start(path, NULL)); /* one at a time */
    int foreign = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    send_foreign(foreign, &server);
    for (unsigned i = 0; i < 20; i++) {
        exchange(&server, "a datagram of ours");
        send_foreign(foreign, &server);
    }
    CU_ASSERT_TRUE(capture_stop(&counts, &error));
    CU_ASSERT_TRUE(capture_stop(NULL, &error)); /* nothing to stop is no error */
    loopback_stop(&server);
    close(foreign);
    CU_ASSERT_EQUAL(counts.written, 40);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    CU_ASSERT_EQUAL(count_packets(path, "a datagram of ours", &last_ns), 40);
    CU_ASSERT_EQUAL(count_packets(path, "foreign", &last_ns), 0);
    CU_ASSERT_TRUE(ABS(clock_calendar_ns() - last_ns) < 10 * NS_PER_S);
    file_remove_tree(folder);
}

static void test_capture_file(void)
{
    g_autoptr(GError) error = NULL;
    /* With the privilege or without: it says why, and leaves nothing running. */
    CU_ASSERT_FALSE(capture_start("/nonexistent/x.pcap", &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    CU_ASSERT_FALSE(capture_is_running());
}

static const struct test tests[] = {
    { "packets between us and the server are ours", test_flows },
    { "later fragments follow their first", test_fragments },
    { "ICMP errors are ours if what they quote is", test_icmp_errors },
    { "a capture has all of ours and nothing else", test_capture },
    { "a file that cannot be written is said", test_capture_file },
};

int main(int argc, char **argv)
{
    return suite_run("capture", tests, G_N_ELEMENTS(tests), argc, argv);
}
