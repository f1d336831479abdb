/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments through a NAT (RFC 4787 §11). Only the first fragment has ports; it is
 * translated as a whole datagram would be, and the later ones follow its decision. One
 * that comes before its first waits for it (REQ-14, "Received Fragment Out of Order"),
 * bounded in number and time. Nothing is reassembled, so a transport checksum is not
 * verified over fragments, only updated.
 *
 * Two inside hosts that use the same identification towards one remote at the same time
 * collide outside, as they do with most NATs: identifications are not translated.
 */
#include "net/nat_table.h"

/* Does to a later fragment what was decided about the first. */
static struct nat_verdict follow(const struct fragment_decision *d, struct packet *p,
                                 struct ip_view *ip)
{
    struct nat_verdict verdict = { .action = d->hairpin ? NAT_HAIRPIN : NAT_FORWARD };
    if (d->source.family) {
        verdict.before = (struct endpoint){ .address = ip->source };
        verdict.after = (struct endpoint){ .address = d->source };
        ip_rewrite(p->bytes, ip, NULL, IP_SOURCE, &verdict.after);
    }
    if (d->destination.family) {
        verdict.before = (struct endpoint){ .address = ip->destination };
        verdict.after = (struct endpoint){ .address = d->destination };
        ip_rewrite(p->bytes, ip, NULL, IP_DESTINATION, &verdict.after);
    }
    return verdict;
}

struct nat_verdict nat_fragment(struct nat *nat, struct packet *p, struct ip_view *ip,
                                enum packet_direction direction, int64_t now_ns)
{
    if (nat->config->fragments == NAT_FRAGMENTS_NONE)
        return nat_refuse(DROP_NAT_FRAGMENT);
    const struct fragment_decision *d = fragments_find(&nat->fragments, ip, now_ns);
    if (d)
        return follow(d, p, ip);
    struct nat_held held = { .ip = *ip,
                             .direction = direction,
                             .due_ns = now_ns + fragments_lifetime_ns() };
    if (nat->config->fragments == NAT_FRAGMENTS_IN_ORDER ||
        !nat_hold(nat, &nat->held_fragments, p, held))
        return nat_refuse(DROP_NAT_FRAGMENT);
    return (struct nat_verdict){ .action = NAT_HOLD };
}

void nat_fragment_first(struct nat *nat, const struct ip_view *key,
                        const struct fragment_decision *decision,
                        enum packet_direction direction, int64_t now_ns)
{
    fragments_remember(&nat->fragments, key, decision, now_ns);
    struct nat_held_list *list = &nat->held_fragments;
    for (unsigned i = 0; i < list->n;) {
        if (list->items[i].direction == direction &&
            fragments_same_datagram(&list->items[i].ip, key)) {
            struct nat_held held = nat_unhold(list, i);
            nat_push_late(nat, &held, follow(decision, held.packet, &held.ip), false);
        } else {
            i++;
        }
    }
}

void nat_drop_held_fragments(struct nat *nat, int64_t now_ns)
{
    while (nat->held_fragments.n > 0 && nat->held_fragments.items[0].due_ns <= now_ns) {
        struct nat_held held = nat_unhold(&nat->held_fragments, 0);
        nat_push_late(nat, &held, nat_refuse(DROP_NAT_FRAGMENT), false);
    }
}
