/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a record to its timeline, in this order, as each step needs the ones before it:
 *
 *     events ─► packets and messages ─► transactions ─► integrity
 *        └────► descriptions, candidates, mappings ──► pairs
 */
#include "call/timeline_make.h"

#include <string.h>

#include "base/clock.h"

const char *const timeline_verdict_names[TIMELINE_N_VERDICTS] = {
    [TIMELINE_PASSED] = "passed",
    [TIMELINE_TRANSLATED] = "translated",
    [TIMELINE_DROPPED] = "dropped",
    [TIMELINE_LATE] = "late",
};

const char *const timeline_integrity_names[TIMELINE_N_INTEGRITIES] = {
    [TIMELINE_INTEGRITY_ABSENT] = "absent",
    [TIMELINE_INTEGRITY_VERIFIED] = "verified",
    [TIMELINE_INTEGRITY_WRONG] = "wrong",
    [TIMELINE_INTEGRITY_UNKNOWN] = "unknown",
};

const char *const timeline_use_names[TIMELINE_N_USES] = {
    [TIMELINE_CHECK] = "check",
    [TIMELINE_GATHERING] = "gathering",
    [TIMELINE_TURN] = "turn",
    [TIMELINE_KEEPALIVE] = "keepalive",
};

const char *const timeline_call_keys[TIMELINE_N_CALL_KEYS] = {
    "key",   "scenario", "offerer", "answerer", "mode",      "repeat", "seed",
    "clock", "outcome",  "why",     "setup_ms", "phases_ms", "blame",  "cause",
};

/* ---- freeing ---- */

static void clear_packet(gpointer at)
{
    struct timeline_packet *p = at;
    g_free(p->src);
    g_free(p->dst);
    g_free(p->summary);
    g_free(p->note);
    g_free(p->element);
    g_free(p->reason);
}

static void clear_message(gpointer at)
{
    struct timeline_message *message = at;
    g_ptr_array_unref(message->attributes);
    g_free(message->peer);
}

static void clear_transaction(gpointer at)
{
    struct timeline_transaction *t = at;
    g_array_unref(t->requests);
    g_array_unref(t->losses);
    g_free(t->server);
}

static void clear_candidate(gpointer at)
{
    struct timeline_candidate *c = at;
    g_free(c->text);
    g_free(c->type);
    g_free(c->protocol);
    g_free(c->address);
    g_free(c->foundation);
    g_free(c->base);
}

static void clear_pair(gpointer at)
{
    g_array_unref(((struct timeline_pair *)at)->checks);
}

static void clear_mapping(gpointer at)
{
    struct timeline_mapping *mapping = at;
    g_free(mapping->nat);
    g_free(mapping->protocol);
    g_free(mapping->internal);
    g_free(mapping->external);
    g_free(mapping->remote);
    g_array_unref(mapping->refreshed_us);
}

static void clear_description(gpointer at)
{
    struct timeline_description *d = at;
    g_free(d->type);
    g_free(d->sdp);
}

static GArray *array_of(size_t size, GDestroyNotify clear)
{
    GArray *array = g_array_new(FALSE, FALSE, (guint)size);
    if (clear)
        g_array_set_clear_func(array, clear);
    return array;
}

static struct timeline *timeline_new(void)
{
    struct timeline *t = g_new0(struct timeline, 1);
    t->lines = json_array();
    t->events = array_of(sizeof(struct timeline_event), NULL);
    t->taps = g_ptr_array_new_with_free_func(g_free);
    t->packets = array_of(sizeof(struct timeline_packet), clear_packet);
    t->messages = array_of(sizeof(struct timeline_message), clear_message);
    t->transactions = array_of(sizeof(struct timeline_transaction), clear_transaction);
    for (unsigned role = 0; role < N_ROLES; role++) {
        t->candidates[role] =
            array_of(sizeof(struct timeline_candidate), clear_candidate);
        t->pairs[role] = array_of(sizeof(struct timeline_pair), clear_pair);
    }
    t->mappings = array_of(sizeof(struct timeline_mapping), clear_mapping);
    t->descriptions = array_of(sizeof(struct timeline_description), clear_description);
    return t;
}

void timeline_free(struct timeline *t)
{
    if (!t)
        return;
    g_array_unref(t->events);
    json_decref(t->lines);
    g_ptr_array_unref(t->taps);
    g_array_unref(t->packets);
    g_array_unref(t->messages);
    g_array_unref(t->transactions);
    for (unsigned role = 0; role < N_ROLES; role++) {
        g_array_unref(t->candidates[role]);
        g_array_unref(t->pairs[role]);
    }
    g_array_unref(t->mappings);
    g_array_unref(t->descriptions);
    g_free(t);
}

/* ---- making ---- */

static void maker_init(struct timeline_maker *m)
{
    *m = (struct timeline_maker){ .timeline = timeline_new() };
    m->seen = array_of(sizeof(struct timeline_seen), NULL);
    m->asked = array_of(sizeof(uint32_t), NULL);
    m->facts = array_of(sizeof(struct timeline_fact), NULL);
    m->allocations = array_of(sizeof(struct timeline_allocation), NULL);
    m->channels = array_of(sizeof(struct timeline_channel), NULL);
    m->messages_by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (unsigned role = 0; role < N_ROLES; role++) {
        m->places[role] = array_of(sizeof(struct timeline_place), NULL);
        m->states[role] = array_of(sizeof(struct timeline_pair_state), NULL);
        m->taps[role] = TIMELINE_NONE;
    }
}

static void maker_clear(struct timeline_maker *m)
{
    g_array_unref(m->seen);
    g_array_unref(m->asked);
    g_array_unref(m->facts);
    g_array_unref(m->allocations);
    g_array_unref(m->channels);
    g_hash_table_unref(m->messages_by_id);
    g_clear_pointer(&m->by_transaction, g_hash_table_unref);
    for (unsigned role = 0; role < N_ROLES; role++) {
        g_array_unref(m->places[role]);
        g_array_unref(m->states[role]);
        g_free(m->tap_names[role]);
    }
    g_free(m->capture);
}

/* What the record says of itself: whose tap is whose, and where the capture's time is 0.
 */
static void learn_record(struct timeline_maker *m)
{
    struct timeline *t = m->timeline;
    for (unsigned i = 0; i < t->events->len; i++) {
        const struct timeline_event *e = timeline_at(t->events, struct timeline_event, i);
        enum role role = timeline_role_of(e);
        const char *tap = timeline_text(e, "tap");
        const char *start = timeline_text(e, "calendar_ns");
        gint64 start_ns;
        if (e->kind == EVENT_PEER_STARTED && role < N_ROLES && tap && !m->tap_names[role])
            m->tap_names[role] = g_strdup(tap);
        if (e->kind == EVENT_CALL_STARTED && start && !m->has_start &&
            g_ascii_string_to_signed(start, 10, G_MININT64, G_MAXINT64, &start_ns,
                                     NULL)) {
            m->has_start = true;
            t->start_ns = start_ns;
        }
        t->end_us = MAX(t->end_us, e->t_us);
    }
}

struct timeline *timeline_read(const char *folder, GError **error)
{
    struct timeline_maker m;
    maker_init(&m);
    gboolean ok = timeline_load_events(&m, folder, error);
    if (ok) {
        learn_record(&m);
        ok = timeline_load_packets(&m, folder, error);
    }
    if (ok) {
        timeline_make_transactions(&m);
        timeline_make_descriptions(&m);
        timeline_check_integrity(&m);
        timeline_make_candidates(&m);
        timeline_make_mappings(&m);
        timeline_make_pairs(&m);
    }
    struct timeline *t = m.timeline;
    maker_clear(&m);
    if (ok)
        return t;
    timeline_free(t);
    return NULL;
}
