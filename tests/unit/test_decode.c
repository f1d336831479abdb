/* SPDX-License-Identifier: Apache-2.0 */
/* What rtcprobe decode reads: digits in any dress, and frames of captures. */
#include "suite.h"

#include <string.h>

#include <glib/gstdio.h>
#include <pcap/pcap.h>

#include "base/error.h"
#include "probes/core/capture_pcapng.h"
#include "probes/core/capture_read.h"
#include "probes/core/hex_input.h"

/* ---- Digits ---- */

static char *parse(const char *text)
{
    size_t size = 0;
    g_autoptr(GError) error = NULL;
    g_autofree uint8_t *bytes = hex_input_parse(text, &size, &error);
    if (!bytes) {
        CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
        return g_strdup(error->message);
    }
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < size; i++)
        g_string_append_printf(out, "%02x", bytes[i]);
    return g_string_free(out, FALSE);
}

static void test_digits(void)
{
    static const struct {
        const char *text, *bytes;
    } rows[] = {
        { "00010000", "00010000" },
        { " 00 01\n0a:FF ", "00010aff" },
        { "0x00, 0x01, 0x0A,\n", "00010a" },
        { "\\x00\\x01", "0001" },
        { "0x0001", "0001" },
        { "# a comment\n00\n  # another\n01", "0001" },
        { "0001 0000 2112 a442\n6162 6364", "000100002112a44261626364" },
        { "0000 0000 2112", "000000002112" },
        { "0001:0000", "00010000" },
        /* xxd */
        { "00000000: 0001 0000 2112 a442 6162 6364 6566 6768  ....!..Babcdefgh\n"
          "00000010: 696a                                     ij\n",
          "000100002112a4426162636465666768696a" },
        { "00000000: 6162 6364  ab cd\n", "61626364abcd" },
        /* hexdump -C */
        { "00000000  00 01 00 00 21 12 a4 42  61 62 63 64 65 66 67 68  "
          "|....!..Babcdefgh|\n"
          "00000010  69 6a                                             |ij|\n"
          "00000012\n",
          "000100002112a4426162636465666768696a" },
        /* od -A x -t x1 */
        { "000000 00 01 00 00 21 12 a4 42 61 62 63 64 65 66 67 68\n"
          "000010 69 6a\n000012\n",
          "000100002112a4426162636465666768696a" },
        /* tshark -x */
        { "0000  00 01 00 00 21 12 a4 42 61 62 63 64 65 66 67 68   ....!..Babcdefgh\n"
          "0010  69 6a                                             ij\n",
          "000100002112a4426162636465666768696a" },
        { "", "line 1: there are no digits" },
        { "\n# nothing\n", "line 3: there are no digits" },
        { "001", "line 1: digits come in pairs, and one is left over" },
        { "00\n0g", "line 2: digits come in pairs, and one is left over" },
        { "00\nhello", "line 2: there is something other than hexadecimal digits" },
        { "0000  00 01 02 03\n0008  04 05\n",
          "line 2: its offset is not how many bytes came before it" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *said = parse(rows[i].text);
        ASSERT_TEXT(said, rows[i].bytes);
    }
}

/* ---- Frames ---- */

#define IPV4_UDP                                                          \
    "\x45\0\0\x20\0\1\x40\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2" /* header */ \
    "\x13\x88\x0d\x96\0\x0c\0\0"                             /* UDP */    \
    "data"
#define IPV6_TCP                                                        \
    "\x60\0\0\0\0\x18\x06\x40\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"    \
    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"               /* header */ \
    "\x13\x88\x0d\x96\0\0\0\1\0\0\0\1\x50\x18\1\0\0\0\0\0" /* TCP */    \
    "data"
#define MACS        "\2\0\0\0\0\1\2\0\0\0\0\2"
#define BYTES(text) (const uint8_t *)text, sizeof text - 1
#define FROM_V4     "UDP 192.0.2.1:5000 > 192.0.2.2:3478 data"
#define FROM_V6     "TCP [2001:db8::1]:5000 > [2001:db8::2]:3478 data"
#define IS_NOT_IP   "it is not IP"
#define IS_CUT      "its IP header is malformed, or it was cut when it was captured"
#define IS_NEITHER  "it is neither UDP nor TCP, or malformed"

static const struct frame {
    int link_type;
    const uint8_t *bytes;
    size_t size;
    const char *says;
} frames[] = {
    { DLT_EN10MB, BYTES(MACS "\x08\0" IPV4_UDP), FROM_V4 },
    { DLT_EN10MB, BYTES(MACS "\x08\0" IPV4_UDP "\0\0\0\0\0\0"), FROM_V4 }, /* padded */
    { DLT_EN10MB, BYTES(MACS "\x86\xdd" IPV6_TCP), FROM_V6 },
    { DLT_EN10MB, BYTES(MACS "\x88\xa8\0\1\x81\0\0\2\x08\0" IPV4_UDP), FROM_V4 },
    { DLT_LINUX_SLL, BYTES("\0\0\0\1\0\6\2\0\0\0\0\1\0\0\x08\0" IPV4_UDP), FROM_V4 },
    { DLT_LINUX_SLL2, BYTES("\x08\0\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\1\0\0" IPV4_UDP),
      FROM_V4 },
    { DLT_NULL, BYTES("\2\0\0\0" IPV4_UDP), FROM_V4 },
    { DLT_RAW, BYTES(IPV4_UDP), FROM_V4 },
    { DLT_RAW, BYTES(IPV6_TCP), FROM_V6 },
    { DLT_EN10MB, BYTES(MACS "\x08\6" IPV4_UDP), IS_NOT_IP },
    { DLT_EN10MB, BYTES(MACS), IS_NOT_IP },
    { DLT_RAW, BYTES(""), IS_CUT },
    { DLT_RAW, BYTES("\x45\0\0\x1c\0\1\x20\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2ABCDEFGH"),
      "it is a fragment" },
    { DLT_RAW, BYTES("\x45\0\0\x1c\0\1\0\0\x40\x2f\0\0\xc0\0\2\1\xc0\0\2\2ABCDEFGH"),
      IS_NEITHER },
    { DLT_IEEE802_11, BYTES(IPV4_UDP), "its link type is not one that is read here" },
};

static char *format(const struct captured *c)
{
    char source[ENDPOINT_TEXT_SIZE], destination[ENDPOINT_TEXT_SIZE];
    return g_strdup_printf("%s %s > %s %.*s", c->is_tcp ? "TCP" : "UDP",
                           endpoint_format(&c->source, source),
                           endpoint_format(&c->destination, destination), (int)c->size,
                           (const char *)c->bytes);
}

static void test_frames(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
        g_autofree uint8_t *exact = g_memdup2(frames[i].bytes, frames[i].size);
        g_auto(auto_captured) c = { .bytes = NULL };
        const char *problem =
            capture_read_bytes(frames[i].link_type, exact, frames[i].size, &c);
        g_autofree char *said = problem ? g_strdup(problem) : format(&c);
        ASSERT_TEXT(said, frames[i].says);
    }
}

/* But for Ethernet's padding, a frame is whole or refused. */
static void test_every_prefix_of_a_frame(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
        size_t padding = i == 1 ? 6 : 0;
        for (size_t n = 0; n < frames[i].size - MIN(padding, frames[i].size); n++) {
            g_autofree uint8_t *exact = g_memdup2(frames[i].bytes, n);
            g_auto(auto_captured) c = { .bytes = NULL };
            CU_ASSERT_PTR_NOT_NULL(capture_read_bytes(frames[i].link_type, exact, n, &c));
        }
    }
}

static void test_files(void)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "rtcprobe-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
    pcap_dumper_t *dumper = pcap_dump_fopen(dead, fdopen(fd, "wb"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(dumper);
    for (size_t i = 0; i < 3; i++) {
        const struct pcap_pkthdr header = { .caplen = (bpf_u_int32)frames[i].size,
                                            .len = (bpf_u_int32)frames[i].size };
        pcap_dump((u_char *)dumper, &header, frames[i].bytes);
    }
    pcap_dump_close(dumper);
    pcap_close(dead);

    g_auto(auto_captured) third = { .bytes = NULL };
    CU_ASSERT_TRUE_FATAL(capture_read_frame(path, 3, &third, NULL));
    g_autofree char *said = format(&third);
    ASSERT_TEXT(said, FROM_V6);

    g_auto(auto_captured) none = { .bytes = NULL };
    g_autoptr(GError) error = NULL;
    CU_ASSERT_FALSE(capture_read_frame(path, 4, &none, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "there is no frame 4, it has 3"));
    g_clear_error(&error);
    CU_ASSERT_TRUE(g_file_set_contents(path, "no capture", -1, NULL));
    CU_ASSERT_FALSE(capture_read_frame(path, 1, &none, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
    g_unlink(path);
}

/* As rtclab writes them, and in the other byte order, with interfaces of two link types.
 */
#define SECTION_BIG                                      \
    "\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0" \
    "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x1c"
#define INTERFACE_BIG(link_type) "\0\0\0\1\0\0\0\x14\0" link_type "\0\0\0\0\0\0\0\0\0\x14"
#define UNKNOWN_BIG        \
    "\0\0\0\x7f\0\0\0\x10" \
    "what\0\0\0\x10"
#define PACKET_BIG(interface)                                                            \
    "\0\0\0\6\0\0\0\x40\0\0\0" interface "\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0\x20" IPV4_UDP \
    "\0\0\0\x40"
#define TWO_INTERFACES SECTION_BIG INTERFACE_BIG("\1") UNKNOWN_BIG INTERFACE_BIG("\x65")

static void test_pcapng(void)
{
    static const struct {
        const uint8_t *file;
        size_t size;
        uint64_t number, count;
        int link_type; /* -1: not found */
    } rows[] = {
        { BYTES(TWO_INTERFACES PACKET_BIG("\0") PACKET_BIG("\1")), 1, 1, 1 },
        { BYTES(TWO_INTERFACES PACKET_BIG("\0") PACKET_BIG("\1")), 2, 2, 101 },
        { BYTES(TWO_INTERFACES PACKET_BIG("\0") PACKET_BIG("\1")), 3, 2, -1 },
        { BYTES(TWO_INTERFACES PACKET_BIG("\2")), 1, 0, -2 }, /* no such interface */
        { BYTES(TWO_INTERFACES SECTION_BIG PACKET_BIG("\0")), 1, 0, -2 },
        { BYTES("\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0" /* little */
                "\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0"
                "\1\0\0\0\x14\0\0\0\x71\0\0\0\0\0\0\0\x14\0\0\0"
                "\3\0\0\0\x14\0\0\0\4\0\0\0"
                "abcd"
                "\x14\0\0\0"),
          1, 1, 113 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pcapng_found found = { 0 };
        uint64_t count;
        g_autofree uint8_t *exact = g_memdup2(rows[i].file, rows[i].size);
        CU_ASSERT_TRUE(capture_is_pcapng(exact, rows[i].size));
        const char *problem =
            capture_find_pcapng(exact, rows[i].size, rows[i].number, &found, &count);
        CU_ASSERT_EQUAL(problem != NULL, rows[i].link_type == -2);
        CU_ASSERT_EQUAL(count, rows[i].count);
        CU_ASSERT_EQUAL(found.bytes != NULL, rows[i].link_type >= 0);
        if (found.bytes)
            CU_ASSERT_EQUAL(found.link_type, rows[i].link_type);
    }
}

static void test_every_prefix_of_a_pcapng(void)
{
    static const char file[] = TWO_INTERFACES PACKET_BIG("\1");
    for (size_t n = 0; n < sizeof file - 1; n++) {
        struct pcapng_found found = { 0 };
        uint64_t count;
        g_autofree uint8_t *exact = g_memdup2(file, n);
        capture_find_pcapng(exact, n, 1, &found, &count);
        CU_ASSERT_PTR_NULL(found.bytes);
    }
}

static const struct test tests[] = {
    { "digits are read in any dress", test_digits },
    { "frames are read down to their payload", test_frames },
    { "a prefix of a frame is not taken for it", test_every_prefix_of_a_frame },
    { "a frame of a file is found by its number", test_files },
    { "a packet of a pcapng file has its interface's link type", test_pcapng },
    { "a prefix of a pcapng file has no packet", test_every_prefix_of_a_pcapng },
};

int main(int argc, char **argv)
{
    return suite_run("decode", tests, G_N_ELEMENTS(tests), argc, argv);
}
