/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pcapng file: one section, an interface for each tap, packets, and statistics at the
 * end.
 *
 * Blocks are encoded into a buffer that is written out when it has grown past its mark.
 * The first failure of write(2) is kept; from then on everything is counted but nothing
 * is written, since a file with a hole would be read wrongly from there on.
 *
 * It does not sort by time, does not limit the file's size, and is not to be used by two
 * threads at once.
 *
 * draft-ietf-opsawg-pcapng §3.2 (sections), §4.
 */
#include "wire/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"

enum { BUFFER_MARK = 256 * 1024 };

struct tap {
    uint64_t packets;
    int64_t first_ns;
    int64_t last_ns;
};

struct pcapng {
    char *path;
    char *beside;
    int fd;
    int failure;        /* the first errno, or 0 */
    off_t whole_bytes;  /* of the file: whole blocks, all written */
    GByteArray *buffer; /* whole blocks */
    GArray *taps;       /* of struct tap */
};

/* How much of the first `size` bytes of the buffer is whole blocks; each has its length
   in its second word. */
static size_t whole_blocks(const GByteArray *buffer, size_t size)
{
    size_t whole = 0;
    uint32_t length;
    while (size - whole >= 2 * sizeof length) {
        memcpy(&length, buffer->data + whole + sizeof length, sizeof length);
        if (length > size - whole)
            break;
        whole += length;
    }
    return whole;
}

static void write_out(struct pcapng *capture)
{
    size_t written = 0;
    while (written < capture->buffer->len && capture->failure == 0) {
        ssize_t n = write(capture->fd, capture->buffer->data + written,
                          capture->buffer->len - written);
        if (n >= 0)
            written += (size_t)n;
        else if (errno != EINTR)
            capture->failure = errno;
    }
    size_t whole = whole_blocks(capture->buffer, written);
    capture->whole_bytes += (off_t)whole;
    /* Half a block would make readers complain. */
    if (whole < written && ftruncate(capture->fd, capture->whole_bytes) != 0)
        g_debug("%s ends in half a block", capture->beside);
    g_byte_array_set_size(capture->buffer, 0);
}

/* Room for a block at the buffer's end; the writer must then be filled to its size. */
static struct writer add_block(struct pcapng *capture, size_t size)
{
    if (capture->buffer->len >= BUFFER_MARK)
        write_out(capture);
    guint used = capture->buffer->len;
    g_byte_array_set_size(capture->buffer, used + (guint)size);
    return writer_over(capture->buffer->data + used, size);
}

struct pcapng *pcapng_open(const char *path, GError **error)
{
    g_autofree char *beside = g_strdup_printf("%s.part", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot write %s", path);
        return NULL;
    }
    struct pcapng *capture = g_new0(struct pcapng, 1);
    capture->path = g_strdup(path);
    capture->beside = g_steal_pointer(&beside);
    capture->fd = fd;
    capture->buffer = g_byte_array_new();
    capture->taps = g_array_new(FALSE, TRUE, sizeof(struct tap));

    struct utsname system = { 0 };
    uname(&system);
    g_autofree char *os = g_strdup_printf("%s %s", system.sysname, system.release);
    const struct pcapng_section section = {
        .hardware = system.machine,
        .os = os,
        .application = "rtclab " RTCLAB_VERSION,
    };
    struct writer w = add_block(capture, pcapng_section_size(&section));
    pcapng_write_section(&w, &section);
    return capture;
}

uint32_t pcapng_add_interface(struct pcapng *capture, const char *name,
                              const char *description)
{
    const struct pcapng_interface interface = { .name = name,
                                                .description = description };
    struct writer w = add_block(capture, pcapng_interface_size(&interface));
    pcapng_write_interface(&w, &interface);
    g_array_set_size(capture->taps, capture->taps->len + 1);
    return capture->taps->len - 1;
}

void pcapng_add_packet(struct pcapng *capture, uint32_t interface, int64_t time_ns,
                       const void *bytes, uint32_t size,
                       const struct pcapng_packet_options *options)
{
    g_return_if_fail(interface < capture->taps->len);
    struct pcapng_packet packet = {
        .interface = interface,
        .time_ns = time_ns,
        .bytes = bytes,
        .size = size,
    };
    if (options) {
        packet.comment = options->comment;
        packet.packet_id = options->packet_id;
        packet.direction = options->direction;
    }
    struct writer w = add_block(capture, pcapng_packet_size(&packet));
    pcapng_write_packet(&w, &packet);

    struct tap *tap = &g_array_index(capture->taps, struct tap, interface);
    tap->first_ns = tap->packets > 0 ? MIN(tap->first_ns, time_ns) : time_ns;
    tap->last_ns = tap->packets > 0 ? MAX(tap->last_ns, time_ns) : time_ns;
    tap->packets++;
}

void pcapng_flush(struct pcapng *capture)
{
    write_out(capture);
}

int pcapng_failure(const struct pcapng *capture)
{
    return capture->failure;
}

static void add_statistics(struct pcapng *capture)
{
    int64_t end_ns = 0; /* the capture ends with its last packet, on whichever tap */
    for (guint i = 0; i < capture->taps->len; i++) {
        const struct tap *tap = &g_array_index(capture->taps, struct tap, i);
        if (tap->packets > 0)
            end_ns = MAX(end_ns, tap->last_ns);
    }
    for (guint i = 0; i < capture->taps->len; i++) {
        const struct tap *tap = &g_array_index(capture->taps, struct tap, i);
        const struct pcapng_statistics statistics = {
            .interface = i,
            .first_ns = tap->first_ns,
            .last_ns = tap->last_ns,
            .packets = tap->packets,
            .time_ns = end_ns,
        };
        struct writer w = add_block(capture, pcapng_statistics_size(&statistics));
        pcapng_write_statistics(&w, &statistics);
    }
}

static void capture_free(struct pcapng *capture)
{
    g_byte_array_unref(capture->buffer);
    g_array_unref(capture->taps);
    g_free(capture->beside);
    g_free(capture->path);
    g_free(capture);
}

gboolean pcapng_close(struct pcapng *capture, GError **error)
{
    add_statistics(capture);
    write_out(capture);
    /* A full disk may show only now (NFS). */
    if (close(capture->fd) != 0 && capture->failure == 0)
        capture->failure = errno;
    if (capture->failure == 0 && rename(capture->beside, capture->path) != 0)
        capture->failure = errno;
    gboolean ok = capture->failure == 0;
    if (!ok)
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, capture->failure,
                            "cannot write %s", capture->path);
    capture_free(capture);
    return ok;
}

void pcapng_discard(struct pcapng *capture)
{
    if (!capture)
        return;
    close(capture->fd);
    unlink(capture->beside);
    capture_free(capture);
}
