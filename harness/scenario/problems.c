/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a scenario file, told so that the author can mend it without reading
 * anything else: where, what was wanted, what was found. A line is always one line of
 * valid UTF-8, whatever the file had in it.
 */
#include "scenario/problems.h"

#include <string.h>

enum {
    MAX_LINES = 1000,     /**< a file that is all mistakes shall not fill the memory */
    MAX_SHOWN_CHARS = 40, /**< of a text that was found */
};

static void add_line(struct problems *problems, char *line)
{
    problems->n++;
    if (!problems->lines || problems->n > MAX_LINES) {
        g_free(line);
        return;
    }
    char *valid = g_utf8_make_valid(line, -1);
    g_free(line);
    for (char *c = valid; *c; c++) {
        if (g_ascii_iscntrl(*c))
            *c = '?';
    }
    g_ptr_array_add(problems->lines, valid);
}

void problems_add(struct problems *problems, const char *pointer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    add_line(problems, g_strdup_printf("%s: %s%s%s", problems->file, pointer,
                                       *pointer ? ": " : "", message));
}

void problems_add_at(struct problems *problems, int line, int column, const char *message)
{
    add_line(problems,
             g_strdup_printf("%s:%d:%d: %s", problems->file, line, column, message));
}

void pointer_push(GString *pointer, const char *key)
{
    g_string_append_c(pointer, '/');
    for (const char *c = key; *c; c++) {
        if (*c == '~')
            g_string_append(pointer, "~0");
        else if (*c == '/')
            g_string_append(pointer, "~1");
        else
            g_string_append_c(pointer, *c);
    }
}

char *pointer_of(const char *first, ...)
{
    GString *pointer = g_string_new(NULL);
    va_list parts;
    va_start(parts, first);
    for (const char *part = first; part; part = va_arg(parts, const char *))
        pointer_push(pointer, part);
    va_end(parts);
    return g_string_free(pointer, FALSE);
}

static char *words_of_text(const char *text)
{
    if (g_utf8_strlen(text, -1) <= MAX_SHOWN_CHARS)
        return g_strdup_printf("\"%s\"", text);
    g_autofree char *start = g_utf8_substring(text, 0, MAX_SHOWN_CHARS);
    return g_strdup_printf("\"%s…\"", start);
}

char *words_of_value(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return g_strdup(json_object_size(value) ? "an object" : "an empty object");
    case JSON_ARRAY:
        return json_array_size(value)
                   ? g_strdup_printf("a list of %zu", json_array_size(value))
                   : g_strdup("an empty list");
    case JSON_STRING:
        return words_of_text(json_string_value(value));
    case JSON_INTEGER:
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return g_strdup_printf("%.15g", json_real_value(value));
    case JSON_TRUE:
        return g_strdup("true");
    case JSON_FALSE:
        return g_strdup("false");
    case JSON_NULL:
        break;
    }
    return g_strdup("null");
}

char *words_of_list(const char *const *words)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; words[i]; i++) {
        const char *joint = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        g_string_append_printf(text, "%s\"%s\"", joint, words[i]);
    }
    return g_string_free(text, FALSE);
}
