/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of captures. libpcap reads the file; the headers are taken off here, by
 * wire/ip.h from IP on.
 *
 * Deliberately not: putting fragments or TCP segments together, and tunnels. A frame is
 * described as it was captured.
 */
#include "probes/core/capture_read.h"

#include <netinet/in.h>

#include <pcap/pcap.h>

#include "base/cursor.h"
#include "base/error.h"
#include "probes/core/capture_pcapng.h"
#include "wire/ip.h"

#define ETHERTYPE_IPV4     0x0800
#define ETHERTYPE_IPV6     0x86dd
#define ETHERTYPE_VLAN     0x8100 /* IEEE 802.1Q, and 802.1ad outside of it */
#define ETHERTYPE_PROVIDER 0x88a8

void captured_clear(struct captured *c)
{
    g_free(c->bytes);
    c->bytes = NULL;
    c->size = 0;
}

/* Leaves the cursor behind the type, and behind VLAN tags. */
static bool skip_ethertype(struct cursor *at)
{
    uint16_t type = cursor_u16(at);
    while (type == ETHERTYPE_VLAN || type == ETHERTYPE_PROVIDER) {
        cursor_take(at, 2);
        type = cursor_u16(at);
    }
    return !at->bad && (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6);
}

/* @return whether an IP header is next */
static bool skip_link(int link_type, struct cursor *at)
{
    switch (link_type) {
    case DLT_EN10MB:
        cursor_take(at, 12);
        return skip_ethertype(at);
    case DLT_LINUX_SLL:
        cursor_take(at, 14);
        return skip_ethertype(at);
    case DLT_LINUX_SLL2: {
        uint16_t type = cursor_u16(at);
        cursor_take(at, 18);
        return !at->bad && (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6);
    }
    case DLT_NULL:
    case DLT_LOOP:
        cursor_take(at, 4);
        return !at->bad;
    default:
        return true;
    }
}

static bool is_known_link(int link_type)
{
    static const int known[] = { DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL,
                                 DLT_LOOP,   DLT_RAW,       DLT_IPV4,       DLT_IPV6 };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (known[i] == link_type)
            return true;
    return false;
}

/* Bounds of the payload behind a transport header. */
static bool find_payload(const uint8_t *bytes, const struct ip_view *ip,
                         const struct transport_view *t, struct captured *ret)
{
    bool is_tcp = t->protocol == IPPROTO_TCP;
    size_t header = is_tcp ? t->tcp_header_bytes : (size_t)UDP_HEADER;
    if ((!is_tcp && t->protocol != IPPROTO_UDP) || t->bytes < header)
        return false;
    *ret = (struct captured){
        .is_tcp = is_tcp,
        .source = { ip->source, t->source_port },
        .destination = { ip->destination, t->destination_port },
        .bytes = g_memdup2(bytes + t->at + header, t->bytes - header),
        .size = t->bytes - header,
    };
    return true;
}

const char *capture_read_bytes(int link_type, const uint8_t *bytes, size_t size,
                               struct captured *ret)
{
    struct cursor at = cursor_over(bytes, size);
    struct ip_view ip;
    struct transport_view transport;
    if (!is_known_link(link_type))
        return "its link type is not one that is read here";
    if (!skip_link(link_type, &at))
        return "it is not IP";
    if (ip_parse(at.at, at.left, &ip) != IP_OK)
        return "its IP header is malformed, or it was cut when it was captured";
    if (ip.more_fragments || ip.fragment_offset > 0)
        return "it is a fragment";
    if (ip_parse_transport(at.at, &ip, &transport) != IP_OK ||
        !find_payload(at.at, &ip, &transport, ret))
        return "it is neither UDP nor TCP, or malformed";
    return NULL;
}

static gboolean fail(GError **error, const char *path, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static gboolean fail(GError **error, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "%s: %s", path, what);
    return FALSE;
}

static gboolean fail_missing(GError **error, const char *path, uint64_t number,
                             uint64_t count)
{
    return fail(error, path,
                "there is no frame %" G_GUINT64_FORMAT ", it has %" G_GUINT64_FORMAT,
                number, count);
}

static gboolean take_off(int link_type, const uint8_t *bytes, size_t size,
                         const char *path, uint64_t number, struct captured *ret,
                         GError **error)
{
    const char *problem = capture_read_bytes(link_type, bytes, size, ret);
    return problem ? fail(error, path, "frame %" G_GUINT64_FORMAT ": %s", number, problem)
                   : TRUE;
}

static gboolean read_pcap(pcap_t *capture, const char *path, uint64_t number,
                          struct captured *ret, GError **error)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    uint64_t n = 0;
    int status = 1;
    while (n < number && (status = pcap_next_ex(capture, &header, &bytes)) == 1)
        n++;
    if (status == PCAP_ERROR)
        return fail(error, path, "%s", pcap_geterr(capture));
    if (n < number)
        return fail_missing(error, path, number, n);
    return take_off(pcap_datalink(capture), bytes, header->caplen, path, number, ret,
                    error);
}

/* LINKTYPE_RAW is the only one here whose number in files is another one. */
static int dlt_of(uint16_t link_type)
{
    enum { LINKTYPE_RAW = 101 };
    return link_type == LINKTYPE_RAW ? DLT_RAW : link_type;
}

static gboolean read_pcapng(const uint8_t *file, size_t size, const char *path,
                            uint64_t number, struct captured *ret, GError **error)
{
    struct pcapng_found found;
    uint64_t n = 0;
    const char *problem = capture_find_pcapng(file, size, number, &found, &n);
    if (problem)
        return fail(error, path, "after %" G_GUINT64_FORMAT " frames %s", n, problem);
    if (n < number)
        return fail_missing(error, path, number, n);
    return take_off(dlt_of(found.link_type), found.bytes, found.size, path, number, ret,
                    error);
}

gboolean capture_read_frame(const char *path, uint64_t number, struct captured *ret,
                            GError **error)
{
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(path, FALSE, NULL);
    const uint8_t *file =
        mapped ? (const uint8_t *)g_mapped_file_get_contents(mapped) : NULL;
    size_t size = mapped ? g_mapped_file_get_length(mapped) : 0;
    if (capture_is_pcapng(file, size))
        return read_pcapng(file, size, path, number, ret, error);

    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *capture = pcap_open_offline(path, why);
    if (!capture) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "cannot read a capture: %s", why);
        return FALSE;
    }
    gboolean ok = read_pcap(capture, path, number, ret, error);
    pcap_close(capture);
    return ok;
}
