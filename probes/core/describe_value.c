/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an attribute's value says: its words are wire/stunmsg_value.h's; here are the
 * value that a program reads, and what is wrong with it. A value that is not of its form
 * is a problem, and its bytes are all that is told.
 *
 * RFC 8489 §14, RFC 8656 §18, RFC 7982 §3.
 */
#include "probes/core/describe_internal.h"

#include <string.h>

#include "probes/output/report.h"
#include "wire/stunmsg_value.h"

struct field {
    struct description *d;
    const struct stunmsg_attribute *a;
    json_t *object;
};

static void set_text(const struct field *f)
{
    g_autofree char *text = stunmsg_value_text(&f->d->message, f->a);
    if (text)
        json_object_set_new(f->object, "text", json_string(text));
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

static void describe_number(const struct field *f)
{
    uint64_t value = f->a->value[0];
    enum stunmsg_form form = stunmsg_attribute_form(f->a->type);
    if (form == STUNMSG_FORM_U16)
        value = load_be16(f->a->value);
    else if (form == STUNMSG_FORM_U32)
        value = load_be32(f->a->value);
    json_object_set_new(f->object, "value", json_integer((json_int_t)value));
    set_text(f);
}

/* As a text: JSON's numbers lose some of 64 bits. */
static void describe_u64(const struct field *f)
{
    g_autofree char *text = stunmsg_value_text(&f->d->message, f->a);
    json_object_set_new(f->object, "value", json_string(text));
    set_text(f);
}

/* ---- Addresses and errors ---- */

static const char *family_name(unsigned family)
{
    return family == STUNMSG_FAMILY_IPV4   ? "IPv4"
           : family == STUNMSG_FAMILY_IPV6 ? "IPv6"
                                           : "unknown";
}

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
    set_text(f);
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
    set_text(f);
    json_t *value =
        json_pack("{s:i, s:o}", "code", (int)(class * 100 + number), "reason", reason);
    if (family)
        json_object_set_new(value, "family", json_string(family));
    json_object_set_new(f->object, "value", value);
}

static void describe_types(const struct field *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i + 2 <= f->a->size; i += 2) {
        char name[32];
        describe_type_name(load_be16(f->a->value + i), name);
        json_array_append_new(list, json_string(name));
    }
    if (f->a->size % 2)
        describe_problem(f->d, (size_t)(f->a->value - f->d->message.bytes) - 2,
                         "types take 2 bytes each, there are %u", f->a->size);
    json_object_set_new(f->object, "value", list);
    set_text(f);
}

static void describe_text(const struct field *f)
{
    char name[32];
    json_object_set_new(f->object, "value",
                        report_json_text((const char *)f->a->value, f->a->size));
    set_text(f);
    if (!g_utf8_validate((const char *)f->a->value, f->a->size, NULL))
        describe_problem(f->d, (size_t)(f->a->value - f->d->message.bytes),
                         "%s is not UTF-8", describe_type_name(f->a->type, name));
}

/* ---- What has a layout of its own ---- */

/* Numbers, sizes and padded parameters (RFC 8489 §14.11, §14.12). */
static void describe_algorithms(const struct field *f)
{
    struct cursor at = cursor_over(f->a->value, f->a->size);
    json_t *list = json_array();
    while (at.left > 0 && !at.bad) {
        uint16_t algorithm = cursor_u16(&at);
        size_t size = cursor_u16(&at);
        cursor_take(&at, MIN((size + 3) & ~(size_t)3, MAX(at.left, size)));
        if (at.bad)
            break;
        g_autofree char *name = stunmsg_algorithm_text(algorithm);
        json_array_append_new(list, json_string(name));
    }
    json_object_set_new(f->object, "value", list);
    set_text(f);
    if (at.bad)
        describe_problem(f->d, (size_t)(at.at - f->d->message.bytes),
                         "an algorithm's parameters end behind the attribute");
}

static void describe_bytes(const struct field *f)
{
    switch (f->a->type) {
    case STUNMSG_PASSWORD_ALGORITHM:
    case STUNMSG_PASSWORD_ALGORITHMS:
        describe_algorithms(f);
        break;
    case STUNMSG_ICMP:
        if (has_size(f, 8))
            set_text(f);
        break;
    case STUNMSG_TRANSACTION_TRANSMIT_COUNTER:
        if (has_size(f, 4))
            set_text(f);
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
        set_text(f);
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
            describe_number(&f);
        break;
    case STUNMSG_FORM_U8:
        if (has_size(&f, 4))
            describe_number(&f);
        break;
    case STUNMSG_FORM_U16:
        if (has_size(&f, 4))
            describe_number(&f);
        break;
    case STUNMSG_FORM_U32:
        if (has_size(&f, 4))
            describe_number(&f);
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
