/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptions and candidates, from the events alone.
 *
 * A candidate is told apart by component, transport, address, port and TCP type: the same
 * one is written differently by the stack that gathered it and the one that takes it in.
 */
#include "call/timeline_make.h"

#include <string.h>

/* ---- descriptions ---- */

static struct timeline_description *find_description(struct timeline *t, enum role role,
                                                     const char *sdp)
{
    for (unsigned i = 0; i < t->descriptions->len; i++) {
        struct timeline_description *d =
            timeline_at(t->descriptions, struct timeline_description, i);
        if (d->role == role && d->delivered_us == TIMELINE_NEVER &&
            strcmp(d->sdp, sdp) == 0)
            return d;
    }
    return NULL;
}

void timeline_make_descriptions(struct timeline_maker *m)
{
    struct timeline *t = m->timeline;
    int64_t held_us[N_ROLES] = { TIMELINE_NEVER, TIMELINE_NEVER };
    for (unsigned i = 0; i < t->events->len; i++) {
        const struct timeline_event *e = timeline_at(t->events, struct timeline_event, i);
        enum role role = timeline_role_of(e);
        const char *sdp = timeline_text(e, "sdp");
        const char *type = timeline_text(e, "type");
        if (role == N_ROLES)
            continue;
        if (e->kind == EVENT_SIGNAL_HELD)
            held_us[role] = e->t_us;
        if (!sdp || !type)
            continue;
        if (e->kind == EVENT_SIGNAL_SENT &&
            t->descriptions->len >= TIMELINE_MAX_DESCRIPTIONS) {
            t->is_cut = true;
        } else if (e->kind == EVENT_SIGNAL_SENT) {
            struct timeline_description d = {
                .role = role,
                .type = g_strdup(type),
                .sdp = g_strdup(sdp),
                .made_us = held_us[role] == TIMELINE_NEVER ? e->t_us : held_us[role],
                .sent_us = e->t_us,
                .delivered_us = TIMELINE_NEVER,
            };
            held_us[role] = TIMELINE_NEVER;
            g_array_append_val(t->descriptions, d);
        } else if (e->kind == EVENT_SIGNAL_DELIVERED) {
            struct timeline_description *d = find_description(t, !role, sdp);
            if (d)
                d->delivered_us = e->t_us;
        }
    }
}

/* ---- candidates ---- */

/* A peer-reflexive candidate is nothing that is signalled: a stack may tell that it took
   one in, which was by a check. */
static bool is_signalled(const struct candidate *c)
{
    return c->type != CANDIDATE_PRFLX;
}

static void set_place(struct timeline_place *place, const struct candidate *c)
{
    *place = (struct timeline_place){ .at = c->place.endpoint,
                                      .type = c->type,
                                      .transport = c->transport,
                                      .tcp_type = c->tcp_type,
                                      .component = c->component,
                                      .seen_us = TIMELINE_NEVER,
                                      .is_signalled = is_signalled(c) };
    if (c->is_related)
        place->base = c->related.endpoint;
}

static bool is_same(const struct timeline_candidate *have,
                    const struct timeline_place *place, const struct candidate *c)
{
    return place->component == c->component && place->transport == c->transport &&
           place->tcp_type == c->tcp_type && have->port == c->place.endpoint.port &&
           (c->place.name[0]
                ? g_ascii_strcasecmp(have->address, c->place.name) == 0
                : address_equal(&place->at.address, &c->place.endpoint.address));
}

static char *base_text(const struct candidate *c)
{
    char text[ENDPOINT_TEXT_SIZE];
    if (!c->is_related)
        return NULL;
    return c->related.name[0]
               ? g_strdup_printf("%s:%u", c->related.name, c->related.endpoint.port)
               : g_strdup(endpoint_format(&c->related.endpoint, text));
}

static uint32_t take_candidate(struct timeline_maker *m, enum role role, const char *text)
{
    struct candidate c;
    GArray *list = m->timeline->candidates[role];
    if (candidate_parse(text, strlen(text), &c) != CANDIDATE_OK)
        return TIMELINE_NONE;
    for (uint32_t i = 0; i < list->len; i++)
        if (is_same(timeline_at(list, struct timeline_candidate, i),
                    timeline_at(m->places[role], struct timeline_place, i), &c))
            return i;
    if (list->len >= TIMELINE_MAX_CANDIDATES) {
        m->timeline->is_cut = true;
        return TIMELINE_NONE;
    }
    char address[ADDRESS_TEXT_SIZE];
    struct timeline_place place;
    struct timeline_candidate candidate = {
        .text = g_strdup(is_signalled(&c) ? text : ""),
        .type = g_strdup(candidate_type_name(c.type)),
        .protocol = g_strdup(c.transport == CANDIDATE_UDP ? "udp" : "tcp"),
        .address = g_strdup(c.place.name[0]
                                ? c.place.name
                                : address_format(&c.place.endpoint.address, address)),
        .port = c.place.endpoint.port,
        .priority = c.priority,
        .foundation = g_strdup(c.foundation),
        .base = is_signalled(&c) ? base_text(&c) : NULL,
        .gathered_us = TIMELINE_NEVER,
        .sent_us = TIMELINE_NEVER,
        .delivered_us = TIMELINE_NEVER,
        .taken_us = TIMELINE_NEVER,
    };
    set_place(&place, &c);
    g_array_append_val(list, candidate);
    g_array_append_val(m->places[role], place);
    return list->len - 1;
}

static void take_text(struct timeline_maker *m, const struct timeline_event *e,
                      enum role of, const char *text)
{
    uint32_t index = text && *text ? take_candidate(m, of, text) : TIMELINE_NONE;
    if (index == TIMELINE_NONE)
        return;
    struct timeline_candidate *c =
        timeline_at(m->timeline->candidates[of], struct timeline_candidate, index);
    if (e->kind == EVENT_PEER_CANDIDATE)
        timeline_set_first(&c->gathered_us, e->t_us);
    else if (e->kind == EVENT_SIGNAL_SENT)
        timeline_set_first(&c->sent_us, e->t_us);
    else if (e->kind == EVENT_SIGNAL_DELIVERED)
        timeline_set_first(&c->delivered_us, e->t_us);
    else
        timeline_set_first(&c->taken_us, e->t_us);
}

static void take_sdp(struct timeline_maker *m, const struct timeline_event *e,
                     enum role of, const char *sdp)
{
    g_auto(GStrv) lines = g_strsplit(sdp, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "a=candidate:"))
            take_text(m, e, of, g_strchomp(*line) + strlen("a="));
}

void timeline_make_candidates(struct timeline_maker *m)
{
    const struct timeline *t = m->timeline;
    for (unsigned i = 0; i < t->events->len; i++) {
        const struct timeline_event *e = timeline_at(t->events, struct timeline_event, i);
        enum role role = timeline_role_of(e);
        bool is_own = e->kind == EVENT_PEER_CANDIDATE || e->kind == EVENT_SIGNAL_SENT;
        bool is_others =
            e->kind == EVENT_PEER_REMOTE_CANDIDATE || e->kind == EVENT_SIGNAL_DELIVERED;
        const char *sdp = timeline_text(e, "sdp");
        if (role == N_ROLES || !(is_own || is_others))
            continue;
        enum role of = is_own ? role : !role;
        if (sdp)
            take_sdp(m, e, of, sdp);
        else
            take_text(m, e, of, timeline_text(e, "candidate"));
    }
}

uint32_t timeline_find_candidate(const struct timeline_maker *m, enum role role,
                                 const struct endpoint *at,
                                 enum candidate_transport transport)
{
    const GArray *places = m->places[role];
    uint32_t found = TIMELINE_NONE;
    for (uint32_t i = 0; i < places->len; i++) {
        const struct timeline_place *p = timeline_at(places, struct timeline_place, i);
        if (p->transport != transport || p->at.port != at->port)
            continue;
        if (address_equal(&p->at.address, &at->address))
            return i;
        /* A name that stands for one of the host's addresses. */
        if (p->at.address.family == ADDRESS_NONE && found == TIMELINE_NONE)
            found = i;
    }
    return found;
}

uint32_t timeline_add_reflexive(struct timeline_maker *m, enum role role,
                                const struct endpoint *at,
                                enum candidate_transport transport, uint32_t priority)
{
    char address[ADDRESS_TEXT_SIZE];
    GArray *list = m->timeline->candidates[role];
    if (list->len >= 2 * TIMELINE_MAX_CANDIDATES) {
        m->timeline->is_cut = true;
        return TIMELINE_NONE;
    }
    struct timeline_place place = { .at = *at,
                                    .type = CANDIDATE_PRFLX,
                                    .transport = transport,
                                    .component = 1,
                                    .seen_us = TIMELINE_NEVER };
    struct timeline_candidate candidate = {
        .text = g_strdup(""),
        .type = g_strdup(candidate_type_name(CANDIDATE_PRFLX)),
        .protocol = g_strdup(transport == CANDIDATE_UDP ? "udp" : "tcp"),
        .address = g_strdup(address_format(&at->address, address)),
        .port = at->port,
        .priority = priority,
        .foundation = g_strdup(""),
        .gathered_us = TIMELINE_NEVER,
        .sent_us = TIMELINE_NEVER,
        .delivered_us = TIMELINE_NEVER,
        .taken_us = TIMELINE_NEVER,
    };
    g_array_append_val(list, candidate);
    g_array_append_val(m->places[role], place);
    return list->len - 1;
}
