/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of the network have in common: packets made byte by byte, a network with a
 * clock of its own, and checksums verified from scratch with code that shares nothing
 * with the library. Every packet that leaves the network goes through probe_take(), and
 * is verified there.
 */
#ifndef RTCLAB_TESTS_NET_PROBE_H
#define RTCLAB_TESTS_NET_PROBE_H

#include "suite.h"

#include <netinet/in.h>

#include "base/clock.h"
#include "net/network.h"
#include "wire/ip.h"

/* ---- addresses ---- */

static inline struct address A(const char *text) {
    struct address a = { 0 };
    CU_ASSERT_TRUE_FATAL(address_parse(text, &a));
    return a;
}

static inline struct endpoint
E(const char *text, unsigned port) {
    return (struct endpoint){ A(text), (uint16_t)port };
}

/* ---- checksums, word by word as RFC 1071 §1 describes them ---- */

static inline unsigned
plain_sum(const uint8_t *b, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? b[i] : (unsigned)b[i] << 8;
    return sum;
}

static inline unsigned plain_fold(unsigned sum)
{
    while (sum > 0xffff)
        sum = sum % 0x10000 + sum / 0x10000;
    return sum;
}

/* True if all checksums of an IPv4 datagram hold, those of a fragment's payload apart. */
static inline bool all_checksums_hold(const uint8_t *b, size_t size)
{
    if (size < 20 || b[0] >> 4 != 4)
        return false;
    size_t header = (b[0] & 15u) * 4u, total = (size_t)b[2] * 256 + b[3];
    if (header < 20 || total != size || plain_fold(plain_sum(b, header)) != 0xffff)
        return false;
    if ((b[6] & 0x3f) || b[7])
        return true; /* a fragment: only the IP header can be verified */
    const uint8_t *l4 = b + header;
    size_t length = size - header;
    unsigned pseudo = plain_sum(b + 12, 8) + b[9];
    switch (b[9]) {
    case IPPROTO_UDP:
        if (length < 8)
            return false;
        if (l4[6] == 0 && l4[7] == 0)
            return true;
        length = (size_t)l4[4] * 256 + l4[5];
        return length <= size - header &&
               plain_fold(pseudo + (unsigned)length + plain_sum(l4, length)) == 0xffff;
    case IPPROTO_TCP:
        return plain_fold(pseudo + (unsigned)length + plain_sum(l4, length)) == 0xffff;
    case IPPROTO_ICMP:
        return plain_fold(plain_sum(l4, length)) == 0xffff;
    }
    return true;
}

/* True if the checksum of an unfragmented datagram's transport is right, where the whole
 * of it is quoted in an ICMP error. */
static inline bool quoted_checksums_hold(const uint8_t *b, size_t size)
{
    return size >= 20 && (size_t)b[2] * 256 + b[3] == size
               ? all_checksums_hold(b, size)
               : size >= 20 && plain_fold(plain_sum(b, (b[0] & 15u) * 4u)) == 0xffff;
}

/* ---- packets ---- */

struct datagram {
    uint8_t bytes[4096];
    size_t size;
};

static inline void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Fills an IPv4 header in front of a payload that is already there, and checksums. */
static inline void seal_ipv4(struct datagram *d, uint8_t protocol, struct address from,
                             struct address to, size_t payload)
{
    uint8_t *b = d->bytes;
    memset(b, 0, 20);
    b[0] = 0x45;
    d->size = 20 + payload;
    put16(b + 2, (unsigned)d->size);
    put16(b + 4, 0x1234);
    b[8] = 64;
    b[9] = protocol;
    memcpy(b + 12, from.bytes, 4);
    memcpy(b + 16, to.bytes, 4);
    put16(b + 10, 0xffff - plain_fold(plain_sum(b, 20)));
    unsigned pseudo = plain_sum(b + 12, 8) + protocol + (unsigned)payload;
    size_t at = protocol == IPPROTO_UDP ? 6 : protocol == IPPROTO_TCP ? 16 : 2;
    if (protocol == IPPROTO_ICMP)
        pseudo = 0;
    put16(b + 20 + at, 0);
    unsigned sum = 0xffff - plain_fold(pseudo + plain_sum(b + 20, payload));
    put16(b + 20 + at, protocol == IPPROTO_UDP && sum == 0 ? 0xffff : sum);
}

static inline struct datagram make_udp(struct endpoint from, struct endpoint to,
                                       const char *text)
{
    struct datagram d = { 0 };
    size_t n = strlen(text);
    memcpy(d.bytes + 28, text, n);
    put16(d.bytes + 20, from.port);
    put16(d.bytes + 22, to.port);
    put16(d.bytes + 24, (unsigned)(8 + n));
    seal_ipv4(&d, IPPROTO_UDP, from.address, to.address, 8 + n);
    return d;
}

static inline struct datagram make_tcp(struct endpoint from, struct endpoint to,
                                       uint8_t flags)
{
    struct datagram d = { 0 };
    put16(d.bytes + 20, from.port);
    put16(d.bytes + 22, to.port);
    put16(d.bytes + 26, 1000); /* sequence number */
    put16(d.bytes + 30, flags & TCP_ACK ? 2000 : 0);
    d.bytes[32] = 0x50;
    d.bytes[33] = flags;
    put16(d.bytes + 34, 65535);
    seal_ipv4(&d, IPPROTO_TCP, from.address, to.address, 20);
    return d;
}

/* An ICMP query or reply; the identifier is the port of `from` or of `to`. */
static inline struct datagram make_icmp(uint8_t type, struct address from,
                                        struct address to, unsigned identifier)
{
    struct datagram d = { 0 };
    d.bytes[20] = type;
    put16(d.bytes + 24, identifier);
    put16(d.bytes + 26, 1);
    memcpy(d.bytes + 28, "ping", 4);
    seal_ipv4(&d, IPPROTO_ICMP, from, to, 12);
    return d;
}

/* An ICMP error that quotes a datagram's first `quoted` bytes. */
static inline struct datagram make_icmp_error(uint8_t type, uint8_t code,
                                              struct address from, struct address to,
                                              const uint8_t *quote, size_t quoted)
{
    struct datagram d = { 0 };
    d.bytes[20] = type;
    d.bytes[21] = code;
    memcpy(d.bytes + 28, quote, quoted);
    seal_ipv4(&d, IPPROTO_ICMP, from, to, 8 + quoted);
    return d;
}

static inline void set_ttl(struct datagram *d, uint8_t ttl)
{
    d->bytes[8] = ttl;
    put16(d->bytes + 10, 0);
    put16(d->bytes + 10, 0xffff - plain_fold(plain_sum(d->bytes, 20)));
}

/* Cuts a piece out of a datagram: payload bytes [at, at + n), n ends 8-aligned or last.
 */
static inline struct datagram make_fragment(const struct datagram *d, size_t at, size_t n)
{
    struct datagram f = { .size = 20 + n };
    memcpy(f.bytes, d->bytes, 20);
    memcpy(f.bytes + 20, d->bytes + 20 + at, n);
    put16(f.bytes + 2, (unsigned)f.size);
    put16(f.bytes + 6, (unsigned)(at / 8) | (20 + at + n < d->size ? 0x2000u : 0));
    put16(f.bytes + 10, 0);
    put16(f.bytes + 10, 0xffff - plain_fold(plain_sum(f.bytes, 20)));
    return f;
}

/* ---- a network and its time ---- */

struct probe {
    struct network *net;
    int64_t now_ns;
    uint64_t drops[DROP_N_REASONS];
    unsigned n_created, n_refreshed, n_expired;
    enum drop_reason last_drop;
    struct endpoint last_external; /* of the last mapping created */
};

/* What came out of the network. */
struct arrived {
    bool is;
    unsigned iface;
    int64_t at_ns;
    uint8_t protocol, tcp_flags, icmp_type, icmp_code, ttl;
    struct endpoint from, to; /* for ICMP queries the port is the identifier */
    struct datagram datagram;
};

static inline struct probe probe_new(const struct network_config *config, uint64_t seed)
{
    struct rng rng = rng_seed(seed);
    return (struct probe){ .net = network_new(config, &rng, true) };
}

static inline void probe_read_events(struct probe *p)
{
    struct network_event e;
    while (network_pop_event(p->net, &e)) {
        switch (e.kind) {
        case NETWORK_PACKET:
            if (e.verdict == PACKET_DROPPED) {
                p->drops[e.reason]++;
                p->last_drop = e.reason;
            }
            CU_ASSERT_PTR_NOT_NULL(e.packet);
            packet_free(e.packet);
            break;
        case NETWORK_MAPPING_CREATED:
            p->n_created++;
            p->last_external = e.external;
            break;
        case NETWORK_MAPPING_REFRESHED:
            p->n_refreshed++;
            break;
        case NETWORK_MAPPING_EXPIRED:
            p->n_expired++;
            break;
        }
    }
}

/* Lets time pass. */
static inline void probe_wait(struct probe *p, int64_t ns)
{
    p->now_ns += ns;
    network_advance(p->net, p->now_ns);
    probe_read_events(p);
}

static inline void probe_send(struct probe *p, unsigned iface, const struct datagram *d)
{
    uint8_t *copy = g_memdup2(d->bytes, d->size); /* exact, for the sanitizer */
    network_submit(p->net, iface, copy, d->size, p->now_ns);
    g_free(copy);
    probe_read_events(p);
}

/* The next packet that reached a host, its checksums verified. */
static inline struct arrived probe_take(struct probe *p)
{
    struct arrived a = { 0 };
    struct delivery delivery;
    struct packet *packet = network_pop_delivery(p->net, &delivery);
    if (!packet)
        return a;
    CU_ASSERT_TRUE(all_checksums_hold(packet->bytes, packet->size));
    const uint8_t *b = packet->bytes;
    a.is = true;
    a.iface = delivery.iface;
    a.at_ns = delivery.due_ns;
    a.protocol = b[9];
    a.ttl = b[8];
    a.from.address = address_from_bytes(ADDRESS_IPV4, b + 12);
    a.to.address = address_from_bytes(ADDRESS_IPV4, b + 16);
    const uint8_t *l4 = b + 20;
    bool first = (b[6] & 0x1f) == 0 && b[7] == 0;
    if (b[9] == IPPROTO_ICMP && first) {
        a.icmp_type = l4[0];
        a.icmp_code = l4[1];
        a.from.port = a.to.port = (uint16_t)(l4[4] * 256 + l4[5]);
        if (a.icmp_type == 3 || a.icmp_type == 11)
            CU_ASSERT_TRUE(quoted_checksums_hold(l4 + 8, packet->size - 28));
    } else if (first) {
        a.from.port = (uint16_t)(l4[0] * 256 + l4[1]);
        a.to.port = (uint16_t)(l4[2] * 256 + l4[3]);
        a.tcp_flags = b[9] == IPPROTO_TCP ? l4[13] : 0;
    }
    CU_ASSERT_TRUE_FATAL(packet->size <= sizeof a.datagram.bytes);
    memcpy(a.datagram.bytes, b, packet->size);
    a.datagram.size = packet->size;
    packet_free(packet);
    return a;
}

/* Sends a datagram and returns what comes of it at once. */
static inline struct arrived probe_send_take(struct probe *p, unsigned iface,
                                             const struct datagram *d)
{
    probe_send(p, iface, d);
    return probe_take(p);
}

static inline struct arrived probe_udp(struct probe *p, unsigned iface,
                                       struct endpoint from, struct endpoint to)
{
    struct datagram d = make_udp(from, to, "hello");
    return probe_send_take(p, iface, &d);
}

static inline struct arrived probe_tcp(struct probe *p, unsigned iface,
                                       struct endpoint from, struct endpoint to,
                                       uint8_t flags)
{
    struct datagram d = make_tcp(from, to, flags);
    return probe_send_take(p, iface, &d);
}

static inline void probe_end(struct probe *p)
{
    while (probe_take(p).is)
        ;
    network_free(p->net);
    p->net = NULL;
}

/* ---- a home behind one NAT, and two servers ----
 * Interfaces: 0 and 1 are hosts at home (192.168.1.2, .3), 2 is server A with two
 * addresses (198.51.100.1, .2), 3 is server B (203.0.113.1). The NAT is 192.0.2.1. */

enum { ALICE, ADAM, SERVER_A, SERVER_B };

struct home {
    struct interface_config hosts[2], server_a[1], server_b[1];
    struct site_config sites[3];
    struct network_config config;
};

static inline struct home *home_new(const struct nat_config *nat)
{
    struct home *h = g_new0(struct home, 1);
    h->hosts[0] = (struct interface_config){ .name = "alice/eth0", .n_addresses = 1 };
    h->hosts[0].addresses[0] = A("192.168.1.2");
    h->hosts[1] = (struct interface_config){ .name = "adam/eth0", .n_addresses = 1 };
    h->hosts[1].addresses[0] = A("192.168.1.3");
    h->server_a[0] = (struct interface_config){ .name = "a/eth0", .n_addresses = 2 };
    h->server_a[0].addresses[0] = A("198.51.100.1");
    h->server_a[0].addresses[1] = A("198.51.100.2");
    h->server_b[0] = (struct interface_config){ .name = "b/eth0", .n_addresses = 1 };
    h->server_b[0].addresses[0] = A("203.0.113.1");
    h->sites[0] = (struct site_config){ .name = "home",
                                        .parent = -1,
                                        .n_middleboxes = 1,
                                        .interfaces = h->hosts,
                                        .n_interfaces = 2 };
    h->sites[0].middleboxes[0].name = "home/nat";
    h->sites[0].middleboxes[0].kind = MIDDLEBOX_NAT;
    h->sites[0].middleboxes[0].nat = *nat;
    struct nat_config *n = &h->sites[0].middleboxes[0].nat;
    if (n->n_external == 0) {
        n->external[0] = A("192.0.2.1");
        n->n_external = 1;
    }
    h->sites[1] = (struct site_config){
        .name = "a", .parent = -1, .interfaces = h->server_a, .n_interfaces = 1
    };
    h->sites[2] = (struct site_config){
        .name = "b", .parent = -1, .interfaces = h->server_b, .n_interfaces = 1
    };
    h->config = (struct network_config){ .sites = h->sites, .n_sites = 3 };
    return h;
}

#endif
