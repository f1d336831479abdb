/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replaces what a kernel draws.
 *
 * TCP. The kernel's initial sequence number is drawn with a secret and its clock (RFC
 * 6528). With the host's SYN or SYN-ACK a flow gets an offset, so that what goes out
 * begins with a number of the seed's; it is added to each sequence number outward and
 * taken off each acknowledgment inward. The number depends on the host's name and the
 * flow's ends alone, so that of two flows opened at one instant neither disturbs the
 * other. When the same ends meet again, the new connection begins above the old one, as
 * RFC 9293 §3.6.1 wants of a connection that takes the place of one in TIME-WAIT.
 *
 * An ICMP error quotes a segment as the network saw it. A kernel looks a quoted sequence
 * number up (RFC 5927 §4), so it is changed back, too; and in what a host quotes of a
 * segment that it got, the acknowledgment. A RST that answers a segment of no connection
 * takes its number from that segment (RFC 9293 §3.10.7.1), or is 0: the one is mapped as
 * ever, the other left alone.
 *
 * Retransmissions. On the virtual clock nothing is lost that the emulated network does
 * not let arrive later (net/tcp_flows.c), or drop for good. So a segment that has been
 * sent before only says that the machine was slow, or that a drop for good went on for a
 * second of real time; it is swallowed. So are keep-alives, whose time is real as well.
 * Not what the network has said to be too big (RFC 1191 §6.4): that is sent again at
 * once, smaller.
 *
 * Identification. RFC 6864 §4.1 gives an atomic datagram's no meaning: it becomes 0.
 * Other datagrams count from 1, by host; the fragments of one keep one. IPv6 fragments
 * (RFC 8200 §4.5) likewise.
 *
 * Checksums are changed by the difference (RFC 1624), so that a wrong one stays wrong. A
 * packet that cannot be read passes as it is. The table of flows is bounded: beyond it
 * the oldest flow is forgotten, and a connection that lives on then breaks. Not seen:
 * segments inside tunnels, and TCP options but SACK (timestamps are off in such a host,
 * host.c).
 */
#include "lab/normalise.h"

#include <netinet/in.h>

#include "base/cursor.h"
#include "net/flow_table.h"
#include "wire/checksum.h"
#include "wire/ip.h"

enum { TCP_SEQUENCE_AT = 4, TCP_ACKNOWLEDGMENT_AT = 8, TCP_CHECKSUM_AT = 16 };
enum { TCP_OPTION_END = 0, TCP_OPTION_NOP = 1, TCP_OPTION_SACK = 5 };
enum { IPV4_ID_AT = 4, IPV6_FRAGMENT_ID_AT = 4 };
enum { MAX_OPEN_DATAGRAMS = 16, MAX_EXTENSIONS = 8 };

/* A datagram of which more fragments may come. */
struct open_datagram {
    struct address source, destination;
    uint8_t protocol;
    uint32_t kernel_id; /* and the id that stands for it */
    uint32_t id;
};

struct host {
    struct rng isn;
    uint16_t last_ipv4_id;
    uint32_t last_ipv6_id;
    struct open_datagram open[MAX_OPEN_DATAGRAMS];
    unsigned next_open; /* the oldest, to be replaced */
};

/* All sequence numbers are the kernel's own. */
struct flow {
    struct flow_entry entry;
    bool has_offset; /* a SYN or SYN-ACK of this host was seen */
    bool sent_syn;   /* with the number below */
    bool sent_syn_ack;
    uint32_t first;        /* the initial sequence number */
    uint32_t next;         /* after the last that was sent */
    uint32_t acknowledged; /* by the other end */
    uint32_t offset;       /* outside: plus this */
};

struct normaliser {
    struct host *hosts;
    unsigned n_hosts;
    struct flow_table flows;
    struct normaliser_counts counts;
};

struct normaliser *normaliser_new(const char *const *names, unsigned n_names,
                                  const struct rng *rng)
{
    struct normaliser *n = g_new0(struct normaliser, 1);
    n->hosts = g_new0(struct host, n_names);
    n->n_hosts = n_names;
    n->flows = flow_table_of(sizeof(struct flow), NORMALISER_MAX_FLOWS);
    for (unsigned i = 0; i < n_names; i++) {
        g_autofree char *name = g_strconcat("isn:", names[i], NULL);
        n->hosts[i].isn = rng_fork(rng, name);
    }
    return n;
}

void normaliser_free(struct normaliser *n)
{
    if (!n)
        return;
    flow_table_clear(&n->flows);
    g_free(n->hosts);
    g_free(n);
}

struct normaliser_counts normaliser_counts(const struct normaliser *n)
{
    return n->counts;
}

uint32_t normaliser_n_flows(const struct normaliser *n)
{
    return flow_table_n_flows(&n->flows);
}

/* ---- changing bytes ---- */

/* Adds to the 32-bit number at `at`, which `checksum` (NULL: there is none) covers from
   `base` on: where its words begin. The words before and after must be there when `at`
   is odd to `base`. */
static void add_at(uint8_t *base, size_t at, uint32_t addend, uint8_t *checksum)
{
    uint8_t before[6];
    size_t from = at & ~(size_t)1;
    size_t size = at == from ? 4 : 6;
    memcpy(before, base + from, size);
    store_be32(base + at, load_be32(base + at) + addend);
    if (checksum)
        store_be16(checksum,
                   checksum_update_bytes(load_be16(checksum), before, base + from, size));
}

static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* ---- TCP ---- */

static struct flow *find(const struct normaliser *n, unsigned iface,
                         const struct ip_view *ip, const struct transport_view *t,
                         bool outward)
{
    struct flow_key key = flow_key_of(iface, ip, t, outward);
    return flow_table_find(&n->flows, &key);
}

/* A host's number for the first of a flow. */
static uint32_t draw_first(const struct host *host, const struct flow_key *key)
{
    char local[ENDPOINT_TEXT_SIZE], remote[ENDPOINT_TEXT_SIZE];
    g_autofree char *name = g_strconcat(endpoint_format(&key->local, local), ">",
                                        endpoint_format(&key->remote, remote), NULL);
    struct rng rng = rng_fork(&host->isn, name);
    return (uint32_t)rng_next(&rng);
}

/* A SYN or SYN-ACK goes out. False: it has before. */
static bool open_flow(struct normaliser *n, unsigned iface, const struct ip_view *ip,
                      const struct transport_view *t, uint32_t sequence,
                      struct flow **ret_flow)
{
    bool is_answer = t->tcp_flags & TCP_ACK;
    struct flow_key key = flow_key_of(iface, ip, t, true);
    struct flow *flow = flow_table_find(&n->flows, &key);
    if (flow && flow->has_offset && flow->first == sequence) {
        /* A simultaneous open sends one after the other (RFC 9293 §3.5, figure 8). */
        bool *sent = is_answer ? &flow->sent_syn_ack : &flow->sent_syn;
        *ret_flow = flow;
        if (*sent)
            return false;
        *sent = true;
        return true;
    }
    if (!flow)
        flow = flow_table_add(&n->flows, &key);
    /* RFC 9293 §3.6.1; a gap as if some time had passed. */
    uint32_t first = flow->has_offset ? flow->next + flow->offset + (1u << 20)
                                      : draw_first(&n->hosts[iface], &key);
    *flow = (struct flow){ .entry = flow->entry,
                           .has_offset = true,
                           .sent_syn = !is_answer,
                           .sent_syn_ack = is_answer,
                           .first = sequence,
                           .next = sequence,
                           .acknowledged = sequence,
                           .offset = first - sequence };
    *ret_flow = flow;
    return true;
}

/* True for what only a timer sends; else remembers what is sent. */
static bool is_repeated(struct flow *flow, const struct ip_view *ip,
                        const struct transport_view *t, uint32_t sequence)
{
    if (ip->more_fragments || (t->tcp_flags & TCP_RST))
        return false;
    if (t->tcp_flags & TCP_SYN) {
        /* Payload in a SYN (RFC 7413) may have to be sent again; open_flow() knows. */
        flow->next = sequence + 1;
        return false;
    }
    uint32_t size = t->bytes - t->tcp_header_bytes + !!(t->tcp_flags & TCP_FIN);
    if (size == 0) /* a keep-alive, or a probe of a window (RFC 9293 §3.8.4) */
        return sequence + 1 == flow->acknowledged;
    if (!is_before(flow->next, sequence + size))
        return true;
    flow->next = sequence + size;
    return false;
}

/* False: swallow it. */
static bool tcp_outward(struct normaliser *n, unsigned iface, uint8_t *bytes,
                        const struct ip_view *ip, const struct transport_view *t)
{
    uint8_t *tcp = bytes + t->at;
    uint32_t sequence = load_be32(tcp + TCP_SEQUENCE_AT);
    struct flow *flow;
    if ((t->tcp_flags & (TCP_SYN | TCP_RST)) == TCP_SYN) {
        if (!open_flow(n, iface, ip, t, sequence, &flow)) {
            n->counts.retransmissions++;
            return false;
        }
    } else {
        flow = find(n, iface, ip, t, true);
    }
    if (!flow || !flow->has_offset)
        return true;
    if (is_repeated(flow, ip, t, sequence)) {
        n->counts.retransmissions++;
        return false;
    }
    const uint8_t no_connection = TCP_RST | TCP_ACK;
    if ((t->tcp_flags & no_connection) == no_connection && sequence == 0)
        return true;
    add_at(tcp, TCP_SEQUENCE_AT, flow->offset, bytes + t->checksum_at);
    return true;
}

/* The blocks of a selective acknowledgment (RFC 2018 §3). */
static void sack_inward(uint8_t *tcp, size_t header_bytes, uint32_t offset,
                        uint8_t *checksum)
{
    for (size_t at = TCP_HEADER; at + 2 <= header_bytes;) {
        if (tcp[at] == TCP_OPTION_END)
            return;
        if (tcp[at] == TCP_OPTION_NOP) {
            at++;
            continue;
        }
        size_t size = tcp[at + 1];
        if (size < 2 || size > header_bytes - at)
            return;
        if (tcp[at] == TCP_OPTION_SACK)
            for (size_t edge = at + 2; edge + 4 <= at + size; edge += 4)
                add_at(tcp, edge, -offset, checksum);
        at += size;
    }
}

static void tcp_inward(struct normaliser *n, unsigned iface, uint8_t *bytes,
                       const struct ip_view *ip, const struct transport_view *t)
{
    struct flow *flow = find(n, iface, ip, t, false);
    if (!flow || !flow->has_offset || !(t->tcp_flags & TCP_ACK))
        return;
    uint8_t *tcp = bytes + t->at, *checksum = bytes + t->checksum_at;
    add_at(tcp, TCP_ACKNOWLEDGMENT_AT, -flow->offset, checksum);
    sack_inward(tcp, t->tcp_header_bytes, flow->offset, checksum);
    uint32_t acknowledged = load_be32(tcp + TCP_ACKNOWLEDGMENT_AT);
    if (is_before(flow->acknowledged, acknowledged) &&
        !is_before(flow->next, acknowledged))
        flow->acknowledged = acknowledged;
}

/* ---- ICMP errors ---- */

/* Changes the number that stands at `field` of a quoted segment, and the checksums that
   cover it: the segment's own, if that is quoted too, and the ICMP message's. */
static void change_quoted(uint8_t *icmp, size_t quoted_at, uint32_t quoted_bytes,
                          size_t field, uint32_t addend)
{
    if (quoted_bytes < field + 4)
        return;
    uint8_t *tcp = icmp + quoted_at;
    uint8_t before[TCP_HEADER];
    size_t size = MIN(quoted_bytes, TCP_HEADER) & ~1u;
    memcpy(before, tcp, size);
    add_at(tcp, field, addend, size > TCP_CHECKSUM_AT ? tcp + TCP_CHECKSUM_AT : NULL);
    store_be16(icmp + 2, checksum_update_bytes(load_be16(icmp + 2), before, tcp, size));
}

/* True for the errors that a segment was too big (RFC 1191 §4, RFC 4443 §3.2). */
static bool is_too_big(const struct transport_view *t)
{
    return t->protocol == IPPROTO_ICMP ? t->icmp_type == 3 && t->icmp_code == 4
                                       : t->icmp_type == 2;
}

static void icmp_error(struct normaliser *n, unsigned iface, uint8_t *bytes,
                       const struct transport_view *t, bool outward)
{
    uint8_t *icmp = bytes + t->at;
    struct ip_view ip;
    struct transport_view quoted;
    if (ip_parse_quote(icmp + ICMP_HEADER, t->bytes - ICMP_HEADER, &ip) != IP_OK ||
        ip.protocol != IPPROTO_TCP ||
        ip_parse_transport_quote(icmp + ICMP_HEADER, &ip, &quoted) != IP_OK)
        return;
    /* What it quotes went the other way. */
    struct flow *flow = find(n, iface, &ip, &quoted, !outward);
    if (!flow || !flow->has_offset)
        return;
    size_t at = ICMP_HEADER + quoted.at;
    if (outward) {
        if (quoted.tcp_flags & TCP_ACK)
            change_quoted(icmp, at, quoted.bytes, TCP_ACKNOWLEDGMENT_AT, flow->offset);
        return;
    }
    change_quoted(icmp, at, quoted.bytes, TCP_SEQUENCE_AT, -flow->offset);
    uint32_t sequence = load_be32(icmp + at + TCP_SEQUENCE_AT);
    if (is_too_big(t) && is_before(sequence, flow->next) &&
        !is_before(sequence, flow->acknowledged))
        flow->next = sequence;
}

/* ---- identification ---- */

static uint32_t next_id(struct host *host, uint8_t version)
{
    if (version == ADDRESS_IPV6)
        return ++host->last_ipv6_id;
    if (++host->last_ipv4_id == 0)
        host->last_ipv4_id = 1;
    return host->last_ipv4_id;
}

/* What stands for the kernel's identification of a fragment. */
static uint32_t fragment_id(struct host *host, const struct ip_view *ip)
{
    struct open_datagram *open = NULL;
    for (unsigned i = 0; i < MAX_OPEN_DATAGRAMS && !open; i++) {
        struct open_datagram *o = &host->open[i];
        /* Of the protocol IPv6's later fragments know only what follows at once. */
        if (o->id != 0 && o->kernel_id == ip->fragment_id &&
            (ip->version == ADDRESS_IPV6 || o->protocol == ip->protocol) &&
            address_equal(&o->source, &ip->source) &&
            address_equal(&o->destination, &ip->destination))
            open = o;
    }
    if (open && ip->fragment_offset > 0)
        return open->id;
    if (!open) {
        open = &host->open[host->next_open];
        host->next_open = (host->next_open + 1) % MAX_OPEN_DATAGRAMS;
    }
    *open = (struct open_datagram){ .source = ip->source,
                                    .destination = ip->destination,
                                    .protocol = ip->protocol,
                                    .kernel_id = ip->fragment_id,
                                    .id = next_id(host, ip->version) };
    return open->id;
}

/* Where the fragment header of an IPv6 datagram that ip_parse() has read begins; 0: it
   has none. */
static size_t find_fragment_header(const uint8_t *bytes, const struct ip_view *ip)
{
    uint8_t next = bytes[6];
    for (size_t at = IP_V6_HEADER; at < ip->header_bytes;) {
        if (next == IPPROTO_FRAGMENT)
            return at;
        next = bytes[at];
        at += 8u * (bytes[at + 1] + 1u);
    }
    return 0;
}

static void identify(struct host *host, uint8_t *bytes, const struct ip_view *ip)
{
    bool is_fragment = ip->more_fragments || ip->fragment_offset > 0;
    if (ip->version == ADDRESS_IPV6) {
        size_t at = find_fragment_header(bytes, ip);
        if (at > 0)
            store_be32(bytes + at + IPV6_FRAGMENT_ID_AT,
                       is_fragment ? fragment_id(host, ip) : next_id(host, ip->version));
        return;
    }
    uint32_t id = 0;
    if (is_fragment)
        id = fragment_id(host, ip);
    else if (!ip->dont_fragment)
        id = next_id(host, ip->version);
    store_be16(bytes + 10, checksum_update(load_be16(bytes + 10),
                                           load_be16(bytes + IPV4_ID_AT), (uint16_t)id));
    store_be16(bytes + IPV4_ID_AT, (uint16_t)id);
}

/* ---- datagrams ---- */

/* What an IPv6 kernel says by random timers: of groups (RFC 2710, RFC 3810), to find
   routers and neighbours (RFC 4861), none of which an emulated network has. */
static bool is_multicast_chatter(const struct ip_view *ip, const struct transport_view *t)
{
    return t->protocol == IPPROTO_ICMPV6 && address_is_multicast(&ip->destination) &&
           ((t->icmp_type >= 130 && t->icmp_type <= 136) || t->icmp_type == 143);
}

bool normaliser_outward(struct normaliser *n, unsigned iface, uint8_t *bytes, size_t size)
{
    struct ip_view ip;
    struct transport_view t;
    if (iface >= n->n_hosts || ip_parse(bytes, size, &ip) != IP_OK)
        return true;
    if (ip.fragment_offset == 0 && ip_parse_transport(bytes, &ip, &t) == IP_OK) {
        if (t.protocol == IPPROTO_TCP && !tcp_outward(n, iface, bytes, &ip, &t))
            return false;
        if (t.icmp_kind == ICMP_KIND_ERROR && ip_is_icmp(t.protocol))
            icmp_error(n, iface, bytes, &t, true);
        if (is_multicast_chatter(&ip, &t)) {
            n->counts.multicast++;
            return false;
        }
    }
    identify(&n->hosts[iface], bytes, &ip);
    return true;
}

void normaliser_inward(struct normaliser *n, unsigned iface, uint8_t *bytes, size_t size)
{
    struct ip_view ip;
    struct transport_view t;
    if (iface >= n->n_hosts || ip_parse(bytes, size, &ip) != IP_OK ||
        ip.fragment_offset > 0 || ip_parse_transport(bytes, &ip, &t) != IP_OK)
        return;
    if (t.protocol == IPPROTO_TCP)
        tcp_inward(n, iface, bytes, &ip, &t);
    else if (t.icmp_kind == ICMP_KIND_ERROR && ip_is_icmp(t.protocol))
        icmp_error(n, iface, bytes, &t, false);
}
