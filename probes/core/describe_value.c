/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an attribute's value says, by its form and, where that is not all, by its type.
 * A value that is not of its form is a problem, and its bytes are all that is told.
 *
 * RFC 8489 §14, RFC 8656 §18, RFC 5780 §7, RFC 7635 §6, RFC 7982 §3, RFC 8016 §3; the
 * nonce cookie: RFC 8489 §9.2 and §18.1.
 */
#include "probes/core/describe_internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "probes/output/report.h"

#define NONCE_COOKIE      "obMatJos2"
#define NONCE_COOKIE_SIZE 13 /* with the 24 bits of features in base64 */

struct field {
    struct description *d;
    const struct stunmsg_attribute *a;
    json_t *object;
};

static void set_text(const struct field *f, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void set_text(const struct field *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    json_object_set_new(f->object, "text", report_json_text(text, strlen(text)));
}

static void set_number(const struct field *f, uint64_t value)
{
    json_object_set_new(f->object, "value", json_integer((json_int_t)value));
}

static bool has_size(const struct field *f, size_t wanted)
{
    char name[32];
    if (f->a->size == wanted)
        return true;
    describe_problem(f->d, (size_t)(f->a->value - f->d->message.bytes) - 2,
                     "%s must have %zu bytes, has %u",
                     describe_type_name(f->a->type, name), wanted, f->a->size);
    return false;
}

/* ---- Numbers ---- */

static const char *family_name(unsigned family)
{
    return family == STUNMSG_FAMILY_IPV4   ? "IPv4"
           : family == STUNMSG_FAMILY_IPV6 ? "IPv6"
                                           : "unknown";
}

static void describe_small(const struct field *f)
{
    unsigned value = f->a->value[0];
    set_number(f, value);
    switch (f->a->type) {
    case STUNMSG_REQUESTED_TRANSPORT:
        set_text(f, "%u (%s)", value,
                 value == 17  ? "UDP"
                 : value == 6 ? "TCP"
                              : "unknown");
        break;
    case STUNMSG_REQUESTED_ADDRESS_FAMILY:
    case STUNMSG_ADDITIONAL_ADDRESS_FAMILY:
        set_text(f, "%u (%s)", value, family_name(value));
        break;
    case STUNMSG_EVEN_PORT:
        set_text(f,
                 value & 0x80 ? "an even port, the next one reserved" : "an even port");
        break;
    default:
        set_text(f, "%u", value);
    }
}

static void describe_u16(const struct field *f)
{
    uint16_t value = load_be16(f->a->value);
    set_number(f, value);
    set_text(f, f->a->type == STUNMSG_CHANNEL_NUMBER ? "0x%04x" : "%u", value);
}

static void describe_change_request(const struct field *f, uint32_t value)
{
    bool ip = value & STUNMSG_CHANGE_IP, port = value & STUNMSG_CHANGE_PORT;
    set_text(f, "%s",
             ip && port ? "change IP and port"
             : ip       ? "change IP"
             : port     ? "change port"
                        : "change nothing");
}

static void describe_u32(const struct field *f)
{
    uint32_t value = load_be32(f->a->value);
    set_number(f, value);
    switch (f->a->type) {
    case STUNMSG_LIFETIME:
        set_text(f, "%" PRIu32 " s", value);
        break;
    case STUNMSG_CHANGE_REQUEST:
        describe_change_request(f, value);
        break;
    case STUNMSG_FINGERPRINT:
    case STUNMSG_CONNECTION_ID:
        set_text(f, "0x%08" PRIx32, value);
        break;
    default:
        set_text(f, "%" PRIu32, value);
    }
}

static void describe_u64(const struct field *f)
{
    g_autofree char *text = g_strdup_printf(
        "0x%08" PRIx32 "%08" PRIx32, load_be32(f->a->value), load_be32(f->a->value + 4));
    json_object_set_new(f->object, "value", json_string(text));
    set_text(f, "%s", text);
}

/* ---- Addresses and errors ---- */

static void describe_address(const struct field *f)
{
    struct endpoint endpoint;
    char text[ENDPOINT_TEXT_SIZE], name[32];
    if (stunmsg_read_address(&f->d->message, f->a, &endpoint) != STUNMSG_OK) {
        describe_problem(f->d, (size_t)(f->a->value - f->d->message.bytes),
                         "%s is no IPv4 address of 8 bytes and no IPv6 address of 20",
                         describe_type_name(f->a->type, name));
        return;
    }
    endpoint_format(&endpoint, text);
    json_object_set_new(f->object, "value", json_string(text));
    set_text(f, "%s", text);
}

static void describe_error(const struct field *f)
{
    size_t at = (size_t)(f->a->value - f->d->message.bytes);
    if (f->a->size < 4) {
        describe_problem(f->d, at - 2, "an error needs 4 bytes at least, has %u",
                         f->a->size);
        return;
    }
    unsigned class = f->a->value[2] & 7, number = f->a->value[3];
    if (class < 3 || class > 6 || number > 99)
        describe_problem(f->d, at + 2,
                         "an error has class 3 to 6 and number 0 to 99, not %u and %u",
                         class, number);
    const char *family =
        f->a->type == STUNMSG_ADDRESS_ERROR_CODE ? family_name(f->a->value[0]) : NULL;
    json_t *reason = report_json_text((const char *)f->a->value + 4, f->a->size - 4u);
    set_text(f, "%s%s%u \"%s\"", family ? family : "", family ? ": " : "",
             class * 100 + number, reason ? json_string_value(reason) : "");
    json_t *value =
        json_pack("{s:i, s:o}", "code", (int)(class * 100 + number), "reason", reason);
    if (family)
        json_object_set_new(value, "family", json_string(family));
    json_object_set_new(f->object, "value", value);
}

static void describe_types(const struct field *f)
{
    json_t *list = json_array();
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i + 2 <= f->a->size; i += 2) {
        uint16_t type = load_be16(f->a->value + i);
        char name[32];
        describe_type_name(type, name);
        json_array_append_new(list, json_string(name));
        g_string_append_printf(text, "%s%s", i ? ", " : "", name);
    }
    if (f->a->size % 2)
        describe_problem(f->d, (size_t)(f->a->value - f->d->message.bytes) - 2,
                         "types take 2 bytes each, there are %u", f->a->size);
    json_object_set_new(f->object, "value", list);
    set_text(f, "%s", text->len ? text->str : "none");
}

/* ---- Text ---- */

static void describe_nonce(const struct field *f, const char *text)
{
    if (f->a->size < NONCE_COOKIE_SIZE || !g_str_has_prefix(text, NONCE_COOKIE))
        return;
    gsize size = 0;
    g_autofree char *base64 =
        g_strndup((const char *)f->a->value + strlen(NONCE_COOKIE), 4);
    g_autofree guchar *features = g_base64_decode(base64, &size);
    if (size != 3)
        return;
    set_text(f, "\"%s\" (RFC 8489%s%s)", text,
             features[0] & 0x80 ? ", password algorithms" : "",
             features[0] & 0x40 ? ", anonymous user names" : "");
}

static void describe_text(const struct field *f)
{
    g_autoptr(json_t) value = report_json_text((const char *)f->a->value, f->a->size);
    const char *text = value ? json_string_value(value) : "";
    char name[32];
    json_object_set(f->object, "value", value);
    set_text(f, "\"%s\"", text);
    if (!g_utf8_validate((const char *)f->a->value, f->a->size, NULL))
        describe_problem(f->d, (size_t)(f->a->value - f->d->message.bytes),
                         "%s is not UTF-8", describe_type_name(f->a->type, name));
    if (f->a->type == STUNMSG_NONCE)
        describe_nonce(f, text);
}

/* ---- What has a layout of its own ---- */

static const char *algorithm_name(uint16_t algorithm)
{
    return algorithm == 1 ? "MD5" : algorithm == 2 ? "SHA-256" : NULL; /* §18.5 */
}

/* Numbers, sizes and padded parameters (RFC 8489 §14.11, §14.12). */
static void describe_algorithms(const struct field *f)
{
    struct cursor at = cursor_over(f->a->value, f->a->size);
    json_t *list = json_array();
    g_autoptr(GString) text = g_string_new(NULL);
    while (at.left > 0 && !at.bad) {
        uint16_t algorithm = cursor_u16(&at);
        size_t size = cursor_u16(&at);
        cursor_take(&at, MIN((size + 3) & ~(size_t)3, MAX(at.left, size)));
        if (at.bad)
            break;
        const char *known = algorithm_name(algorithm);
        g_autofree char *name =
            known ? g_strdup(known) : g_strdup_printf("algorithm 0x%04x", algorithm);
        json_array_append_new(list, json_string(name));
        g_string_append_printf(text, "%s%s", text->len ? ", " : "", name);
    }
    json_object_set_new(f->object, "value", list);
    set_text(f, "%s", text->len ? text->str : "none");
    if (at.bad)
        describe_problem(f->d, (size_t)(at.at - f->d->message.bytes),
                         "an algorithm's parameters end behind the attribute");
}

static void describe_icmp(const struct field *f)
{
    if (!has_size(f, 8))
        return;
    set_text(f, "type %u, code %u, data %" PRIu32, f->a->value[2], f->a->value[3],
             load_be32(f->a->value + 4));
}

static void describe_bytes(const struct field *f)
{
    switch (f->a->type) {
    case STUNMSG_PASSWORD_ALGORITHM:
    case STUNMSG_PASSWORD_ALGORITHMS:
        describe_algorithms(f);
        break;
    case STUNMSG_ICMP:
        describe_icmp(f);
        break;
    case STUNMSG_TRANSACTION_TRANSMIT_COUNTER:
        if (has_size(f, 4))
            set_text(f, "request %u, response %u", f->a->value[2], f->a->value[3]);
        break;
    case STUNMSG_MESSAGE_INTEGRITY:
        has_size(f, STUNMSG_SHA1_SIZE);
        break;
    case STUNMSG_MESSAGE_INTEGRITY_SHA256: /* may be cut: RFC 8489 §14.6 */
        if (f->a->size < 16 || f->a->size > STUNMSG_SHA256_SIZE || f->a->size % 4)
            describe_problem(f->d, (size_t)(f->a->value - f->d->message.bytes) - 2,
                             "MESSAGE-INTEGRITY-SHA256 must have 16 to 32 bytes, a "
                             "multiple of 4, has %u",
                             f->a->size);
        break;
    case STUNMSG_ACCESS_TOKEN:
        set_text(f, "not shown");
        break;
    }
}

void describe_value(struct description *d, const struct stunmsg_attribute *a,
                    json_t *object)
{
    const struct field f = { d, a, object };
    switch (stunmsg_attribute_form(a->type)) {
    case STUNMSG_FORM_FLAG:
        has_size(&f, 0);
        break;
    case STUNMSG_FORM_OCTET:
        if (has_size(&f, 1))
            describe_small(&f);
        break;
    case STUNMSG_FORM_U8:
        if (has_size(&f, 4))
            describe_small(&f);
        break;
    case STUNMSG_FORM_U16:
        if (has_size(&f, 4))
            describe_u16(&f);
        break;
    case STUNMSG_FORM_U32:
        if (has_size(&f, 4))
            describe_u32(&f);
        break;
    case STUNMSG_FORM_U64:
        if (has_size(&f, 8))
            describe_u64(&f);
        break;
    case STUNMSG_FORM_ADDRESS:
    case STUNMSG_FORM_XOR_ADDRESS:
        describe_address(&f);
        break;
    case STUNMSG_FORM_ERROR:
        describe_error(&f);
        break;
    case STUNMSG_FORM_TYPES:
        describe_types(&f);
        break;
    case STUNMSG_FORM_TEXT:
        describe_text(&f);
        break;
    case STUNMSG_FORM_BYTES:
        describe_bytes(&f);
        break;
    }
}
