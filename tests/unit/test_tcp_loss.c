/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP segments that are late instead of lost: exact times against Linux' timeouts, and
 * everything else as before. What is lost is drawn here once more from a stream with the
 * link's own name.
 */
#include "net_probe.h"

#include "base/cursor.h"
#include "net/link.h"
#include "net/packet.h"
#include "net/tcp_flows.h"

enum { DELAY_MS = 10, ROUND_TRIP_MS = 20 };

static const char alice[] = "192.168.1.2", server[] = "198.51.100.1";

/* Alice behind a NAT and a link of 10 ms each way, and a server. */
struct bench {
    struct home *home;
    struct probe probe;
    struct endpoint client, seen, server; /* `seen`: the client, outside the NAT */
    unsigned n_late;
    int64_t last_late_ns;
    enum drop_reason last_reason;
};

static struct bench bench_new(const struct link_direction *up, uint64_t seed)
{
    struct bench b = { .client = E(alice, 4000), .server = E(server, 443) };
    b.home = home_new(&(struct nat_config){ 0 });
    b.home->sites[0].link.up = *up;
    b.home->sites[0].link.up.delay_ns = DELAY_MS * NS_PER_MS;
    b.home->sites[0].link.down.delay_ns = DELAY_MS * NS_PER_MS;
    b.probe = probe_new(&b.home->config, seed);
    network_delay_lost_tcp(b.probe.net);
    b.seen = E("192.0.2.1", 4000);
    return b;
}

static void bench_clear(struct bench *b)
{
    probe_end(&b->probe);
    g_free(b->home);
}

static void read_events(struct bench *b)
{
    struct network_event e;
    while (network_pop_event(b->probe.net, &e)) {
        if (e.kind != NETWORK_PACKET)
            continue;
        if (e.verdict == PACKET_LATE) {
            b->n_late++;
            b->last_late_ns = e.late_ns;
            b->last_reason = e.reason;
            ASSERT_TEXT(network_tap_name(b->probe.net, e.tap), "home/link");
        } else if (e.verdict == PACKET_DROPPED) {
            b->probe.drops[e.reason]++;
        }
        packet_free(e.packet);
    }
}

static void send_at(struct bench *b, int64_t at_ns, unsigned iface,
                    const struct datagram *d)
{
    b->probe.now_ns = at_ns;
    network_submit(b->probe.net, iface, d->bytes, d->size, at_ns);
    read_events(b);
}

/* The time at which the next packet arrives; CLOCK_NEVER if there is none. */
static int64_t next_arrival(struct bench *b, struct arrived *ret_arrived)
{
    while (network_next_deadline(b->probe.net) != CLOCK_NEVER) {
        struct arrived a = probe_take(&b->probe);
        if (a.is) {
            if (ret_arrived)
                *ret_arrived = a;
            return a.at_ns;
        }
        int64_t due_ns = network_next_deadline(b->probe.net);
        if (due_ns > b->probe.now_ns + 400 * NS_PER_S)
            break; /* only a NAT's lifetimes are left */
        network_advance(b->probe.net, due_ns);
        read_events(b);
    }
    struct arrived a = probe_take(&b->probe);
    if (a.is && ret_arrived)
        *ret_arrived = a;
    return a.is ? a.at_ns : CLOCK_NEVER;
}

static struct datagram segment(struct endpoint from, struct endpoint to, uint8_t flags,
                               unsigned sequence, const char *text)
{
    struct datagram d = make_tcp(from, to, flags);
    size_t n = strlen(text);
    put16(d.bytes + 26, sequence);
    memcpy(d.bytes + 40, text, n);
    seal_ipv4(&d, IPPROTO_TCP, from.address, to.address, 20 + n);
    return d;
}

/* A handshake from `at_ns` on; returns when it is over. */
static int64_t shake_hands(struct bench *b, int64_t at_ns)
{
    struct datagram syn = segment(b->client, b->server, TCP_SYN, 0, "");
    struct datagram syn_ack = segment(b->server, b->seen, TCP_SYN | TCP_ACK, 0, "");
    struct datagram ack = segment(b->client, b->server, TCP_ACK, 1, "");
    send_at(b, at_ns, ALICE, &syn);
    send_at(b, next_arrival(b, NULL), SERVER_A, &syn_ack);
    send_at(b, next_arrival(b, NULL), ALICE, &ack);
    return next_arrival(b, NULL);
}

/* How many of the first packets of a link with this loss get lost, as it draws them. */
static unsigned losses_of(uint64_t seed, double loss)
{
    struct rng rng = rng_seed(seed);
    struct rng stream = rng_fork(&rng, "link:home:up");
    unsigned n = 0;
    while (rng_chance(&stream, loss))
        n++;
    return n;
}

/* A seed whose first `n` draws are losses, and the next one is not. */
static uint64_t seed_with(unsigned n, double loss)
{
    uint64_t seed = 1;
    while (losses_of(seed, loss) != n)
        seed++;
    return seed;
}

static void test_timeout(void)
{
    static const struct {
        int64_t round_trip_ms, rto_ms;
    } rows[] = {
        { 0, 200 },   { 1, 201 },     { 50, 250 },       { 100, 300 },
        { 101, 303 }, { 1000, 3000 }, { 40000, 120000 }, { 1000000, 120000 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        CU_ASSERT_EQUAL(tcp_rto_after(rows[i].round_trip_ms * NS_PER_MS),
                        rows[i].rto_ms * NS_PER_MS);
    CU_ASSERT_EQUAL(tcp_rto_after(INT64_MAX), 120 * NS_PER_S);
}

static void test_lost_syn(void)
{
    /* 1 s, then 2 s, 4 s, 8 s, …: RFC 6298 §5.5. */
    for (unsigned n = 0; n <= TCP_SYN_REPEATS; n++) {
        struct bench b =
            bench_new(&(struct link_direction){ .loss = 0.5 }, seed_with(n, 0.5));
        struct datagram syn = segment(b.client, b.server, TCP_SYN, 0, "");
        send_at(&b, 0, ALICE, &syn);
        int64_t late_ns = ((INT64_C(1) << n) - 1) * NS_PER_S;
        CU_ASSERT_EQUAL(b.n_late, n > 0);
        CU_ASSERT_EQUAL(b.last_late_ns, late_ns);
        CU_ASSERT_EQUAL(next_arrival(&b, NULL), late_ns + DELAY_MS * NS_PER_MS);
        bench_clear(&b);
    }
}

static void test_given_up(void)
{
    struct bench b = bench_new(&(struct link_direction){ .loss = 0.5 },
                               seed_with(TCP_SYN_REPEATS + 1, 0.5));
    struct datagram syn = segment(b.client, b.server, TCP_SYN, 0, "");
    send_at(&b, 0, ALICE, &syn);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), CLOCK_NEVER);
    CU_ASSERT_TRUE(b.n_late == 0 && b.probe.drops[DROP_LINK_LOSS] == 1);
    bench_clear(&b);
    b = bench_new(&(struct link_direction){ .loss = 1 }, 1);
    struct datagram data = segment(b.client, b.server, TCP_ACK, 1, "hello");
    send_at(&b, 0, ALICE, &data);
    CU_ASSERT_EQUAL(b.probe.drops[DROP_LINK_LOSS], 1);
    bench_clear(&b);
}

static void test_lost_syn_ack(void)
{
    struct bench b = bench_new(&(struct link_direction){ 0 }, 1);
    /* 100 % for one packet only: the chain goes bad with the first and good at once. */
    b.home->sites[0].link.down.burst =
        (struct burst_loss){ .enter = 1, .leave = 1, .loss_good = 0, .loss_bad = 1 };
    struct datagram syn = segment(b.client, b.server, TCP_SYN, 0, "");
    struct datagram syn_ack = segment(b.server, b.seen, TCP_SYN | TCP_ACK, 0, "");
    send_at(&b, 0, ALICE, &syn);
    int64_t at_ns = next_arrival(&b, NULL);
    send_at(&b, at_ns, SERVER_A, &syn_ack);
    CU_ASSERT_EQUAL(b.last_reason, DROP_LINK_BURST_LOSS);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), at_ns + NS_PER_S + DELAY_MS * NS_PER_MS);
    bench_clear(&b);
}

/* Lost is what is sent while `lossy` is on. */
static void lose(struct bench *b, bool lossy)
{
    b->home->sites[0].link.up.burst =
        lossy
            ? (struct burst_loss){ .enter = 1, .leave = 1, .loss_good = 0, .loss_bad = 1 }
            : (struct burst_loss){ 0 };
}

static void test_lost_data(void)
{
    struct bench b = bench_new(&(struct link_direction){ 0 }, 1);
    int64_t at_ns = shake_hands(&b, 0);
    CU_ASSERT_EQUAL(at_ns, 3 * DELAY_MS * NS_PER_MS);
    lose(&b, true);
    struct datagram data = segment(b.client, b.server, TCP_ACK, 1, "hello");
    send_at(&b, at_ns, ALICE, &data);
    CU_ASSERT_EQUAL(b.last_late_ns, (200 + ROUND_TRIP_MS) * NS_PER_MS);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL),
                    at_ns + (200 + ROUND_TRIP_MS + DELAY_MS) * NS_PER_MS);
    bench_clear(&b);
}

/* The server measures from its SYN-ACK to the ACK. */
static void test_lost_data_of_the_server(void)
{
    struct bench b = bench_new(&(struct link_direction){ 0 }, 1);
    b.home->sites[0].link.up.delay_ns = 190 * NS_PER_MS;
    int64_t at_ns = shake_hands(&b, 0);
    b.home->sites[0].link.down.burst =
        (struct burst_loss){ .enter = 1, .leave = 1, .loss_good = 0, .loss_bad = 1 };
    struct datagram data = segment(b.server, b.seen, TCP_ACK, 1, "hello");
    send_at(&b, at_ns, SERVER_A, &data);
    CU_ASSERT_EQUAL(b.last_late_ns, 600 * NS_PER_MS); /* three round-trip times */
    bench_clear(&b);
}

/* What a lost SYN costs is no round-trip time. */
static void test_measurement_without_retransmission(void)
{
    struct bench b = bench_new(&(struct link_direction){ 0 }, 1);
    lose(&b, true);
    struct datagram syn = segment(b.client, b.server, TCP_SYN, 0, "");
    struct datagram syn_ack = segment(b.server, b.seen, TCP_SYN | TCP_ACK, 0, "");
    send_at(&b, 0, ALICE, &syn);
    CU_ASSERT_EQUAL(b.last_late_ns, NS_PER_S);
    send_at(&b, next_arrival(&b, NULL), SERVER_A, &syn_ack);
    int64_t at_ns = next_arrival(&b, NULL);
    CU_ASSERT_EQUAL(at_ns, NS_PER_S + ROUND_TRIP_MS * NS_PER_MS);
    lose(&b, false);
    lose(&b, true);
    struct datagram data = segment(b.client, b.server, TCP_ACK, 1, "hello");
    send_at(&b, at_ns, ALICE, &data); /* the chain turns good */
    send_at(&b, at_ns, ALICE, &data);
    CU_ASSERT_EQUAL(b.last_late_ns, (200 + ROUND_TRIP_MS) * NS_PER_MS);
    bench_clear(&b);
}

static void test_head_of_line(void)
{
    struct bench b = bench_new(&(struct link_direction){ 0 }, 1);
    int64_t at_ns = shake_hands(&b, 0);
    lose(&b, true);
    struct datagram first = segment(b.client, b.server, TCP_ACK, 1, "1");
    struct datagram second = segment(b.client, b.server, TCP_ACK, 2, "2");
    struct datagram ack = segment(b.client, b.server, TCP_ACK, 3, "");
    struct datagram fin = segment(b.client, b.server, TCP_ACK | TCP_FIN, 3, "");
    struct datagram reset = segment(b.client, b.server, TCP_RST, 4, "");
    struct datagram other = segment(E(alice, 4001), b.server, TCP_ACK, 9, "other");
    struct datagram udp = make_udp(E(alice, 4002), b.server, "udp");
    send_at(&b, at_ns, ALICE, &first);
    CU_ASSERT_EQUAL(b.n_late, 1);
    lose(&b, false);
    send_at(&b, at_ns, ALICE, &second);
    send_at(&b, at_ns, ALICE, &ack);
    send_at(&b, at_ns, ALICE, &fin);
    send_at(&b, at_ns, ALICE, &reset);
    send_at(&b, at_ns, ALICE, &other);
    send_at(&b, at_ns, ALICE, &udp);
    CU_ASSERT_EQUAL(b.n_late, 1);
    int64_t soon_ns = at_ns + DELAY_MS * NS_PER_MS;
    int64_t late_ns = soon_ns + (200 + ROUND_TRIP_MS) * NS_PER_MS;
    static const struct {
        uint8_t protocol, flags;
        unsigned sequence;
        bool is_late;
    } rows[] = {
        { IPPROTO_TCP, TCP_ACK, 3, false }, { IPPROTO_TCP, TCP_ACK, 9, false },
        { IPPROTO_UDP, 0, 0, false },       { IPPROTO_TCP, TCP_ACK, 1, true },
        { IPPROTO_TCP, TCP_ACK, 2, true },  { IPPROTO_TCP, TCP_ACK | TCP_FIN, 3, true },
        { IPPROTO_TCP, TCP_RST, 4, true },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct arrived a = { 0 };
        CU_ASSERT_EQUAL(next_arrival(&b, &a), rows[i].is_late ? late_ns : soon_ns);
        CU_ASSERT_TRUE(a.protocol == rows[i].protocol && a.tcp_flags == rows[i].flags);
        if (a.protocol == IPPROTO_TCP)
            CU_ASSERT_EQUAL(load_be16(a.datagram.bytes + 26), rows[i].sequence);
    }
    /* What is sent after that waits for nothing. */
    send_at(&b, late_ns, ALICE, &second);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), late_ns + DELAY_MS * NS_PER_MS);
    bench_clear(&b);
}

static void test_pure_ack(void)
{
    struct bench b = bench_new(&(struct link_direction){ .loss = 1 }, 1);
    struct datagram ack = segment(b.client, b.server, TCP_ACK, 1, "");
    struct datagram reset = segment(b.client, b.server, TCP_RST, 1, "");
    send_at(&b, 0, ALICE, &ack);
    send_at(&b, 5, ALICE, &reset);
    CU_ASSERT_TRUE(b.n_late == 2 && b.last_late_ns == 0);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), DELAY_MS * NS_PER_MS);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), 5 + DELAY_MS * NS_PER_MS);
    bench_clear(&b);
}

static void test_full_queue(void)
{
    /* 8 kbit/s: a byte takes 1 ms; the queue holds 50 of them. */
    struct bench b =
        bench_new(&(struct link_direction){ .rate_bps = 8000, .queue_bytes = 50 }, 1);
    struct datagram syn = segment(b.client, b.server, TCP_SYN, 0, "");
    struct datagram ack = segment(E(alice, 4001), b.server, TCP_ACK, 1, "");
    send_at(&b, 0, ALICE, &syn);
    send_at(&b, 0, ALICE, &syn);
    CU_ASSERT_TRUE(b.n_late == 1 && b.last_reason == DROP_QUEUE_FULL);
    send_at(&b, 0, ALICE, &ack);
    CU_ASSERT_TRUE(b.n_late == 2 && b.last_late_ns == 0);
    /* It is 40 ms on the wire each time. */
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), 50 * NS_PER_MS);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), 90 * NS_PER_MS);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), 1050 * NS_PER_MS);
    bench_clear(&b);
}

static void test_others_are_lost(void)
{
    struct bench b = bench_new(&(struct link_direction){ .loss = 1 }, 1);
    struct datagram udp = make_udp(b.client, b.server, "hello");
    struct datagram ping = make_icmp(8, A(alice), A(server), 7);
    struct datagram syn = segment(b.client, b.server, TCP_SYN, 0, "");
    struct datagram error = make_icmp_error(3, 3, A(alice), A(server), syn.bytes, 40);
    send_at(&b, 0, ALICE, &udp);
    send_at(&b, 0, ALICE, &ping);
    send_at(&b, 0, ALICE, &error);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), CLOCK_NEVER);
    CU_ASSERT_EQUAL(b.n_late, 0);
    CU_ASSERT_TRUE(b.probe.drops[DROP_LINK_LOSS] >= 2);
    bench_clear(&b);
}

static void test_other_drops_stay(void)
{
    struct bench b = bench_new(&(struct link_direction){ 0 }, 1);
    struct datagram syn = segment(b.server, E("192.0.2.1", 9999), TCP_SYN, 0, "");
    send_at(&b, 0, SERVER_A, &syn);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), CLOCK_NEVER);
    CU_ASSERT_EQUAL(b.probe.drops[DROP_NAT_NO_MAPPING], 1);
    struct datagram old = segment(b.client, b.server, TCP_SYN, 0, "");
    set_ttl(&old, 1);
    send_at(&b, 0, ALICE, &old);
    CU_ASSERT_EQUAL(b.probe.drops[DROP_TTL_EXPIRED], 1);
    CU_ASSERT_EQUAL(b.n_late, 0);
    bench_clear(&b);

    b = bench_new(&(struct link_direction){ 0 }, 1);
    network_free(b.probe.net);
    struct middlebox_config *box = &b.home->sites[0].middleboxes[0];
    *box = (struct middlebox_config){ .name = "wall", .kind = MIDDLEBOX_FIREWALL };
    CU_ASSERT_TRUE(firewall_preset("stateful", &box->firewall));
    b.probe = probe_new(&b.home->config, 1);
    network_delay_lost_tcp(b.probe.net);
    struct datagram in = segment(b.server, b.client, TCP_SYN, 0, "");
    send_at(&b, 0, SERVER_A, &in);
    CU_ASSERT_EQUAL(next_arrival(&b, NULL), CLOCK_NEVER);
    CU_ASSERT_EQUAL(b.probe.drops[DROP_FIREWALL_DROPPED], 1);
    bench_clear(&b);
}

/* Where nothing is lost, and where the flag is off, the times and draws are the same. */
static void test_same_where_nothing_is_lost(void)
{
    struct link_direction c = { .delay_ns = 10 * NS_PER_MS,
                                .jitter_ns = 5 * NS_PER_MS,
                                .rate_bps = 10000000,
                                .reorder = 0.1,
                                .reorder_gap_ns = NS_PER_MS,
                                .duplicate = 0.1 };
    struct link plain = link_init(&c, rng_seed(1)), tcp = link_init(&c, rng_seed(1));
    struct packet_segment s = { .kind = SEGMENT_REPEATED, .flow = 1, .max_repeats = 6 };
    for (int64_t t = 0; t < 2000 * NS_PER_MS; t += NS_PER_MS) {
        struct link_fate a = link_submit(&plain, 100, t);
        struct link_fate b = link_submit_segment(&tcp, 100, &s, t);
        CU_ASSERT_EQUAL(a.n_copies, b.n_copies);
        CU_ASSERT_EQUAL(memcmp(a.due_ns, b.due_ns, sizeof a.due_ns), 0);
        CU_ASSERT_FALSE(b.was_lost);
    }
    CU_ASSERT_EQUAL(plain.rng.state, tcp.rng.state);
    CU_ASSERT_PTR_NULL(tcp.not_before_ns);
}

static void test_off(void)
{
    struct home *h = home_new(&(struct nat_config){ 0 });
    h->sites[0].link.up.loss = 1;
    struct probe p = probe_new(&h->config, 1);
    struct datagram syn = segment(E(alice, 4000), E(server, 443), TCP_SYN, 0, "");
    CU_ASSERT_FALSE(probe_send_take(&p, ALICE, &syn).is);
    CU_ASSERT_EQUAL(p.drops[DROP_LINK_LOSS], 1);
    probe_wait(&p, 10 * NS_PER_S);
    CU_ASSERT_FALSE(probe_take(&p).is);
    probe_end(&p);
    g_free(h);
}

/* An allocation behind a hostile host's flows is bounded, and goes on working. */
static void test_bounds(void)
{
    struct tcp_flows *flows = tcp_flows_new();
    struct packet_pool *pool = packet_pool_new();
    for (unsigned i = 0; i < 100000; i++) {
        struct datagram d =
            segment(E(alice, i % 65536), E(server, 1 + i / 65536), TCP_SYN, 0, "");
        struct packet *p = packet_new(pool, i, d.bytes, d.size);
        struct ip_view ip;
        CU_ASSERT_EQUAL_FATAL(ip_parse(p->bytes, p->size, &ip), IP_OK);
        tcp_flows_sent(flows, ALICE, p, &ip, i);
        CU_ASSERT_TRUE(p->segment.kind == SEGMENT_REPEATED && p->segment.flow == i + 1);
        packet_free(p);
    }
    CU_ASSERT_EQUAL(tcp_flows_n(flows), TCP_MAX_FLOWS);
    tcp_flows_free(flows);
    packet_pool_release(pool);

    /* In one link flows share slots: they may wait for each other, and no more. */
    struct link_direction c = { .burst = { .enter = 1, .leave = 1, .loss_bad = 1 } };
    struct link l = link_init(&c, rng_seed(1));
    for (uint32_t i = 1; i < 100000; i++) {
        struct packet_segment s = {
            .kind = SEGMENT_REPEATED, .flow = i, .max_repeats = 1, .rto_ns = NS_PER_S
        };
        struct link_fate f = link_submit_segment(&l, 100, &s, i);
        CU_ASSERT_TRUE(f.n_copies == 1 && f.due_ns[0] <= i + NS_PER_S);
    }
    link_clear(&l);
}

static void test_every_prefix(void)
{
    struct bench b = bench_new(&(struct link_direction){ .loss = 0.5 }, 1);
    struct datagram d = segment(b.client, b.server, TCP_ACK, 1, "hello");
    for (size_t n = 0; n <= d.size; n++) {
        g_autofree uint8_t *copy = g_memdup2(d.bytes, n);
        network_submit(b.probe.net, ALICE, copy, n, 0);
        read_events(&b);
    }
    bench_clear(&b);
}

static const struct test tests[] = {
    { "the first timeout is Linux' for each round-trip time", test_timeout },
    { "a lost SYN comes 1, 3, 7, … seconds later", test_lost_syn },
    { "what its sender would give up is dropped", test_given_up },
    { "a lost SYN-ACK comes a second later", test_lost_syn_ack },
    { "lost data come a timeout later", test_lost_data },
    { "a server has a timeout of its own", test_lost_data_of_the_server },
    { "a lost SYN does not spoil the measurement",
      test_measurement_without_retransmission },
    { "later segments of the flow wait, all else does not", test_head_of_line },
    { "a lost pure ACK, or RST, arrives as if it were not", test_pure_ack },
    { "a full queue makes late, too", test_full_queue },
    { "UDP and ICMP are lost as ever", test_others_are_lost },
    { "NAT, TTL and firewall drop as ever", test_other_drops_stay },
    { "without losses no time and no draw differs", test_same_where_nothing_is_lost },
    { "a network that was not told so loses TCP", test_off },
    { "a hundred thousand flows are bounded", test_bounds },
    { "every prefix of a segment is harmless", test_every_prefix },
};

int main(int argc, char **argv)
{
    return suite_run("tcp-loss", tests, G_N_ELEMENTS(tests), argc, argv);
}
