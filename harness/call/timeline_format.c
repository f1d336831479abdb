/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timeline as JSON: keys are the names of the structs' members. Packets are many, so
 * that what they do not have is left out; elsewhere it is null.
 */
#include "call/timeline.h"

#include "call/timeline_make.h"

static json_t *time_or_null(int64_t t_us)
{
    return t_us == TIMELINE_NEVER ? json_null() : json_integer(t_us);
}

static json_t *index_or_null(uint32_t index)
{
    return index == TIMELINE_NONE ? json_null() : json_integer(index);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *format_u64(uint64_t value)
{
    char text[24];
    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, value);
    return json_string(text);
}

static json_t *format_indices(const GArray *indices)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < indices->len; i++)
        json_array_append_new(list, json_integer(g_array_index(indices, uint32_t, i)));
    return list;
}

static void set(json_t *object, const char *key, json_t *value_consumed)
{
    json_object_set_new_nocheck(object, key, value_consumed);
}

static void set_if(json_t *object, const char *key, const char *text)
{
    if (text)
        set(object, key, json_string(text));
}

/* ---- what is in a timeline ---- */

static json_t *format_event(const void *at)
{
    const struct timeline_event *e = at;
    json_t *object = json_object();
    set(object, "t_us", json_integer(e->t_us));
    set(object, "src", json_string(e->src));
    set(object, "kind", json_string(event_kind_name(e->kind)));
    /* A reference more does not change it. */
    set(object, "data", json_incref((json_t *)e->data));
    return object;
}

static json_t *format_packet(const void *at)
{
    const struct timeline_packet *p = at;
    json_t *object = json_object();
    set(object, "number", json_integer(p->number));
    set(object, "t_us", json_integer(p->t_us));
    set(object, "tap", json_integer(p->tap));
    if (p->is_outward)
        set(object, "is_outward", json_true());
    if (p->id)
        set(object, "id", format_u64(p->id));
    set(object, "size", json_integer(p->size));
    set(object, "protocol", json_integer(p->protocol));
    set_if(object, "src", p->src);
    set_if(object, "dst", p->dst);
    set_if(object, "summary", p->summary);
    if (p->verdict != TIMELINE_PASSED)
        set(object, "verdict", json_string(timeline_verdict_names[p->verdict]));
    set_if(object, "note", p->note);
    set_if(object, "element", p->element);
    set_if(object, "reason", p->reason);
    if (p->message != TIMELINE_NONE)
        set(object, "message", json_integer(p->message));
    return object;
}

static json_t *format_message(const void *at)
{
    const struct timeline_message *m = at;
    json_t *object = json_object();
    json_t *attributes = json_array();
    for (unsigned i = 0; i < m->attributes->len; i++)
        json_array_append_new(attributes, json_string(m->attributes->pdata[i]));
    set(object, "method", json_integer(m->method));
    set(object, "class", json_integer(m->class));
    set(object, "transaction", json_string(m->transaction));
    set(object, "attributes", attributes);
    set(object, "integrity", json_string(timeline_integrity_names[m->integrity]));
    set(object, "has_fingerprint", json_boolean(m->has_fingerprint));
    set(object, "is_fingerprint_right", json_boolean(m->is_fingerprint_right));
    set(object, "is_check", json_boolean(m->is_check));
    set(object, "is_relayed", json_boolean(m->is_relayed));
    set(object, "peer", text_or_null(m->peer));
    return object;
}

static json_t *format_transaction(const void *at)
{
    const struct timeline_transaction *t = at;
    json_t *object = json_object();
    set(object, "role", json_string(role_names[t->role]));
    set(object, "use", json_string(timeline_use_names[t->use]));
    set(object, "method", json_integer(t->method));
    set(object, "transaction", json_string(t->transaction));
    set(object, "requests", format_indices(t->requests));
    set(object, "losses", format_indices(t->losses));
    set(object, "answer", index_or_null(t->answer));
    set(object, "error_code", json_integer(t->error_code));
    set(object, "pair", index_or_null(t->pair));
    set(object, "nominates", json_boolean(t->nominates));
    set(object, "server", text_or_null(t->server));
    return object;
}

static json_t *format_candidate(const void *at)
{
    const struct timeline_candidate *c = at;
    json_t *object = json_object();
    set(object, "text", json_string(c->text));
    set(object, "type", json_string(c->type));
    set(object, "protocol", json_string(c->protocol));
    set(object, "address", json_string(c->address));
    set(object, "port", json_integer(c->port));
    set(object, "priority", json_integer(c->priority));
    set(object, "foundation", json_string(c->foundation));
    set(object, "base", text_or_null(c->base));
    set(object, "gathered_us", time_or_null(c->gathered_us));
    set(object, "sent_us", time_or_null(c->sent_us));
    set(object, "delivered_us", time_or_null(c->delivered_us));
    set(object, "taken_us", time_or_null(c->taken_us));
    return object;
}

static json_t *format_pair(const void *at)
{
    const struct timeline_pair *p = at;
    json_t *object = json_object();
    set(object, "local", json_integer(p->local));
    set(object, "remote", json_integer(p->remote));
    set(object, "priority", format_u64(p->priority));
    set(object, "possible_us", time_or_null(p->possible_us));
    set(object, "first_check_us", time_or_null(p->first_check_us));
    set(object, "valid_us", time_or_null(p->valid_us));
    set(object, "nominated_us", time_or_null(p->nominated_us));
    set(object, "failed_us", time_or_null(p->failed_us));
    set(object, "selected_us", time_or_null(p->selected_us));
    set(object, "checks", format_indices(p->checks));
    return object;
}

static json_t *format_mapping(const void *at)
{
    const struct timeline_mapping *m = at;
    json_t *object = json_object();
    json_t *refreshed = json_array();
    for (unsigned i = 0; i < m->refreshed_us->len; i++)
        json_array_append_new(refreshed,
                              json_integer(g_array_index(m->refreshed_us, int64_t, i)));
    set(object, "nat", text_or_null(m->nat));
    set(object, "protocol", text_or_null(m->protocol));
    set(object, "internal", text_or_null(m->internal));
    set(object, "external", text_or_null(m->external));
    set(object, "remote", text_or_null(m->remote));
    set(object, "created_us", time_or_null(m->created_us));
    set(object, "expired_us", time_or_null(m->expired_us));
    set(object, "refreshed_us", refreshed);
    return object;
}

static json_t *format_description(const void *at)
{
    const struct timeline_description *d = at;
    json_t *object = json_object();
    set(object, "role", json_string(role_names[d->role]));
    set(object, "type", json_string(d->type));
    set(object, "sdp", json_string(d->sdp));
    set(object, "made_us", time_or_null(d->made_us));
    set(object, "sent_us", time_or_null(d->sent_us));
    set(object, "delivered_us", time_or_null(d->delivered_us));
    return object;
}

/* ---- all of it ---- */

static json_t *format_all(const GArray *array, json_t *(*format)(const void *))
{
    json_t *list = json_array();
    size_t size = g_array_get_element_size((GArray *)array);
    for (unsigned i = 0; i < array->len; i++)
        json_array_append_new(list, format(array->data + i * size));
    return list;
}

static json_t *format_taps(const GPtrArray *taps)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < taps->len; i++)
        json_array_append_new(list, json_string(taps->pdata[i]));
    return list;
}

static json_t *format_both(GArray *const arrays[N_ROLES], json_t *(*format)(const void *))
{
    json_t *object = json_object();
    for (unsigned role = 0; role < N_ROLES; role++)
        set(object, role_names[role], format_all(arrays[role], format));
    return object;
}

json_t *timeline_format(const struct timeline *t, const json_t *call)
{
    json_t *object = json_object();
    set(object, "schema", json_string("rtclab/timeline/1"));
    for (unsigned i = 0; i < TIMELINE_N_CALL_KEYS; i++) {
        json_t *value = json_object_get(call, timeline_call_keys[i]);
        set(object, timeline_call_keys[i], value ? json_incref(value) : json_null());
    }
    set(object, "is_cut", json_boolean(t->is_cut));
    set(object, "end_us", json_integer(t->end_us));
    set(object, "taps", format_taps(t->taps));
    set(object, "events", format_all(t->events, format_event));
    set(object, "packets", format_all(t->packets, format_packet));
    set(object, "messages", format_all(t->messages, format_message));
    set(object, "transactions", format_all(t->transactions, format_transaction));
    set(object, "candidates", format_both(t->candidates, format_candidate));
    set(object, "pairs", format_both(t->pairs, format_pair));
    set(object, "mappings", format_all(t->mappings, format_mapping));
    set(object, "descriptions", format_all(t->descriptions, format_description));
    return object;
}
