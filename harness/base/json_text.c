/* SPDX-License-Identifier: Apache-2.0 */
/* Outside of its strings JSON has no character that moves a terminal but the line's end.
 */
#include "base/json_text.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "base/text.h"

char *json_text_dump(const json_t *value, size_t flags)
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
