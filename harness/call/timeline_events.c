/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading events.jsonl. A line that cannot be read, of an unknown kind or without a time
 * is left out; the rest is put in the order of its times.
 *
 * Where there are too many, of a mapping's refreshing, which each packet of media does,
 * the first in each tenth of a second is kept; after that, what is beyond the bound goes.
 */
#include "call/timeline_make.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "call/record.h"

static bool read_event(json_t *line, struct timeline_event *ret)
{
    const json_t *t_us = json_object_get(line, "t_us");
    const char *src = json_string_value(json_object_get(line, "src"));
    const char *name = json_string_value(json_object_get(line, "kind"));
    const json_t *data = json_object_get(line, "data");
    enum event_kind kind;
    if (!json_is_integer(t_us) || !src || !name || !json_is_object(data) ||
        !event_kind_from_name(name, &kind))
        return false;
    *ret = (struct timeline_event){
        .t_us = json_integer_value(t_us), .src = src, .kind = kind, .data = data
    };
    return true;
}

static gint compare_events(gconstpointer a, gconstpointer b)
{
    int64_t left = ((const struct timeline_event *)a)->t_us;
    int64_t right = ((const struct timeline_event *)b)->t_us;
    return (left > right) - (left < right);
}

const char *timeline_text(const struct timeline_event *event, const char *key)
{
    return json_string_value(json_object_get(event->data, key));
}

enum role timeline_role_of(const struct timeline_event *event)
{
    for (unsigned role = 0; role < N_ROLES; role++)
        if (strcmp(event->src, role_names[role]) == 0)
            return (enum role)role;
    return N_ROLES;
}

/* Whether a mapping was refreshed in the same tenth of a second before. */
static bool refreshes_again(GHashTable *refreshed, const struct timeline_event *e)
{
    enum { REFRESH_US = 100000 };
    if (e->kind != EVENT_NAT_MAPPING_REFRESHED)
        return false;
    const char *internal = timeline_text(e, "internal");
    const char *external = timeline_text(e, "external");
    g_autofree char *name =
        g_strjoin("\n", e->src, internal ? internal : "", external ? external : "", NULL);
    gpointer now = GSIZE_TO_POINTER((gsize)(e->t_us / REFRESH_US) + 1);
    if (g_hash_table_lookup(refreshed, name) == now)
        return true;
    g_hash_table_insert(refreshed, g_steal_pointer(&name), now);
    return false;
}

gboolean timeline_load_events(struct timeline_maker *m, const char *folder,
                              GError **error)
{
    struct timeline *t = m->timeline;
    g_autofree char *path = g_build_filename(folder, RECORD_EVENTS_FILE, NULL);
    g_autofree char *text = NULL;
    gsize size = 0;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(path, &text, &size, &problem)) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "cannot read %s: %s", path,
                    problem->message);
        return FALSE;
    }
    size_t kept_bytes = 0;
    /* char *: when it was last refreshed, in REFRESH_US, + 1 */
    g_autoptr(GHashTable) refreshed =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const char *at = text, *end = text + size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        json_t *line = json_loadb(at, length, JSON_REJECT_DUPLICATES, NULL);
        struct timeline_event event;
        if (line && read_event(line, &event)) {
            bool is_many = size > TIMELINE_MAX_EVENT_BYTES;
            if ((is_many && refreshes_again(refreshed, &event)) ||
                length > TIMELINE_MAX_EVENT_BYTES - kept_bytes) {
                t->is_cut = true;
            } else {
                kept_bytes += length;
                json_array_append(t->lines, line);
                g_array_append_val(t->events, event);
            }
        }
        json_decref(line);
        at += length + 1;
    }
    g_array_sort(t->events, compare_events); /* stable */
    return TRUE;
}
