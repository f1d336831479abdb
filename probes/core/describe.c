/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as a JSON object. It is walked with more patience than stunmsg_decode() has:
 * what is wrong is written down, and the walk goes on for as long as what follows can be
 * told apart. Checksums are looked at only where nothing is wrong with the frame, since
 * they cover what they cover by its lengths.
 *
 * RFC 8489 §5 (header), §14 (attributes), §14.5 to §14.7; RFC 8656 §12.4 (ChannelData).
 */
#include "probes/core/describe_internal.h"

#include <string.h>

#include "probes/output/report.h"

void describe_problem(struct description *d, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    json_array_append_new(d->problems,
                          json_pack("{s:I, s:o}", "at", (json_int_t)at, "text",
                                    report_json_text(text, strlen(text))));
}

const char *describe_type_name(uint16_t type, char out[32])
{
    const char *name = stunmsg_attribute_name(type);
    if (name)
        g_strlcpy(out, name, 32);
    else
        g_snprintf(out, 32, "attribute 0x%04x", type);
    return out;
}

static json_t *hex_of(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    g_autofree char *text = g_malloc(2 * size + 1);
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return json_stringn(text, 2 * size);
}

/* ---- Attributes ---- */

/* An attribute as it stands at an offset, its value cut where the message ends. */
struct place {
    size_t at, padding;
    struct stunmsg_attribute a;
    bool is_cut;
};

/* @return false, with the problem told, if not even its header is there */
static bool find_place(struct description *d, size_t at, struct place *ret)
{
    const struct stunmsg *m = &d->message;
    size_t left = m->size - at;
    if (left < 4) {
        describe_problem(d, at, "an attribute needs 4 bytes at least, %zu are left",
                         left);
        return false;
    }
    struct stunmsg_attribute a = { .type = load_be16(m->bytes + at),
                                   .size = load_be16(m->bytes + at + 2),
                                   .value = m->bytes + at + 4 };
    size_t padding = -(size_t)a.size & 3;
    char name[32];
    left -= 4;
    *ret = (struct place){ at, padding, a, a.size + padding > left };
    if (!ret->is_cut)
        return true;
    describe_problem(d, at + 2, "%s has %u bytes%s, %zu are left",
                     describe_type_name(a.type, name), a.size,
                     a.size <= left ? " and padding" : "", left);
    ret->a.size = (uint16_t)MIN(a.size, left);
    ret->padding = left - ret->a.size;
    return true;
}

static void add_attribute(struct description *d, const struct place *p, bool is_ignored)
{
    char type[8];
    const char *name = stunmsg_attribute_name(p->a.type);
    g_snprintf(type, sizeof type, "0x%04x", p->a.type);
    json_t *object =
        json_pack("{s:I, s:s, s:s*, s:i}", "at", (json_int_t)p->at, "type", type, "name",
                  name, "size", (int)load_be16(d->message.bytes + p->at + 2));
    if (!p->is_cut)
        describe_value(d, &p->a, object);
    if (p->padding)
        json_object_set_new(object, "padding",
                            hex_of(p->a.value + p->a.size, p->padding));
    if (is_ignored)
        json_object_set_new(object, "ignored", json_true());
    if (p->a.type != STUNMSG_ACCESS_TOKEN)
        json_object_set_new(object, "hex", hex_of(p->a.value, p->a.size));
    json_array_append_new(d->attributes, object);
}

/* What follows an integrity attribute proves nothing (RFC 8489 §14.5, §14.6). */
static bool is_ignored(uint16_t sealed_by, uint16_t type)
{
    return sealed_by && type != STUNMSG_FINGERPRINT &&
           !(sealed_by == STUNMSG_MESSAGE_INTEGRITY &&
             type == STUNMSG_MESSAGE_INTEGRITY_SHA256);
}

/* @return whether all of them are whole */
static bool add_attributes(struct description *d)
{
    uint16_t sealed_by = 0;
    struct place p;
    for (size_t at = STUNMSG_HEADER_SIZE; at < d->message.size;
         at += 4 + p.a.size + p.padding) {
        if (json_array_size(d->attributes) == DESCRIBE_MAX_ATTRIBUTES) {
            describe_problem(d, at, "there are more than %d attributes",
                             DESCRIBE_MAX_ATTRIBUTES);
            return false;
        }
        if (!find_place(d, at, &p))
            return false;
        bool ignored = is_ignored(sealed_by, p.a.type);
        add_attribute(d, &p, ignored);
        if (p.is_cut)
            return false;
        if (!ignored && (p.a.type == STUNMSG_MESSAGE_INTEGRITY ||
                         p.a.type == STUNMSG_MESSAGE_INTEGRITY_SHA256))
            sealed_by = p.a.type;
    }
    return true;
}

/* ---- Checksums ---- */

static char *text_of(const struct stunmsg *m, uint16_t type, const char *given)
{
    struct stunmsg_text text;
    if (given)
        return g_strdup(given);
    if (stunmsg_get_text(m, type, &text) != STUNMSG_OK || memchr(text.at, 0, text.size))
        return NULL;
    return g_strndup(text.at, text.size);
}

typedef enum stunmsg_error check_function(const struct stunmsg *m, const void *key,
                                          size_t key_size);

/* With each key that it may have been made with. */
static enum stunmsg_error check_keys(const struct stunmsg *m, check_function *check,
                                     const struct describe_credentials *c)
{
    enum stunmsg_error with_password = check(m, c->password, strlen(c->password));
    if (with_password != STUNMSG_MISMATCH)
        return with_password;
    g_autofree char *user = text_of(m, STUNMSG_USERNAME, c->user);
    g_autofree char *realm = text_of(m, STUNMSG_REALM, c->realm);
    if (!user || !realm)
        return STUNMSG_MISMATCH;
    uint8_t md5[STUNMSG_KEY_SIZE], sha256[STUNMSG_SHA256_SIZE];
    stunmsg_long_term_key(user, realm, c->password, md5);
    stunmsg_long_term_key_sha256(user, realm, c->password, sha256);
    bool ok = check(m, md5, sizeof md5) == STUNMSG_OK ||
              check(m, sha256, sizeof sha256) == STUNMSG_OK;
    explicit_bzero(md5, sizeof md5);
    explicit_bzero(sha256, sizeof sha256);
    return ok ? STUNMSG_OK : STUNMSG_MISMATCH;
}

static const char *status_name(enum stunmsg_error status)
{
    return status == STUNMSG_OK         ? "valid"
           : status == STUNMSG_MISMATCH ? "wrong"
                                        : "malformed";
}

static void add_integrity(struct description *d, const char *key, uint16_t type,
                          check_function *check, const struct describe_credentials *c)
{
    if (!stunmsg_has(&d->message, type))
        return;
    const char *status = c ? status_name(check_keys(&d->message, check, c)) : "unchecked";
    json_object_set_new(d->object, key, json_string(status));
}

/* In the message's own words too, where the attribute is listed. */
static void add_checksums(struct description *d, const struct describe_credentials *c)
{
    struct stunmsg_attribute a;
    enum stunmsg_error status = stunmsg_check_fingerprint(&d->message);
    if (status != STUNMSG_ABSENT) {
        json_object_set_new(d->object, "fingerprint", json_string(status_name(status)));
        if (status == STUNMSG_MALFORMED &&
            stunmsg_find(&d->message, STUNMSG_FINGERPRINT, &a) == STUNMSG_OK &&
            a.size == 4)
            describe_problem(d, (size_t)(a.value - d->message.bytes) - 4,
                             "FINGERPRINT is not the last attribute");
    }
    add_integrity(d, "integrity", STUNMSG_MESSAGE_INTEGRITY, stunmsg_check_integrity, c);
    add_integrity(d, "integrity_sha256", STUNMSG_MESSAGE_INTEGRITY_SHA256,
                  stunmsg_check_integrity_sha256, c);
}

/* ---- Headers ---- */

static void set_what(struct description *d, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void set_what(struct description *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    json_object_set_new(d->object, "what", json_string(what));
}

/* @return whether the message ends where its header says, with the cookie in it */
static bool check_header(struct description *d, size_t size)
{
    const uint8_t *bytes = d->message.bytes;
    size_t length = load_be16(bytes + 2), there = size - STUNMSG_HEADER_SIZE;
    size_t n_before = json_array_size(d->problems);
    if (length % 4)
        describe_problem(d, 2, "the length is %zu, no multiple of 4", length);
    if (length > there)
        describe_problem(d, 2, "the length is %zu, and %zu bytes follow the header",
                         length, there);
    if (length < there)
        describe_problem(d, STUNMSG_HEADER_SIZE + length,
                         "%zu bytes follow the end of the message", there - length);
    if (load_be32(bytes + 4) != STUNMSG_COOKIE)
        describe_problem(d, 4, "the cookie is 0x%08x, must be 0x%08x",
                         load_be32(bytes + 4), STUNMSG_COOKIE);
    d->message.size = STUNMSG_HEADER_SIZE + MIN(length, there);
    return json_array_size(d->problems) == n_before;
}

static void describe_stun(struct description *d, const uint8_t *bytes, size_t size,
                          const struct describe_credentials *credentials)
{
    uint16_t type = load_be16(bytes);
    struct stunmsg *m = &d->message;
    m->bytes = bytes;
    m->method = (uint16_t)((type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2);
    m->class = (uint8_t)((type & 0x0010) >> 4 | (type & 0x0100) >> 7);
    memcpy(m->transaction, bytes + 8, STUNMSG_TRANSACTION_SIZE);
    const char *class = stunmsg_class_name((enum stunmsg_class)m->class);
    const char *known = stunmsg_method_name(m->method);
    g_autofree char *method =
        known ? g_strdup(known) : g_strdup_printf("method 0x%03x", m->method);
    set_what(d, "%s %s", method, class);
    json_object_set_new(d->object, "kind", json_string("stun"));
    json_object_set_new(d->object, "method", json_string(method));
    json_object_set_new(d->object, "class", json_string(class));
    json_object_set_new(d->object, "transaction",
                        hex_of(m->transaction, STUNMSG_TRANSACTION_SIZE));
    d->attributes = json_array();
    json_object_set(d->object, "attributes", d->attributes);
    bool has_frame = check_header(d, size);
    if (add_attributes(d) && has_frame)
        add_checksums(d, credentials);
}

static void describe_channel_data(struct description *d, const uint8_t *bytes,
                                  size_t size)
{
    char channel[8];
    g_snprintf(channel, sizeof channel, "0x%04x", load_be16(bytes));
    size_t data_size = load_be16(bytes + 2);
    json_object_set_new(d->object, "kind", json_string("channel-data"));
    json_object_set_new(d->object, "channel", json_string(channel));
    json_object_set_new(d->object, "data_size", json_integer((json_int_t)data_size));
    json_object_set_new(d->object, "hex", hex_of(bytes + 4, MIN(data_size, size - 4)));
    set_what(d, "ChannelData");
    if (load_be16(bytes) > STUNMSG_CHANNEL_MAX)
        describe_problem(d, 0, "channel %s is reserved: they end at 0x%04x", channel,
                         STUNMSG_CHANNEL_MAX);
    if (data_size > size - 4)
        describe_problem(d, 2, "the length is %zu, and %zu bytes follow the header",
                         data_size, size - 4);
    else if (size - 4 - data_size > 3)
        describe_problem(d, 4 + data_size, "%zu bytes follow the end of the message",
                         size - 4 - data_size);
}

static void describe_other(struct description *d, const uint8_t *bytes, size_t size)
{
    enum stunmsg_traffic traffic = stunmsg_classify(bytes, size);
    json_object_set_new(d->object, "kind", json_string("other"));
    if (traffic != STUNMSG_TRAFFIC_OTHER && traffic != STUNMSG_TRAFFIC_STUN)
        set_what(d, "%s", stunmsg_traffic_name(traffic));
    else
        set_what(d, "no STUN message");
    if (size == 0)
        describe_problem(d, 0, "there are no bytes");
    else if (traffic == STUNMSG_TRAFFIC_OTHER && bytes[0] >> 6 == 0 &&
             size < STUNMSG_HEADER_SIZE)
        describe_problem(d, size, "a header has %d bytes, there are %zu",
                         STUNMSG_HEADER_SIZE, size);
    json_object_set_new(d->object, "hex", hex_of(bytes, size));
}

/* By its first bits (RFC 8489 §5). Of those that start as STUN may, the ones that RFC
   7983 §7 gives to others must have the cookie. */
static void describe_by_kind(struct description *d, const uint8_t *bytes, size_t size,
                             const struct describe_credentials *credentials)
{
    if (size >= STUNMSG_HEADER_SIZE && bytes[0] >> 6 == 0 &&
        (bytes[0] < 4 || load_be32(bytes + 4) == STUNMSG_COOKIE))
        describe_stun(d, bytes, size, credentials);
    else if (size >= 4 && bytes[0] >> 6 == 1)
        describe_channel_data(d, bytes, size);
    else
        describe_other(d, bytes, size);
}

json_t *describe_message_with(const uint8_t *bytes, size_t size,
                              const struct describe_credentials *credentials)
{
    struct description d = { .object = json_object(), .problems = json_array() };
    json_object_set_new(d.object, "kind", json_null()); /* keeps its place */
    json_object_set_new(d.object, "what", json_null());
    json_object_set_new(d.object, "size", json_integer((json_int_t)size));
    describe_by_kind(&d, bytes, size, credentials);
    if (json_array_size(d.problems) > 0)
        json_object_set(d.object, "problems", d.problems);
    json_decref(d.problems);
    json_decref(d.attributes);
    return d.object;
}

json_t *describe_message(const uint8_t *bytes, size_t size)
{
    return describe_message_with(bytes, size, NULL);
}

void describe_hide(uint8_t *bytes, size_t size)
{
    if (size < STUNMSG_HEADER_SIZE || bytes[0] >> 6 != 0)
        return;
    for (size_t at = STUNMSG_HEADER_SIZE; at + 4 <= size;) {
        size_t value_size = load_be16(bytes + at + 2), left = size - at - 4;
        if (load_be16(bytes + at) == STUNMSG_ACCESS_TOKEN)
            memset(bytes + at + 4, 0, MIN(value_size, left));
        at += 4 + ((value_size + 3) & ~(size_t)3);
    }
}
