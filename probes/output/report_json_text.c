/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between bytes and JSON. Coming in, what is no UTF-8 becomes visible escapes; going out,
 * characters that move a terminal become JSON's own, which changes no value: outside of
 * strings JSON has none of them.
 */
#include <string.h>

#include "base/text.h"
#include "probes/output/report_writer.h"

json_t *report_json_text(const char *bytes, size_t size)
{
    g_autoptr(GString) text = g_string_sized_new(size);
    for (size_t at = 0; at < size;) {
        gunichar c = g_utf8_get_char_validated(bytes + at, (gssize)(size - at));
        if (bytes[at] == '\0' || c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(text, "\\x%02x", (unsigned char)bytes[at]);
            at++;
        } else {
            size_t length = (size_t)(g_utf8_next_char(bytes + at) - (bytes + at));
            g_string_append_len(text, bytes + at, (gssize)length);
            at += length;
        }
    }
    return json_stringn(text->str, text->len);
}

char *report_dump(const json_t *value, size_t flags)
{
    g_autofree char *plain = json_dumps(value, flags | JSON_REAL_PRECISION(12));
    g_assert(plain);
    GString *out = g_string_sized_new(strlen(plain));
    for (const char *at = plain; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool is_none = c == 0xfffe || c == 0xffff; /* YAML does not take these */
        if (*at != '\n' && (is_none || text_moves_terminal(c)))
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_unichar(out, c);
    }
    return g_string_free(out, FALSE);
}
