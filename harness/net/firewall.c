/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stateful packet filter. Each packet has a state: it belongs to a flow that a rule let
 * through before, in either direction, or is an ICMP error about one (established); or
 * not (new). The first rule that matches decides. A new packet that is let through opens
 * a flow, each later one refreshes it.
 *
 * A flow of ICMP is a query with its replies: who asked is part of it, so that an allowed
 * ping out lets no ping in. Flows end by idle time only, TCP's too: FIN and RST do not
 * shorten them, and no sequence numbers are checked. Later fragments are let through if
 * the first one was, and otherwise dropped: a fragment that comes before its first is
 * lost here. A firewall is a bridge: it has no address and lowers no TTL. Flows expire
 * when the next packet comes, which needs no timer since nobody can see the difference.
 */
#include "net/firewall.h"

#include <netinet/in.h>

#include "base/clock.h"
#include "net/fragments.h"
#include "net/hash_index.h"
#include "net/lifetimes.h"
#include "net/slab.h"

enum { CLASS_UDP, CLASS_TCP };

struct flow {
    struct endpoint inner, outer;
    uint32_t hash;
    uint8_t protocol;
    bool asked_outside; /* of an ICMP query: the outer end sends the requests */
};

struct firewall {
    const struct firewall_config *config;
    bool keeps_state; /* some rule asks for it */
    struct slab flows;
    struct hash_index index;
    struct lifetimes lifetimes;
    struct fragments fragments;
};

struct firewall *firewall_new(const struct firewall_config *config)
{
    struct firewall *fw = g_new0(struct firewall, 1);
    fw->config = config;
    for (unsigned i = 0; i < config->n_rules; i++)
        fw->keeps_state |= config->rules[i].states != 0;
    fw->flows.object_bytes = sizeof(struct flow);
    const int64_t class_ns[] = {
        [CLASS_UDP] = config->udp_lifetime_ns ? config->udp_lifetime_ns : 120 * NS_PER_S,
        [CLASS_TCP] = config->tcp_lifetime_ns ? config->tcp_lifetime_ns : 7440 * NS_PER_S,
    };
    lifetimes_init(&fw->lifetimes, class_ns, G_N_ELEMENTS(class_ns));
    return fw;
}

void firewall_free(struct firewall *fw)
{
    if (!fw)
        return;
    slab_clear(&fw->flows);
    hash_index_clear(&fw->index);
    lifetimes_clear(&fw->lifetimes);
    g_free(fw);
}

static uint32_t hash_flow(const struct flow *f)
{
    uint64_t hash = hash_mix(f->protocol | (f->asked_outside ? 0x100u : 0),
                             (uint64_t)f->inner.port << 16 | f->outer.port);
    hash = hash_address(hash, &f->inner.address);
    return hash_finish(hash_address(hash, &f->outer.address));
}

/* The number of a flow; SLAB_NONE if it has no state. */
static uint32_t find_flow(const struct firewall *fw, const struct flow *sought)
{
    uint32_t hash = hash_flow(sought), number;
    for (size_t at = hash_index_first(&fw->index, hash);
         hash_index_at(&fw->index, at, &number);
         at = hash_index_next(&fw->index, at, hash)) {
        const struct flow *f = slab_at(&fw->flows, number);
        if (f->protocol == sought->protocol &&
            f->asked_outside == sought->asked_outside &&
            endpoint_equal(&f->inner, &sought->inner) &&
            endpoint_equal(&f->outer, &sought->outer))
            return number;
    }
    return SLAB_NONE;
}

static void expire(struct firewall *fw, int64_t now_ns)
{
    uint32_t number;
    while (lifetimes_pop_expired(&fw->lifetimes, now_ns, &number)) {
        const struct flow *f = slab_at(&fw->flows, number);
        hash_index_remove(&fw->index, f->hash, number);
        slab_give(&fw->flows, number);
    }
}

/* The flow of a packet that goes outward, or not. */
static struct flow flow_of(const struct ip_view *ip, const struct transport_view *t,
                           bool outward)
{
    struct endpoint from = { ip->source, t->source_port };
    struct endpoint to = { ip->destination, t->destination_port };
    struct flow f = { .protocol = ip->protocol };
    f.inner = outward ? from : to;
    f.outer = outward ? to : from;
    if (ip_is_icmp(f.protocol)) {
        f.outer.port = 0; /* the identifier is the inner end's */
        f.asked_outside = (t->icmp_kind == ICMP_KIND_REQUEST && !outward) ||
                          (t->icmp_kind == ICMP_KIND_REPLY && outward);
    }
    return f;
}

/* Finds the flow that an ICMP error is about; SLAB_NONE if there is none. */
static uint32_t find_quoted(const struct firewall *fw, const struct packet *p,
                            const struct transport_view *t, bool outward)
{
    const uint8_t *quote = p->bytes + t->at + ICMP_HEADER;
    struct ip_view ip;
    struct transport_view inner;
    if (ip_parse_quote(quote, t->bytes - ICMP_HEADER, &ip) != IP_OK ||
        ip_parse_transport_quote(quote, &ip, &inner) != IP_OK)
        return SLAB_NONE;
    /* What it quotes went the other way. */
    struct flow f = flow_of(&ip, &inner, !outward);
    return find_flow(fw, &f);
}

static bool port_matches(uint16_t min, uint16_t max, uint16_t port)
{
    return min == 0 || (port >= min && port <= MAX(min, max));
}

static bool rule_matches(const struct firewall_rule *r, const struct flow *f,
                         enum firewall_direction direction, enum firewall_state state)
{
    bool icmp = r->protocol == IPPROTO_ICMP && ip_is_icmp(f->protocol);
    return r->direction == direction &&
           (r->protocol == 0 || r->protocol == f->protocol || icmp) &&
           (r->states == 0 || (r->states & state)) &&
           (r->remote_address.family == ADDRESS_NONE ||
            address_equal(&r->remote_address, &f->outer.address)) &&
           port_matches(r->remote_port_min, r->remote_port_max, f->outer.port) &&
           port_matches(r->local_port_min, r->local_port_max, f->inner.port);
}

static enum firewall_action decide(const struct firewall *fw, const struct flow *f,
                                   bool outward, enum firewall_state state)
{
    const struct firewall_config *c = fw->config;
    enum firewall_direction direction = outward ? FIREWALL_OUTBOUND : FIREWALL_INBOUND;
    for (unsigned i = 0; i < c->n_rules; i++)
        if (rule_matches(&c->rules[i], f, direction, state))
            return c->rules[i].action;
    return outward ? c->default_outbound : c->default_inbound;
}

static struct firewall_verdict verdict_for(enum firewall_action action)
{
    static const enum drop_reason reasons[] = {
        [FIREWALL_DROP] = DROP_FIREWALL_DROPPED,
        [FIREWALL_REJECT] = DROP_FIREWALL_REJECTED,
        [FIREWALL_RESET] = DROP_FIREWALL_RESET,
    };
    return (struct firewall_verdict){ action, reasons[action] };
}

/* Opens or refreshes the flow of a packet that was let through; false: no room. */
static bool keep(struct firewall *fw, struct flow *f, uint32_t number, int64_t now_ns)
{
    unsigned class = f->protocol == IPPROTO_TCP ? CLASS_TCP : CLASS_UDP;
    if (number != SLAB_NONE) {
        lifetimes_refresh(&fw->lifetimes, number, class, now_ns);
        return true;
    }
    if (slab_n_used(&fw->flows) >= FIREWALL_MAX_FLOWS)
        return false;
    f->hash = hash_flow(f);
    number = slab_take(&fw->flows);
    *(struct flow *)slab_at(&fw->flows, number) = *f;
    hash_index_insert(&fw->index, f->hash, number);
    lifetimes_add(&fw->lifetimes, number, class, now_ns);
    return true;
}

static struct firewall_verdict filter_fragment(struct firewall *fw,
                                               const struct ip_view *ip, bool outward,
                                               int64_t now_ns)
{
    const struct firewall_config *c = fw->config;
    enum firewall_action otherwise = outward ? c->default_outbound : c->default_inbound;
    if (fragments_find(&fw->fragments, ip, now_ns) ||
        (c->n_rules == 0 && otherwise == FIREWALL_ALLOW))
        return verdict_for(FIREWALL_ALLOW);
    return verdict_for(FIREWALL_DROP);
}

struct firewall_verdict firewall_filter(struct firewall *fw, const struct packet *p,
                                        const struct ip_view *ip,
                                        enum packet_direction direction, int64_t now_ns)
{
    bool outward = direction == PACKET_OUTWARD;
    if (ip->fragment_offset > 0)
        return filter_fragment(fw, ip, outward, now_ns);
    struct transport_view t = { 0 };
    enum ip_status status = ip_parse_transport(p->bytes, ip, &t);
    if (status == IP_SHORT || status == IP_BAD)
        return (struct firewall_verdict){ FIREWALL_DROP, DROP_MALFORMED };

    expire(fw, now_ns);
    struct flow f = flow_of(ip, &t, outward);
    bool icmp = ip_is_icmp(t.protocol);
    bool error = icmp && t.icmp_kind == ICMP_KIND_ERROR;
    uint32_t number = SLAB_NONE;
    if (fw->keeps_state)
        number = error ? find_quoted(fw, p, &t, outward) : find_flow(fw, &f);
    enum firewall_state state = number == SLAB_NONE ? FIREWALL_NEW : FIREWALL_ESTABLISHED;
    struct firewall_verdict verdict = verdict_for(decide(fw, &f, outward, state));
    if (verdict.action != FIREWALL_ALLOW)
        return verdict;
    /* Of ICMP only a query opens a flow: what answers nothing leaves no door open. */
    bool has_flow = !icmp || t.icmp_kind == ICMP_KIND_REQUEST || number != SLAB_NONE;
    if (fw->keeps_state && !error && has_flow && !keep(fw, &f, number, now_ns))
        return (struct firewall_verdict){ FIREWALL_DROP, DROP_FIREWALL_FULL };
    if (ip->more_fragments)
        fragments_remember(&fw->fragments, ip, &(struct fragment_decision){ 0 }, now_ns);
    return verdict;
}
