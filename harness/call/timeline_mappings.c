/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mappings of NATs, from their events. A mapping is told apart by its NAT, protocol
 * and both its ends; once it has expired the same ones make another.
 */
#include "call/timeline_make.h"

static const char *text_of(const struct timeline_event *e, const char *key)
{
    const char *text = timeline_text(e, key);
    return text ? text : "";
}

static char *name_of(const struct timeline_event *e)
{
    return g_strjoin("\n", e->src, text_of(e, "protocol"), text_of(e, "internal"),
                     text_of(e, "external"), NULL);
}

static void add_mapping(struct timeline *t, GHashTable *live,
                        const struct timeline_event *e)
{
    struct timeline_mapping mapping = {
        .nat = g_strdup(e->src),
        .protocol = g_strdup(text_of(e, "protocol")),
        .internal = g_strdup(text_of(e, "internal")),
        .external = g_strdup(text_of(e, "external")),
        .remote = g_strdup(text_of(e, "remote")),
        .created_us = e->t_us,
        .expired_us = TIMELINE_NEVER,
        .refreshed_us = g_array_new(FALSE, FALSE, sizeof(int64_t)),
    };
    g_array_append_val(t->mappings, mapping);
    g_hash_table_insert(live, name_of(e), GUINT_TO_POINTER(t->mappings->len));
}

void timeline_make_mappings(struct timeline_maker *m)
{
    struct timeline *t = m->timeline;
    /* char *: index in mappings + 1 */
    g_autoptr(GHashTable) live =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < t->events->len; i++) {
        const struct timeline_event *e = timeline_at(t->events, struct timeline_event, i);
        if (e->kind == EVENT_NAT_MAPPING_CREATED) {
            add_mapping(t, live, e);
            continue;
        }
        if (e->kind != EVENT_NAT_MAPPING_REFRESHED &&
            e->kind != EVENT_NAT_MAPPING_EXPIRED)
            continue;
        g_autofree char *name = name_of(e);
        gpointer known = g_hash_table_lookup(live, name);
        if (!known)
            continue;
        struct timeline_mapping *mapping = timeline_at(
            t->mappings, struct timeline_mapping, GPOINTER_TO_UINT(known) - 1);
        if (e->kind == EVENT_NAT_MAPPING_REFRESHED) {
            g_array_append_val(mapping->refreshed_us, e->t_us);
        } else {
            mapping->expired_us = e->t_us;
            g_hash_table_remove(live, name);
        }
    }
}
