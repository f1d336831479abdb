/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is a dump's if it begins with the number of bytes that came before it, as four
 * digits or more, with a colon behind or bytes of two digits: digits that someone only
 * grouped do not begin so but by chance, and a message does not with four zeros. A dump's
 * line has at most 16 bytes; what stands behind them, a wide gap or a | are characters.
 */
#include "probes/core/hex_input.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

#define DUMP_LINE_BYTES 16

static size_t count_digits(const char *at)
{
    return strspn(at, "0123456789abcdefABCDEF");
}

static void append_pairs(GByteArray *out, const char *digits, size_t n_digits)
{
    for (size_t i = 0; i + 2 <= n_digits; i += 2) {
        uint8_t byte = (uint8_t)(g_ascii_xdigit_value(digits[i]) << 4 |
                                 g_ascii_xdigit_value(digits[i + 1]));
        g_byte_array_append(out, &byte, 1);
    }
}

/* Where the bytes of a dump's line begin; NULL if it is none. */
static const char *find_dump(const char *line, size_t n_before)
{
    line += strspn(line, " \t");
    size_t n = count_digits(line);
    if (n < 4 || n > 16 || g_ascii_strtoull(line, NULL, 16) != n_before)
        return NULL;
    const char *after = line + n;
    bool has_colon = *after == ':';
    after += has_colon;
    if (*after != ' ' && *after != '\t')
        return NULL;
    after += strspn(after, " \t");
    return has_colon || count_digits(after) == 2 ? after : NULL;
}

static void read_dump_line(const char *at, GByteArray *out)
{
    size_t n_before = out->len;
    while (out->len - n_before < DUMP_LINE_BYTES) {
        size_t n = count_digits(at);
        if (n == 0 || n % 2 || n > 8 || (at[n] && !strchr(" \t\r", at[n])))
            return;
        append_pairs(out, at, n);
        at += n;
        size_t gap = strspn(at, " \t");
        if (gap > 2 || gap == 0)
            return;
        at += gap;
    }
}

/* @return what is wrong, or NULL */
static const char *read_plain_line(const char *at, GByteArray *out)
{
    for (;;) {
        at += strspn(at, " \t\r,:;");
        if (!*at)
            return NULL;
        if ((at[0] == '0' || at[0] == '\\') && (at[1] == 'x' || at[1] == 'X'))
            at += 2;
        size_t n = count_digits(at);
        if (n == 0)
            return "there is something other than hexadecimal digits";
        if (n % 2)
            return "digits come in pairs, and one is left over";
        append_pairs(out, at, n);
        at += n;
    }
}

uint8_t *hex_input_parse(const char *text, size_t *ret_size, GError **error)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *problem = NULL;
    bool is_dump = false;
    size_t i = 0;
    for (; lines[i] && !problem; i++) {
        const char *dump = find_dump(lines[i], out->len);
        bool is_comment = lines[i][strspn(lines[i], " \t")] == '#';
        if (is_comment || !lines[i][strspn(lines[i], " \t\r")])
            continue;
        if (dump && (is_dump || out->len == 0)) {
            is_dump = true;
            read_dump_line(dump, out);
        } else if (is_dump) {
            /* od ends with the size alone, which is where a next line would begin */
            if (g_ascii_strtoull(lines[i], NULL, 16) != out->len)
                problem = "its offset is not how many bytes came before it";
        } else {
            problem = read_plain_line(lines[i], out);
        }
    }
    if (!problem && out->len == 0)
        problem = "there are no digits";
    if (problem) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_USAGE, "line %zu: %s", MAX(i, 1),
                    problem);
        return NULL;
    }
    *ret_size = out->len;
    return g_byte_array_free(g_steal_pointer(&out), FALSE);
}
