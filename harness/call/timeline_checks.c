/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wire shows of candidate pairs: which one a check is of, and what its answer
 * makes valid.
 *
 * The ends of a check are those at its peer's own tap, inside TURN the relayed address of
 * the allocation and the other end that the wrapping names. An answer makes the pair of
 * the mapped address it shows valid, which need not be the one that was checked
 * (RFC 8445 §7.2.5.3.2); both then count as valid. Addresses that nobody signalled become
 * peer-reflexive candidates, of the answer's mapped address (§7.2.5.3.1) and of the
 * source of a check that comes in (§7.3.1.3).
 */
#include "call/timeline_make.h"

/* The ends of a check, as the peer that sends or gets it knows them. */
struct ends {
    struct endpoint local, remote;
    enum candidate_transport transport;
};

/* ---- ends ---- */

static bool find_ends(const struct timeline_maker *m, enum role role, uint32_t packet,
                      uint32_t message, struct ends *ret)
{
    const struct timeline_packet *p = maker_packet(m, packet);
    const struct timeline_seen *seen = maker_seen(m, packet);
    const struct timeline_fact *fact = maker_fact(m, message);
    const struct endpoint *own = p->is_outward ? &seen->src : &seen->dst;
    const struct endpoint *other = p->is_outward ? &seen->dst : &seen->src;
    *ret = (struct ends){ .local = *own,
                          .remote = *other,
                          .transport = p->protocol == IPPROTO_TCP ? CANDIDATE_TCP
                                                                  : CANDIDATE_UDP };
    if (!fact->peeled.is_relayed)
        return true;
    for (unsigned i = m->allocations->len; i-- > 0;) {
        const struct timeline_allocation *a =
            timeline_at(m->allocations, struct timeline_allocation, i);
        if (a->role != role || !endpoint_equal(&a->client, own) ||
            !endpoint_equal(&a->server, other))
            continue;
        *ret = (struct ends){ .local = a->relayed,
                              .remote = fact->peer,
                              .transport = CANDIDATE_UDP };
        return fact->peer.address.family != ADDRESS_NONE;
    }
    return false;
}

/* An active TCP candidate has no port of its own (RFC 6544 §4.5). */
static uint32_t find_active(const struct timeline_maker *m, enum role role,
                            const struct endpoint *at)
{
    const GArray *places = m->places[role];
    for (uint32_t i = 0; i < places->len; i++) {
        const struct timeline_place *p = timeline_at(places, struct timeline_place, i);
        if (p->tcp_type == CANDIDATE_TCP_ACTIVE &&
            (p->at.address.family == ADDRESS_NONE ||
             address_equal(&p->at.address, &at->address)))
            return i;
    }
    return TIMELINE_NONE;
}

static uint32_t local_candidate(struct timeline_maker *m, enum role role,
                                const struct ends *ends, uint32_t priority)
{
    uint32_t found = timeline_find_candidate(m, role, &ends->local, ends->transport);
    bool is_signalled =
        found != TIMELINE_NONE &&
        timeline_at(m->places[role], struct timeline_place, found)->is_signalled;
    if (ends->transport == CANDIDATE_TCP && !is_signalled) {
        uint32_t active = find_active(m, role, &ends->local);
        found = active == TIMELINE_NONE ? found : active;
    }
    if (found == TIMELINE_NONE)
        found = timeline_add_reflexive(m, role, &ends->local, ends->transport, priority);
    return found;
}

static uint32_t remote_candidate(struct timeline_maker *m, enum role role,
                                 const struct ends *ends, uint32_t priority)
{
    uint32_t found = timeline_find_candidate(m, !role, &ends->remote, ends->transport);
    if (found == TIMELINE_NONE)
        found =
            timeline_add_reflexive(m, !role, &ends->remote, ends->transport, priority);
    return found;
}

/* ---- what the wire shows ---- */

static void take_check(struct timeline_maker *m, enum role role, uint32_t packet,
                       uint32_t index)
{
    const struct timeline_packet *p = maker_packet(m, packet);
    struct timeline_transaction *t =
        timeline_at(m->timeline->transactions, struct timeline_transaction, index);
    struct ends ends;
    if (t->pair != TIMELINE_NONE ||
        !find_ends(m, role, packet, g_array_index(m->asked, uint32_t, index), &ends))
        return;
    uint32_t priority = maker_asked(m, index)->priority;
    uint32_t local = local_candidate(m, role, &ends, priority);
    uint32_t remote = remote_candidate(m, role, &ends, 0);
    t->pair = timeline_find_pair(m, role, local, remote);
    if (t->pair == TIMELINE_NONE)
        return;
    struct timeline_pair *pair = maker_pair(m, role, t->pair);
    timeline_set_first(&pair->first_check_us, p->t_us);
    g_array_append_val(pair->checks, index);
}

static void set_valid(struct timeline_pair *pair, const struct timeline_transaction *t,
                      int64_t t_us)
{
    timeline_set_first(&pair->valid_us, t_us);
    if (t->nominates)
        timeline_set_first(&pair->nominated_us, t_us);
}

static void take_success(struct timeline_maker *m, enum role role, uint32_t packet,
                         uint32_t message, uint32_t index)
{
    const struct timeline_transaction *t =
        timeline_at(m->timeline->transactions, struct timeline_transaction, index);
    if (t->pair == TIMELINE_NONE)
        return;
    const struct timeline_packet *p = maker_packet(m, packet);
    const struct timeline_fact *asked = maker_asked(m, index);
    const struct endpoint *mapped = &maker_fact(m, message)->mapped;
    struct timeline_pair *pair = maker_pair(m, role, t->pair);
    uint32_t local = pair->local, remote = pair->remote;
    enum candidate_transport transport =
        timeline_at(m->places[role], struct timeline_place, local)->transport;
    set_valid(pair, t, p->t_us);
    if (mapped->address.family == ADDRESS_NONE)
        return;
    const struct timeline_place *place =
        timeline_at(m->places[role], struct timeline_place, local);
    bool is_own = endpoint_equal(&place->at, mapped) ||
                  (place->at.address.family == ADDRESS_NONE &&
                   timeline_find_candidate(m, role, mapped, transport) == local);
    if (is_own)
        return;
    uint32_t shown = timeline_find_candidate(m, role, mapped, transport);
    if (shown == TIMELINE_NONE)
        shown = timeline_add_reflexive(m, role, mapped, transport, asked->priority);
    uint32_t valid = timeline_find_pair(m, role, shown, remote);
    if (valid == TIMELINE_NONE)
        return;
    struct timeline_candidate *c =
        timeline_at(m->timeline->candidates[role], struct timeline_candidate, shown);
    if (!*c->text)
        timeline_set_first(&c->gathered_us, p->t_us);
    maker_pair_state(m, role, valid)->checked = t->pair;
    pair = maker_pair(m, role, valid);
    timeline_set_first(&pair->first_check_us,
                       maker_packet(m, g_array_index(t->requests, uint32_t, 0))->t_us);
    g_array_append_val(pair->checks, index);
    set_valid(pair, t, p->t_us);
}

/* A check that comes in (RFC 8445 §7.3.1). */
static void take_incoming(struct timeline_maker *m, enum role role, uint32_t packet,
                          uint32_t message)
{
    const struct timeline_packet *p = maker_packet(m, packet);
    const struct timeline_fact *fact = maker_fact(m, message);
    struct ends ends;
    if (!find_ends(m, role, packet, message, &ends))
        return;
    uint32_t local = local_candidate(m, role, &ends, 0);
    uint32_t remote = remote_candidate(m, role, &ends, fact->priority);
    uint32_t pair = timeline_find_pair(m, role, local, remote);
    if (pair == TIMELINE_NONE)
        return;
    struct timeline_place *place =
        timeline_at(m->places[!role], struct timeline_place, remote);
    timeline_set_first(&place->seen_us, p->t_us);
    struct timeline_candidate *c =
        timeline_at(m->timeline->candidates[!role], struct timeline_candidate, remote);
    if (!*c->text && c->priority == 0)
        c->priority = fact->priority;
    if (fact->nominates)
        timeline_set_first(&maker_pair_state(m, role, pair)->asked_us, p->t_us);
}

static void take_message(struct timeline_maker *m, enum role role, uint32_t packet,
                         uint32_t message)
{
    bool is_outward = maker_packet(m, packet)->is_outward;
    uint8_t class = maker_message(m, message)->class;
    gpointer known =
        g_hash_table_lookup(m->by_transaction, maker_fact(m, message)->transaction);
    uint32_t index = GPOINTER_TO_UINT(known) - 1;
    const struct timeline_transaction *t =
        known ? timeline_at(m->timeline->transactions, struct timeline_transaction, index)
              : NULL;
    if (class == STUNMSG_REQUEST && is_outward && t && t->role == role)
        take_check(m, role, packet, index);
    else if (class == STUNMSG_REQUEST && !is_outward)
        take_incoming(m, role, packet, message);
    else if (class == STUNMSG_SUCCESS && t && t->answer == packet)
        take_success(m, role, packet, message, index);
}

void timeline_take_checks(struct timeline_maker *m)
{
    for (uint32_t i = 0; i < m->timeline->packets->len; i++) {
        const struct timeline_packet *p = maker_packet(m, i);
        enum role role = maker_role_of_tap(m, p->tap);
        uint32_t end = maker_messages_end(m, p);
        for (uint32_t k = p->message; role < N_ROLES && k < end; k++)
            if (maker_message(m, k)->is_check)
                take_message(m, role, i, k);
    }
}
