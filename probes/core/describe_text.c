/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A description in lines:
 *
 *     Binding success response, 44 bytes, transaction b7e7a701bc34d686fa87dfae
 *       20  0x0020  XOR-MAPPED-ADDRESS   8  192.0.2.1:32853
 *       32  0x8028  FINGERPRINT          4  0x5cf1b5a0, valid
 *     at byte 40: 4 bytes follow the end of the message
 */
#include "probes/core/describe.h"

#include <string.h>

#include <glib.h>

#include "base/file.h"
#include "base/text.h"

#define BYTES_A_LINE 16
#define BYTES_SHOWN  256 /* of one value */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void append_escaped(GString *out, const char *text)
{
    g_autofree char *escaped = text_escape(text);
    g_string_append(out, escaped);
}

/* "          21 12 a4 42 …", after a newline */
static void append_hex(GString *out, const char *hex)
{
    size_t n_digits = strlen(hex);
    for (size_t i = 0; i < n_digits && i < 2 * BYTES_SHOWN; i += 2)
        g_string_append_printf(out, "%s%.2s",
                               i % (2 * BYTES_A_LINE) ? " " : "\n          ", hex + i);
    if (n_digits > 2 * BYTES_SHOWN)
        g_string_append_printf(out, "\n          and %zu bytes more",
                               n_digits / 2 - BYTES_SHOWN);
}

/* What is known of a checksum, beside its attribute. */
static const char *checksum_of(const json_t *description, const char *name)
{
    static const char *const keys[][2] = {
        { "FINGERPRINT", "fingerprint" },
        { "MESSAGE-INTEGRITY", "integrity" },
        { "MESSAGE-INTEGRITY-SHA256", "integrity_sha256" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(name, keys[i][0]) == 0)
            return text_of(description, keys[i][1]);
    return "";
}

static void append_attribute(GString *out, const json_t *description,
                             const json_t *attribute, int width, bool has_hex)
{
    const char *name = text_of(attribute, "name");
    const char *text = text_of(attribute, "text"),
               *padding = text_of(attribute, "padding");
    const char *checksum = json_is_true(json_object_get(attribute, "ignored"))
                               ? "ignored: it follows the integrity"
                               : checksum_of(description, name);
    g_string_append_printf(out, "%4lld  %s  %-*s  %4lld  ", number_of(attribute, "at"),
                           text_of(attribute, "type"), width, *name ? name : "unknown",
                           number_of(attribute, "size"));
    append_escaped(out, text);
    g_string_append_printf(out, "%s%s", *text && *checksum ? ", " : "", checksum);
    while (out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    if (has_hex) {
        append_hex(out, text_of(attribute, "hex"));
        if (*padding)
            g_string_append_printf(out, "\n          padding %s", padding);
    }
    g_string_append_c(out, '\n');
}

static void append_attributes(GString *out, const json_t *description, bool has_hex)
{
    const json_t *attributes = json_object_get(description, "attributes");
    const json_t *attribute;
    size_t i;
    int width = 0;
    json_array_foreach(attributes, i, attribute)
    {
        int size = (int)strlen(text_of(attribute, "name"));
        width = MAX(width, size ? size : (int)strlen("unknown"));
    }
    json_array_foreach(attributes, i, attribute)
        append_attribute(out, description, attribute, width, has_hex);
}

static void append_problems(GString *out, const json_t *description)
{
    const json_t *problem;
    size_t i;
    json_array_foreach(json_object_get(description, "problems"), i, problem)
    {
        g_string_append_printf(out, "at byte %lld: ", number_of(problem, "at"));
        append_escaped(out, text_of(problem, "text"));
        g_string_append_c(out, '\n');
    }
}

char *describe_to_text(const json_t *description, bool has_hex)
{
    GString *out = g_string_new(NULL);
    const char *transaction = text_of(description, "transaction");
    g_string_append_printf(out, "%s, %lld bytes", text_of(description, "what"),
                           number_of(description, "size"));
    if (*transaction)
        g_string_append_printf(out, ", transaction %s", transaction);
    if (json_object_get(description, "channel"))
        g_string_append_printf(out, ", channel %s, %lld bytes of data",
                               text_of(description, "channel"),
                               number_of(description, "data_size"));
    if (has_hex)
        append_hex(out, text_of(description, "hex"));
    g_string_append_c(out, '\n');
    append_attributes(out, description, has_hex);
    append_problems(out, description);
    return g_string_free(out, FALSE);
}

char *describe_message_text(const uint8_t *bytes, size_t size)
{
    g_autoptr(json_t) description = describe_message(bytes, size);
    return describe_to_text(description, false);
}
