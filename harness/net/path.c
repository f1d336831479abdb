/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a packet. From a host it goes to its LAN; what is not for that LAN, or for a
 * site below it, goes out: through the site's middleboxes from the inside out, over the
 * link, to the LAN above or the internet. From there it goes in again, through links and
 * middleboxes from the outside in, to the LAN that has the address. Each step is taken at
 * once; only links take time, and a packet that waits for one lies in the heap.
 *
 * Each NAT lowers the TTL, and so does the plain router of a site without one; firewalls
 * are bridges. What lowers the TTL verifies the IP header's checksum (RFC 1812 §5.2.2),
 * and answers where it ends (§5.3.1). A link with an MTU fragments, or answers (RFC 791
 * §2.3, RFC 1191 §4). Packets without a route vanish without an ICMP error, as on the
 * internet they mostly do.
 *
 * A NAT answers from its external address, also towards inside, for it has no other. Who
 * has no address answers from the dummy address 192.0.0.8 (RFC 7600 §4.8, the IANA
 * special-purpose registry), in IPv6 from an address of the site, and if there is none,
 * not at all.
 */
#include "net/topology.h"

#include <netinet/in.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "wire/ip_reply.h"

/* The place of a site's plain router, outside all middleboxes. */
enum { ROUTER = -1 };

/* ---- what is seen ---- */

static struct network_event *push_packet_event(struct network *net, uint32_t tap,
                                               enum packet_direction direction,
                                               struct packet *p)
{
    struct network_event *e = event_queue_push(&net->events);
    e->kind = NETWORK_PACKET;
    e->at_ns = net->now_ns;
    e->tap = tap;
    e->packet_id = p->id;
    e->direction = direction;
    e->packet = p;
    return e;
}

static void see(struct network *net, uint32_t tap, enum packet_direction direction,
                const struct packet *p)
{
    if (net->record)
        push_packet_event(net, tap, direction, packet_copy(net->pool, p))->verdict =
            PACKET_PASSED;
}

/* Consumes `seen`, which may be NULL where nothing is recorded. */
static void see_translated(struct network *net, uint32_t tap,
                           enum packet_direction direction, struct packet *seen,
                           const struct nat_verdict *verdict)
{
    if (!seen)
        return;
    struct network_event *e = push_packet_event(net, tap, direction, seen);
    e->verdict = PACKET_TRANSLATED;
    e->before = verdict->before;
    e->after = verdict->after;
}

/* Consumes the packet. */
static void drop(struct network *net, uint32_t tap, enum packet_direction direction,
                 struct packet *p, enum drop_reason reason)
{
    if (!net->record) {
        packet_free(p);
        return;
    }
    struct network_event *e = push_packet_event(net, tap, direction, p);
    e->verdict = PACKET_DROPPED;
    e->reason = reason;
}

/* Tells of a segment that was lost and arrives all the same. */
static void see_late(struct network *net, uint32_t tap, enum packet_direction direction,
                     const struct packet *p, const struct link_fate *fate)
{
    if (!net->record)
        return;
    struct network_event *e =
        push_packet_event(net, tap, direction, packet_copy(net->pool, p));
    e->verdict = PACKET_LATE;
    e->reason = fate->reason;
    e->late_ns = fate->late_ns;
}

/* ---- steps, each of which consumes the packet ---- */

static void route(struct network *net, struct site *lan, struct packet *p,
                  struct ip_view *ip, bool may_leave);
static void go_out(struct network *net, struct site *site, int box, struct packet *p,
                   struct ip_view *ip);
static void go_in(struct network *net, struct site *site, unsigned box, struct packet *p,
                  struct ip_view *ip);
static void cross_link(struct network *net, struct site *site,
                       enum packet_direction direction, struct packet *p,
                       struct ip_view *ip);

/* ---- answers ---- */

static uint32_t tap_of(const struct site *site, int box)
{
    return box == ROUTER ? site->link_tap : site->middleboxes[box].tap;
}

/* The address that an element answers from; false if it has none. */
static bool own_address(const struct site *site, int box, uint8_t family,
                        struct address *ret_address)
{
    static const struct address dummy = { ADDRESS_IPV4, { 192, 0, 0, 8 } };
    if (box != ROUTER && site->middleboxes[box].nat) {
        const struct nat_config *nat = &site->config->middleboxes[box].nat;
        for (unsigned i = 0; i < nat->n_external; i++)
            if (nat->external[i].family == family) {
                *ret_address = nat->external[i];
                return true;
            }
    }
    if (family == ADDRESS_IPV4) {
        *ret_address = dummy;
        return true;
    }
    const struct site_config *c = site->config;
    for (unsigned i = 0; i < c->n_interfaces; i++)
        for (unsigned a = 0; a < c->interfaces[i].n_addresses; a++)
            if (c->interfaces[i].addresses[a].family == family) {
                *ret_address = c->interfaces[i].addresses[a];
                return true;
            }
    return false;
}

/* Sends what an element says by itself back where `direction` came from. */
static void send_back(struct network *net, struct site *site, int box,
                      enum packet_direction direction, const uint8_t *bytes, size_t size)
{
    struct ip_view ip;
    if (size == 0 || ip_parse(bytes, size, &ip) != IP_OK)
        return;
    struct packet *p = packet_new(net->pool, net->next_packet_id++, bytes, size);
    if (net->tcp)
        tcp_flows_answered(p, &ip);
    bool inward = direction == PACKET_OUTWARD;
    see(net, tap_of(site, box), inward ? PACKET_INWARD : PACKET_OUTWARD, p);
    if (inward)
        go_in(net, site, (unsigned)(box + 1), p, &ip);
    else if (box == ROUTER)
        cross_link(net, site, PACKET_OUTWARD, p, &ip);
    else
        go_out(net, site, box - 1, p, &ip);
}

static void answer_icmp(struct network *net, struct site *site, int box,
                        enum packet_direction direction, const struct packet *offending,
                        enum icmp_error error, uint32_t mtu_bytes)
{
    uint8_t reply[IP_REPLY_MAX_BYTES];
    struct address from;
    uint8_t family = offending->bytes[0] >> 4;
    if (!own_address(site, box, family, &from))
        return;
    size_t size = ip_reply_icmp_error(reply, &from, offending->bytes, offending->size,
                                      error, mtu_bytes);
    send_back(net, site, box, direction, reply, size);
}

static void answer_reset(struct network *net, struct site *site, int box,
                         enum packet_direction direction, const struct packet *offending)
{
    uint8_t reply[IP_REPLY_MAX_BYTES];
    size_t size = ip_reply_tcp_reset(reply, offending->bytes, offending->size);
    send_back(net, site, box, direction, reply, size);
}

/* ---- routers ---- */

/* Takes a hop off a packet's life. False: it is gone. */
static bool forward(struct network *net, struct site *site, int box,
                    enum packet_direction direction, struct packet *p, struct ip_view *ip)
{
    if (!ip_header_checksum_holds(p->bytes, ip)) {
        drop(net, tap_of(site, box), direction, p, DROP_BAD_CHECKSUM);
        return false;
    }
    if (ip->ttl <= 1) {
        answer_icmp(net, site, box, direction, p, ICMP_ERROR_TIME_EXCEEDED, 0);
        drop(net, tap_of(site, box), direction, p, DROP_TTL_EXPIRED);
        return false;
    }
    ip_decrement_ttl(p->bytes, ip);
    return true;
}

/* ---- links ---- */

static void arrive(struct network *net, struct site *site,
                   enum packet_direction direction, struct packet *p, struct ip_view *ip)
{
    if (direction == PACKET_OUTWARD) {
        route(net, site->parent, p, ip, true);
        return;
    }
    if (!site->has_nat && !forward(net, site, ROUTER, direction, p, ip))
        return;
    go_in(net, site, 0, p, ip);
}

static void fly(struct network *net, struct site *site, enum packet_direction direction,
                struct packet *p, struct ip_view *ip, int64_t due_ns)
{
    struct site_link *link = direction == PACKET_OUTWARD ? &site->up : &site->down;
    /* A wire that takes no time, unless an earlier packet is still due now. */
    if (due_ns <= net->now_ns && link->n_in_flight == 0) {
        arrive(net, site, direction, p, ip);
        return;
    }
    link->n_in_flight++;
    link->in_flight_bytes += p->capacity;
    heap_push(&net->heap,
              (struct heap_item){
                  .at_ns = due_ns,
                  .kind = direction == PACKET_OUTWARD ? HEAP_ARRIVE_UP : HEAP_ARRIVE_DOWN,
                  .site = site->number,
                  .packet = p,
              });
}

static void transmit(struct network *net, struct site *site,
                     enum packet_direction direction, struct packet *p,
                     struct ip_view *ip)
{
    struct site_link *link = direction == PACKET_OUTWARD ? &site->up : &site->down;
    if (link->in_flight_bytes >= LINK_MAX_IN_FLIGHT_BYTES) {
        drop(net, site->link_tap, direction, p, DROP_QUEUE_FULL);
        return;
    }
    struct link_fate fate =
        p->segment.kind == SEGMENT_NONE
            ? link_submit(&link->link, p->size, net->now_ns)
            : link_submit_segment(&link->link, p->size, &p->segment, net->now_ns);
    if (fate.n_copies == 0) {
        drop(net, site->link_tap, direction, p, fate.reason);
        return;
    }
    if (fate.was_lost) {
        see_late(net, site->link_tap, direction, p, &fate);
        p->segment.late_ns = clock_after_ns(p->segment.late_ns, fate.late_ns);
    }
    struct packet *copy = fate.n_copies > 1 ? packet_copy(net->pool, p) : NULL;
    struct ip_view copy_ip = *ip;
    fly(net, site, direction, p, ip, fate.due_ns[0]);
    if (copy)
        fly(net, site, direction, copy, &copy_ip, fate.due_ns[1]);
}

/* Cuts an IPv4 datagram (or fragment) in pieces (RFC 791 §2.3). Options go into each. */
static void transmit_in_fragments(struct network *net, struct site *site,
                                  enum packet_direction direction, struct packet *p,
                                  const struct ip_view *ip, uint32_t mtu_bytes)
{
    uint32_t header = ip->header_bytes, payload = p->size - header;
    uint32_t step = (mtu_bytes - header) & ~7u;
    for (uint32_t at = 0; at < payload; at += step) {
        uint32_t n = MIN(step, payload - at);
        struct packet *piece = packet_new(net->pool, p->id, p->bytes, header + n);
        piece->segment = p->segment;
        memcpy(piece->bytes + header, p->bytes + header + at, n);
        bool more = ip->more_fragments || at + n < payload;
        store_be16(piece->bytes + 2, (uint16_t)(header + n));
        store_be16(piece->bytes + 6,
                   (uint16_t)((ip->fragment_offset + at) / 8 | (more ? 0x2000u : 0u)));
        ip_set_header_checksum(piece->bytes, ip);
        struct ip_view view;
        if (ip_parse(piece->bytes, piece->size, &view) == IP_OK)
            transmit(net, site, direction, piece, &view);
        else
            drop(net, site->link_tap, direction, piece, DROP_MALFORMED);
    }
    packet_free(p);
}

/* Answers for the router that stands before a link which a packet is too big for. */
static void answer_too_big(struct network *net, struct site *site,
                           enum packet_direction direction, const struct packet *p,
                           const struct ip_view *ip, uint32_t mtu_bytes)
{
    if (direction == PACKET_OUTWARD) {
        answer_icmp(net, site, ROUTER, direction, p, ICMP_ERROR_TOO_BIG, mtu_bytes);
        return;
    }
    /* It is the router above that cannot send it down. */
    uint8_t reply[IP_REPLY_MAX_BYTES];
    struct address from;
    struct ip_view view;
    if (!own_address(site, ROUTER, ip->version, &from))
        return;
    size_t size = ip_reply_icmp_error(reply, &from, p->bytes, p->size, ICMP_ERROR_TOO_BIG,
                                      mtu_bytes);
    if (size == 0 || ip_parse(reply, size, &view) != IP_OK)
        return;
    struct packet *error = packet_new(net->pool, net->next_packet_id++, reply, size);
    see(net, site->link_tap, PACKET_OUTWARD, error);
    route(net, site->parent, error, &view, true);
}

static void cross_link(struct network *net, struct site *site,
                       enum packet_direction direction, struct packet *p,
                       struct ip_view *ip)
{
    const struct link_config *link = &site->config->link;
    uint32_t mtu =
        direction == PACKET_OUTWARD ? link->up.mtu_bytes : link->down.mtu_bytes;
    if (mtu == 0 || p->size <= mtu) {
        transmit(net, site, direction, p, ip);
    } else if (ip->dont_fragment || mtu < ip->header_bytes + 8u) {
        answer_too_big(net, site, direction, p, ip, mtu);
        drop(net, site->link_tap, direction, p, DROP_TOO_BIG);
    } else {
        transmit_in_fragments(net, site, direction, p, ip, mtu);
    }
}

/* ---- middleboxes ---- */

/* True if the packet goes on; else it is gone. */
static bool pass_firewall(struct network *net, struct site *site, int box,
                          enum packet_direction direction, struct packet *p,
                          struct ip_view *ip)
{
    struct middlebox *m = &site->middleboxes[box];
    struct firewall_verdict verdict =
        firewall_filter(m->firewall, p, ip, direction, net->now_ns);
    switch (verdict.action) {
    case FIREWALL_ALLOW:
        return true;
    case FIREWALL_DROP:
        break;
    case FIREWALL_RESET:
        if (ip->protocol == IPPROTO_TCP) {
            answer_reset(net, site, box, direction, p);
            break;
        }
        /* fall through */
    case FIREWALL_REJECT:
        answer_icmp(net, site, box, direction, p, ICMP_ERROR_PROHIBITED, 0);
        break;
    }
    drop(net, m->tap, direction, p, verdict.reason);
    return false;
}

static void answer_refused(struct network *net, struct site *site, int box,
                           enum packet_direction direction, const struct packet *p,
                           enum nat_answer answer)
{
    switch (answer) {
    case NAT_ANSWER_NOTHING:
        break;
    case NAT_ANSWER_PROHIBITED:
        answer_icmp(net, site, box, direction, p, ICMP_ERROR_PROHIBITED, 0);
        break;
    case NAT_ANSWER_UNREACHABLE:
        answer_icmp(net, site, box, direction, p, ICMP_ERROR_PORT_UNREACHABLE, 0);
        break;
    case NAT_ANSWER_RESET:
        answer_reset(net, site, box, direction, p);
        break;
    }
}

/* Does what a NAT said. `seen` is what its tap sees of the packet, or NULL. */
static void obey_nat(struct network *net, struct site *site, int box,
                     enum packet_direction direction, struct packet *p,
                     struct ip_view *ip, struct packet *seen,
                     const struct nat_verdict *verdict)
{
    uint32_t tap = site->middleboxes[box].tap;
    switch (verdict->action) {
    case NAT_FORWARD:
        see_translated(net, tap, direction, seen, verdict);
        if (direction == PACKET_OUTWARD)
            go_out(net, site, box - 1, p, ip);
        else
            go_in(net, site, (unsigned)box + 1, p, ip);
        return;
    case NAT_HAIRPIN:
        see_translated(net, tap, PACKET_INWARD, seen, verdict);
        go_in(net, site, (unsigned)box + 1, p, ip);
        return;
    case NAT_REFUSE:
        packet_free(seen);
        answer_refused(net, site, box, direction, p, verdict->answer);
        drop(net, tap, direction, p, verdict->reason);
        return;
    case NAT_HOLD:
        packet_free(seen);
        packet_free(p);
        return;
    }
}

/* After each call of a NAT: what it has let go, and when to call it again. */
static void settle_nat(struct network *net, struct site *site, int box)
{
    struct middlebox *m = &site->middleboxes[box];
    struct nat_late late;
    while (nat_pop_late(m->nat, &late)) {
        struct ip_view ip;
        if (late.answer_only ||
            ip_parse(late.packet->bytes, late.packet->size, &ip) != IP_OK) {
            answer_refused(net, site, box, late.direction, late.packet,
                           late.verdict.answer);
            packet_free(late.packet);
            continue;
        }
        struct packet *seen = net->record ? packet_copy(net->pool, late.packet) : NULL;
        if (seen && late.direction == PACKET_INWARD &&
            late.verdict.action == NAT_FORWARD) {
            /* The tap is on the outer side: before the translation. */
            struct ip_view outer = ip;
            ip_rewrite(seen->bytes, &outer, NULL, IP_DESTINATION, &late.verdict.before);
        }
        obey_nat(net, site, box, late.direction, late.packet, &ip, seen, &late.verdict);
    }
    int64_t due_ns = nat_deadline(m->nat);
    if (due_ns < m->scheduled_ns) {
        m->scheduled_ns = due_ns;
        heap_push(&net->heap, (struct heap_item){ .at_ns = due_ns,
                                                  .kind = HEAP_NAT,
                                                  .site = site->number,
                                                  .middlebox = (uint32_t)box });
    }
}

static void cross_nat(struct network *net, struct site *site, int box,
                      enum packet_direction direction, struct packet *p,
                      struct ip_view *ip)
{
    struct nat *nat = site->middleboxes[box].nat;
    struct packet *seen = NULL;
    bool inward = direction == PACKET_INWARD;
    if (net->record && inward)
        seen = packet_copy(net->pool, p);
    if (!forward(net, site, box, direction, p, ip)) {
        packet_free(seen);
        return;
    }
    struct nat_verdict verdict = inward ? nat_inbound(nat, p, ip, net->now_ns)
                                        : nat_outbound(nat, p, ip, net->now_ns);
    if (net->record && !inward)
        seen = packet_copy(net->pool, p);
    obey_nat(net, site, box, direction, p, ip, seen, &verdict);
    settle_nat(net, site, box);
}

/* Outwards from middlebox `box`, which may be ROUTER: past the outermost. */
static void go_out(struct network *net, struct site *site, int box, struct packet *p,
                   struct ip_view *ip)
{
    for (; box >= 0; box--) {
        if (site->middleboxes[box].nat) {
            cross_nat(net, site, box, PACKET_OUTWARD, p, ip);
            return;
        }
        if (!pass_firewall(net, site, box, PACKET_OUTWARD, p, ip))
            return;
    }
    if (!site->has_nat && !forward(net, site, ROUTER, PACKET_OUTWARD, p, ip))
        return;
    cross_link(net, site, PACKET_OUTWARD, p, ip);
}

/* Inwards from middlebox `box`, which may be past the innermost. */
static void go_in(struct network *net, struct site *site, unsigned box, struct packet *p,
                  struct ip_view *ip)
{
    for (; box < site->config->n_middleboxes; box++) {
        if (site->middleboxes[box].nat) {
            cross_nat(net, site, (int)box, PACKET_INWARD, p, ip);
            return;
        }
        if (!pass_firewall(net, site, (int)box, PACKET_INWARD, p, ip))
            return;
    }
    route(net, site, p, ip, false);
}

/* ---- LANs ---- */

static void deliver(struct network *net, uint32_t iface, struct packet *p,
                    const struct ip_view *ip)
{
    if (net->interfaces[iface].config->silent) {
        drop(net, iface, PACKET_INWARD, p, DROP_HOST_SILENT);
        return;
    }
    see(net, iface, PACKET_INWARD, p);
    if (net->tcp)
        tcp_flows_received(net->tcp, iface, p, ip, net->now_ns);
    network_push_delivery(net, iface, p);
}

/* On a LAN (NULL: the internet); what came in from above may not leave again. */
static void route(struct network *net, struct site *lan, struct packet *p,
                  struct ip_view *ip, bool may_leave)
{
    uint32_t value;
    const struct address_map *routes = lan ? &lan->routes : &net->internet_routes;
    if (address_map_get(routes, &ip->destination, &value)) {
        if (value & ROUTE_SITE)
            cross_link(net, &net->sites[value & ~ROUTE_SITE], PACKET_INWARD, p, ip);
        else
            deliver(net, value, p, ip);
    } else if (!lan) {
        drop(net, net->internet_tap, PACKET_OUTWARD, p, DROP_NO_ROUTE);
    } else if (may_leave) {
        go_out(net, lan, (int)lan->config->n_middleboxes - 1, p, ip);
    } else {
        drop(net, lan->link_tap, PACKET_INWARD, p, DROP_NO_ROUTE);
    }
}

/* ---- beginnings ---- */

void path_from_host(struct network *net, uint32_t iface, struct packet *p)
{
    struct ip_view ip;
    if (ip_parse(p->bytes, p->size, &ip) != IP_OK) {
        drop(net, iface, PACKET_OUTWARD, p, DROP_MALFORMED);
        return;
    }
    p->size = ip.total_bytes;
    if (address_is_multicast(&ip.destination)) {
        drop(net, iface, PACKET_OUTWARD, p, DROP_MULTICAST);
        return;
    }
    see(net, iface, PACKET_OUTWARD, p);
    if (net->tcp)
        tcp_flows_sent(net->tcp, iface, p, &ip, net->now_ns);
    route(net, net->interfaces[iface].site, p, &ip, true);
}

void path_from_link(struct network *net, struct site *site,
                    enum packet_direction direction, struct packet *p)
{
    struct ip_view ip;
    if (ip_parse(p->bytes, p->size, &ip) != IP_OK)
        drop(net, site->link_tap, direction, p, DROP_MALFORMED);
    else
        arrive(net, site, direction, p, &ip);
}

void path_wake_nat(struct network *net, struct site *site, uint32_t middlebox,
                   int64_t scheduled_ns)
{
    struct middlebox *m = &site->middleboxes[middlebox];
    if (m->scheduled_ns != scheduled_ns)
        return; /* something became due earlier, and it has been called for that */
    m->scheduled_ns = CLOCK_NEVER;
    nat_advance(m->nat, net->now_ns);
    settle_nat(net, site, (int)middlebox);
}
