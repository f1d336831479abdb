/* SPDX-License-Identifier: Apache-2.0 */
/* base/cursor.h: bounds, sticky failure and byte order, over exact heap copies. */
#include "suite.h"

#include "base/cursor.h"

static const uint8_t sample[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07 };

static void test_order(void)
{
    struct cursor c = cursor_over(sample, sizeof sample);
    CU_ASSERT_EQUAL(cursor_u8(&c), 0x01);
    CU_ASSERT_EQUAL(cursor_u16(&c), 0x0203);
    CU_ASSERT_EQUAL(cursor_u32(&c), 0x04050607);
    CU_ASSERT_EQUAL(c.left, 0);
    CU_ASSERT_FALSE(c.bad);
    CU_ASSERT_EQUAL(load_be16(sample + 5), 0x0607);
    CU_ASSERT_EQUAL(load_be32(sample), 0x01020304);
}

static void test_high_bits(void)
{
    static const uint8_t ones[] = { 0xff, 0xfe, 0xfd, 0xfc };
    struct cursor c = cursor_over(ones, sizeof ones);
    CU_ASSERT_EQUAL(cursor_u32(&c), 0xfffefdfcu);
    CU_ASSERT_EQUAL(load_be16(ones), 0xfffe);
}

static void test_every_size(void)
{
    for (size_t n = 0; n < sizeof sample; n++) {
        g_autofree uint8_t *copy = g_memdup2(sample, n);
        struct cursor c = cursor_over(copy, n);
        cursor_u8(&c);
        cursor_u16(&c);
        cursor_u32(&c);
        CU_ASSERT_TRUE(c.bad);
    }
}

static void test_sticky(void)
{
    struct cursor c = cursor_over(sample, 3);
    CU_ASSERT_EQUAL(cursor_u32(&c), 0);
    CU_ASSERT_TRUE(c.bad);
    /* There are bytes for this one, but the place of the cursor is no longer known. */
    CU_ASSERT_EQUAL(cursor_u8(&c), 0);
    CU_ASSERT_PTR_NULL(cursor_take(&c, 0));
    CU_ASSERT_EQUAL(c.left, 3);
}

static void test_huge_take(void)
{
    struct cursor c = cursor_over(sample, sizeof sample);
    CU_ASSERT_PTR_NULL(cursor_take(&c, SIZE_MAX));
    CU_ASSERT_TRUE(c.bad);
}

static void test_empty_take(void)
{
    struct cursor c = cursor_over(sample, sizeof sample);
    cursor_take(&c, sizeof sample);
    CU_ASSERT_PTR_EQUAL(cursor_take(&c, 0), sample + sizeof sample);
    CU_ASSERT_FALSE(c.bad);
}

static void test_round_trip(void)
{
    uint8_t out[9];
    struct writer w = writer_over(out, sizeof out);
    writer_u8(&w, 0xab);
    writer_u16(&w, 0xcdef);
    writer_u32(&w, 0x89abcdef);
    writer_bytes(&w, "hi", 2);
    CU_ASSERT_FALSE(w.bad);
    CU_ASSERT_EQUAL(w.used, sizeof out);

    struct cursor c = cursor_over(out, sizeof out);
    CU_ASSERT_EQUAL(cursor_u8(&c), 0xab);
    CU_ASSERT_EQUAL(cursor_u16(&c), 0xcdef);
    CU_ASSERT_EQUAL(cursor_u32(&c), 0x89abcdef);
    const uint8_t *rest = cursor_take(&c, 2);
    CU_ASSERT_TRUE(rest && memcmp(rest, "hi", 2) == 0);
}

/* Not inlined: gcc 12 sees the sizes then, but not that `bad` stops the last write. */
static G_GNUC_NO_INLINE void write_seven(struct writer *w)
{
    writer_u32(w, 0x01020304);
    writer_u16(w, 0x0506);
    writer_u8(w, 0x07);
}

static void test_full_writer(void)
{
    for (size_t n = 0; n < 7; n++) {
        g_autofree uint8_t *out = g_malloc(n ? n : 1);
        struct writer w = writer_over(out, n);
        write_seven(&w);
        CU_ASSERT_TRUE(w.bad);
        CU_ASSERT_TRUE(w.used <= n);
    }
}

static void test_writer_sticky(void)
{
    uint8_t out[3] = { 0, 0, 0x5a };
    struct writer w = writer_over(out, sizeof out);
    writer_u16(&w, 0x0102);
    writer_u16(&w, 0x0304);
    writer_u8(&w, 0x05);
    CU_ASSERT_TRUE(w.bad);
    CU_ASSERT_EQUAL(w.used, 2);
    CU_ASSERT_EQUAL(out[2], 0x5a);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "numbers are read in network order", test_order },
        { "high bits are not signs", test_high_bits },
        { "an input of any size too small is bad", test_every_size },
        { "after the first failure every read fails", test_sticky },
        { "a huge size does not wrap around", test_huge_take },
        { "nothing can be taken at the end", test_empty_take },
        { "what is written is read back", test_round_trip },
        { "a writer of any size too small is bad", test_full_writer },
        { "a full writer writes nothing more", test_writer_sticky },
    };
    return suite_run("cursor", tests, G_N_ELEMENTS(tests), argc, argv);
}
