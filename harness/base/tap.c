/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tap.h"

#include <stdbool.h>

#include "base/json_text.h"
#include "base/text.h"

void tap_append_description(GString *out, const char *text)
{
    g_autofree char *safe = text_escape(text);
    for (const char *at = safe; *at; at++) {
        if (*at == '#' || *at == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
}

static void append_node(GString *out, const json_t *value, unsigned indent);

/* "key: value" lines, of which the first is on a line that is begun already. The keys are
   words of ours, and need no quotes. */
static void append_fields(GString *out, const json_t *object, unsigned indent)
{
    const char *key;
    json_t *value;
    bool is_first = true;
    json_object_foreach((json_t *)object, key, value)
    {
        g_string_append_printf(out, "%*s%s:", is_first ? 0 : (int)indent, "", key);
        append_node(out, value, indent + 2);
        is_first = false;
    }
}

/* What follows "key:". Arrays of anything but objects stay on the line: Perl's reader
   would take a text with a colon in it for a key. */
static void append_node(GString *out, const json_t *value, unsigned indent)
{
    size_t i;
    json_t *element;
    if (json_object_size(value) > 0) {
        g_string_append_printf(out, "\n%*s", (int)indent, "");
        append_fields(out, value, indent);
    } else if (json_object_size(json_array_get(value, 0)) > 0) {
        g_string_append_c(out, '\n');
        json_array_foreach((json_t *)value, i, element)
        {
            g_string_append_printf(out, "%*s- ", (int)indent, "");
            if (json_object_size(element) > 0)
                append_fields(out, element, indent + 2);
            else
                g_string_append(out, "{}\n");
        }
    } else {
        g_autofree char *text = json_text_dump(value, JSON_ENCODE_ANY);
        g_string_append_printf(out, " %s\n", text);
    }
}

void tap_append_yaml(GString *out, const json_t *object)
{
    g_string_append(out, "  ---\n  ");
    append_fields(out, object, 2);
    g_string_append(out, "  ...\n");
}
