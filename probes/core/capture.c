/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread reads libpcap's device "any", on which each packet of this machine comes by
 * once, and writes what is ours; the kernel's filter lets pass only what could be. The
 * file is flushed whenever nothing is left to read, and so is whole even if the program
 * is killed. What is written is as encrypted as it was on the wire: no keys, no comments.
 *
 * The thread ends only when told to, not by an interrupt: after one, the last packets
 * still have to be written. It waits without a time-out, on two descriptors.
 *
 * Timestamps are the kernel's, and those are real. On rtclab's virtual clock our time is
 * another; then a packet gets the time at which it is read, which is the same as when it
 * came, since no virtual time passes while there is something to read. Which of both
 * holds is told by the time that the kernel gives to a file that was just written.
 */
#include "probes/core/capture_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>
#include <pcap/sll.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"

enum {
    SNAPSHOT_BYTES = 65535 + SLL_HDR_LEN, /* the whole of any datagram */
    HOLD_MS = 10,                         /* how long the kernel may collect packets */
    KERNEL_BUFFER_BYTES = 16 * 1024 * 1024,
    ONE_BY_ONE_BYTES = 64 * 1024 * 1024, /* a thousand packets, each with its own place */
    BATCH = 256,
    MOST_BATCHES = 64,
    LAST_MS = 500, /* the most that is waited for the last packets */
};

/* More than this between the kernel's time and ours: they are different clocks. */
static const int64_t same_clock_ns = NS_PER_S;

static const char what_may_be_ours[] = "udp or tcp or icmp or icmp6";

struct capture {
    char *path;
    pcap_t *pcap;
    FILE *stream; /* until the dumper has it */
    pcap_dumper_t *file;
    int fd;      /* the pcap's, to poll */
    int stop_fd; /* readable: finish */
    GThread *thread;
    bool is_virtual; /* the kernel's time is not ours */
    uint64_t n_written;
    struct capture_fragments fragments;
};

static GMutex lock;
static struct capture *running;

/* ---- The thread ----------------------------------------------------------------- */

static struct timeval stamp(struct capture *c, struct timeval kernel)
{
    int64_t now_ns = clock_calendar_ns();
    int64_t kernel_ns = kernel.tv_sec * NS_PER_S + kernel.tv_usec * NS_PER_US;
    if (ABS(now_ns - kernel_ns) > same_clock_ns)
        c->is_virtual = true;
    if (!c->is_virtual)
        return kernel;
    return (struct timeval){ .tv_sec = now_ns / NS_PER_S,
                             .tv_usec = (suseconds_t)(now_ns % NS_PER_S / NS_PER_US) };
}

static void on_packet(u_char *place, const struct pcap_pkthdr *header,
                      const u_char *bytes)
{
    struct capture *c = (struct capture *)place;
    if (header->caplen <= SLL_HDR_LEN)
        return;
    uint16_t protocol = load_be16(bytes + SLL_HDR_LEN - 2);
    if ((protocol != 0x0800 && protocol != 0x86dd) || /* IPv4, IPv6 */
        !capture_packet_is_ours(bytes + SLL_HDR_LEN, header->caplen - SLL_HDR_LEN,
                                &c->fragments))
        return;
    struct pcap_pkthdr written = *header;
    written.ts = stamp(c, header->ts);
    pcap_dump((u_char *)c->file, &written, bytes);
    c->n_written++;
}

/* All that is there, unless it comes faster than it can be looked at; non-blocking. */
static void drain(struct capture *c)
{
    for (unsigned i = 0; i < MOST_BATCHES; i++)
        if (pcap_dispatch(c->pcap, BATCH, on_packet, (u_char *)c) <= 0)
            break;
    pcap_dump_flush(c->file);
}

static gpointer run(gpointer data)
{
    struct capture *c = data;
    struct pollfd fds[] = { { .fd = c->fd, .events = POLLIN },
                            { .fd = c->stop_fd, .events = POLLIN } };
    do {
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
            break;
        drain(c);
    } while (!fds[1].revents);
    /* Others' packets come by here as well, and may never pause. */
    int64_t end_ns = clock_now_ns() + LAST_MS * NS_PER_MS;
    while (!c->is_virtual && clock_now_ns() < end_ns && poll(fds, 1, 3 * HOLD_MS) > 0)
        drain(c);
    return NULL;
}

/* ---- Starting ------------------------------------------------------------------- */

/* Asked before the file is opened, so that an old one is not lost for nothing. */
static gboolean may_capture(GError **error)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0 && (errno == EPERM || errno == EACCES)) {
        g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                    "--pcap: no privilege to capture packets (CAP_NET_RAW); "
                    "`sudo setcap cap_net_raw+ep %s` gives it, and all else works "
                    "without it",
                    program ? program : "rtcprobe");
        return FALSE;
    }
    if (fd >= 0)
        close(fd);
    return TRUE; /* what else is wrong libpcap says */
}

static gboolean set_pcap_error(struct capture *c, int status, GError **error)
{
    const char *detail = pcap_geterr(c->pcap);
    g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "--pcap: cannot capture: %s",
                *detail ? detail : pcap_statustostr(status));
    return FALSE;
}

static gboolean open_device(struct capture *c, GError **error)
{
    char detail[PCAP_ERRBUF_SIZE] = "";
    struct bpf_program filter;
    c->pcap = pcap_create("any", detail);
    if (!c->pcap) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "--pcap: cannot capture: %s",
                    detail);
        return FALSE;
    }
    pcap_set_snaplen(c->pcap, SNAPSHOT_BYTES);
    pcap_set_buffer_size(c->pcap, c->is_virtual ? ONE_BY_ONE_BYTES : KERNEL_BUFFER_BYTES);
    pcap_set_timeout(c->pcap, HOLD_MS);
    pcap_set_immediate_mode(c->pcap, c->is_virtual);
    int status = pcap_activate(c->pcap);
    if (status < 0)
        return set_pcap_error(c, status, error);
    if ((status = pcap_set_datalink(c->pcap, DLT_LINUX_SLL)) < 0 ||
        (status = pcap_setnonblock(c->pcap, 1, detail)) < 0 ||
        (status = pcap_compile(c->pcap, &filter, what_may_be_ours, 1,
                               PCAP_NETMASK_UNKNOWN)) < 0)
        return set_pcap_error(c, status, error);
    status = pcap_setfilter(c->pcap, &filter);
    pcap_freecode(&filter);
    if (status < 0)
        return set_pcap_error(c, status, error);
    c->fd = pcap_get_selectable_fd(c->pcap);
    return TRUE;
}

static gboolean set_file_error(struct capture *c, GError **error)
{
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "--pcap %s", c->path);
    return FALSE;
}

/* The file, and whose time the kernel gives it. */
static gboolean open_file(struct capture *c, GError **error)
{
    struct stat status;
    int fd = open(c->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return set_file_error(c, error);
    c->stream = fdopen(fd, "wb");
    /* One that was there may have been open to others. */
    if (fstat(fd, &status) < 0 ||
        (S_ISREG(status.st_mode) && fchmod(fd, S_IRUSR | S_IWUSR) < 0))
        return set_file_error(c, error);
    int64_t written_ns = status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
    c->is_virtual =
        S_ISREG(status.st_mode) && ABS(clock_calendar_ns() - written_ns) > same_clock_ns;
    return TRUE;
}

static gboolean begin_file(struct capture *c, GError **error)
{
    c->file = pcap_dump_fopen(c->pcap, c->stream);
    if (!c->file)
        return set_file_error(c, error);
    c->stream = NULL; /* closed with it */
    return pcap_dump_flush(c->file) == 0 || set_file_error(c, error);
}

static void release(struct capture *c)
{
    if (c->file)
        pcap_dump_close(c->file);
    if (c->stream)
        fclose(c->stream);
    if (c->pcap)
        pcap_close(c->pcap);
    if (c->stop_fd >= 0)
        close(c->stop_fd);
    g_free(c->path);
    g_free(c);
}

static struct capture *start(const char *path, GError **error)
{
    struct capture *c = g_new0(struct capture, 1);
    c->path = g_strdup(path);
    c->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (!may_capture(error) || !open_file(c, error) || !open_device(c, error) ||
        !begin_file(c, error) || !capture_flows_begin()) {
        release(c);
        return NULL;
    }
    c->thread = g_thread_new("capture", run, c);
    return c;
}

gboolean capture_start(const char *path, GError **error)
{
    g_mutex_lock(&lock);
    if (running)
        g_set_error_literal(error, RTC_ERROR, RTC_ERROR_USAGE,
                            "--pcap: a capture runs already");
    struct capture *c = running ? NULL : start(path, error);
    if (c)
        running = c;
    g_mutex_unlock(&lock);
    return c != NULL;
}

/* ---- Ending --------------------------------------------------------------------- */

static gboolean finish(struct capture *c, struct capture_counts *ret_counts,
                       GError **error)
{
    static const uint64_t one = 1;
    struct pcap_stat statistics = { 0 };
    if (write(c->stop_fd, &one, sizeof one) < 0)
        g_error("eventfd: %s",
                g_strerror(errno)); /* only a wrong descriptor can do this */
    g_thread_join(c->thread);
    capture_flows_end();
    pcap_stats(c->pcap, &statistics);
    if (ret_counts)
        *ret_counts = (struct capture_counts){ .written = c->n_written,
                                               .dropped = statistics.ps_drop };
    /* stdio remembers that some write failed, whenever it was. */
    if (pcap_dump_flush(c->file) == 0 && !ferror(pcap_dump_file(c->file)))
        return TRUE;
    rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno ? errno : EIO,
                        "--pcap %s: not all could be written", c->path);
    return FALSE;
}

gboolean capture_stop(struct capture_counts *ret_counts, GError **error)
{
    gboolean done = TRUE;
    g_mutex_lock(&lock);
    struct capture *c = g_steal_pointer(&running);
    if (c) {
        done = finish(c, ret_counts, error);
        release(c);
    }
    g_mutex_unlock(&lock);
    return done;
}
