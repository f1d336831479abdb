/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which packets a timeline leaves out where there are too many of them: a minute of video
 * is a hundred thousand.
 *
 * What tells how a call came about is kept: STUN, DTLS but its application data, DNS,
 * ICMP, how TCP connections begin and end, and all that was dropped or late, at each tap
 * that saw it. Of the rest, media and data, the first ones are kept and then each k-th
 * packet id, so that a packet that stays can be followed from tap to tap.
 */
#include "call/timeline_make.h"

#include "wire/ip.h"

enum {
    KEPT_PACKETS = 12000, /* of a call that has more */
    FIRST_PACKETS = 1000, /* of media and data: kept in a row */
};

struct timeline_thinner {
    GHashTable *dropped; /* packet ids; NULL: all packets are kept */
    uint64_t every;      /* of the rest, each so many-th id is kept */
    uint32_t n_kept, n_rest;
};

static bool was_dropped(const struct pcapng_item *item)
{
    static const char *const prefixes[] = { "dropped by ", "lost by " };
    for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        size_t size = strlen(prefixes[i]);
        if (item->comment.size > size && memcmp(item->comment.at, prefixes[i], size) == 0)
            return true;
    }
    return false;
}

static bool is_dtls_data(const uint8_t *bytes, size_t size)
{
    enum { APPLICATION_DATA = 23 };
    return bytes[0] == APPLICATION_DATA || (size > 0 && bytes[0] >> 5 == 1);
}

static bool tells(const struct stunmsg_peeled *peeled)
{
    switch (stunmsg_classify(peeled->bytes, peeled->size)) {
    case STUNMSG_TRAFFIC_STUN:
    case STUNMSG_TRAFFIC_ZRTP:
        return true;
    case STUNMSG_TRAFFIC_DTLS:
        return !is_dtls_data(peeled->bytes, peeled->size);
    case STUNMSG_TRAFFIC_OTHER: /* without the cookie, RFC 3489 */
        return peeled->size >= STUNMSG_HEADER_SIZE && peeled->bytes[0] >> 1 == 0 &&
               peeled->bytes[1] == STUNMSG_BINDING;
    case STUNMSG_TRAFFIC_CHANNEL:
    case STUNMSG_TRAFFIC_RTP:
    case STUNMSG_TRAFFIC_RTCP:
    case STUNMSG_N_TRAFFIC:
        break;
    }
    return false;
}

static bool is_essential(const struct pcapng_item *item)
{
    enum { DNS_PORT = 53, MDNS_PORT = 5353, TLS_HANDSHAKE = 22 };
    struct ip_view ip;
    struct transport_view t;
    struct stunmsg_peeled peeled;
    if (ip_parse_quote(item->bytes, item->size, &ip) != IP_OK || ip.fragment_offset > 0 ||
        ip_parse_transport(item->bytes, &ip, &t) != IP_OK)
        return false;
    if (ip_is_icmp(t.protocol) || t.destination_port == DNS_PORT ||
        t.source_port == DNS_PORT || t.destination_port == MDNS_PORT)
        return true;
    bool is_tcp = t.protocol == IPPROTO_TCP;
    uint32_t header = is_tcp ? t.tcp_header_bytes : (uint32_t)UDP_HEADER;
    if (is_tcp && t.tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))
        return true;
    if (header >= t.bytes)
        return false;
    const uint8_t *payload = item->bytes + t.at + header;
    size_t size = t.bytes - header;
    if (is_tcp && payload[0] == TLS_HANDSHAKE)
        return true;
    if (!is_tcp)
        stunmsg_peel(payload, size, &peeled);
    else if (!stunmsg_peel_segment(payload, size, &peeled))
        return false;
    return tells(&peeled);
}

static uint64_t id_of(const struct pcapng_item *item, uint32_t number)
{
    return item->packet_id ? item->packet_id : number;
}

struct timeline_thinner *timeline_thinner_new(const char *capture, size_t size)
{
    struct timeline_thinner *thinner = g_new0(struct timeline_thinner, 1);
    struct pcapng_item item;
    uint32_t n_packets = 0, n_essential = 0;
    struct pcapng_reader *reader = pcapng_reader_new((const uint8_t *)capture, size);
    while (pcapng_reader_next(reader, &item))
        n_packets += item.kind == PCAPNG_ITEM_PACKET;
    pcapng_reader_free(reader);
    if (n_packets <= KEPT_PACKETS)
        return thinner;

    thinner->dropped = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    reader = pcapng_reader_new((const uint8_t *)capture, size);
    for (uint32_t number = 1; pcapng_reader_next(reader, &item);) {
        if (item.kind != PCAPNG_ITEM_PACKET)
            continue;
        uint64_t id = id_of(&item, number++);
        n_essential += is_essential(&item);
        if (was_dropped(&item))
            g_hash_table_add(thinner->dropped, g_memdup2(&id, sizeof id));
    }
    pcapng_reader_free(reader);
    uint32_t room = n_essential + FIRST_PACKETS < KEPT_PACKETS
                        ? KEPT_PACKETS - n_essential - FIRST_PACKETS
                        : 1;
    thinner->every = (n_packets - n_essential + room - 1) / room;
    return thinner;
}

void timeline_thinner_free(struct timeline_thinner *thinner)
{
    if (thinner->dropped)
        g_hash_table_unref(thinner->dropped);
    g_free(thinner);
}

bool timeline_thinner_keeps(struct timeline_thinner *thinner,
                            const struct pcapng_item *item, uint32_t number)
{
    if (!thinner->dropped)
        return true;
    uint64_t id = id_of(item, number);
    bool keeps = is_essential(item) || g_hash_table_contains(thinner->dropped, &id) ||
                 thinner->n_rest++ < FIRST_PACKETS ||
                 (thinner->every && id % thinner->every == 0);
    if (!keeps || thinner->n_kept >= 2 * KEPT_PACKETS) /* whatever they are */
        return false;
    thinner->n_kept++;
    return true;
}
