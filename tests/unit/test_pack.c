/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing, against a reader that follows doc/lz4_Block_format.md and checks each rule of
 * it: what is packed must come back, from exact copies on the heap, so that
 * AddressSanitizer sees a byte read or written too far.
 */
#include "suite.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/rng.h"
#include "reports/pack.h"

/* Reads the rest of a length that began in a token; FALSE: the block ends. */
static gboolean read_length(const uint8_t **at, const uint8_t *end, size_t *length)
{
    if (*length < 15)
        return TRUE;
    for (;;) {
        if (*at == end)
            return FALSE;
        uint8_t more = *(*at)++;
        *length += more;
        if (more < 255)
            return TRUE;
    }
}

/* Unpacks a block; NULL: it breaks a rule of the format. */
static GByteArray *unpack(const uint8_t *at, size_t size)
{
    const uint8_t *end = at + size;
    g_autoptr(GByteArray) out = g_byte_array_new();
    size_t last_match_start = 0;
    bool has_match = false;
    for (;;) {
        if (at == end)
            return NULL;
        uint8_t token = *at++;
        size_t literals = token >> 4, match = token & 15;
        if (!read_length(&at, end, &literals) || literals > (size_t)(end - at))
            return NULL;
        g_byte_array_append(out, at, (guint)literals);
        at += literals;
        if (at == end) {
            bool is_right =
                match == 0 &&
                (!has_match || (literals >= 5 && last_match_start + 12 <= out->len));
            return is_right ? g_steal_pointer(&out) : NULL;
        }
        if (end - at < 2)
            return NULL;
        size_t offset = at[0] | (size_t)at[1] << 8;
        at += 2;
        if (!read_length(&at, end, &match) || offset == 0 || offset > out->len)
            return NULL;
        has_match = true;
        last_match_start = out->len;
        for (size_t i = 0; i < match + 4; i++) {
            uint8_t byte = out->data[out->len - offset];
            g_byte_array_append(out, &byte, 1);
        }
    }
}

static size_t assert_comes_back(const uint8_t *bytes, size_t size)
{
    g_autofree uint8_t *in = g_memdup2(bytes, size);
    g_autofree uint8_t *room = g_malloc(pack_bound(size));
    size_t packed = pack_block(in, size, room);
    CU_ASSERT_TRUE_FATAL(packed <= pack_bound(size));
    g_autofree uint8_t *block = g_memdup2(room, packed);
    g_autoptr(GByteArray) back = unpack(block, packed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(back);
    CU_ASSERT_EQUAL_FATAL(back->len, size);
    CU_ASSERT_TRUE(size == 0 || memcmp(back->data, bytes, size) == 0);
    return packed;
}

static void test_every_length_of_repetition(void)
{
    uint8_t bytes[700];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)("abcab"[i % 5]);
    for (size_t size = 0; size <= sizeof bytes; size++)
        assert_comes_back(bytes, size);
    memset(bytes, 0, sizeof bytes);
    for (size_t size = 0; size <= sizeof bytes; size++)
        assert_comes_back(bytes, size);
}

static void test_chance(void)
{
    struct rng rng = rng_seed(7);
    g_autofree uint8_t *bytes = g_malloc(300000);
    for (int values = 1; values <= 256; values *= 2) {
        for (size_t i = 0; i < 300000; i++)
            bytes[i] = (uint8_t)(rng_below(&rng, (uint64_t)values));
        for (size_t size = 1; size <= 300000; size = size * 5 / 2)
            assert_comes_back(bytes, size);
    }
}

/* The same thing farther back than a match can point, and just not so far. */
static void test_distance(void)
{
    struct rng rng = rng_seed(9);
    for (size_t distance = 65530; distance < 65542; distance++) {
        size_t size = distance + 200;
        g_autofree uint8_t *bytes = g_malloc(size);
        for (size_t i = 0; i < size; i++)
            bytes[i] = i < distance ? (uint8_t)rng_next(&rng) : bytes[i - distance];
        assert_comes_back(bytes, size);
    }
}

static void test_json_becomes_small(void)
{
    g_autoptr(GString) text = g_string_new("[");
    for (int i = 0; i < 1000; i++)
        g_string_append_printf(text, "{\"number\":%d,\"t_us\":%d,\"src\":\"192.0.2.1\"},",
                               i, i * 977);
    size_t packed = assert_comes_back((const uint8_t *)text->str, text->len);
    CU_ASSERT_TRUE(packed * 3 < text->len);
}

static const struct test tests[] = {
    { "every length of what repeats comes back", test_every_length_of_repetition },
    { "so does chance of each kind", test_chance },
    { "a match is no farther back than can be said", test_distance },
    { "JSON becomes a third at most", test_json_becomes_small },
};

int main(int argc, char **argv)
{
    return suite_run("pack", tests, G_N_ELEMENTS(tests), argc, argv);
}
