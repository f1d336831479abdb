/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went to and fro, kept in the order in which it happened, under one lock. An entry
 * holds a copy of the bytes, in which ACCESS-TOKEN values (RFC 7635 §6.2: whoever has one
 * can use it) are zeros from the start: what is not kept cannot be written.
 *
 * A token is looked for in whatever looks like STUN, also where the length, the cookie or
 * an attribute before it is wrong: cases send such things on purpose.
 */
#include "probes/core/transcript.h"

#include "base/clock.h"
#include "probes/core/describe.h"
#include "wire/stunmsg.h"

enum { NO_DIRECTION, SENT, RECEIVED };

struct entry {
    int64_t at_ns;
    int direction;
    struct transcript_path path;
    char *note;  /* of an event: its text */
    size_t size; /* of the message, of which `n_kept` bytes are kept */
    size_t n_kept;
    uint8_t *bytes;
};

struct transcript {
    GMutex lock;
    int64_t start_ns;
    GArray *entries; /* of struct entry */
    unsigned n_dropped;
};

static void entry_clear(gpointer data)
{
    struct entry *entry = data;
    g_free(entry->note);
    g_free(entry->bytes);
}

struct transcript *transcript_new(int64_t start_ns)
{
    struct transcript *t = g_new0(struct transcript, 1);
    g_mutex_init(&t->lock);
    t->start_ns = start_ns;
    t->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
    g_array_set_clear_func(t->entries, entry_clear);
    return t;
}

void transcript_free(struct transcript *t)
{
    if (!t)
        return;
    g_array_unref(t->entries);
    g_mutex_clear(&t->lock);
    g_free(t);
}

static void add(struct transcript *t, const struct entry *entry_consumed)
{
    struct entry entry = *entry_consumed;
    g_mutex_lock(&t->lock);
    bool has_room = t->entries->len < TRANSCRIPT_MAX_MESSAGES;
    entry.at_ns = clock_now_ns();
    if (has_room)
        g_array_append_val(t->entries, entry);
    else
        t->n_dropped++;
    g_mutex_unlock(&t->lock);
    if (!has_room)
        entry_clear(&entry);
}

void transcript_add(struct transcript *t, const struct transcript_path *path,
                    bool is_sent, const uint8_t *bytes, size_t size, const char *note)
{
    if (!t)
        return;
    struct entry entry = {
        .direction = is_sent ? SENT : RECEIVED,
        .path = *path,
        .note = g_strdup(note),
        .size = size,
        .n_kept = MIN(size, (size_t)TRANSCRIPT_MAX_BYTES),
    };
    entry.bytes = g_memdup2(bytes, entry.n_kept);
    describe_hide(entry.bytes, entry.n_kept);
    add(t, &entry);
}

void transcript_add_event(struct transcript *t, const struct transcript_path *path,
                          const char *text)
{
    if (!t)
        return;
    struct entry entry = { .path = *path, .note = g_strdup(text) };
    add(t, &entry);
}

/* ---- As JSON ----------------------------------------------------------------------- */

static void set_endpoint(json_t *object, const char *name, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (e->address.family != ADDRESS_NONE)
        json_object_set_new(object, name, json_string(endpoint_format(e, text)));
}

static char *to_hex(const uint8_t *bytes, size_t size)
{
    char *hex = g_malloc(2 * size + 1);
    for (size_t i = 0; i < size; i++)
        g_snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    hex[2 * size] = '\0';
    return hex;
}

static void set_message(json_t *object, const struct entry *entry)
{
    char line[160];
    g_autofree char *hex = to_hex(entry->bytes, entry->n_kept);
    enum stunmsg_error found =
        stunmsg_describe(entry->bytes, entry->n_kept, line, sizeof line);
    if (found != STUNMSG_OK)
        g_snprintf(line, sizeof line, "%zu bytes: %s", entry->size,
                   entry->n_kept < entry->size ? "too long to be kept whole"
                                               : stunmsg_error_text(found));
    json_object_set_new(object, "text", json_string(line));
    json_object_set_new(object, "size", json_integer((json_int_t)entry->size));
    if (entry->n_kept == entry->size)
        json_object_set_new(object, "message",
                            describe_message(entry->bytes, entry->n_kept));
    json_object_set_new(object, "hex", json_string(hex));
}

static json_t *entry_to_json(const struct transcript *t, const struct entry *entry)
{
    static const char *const directions[] = {
        [NO_DIRECTION] = "event", [SENT] = "sent", [RECEIVED] = "received"
    };
    bool is_event = entry->direction == NO_DIRECTION;
    json_t *object = json_object();
    double t_ms = (double)((entry->at_ns - t->start_ns) / NS_PER_US) / 1000.0;
    json_object_set_new(object, "t_ms", json_real(t_ms));
    json_object_set_new(object, "direction", json_string(directions[entry->direction]));
    json_object_set_new(object, "transport",
                        json_string(transport_name(entry->path.transport)));
    set_endpoint(object, "local", &entry->path.local);
    set_endpoint(object, "remote", &entry->path.remote);
    if (entry->note) {
        g_autofree char *valid = g_utf8_make_valid(entry->note, -1);
        json_object_set_new(object, is_event ? "text" : "note", json_string(valid));
    }
    if (!is_event)
        set_message(object, entry);
    return object;
}

json_t *transcript_to_json(struct transcript *t)
{
    json_t *array = json_array();
    g_mutex_lock(&t->lock);
    for (guint i = 0; i < t->entries->len; i++)
        json_array_append_new(
            array, entry_to_json(t, &g_array_index(t->entries, struct entry, i)));
    unsigned n_dropped = t->n_dropped;
    g_mutex_unlock(&t->lock);
    if (n_dropped > 0) {
        g_autofree char *text =
            g_strdup_printf("%u more messages are not kept", n_dropped);
        json_array_append_new(
            array, json_pack("{s:s, s:s}", "direction", "event", "text", text));
    }
    return array;
}
