/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions, as each peer's own tap shows them: requests going out, answers coming in.
 * What was lost of one is found at whichever tap dropped it, by the transaction, so that
 * a loss beyond a TURN server counts too.
 *
 * On the way it is learned which relayed address and which channel of a server stand for
 * whom (RFC 8656 §7.3, §12).
 */
#include "call/timeline_make.h"

#include <string.h>

static struct timeline_transaction *find(const struct timeline_maker *m,
                                         const struct timeline_fact *fact)
{
    gpointer known = g_hash_table_lookup(m->by_transaction, fact->transaction);
    return known ? timeline_at(m->timeline->transactions, struct timeline_transaction,
                               GPOINTER_TO_UINT(known) - 1)
                 : NULL;
}

/* ---- servers ---- */

static void learn_channel(struct timeline_maker *m, const struct timeline_seen *seen,
                          const struct timeline_fact *fact)
{
    struct stunmsg decoded;
    uint32_t number;
    struct timeline_channel channel = { .client = seen->src, .server = seen->dst };
    if (m->channels->len >= TIMELINE_MAX_CHANNELS ||
        stunmsg_decode(fact->peeled.bytes, fact->peeled.size, &decoded) != STUNMSG_OK ||
        stunmsg_get_u32(&decoded, STUNMSG_CHANNEL_NUMBER, &number) != STUNMSG_OK ||
        stunmsg_get_address(&decoded, STUNMSG_XOR_PEER_ADDRESS, &channel.peer) !=
            STUNMSG_OK)
        return;
    channel.number = (uint16_t)number;
    g_array_append_val(m->channels, channel);
}

static void learn_allocation(struct timeline_maker *m, enum role role,
                             const struct timeline_seen *seen,
                             const struct timeline_fact *fact)
{
    struct timeline_allocation a = {
        .role = role, .client = seen->dst, .server = seen->src, .relayed = fact->relayed
    };
    if (a.relayed.address.family != ADDRESS_NONE &&
        m->allocations->len < TIMELINE_MAX_ALLOCATIONS)
        g_array_append_val(m->allocations, a);
}

/* Whose a channel's data is, or for whom. */
static void resolve_peer(struct timeline_maker *m, const struct timeline_packet *p,
                         const struct timeline_seen *seen, struct timeline_fact *fact)
{
    const struct endpoint *client = p->is_outward ? &seen->src : &seen->dst;
    const struct endpoint *server = p->is_outward ? &seen->dst : &seen->src;
    if (fact->peer.address.family != ADDRESS_NONE || fact->peeled.channel == 0)
        return;
    for (unsigned i = m->channels->len; i-- > 0;) { /* the latest */
        const struct timeline_channel *c =
            timeline_at(m->channels, struct timeline_channel, i);
        if (c->number == fact->peeled.channel && endpoint_equal(&c->client, client) &&
            endpoint_equal(&c->server, server)) {
            fact->peer = c->peer;
            return;
        }
    }
}

/* ---- transactions ---- */

/* A server that this peer has an answer of was asked before: it keeps its binding. */
static bool was_answered(const struct timeline_maker *m, enum role role,
                         const struct timeline_seen *seen)
{
    const GArray *all = m->timeline->transactions;
    for (unsigned i = 0; i < all->len; i++) {
        const struct timeline_transaction *t =
            timeline_at(all, struct timeline_transaction, i);
        if (t->role != role || t->method != STUNMSG_BINDING || !t->server ||
            t->answer == TIMELINE_NONE)
            continue;
        const struct timeline_seen *first =
            maker_seen(m, g_array_index(t->requests, uint32_t, 0));
        if (endpoint_equal(&first->src, &seen->src) &&
            endpoint_equal(&first->dst, &seen->dst))
            return true;
    }
    return false;
}

static enum timeline_use use_of(const struct timeline_maker *m, enum role role,
                                const struct timeline_message *message,
                                const struct timeline_seen *seen)
{
    if (message->is_check)
        return TIMELINE_CHECK;
    if (message->method == STUNMSG_GOOG_PING)
        return TIMELINE_KEEPALIVE;
    if (message->method != STUNMSG_BINDING)
        return TIMELINE_TURN;
    return was_answered(m, role, seen) ? TIMELINE_KEEPALIVE : TIMELINE_GATHERING;
}

static void take_request(struct timeline_maker *m, enum role role, uint32_t packet,
                         uint32_t index)
{
    struct timeline *t = m->timeline;
    const struct timeline_message *message = maker_message(m, index);
    struct timeline_fact *fact = maker_fact(m, index);
    const struct timeline_seen *seen = maker_seen(m, packet);
    struct timeline_transaction *known = find(m, fact);
    if (known) {
        if (known->role == role) {
            known->nominates |= fact->nominates;
            g_array_append_val(known->requests, packet);
        }
        return;
    }
    char server[ENDPOINT_TEXT_SIZE];
    enum timeline_use use = use_of(m, role, message, seen);
    bool has_server = !message->is_check && !message->is_relayed;
    struct timeline_transaction transaction = {
        .role = role,
        .use = use,
        .method = message->method,
        .requests = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
        .losses = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
        .answer = TIMELINE_NONE,
        .pair = TIMELINE_NONE,
        .nominates = fact->nominates,
        .server = has_server ? g_strdup(endpoint_format(&seen->dst, server)) : NULL,
    };
    memcpy(transaction.transaction, message->transaction, sizeof transaction.transaction);
    g_array_append_val(transaction.requests, packet);
    g_array_append_val(t->transactions, transaction);
    g_array_append_val(m->asked, index);
    g_hash_table_insert(m->by_transaction, fact->transaction,
                        GUINT_TO_POINTER(t->transactions->len));
    if (message->method == STUNMSG_CHANNEL_BIND)
        learn_channel(m, seen, fact);
}

static void take_answer(struct timeline_maker *m, enum role role, uint32_t packet,
                        uint32_t index)
{
    const struct timeline_message *message = maker_message(m, index);
    const struct timeline_fact *fact = maker_fact(m, index);
    struct timeline_transaction *t = find(m, fact);
    if (!t || t->role != role || t->answer != TIMELINE_NONE)
        return;
    t->answer = packet;
    t->error_code = message->class == STUNMSG_FAILURE ? fact->error_code : 0;
    if (message->class == STUNMSG_SUCCESS && message->method == STUNMSG_ALLOCATE)
        learn_allocation(m, role, maker_seen(m, packet), fact);
}

/* Where a dropped packet is seen twice (at a host's tap, and where it was dropped), only
   the one that was dropped has the verdict. */
static void find_losses(struct timeline_maker *m)
{
    for (uint32_t i = 0; i < m->timeline->packets->len; i++) {
        const struct timeline_packet *p = maker_packet(m, i);
        bool is_lost = p->verdict == TIMELINE_DROPPED || p->verdict == TIMELINE_LATE;
        uint32_t end = maker_messages_end(m, p);
        for (uint32_t k = p->message; is_lost && k < end; k++) {
            struct timeline_transaction *t = find(m, maker_fact(m, k));
            if (t && maker_message(m, k)->class != STUNMSG_INDICATION)
                g_array_append_val(t->losses, i);
        }
    }
}

/* An answer does not say by itself what it answers. */
static void mark_answers(struct timeline_maker *m)
{
    for (uint32_t i = 0; i < m->timeline->messages->len; i++) {
        struct timeline_message *message = maker_message(m, i);
        struct timeline_fact *fact = maker_fact(m, i);
        const struct timeline_transaction *t = find(m, fact);
        char peer[ENDPOINT_TEXT_SIZE];
        if (message->class != STUNMSG_REQUEST && message->class != STUNMSG_INDICATION)
            message->is_check = t && t->use == TIMELINE_CHECK;
        if (message->is_relayed && fact->peer.address.family != ADDRESS_NONE)
            message->peer = g_strdup(endpoint_format(&fact->peer, peer));
    }
}

static void take_packet(struct timeline_maker *m, enum role role, uint32_t packet)
{
    const struct timeline_packet *p = maker_packet(m, packet);
    uint32_t end = maker_messages_end(m, p);
    for (uint32_t k = p->message; k < end; k++) {
        uint8_t class = maker_message(m, k)->class;
        bool is_answer = class == STUNMSG_SUCCESS || class == STUNMSG_FAILURE;
        resolve_peer(m, p, maker_seen(m, packet), maker_fact(m, k));
        if (p->is_outward && class == STUNMSG_REQUEST)
            take_request(m, role, packet, k);
        else if (!p->is_outward && is_answer)
            take_answer(m, role, packet, k);
    }
}

void timeline_make_transactions(struct timeline_maker *m)
{
    m->by_transaction =
        g_hash_table_new(timeline_hash_transaction, timeline_equal_transactions);
    for (uint32_t i = 0; i < m->timeline->packets->len; i++) {
        enum role role = maker_role_of_tap(m, maker_packet(m, i)->tap);
        if (role < N_ROLES)
            take_packet(m, role, i);
    }
    find_losses(m);
    mark_answers(m);
}
