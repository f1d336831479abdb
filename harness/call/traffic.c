/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading STUN off the wire.
 *
 * A connectivity check is a Binding request with a USERNAME (RFC 8445 §7.2.2); those to a
 * STUN server have none. Those from a relayed candidate are wrapped: wire/stunmsg_peel.h.
 *
 * Not done here: putting TCP streams together.
 */
#include "call/traffic.h"

#include <netinet/in.h>
#include <string.h>

#include "wire/ip.h"
#include "wire/stunmsg_peel.h"

/* A request that was seen, and whether it is a check. */
struct request {
    uint8_t role;
    uint8_t transaction[STUNMSG_TRANSACTION_SIZE];
    bool is_check; /* not part of the key */
};

static guint request_hash(gconstpointer key)
{
    const struct request *r = key;
    guint hash;
    memcpy(&hash, r->transaction, sizeof hash); /* random already */
    return hash ^ r->role;
}

static gboolean request_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, offsetof(struct request, is_check)) == 0;
}

void traffic_init(struct traffic *t)
{
    *t = (struct traffic){
        .first_check_ns = { -1, -1 },
        .first_valid_ns = { -1, -1 },
        .requests = g_hash_table_new_full(request_hash, request_equal, g_free, NULL),
    };
}

void traffic_clear(struct traffic *t)
{
    g_clear_pointer(&t->requests, g_hash_table_unref);
}

static void see_request(struct traffic *t, enum role role, const struct stunmsg *m,
                        int64_t at_ns)
{
    t->stun_requests++;
    struct request key = { .role = (uint8_t)role };
    memcpy(key.transaction, m->transaction, sizeof key.transaction);
    key.is_check = m->method == STUNMSG_BINDING && stunmsg_has(m, STUNMSG_USERNAME);
    if (g_hash_table_contains(t->requests, &key))
        t->retransmissions++;
    else
        g_hash_table_add(t->requests, g_memdup2(&key, sizeof key));
    if (key.is_check && t->first_check_ns[role] < 0)
        t->first_check_ns[role] = at_ns;
}

static void see_success(struct traffic *t, enum role role, const struct stunmsg *m,
                        int64_t at_ns)
{
    struct request key = { .role = (uint8_t)role };
    memcpy(key.transaction, m->transaction, sizeof key.transaction);
    const struct request *asked = g_hash_table_lookup(t->requests, &key);
    if (asked && asked->is_check && t->first_valid_ns[role] < 0)
        t->first_valid_ns[role] = at_ns;
}

static void see_message(struct traffic *t, enum role role, bool outward,
                        const struct stunmsg_peeled *peeled, int64_t at_ns)
{
    struct stunmsg m;
    if (stunmsg_decode(peeled->bytes, peeled->size, &m) != STUNMSG_OK)
        return;
    if (outward && m.class == STUNMSG_REQUEST)
        see_request(t, role, &m, at_ns);
    if (!outward && m.class == STUNMSG_SUCCESS)
        see_success(t, role, &m, at_ns);
}

void traffic_add(struct traffic *t, enum role role, bool outward, const uint8_t *bytes,
                 size_t size, int64_t at_ns)
{
    if (outward)
        t->packets++;
    struct ip_view ip;
    struct transport_view transport;
    if (ip_parse(bytes, size, &ip) != IP_OK || ip.fragment_offset > 0 ||
        ip_parse_transport(bytes, &ip, &transport) != IP_OK)
        return;
    uint32_t header = transport.protocol == IPPROTO_TCP   ? transport.tcp_header_bytes
                      : transport.protocol == IPPROTO_UDP ? UDP_HEADER
                                                          : transport.bytes;
    if (header >= transport.bytes)
        return;
    const uint8_t *payload = bytes + transport.at + header;
    size_t left = transport.bytes - header;
    struct stunmsg_peeled peeled;
    if (transport.protocol == IPPROTO_UDP)
        stunmsg_peel(payload, left, &peeled);
    else if (!stunmsg_peel_segment(payload, left, &peeled))
        return;
    see_message(t, role, outward, &peeled, at_ns);
}
