/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP errors through a NAT. An error quotes the datagram that it is about as it was on
 * the side where it failed; the mapping is that of the quoted datagram, and the quote is
 * translated back together with the header around it, checksums included. An error never
 * makes or refreshes a mapping (RFC 5508 REQ-6). One that goes from one inside host to
 * another by way of an external address is translated in both directions (REQ-7).
 *
 * The outer source of an error from inside becomes the external address of the mapping
 * (REQ-5), whoever inside sent it. Extensions behind the quote (RFC 4884) pass as they
 * are. Of the quote only the IP header's checksum is verified, as REQ-3 says. RFC 4787
 * REQ-12 and RFC 5508 REQ-3 to REQ-7.
 */
#include "net/nat_table.h"

/* The datagram quoted in an error. */
struct quote {
    uint8_t *bytes;
    struct ip_view ip;
    struct transport_view t;
    struct endpoint source, destination;
};

/* False, with the reason, where it cannot be read. */
static bool read_quote(struct packet *p, const struct transport_view *error,
                       struct quote *q, enum drop_reason *reason)
{
    *reason = DROP_MALFORMED;
    q->bytes = p->bytes + error->at + ICMP_HEADER;
    size_t size = error->bytes - ICMP_HEADER;
    if (ip_parse_quote(q->bytes, size, &q->ip) != IP_OK ||
        ip_parse_transport_quote(q->bytes, &q->ip, &q->t) != IP_OK)
        return false;
    *reason = DROP_BAD_CHECKSUM;
    if (!ip_header_checksum_holds(q->bytes, &q->ip)) /* RFC 5508 REQ-3a */
        return false;
    q->source = (struct endpoint){ q->ip.source, q->t.source_port };
    q->destination = (struct endpoint){ q->ip.destination, q->t.destination_port };
    return true;
}

/* For ICMP queries the remote has no port. */
static struct endpoint remote_of(const struct quote *q, struct endpoint remote)
{
    if (ip_is_icmp(q->t.protocol))
        remote.port = 0;
    return remote;
}

static bool may_pass(const struct nat *nat, const struct ip_view *ip)
{
    return !nat->config->drops_icmp_errors && !ip->more_fragments;
}

/* What an error that may pass quotes. False: it is refused for `ret_reason`. */
static bool take_quote(const struct nat *nat, struct packet *p, const struct ip_view *ip,
                       const struct transport_view *t, struct quote *ret_quote,
                       enum drop_reason *ret_reason)
{
    if (may_pass(nat, ip))
        return read_quote(p, t, ret_quote, ret_reason);
    *ret_reason = DROP_NAT_ICMP_REFUSED;
    return false;
}

/* Translates an error that comes in, its quote's source being one of ours. */
static struct nat_verdict translate_inbound(struct nat *nat, struct packet *p,
                                            struct ip_view *ip, struct transport_view *t,
                                            struct quote *q, int64_t now_ns)
{
    struct endpoint remote = remote_of(q, q->destination);
    struct nat_mapping *m = nat_find_outside(nat, q->t.protocol, &q->source, &remote);
    if (!m)
        return nat_refuse(DROP_NAT_NO_MAPPING);
    if (!nat_permits(nat, m, &remote))
        return nat_refuse(DROP_NAT_ICMP_REFUSED);
    struct nat_verdict verdict = { .before = m->external, .after = m->internal };
    ip_rewrite(q->bytes, &q->ip, &q->t, IP_SOURCE, &m->internal);
    ip_rewrite(p->bytes, ip, t, IP_DESTINATION, &m->internal);
    ip_set_transport_checksum(p->bytes, ip, t);
    if (nat->config->icmp_error_ends_mapping)
        nat_remove(nat, m, now_ns);
    return verdict;
}

struct nat_verdict nat_icmp_error_inbound(struct nat *nat, struct packet *p,
                                          struct ip_view *ip, struct transport_view *t,
                                          int64_t now_ns)
{
    struct quote q;
    enum drop_reason reason;
    if (!take_quote(nat, p, ip, t, &q, &reason))
        return nat_refuse(reason);
    return translate_inbound(nat, p, ip, t, &q, now_ns);
}

struct nat_verdict nat_icmp_error_outbound(struct nat *nat, struct packet *p,
                                           struct ip_view *ip, struct transport_view *t,
                                           int64_t now_ns)
{
    struct quote q;
    enum drop_reason reason;
    if (!take_quote(nat, p, ip, t, &q, &reason))
        return nat_refuse(reason);
    struct endpoint remote = remote_of(&q, q.source);
    struct nat_mapping *m = nat_find_inside(nat, q.t.protocol, &q.destination, &remote);
    if (!m)
        return nat_refuse(DROP_NAT_NO_MAPPING);
    struct nat_verdict verdict = { .before = { .address = ip->source },
                                   .after = { .address = m->external.address } };
    ip_rewrite(q.bytes, &q.ip, &q.t, IP_DESTINATION, &m->external);
    ip_rewrite(p->bytes, ip, t, IP_SOURCE, &m->external);
    ip_set_transport_checksum(p->bytes, ip, t);
    if (!nat_owns(nat, &ip->destination))
        return verdict;
    q.destination = m->external;
    verdict = translate_inbound(nat, p, ip, t, &q, now_ns);
    if (verdict.action == NAT_FORWARD)
        verdict.action = NAT_HAIRPIN;
    return verdict;
}
