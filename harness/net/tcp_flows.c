/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a kernel's TCP runs on another clock than the network, nothing may be lost that
 * the kernel would send again: it would do so after so much of *its* time. So a link
 * delays what it would lose by what the retransmission would have cost. What that is the
 * sender alone knows, behind all NATs; therefore it is found out here, at the sender's
 * interface, and travels with the packet.
 *
 * The timeout is Linux': 1 s until there is a measurement (RFC 6298 §2.1). With the first
 * measurement R (§2.2) SRTT is R and RTTVAR is R/2, and RTO = SRTT + 4 RTTVAR. Linux
 * puts its minimum, 200 ms instead of §2.4's second, under 4 RTTVAR and not under the sum
 * (tcp_rtt_estimator(), __tcp_set_rto()), hence max(3 R, R + 200 ms). It doubles with
 * each further loss of one segment (§5.5), up to 120 s (§2.5).
 *
 * R is the handshake's: SYN to SYN-ACK at the client, SYN-ACK to the next segment with an
 * ACK at the server. Where a segment of the handshake was itself late for a loss, that is
 * taken off: a retransmission is no measurement (§3), but with timestamps, which Linux
 * has by default, it would have been (RFC 7323 §4).
 *
 * Left out, on purpose: later measurements; fast retransmit, which with three more
 * segments in flight would be quicker than the timeout; and that a lost segment makes the
 * sender slower. A call's TCP carries little.
 */
#include "net/tcp_flows.h"

#include <netinet/in.h>

#include "base/clock.h"
#include "net/flow_table.h"

struct tcp_flow {
    struct flow_entry entry;
    uint32_t number;      /* as in struct packet_segment */
    bool is_measuring;    /* its SYN or SYN-ACK is out */
    int64_t sent_ns;      /* when */
    int64_t rto_ns;       /* 0: nothing measured yet */
    int64_t peer_late_ns; /* how late the peer's SYN or SYN-ACK came */
};

struct tcp_flows {
    struct flow_table table;
    uint32_t last_number;
};

struct tcp_flows *tcp_flows_new(void)
{
    struct tcp_flows *flows = g_new0(struct tcp_flows, 1);
    flows->table = flow_table_of(sizeof(struct tcp_flow), TCP_MAX_FLOWS);
    return flows;
}

void tcp_flows_free(struct tcp_flows *flows)
{
    if (!flows)
        return;
    flow_table_clear(&flows->table);
    g_free(flows);
}

uint32_t tcp_flows_n(const struct tcp_flows *flows)
{
    return flow_table_n_flows(&flows->table);
}

int64_t tcp_rto_after(int64_t round_trip_ns)
{
    int64_t variance_ns =
        round_trip_ns < TCP_RTO_MAX_NS ? 2 * round_trip_ns : TCP_RTO_MAX_NS;
    return MIN(clock_after_ns(MAX(variance_ns, TCP_RTO_MIN_NS), round_trip_ns),
               TCP_RTO_MAX_NS);
}

/* True for a whole TCP header; that of a first fragment is one, too. */
static bool parse_tcp(const struct packet *p, const struct ip_view *ip,
                      struct transport_view *ret_view)
{
    return ip->protocol == IPPROTO_TCP && ip->fragment_offset == 0 &&
           ip_parse_transport(p->bytes, ip, ret_view) == IP_OK;
}

static struct packet_segment segment_of(const struct transport_view *t)
{
    struct packet_segment s = { .kind = SEGMENT_REPEATED,
                                .rto_ns = TCP_RTO_FIRST_NS,
                                .max_repeats = TCP_DATA_REPEATS };
    if (t->tcp_flags & TCP_RST)
        s.kind = SEGMENT_RESET;
    else if (t->tcp_flags & TCP_SYN)
        s.max_repeats = t->tcp_flags & TCP_ACK ? TCP_SYN_ACK_REPEATS : TCP_SYN_REPEATS;
    else if (!(t->tcp_flags & TCP_FIN) && t->bytes == t->tcp_header_bytes)
        s.kind = SEGMENT_ACK;
    return s;
}

static struct tcp_flow *find_or_add(struct tcp_flows *flows, unsigned iface,
                                    const struct ip_view *ip,
                                    const struct transport_view *t, bool outward)
{
    struct flow_key key = flow_key_of(iface, ip, t, outward);
    struct tcp_flow *flow = flow_table_find(&flows->table, &key);
    if (!flow) {
        flow = flow_table_add(&flows->table, &key);
        if (++flows->last_number == 0)
            flows->last_number = 1; /* 0 is nobody's */
        flow->number = flows->last_number;
    }
    return flow;
}

void tcp_flows_sent(struct tcp_flows *flows, unsigned iface, struct packet *p,
                    const struct ip_view *ip, int64_t now_ns)
{
    struct transport_view t;
    if (!parse_tcp(p, ip, &t))
        return;
    p->segment = segment_of(&t);
    struct tcp_flow *flow = find_or_add(flows, iface, ip, &t, true);
    if (t.tcp_flags & TCP_SYN) {
        flow->is_measuring = true;
        flow->sent_ns = now_ns;
        flow->rto_ns = 0; /* the same ports, a new connection */
        if (!(t.tcp_flags & TCP_ACK))
            flow->peer_late_ns = 0;
    } else if (flow->rto_ns > 0) {
        p->segment.rto_ns = flow->rto_ns;
    }
    p->segment.flow = flow->number;
    p->segment.echoed_late_ns = flow->peer_late_ns;
}

void tcp_flows_received(struct tcp_flows *flows, unsigned iface, const struct packet *p,
                        const struct ip_view *ip, int64_t now_ns)
{
    struct transport_view t;
    if (p->segment.flow == 0 || !parse_tcp(p, ip, &t) || (t.tcp_flags & TCP_RST))
        return;
    if (t.tcp_flags & TCP_SYN) {
        find_or_add(flows, iface, ip, &t, false)->peer_late_ns = p->segment.late_ns;
    }
    if (!(t.tcp_flags & TCP_ACK))
        return;
    struct flow_key key = flow_key_of(iface, ip, &t, false);
    struct tcp_flow *flow = flow_table_find(&flows->table, &key);
    if (!flow || !flow->is_measuring)
        return;
    int64_t late_ns = p->segment.late_ns + p->segment.echoed_late_ns;
    flow->is_measuring = false;
    flow->rto_ns = tcp_rto_after(MAX(0, now_ns - flow->sent_ns - late_ns));
}

void tcp_flows_answered(struct packet *p, const struct ip_view *ip)
{
    struct transport_view t;
    if (parse_tcp(p, ip, &t))
        p->segment = segment_of(&t);
}
