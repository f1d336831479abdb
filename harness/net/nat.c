/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NAT's way with a packet. Outbound: find or make the mapping, note the remote,
 * rewrite the source. Inbound: find the mapping by the external endpoint, ask the filter,
 * rewrite the destination. A packet from inside to an external address of the NAT itself
 * goes through both, one after the other (hairpinning, RFC 4787 §6).
 *
 * Before a packet is translated its transport checksum is verified, unless it is a
 * fragment or UDP without one; the IP header's was verified by the network, which also
 * lowers the TTL. Checksums are then updated by the difference only.
 *
 * Not done: address families are not translated into each other, and protocols other than
 * UDP, TCP and ICMP queries have no mappings.
 */
#include "net/nat_table.h"

#include <netinet/in.h>

#include "base/clock.h"

struct nat *nat_new(const struct nat_config *config, struct rng rng,
                    struct packet_pool *pool, struct event_queue *events, uint32_t tap)
{
    struct nat *nat = g_new0(struct nat, 1);
    nat->config = config;
    nat->rng = rng;
    nat->pool = pool;
    nat->events = events;
    nat->tap = tap;
    nat_table_init(nat);
    return nat;
}

void nat_free(struct nat *nat)
{
    if (!nat)
        return;
    struct nat_late late;
    while (nat_pop_late(nat, &late))
        packet_free(late.packet);
    while (nat->held_syns.n > 0)
        packet_free(nat_unhold(&nat->held_syns, 0).packet);
    while (nat->held_fragments.n > 0)
        packet_free(nat_unhold(&nat->held_fragments, 0).packet);
    for (unsigned space = 0; space < NAT_N_SPACES; space++)
        for (unsigned i = 0; i < NETWORK_MAX_ADDRESSES; i++)
            g_free(nat->ports[space][i]);
    address_map_clear(&nat->pairings);
    nat_table_clear(nat);
    g_free(nat);
}

bool nat_owns(const struct nat *nat, const struct address *a)
{
    for (unsigned i = 0; i < nat->config->n_external; i++)
        if (address_equal(&nat->config->external[i], a))
            return true;
    return false;
}

size_t nat_n_mappings(const struct nat *nat)
{
    return slab_n_used(&nat->mappings);
}

/* ---- packets that wait ---- */

bool nat_hold(struct nat *nat, struct nat_held_list *list, const struct packet *p,
              struct nat_held held)
{
    if (list->n == NAT_MAX_HELD)
        return false;
    held.packet = packet_copy(nat->pool, p);
    list->items[list->n++] = held;
    return true;
}

struct nat_held nat_unhold(struct nat_held_list *list, unsigned i)
{
    struct nat_held held = list->items[i];
    list->n--;
    memmove(&list->items[i], &list->items[i + 1], (list->n - i) * sizeof held);
    return held;
}

void nat_push_late(struct nat *nat, const struct nat_held *held,
                   struct nat_verdict verdict, bool answer_only)
{
    /* The network takes all after each call, and a call frees at most all that waits. */
    g_assert(nat->n_late < G_N_ELEMENTS(nat->late));
    nat->late[nat->n_late++] = (struct nat_late){
        .packet = held->packet,
        .direction = held->direction,
        .answer_only = answer_only,
        .verdict = verdict,
    };
}

bool nat_pop_late(struct nat *nat, struct nat_late *ret_late)
{
    if (nat->n_late == 0)
        return false;
    *ret_late = nat->late[0];
    nat->n_late--;
    memmove(&nat->late[0], &nat->late[1], nat->n_late * sizeof nat->late[0]);
    return true;
}

void nat_advance(struct nat *nat, int64_t now_ns)
{
    nat_expire(nat, now_ns);
    nat_answer_held_syns(nat, now_ns);
    nat_drop_held_fragments(nat, now_ns);
}

int64_t nat_deadline(const struct nat *nat)
{
    int64_t due = lifetimes_deadline(&nat->mapping_lifetimes);
    int64_t other = lifetimes_deadline(&nat->session_lifetimes);
    due = MIN(due, other);
    if (nat->held_syns.n > 0)
        due = MIN(due, nat->held_syns.items[0].due_ns);
    if (nat->held_fragments.n > 0)
        due = MIN(due, nat->held_fragments.items[0].due_ns);
    return due;
}

/* ---- packets that pass ---- */

/* False if the table is full. */
static bool touch(struct nat *nat, struct nat_mapping *m, const struct endpoint *remote,
                  const struct transport_view *t, enum packet_direction direction,
                  bool is_new, int64_t now_ns)
{
    if (m->protocol == IPPROTO_TCP)
        return nat_tcp_touch(nat, m, remote, t->tcp_flags, direction, is_new, now_ns);
    return nat_touch(nat, m, remote, direction, is_new, now_ns);
}

/* What both directions look at first. False: the verdict says why. */
static bool admit(const struct nat *nat, const struct packet *p, const struct ip_view *ip,
                  struct transport_view *t, struct nat_verdict *verdict)
{
    switch (ip_parse_transport(p->bytes, ip, t)) {
    case IP_OK:
        break;
    case IP_PROTOCOL:
        *verdict = nat_refuse(DROP_NAT_PROTOCOL);
        return false;
    case IP_SHORT:
    case IP_BAD:
        *verdict = nat_refuse(DROP_MALFORMED);
        return false;
    }
    if (ip->more_fragments && nat->config->fragments == NAT_FRAGMENTS_NONE) {
        *verdict = nat_refuse(DROP_NAT_FRAGMENT);
        return false;
    }
    if (!ip->more_fragments && !ip_transport_checksum_holds(p->bytes, ip, t)) {
        *verdict = nat_refuse(DROP_BAD_CHECKSUM);
        return false;
    }
    if (ip_is_icmp(t->protocol) && t->icmp_kind == ICMP_KIND_OTHER) {
        *verdict = nat_refuse(DROP_NAT_ICMP_REFUSED);
        return false;
    }
    return true;
}

/* The ALG that RFC 4787 REQ-10 wants off: replaces the inside address in a payload. */
static void rewrite_payload(struct packet *p, const struct ip_view *ip,
                            const struct transport_view *t, const struct address *from,
                            const struct address *to)
{
    size_t length = address_size(from), end = t->at + t->bytes;
    bool changed = false;
    for (size_t at = t->at + UDP_HEADER; at + length <= end; at++)
        if (memcmp(p->bytes + at, from->bytes, length) == 0) {
            memcpy(p->bytes + at, to->bytes, length);
            changed = true;
        }
    if (changed && (p->bytes[t->checksum_at] || p->bytes[t->checksum_at + 1]))
        ip_set_transport_checksum(p->bytes, ip, t);
}

/* Brings a packet in to the mapping that its destination names. */
static struct nat_verdict bring_in(struct nat *nat, struct packet *p, struct ip_view *ip,
                                   struct transport_view *t,
                                   const struct endpoint *sender,
                                   struct fragment_decision *decision, int64_t now_ns)
{
    struct endpoint external = { ip->destination, t->destination_port };
    struct endpoint remote = *sender;
    if (ip_is_icmp(t->protocol)) {
        if (t->icmp_kind != ICMP_KIND_REPLY)
            return nat_refuse(DROP_NAT_NO_MAPPING);
        remote.port = 0;
    }
    struct nat_mapping *m = nat_find_outside(nat, t->protocol, &external, &remote);
    if (!m)
        return nat_refuse(DROP_NAT_NO_MAPPING);
    if (!nat_permits(nat, m, &remote))
        return nat_refuse(DROP_NAT_FILTERED);
    if (!touch(nat, m, &remote, t, PACKET_INWARD, false, now_ns))
        return nat_refuse(DROP_NAT_QUOTA);
    decision->destination = m->internal.address;
    ip_rewrite(p->bytes, ip, t, IP_DESTINATION, &m->internal);
    return (struct nat_verdict){ .before = external, .after = m->internal };
}

struct nat_verdict nat_inbound(struct nat *nat, struct packet *p, struct ip_view *ip,
                               int64_t now_ns)
{
    struct nat_verdict verdict;
    struct transport_view t;
    if (ip->fragment_offset > 0)
        return nat_fragment(nat, p, ip, PACKET_INWARD, now_ns);
    if (!admit(nat, p, ip, &t, &verdict))
        return verdict;
    if (ip_is_icmp(t.protocol) && t.icmp_kind == ICMP_KIND_ERROR)
        return nat_icmp_error_inbound(nat, p, ip, &t, now_ns);

    struct ip_view key = *ip;
    struct fragment_decision decision = { 0 };
    struct endpoint sender = { ip->source, t.source_port };
    verdict = bring_in(nat, p, ip, &t, &sender, &decision, now_ns);
    if (verdict.action == NAT_REFUSE)
        return nat_unsolicited(nat, p, ip, &t, verdict.reason, now_ns);
    if (key.more_fragments)
        nat_fragment_first(nat, &key, &decision, PACKET_INWARD, now_ns);
    return verdict;
}

/* The mapping for a packet that goes out; NULL: the verdict says why not. */
static struct nat_mapping *mapping_for(struct nat *nat, const struct ip_view *ip,
                                       const struct transport_view *t,
                                       struct nat_verdict *verdict, int64_t now_ns)
{
    struct endpoint internal = { ip->source, t->source_port };
    struct endpoint remote = { ip->destination, t->destination_port };
    if (ip_is_icmp(t->protocol))
        remote.port = 0;
    struct nat_mapping *m = nat_find_inside(nat, t->protocol, &internal, &remote);
    bool is_new = !m;
    if (!m) {
        if (t->tcp_flags & TCP_RST) {
            *verdict = nat_refuse(DROP_NAT_NO_MAPPING);
            return NULL;
        }
        enum drop_reason reason;
        m = nat_create(nat, t->protocol, &internal, &remote, now_ns, &reason);
        if (!m) {
            *verdict = nat_refuse(reason);
            if (reason != DROP_NO_ROUTE)
                verdict->answer = NAT_ANSWER_PROHIBITED; /* RFC 5508 REQ-8 */
            return NULL;
        }
    }
    if (!touch(nat, m, &remote, t, PACKET_OUTWARD, is_new, now_ns)) {
        *verdict = nat_refuse(DROP_NAT_QUOTA);
        verdict->answer = NAT_ANSWER_PROHIBITED; /* RFC 5508 REQ-8 */
        return NULL;
    }
    return m;
}

struct nat_verdict nat_outbound(struct nat *nat, struct packet *p, struct ip_view *ip,
                                int64_t now_ns)
{
    const struct nat_config *c = nat->config;
    struct nat_verdict verdict;
    struct transport_view t;
    bool hairpin = nat_owns(nat, &ip->destination);
    if (hairpin && c->hairpin == NAT_HAIRPIN_OFF)
        return nat_refuse(DROP_NAT_HAIRPIN_OFF);
    if (ip->fragment_offset > 0)
        return nat_fragment(nat, p, ip, PACKET_OUTWARD, now_ns);
    if (!admit(nat, p, ip, &t, &verdict))
        return verdict;
    if (ip_is_icmp(t.protocol)) {
        if (t.icmp_kind == ICMP_KIND_ERROR)
            return nat_icmp_error_outbound(nat, p, ip, &t, now_ns);
        /* No query comes in, so no reply goes out; and hairpinned queries RFC 5508 REQ-7
           asks only of Basic NAT. */
        if (hairpin || t.icmp_kind != ICMP_KIND_REQUEST)
            return nat_refuse(DROP_NAT_NO_MAPPING);
    }

    struct nat_mapping *m = mapping_for(nat, ip, &t, &verdict, now_ns);
    if (!m)
        return verdict;
    struct ip_view key = *ip;
    struct fragment_decision decision = { .hairpin = hairpin };
    struct endpoint external = m->external;
    if (!hairpin || c->hairpin == NAT_HAIRPIN_EXTERNAL_SOURCE) {
        verdict = (struct nat_verdict){ .before = m->internal, .after = external };
        decision.source = external.address;
        ip_rewrite(p->bytes, ip, &t, IP_SOURCE, &external);
        if (c->rewrites_payload && t.protocol == IPPROTO_UDP && !ip->more_fragments)
            rewrite_payload(p, ip, &t, &verdict.before.address, &external.address);
    }
    if (hairpin) {
        /* The filter knows the sender by its external endpoint, whatever it shows. */
        verdict = bring_in(nat, p, ip, &t, &external, &decision, now_ns);
        if (verdict.action == NAT_FORWARD)
            verdict.action = NAT_HAIRPIN;
    }
    if (key.more_fragments && verdict.action != NAT_REFUSE)
        nat_fragment_first(nat, &key, &decision, PACKET_OUTWARD, now_ns);
    return verdict;
}
