/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Candidate pairs, as each peer can have them, and what the peer said of them.
 *
 * Pairs are formed of host and relayed candidates with those of the other side: a
 * server-reflexive one is sent from its base (RFC 8445 §6.1.2.4). To these come those
 * that the wire shows (timeline_checks.c). No event says that a single pair failed: one
 * that never worked has when its peer says that all is over.
 */
#include "call/timeline_make.h"

uint32_t timeline_find_pair(struct timeline_maker *m, enum role role, uint32_t local,
                            uint32_t remote)
{
    GArray *pairs = m->timeline->pairs[role];
    for (uint32_t i = 0; i < pairs->len; i++)
        if (maker_pair(m, role, i)->local == local &&
            maker_pair(m, role, i)->remote == remote)
            return i;
    if (local == TIMELINE_NONE || remote == TIMELINE_NONE ||
        pairs->len >= TIMELINE_MAX_PAIRS) {
        m->timeline->is_cut = true;
        return TIMELINE_NONE;
    }
    struct timeline_pair pair = {
        .local = local,
        .remote = remote,
        .possible_us = TIMELINE_NEVER,
        .first_check_us = TIMELINE_NEVER,
        .valid_us = TIMELINE_NEVER,
        .nominated_us = TIMELINE_NEVER,
        .failed_us = TIMELINE_NEVER,
        .selected_us = TIMELINE_NEVER,
        .checks = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
    };
    struct timeline_pair_state state = { .asked_us = TIMELINE_NEVER,
                                         .checked = TIMELINE_NONE };
    g_array_append_val(pairs, pair);
    g_array_append_val(m->states[role], state);
    return pairs->len - 1;
}

/* ---- forming ---- */

static bool can_pair(const struct timeline_place *local,
                     const struct timeline_place *remote)
{
    bool is_base = local->type == CANDIDATE_HOST || local->type == CANDIDATE_RELAY;
    bool has_names = local->at.address.family == ADDRESS_NONE ||
                     remote->at.address.family == ADDRESS_NONE;
    bool is_tcp_match =
        local->tcp_type == CANDIDATE_TCP_NONE ||
        (local->tcp_type == CANDIDATE_TCP_ACTIVE &&
         remote->tcp_type == CANDIDATE_TCP_PASSIVE) ||
        (local->tcp_type == CANDIDATE_TCP_SO && remote->tcp_type == CANDIDATE_TCP_SO);
    return is_base && local->is_signalled && remote->is_signalled &&
           local->transport == remote->transport &&
           local->component == remote->component && is_tcp_match &&
           (has_names || local->at.address.family == remote->at.address.family);
}

/* When a peer knows a candidate of its own, and one of the other's. */
static int64_t local_known_us(const struct timeline_candidate *c)
{
    return c->gathered_us != TIMELINE_NEVER ? c->gathered_us : c->sent_us;
}

static int64_t remote_known_us(const struct timeline_candidate *c,
                               const struct timeline_place *place)
{
    int64_t told_us = c->taken_us != TIMELINE_NEVER ? c->taken_us : c->delivered_us;
    return timeline_sooner(told_us, place->seen_us);
}

static void form_pairs(struct timeline_maker *m, enum role role)
{
    const GArray *locals = m->places[role], *remotes = m->places[!role];
    for (uint32_t i = 0; i < locals->len; i++)
        for (uint32_t k = 0; k < remotes->len; k++) {
            const struct timeline_place *remote =
                timeline_at(remotes, struct timeline_place, k);
            const struct timeline_candidate *c =
                timeline_at(m->timeline->candidates[!role], struct timeline_candidate, k);
            if (remote_known_us(c, remote) != TIMELINE_NEVER &&
                can_pair(timeline_at(locals, struct timeline_place, i), remote))
                timeline_find_pair(m, role, i, k);
        }
}

/* @return whether a role is the controlling one; by what its checks say, else the offerer
           is (RFC 8445 §6.1.1) */
static bool is_controlling(const struct timeline_maker *m, enum role role)
{
    for (unsigned i = 0; i < m->timeline->transactions->len; i++) {
        const struct timeline_transaction *t =
            timeline_at(m->timeline->transactions, struct timeline_transaction, i);
        if (t->use == TIMELINE_CHECK && t->answer != TIMELINE_NONE && t->error_code == 0)
            return maker_asked(m, i)->is_controlling == (t->role == role);
    }
    return role == ROLE_OFFERER;
}

/* RFC 8445 §6.1.2.3 */
static uint64_t pair_priority(uint32_t controlling, uint32_t controlled)
{
    if (controlling == 0 || controlled == 0)
        return 0;
    return ((uint64_t)MIN(controlling, controlled) << 32) +
           2 * (uint64_t)MAX(controlling, controlled) + (controlling > controlled);
}

static void finish_pairs(struct timeline_maker *m, enum role role)
{
    const GArray *locals = m->timeline->candidates[role];
    const GArray *remotes = m->timeline->candidates[!role];
    bool controls = is_controlling(m, role);
    for (uint32_t i = 0; i < m->timeline->pairs[role]->len; i++) {
        struct timeline_pair *pair = maker_pair(m, role, i);
        const struct timeline_candidate *local =
            timeline_at(locals, struct timeline_candidate, pair->local);
        const struct timeline_candidate *remote =
            timeline_at(remotes, struct timeline_candidate, pair->remote);
        int64_t local_us = local_known_us(local);
        int64_t remote_us = remote_known_us(
            remote, timeline_at(m->places[!role], struct timeline_place, pair->remote));
        pair->priority = controls ? pair_priority(local->priority, remote->priority)
                                  : pair_priority(remote->priority, local->priority);
        pair->possible_us = local_us == TIMELINE_NEVER || remote_us == TIMELINE_NEVER
                                ? pair->first_check_us
                                : MAX(local_us, remote_us);
        uint32_t checked = maker_pair_state(m, role, i)->checked;
        int64_t asked_us =
            maker_pair_state(m, role, checked == TIMELINE_NONE ? i : checked)->asked_us;
        if (asked_us != TIMELINE_NEVER && pair->valid_us != TIMELINE_NEVER)
            timeline_set_first(&pair->nominated_us, MAX(asked_us, pair->valid_us));
    }
}

static uint32_t told_candidate(struct timeline_maker *m, enum role role,
                               const json_t *told)
{
    const char *address = json_string_value(json_object_get(told, "address"));
    const char *protocol = json_string_value(json_object_get(told, "protocol"));
    json_int_t port = json_integer_value(json_object_get(told, "port"));
    struct endpoint at = { .port = (uint16_t)port };
    if (!address || port < 0 || port > UINT16_MAX)
        return TIMELINE_NONE;
    enum candidate_transport transport =
        g_strcmp0(protocol, "tcp") == 0 ? CANDIDATE_TCP : CANDIDATE_UDP;
    if (address_parse(address, &at.address))
        return timeline_find_candidate(m, role, &at, transport);
    /* A name; one that hides an address (Chromium's redacted-ip.invalid) is told by its
       port. */
    const GArray *list = m->timeline->candidates[role];
    uint32_t found = TIMELINE_NONE;
    for (uint32_t i = 0; i < list->len; i++) {
        const struct timeline_candidate *c =
            timeline_at(list, struct timeline_candidate, i);
        if (c->port != port || g_strcmp0(c->protocol, protocol) != 0)
            continue;
        if (g_ascii_strcasecmp(c->address, address) == 0)
            return i;
        if (found == TIMELINE_NONE || !*c->text)
            found = i;
    }
    return found;
}

static bool says_failed(const struct timeline_event *e)
{
    return (e->kind == EVENT_PEER_ICE_STATE || e->kind == EVENT_PEER_CHECK_LIST ||
            e->kind == EVENT_PEER_CONNECTION_STATE) &&
           g_strcmp0(timeline_text(e, "state"), "failed") == 0;
}

static void walk_events(struct timeline_maker *m)
{
    const GArray *events = m->timeline->events;
    for (unsigned i = 0; i < events->len; i++) {
        const struct timeline_event *e = timeline_at(events, struct timeline_event, i);
        enum role role = timeline_role_of(e);
        if (role == N_ROLES)
            continue;
        if (e->kind == EVENT_PEER_SELECTED_PAIR) {
            uint32_t local = told_candidate(m, role, json_object_get(e->data, "local"));
            uint32_t remote =
                told_candidate(m, !role, json_object_get(e->data, "remote"));
            uint32_t pair = local == TIMELINE_NONE || remote == TIMELINE_NONE
                                ? TIMELINE_NONE
                                : timeline_find_pair(m, role, local, remote);
            if (pair != TIMELINE_NONE)
                maker_pair(m, role, pair)->selected_us = e->t_us;
        }
        for (uint32_t k = 0; says_failed(e) && k < m->timeline->pairs[role]->len; k++) {
            struct timeline_pair *pair = maker_pair(m, role, k);
            if (pair->valid_us == TIMELINE_NEVER)
                timeline_set_first(&pair->failed_us, e->t_us);
        }
    }
}

/* A check of a pair that works, by a peer that is connected, asks whether it still does
   (RFC 7675, RFC 8445 §11). */
static void mark_keepalives(struct timeline_maker *m, enum role role,
                            int64_t connected_us)
{
    GArray *all = m->timeline->transactions;
    for (uint32_t i = 0; connected_us != TIMELINE_NEVER && i < all->len; i++) {
        struct timeline_transaction *t = timeline_at(all, struct timeline_transaction, i);
        if (t->role != role || t->use != TIMELINE_CHECK || t->pair == TIMELINE_NONE)
            continue;
        const struct timeline_pair *pair = maker_pair(m, role, t->pair);
        int64_t sent_us = maker_packet(m, g_array_index(t->requests, uint32_t, 0))->t_us;
        bool was_valid = pair->valid_us != TIMELINE_NEVER && pair->valid_us < sent_us;
        bool was_nominated =
            pair->nominated_us != TIMELINE_NEVER && pair->nominated_us < sent_us;
        if (sent_us > connected_us && was_valid && (was_nominated || !t->nominates))
            t->use = TIMELINE_KEEPALIVE;
    }
}

static void find_keepalives(struct timeline_maker *m)
{
    int64_t connected_us[N_ROLES] = { TIMELINE_NEVER, TIMELINE_NEVER };
    const GArray *events = m->timeline->events;
    for (unsigned i = 0; i < events->len; i++) {
        const struct timeline_event *e = timeline_at(events, struct timeline_event, i);
        enum role role = timeline_role_of(e);
        const char *state = timeline_text(e, "state");
        if (role < N_ROLES && e->kind == EVENT_PEER_ICE_STATE &&
            (g_strcmp0(state, "connected") == 0 || g_strcmp0(state, "completed") == 0))
            timeline_set_first(&connected_us[role], e->t_us);
    }
    for (unsigned role = 0; role < N_ROLES; role++)
        mark_keepalives(m, role, connected_us[role]);
}

void timeline_make_pairs(struct timeline_maker *m)
{
    timeline_take_checks(m);
    for (unsigned role = 0; role < N_ROLES; role++)
        form_pairs(m, role);
    walk_events(m);
    for (unsigned role = 0; role < N_ROLES; role++)
        finish_pairs(m, role);
    find_keepalives(m);
}
