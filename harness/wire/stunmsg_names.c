/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of what is in a message, and a message in one line.
 *
 * The names come from the lists in the header, so that a number cannot have one here and
 * be unknown there. A description shows each attribute in its order with what its form
 * lets us read; text is quoted and made printable, since it comes from the network and
 * goes to terminals and captures.
 *
 * It does not verify: "MESSAGE-INTEGRITY" in a line means that it is there, not that it
 * is right.
 *
 * RFC 8489 §14.8, §18; IANA "STUN Parameters".
 */
#include "wire/stunmsg.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <glib.h>

const char *stunmsg_method_name(uint16_t method)
{
    switch (method) {
#define X(symbol, number, name) \
    case number:                \
        return name;
        STUNMSG_METHODS(X)
#undef X
    }
    return NULL;
}

const char *stunmsg_class_name(enum stunmsg_class class)
{
    static const char *const names[] = {
        [STUNMSG_REQUEST] = "request",
        [STUNMSG_INDICATION] = "indication",
        [STUNMSG_SUCCESS] = "success response",
        [STUNMSG_FAILURE] = "error response",
    };
    return names[class];
}

const char *stunmsg_attribute_name(uint16_t type)
{
    switch (type) {
#define X(symbol, number, name, form) \
    case number:                      \
        return name;
        STUNMSG_ATTRIBUTES(X)
#undef X
    }
    return NULL;
}

enum stunmsg_form stunmsg_attribute_form(uint16_t type)
{
    switch (type) {
#define X(symbol, number, name, form) \
    case number:                      \
        return STUNMSG_FORM_##form;
        STUNMSG_ATTRIBUTES(X)
#undef X
    }
    return STUNMSG_FORM_BYTES;
}

const char *stunmsg_code_reason(unsigned code)
{
    switch (code) {
#define X(symbol, number, reason) \
    case number:                  \
        return reason;
        STUNMSG_CODES(X)
#undef X
    }
    return NULL;
}

const char *stunmsg_error_text(enum stunmsg_error error)
{
    static const char *const texts[] = {
        [STUNMSG_OK] = "well-formed",
        [STUNMSG_SHORT] = "ends too early",
        [STUNMSG_TRAILING] = "followed by other bytes",
        [STUNMSG_NOT_STUN] = "not STUN",
        [STUNMSG_MALFORMED] = "malformed attribute",
        [STUNMSG_ABSENT] = "attribute absent",
        [STUNMSG_MISMATCH] = "checksum or integrity does not match",
        [STUNMSG_NO_SPACE] = "does not fit",
    };
    _Static_assert(sizeof texts / sizeof *texts == STUNMSG_N_ERRORS, "one text each");
    return texts[error];
}

/* A line that is cut at its end rather than overrun. */
struct line {
    char *at;
    size_t size;
    size_t used;
    bool cut;
};

static void G_GNUC_PRINTF(2, 3) line_add(struct line *line, const char *format, ...)
{
    if (line->cut)
        return;
    va_list arguments;
    va_start(arguments, format);
    size_t room = line->size - line->used;
    int wanted = vsnprintf(line->at + line->used, room, format, arguments);
    va_end(arguments);
    line->cut = wanted < 0 || (size_t)wanted >= room;
    line->used = line->cut ? line->size - 1 : line->used + (size_t)wanted;
}

static void line_add_quoted(struct line *line, const uint8_t *text, size_t size)
{
    line_add(line, " \"");
    for (size_t i = 0; i < size && !line->cut; i++) {
        bool plain =
            text[i] >= 0x20 && text[i] < 0x7f && text[i] != '"' && text[i] != '\\';
        line_add(line, plain ? "%c" : "\\x%02x", text[i]);
    }
    line_add(line, "\"");
}

static void line_add_value(struct line *line, const struct stunmsg *m,
                           const struct stunmsg_attribute *a)
{
    enum stunmsg_form form = stunmsg_attribute_form(a->type);
    char text[ENDPOINT_TEXT_SIZE];
    struct endpoint endpoint;

    if (form == STUNMSG_FORM_TEXT) {
        line_add_quoted(line, a->value, a->size);
    } else if ((form == STUNMSG_FORM_OCTET && a->size == 1) ||
               (form == STUNMSG_FORM_U8 && a->size == 4)) {
        line_add(line, " %u", a->value[0]);
    } else if (form == STUNMSG_FORM_U16 && a->size == 4) {
        bool is_channel = a->type == STUNMSG_CHANNEL_NUMBER;
        line_add(line, is_channel ? " 0x%04x" : " %u", load_be16(a->value));
    } else if (form == STUNMSG_FORM_U32 && a->size == 4) {
        if (a->type != STUNMSG_FINGERPRINT)
            line_add(line, " %" PRIu32, load_be32(a->value));
    } else if (form == STUNMSG_FORM_U64 && a->size == 8) {
        line_add(line, " %08" PRIx32 "%08" PRIx32, load_be32(a->value),
                 load_be32(a->value + 4));
    } else if (form == STUNMSG_FORM_ADDRESS || form == STUNMSG_FORM_XOR_ADDRESS) {
        bool ok = stunmsg_read_address(m, a, &endpoint) == STUNMSG_OK;
        line_add(line, " %s", ok ? endpoint_format(&endpoint, text) : "(malformed)");
    } else if (form == STUNMSG_FORM_ERROR && a->size >= 4) {
        line_add(line, " %u", (a->value[2] & 7u) * 100 + a->value[3]);
        line_add_quoted(line, a->value + 4, a->size - 4u);
    } else if (form == STUNMSG_FORM_TYPES && a->size % 2 == 0) {
        for (size_t i = 0; i + 2 <= a->size && !line->cut; i += 2)
            line_add(line, " 0x%04x", load_be16(a->value + i));
    } else if (a->type == STUNMSG_DATA) {
        line_add(line, " %u bytes", a->size);
    } else if (form != STUNMSG_FORM_BYTES &&
               !(form == STUNMSG_FORM_FLAG && a->size == 0)) {
        line_add(line, " (malformed)");
    }
}

static void describe_message(struct line *line, const struct stunmsg *m)
{
    const char *method = stunmsg_method_name(m->method);
    if (method)
        line_add(line, "%s", method);
    else
        line_add(line, "method 0x%03x", m->method);
    line_add(line, " %s", stunmsg_class_name(m->class));

    struct stunmsg_iterator i = stunmsg_attributes(m);
    struct stunmsg_attribute a;
    while (stunmsg_next(&i, &a) && !line->cut) {
        const char *name = stunmsg_attribute_name(a.type);
        if (name)
            line_add(line, ", %s", name);
        else
            line_add(line, ", attribute 0x%04x", a.type);
        line_add_value(line, m, &a);
        if (a.ignored)
            line_add(line, " (after the integrity)");
    }
}

enum stunmsg_error stunmsg_describe(const uint8_t *bytes, size_t size, char *out,
                                    size_t out_size)
{
    struct line line = { .at = out, .size = out_size };
    struct stunmsg m;
    struct stunmsg_channel_data data;
    if (out_size == 0)
        return STUNMSG_NO_SPACE;
    if (size > 0 && bytes[0] >> 6 == 1) {
        enum stunmsg_error error = stunmsg_channel_data_decode(bytes, size, &data);
        if (error != STUNMSG_OK)
            return error;
        line_add(&line, "ChannelData 0x%04x, %u bytes", data.channel, data.size);
    } else {
        enum stunmsg_error error = stunmsg_decode(bytes, size, &m);
        if (error != STUNMSG_OK)
            return error;
        describe_message(&line, &m);
    }
    if (line.cut && out_size > 3)
        memcpy(out + out_size - 4, "...", 4);
    return STUNMSG_OK;
}
