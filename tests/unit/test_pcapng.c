/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire/pcapng.h: what is written is walked by a reader of our own, which knows nothing of
 * the writer, and where there is a tshark, by that.
 */
#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "wire/pcapng.h"

static char *folder;

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* ---- A reader: little-endian, all assertions fatal to the block at hand ---- */

static uint32_t le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static uint32_t le16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint64_t le64(const uint8_t *at)
{
    return le32(at) | (uint64_t)le32(at + 4) << 32;
}

static uint64_t time_at(const uint8_t *at)
{
    return (uint64_t)le32(at) << 32 | le32(at + 4);
}

struct block {
    uint32_t type;
    const uint8_t *body; /* after type and length */
    size_t body_size;    /* without the second length */
};

/* The next block of a file; false at its end, or (with a failed assertion) if broken. */
static bool next_block(const uint8_t **at, size_t *left, struct block *ret)
{
    if (*left == 0)
        return false;
    CU_ASSERT_TRUE(*left >= 12);
    uint32_t size = *left >= 12 ? le32(*at + 4) : 0;
    bool ok =
        size >= 12 && size % 4 == 0 && size <= *left && le32(*at + size - 4) == size;
    CU_ASSERT_TRUE(ok);
    if (!ok)
        return false;
    *ret = (struct block){ .type = le32(*at), .body = *at + 8, .body_size = size - 12 };
    *at += size;
    *left -= size;
    return true;
}

/* The value of an option; NULL if it is not there. The list must end in opt_endofopt. */
static const uint8_t *find_option(const struct block *b, size_t options_at, uint32_t code,
                                  size_t *ret_size)
{
    const uint8_t *found = NULL;
    size_t at = options_at;
    while (at + 4 <= b->body_size) {
        uint32_t this_code = le16(b->body + at);
        size_t size = le16(b->body + at + 2);
        if (this_code == 0) {
            CU_ASSERT_EQUAL(size, 0);
            CU_ASSERT_EQUAL(at + 4, b->body_size);
            return found;
        }
        CU_ASSERT_TRUE(at + 4 + size <= b->body_size);
        for (size_t i = size; i % 4 != 0; i++)
            CU_ASSERT_EQUAL(b->body[at + 4 + i], 0);
        if (this_code == code) {
            CU_ASSERT_PTR_NULL(found);
            found = b->body + at + 4;
            *ret_size = size;
        }
        at += 4 + ((size + 3) & ~(size_t)3);
    }
    CU_FAIL("options without an end");
    return NULL;
}

static void assert_option_text(const struct block *b, size_t at, uint32_t code,
                               const char *expected)
{
    size_t size = 0;
    const uint8_t *value = find_option(b, at, code, &size);
    g_autofree char *text = value ? g_strndup((const char *)value, size) : NULL;
    ASSERT_TEXT(text, expected);
}

static size_t packet_options_at(const struct block *b)
{
    return 20 + ((le32(b->body + 12) + 3) & ~(size_t)3);
}

/* ---- Blocks in memory ---- */

static void test_section_bytes(void)
{
    static const uint8_t expected[] = {
        0x0a, 0x0d, 0x0d, 0x0a, 0x2c, 0,    0,    0,                 /* type, 44 bytes */
        0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,    0,                 /* magic, 1.0 */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,              /* unspecified */
        4,    0,    6,    0,    'r',  't',  'c',  'l',  'a', 'b', 0, /* application */
        0,    0,    0,    0,    0,    0x2c, 0,    0,    0,
    };
    uint8_t out[sizeof expected];
    struct writer w = writer_over(out, sizeof out);
    const struct pcapng_section section = { .application = "rtclab", .os = "" };
    pcapng_write_section(&w, &section);
    CU_ASSERT_FALSE(w.bad);
    CU_ASSERT_EQUAL(w.used, sizeof expected);
    CU_ASSERT_EQUAL(memcmp(out, expected, sizeof expected), 0);
}

static void test_interface_bytes(void)
{
    static const uint8_t expected[] = {
        1,   0, 0, 0, 0x30, 0,   0,   0, /* type, 48 bytes */
        101, 0, 0, 0, 0,    0,   0,   0, /* raw IP, no snap length */
        2,   0, 4, 0, 'e',  't', 'h', '0', 3, 0, 1, 0,
        'x', 0, 0, 0, 9,    0,   1,   0,   9, 0, 0, 0, /* nanoseconds */
        0,   0, 0, 0, 0x30, 0,   0,   0,
    };
    uint8_t out[sizeof expected];
    struct writer w = writer_over(out, sizeof out);
    const struct pcapng_interface interface = { .name = "eth0", .description = "x" };
    pcapng_write_interface(&w, &interface);
    CU_ASSERT_FALSE(w.bad);
    CU_ASSERT_EQUAL(w.used, sizeof expected);
    CU_ASSERT_EQUAL(memcmp(out, expected, sizeof expected), 0);
}

static void test_packet_sizes(void)
{
    static const uint8_t bytes[] = "0123456789";
    for (uint32_t size = 0; size <= 9; size++) {
        for (size_t comment_size = 0; comment_size <= 9; comment_size++) {
            g_autofree char *comment = g_strnfill(comment_size, 'c');
            const struct pcapng_packet packet = {
                .interface = 3,
                .time_ns = INT64_C(1700000000123456789),
                .bytes = bytes,
                .size = size,
                .comment = comment,
                .packet_id = size,
                .direction = comment_size % 3,
            };
            size_t needed = pcapng_packet_size(&packet);
            CU_ASSERT_EQUAL(needed % 4, 0);
            g_autofree uint8_t *out = g_malloc(needed);
            struct writer w = writer_over(out, needed);
            pcapng_write_packet(&w, &packet);
            CU_ASSERT_FALSE(w.bad);
            CU_ASSERT_EQUAL(w.used, needed);

            const uint8_t *at = out;
            size_t left = needed, option_size = 0;
            struct block b = { 0 };
            CU_ASSERT_TRUE_FATAL(next_block(&at, &left, &b));
            CU_ASSERT_EQUAL(left, 0);
            CU_ASSERT_EQUAL(b.type, 6);
            CU_ASSERT_EQUAL(le32(b.body), 3);
            CU_ASSERT_EQUAL(time_at(b.body + 4), UINT64_C(1700000000123456789));
            CU_ASSERT_EQUAL(le32(b.body + 12), size);
            CU_ASSERT_EQUAL(le32(b.body + 16), size);
            CU_ASSERT_EQUAL(memcmp(b.body + 20, bytes, size), 0);
            size_t options = packet_options_at(&b);
            assert_option_text(&b, options, 1, comment_size ? comment : NULL);
            const uint8_t *id = find_option(&b, options, 5, &option_size);
            CU_ASSERT_EQUAL(id != NULL, size != 0);
            CU_ASSERT_TRUE(!id || (option_size == 8 && le64(id) == size));
            const uint8_t *flags = find_option(&b, options, 2, &option_size);
            CU_ASSERT_EQUAL(flags != NULL, comment_size % 3 != 0);
            CU_ASSERT_TRUE(!flags ||
                           (option_size == 4 && le32(flags) == comment_size % 3));
        }
    }
}

static void test_no_space(void)
{
    const struct pcapng_packet packet = { .bytes = (const uint8_t *)"abc",
                                          .size = 3,
                                          .comment = "why",
                                          .packet_id = 1,
                                          .direction = PCAPNG_INBOUND };
    size_t needed = pcapng_packet_size(&packet);
    for (size_t room = 0; room < needed; room++) {
        g_autofree uint8_t *out = g_malloc(room ? room : 1);
        struct writer w = writer_over(out, room);
        pcapng_write_packet(&w, &packet);
        CU_ASSERT_TRUE(w.bad);
        CU_ASSERT_TRUE(w.used <= room);
    }
}

static void test_long_comment(void)
{
    /* 65,536 bytes of two-byte characters: an odd cut would leave half of one. */
    g_autoptr(GString) comment = g_string_new("x");
    while (comment->len < 66000)
        g_string_append(comment, "é");
    const struct pcapng_packet packet = { .comment = comment->str };
    size_t needed = pcapng_packet_size(&packet), size = 0;
    g_autofree uint8_t *out = g_malloc(needed);
    struct writer w = writer_over(out, needed);
    pcapng_write_packet(&w, &packet);
    const uint8_t *at = out;
    size_t left = w.used;
    struct block b = { 0 };
    CU_ASSERT_TRUE_FATAL(next_block(&at, &left, &b));
    const uint8_t *value = find_option(&b, packet_options_at(&b), 1, &size);
    CU_ASSERT_EQUAL(size, 65535);
    CU_ASSERT_TRUE(value && g_utf8_validate((const char *)value, (gssize)size, NULL));

    g_string_erase(comment, 0, 1);
    const struct pcapng_packet even = { .comment = comment->str };
    g_autofree uint8_t *again = g_malloc(pcapng_packet_size(&even));
    w = writer_over(again, pcapng_packet_size(&even));
    pcapng_write_packet(&w, &even);
    at = again;
    left = w.used;
    CU_ASSERT_TRUE_FATAL(next_block(&at, &left, &b));
    value = find_option(&b, packet_options_at(&b), 1, &size);
    CU_ASSERT_EQUAL(size, 65534);
    CU_ASSERT_TRUE(value && g_utf8_validate((const char *)value, (gssize)size, NULL));
}

static void test_before_1970(void)
{
    const struct pcapng_packet packet = { .time_ns = -1 };
    uint8_t out[64];
    struct writer w = writer_over(out, sizeof out);
    pcapng_write_packet(&w, &packet);
    CU_ASSERT_FALSE(w.bad);
    CU_ASSERT_EQUAL(time_at(out + 12), 0);
}

/* ---- Files ---- */

#define START_NS INT64_C(1700000000123456789)

/* An IPv4 packet with an empty UDP datagram, checksums right. */
static const uint8_t udp_packet[28] = {
    0x45, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb6, 0xcd, 192,  0,
    2,    1,    192,  0,    2,    2,    0x13, 0x88, 0x13, 0x89, 0x00, 0x08, 0x00, 0x00,
};

/* Two taps, the second added late; the same packet at both; one dropped. */
static void write_sample(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct pcapng *capture = pcapng_open(path, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(capture);
    CU_ASSERT_EQUAL(pcapng_add_interface(capture, "alice/eth0", "inside of home-a"), 0);
    pcapng_add_packet(
        capture, 0, START_NS, udp_packet, sizeof udp_packet,
        &(struct pcapng_packet_options){ .packet_id = 7, .direction = PCAPNG_OUTBOUND });
    CU_ASSERT_EQUAL(pcapng_add_interface(capture, "home-a/wan", NULL), 1);
    pcapng_add_packet(capture, 1, START_NS + 1, udp_packet, sizeof udp_packet,
                      &(struct pcapng_packet_options){
                          .packet_id = 7,
                          .direction = PCAPNG_INBOUND,
                          .comment = "dropped by home-a: no mapping — é" });
    pcapng_add_packet(capture, 1, START_NS - 5, udp_packet, sizeof udp_packet, NULL);
    CU_ASSERT_EQUAL(pcapng_add_interface(capture, "idle", NULL), 2);
    CU_ASSERT_TRUE(pcapng_close(capture, &error));
}

static void test_file(void)
{
    g_autofree char *path = in_folder("sample.pcapng");
    g_autofree char *part = in_folder("sample.pcapng.part");
    g_autofree char *content = NULL;
    gsize left = 0;
    write_sample(path);
    CU_ASSERT_FALSE(g_file_test(part, G_FILE_TEST_EXISTS));
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &content, &left, NULL));

    const uint8_t *at = (const uint8_t *)content;
    static const uint32_t types[] = { 0x0a0d0d0a, 1, 6, 1, 6, 6, 1, 5, 5, 5 };
    struct block blocks[G_N_ELEMENTS(types)] = { 0 };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        CU_ASSERT_TRUE_FATAL(next_block(&at, &left, &blocks[i]));
        CU_ASSERT_EQUAL_FATAL(blocks[i].type, types[i]);
    }
    CU_ASSERT_EQUAL(left, 0);

    size_t size = 0;
    assert_option_text(&blocks[0], 16, 4, "rtclab " RTCLAB_VERSION);
    CU_ASSERT_PTR_NOT_NULL(find_option(&blocks[0], 16, 2, &size));
    CU_ASSERT_PTR_NOT_NULL(find_option(&blocks[0], 16, 3, &size));
    assert_option_text(&blocks[1], 8, 2, "alice/eth0");
    assert_option_text(&blocks[1], 8, 3, "inside of home-a");
    assert_option_text(&blocks[3], 8, 2, "home-a/wan");
    assert_option_text(&blocks[3], 8, 3, NULL);

    static const struct {
        size_t block;
        uint32_t interface;
        int64_t time_ns;
        uint64_t id;
    } packets[] = { { 2, 0, START_NS, 7 },
                    { 4, 1, START_NS + 1, 7 },
                    { 5, 1, START_NS - 5, 0 } };
    for (size_t i = 0; i < G_N_ELEMENTS(packets); i++) {
        const struct block *b = &blocks[packets[i].block];
        CU_ASSERT_EQUAL(le32(b->body), packets[i].interface);
        CU_ASSERT_EQUAL(time_at(b->body + 4), (uint64_t)packets[i].time_ns);
        CU_ASSERT_EQUAL(memcmp(b->body + 20, udp_packet, sizeof udp_packet), 0);
        const uint8_t *id = find_option(b, packet_options_at(b), 5, &size);
        CU_ASSERT_EQUAL(id ? le64(id) : 0, packets[i].id);
    }
    assert_option_text(&blocks[4], packet_options_at(&blocks[4]), 1,
                       "dropped by home-a: no mapping — é");

    static const struct {
        uint64_t received, first, last;
    } statistics[] = { { 1, START_NS, START_NS },
                       { 2, START_NS - 5, START_NS + 1 },
                       { 0, 0, 0 } };
    for (uint32_t i = 0; i < G_N_ELEMENTS(statistics); i++) {
        const struct block *b = &blocks[7 + i];
        CU_ASSERT_EQUAL(le32(b->body), i);
        CU_ASSERT_EQUAL(time_at(b->body + 4), (uint64_t)START_NS + 1);
        const uint8_t *value = find_option(b, 12, 4, &size);
        CU_ASSERT_TRUE(value && size == 8 && le64(value) == statistics[i].received);
        value = find_option(b, 12, 2, &size);
        CU_ASSERT_EQUAL(value ? time_at(value) : 0, statistics[i].first);
        value = find_option(b, 12, 3, &size);
        CU_ASSERT_EQUAL(value ? time_at(value) : 0, statistics[i].last);
    }
    g_unlink(path);
}

static unsigned count_blocks(const char *path, uint32_t type)
{
    g_autofree char *content = NULL;
    gsize left = 0;
    unsigned count = 0;
    struct block b;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &content, &left, NULL));
    const uint8_t *at = (const uint8_t *)content;
    while (next_block(&at, &left, &b))
        count += b.type == type;
    return count;
}

static void test_many_packets(void)
{
    g_autofree char *path = in_folder("many.pcapng");
    g_autofree char *part = in_folder("many.pcapng.part");
    g_autofree uint8_t *bytes = g_malloc0(65535);
    struct pcapng *capture = pcapng_open(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(capture);
    uint32_t tap = pcapng_add_interface(capture, "tap", NULL);
    for (unsigned i = 0; i < 3000; i++)
        pcapng_add_packet(capture, tap, i, bytes, i % 1500, NULL);
    pcapng_add_packet(capture, tap, 3000, bytes, 65535, NULL);
    pcapng_flush(capture);
    CU_ASSERT_EQUAL(count_blocks(part, 6), 3001);
    CU_ASSERT_FALSE(g_file_test(path, G_FILE_TEST_EXISTS));
    CU_ASSERT_EQUAL(pcapng_failure(capture), 0);
    CU_ASSERT_TRUE(pcapng_close(capture, NULL));
    CU_ASSERT_EQUAL(count_blocks(path, 6), 3001);
    CU_ASSERT_EQUAL(count_blocks(path, 5), 1);
    g_unlink(path);
}

static void assert_folder_holds(const char *only)
{
    unsigned count = 0;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir)); count++)
        ASSERT_TEXT(name, only);
    CU_ASSERT_EQUAL(count, only ? 1 : 0);
}

/* A limit on the size of files stands in for a full disk. */
static void test_full_disk(void)
{
    g_autofree char *path = in_folder("full.pcapng");
    g_autofree uint8_t *bytes = g_malloc0(1500);
    g_autoptr(GError) error = NULL;
    CU_ASSERT_TRUE(file_replace(path, "old", 3, NULL));
    struct pcapng *capture = pcapng_open(path, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(capture);
    uint32_t tap = pcapng_add_interface(capture, "tap", NULL);

    struct rlimit before;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = { .rlim_cur = 4096, .rlim_max = before.rlim_max };
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (unsigned i = 0; i < 1000; i++)
        pcapng_add_packet(capture, tap, i, bytes, 1500, NULL);
    int failure = pcapng_failure(capture);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);

    /* There is room again, but the file has a hole: it stays failed. */
    CU_ASSERT_EQUAL(failure, EFBIG);
    pcapng_add_packet(capture, tap, 1, bytes, 1500, NULL);
    pcapng_flush(capture);
    CU_ASSERT_EQUAL(pcapng_failure(capture), EFBIG);
    CU_ASSERT_FALSE(pcapng_close(capture, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    CU_ASSERT_TRUE(error && strstr(error->message, path));

    g_autofree char *content = NULL;
    CU_ASSERT_TRUE(g_file_get_contents(path, &content, NULL, NULL));
    ASSERT_TEXT(content, "old");
    g_unlink(path);
    assert_folder_holds("full.pcapng.part");
    g_autofree char *part = in_folder("full.pcapng.part");
    g_autofree char *kept = NULL;
    size_t size = 0;
    CU_ASSERT_TRUE(g_file_get_contents(part, &kept, &size, NULL));
    /* Whole blocks up to where it failed: each says at its end how long it is. */
    size_t at = 0;
    unsigned n_blocks = 0;
    for (; at + 12 <= size; n_blocks++) {
        uint32_t length;
        memcpy(&length, kept + at + 4, sizeof length);
        if (length < 12 || length > size - at)
            break;
        at += length;
    }
    CU_ASSERT_EQUAL(at, size);
    CU_ASSERT_TRUE(n_blocks > 2);
    g_unlink(part);
}

static void test_no_folder(void)
{
    g_autofree char *path = in_folder("no/such/folder.pcapng");
    g_autoptr(GError) error = NULL;
    CU_ASSERT_PTR_NULL(pcapng_open(path, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    CU_ASSERT_TRUE(error && strstr(error->message, g_strerror(ENOENT)));
}

static void test_name_is_folder(void)
{
    g_autofree char *path = in_folder("taken");
    g_autoptr(GError) error = NULL;
    CU_ASSERT_EQUAL(g_mkdir(path, 0700), 0);
    struct pcapng *capture = pcapng_open(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(capture);
    CU_ASSERT_FALSE(pcapng_close(capture, &error));
    CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT));
    g_rmdir(path);
    assert_folder_holds("taken.part");
    g_autofree char *part = in_folder("taken.part");
    g_unlink(part);
}

static void test_discard(void)
{
    g_autofree char *path = in_folder("unwanted.pcapng");
    struct pcapng *capture = pcapng_open(path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(capture);
    pcapng_flush(capture);
    assert_folder_holds("unwanted.pcapng.part");
    pcapng_discard(capture);
    pcapng_discard(NULL);
    assert_folder_holds(NULL);
}

/* ---- Other people's readers ---- */

/* Runs a program of Wireshark's; what it says but for its warning about root. */
static char *run(char **argv, char **ret_complaints)
{
    g_autofree char *errors = NULL;
    g_autofree char *output = NULL;
    int status = -1;
    g_auto(GStrv) environment =
        g_environ_setenv(g_get_environ(), "WIRESHARK_CONFIG_DIR", folder, TRUE);
    environment = g_environ_setenv(environment, "LC_ALL", "C.UTF-8", TRUE);
    CU_ASSERT_TRUE(g_spawn_sync(NULL, argv, environment, G_SPAWN_SEARCH_PATH, NULL, NULL,
                                &output, &errors, &status, NULL));
    CU_ASSERT_EQUAL(status, 0);
    g_auto(GStrv) lines = g_strsplit(errors ? errors : "", "\n", -1);
    g_autoptr(GString) complaints = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        if (**line && !g_str_has_prefix(*line, "Running as user \"root\""))
            g_string_append_printf(complaints, "%s\n", *line);
    }
    *ret_complaints = g_string_free(g_steal_pointer(&complaints), FALSE);
    return g_steal_pointer(&output);
}

static void test_tshark(void)
{
    g_autofree char *tshark = g_find_program_in_path("tshark");
    if (!tshark) {
        printf("skipped: no tshark on this machine ");
        return;
    }
    g_autofree char *path = in_folder("sample.pcapng");
    g_autofree char *complaints = NULL;
    write_sample(path);
    char *argv[] = { tshark, "-n",
                     "-r",   path,
                     "-T",   "fields",
                     "-E",   "separator=|",
                     "-e",   "frame.interface_name",
                     "-e",   "frame.interface_description",
                     "-e",   "frame.time_epoch",
                     "-e",   "frame.packet_id",
                     "-e",   "frame.packet_flags_direction",
                     "-e",   "frame.comment",
                     "-e",   "ip.dst",
                     "-e",   "udp.dstport",
                     "-e",   "_ws.malformed",
                     NULL };
    g_autofree char *output = run(argv, &complaints);
    ASSERT_TEXT(complaints, "");
    ASSERT_TEXT(output, "alice/eth0|inside of home-a|1700000000.123456789|7|0x00000002||"
                        "192.0.2.2|5001|\n"
                        "home-a/wan||1700000000.123456790|7|0x00000001|"
                        "dropped by home-a: no mapping — é|192.0.2.2|5001|\n"
                        "home-a/wan||1700000000.123456784|||"
                        "|192.0.2.2|5001|\n");
    g_unlink(path);
}

static void test_capinfos(void)
{
    g_autofree char *capinfos = g_find_program_in_path("capinfos");
    if (!capinfos) {
        printf("skipped: no capinfos on this machine ");
        return;
    }
    g_autofree char *path = in_folder("sample.pcapng");
    g_autofree char *complaints = NULL;
    write_sample(path);
    char *argv[] = { capinfos, path, NULL };
    g_autofree char *output = run(argv, &complaints);
    ASSERT_TEXT(complaints, "");
    static const char application[] = "rtclab " RTCLAB_VERSION;
    static const char *const said[] = {
        "Number of packets:   3",           application,
        "Number of interfaces in file: 3",  "Name = alice/eth0",
        "Encapsulation = Raw IP",           "Number of stat entries = 1",
        "Time precision = nanoseconds (9)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(said); i++)
        ASSERT_TEXT(output && strstr(output, said[i]) ? said[i] : output, said[i]);
    g_unlink(path);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "a section header is these bytes", test_section_bytes },
        { "an interface is these bytes", test_interface_bytes },
        { "packets and comments of every length are padded", test_packet_sizes },
        { "a block without room says so", test_no_space },
        { "a comment beyond 65535 bytes is cut between characters", test_long_comment },
        { "a time before 1970 is written as 1970", test_before_1970 },
        { "a file holds what was added, and its statistics", test_file },
        { "a capture larger than its buffer is whole", test_many_packets },
        { "a full disk is remembered and reported, the old file stays", test_full_disk },
        { "a missing folder is an error", test_no_folder },
        { "a folder of that name is an error at the end", test_name_is_folder },
        { "a discarded capture leaves nothing", test_discard },
        { "tshark reads names, times, comments and identifiers", test_tshark },
        { "capinfos reads the taps and their statistics", test_capinfos },
    };
    g_autoptr(GError) error = NULL;
    folder = g_dir_make_tmp("rtclab-pcapng-XXXXXX", &error);
    if (!folder)
        g_error("%s", error->message);
    int status = suite_run("pcapng", tests, G_N_ELEMENTS(tests), argc, argv);
    file_remove_tree(folder);
    g_free(folder);
    return status;
}
