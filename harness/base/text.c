/* SPDX-License-Identifier: Apache-2.0 */
/* Deliberately no translation and no locale: output is UTF-8, as the records are. */
#include "base/text.h"

#include <string.h>

gboolean text_moves_terminal(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) ||       /* C0, DEL, C1 */
           c == 0x061c || c == 0x200e || c == 0x200f || /* bidirectional marks, */
           (c >= 0x2028 && c <= 0x202e) ||              /* line ends, embeddings, */
           (c >= 0x2066 && c <= 0x2069);                /* isolates */
}

char *text_escape(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text ? text : ""; *at;) {
        gunichar c = g_utf8_get_char_validated(at, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (unsigned char)*at);
            at++;
            continue;
        }
        if (text_moves_terminal(c))
            g_string_append_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
        else
            g_string_append_unichar(out, c);
        at = g_utf8_next_char(at);
    }
    return g_string_free(out, FALSE);
}

char *text_from_bytes(const void *bytes, size_t size)
{
    const char *from = bytes;
    GString *text = g_string_sized_new(size);
    for (size_t at = 0; at < size;) {
        gunichar c = g_utf8_get_char_validated(from + at, (gssize)(size - at));
        if (from[at] == '\0' || c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(text, "\\x%02x", (unsigned char)from[at]);
            at++;
        } else {
            size_t length = (size_t)(g_utf8_next_char(from + at) - (from + at));
            g_string_append_len(text, from + at, (gssize)length);
            at += length;
        }
    }
    return g_string_free(text, FALSE);
}

char *text_times(unsigned n)
{
    return n == 1 ? g_strdup("once") : g_strdup_printf("%u times", n);
}

unsigned text_width(const char *text)
{
    unsigned width = 0;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!g_unichar_iszerowidth(c))
            width += g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

void text_append_wrapped(GString *out, const char *words, size_t indent, size_t columns)
{
    size_t column = indent;
    g_auto(GStrv) each = g_strsplit(words, " ", -1);
    for (char **word = each; *word; word++) {
        size_t width = text_width(*word);
        if (column > indent && column + 1 + width > columns) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, *word);
        column += width;
    }
}

char *text_quote_word(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_./,=+:@%-~";
    /* A tilde is plain only inside a word, and not after the = or : of an assignment. */
    if (*text && *text != '~' && text[strspn(text, safe)] == '\0' &&
        !strstr(text, "=~") && !strstr(text, ":~"))
        return g_strdup(text);
    return g_shell_quote(text);
}
