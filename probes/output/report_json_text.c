/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to JSON: what is no UTF-8 becomes visible escapes. */
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
