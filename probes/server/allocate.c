/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocate and Refresh: what is asked for is read and judged first, in the order of RFC
 * 8656 §7.2, and only then are ports opened.
 *
 * RFC 8656 §7.2, §8.2; RFC 8489 §10; RFC 6062 §5.1; RFC 8016 §3.1.
 */
#include "probes/server/allocate.h"

#include <unistd.h>

#include "probes/server/allocation.h"
#include "probes/server/mobility.h"
#include "probes/server/relay.h"
#include "probes/server/relay_port.h"

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, EVEN_PORT_R = 0x80 };

struct wish {
    bool is_tcp, is_mobile;
    bool wants_even, wants_pair;
    bool has_token;
    uint64_t token;
    bool wants[SRV_N_RELAYS];
    /* ADDITIONAL-ADDRESS-FAMILY: IPv6 may fail alone, with this code. */
    bool is_dual;
    unsigned additional_code;
};

/* REQUESTED-TRANSPORT and what does not go with TCP: 0 or the error's code. */
static unsigned read_transport(const struct probe_server *s, const struct srv_request *q,
                               struct wish *w)
{
    const struct stunmsg *m = &q->message;
    uint32_t protocol;
    if (stunmsg_get_u32(m, STUNMSG_REQUESTED_TRANSPORT, &protocol) != STUNMSG_OK) {
        if (!srv_has(s, DEFECT_TRANSPORT_OPTIONAL))
            return STUNMSG_CODE_BAD_REQUEST;
        protocol = PROTOCOL_UDP;
    }
    bool is_tcp = protocol == PROTOCOL_TCP && s->options.has_tcp_relay;
    if (!is_tcp && protocol != PROTOCOL_UDP && !srv_has(s, DEFECT_TRANSPORT_UNCHECKED))
        return STUNMSG_CODE_UNSUPPORTED_TRANSPORT;
    w->is_tcp = is_tcp;
    if (!is_tcp)
        return 0;
    if (!srv_transport_is_stream(q->path->transport) &&
        !srv_has(s, DEFECT_TCP_RELAY_OVER_UDP))
        return STUNMSG_CODE_BAD_REQUEST; /* RFC 6062 §5.1 */
    bool has_more = stunmsg_has(m, STUNMSG_EVEN_PORT) ||
                    stunmsg_has(m, STUNMSG_DONT_FRAGMENT) ||
                    stunmsg_has(m, STUNMSG_RESERVATION_TOKEN);
    return has_more && !srv_has(s, DEFECT_TCP_RELAY_EVEN_PORT) ? STUNMSG_CODE_BAD_REQUEST
                                                               : 0;
}

static unsigned read_token(const struct probe_server *s, const struct srv_request *q,
                           struct wish *w)
{
    const struct stunmsg *m = &q->message;
    enum stunmsg_error found = stunmsg_get_u64(m, STUNMSG_RESERVATION_TOKEN, &w->token);
    if (found == STUNMSG_ABSENT)
        return 0;
    bool has_more = stunmsg_has(m, STUNMSG_EVEN_PORT) ||
                    stunmsg_has(m, STUNMSG_REQUESTED_ADDRESS_FAMILY) ||
                    stunmsg_has(m, STUNMSG_ADDITIONAL_ADDRESS_FAMILY);
    if (found != STUNMSG_OK || (has_more && !srv_has(s, DEFECT_TOKEN_WITH_ANYTHING)))
        return STUNMSG_CODE_BAD_REQUEST;
    w->has_token = true;
    return 0;
}

/* REQUESTED-ADDRESS-FAMILY, or what stands for it. */
static unsigned read_family(const struct probe_server *s, const struct srv_request *q,
                            struct wish *w)
{
    uint32_t family = srv_has(s, DEFECT_DEFAULT_FAMILY_IPV6) ? STUNMSG_FAMILY_IPV6
                                                             : STUNMSG_FAMILY_IPV4;
    bool has_ipv6 = s->options.ipv6.family != ADDRESS_NONE;
    if (stunmsg_get_u32(&q->message, STUNMSG_REQUESTED_ADDRESS_FAMILY, &family) ==
        STUNMSG_MALFORMED)
        return STUNMSG_CODE_BAD_REQUEST;
    bool is_ipv6 = family == STUNMSG_FAMILY_IPV6 && has_ipv6;
    if (!is_ipv6 && family != STUNMSG_FAMILY_IPV4 && !srv_has(s, DEFECT_FAMILY_IGNORED))
        return STUNMSG_CODE_ADDRESS_FAMILY_NOT_SUPPORTED;
    w->wants[is_ipv6 ? SRV_RELAY_IPV6 : SRV_RELAY_IPV4] = true;
    return 0;
}

static unsigned read_families(const struct probe_server *s, const struct srv_request *q,
                              struct wish *w)
{
    const struct stunmsg *m = &q->message;
    uint32_t additional;
    enum stunmsg_error found =
        stunmsg_get_u32(m, STUNMSG_ADDITIONAL_ADDRESS_FAMILY, &additional);
    if (found != STUNMSG_ABSENT && stunmsg_has(m, STUNMSG_REQUESTED_ADDRESS_FAMILY) &&
        !srv_has(s, DEFECT_BOTH_FAMILIES_ACCEPTED))
        return STUNMSG_CODE_BAD_REQUEST;
    if (w->has_token && srv_relay_port_family(s, w->token) == ADDRESS_IPV6) {
        w->wants[SRV_RELAY_IPV6] = true;
        return 0;
    }
    unsigned code = read_family(s, q, w);
    if (code != 0 || found == STUNMSG_ABSENT)
        return code;
    if (w->wants_pair && !srv_has(s, DEFECT_ADDITIONAL_WITH_RESERVATION))
        return STUNMSG_CODE_BAD_REQUEST;
    if (found != STUNMSG_OK || (additional == STUNMSG_FAMILY_IPV4 &&
                                !srv_has(s, DEFECT_ADDITIONAL_IPV4_ACCEPTED)))
        return STUNMSG_CODE_BAD_REQUEST;
    if (srv_has(s, DEFECT_ADDITIONAL_IGNORED))
        return 0;
    w->is_dual = true;
    if (additional == STUNMSG_FAMILY_IPV6 && s->options.ipv6.family != ADDRESS_NONE)
        w->wants[SRV_RELAY_IPV6] = true;
    else if (additional != STUNMSG_FAMILY_IPV4)
        w->additional_code = STUNMSG_CODE_ADDRESS_FAMILY_NOT_SUPPORTED;
    return 0;
}

static unsigned read_wish(const struct probe_server *s, const struct srv_request *q,
                          struct wish *w)
{
    uint32_t even = 0;
    enum stunmsg_error found = stunmsg_get_u32(&q->message, STUNMSG_EVEN_PORT, &even);
    w->wants_even = found == STUNMSG_OK;
    w->wants_pair = found == STUNMSG_OK && even & EVEN_PORT_R;
    unsigned code = read_transport(s, q, w);
    if (code == 0 && srv_has(s, DEFECT_DONT_FRAGMENT_400) &&
        stunmsg_has(&q->message, STUNMSG_DONT_FRAGMENT))
        code = STUNMSG_CODE_BAD_REQUEST;
    if (code == 0)
        code = read_token(s, q, w);
    if (code == 0)
        code = read_families(s, q, w);
    if (code == 0 && found == STUNMSG_MALFORMED)
        code = STUNMSG_CODE_BAD_REQUEST;
    if (code == 0 && s->options.quota > 0 && !srv_has(s, DEFECT_QUOTA_IGNORED) &&
        srv_allocation_count(s, q->user) >= s->options.quota)
        code = STUNMSG_CODE_ALLOCATION_QUOTA_REACHED;
    if (code == 0 && s->allocations->len >= SRV_MAX_ALLOCATIONS)
        code = STUNMSG_CODE_INSUFFICIENT_CAPACITY;
    return code;
}

/* The socket of the relayed address that all else depends on; -1: none. */
static int open_first(struct probe_server *s, const struct wish *w,
                      const struct address *address, struct endpoint *ret_local,
                      uint64_t *ret_token)
{
    enum srv_parity parity = SRV_PARITY_ANY;
    if (w->wants_even)
        parity = srv_has(s, DEFECT_EVEN_PORT_ODD) ? SRV_PARITY_ODD : SRV_PARITY_EVEN;
    if (w->has_token) {
        int fd = srv_relay_port_redeem(s, w->token, ret_local);
        if (fd >= 0 && srv_has(s, DEFECT_RESERVATION_LOST))
            close(fd);
        else if (fd >= 0 || !srv_has(s, DEFECT_BOGUS_TOKEN_IGNORED))
            return fd;
    } else if (w->wants_pair && !w->is_tcp) {
        return srv_relay_port_open_pair(s, address, ret_local, ret_token);
    }
    return srv_relay_port_open(s, w->is_tcp ? SOCK_STREAM : SOCK_DGRAM, address, parity,
                               ret_local);
}

static bool open_relays(struct probe_server *s, struct srv_allocation *a, struct wish *w,
                        uint64_t *ret_token)
{
    const struct address *addresses[SRV_N_RELAYS] = { &s->options.primary,
                                                      &s->options.ipv6 };
    bool is_first = true;
    for (size_t i = 0; i < SRV_N_RELAYS; i++) {
        struct srv_relay *relay = &a->relays[i];
        if (!w->wants[i])
            continue;
        if (is_first)
            relay->fd = open_first(s, w, addresses[i], &relay->local, ret_token);
        else
            relay->fd = srv_relay_port_open(s, w->is_tcp ? SOCK_STREAM : SOCK_DGRAM,
                                            addresses[i], SRV_PARITY_ANY, &relay->local);
        if (relay->fd >= 0 && !srv_relay_start(s, relay))
            srv_allocation_close_relay(relay);
        if (relay->fd < 0 && is_first)
            return false;
        if (relay->fd < 0)
            w->additional_code = STUNMSG_CODE_INSUFFICIENT_CAPACITY;
        is_first = false;
    }
    return true;
}

static void add_relays(const struct probe_server *s, const struct srv_allocation *a,
                       struct srv_reply *r)
{
    for (size_t i = 0; i < SRV_N_RELAYS; i++) {
        struct endpoint relayed = a->relays[i].local;
        if (relayed.address.family == ADDRESS_NONE)
            continue;
        if (srv_has(s, DEFECT_RELAYED_ADDRESS_WILDCARD))
            memset(relayed.address.bytes, 0, sizeof relayed.address.bytes);
        srv_reply_add_address(s, r, STUNMSG_XOR_RELAYED_ADDRESS, &relayed);
    }
}

/* RFC 8656 §18.12: as ERROR-CODE, with the family in the first byte. */
static void add_address_error(struct srv_reply *r, unsigned code)
{
    uint8_t value[64] = { STUNMSG_FAMILY_IPV6, 0, (uint8_t)(code / 100),
                          (uint8_t)(code % 100) };
    const char *reason = stunmsg_code_reason(code);
    memcpy(value + 4, reason, strlen(reason));
    stunmsg_add(&r->b, STUNMSG_ADDRESS_ERROR_CODE, value, 4 + strlen(reason));
}

static void allocate(struct probe_server *s, struct srv_request *q, struct wish *w)
{
    struct srv_reply r;
    uint64_t token = 0;
    uint32_t lifetime_s = srv_allocation_lifetime_s(s, q);
    struct srv_allocation *a = srv_allocation_new(s, q);
    a->is_tcp = w->is_tcp;
    a->is_mobile = w->is_mobile;
    srv_allocation_extend(s, a, lifetime_s);
    if (!open_relays(s, a, w, &token)) {
        srv_allocation_delete(s, a);
        srv_reply_error(s, q, STUNMSG_CODE_INSUFFICIENT_CAPACITY);
        return;
    }
    srv_reply_begin(s, q, STUNMSG_SUCCESS, &r);
    add_relays(s, a, &r);
    if (!srv_has(s, DEFECT_LIFETIME_UNSAID))
        stunmsg_add_number(&r.b, STUNMSG_LIFETIME, lifetime_s);
    if (!srv_has(s, DEFECT_ALLOCATE_MAPPED_UNSAID))
        srv_reply_add_address(s, &r, STUNMSG_XOR_MAPPED_ADDRESS, &q->path->client);
    if (token != 0 && !srv_has(s, DEFECT_RESERVATION_WITHOUT_TOKEN))
        stunmsg_add_number(&r.b, STUNMSG_RESERVATION_TOKEN, token);
    if (w->additional_code != 0)
        add_address_error(&r, w->additional_code);
    if (a->is_mobile)
        srv_mobility_add_ticket(s, a, &r);
    srv_reply_send(s, q, &r);
}

/* Sends the client elsewhere, if that is what the server does; false if not. Only for who
 * is proven: RFC 8489 §14.8. */
static bool redirect(struct probe_server *s, struct srv_request *q)
{
    const struct endpoint *local = &q->path->local;
    if (!s->options.redirects || !address_equal(&local->address, &s->options.primary) ||
        s->options.alternate.family == ADDRESS_NONE || q->path->transport == SRV_TLS ||
        q->path->transport == SRV_DTLS)
        return false;
    struct srv_reply r;
    struct endpoint elsewhere = { s->options.alternate, s->endpoints.plain.port };
    if (srv_has(s, DEFECT_REDIRECT_LOOP))
        elsewhere = *local;
    srv_reply_begin(s, q, STUNMSG_FAILURE, &r);
    srv_reply_add_error(s, &r, STUNMSG_CODE_TRY_ALTERNATE, NULL);
    if (!srv_has(s, DEFECT_REDIRECT_WITHOUT_SERVER))
        stunmsg_add_address(&r.b, STUNMSG_ALTERNATE_SERVER, &elsewhere);
    srv_reply_send(s, q, &r);
    return true;
}

void srv_allocate_handle(struct probe_server *s, struct srv_request *q)
{
    struct wish w = { 0 };
    struct srv_allocation *a = srv_allocation_find(s, q->path);
    if (a && srv_has(s, DEFECT_SECOND_ALLOCATION_REPLACES)) {
        srv_allocation_delete(s, a);
    } else if (a) {
        srv_reply_error(s, q, STUNMSG_CODE_ALLOCATION_MISMATCH);
        return;
    }
    unsigned code = read_wish(s, q, &w);
    if (code != 0) {
        srv_reply_error(s, q, code);
        return;
    }
    if (!srv_mobility_check_allocate(s, q, &w.is_mobile) || redirect(s, q))
        return;
    allocate(s, q, &w);
}

/* Whether a Refresh names a family that the allocation has; if it names one at all, it
 * is for that relayed address alone (RFC 8656 §8.2). */
static bool refresh_family(const struct probe_server *s, const struct srv_allocation *a,
                           const struct srv_request *q, size_t *ret_relay)
{
    uint32_t family;
    *ret_relay = SRV_N_RELAYS;
    enum stunmsg_error found =
        stunmsg_get_u32(&q->message, STUNMSG_REQUESTED_ADDRESS_FAMILY, &family);
    if (found == STUNMSG_ABSENT || srv_has(s, DEFECT_REFRESH_FAMILY_UNCHECKED))
        return true;
    if (found != STUNMSG_OK ||
        (family != STUNMSG_FAMILY_IPV4 && family != STUNMSG_FAMILY_IPV6))
        return false;
    *ret_relay = family == STUNMSG_FAMILY_IPV6 ? SRV_RELAY_IPV6 : SRV_RELAY_IPV4;
    return a->relays[*ret_relay].fd >= 0;
}

static void end_allocation(struct probe_server *s, struct srv_allocation *a, size_t relay)
{
    if (srv_has(s, DEFECT_REFRESH_0_IGNORED))
        return;
    if (relay < SRV_N_RELAYS && a->relays[SRV_RELAY_IPV4].fd >= 0 &&
        a->relays[SRV_RELAY_IPV6].fd >= 0)
        srv_allocation_close_relay(&a->relays[relay]);
    else
        srv_allocation_delete(s, a);
}

void srv_refresh_handle(struct probe_server *s, struct srv_request *q)
{
    struct stunmsg_text ticket;
    bool has_ticket =
        stunmsg_get_text(&q->message, STUNMSG_MOBILITY_TICKET, &ticket) == STUNMSG_OK;
    struct srv_allocation *a =
        has_ticket
            ? srv_mobility_refresh(s, q, &ticket)
            : srv_allocation_for_request(s, q, DEFECT_REFRESH_400_WITHOUT_ALLOCATION);
    size_t relay;
    if (!a)
        return;
    if (!refresh_family(s, a, q, &relay)) {
        srv_reply_error(s, q, STUNMSG_CODE_PEER_ADDRESS_FAMILY_MISMATCH);
        return;
    }
    struct srv_reply r;
    uint32_t asked_s, lifetime_s = srv_allocation_lifetime_s(s, q);
    bool ends = srv_has(s, DEFECT_REFRESH_ENDS) ||
                (stunmsg_get_u32(&q->message, STUNMSG_LIFETIME, &asked_s) == STUNMSG_OK &&
                 asked_s == 0);
    if (ends)
        lifetime_s = 0;
    else
        srv_allocation_extend(s, a, lifetime_s);
    srv_reply_begin(s, q, STUNMSG_SUCCESS, &r);
    stunmsg_add_number(&r.b, STUNMSG_LIFETIME, lifetime_s);
    if (has_ticket && !srv_has(s, DEFECT_TICKET_NOT_RENEWED))
        srv_mobility_add_ticket(s, a, &r);
    srv_reply_send(s, q, &r);
    if (ends)
        end_allocation(s, a, relay);
}
