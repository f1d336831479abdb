/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a captured packet is ours: by its addresses and ports, which flows are ours
 * being known. Two kinds have no ports of their own: later fragments, which belong to the
 * first that had them, and ICMP errors, which quote what they are about.
 *
 * RFC 791 §3.2 and RFC 8200 §4.5 (fragments), RFC 792 and RFC 4443 §3 (errors).
 */
#include "probes/core/capture_internal.h"

#include "wire/ip.h"

static bool is_of_flow(const struct ip_view *ip, const struct transport_view *transport)
{
    struct endpoint from = { .address = ip->source, .port = transport->source_port };
    struct endpoint to = { .address = ip->destination,
                           .port = transport->destination_port };
    return capture_flows_have(transport->protocol, &from, &to);
}

static bool is_same_datagram(const struct capture_fragment *f, const struct ip_view *ip)
{
    return f->id == ip->fragment_id && f->protocol == ip->protocol &&
           address_equal(&f->source, &ip->source) &&
           address_equal(&f->destination, &ip->destination);
}

static bool is_later_fragment(const struct capture_fragments *known,
                              const struct ip_view *ip)
{
    for (unsigned i = 0; i < CAPTURE_MAX_FRAGMENTS; i++)
        if (is_same_datagram(&known->ours[i], ip))
            return true;
    return false;
}

static void remember(struct capture_fragments *known, const struct ip_view *ip)
{
    known->ours[known->next] = (struct capture_fragment){ .source = ip->source,
                                                          .destination = ip->destination,
                                                          .id = ip->fragment_id,
                                                          .protocol = ip->protocol };
    known->next = (known->next + 1) % CAPTURE_MAX_FRAGMENTS;
}

static bool quotes_ours(const uint8_t *bytes, const struct transport_view *icmp)
{
    struct ip_view quoted;
    struct transport_view transport;
    size_t at = icmp->at + ICMP_HEADER;
    if (icmp->bytes <= ICMP_HEADER)
        return false;
    return ip_parse_quote(bytes + at, icmp->bytes - ICMP_HEADER, &quoted) == IP_OK &&
           ip_parse_transport_quote(bytes + at, &quoted, &transport) == IP_OK &&
           is_of_flow(&quoted, &transport);
}

bool capture_packet_is_ours(const uint8_t *bytes, size_t size,
                            struct capture_fragments *known)
{
    struct ip_view ip;
    struct transport_view transport;
    if (ip_parse(bytes, size, &ip) != IP_OK)
        return false;
    if (ip.fragment_offset > 0)
        return is_later_fragment(known, &ip);
    if (ip_parse_transport(bytes, &ip, &transport) != IP_OK)
        return false;
    if (transport.icmp_kind == ICMP_KIND_ERROR && ip_is_icmp(transport.protocol))
        return quotes_ours(bytes, &transport);
    if (!is_of_flow(&ip, &transport))
        return false;
    if (ip.more_fragments)
        remember(known, &ip);
    return true;
}
