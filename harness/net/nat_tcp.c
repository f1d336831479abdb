/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a NAT keeps of a TCP connection: no state machine, but which segments it has seen
 * of it. From them follows the class of its idle timer (RFC 5382 REQ-5): established
 * after both sides spoke and one acknowledged, transitory before, and again after a RST
 * or both FINs. Sequence numbers are not checked, so a RST may be forged: any later
 * segment makes the connection established again (RFC 7857 §2.2), and a RST never makes
 * a connection known. Since nothing is said of the order, a simultaneous open (REQ-2) and
 * an open from outside, where the filter permits it, need no rule of their own. A
 * half-closed connection may stay so for long and keeps the long timer.
 *
 * An inbound SYN that nothing permits is dropped, answered with a RST (which REQ-4
 * forbids), or held for six seconds and then answered with an ICMP error (REQ-4).
 */
#include "net/nat_table.h"

#include "base/clock.h"

/* RFC 5382 REQ-4: "at least 6 seconds". */
static const int64_t syn_hold_ns = 6 * NS_PER_S;

static bool is_closing(uint8_t seen)
{
    const uint8_t fins = NAT_TCP_FIN_OUT | NAT_TCP_FIN_IN;
    return (seen & NAT_TCP_RST) || (seen & fins) == fins;
}

static uint8_t with_segment(uint8_t seen, uint8_t flags, enum packet_direction direction)
{
    bool outward = direction == PACKET_OUTWARD;
    if (flags & TCP_RST)
        return seen | NAT_TCP_RST;
    if ((flags & TCP_SYN) && is_closing(seen))
        seen = 0; /* the same ports, a new connection: RFC 9293 §3.6.1 */
    seen &= (uint8_t)~NAT_TCP_RST;
    seen |= outward ? NAT_TCP_OUT : NAT_TCP_IN;
    if (flags & TCP_FIN)
        seen |= outward ? NAT_TCP_FIN_OUT : NAT_TCP_FIN_IN;
    if ((seen & NAT_TCP_OUT) && (seen & NAT_TCP_IN) && (flags & TCP_ACK) &&
        !(flags & TCP_SYN))
        seen |= NAT_TCP_ACKED;
    return seen;
}

bool nat_tcp_touch(struct nat *nat, struct nat_mapping *m, const struct endpoint *remote,
                   uint8_t flags, enum packet_direction direction, bool is_new,
                   int64_t now_ns)
{
    struct nat_session *s = nat_session_find(nat, m, remote);
    bool is_new_session = !s;
    if (!s && (flags & TCP_RST))
        return true; /* may pass, but there is nothing to keep */
    if (!s)
        s = nat_session_add(nat, m, remote, NAT_CLASS_TCP_TRANSITORY, now_ns);
    if (!s)
        return false;
    s->tcp = with_segment(s->tcp, flags, direction);
    if (!is_new_session) {
        bool established = (s->tcp & NAT_TCP_ACKED) && !is_closing(s->tcp);
        lifetimes_refresh(
            &nat->session_lifetimes, s->number,
            established ? NAT_CLASS_TCP_ESTABLISHED : NAT_CLASS_TCP_TRANSITORY, now_ns);
    }
    if (!is_new)
        nat_report(nat, NETWORK_MAPPING_REFRESHED, m, direction, now_ns);
    if (direction == PACKET_OUTWARD && (flags & TCP_SYN))
        nat_forget_held_syn(nat, m, remote);
    return true;
}

struct nat_verdict nat_unsolicited(struct nat *nat, const struct packet *p,
                                   const struct ip_view *ip,
                                   const struct transport_view *t,
                                   enum drop_reason reason, int64_t now_ns)
{
    struct nat_verdict verdict = nat_refuse(reason);
    if ((t->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
        return verdict;
    switch (nat->config->unsolicited_syn) {
    case NAT_SYN_DROP:
        break;
    case NAT_SYN_RESET:
        verdict.answer = NAT_ANSWER_RESET;
        break;
    case NAT_SYN_ICMP:
        nat_hold(nat, &nat->held_syns, p,
                 (struct nat_held){
                     .ip = *ip,
                     .direction = PACKET_INWARD,
                     .due_ns = now_ns + syn_hold_ns,
                     .external = { ip->destination, t->destination_port },
                     .remote = { ip->source, t->source_port },
                     .reason = reason,
                 });
        break;
    }
    return verdict;
}

void nat_forget_held_syn(struct nat *nat, const struct nat_mapping *m,
                         const struct endpoint *remote)
{
    struct nat_held_list *list = &nat->held_syns;
    for (unsigned i = 0; i < list->n;) {
        if (endpoint_equal(&list->items[i].external, &m->external) &&
            endpoint_equal(&list->items[i].remote, remote))
            packet_free(nat_unhold(list, i).packet);
        else
            i++;
    }
}

void nat_answer_held_syns(struct nat *nat, int64_t now_ns)
{
    while (nat->held_syns.n > 0 && nat->held_syns.items[0].due_ns <= now_ns) {
        struct nat_held held = nat_unhold(&nat->held_syns, 0);
        struct nat_verdict verdict = nat_refuse(held.reason);
        verdict.answer = NAT_ANSWER_UNREACHABLE;
        nat_push_late(nat, &held, verdict, true);
    }
}
