/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire/pcapng_read.h: what our own writer wrote, files of either byte order made here by
 * hand from the draft, each prefix of them, and files that mean harm.
 */
#include "suite.h"

#include <string.h>

#include "wire/pcapng_block.h"
#include "wire/pcapng_read.h"

/* ---- making files ---- */

/* A file under construction, in one byte order at a time. */
struct file {
    GByteArray *bytes;
    bool is_big;
    guint block_at; /* of the block that is open */
};

static struct file file_new(bool is_big)
{
    return (struct file){ .bytes = g_byte_array_new(), .is_big = is_big };
}

static void add(struct file *f, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        unsigned shift = 8 * (f->is_big ? size - 1 - i : i);
        uint8_t byte = (uint8_t)(value >> shift);
        g_byte_array_append(f->bytes, &byte, 1);
    }
}

static void add_padded(struct file *f, const void *bytes, size_t size)
{
    static const uint8_t zeros[4];
    g_byte_array_append(f->bytes, bytes, (guint)size);
    g_byte_array_append(f->bytes, zeros, (guint)(-size & 3));
}

static void add_option(struct file *f, uint16_t code, const void *value, size_t size)
{
    add(f, code, 2);
    add(f, size, 2);
    add_padded(f, value, size);
}

static void add_number(struct file *f, uint16_t code, uint64_t value, unsigned size)
{
    add(f, code, 2);
    add(f, size, 2);
    add(f, value, size);
    for (unsigned i = size; i % 4; i++)
        add(f, 0, 1);
}

static void begin(struct file *f, uint32_t type)
{
    f->block_at = f->bytes->len;
    add(f, type, 4);
    add(f, 0, 4);
}

static void end(struct file *f)
{
    uint32_t size = f->bytes->len - f->block_at + 4;
    struct file length = file_new(f->is_big);
    add(f, size, 4);
    add(&length, size, 4);
    memcpy(f->bytes->data + f->block_at + 4, length.bytes->data, 4);
    g_byte_array_unref(length.bytes);
}

static void add_section(struct file *f)
{
    begin(f, PCAPNG_SECTION_HEADER);
    add(f, PCAPNG_BYTE_ORDER_MAGIC, 4);
    add(f, 1, 2);
    add(f, 0, 2);
    add(f, UINT64_MAX, 8);
    end(f);
}

/* @param resolution if_tsresol; 0: none */
static void add_interface(struct file *f, const char *name, uint8_t resolution,
                          int64_t offset_s)
{
    begin(f, PCAPNG_INTERFACE_DESCRIPTION);
    add(f, PCAPNG_LINKTYPE_RAW, 2);
    add(f, 0, 2);
    add(f, 0, 4);
    add_option(f, PCAPNG_IF_NAME, name, strlen(name));
    if (resolution)
        add_number(f, PCAPNG_IF_TSRESOL, resolution, 1);
    if (offset_s)
        add_number(f, 14, (uint64_t)offset_s, 8);
    add(f, 0, 4);
    end(f);
}

static void add_packet(struct file *f, uint32_t interface, uint64_t ticks,
                       const char *bytes, const char *comment, uint64_t id,
                       uint32_t flags)
{
    begin(f, PCAPNG_ENHANCED_PACKET);
    add(f, interface, 4);
    add(f, ticks >> 32, 4);
    add(f, ticks & 0xffffffff, 4);
    add(f, strlen(bytes), 4);
    add(f, strlen(bytes) + 10, 4);
    add_padded(f, bytes, strlen(bytes));
    if (comment)
        add_option(f, PCAPNG_OPT_COMMENT, comment, strlen(comment));
    add_number(f, PCAPNG_EPB_FLAGS, flags, 4);
    add_number(f, PCAPNG_EPB_PACKET_ID, id, 8);
    add(f, 0, 4);
    end(f);
}

/* ---- reading them ---- */

/* What was read, one item a line. */
static char *read_all(const uint8_t *bytes, size_t size, const char **ret_problem)
{
    struct pcapng_reader *reader = pcapng_reader_new(bytes, size);
    GString *out = g_string_new(NULL);
    struct pcapng_item i;
    while (pcapng_reader_next(reader, &i)) {
        if (i.kind == PCAPNG_ITEM_INTERFACE) {
            g_string_append_printf(out, "%u %.*s\n", i.link_type, (int)i.name.size,
                                   i.name.at);
            continue;
        }
        g_string_append_printf(out, "#%u %" G_GINT64_FORMAT " %.*s/%u", i.interface,
                               i.time_ns, (int)i.size, (const char *)i.bytes,
                               i.original_size);
        if (i.comment.size)
            g_string_append_printf(out, " \"%.*s\"", (int)i.comment.size, i.comment.at);
        g_string_append_printf(out, " %" G_GUINT64_FORMAT " %d%s\n", i.packet_id,
                               (int)i.direction, i.has_time ? "" : " no time");
    }
    const char *problem = pcapng_reader_problem(reader);
    CU_ASSERT_FALSE(pcapng_reader_next(reader, &i)); /* it stays at the end */
    if (ret_problem)
        *ret_problem = problem;
    pcapng_reader_free(reader);
    return g_string_free(out, FALSE);
}

/* Reads an exact heap copy, so that a sanitizer sees a read past its end. */
static void assert_reads(struct file *f, const char *expected,
                         const char *expected_problem)
{
    const char *problem;
    g_autofree uint8_t *copy = g_memdup2(f->bytes->data, f->bytes->len);
    g_autofree char *text = read_all(copy, f->bytes->len, &problem);
    ASSERT_TEXT(text, expected);
    ASSERT_TEXT(problem ? problem : "", expected_problem);
    g_byte_array_unref(f->bytes);
}

static void test_own_files(void)
{
    uint8_t out[1024];
    struct writer w = writer_over(out, sizeof out);
    const struct pcapng_section section = { .os = "an OS", .application = "a test" };
    const struct pcapng_interface taps[] = {
        { .name = "offerer/eth0" }, { .name = "home-a/nat", .description = "a NAT" }
    };
    pcapng_write_section(&w, &section);
    for (unsigned i = 0; i < G_N_ELEMENTS(taps); i++)
        pcapng_write_interface(&w, &taps[i]);
    const struct pcapng_packet packets[] = {
        { .interface = 0,
          .time_ns = 1735689600000000007,
          .bytes = (const uint8_t *)"hello",
          .size = 5,
          .packet_id = 1,
          .direction = PCAPNG_OUTBOUND },
        { .interface = 1,
          .time_ns = 1735689600015000000,
          .bytes = (const uint8_t *)"hell",
          .size = 4,
          .packet_id = UINT64_C(0xfedcba9876543210),
          .comment = "dropped by home-a/nat: nat-filtered",
          .direction = PCAPNG_INBOUND },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(packets); i++)
        pcapng_write_packet(&w, &packets[i]);
    const struct pcapng_statistics statistics = { .packets = 1 };
    pcapng_write_statistics(&w, &statistics);
    CU_ASSERT_FALSE(w.bad);
    struct file f = file_new(false);
    g_byte_array_append(f.bytes, out, (guint)w.used);
    assert_reads(&f,
                 "101 offerer/eth0\n101 home-a/nat\n"
                 "#0 1735689600000000007 hello/5 1 2\n"
                 "#1 1735689600015000000 hell/4 \"dropped by home-a/nat: nat-filtered\" "
                 "18364758544493064720 1\n",
                 "");
}

static void make_sample(struct file *f)
{
    add_section(f);
    add_interface(f, "a", 9, 0);
    add_interface(f, "b", 0, 0);
    add_packet(f, 0, 5, "one", "why", 7, PCAPNG_OUTBOUND);
    begin(f, 0x0bad); /* a block that nobody knows */
    add(f, 1, 4);
    end(f);
    add_packet(f, 1, 5, "three", NULL, 8, PCAPNG_INBOUND);
}

static const char sample_text[] = "101 a\n101 b\n#0 5 one/13 \"why\" 7 2\n"
                                  "#1 5000 three/15 8 1\n";

static void test_both_orders(void)
{
    for (unsigned is_big = 0; is_big < 2; is_big++) {
        struct file f = file_new(is_big);
        make_sample(&f);
        assert_reads(&f, sample_text, "");
    }
}

static void test_sections(void)
{
    struct file f = file_new(false);
    make_sample(&f);
    f.is_big = true; /* the next section */
    add_section(&f);
    add_interface(&f, "c", 9, 0);
    add_packet(&f, 0, 6, "x", NULL, 9, 0);
    g_autofree char *expected = g_strconcat(sample_text, "101 c\n#2 6 x/11 9 0\n", NULL);
    assert_reads(&f, expected, "");
}

static void test_times(void)
{
    static const struct {
        uint8_t resolution;
        int64_t offset_s;
        uint64_t ticks;
        const char *time_ns;
    } rows[] = {
        { 0, 0, 1, "1000" }, /* microseconds, if nothing is said */
        { 3, 0, 1, "1000000" },
        { 9, 2, 1, "2000000001" },
        { 9, -2, 1, "-1999999999" },
        { 12, 0, 1500, "1" },
        { 0x80 | 10, 0, 1536, "1500000000" }, /* 2^-10 s */
        { 0x80 | 63, 0, UINT64_C(1) << 62, "500000000" },
        { 0xff, 0, UINT64_MAX, "0" },
        { 127, 0, UINT64_MAX, "0" },
        { 19, 0, UINT64_MAX, "1844674407" },
        { 9, 0, UINT64_MAX, "9223372036854775807" },
        { 0, INT64_MAX, UINT64_MAX, "9223372036854775807" },
        { 0, INT64_MIN, 0, "-9223372036854775808" },
        { 0x80, 0, UINT64_MAX, "9223372036854775807" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct file f = file_new(i % 2);
        add_section(&f);
        add_interface(&f, "t", rows[i].resolution, rows[i].offset_s);
        add_packet(&f, 0, rows[i].ticks, "x", NULL, 1, 0);
        g_autofree char *expected =
            g_strdup_printf("101 t\n#0 %s x/11 1 0\n", rows[i].time_ns);
        assert_reads(&f, expected, "");
    }
}

/* What Wireshark counts as a frame too. */
static void test_other_packets(void)
{
    struct file f = file_new(true);
    add_section(&f);
    add_interface(&f, "s", 9, 0);
    begin(&f, 3); /* a simple packet */
    add(&f, 5, 4);
    add_padded(&f, "small", 5);
    end(&f);
    begin(&f, 2); /* the obsolete kind */
    add(&f, 0, 2);
    add(&f, 4, 2);
    add(&f, 0, 4);
    add(&f, 9, 4);
    add(&f, 3, 4);
    add(&f, 3, 4);
    add_padded(&f, "old", 3);
    add_number(&f, PCAPNG_EPB_FLAGS, PCAPNG_INBOUND, 4);
    end(&f);
    assert_reads(&f, "101 s\n#0 0 small/5 0 0 no time\n#0 9 old/3 0 1\n", "");
}

static void test_every_prefix(void)
{
    for (unsigned is_big = 0; is_big < 2; is_big++) {
        struct file f = file_new(is_big);
        make_sample(&f);
        for (size_t n = 0; n < f.bytes->len; n++) {
            const char *problem;
            g_autofree uint8_t *copy = g_memdup2(f.bytes->data, n);
            g_autofree char *text = read_all(copy, n, &problem);
            CU_ASSERT_TRUE(g_str_has_prefix(sample_text, text));
            CU_ASSERT_TRUE(strlen(text) < strlen(sample_text));
        }
        g_byte_array_unref(f.bytes);
    }
}

static void test_broken_blocks(void)
{
    struct file f = file_new(false);
    add(&f, 1, 4); /* an interface with nothing before it */
    add(&f, 12, 4);
    add(&f, 12, 4);
    assert_reads(&f, "", "does not begin with a section");

    static const struct {
        uint32_t first, second;
        const char *problem;
    } lengths[] = {
        { 0, 0, "a block of a length that cannot be" },
        { 8, 8, "a block of a length that cannot be" },
        { 13, 13, "a block of a length that cannot be" },
        { UINT32_MAX, 16, "ends within a block" },
        { 0x7ffffffc, 16, "ends within a block" },
        { 16, 20, "a block's two lengths differ" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        f = file_new(i % 2);
        add_section(&f);
        add(&f, 0x0bad, 4);
        add(&f, lengths[i].first, 4);
        add(&f, 0, 4);
        add(&f, lengths[i].second, 4);
        assert_reads(&f, "", lengths[i].problem);
    }
}

static void test_broken_bodies(void)
{
    struct file f = file_new(false);
    add_section(&f);
    add_packet(&f, 0, 1, "x", NULL, 1, 0);
    assert_reads(&f, "", "a packet of an interface that is not there");

    f = file_new(false);
    add_section(&f);
    add_interface(&f, "a", 9, 0);
    begin(&f, PCAPNG_ENHANCED_PACKET);
    add(&f, 0, 4);
    add(&f, 0, 8);
    add(&f, UINT32_MAX, 4); /* captured */
    add(&f, 4, 4);
    add(&f, 0, 4);
    end(&f);
    assert_reads(&f, "101 a\n", "a packet longer than its block");

    f = file_new(false);
    begin(&f, PCAPNG_SECTION_HEADER);
    add(&f, 0x01020304, 4);
    add(&f, 0, 8);
    end(&f);
    assert_reads(&f, "", "a section without the byte-order magic");

    f = file_new(false);
    begin(&f, PCAPNG_SECTION_HEADER);
    add(&f, PCAPNG_BYTE_ORDER_MAGIC, 4);
    add(&f, 9, 2);
    add(&f, 0, 2);
    add(&f, 0, 8);
    end(&f);
    assert_reads(&f, "", "a section of an unknown version");
}

/* A damaged option costs those behind it, not the packet. */
static void test_broken_options(void)
{
    struct file f = file_new(false);
    add_section(&f);
    add_interface(&f, "a", 9, 0);
    begin(&f, PCAPNG_ENHANCED_PACKET);
    add(&f, 0, 4);
    add(&f, 0, 8);
    add(&f, 1, 4);
    add(&f, 1, 4);
    add_padded(&f, "x", 1);
    add_number(&f, PCAPNG_EPB_FLAGS, PCAPNG_OUTBOUND, 2); /* must have 4 bytes */
    add_option(&f, PCAPNG_OPT_COMMENT, "first", 5);
    add_option(&f, PCAPNG_OPT_COMMENT, "second", 6);
    add(&f, PCAPNG_EPB_PACKET_ID, 2);
    add(&f, 0xffff, 2);
    add(&f, 1, 8);
    end(&f);
    assert_reads(&f, "101 a\n#0 0 x/1 \"first\" 0 0\n", "");
}

static const struct test tests[] = {
    { "what our writer wrote is read back", test_own_files },
    { "either byte order", test_both_orders },
    { "sections in a row, each with its order and its interfaces", test_sections },
    { "times of any resolution and offset, without overflow", test_times },
    { "simple and obsolete packets are packets", test_other_packets },
    { "of each prefix what is whole is read", test_every_prefix },
    { "a block whose length cannot be ends the reading", test_broken_blocks },
    { "so does a body that is too short for what it says", test_broken_bodies },
    { "a damaged option costs the options behind it", test_broken_options },
};

int main(int argc, char **argv)
{
    return suite_run("pcapng_read", tests, G_N_ELEMENTS(tests), argc, argv);
}
