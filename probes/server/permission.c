/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CreatePermission, and what it is for: whose data passes a relay. A permission is for an
 * address, whatever the port, lasts 300 s, and is refreshed by CreatePermission and
 * ChannelBind alone.
 *
 * RFC 8656 §9, §10.2.
 */
#include "probes/server/permission.h"

#include "probes/server/peers.h"

enum { EARLY_SECONDS = 60 };

static bool is_for(const struct probe_server *s, const struct srv_permission *p,
                   const struct endpoint *peer)
{
    return address_equal(&p->peer.address, &peer->address) &&
           (p->peer.port == peer->port || !srv_has(s, DEFECT_PERMISSION_BY_PORT));
}

static bool is_alive(const struct probe_server *s, const struct srv_permission *p)
{
    return p->until_ns > s->now_ns || srv_has(s, DEFECT_PERMISSION_NEVER_EXPIRES);
}

static bool has_permission(const struct probe_server *s, const struct srv_allocation *a,
                           const struct endpoint *peer)
{
    for (size_t i = 0; i < a->n_permissions; i++) {
        if (is_for(s, &a->permissions[i], peer) && is_alive(s, &a->permissions[i]))
            return true;
    }
    return false;
}

bool srv_permission_allows(const struct probe_server *s, const struct srv_allocation *a,
                           const struct endpoint *peer)
{
    if (has_permission(s, a, peer))
        return true;
    for (guint i = 0; i < s->allocations->len; i++) {
        if (srv_has(s, DEFECT_PERMISSIONS_SHARED) &&
            has_permission(s, s->allocations->pdata[i], peer))
            return true;
    }
    return false;
}

bool srv_permission_install(struct probe_server *s, struct srv_allocation *a,
                            const struct endpoint *peer, unsigned lifetime_s)
{
    size_t at = 0;
    if (srv_has(s, DEFECT_PERMISSION_EXPIRES_EARLY))
        lifetime_s = EARLY_SECONDS;
    while (at < a->n_permissions && !is_for(s, &a->permissions[at], peer) &&
           is_alive(s, &a->permissions[at]))
        at++;
    if (at == SRV_MAX_PERMISSIONS)
        return false;
    /* One further on for the same peer is dead, or is refreshed and this place stays. */
    for (size_t i = at; i < a->n_permissions; i++) {
        if (is_for(s, &a->permissions[i], peer))
            at = i;
    }
    a->permissions[at] =
        (struct srv_permission){ .peer = *peer,
                                 .until_ns = s->now_ns + lifetime_s * NS_PER_S };
    a->n_permissions = MAX(a->n_permissions, at + 1);
    return true;
}

void srv_permission_refresh(struct probe_server *s, struct srv_allocation *a,
                            const struct endpoint *peer)
{
    if (has_permission(s, a, peer))
        srv_permission_install(s, a, peer, SRV_PERMISSION_SECONDS);
}

unsigned srv_permission_judge(const struct probe_server *s,
                              const struct srv_allocation *a, const struct endpoint *peer)
{
    bool is_ipv6 = peer->address.family == ADDRESS_IPV6;
    if (a->relays[is_ipv6 ? SRV_RELAY_IPV6 : SRV_RELAY_IPV4].fd < 0)
        return srv_has(s, DEFECT_PEER_FAMILY_UNCHECKED)
                   ? 0
                   : STUNMSG_CODE_PEER_ADDRESS_FAMILY_MISMATCH;
    return srv_peers_allow(s, &peer->address) ? 0 : STUNMSG_CODE_FORBIDDEN;
}

/* Reads and judges all peers: how many there are, or 0 with the error's code. */
static size_t read_peers(const struct probe_server *s, const struct srv_allocation *a,
                         const struct srv_request *q,
                         struct endpoint peers[SRV_MAX_PERMISSIONS], size_t *ret_good,
                         unsigned *ret_code)
{
    struct stunmsg_iterator i = stunmsg_attributes(&q->message);
    struct stunmsg_attribute attribute;
    size_t n = 0;
    unsigned code = 0;
    while (code == 0 && stunmsg_next(&i, &attribute)) {
        if (attribute.type != STUNMSG_XOR_PEER_ADDRESS || attribute.ignored)
            continue;
        struct endpoint peer;
        if (stunmsg_read_address(&q->message, &attribute, &peer) != STUNMSG_OK)
            code = STUNMSG_CODE_BAD_REQUEST;
        else if (n == SRV_MAX_PERMISSIONS)
            code = STUNMSG_CODE_INSUFFICIENT_CAPACITY;
        else
            code = srv_permission_judge(s, a, &peer);
        if (code == 0)
            peers[n++] = peer;
    }
    *ret_good = n;
    if (code == 0 && n == 0 && !srv_has(s, DEFECT_PEERLESS_PERMISSION))
        code = STUNMSG_CODE_BAD_REQUEST;
    *ret_code = code;
    return code == 0 ? n : 0;
}

void srv_permission_handle(struct probe_server *s, struct srv_request *q)
{
    struct endpoint peers[SRV_MAX_PERMISSIONS];
    size_t n_good;
    unsigned code;
    struct srv_allocation *a =
        srv_allocation_for_request(s, q, DEFECT_PERMISSION_400_WITHOUT_ALLOCATION);
    if (!a)
        return;
    size_t n = read_peers(s, a, q, peers, &n_good, &code);
    if (srv_has(s, DEFECT_PERMISSIONS_INSTALLED_PARTLY))
        n = n_good;
    if (srv_has(s, DEFECT_FIRST_PEER_ONLY))
        n = MIN(n, 1);
    for (size_t i = 0; i < n; i++) {
        if (!srv_permission_install(s, a, &peers[i], SRV_PERMISSION_SECONDS) && code == 0)
            code = STUNMSG_CODE_INSUFFICIENT_CAPACITY;
    }
    if (code == STUNMSG_CODE_FORBIDDEN && srv_has(s, DEFECT_DENIED_PEER_401))
        code = STUNMSG_CODE_UNAUTHENTICATED;
    if (code != 0) {
        srv_reply_error(s, q, code);
        return;
    }
    struct srv_reply r;
    srv_reply_begin(s, q, STUNMSG_SUCCESS, &r);
    srv_reply_send(s, q, &r);
}
