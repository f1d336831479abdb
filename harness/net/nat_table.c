/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NAT's mappings and sessions. A mapping ties an internal to an external endpoint and
 * is found by either; by the internal one together with as much of the remote as the
 * mapping behaviour says (RFC 4787 §4.1). A session is what a mapping knows of one
 * remote: with a filtering behaviour other than endpoint-independent the permission that
 * an outbound packet gave (§5), for TCP the connection. A UDP or ICMP mapping has a
 * lifetime of its own; a TCP mapping lives as long as it has connections.
 *
 * RFC 4787 §4.1, §4.3, §5; RFC 5382 REQ-3, REQ-5; RFC 5508 REQ-2.
 */
#include "net/nat_table.h"

#include <netinet/in.h>

#include "base/clock.h"

static int64_t lifetime_or(int64_t configured_ns, int64_t default_s)
{
    return configured_ns > 0 ? configured_ns : default_s * NS_PER_S;
}

void nat_table_init(struct nat *nat)
{
    const struct nat_config *c = nat->config;
    nat->mappings.object_bytes = sizeof(struct nat_mapping);
    nat->sessions.object_bytes = sizeof(struct nat_session);
    const int64_t mapping_ns[] = {
        [NAT_CLASS_UDP] = lifetime_or(c->udp_lifetime_ns, 300),  /* RFC 4787 REQ-5c */
        [NAT_CLASS_ICMP] = lifetime_or(c->icmp_lifetime_ns, 60), /* RFC 5508 REQ-2 */
    };
    const int64_t session_ns[] = {
        [NAT_CLASS_FILTER] = c->filter_lifetime_ns,
        [NAT_CLASS_TCP_TRANSITORY] = lifetime_or(c->tcp_transitory_ns, 240),
        [NAT_CLASS_TCP_ESTABLISHED] = lifetime_or(c->tcp_established_ns, 7440),
    };
    lifetimes_init(&nat->mapping_lifetimes, mapping_ns, G_N_ELEMENTS(mapping_ns));
    lifetimes_init(&nat->session_lifetimes, session_ns, G_N_ELEMENTS(session_ns));
}

void nat_table_clear(struct nat *nat)
{
    slab_clear(&nat->mappings);
    slab_clear(&nat->sessions);
    hash_index_clear(&nat->inside);
    hash_index_clear(&nat->outside);
    hash_index_clear(&nat->remotes);
    lifetimes_clear(&nat->mapping_lifetimes);
    lifetimes_clear(&nat->session_lifetimes);
}

static struct nat_mapping *mapping_at(const struct nat *nat, uint32_t number)
{
    return slab_at(&nat->mappings, number);
}

static struct nat_session *session_at(const struct nat *nat, uint32_t number)
{
    return slab_at(&nat->sessions, number);
}

void nat_report(struct nat *nat, enum network_event_kind kind,
                const struct nat_mapping *m, enum packet_direction refreshed_by,
                int64_t now_ns)
{
    struct network_event *e = event_queue_push(nat->events);
    e->kind = kind;
    e->at_ns = now_ns;
    e->tap = nat->tap;
    e->protocol = m->protocol;
    e->internal = m->internal;
    e->external = m->external;
    e->remote = m->remote;
    e->refreshed_by = refreshed_by;
}

/* ---- finding ---- */

static uint32_t hash_inside(uint8_t protocol, const struct endpoint *internal,
                            const struct endpoint *remote, unsigned dependence)
{
    uint64_t hash = hash_mix(dependence, (uint64_t)internal->port << 8 | protocol);
    hash = hash_address(hash, &internal->address);
    if (dependence != NAT_ENDPOINT_INDEPENDENT)
        hash = hash_address(hash, &remote->address);
    if (dependence == NAT_ADDRESS_AND_PORT_DEPENDENT)
        hash = hash_mix(hash, remote->port);
    return hash_finish(hash);
}

static uint32_t hash_outside(uint8_t protocol, const struct endpoint *external)
{
    uint64_t hash = hash_mix(protocol, external->port);
    return hash_finish(hash_address(hash, &external->address));
}

static bool same_remote(const struct endpoint *a, const struct endpoint *b,
                        unsigned dependence)
{
    switch ((enum nat_behaviour)dependence) {
    case NAT_ENDPOINT_INDEPENDENT:
        return true;
    case NAT_ADDRESS_DEPENDENT:
        return address_equal(&a->address, &b->address);
    case NAT_ADDRESS_AND_PORT_DEPENDENT:
        return endpoint_equal(a, b);
    }
    return false;
}

static struct nat_mapping *find_bound(const struct nat *nat, uint8_t protocol,
                                      const struct endpoint *internal,
                                      const struct endpoint *remote, unsigned dependence)
{
    uint32_t hash = hash_inside(protocol, internal, remote, dependence), number;
    for (size_t at = hash_index_first(&nat->inside, hash);
         hash_index_at(&nat->inside, at, &number);
         at = hash_index_next(&nat->inside, at, hash)) {
        struct nat_mapping *m = mapping_at(nat, number);
        lifetimes_prefetch(&nat->mapping_lifetimes, number);
        __builtin_prefetch((const char *)m + 64); /* the end of it, if it is the one */
        if (m->dependence == dependence && m->protocol == protocol &&
            endpoint_equal(&m->internal, internal) &&
            same_remote(&m->remote, remote, dependence))
            return m;
    }
    return NULL;
}

struct nat_mapping *nat_find_inside(const struct nat *nat, uint8_t protocol,
                                    const struct endpoint *internal,
                                    const struct endpoint *remote)
{
    const struct nat_config *c = nat->config;
    struct nat_mapping *m = NULL;
    /* The dependent one first: a later independent one must not take over its flow. */
    if (c->on_conflict == NAT_CONFLICT_DEPEND)
        m = find_bound(nat, protocol, internal, remote, NAT_ADDRESS_AND_PORT_DEPENDENT);
    return m ? m : find_bound(nat, protocol, internal, remote, c->mapping);
}

/* How well a mapping knows a remote: its endpoint, its address, not at all. */
static int acquaintance(const struct nat *nat, const struct nat_mapping *m,
                        const struct endpoint *remote)
{
    if (endpoint_equal(&m->remote, remote))
        return 3;
    if (m->first_session != SLAB_NONE && nat_session_find(nat, m, remote))
        return 2;
    return address_equal(&m->remote.address, &remote->address);
}

struct nat_mapping *nat_find_outside(const struct nat *nat, uint8_t protocol,
                                     const struct endpoint *external,
                                     const struct endpoint *remote)
{
    struct nat_mapping *best = NULL;
    uint32_t hash = hash_outside(protocol, external), number;
    for (size_t at = hash_index_first(&nat->outside, hash);
         hash_index_at(&nat->outside, at, &number);
         at = hash_index_next(&nat->outside, at, hash)) {
        struct nat_mapping *m = mapping_at(nat, number);
        if (m->protocol != protocol || !endpoint_equal(&m->external, external))
            continue;
        if (!best || acquaintance(nat, m, remote) > acquaintance(nat, best, remote))
            best = m;
    }
    return best;
}

/* ---- sessions ---- */

/* An address-dependent filter looks for the address alone; with any other the port
 * counts, or a host that sends to all ports of one remote would make one long chain. */
static uint32_t hash_remote(const struct nat *nat, const struct nat_mapping *m,
                            const struct address *remote, int port)
{
    uint64_t hash = hash_address(m->number + UINT64_C(1), remote);
    if (nat->config->filtering != NAT_ADDRESS_DEPENDENT)
        hash = hash_mix(hash, (uint64_t)port);
    return hash_finish(hash);
}

/* The session of an address, and of a port unless `port` is negative, which only an
 * address-dependent filter may ask for. */
static struct nat_session *find_session(const struct nat *nat,
                                        const struct nat_mapping *m,
                                        const struct address *remote, int port)
{
    uint32_t hash = hash_remote(nat, m, remote, port), number;
    for (size_t at = hash_index_first(&nat->remotes, hash);
         hash_index_at(&nat->remotes, at, &number);
         at = hash_index_next(&nat->remotes, at, hash)) {
        struct nat_session *s = session_at(nat, number);
        if (s->mapping == m->number && address_equal(&s->remote.address, remote) &&
            (port < 0 || s->remote.port == port))
            return s;
    }
    return NULL;
}

/* The remote as sessions of this mapping hold it. */
static struct endpoint session_remote(const struct nat *nat, const struct nat_mapping *m,
                                      const struct endpoint *remote)
{
    struct endpoint as_held = *remote;
    if (m->protocol != IPPROTO_TCP && nat->config->filtering == NAT_ADDRESS_DEPENDENT)
        as_held.port = 0;
    return as_held;
}

struct nat_session *nat_session_find(const struct nat *nat, const struct nat_mapping *m,
                                     const struct endpoint *remote)
{
    struct endpoint as_held = session_remote(nat, m, remote);
    return find_session(nat, m, &as_held.address, as_held.port);
}

struct nat_session *nat_session_add(struct nat *nat, struct nat_mapping *m,
                                    const struct endpoint *remote, unsigned class,
                                    int64_t now_ns)
{
    if (slab_n_used(&nat->sessions) >= NAT_MAX_SESSIONS)
        return NULL;
    uint32_t number = slab_take(&nat->sessions);
    struct nat_session *s = session_at(nat, number);
    struct endpoint as_held = session_remote(nat, m, remote);
    *s = (struct nat_session){
        .remote = as_held,
        .number = number,
        .mapping = m->number,
        .hash = hash_remote(nat, m, &as_held.address, as_held.port),
        .before = SLAB_NONE,
        .after = m->first_session,
        .has_lifetime = nat->session_lifetimes.class_ns[class] > 0,
    };
    if (m->first_session != SLAB_NONE)
        session_at(nat, m->first_session)->before = number;
    m->first_session = number;
    hash_index_insert(&nat->remotes, s->hash, number);
    if (s->has_lifetime)
        lifetimes_add(&nat->session_lifetimes, number, class, now_ns);
    return s;
}

/* Removes a session that is in no lifetime list any more. */
static void drop_session(struct nat *nat, struct nat_session *s)
{
    if (s->before != SLAB_NONE)
        session_at(nat, s->before)->after = s->after;
    else
        mapping_at(nat, s->mapping)->first_session = s->after;
    if (s->after != SLAB_NONE)
        session_at(nat, s->after)->before = s->before;
    hash_index_remove(&nat->remotes, s->hash, s->number);
    slab_give(&nat->sessions, s->number);
}

/* True if the mapping's first remote has a session for as long as the mapping lives, and
 * `remote` is that one. Most mappings know only one, so this spares most lookups. */
static bool is_first_remote(const struct nat *nat, const struct nat_mapping *m,
                            const struct endpoint *remote)
{
    return m->protocol != IPPROTO_TCP && nat->config->filter_lifetime_ns == 0 &&
           same_remote(&m->remote, remote, nat->config->filtering);
}

bool nat_permits(const struct nat *nat, const struct nat_mapping *m,
                 const struct endpoint *remote)
{
    if (is_first_remote(nat, m, remote))
        return true;
    switch (nat->config->filtering) {
    case NAT_ENDPOINT_INDEPENDENT:
        return true;
    case NAT_ADDRESS_DEPENDENT:
        return find_session(nat, m, &remote->address, -1) != NULL;
    case NAT_ADDRESS_AND_PORT_DEPENDENT:
        return find_session(nat, m, &remote->address, remote->port) != NULL;
    }
    return false;
}

/* ---- making, refreshing, ending ---- */

struct nat_mapping *nat_create(struct nat *nat, uint8_t protocol,
                               const struct endpoint *internal,
                               const struct endpoint *remote, int64_t now_ns,
                               enum drop_reason *ret_reason)
{
    const struct nat_config *c = nat->config;
    uint32_t n = slab_n_used(&nat->mappings);
    bool has_session =
        protocol == IPPROTO_TCP || c->filtering != NAT_ENDPOINT_INDEPENDENT;
    if (n >= NAT_MAX_MAPPINGS || (c->max_mappings && n >= c->max_mappings) ||
        (has_session && slab_n_used(&nat->sessions) >= NAT_MAX_SESSIONS)) {
        *ret_reason = DROP_NAT_QUOTA;
        return NULL;
    }
    struct nat_mapping made = {
        .internal = *internal,
        .remote = *remote,
        .protocol = protocol,
        .dependence = (uint8_t)c->mapping,
        .first_session = SLAB_NONE,
    };
    if (!nat_ports_take(nat, protocol, internal, &made.external, &made.external_index,
                        &made.dependence, ret_reason))
        return NULL;
    made.inside_hash = hash_inside(protocol, internal, remote, made.dependence);
    made.outside_hash = hash_outside(protocol, &made.external);
    made.number = slab_take(&nat->mappings);
    struct nat_mapping *m = mapping_at(nat, made.number);
    *m = made;
    hash_index_insert(&nat->inside, m->inside_hash, m->number);
    hash_index_insert(&nat->outside, m->outside_hash, m->number);
    if (protocol != IPPROTO_TCP)
        lifetimes_add(&nat->mapping_lifetimes, m->number,
                      protocol == IPPROTO_UDP ? NAT_CLASS_UDP : NAT_CLASS_ICMP, now_ns);
    nat_report(nat, NETWORK_MAPPING_CREATED, m, PACKET_OUTWARD, now_ns);
    return m;
}

/* Removes a mapping that is in no lifetime list any more. */
static void drop_mapping(struct nat *nat, struct nat_mapping *m, int64_t now_ns)
{
    while (m->first_session != SLAB_NONE) {
        struct nat_session *s = session_at(nat, m->first_session);
        if (s->has_lifetime)
            lifetimes_remove(&nat->session_lifetimes, s->number);
        drop_session(nat, s);
    }
    hash_index_remove(&nat->inside, m->inside_hash, m->number);
    hash_index_remove(&nat->outside, m->outside_hash, m->number);
    /* With port overloading another mapping may still have the port. */
    if (!nat_find_outside(nat, m->protocol, &m->external, &m->remote))
        nat_ports_give(nat, m->protocol, m->external_index, m->external.port);
    nat_report(nat, NETWORK_MAPPING_EXPIRED, m, PACKET_OUTWARD, now_ns);
    slab_give(&nat->mappings, m->number);
}

void nat_remove(struct nat *nat, struct nat_mapping *m, int64_t now_ns)
{
    if (m->protocol != IPPROTO_TCP)
        lifetimes_remove(&nat->mapping_lifetimes, m->number);
    drop_mapping(nat, m, now_ns);
}

bool nat_touch(struct nat *nat, struct nat_mapping *m, const struct endpoint *remote,
               enum packet_direction direction, bool is_new, int64_t now_ns)
{
    const struct nat_config *c = nat->config;
    unsigned refreshing = c->refresh ? c->refresh : NAT_REFRESH_OUTBOUND;
    bool outward = direction == PACKET_OUTWARD;
    bool refreshes = refreshing & (outward ? NAT_REFRESH_OUTBOUND : NAT_REFRESH_INBOUND);

    if (c->filtering != NAT_ENDPOINT_INDEPENDENT &&
        (is_new || !is_first_remote(nat, m, remote))) {
        struct nat_session *s = nat_session_find(nat, m, remote);
        if (!s && outward) {
            if (!nat_session_add(nat, m, remote, NAT_CLASS_FILTER, now_ns))
                return false;
        } else if (s && refreshes && s->has_lifetime) {
            lifetimes_refresh(&nat->session_lifetimes, s->number, NAT_CLASS_FILTER,
                              now_ns);
        }
    }
    if (refreshes && !is_new) {
        lifetimes_refresh(&nat->mapping_lifetimes, m->number,
                          m->protocol == IPPROTO_UDP ? NAT_CLASS_UDP : NAT_CLASS_ICMP,
                          now_ns);
        nat_report(nat, NETWORK_MAPPING_REFRESHED, m, direction, now_ns);
    }
    return true;
}

void nat_expire(struct nat *nat, int64_t now_ns)
{
    uint32_t number;
    while (lifetimes_pop_expired(&nat->session_lifetimes, now_ns, &number)) {
        struct nat_session *s = session_at(nat, number);
        struct nat_mapping *m = mapping_at(nat, s->mapping);
        drop_session(nat, s);
        if (m->protocol == IPPROTO_TCP && m->first_session == SLAB_NONE)
            drop_mapping(nat, m, now_ns);
    }
    while (lifetimes_pop_expired(&nat->mapping_lifetimes, now_ns, &number))
        drop_mapping(nat, mapping_at(nat, number), now_ns);
}
