/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in words, by their form and, where that is not all, by their type.
 *
 * RFC 8489 §14, RFC 8656 §18, RFC 5780 §7, RFC 7982 §3; the nonce cookie: RFC 8489 §9.2
 * and §18.1.
 */
#include "wire/stunmsg_value.h"

#include "base/text.h"

#define NONCE_COOKIE      "obMatJos2"
#define NONCE_COOKIE_SIZE 13 /* with the 24 bits of features in base64 */

char *stunmsg_type_text(uint16_t type)
{
    const char *name = stunmsg_attribute_name(type);
    return name ? g_strdup(name) : g_strdup_printf("attribute 0x%04x", type);
}

char *stunmsg_message_text(const struct stunmsg *m)
{
    const char *method = stunmsg_method_name(m->method);
    const char *class = stunmsg_class_name((enum stunmsg_class)m->class);
    return method ? g_strdup_printf("%s %s", method, class)
                  : g_strdup_printf("method 0x%03x %s", m->method, class);
}

static const char *family_name(unsigned family)
{
    return family == STUNMSG_FAMILY_IPV4   ? "IPv4"
           : family == STUNMSG_FAMILY_IPV6 ? "IPv6"
                                           : "unknown";
}

static char *small_text(const struct stunmsg_attribute *a)
{
    unsigned value = a->value[0];
    switch (a->type) {
    case STUNMSG_REQUESTED_TRANSPORT:
        return g_strdup_printf("%u (%s)", value,
                               value == 17  ? "UDP"
                               : value == 6 ? "TCP"
                                            : "unknown");
    case STUNMSG_REQUESTED_ADDRESS_FAMILY:
    case STUNMSG_ADDITIONAL_ADDRESS_FAMILY:
        return g_strdup_printf("%u (%s)", value, family_name(value));
    case STUNMSG_EVEN_PORT:
        return g_strdup(value & 0x80 ? "an even port, the next one reserved"
                                     : "an even port");
    default:
        return g_strdup_printf("%u", value);
    }
}

static char *change_text(uint32_t value)
{
    bool ip = value & STUNMSG_CHANGE_IP, port = value & STUNMSG_CHANGE_PORT;
    return g_strdup(ip && port ? "change IP and port"
                    : ip       ? "change IP"
                    : port     ? "change port"
                               : "change nothing");
}

static char *u32_text(const struct stunmsg_attribute *a)
{
    uint32_t value = load_be32(a->value);
    switch (a->type) {
    case STUNMSG_LIFETIME:
        return g_strdup_printf("%u s", value);
    case STUNMSG_CHANGE_REQUEST:
        return change_text(value);
    case STUNMSG_FINGERPRINT:
    case STUNMSG_CONNECTION_ID:
        return g_strdup_printf("0x%08x", value);
    default:
        return g_strdup_printf("%u", value);
    }
}

static char *address_text(const struct stunmsg *m, const struct stunmsg_attribute *a)
{
    struct endpoint endpoint;
    char text[ENDPOINT_TEXT_SIZE];
    return stunmsg_read_address(m, a, &endpoint) == STUNMSG_OK
               ? g_strdup(endpoint_format(&endpoint, text))
               : NULL;
}

static char *error_text(const struct stunmsg_attribute *a)
{
    if (a->size < 4)
        return NULL;
    const char *family =
        a->type == STUNMSG_ADDRESS_ERROR_CODE ? family_name(a->value[0]) : NULL;
    g_autofree char *reason = text_from_bytes(a->value + 4, a->size - 4u);
    return g_strdup_printf("%s%s%u \"%s\"", family ? family : "", family ? ": " : "",
                           (a->value[2] & 7u) * 100 + a->value[3], reason);
}

static char *types_text(const struct stunmsg_attribute *a)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i + 2 <= a->size; i += 2) {
        g_autofree char *name = stunmsg_type_text(load_be16(a->value + i));
        g_string_append_printf(text, "%s%s", i ? ", " : "", name);
    }
    if (text->len == 0)
        g_string_append(text, "none");
    return g_string_free(text, FALSE);
}

static char *text_text(const struct stunmsg_attribute *a)
{
    g_autofree char *text = text_from_bytes(a->value, a->size);
    gsize size = 0;
    if (a->type == STUNMSG_NONCE && a->size >= NONCE_COOKIE_SIZE &&
        g_str_has_prefix(text, NONCE_COOKIE)) {
        g_autofree char *base64 = g_strndup((const char *)a->value + 9, 4);
        g_autofree guchar *features = g_base64_decode(base64, &size);
        if (size == 3)
            return g_strdup_printf("\"%s\" (RFC 8489%s%s)", text,
                                   features[0] & 0x80 ? ", password algorithms" : "",
                                   features[0] & 0x40 ? ", anonymous user names" : "");
    }
    return g_strdup_printf("\"%s\"", text);
}

char *stunmsg_algorithm_text(uint16_t algorithm)
{
    return algorithm == 1   ? g_strdup("MD5")
           : algorithm == 2 ? g_strdup("SHA-256")
                            : g_strdup_printf("algorithm 0x%04x", algorithm);
}

/* Numbers, sizes and padded parameters (RFC 8489 §14.11, §14.12). */
static char *algorithms_text(const struct stunmsg_attribute *a)
{
    struct cursor at = cursor_over(a->value, a->size);
    GString *text = g_string_new(NULL);
    while (at.left > 0 && !at.bad) {
        uint16_t algorithm = cursor_u16(&at);
        size_t size = cursor_u16(&at);
        cursor_take(&at, MIN((size + 3) & ~(size_t)3, MAX(at.left, size)));
        if (at.bad)
            break;
        g_autofree char *name = stunmsg_algorithm_text(algorithm);
        g_string_append_printf(text, "%s%s", text->len ? ", " : "", name);
    }
    if (text->len == 0)
        g_string_append(text, "none");
    return g_string_free(text, FALSE);
}

static char *bytes_text(const struct stunmsg_attribute *a)
{
    switch (a->type) {
    case STUNMSG_PASSWORD_ALGORITHM:
    case STUNMSG_PASSWORD_ALGORITHMS:
        return algorithms_text(a);
    case STUNMSG_ICMP:
        return a->size == 8 ? g_strdup_printf("type %u, code %u, data %u", a->value[2],
                                              a->value[3], load_be32(a->value + 4))
                            : NULL;
    case STUNMSG_TRANSACTION_TRANSMIT_COUNTER:
        return a->size == 4
                   ? g_strdup_printf("request %u, response %u", a->value[2], a->value[3])
                   : NULL;
    case STUNMSG_ACCESS_TOKEN:
        return g_strdup("not shown");
    default:
        return NULL;
    }
}

char *stunmsg_value_text(const struct stunmsg *m, const struct stunmsg_attribute *a)
{
    switch (stunmsg_attribute_form(a->type)) {
    case STUNMSG_FORM_FLAG:
        return a->size == 0 ? g_strdup("") : NULL;
    case STUNMSG_FORM_OCTET:
        return a->size == 1 ? small_text(a) : NULL;
    case STUNMSG_FORM_U8:
        return a->size == 4 ? small_text(a) : NULL;
    case STUNMSG_FORM_U16:
        return a->size == 4
                   ? g_strdup_printf(a->type == STUNMSG_CHANNEL_NUMBER ? "0x%04x" : "%u",
                                     load_be16(a->value))
                   : NULL;
    case STUNMSG_FORM_U32:
        return a->size == 4 ? u32_text(a) : NULL;
    case STUNMSG_FORM_U64:
        return a->size == 8 ? g_strdup_printf("0x%08x%08x", load_be32(a->value),
                                              load_be32(a->value + 4))
                            : NULL;
    case STUNMSG_FORM_ADDRESS:
    case STUNMSG_FORM_XOR_ADDRESS:
        return address_text(m, a);
    case STUNMSG_FORM_ERROR:
        return error_text(a);
    case STUNMSG_FORM_TYPES:
        return types_text(a);
    case STUNMSG_FORM_TEXT:
        return text_text(a);
    case STUNMSG_FORM_BYTES:
        return bytes_text(a);
    }
    return NULL;
}
