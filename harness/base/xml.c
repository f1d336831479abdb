/* SPDX-License-Identifier: Apache-2.0 */
#include "base/xml.h"

#include <string.h>

#include "base/text.h"

static void append_character(GString *out, gunichar c)
{
    if (c == '\n' || c == '\t')
        g_string_append_printf(out, c == '\n' ? "&#10;" : "&#9;");
    else if (c < 0x20 || c == 0xfffe || c == 0xffff)
        return;
    else if (c < 0x80 && strchr("&<>\"", (int)c))
        g_string_append_printf(out, "&#%u;", c);
    else if (text_moves_terminal(c))
        g_string_append_printf(out, "&#%u;", c);
    else
        g_string_append_unichar(out, c);
}

void xml_append_text(GString *out, const char *text)
{
    for (; *text; text = g_utf8_next_char(text)) {
        if (*text == '\n')
            g_string_append_c(out, '\n');
        else
            append_character(out, g_utf8_get_char(text));
    }
}

void xml_append_attribute(GString *out, const char *name, const char *text)
{
    g_string_append_printf(out, " %s=\"", name);
    for (; *text; text = g_utf8_next_char(text))
        append_character(out, g_utf8_get_char(text));
    g_string_append_c(out, '"');
}
