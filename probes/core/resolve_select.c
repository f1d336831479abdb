/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selection. Every answer is taken for hostile: lookups, depth and addresses are counted,
 * names that could be no host's were left out when they were read, and what is told of
 * them is escaped.
 *
 * RFC 5928 §3 (TURN), RFC 3958 (S-NAPTR), RFC 2782 (SRV), RFC 8489 §8 (STUN), RFC 7350
 * §4.1 and §4.6 (DTLS). S-NAPTR's tags for TURN are "RELAY" and "turn.udp", "turn.tcp",
 * "turn.tls", "turn.dtls".
 */
#include "probes/core/resolve_select.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define PORT          3478
#define PORT_SECURE   5349
#define SERVICE_RELAY "RELAY"
#define MAX_DEPTH     4 /* of NAPTRs that lead to NAPTRs, */
#define MAX_NAPTRS    8 /* and such lookups: a loop leaves enough for the rest */

static const char *const naptr_protocols[PROBE_N_TRANSPORTS] = {
    [PROBE_UDP] = "turn.udp",
    [PROBE_TCP] = "turn.tcp",
    [PROBE_TLS] = "turn.tls",
    [PROBE_DTLS] = "turn.dtls",
};

struct selection {
    const struct ice_url *url;
    enum address_family family;
    const struct lookups *lookups;
    struct rng rng;
    struct resolved *out;
    unsigned n_lookups, n_naptrs; /* the latter among the former */
    bool has_failed;
};

enum probe_transport resolve_default_transport(const struct ice_url *url,
                                               const struct resolve_options *options)
{
    enum probe_transport given = ice_url_is_tcp(url) ? PROBE_TCP : PROBE_UDP;
    if (options->has_transport)
        given = options->transport;
    if (!url->tls)
        return given;
    return transport_is_stream(given) ? PROBE_TLS : PROBE_DTLS;
}

uint16_t resolve_port(const struct ice_url *url, enum probe_transport transport)
{
    return url->port ? url->port : transport_is_secure(transport) ? PORT_SECURE : PORT;
}

/* ---- Addresses ---- */

static void add(struct selection *s, const struct endpoint *endpoint,
                enum probe_transport transport, const char *via, const char *name)
{
    struct resolved *out = s->out;
    for (size_t i = 0; i < out->count; i++)
        if (out->addresses[i].transport == transport &&
            endpoint_equal(&out->addresses[i].endpoint, endpoint))
            return;
    if (out->count == RESOLVE_MAX_ADDRESSES)
        return;
    bool is_ipv4 = endpoint->address.family == ADDRESS_IPV4;
    g_autofree char *how =
        name ? g_strdup_printf("%s%s of %s", via, is_ipv4 ? "A" : "AAAA", name)
             : g_strdup("the address in the URI");
    out->addresses[out->count++] = (struct resolved_address){
        .endpoint = *endpoint,
        .transport = transport,
        .how = text_escape(how),
    };
}

static bool may_look_up(struct selection *s)
{
    return s->n_lookups++ < RESOLVE_MAX_LOOKUPS && s->out->count < RESOLVE_MAX_ADDRESSES;
}

/* A and AAAA of a host. `via` says what led there, and ends in a blank if it is not "".
 */
static void add_host(struct selection *s, const char *name, uint16_t port,
                     enum probe_transport transport, const char *via)
{
    if (port == 0 || !may_look_up(s))
        return;
    g_autofree struct dns_records *found = g_new0(struct dns_records, 1);
    enum lookup_status status =
        s->lookups->addresses(s->lookups->context, name, s->family, found);
    s->has_failed |= status == LOOKUP_FAILED;
    if (status != LOOKUP_FOUND)
        return;
    for (size_t i = 0; i < found->count; i++) {
        struct endpoint endpoint = { .address = found->address[i], .port = port };
        if (s->family == ADDRESS_NONE || s->family == endpoint.address.family)
            add(s, &endpoint, transport, via, name);
    }
}

/* ---- SRV ---- */

/* Which of some records of one priority comes first: one drawn in proportion to the
   weights. Those of weight 0 stand first, and are drawn by nothing but a 0 (RFC 2782,
   "Weight"). */
static size_t draw(const struct dns_srv *records, size_t count, struct rng *rng)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += records[i].weight;
    uint64_t drawn = rng_below(rng, sum + 1), running = 0;
    for (size_t i = 0; i < count; i++) {
        running += records[i].weight;
        if (running >= drawn)
            return i;
    }
    return 0;
}

static int compare_srv(const void *a, const void *b)
{
    const struct dns_srv *x = a, *y = b;
    int by_priority = (x->priority > y->priority) - (x->priority < y->priority);
    return by_priority ? by_priority : (x->weight > 0) - (y->weight > 0);
}

static void move_to_front(struct dns_srv *records, size_t from)
{
    struct dns_srv moved = records[from];
    memmove(records + 1, records, from * sizeof *records);
    records[0] = moved;
}

void resolve_order_srv(struct dns_srv *records, size_t count, struct rng *rng)
{
    qsort(records, count, sizeof *records, compare_srv);
    for (size_t i = 0; i < count; i++) {
        size_t n_equal = 1;
        while (i + n_equal < count &&
               records[i + n_equal].priority == records[i].priority)
            n_equal++;
        move_to_front(records + i, draw(records + i, n_equal, rng));
    }
}

/* @return whether there are such records: then they alone count, even if they lead
   nowhere */
static bool add_srv(struct selection *s, const char *name, enum probe_transport transport,
                    const char *via)
{
    if (!may_look_up(s))
        return false;
    g_autofree struct dns_records *found = g_new0(struct dns_records, 1);
    enum lookup_status status =
        s->lookups->records(s->lookups->context, name, DNS_SRV, found);
    s->has_failed |= status == LOOKUP_FAILED;
    if (status != LOOKUP_FOUND)
        return false;
    resolve_order_srv(found->srv, found->count, &s->rng);
    for (size_t i = 0; i < found->count; i++) {
        const struct dns_srv *srv = &found->srv[i];
        if (!srv->target[0])
            continue;
        g_autofree char *route =
            g_strdup_printf("%sSRV %s, priority %u: ", via, name, srv->priority);
        add_host(s, srv->target, srv->port, transport, route);
    }
    return true;
}

/* "_turns._udp.example.org" (RFC 8489 §8.1, RFC 5928 §3, RFC 7350 §4) */
static bool add_service(struct selection *s, enum probe_transport transport)
{
    g_autofree char *name =
        g_strdup_printf("_%s%s._%s.%s", s->url->turn ? "turn" : "stun",
                        transport_is_secure(transport) ? "s" : "",
                        transport_is_stream(transport) ? "tcp" : "udp", s->url->host);
    return add_srv(s, name, transport, "");
}

/* ---- NAPTR ---- */

static int compare_naptr(const void *a, const void *b)
{
    const struct dns_naptr *x = a, *y = b;
    int by_order = (x->order > y->order) - (x->order < y->order);
    return by_order ? by_order
                    : (x->preference > y->preference) - (x->preference < y->preference);
}

static bool add_naptr(struct selection *s, const char *name, unsigned protocols,
                      const char *via, unsigned depth);

/* What of one record's transports are wanted: bits of enum probe_transport. */
static unsigned match_services(const struct dns_naptr *naptr, unsigned protocols)
{
    unsigned matched = 0;
    g_auto(GStrv) parts = g_strsplit(naptr->services, ":", -1);
    if (!parts[0] || strcasecmp(parts[0], SERVICE_RELAY) != 0)
        return 0;
    for (char **part = parts + 1; *part; part++)
        for (unsigned t = 0; t < PROBE_N_TRANSPORTS; t++)
            if (strcasecmp(*part, naptr_protocols[t]) == 0)
                matched |= 1u << t;
    return matched & protocols;
}

static void follow_naptr(struct selection *s, const struct dns_naptr *naptr,
                         unsigned protocols, const char *via, unsigned depth)
{
    if (naptr->flag == '\0') {
        add_naptr(s, naptr->replacement, protocols, via, depth + 1);
        return;
    }
    for (unsigned t = 0; t < PROBE_N_TRANSPORTS; t++) {
        enum probe_transport transport = (enum probe_transport)t;
        if (!(protocols >> t & 1))
            continue;
        if (naptr->flag == 's')
            add_srv(s, naptr->replacement, transport, via);
        else if (naptr->flag == 'a')
            add_host(s, naptr->replacement, resolve_port(s->url, transport), transport,
                     via);
    }
}

/* @return whether there are NAPTRs for these protocols */
static bool add_naptr(struct selection *s, const char *name, unsigned protocols,
                      const char *via, unsigned depth)
{
    if (depth >= MAX_DEPTH || s->n_naptrs >= MAX_NAPTRS || !may_look_up(s))
        return false;
    s->n_naptrs++;
    g_autofree struct dns_records *found = g_new0(struct dns_records, 1);
    /* That one fails is not told: servers that do not know the type answer anything. */
    if (s->lookups->records(s->lookups->context, name, DNS_NAPTR, found) != LOOKUP_FOUND)
        return false;
    bool has_any = false;
    qsort(found->naptr, found->count, sizeof *found->naptr, compare_naptr);
    for (size_t i = 0; i < found->count; i++) {
        const struct dns_naptr *naptr = &found->naptr[i];
        unsigned matched = match_services(naptr, protocols);
        if (!matched)
            continue;
        has_any = true;
        g_autofree char *route =
            g_strdup_printf("%sNAPTR %s, order %u: ", via, name, naptr->order);
        follow_naptr(s, naptr, matched, route, depth);
    }
    return has_any;
}

/* ---- All together ---- */

/* Without a transport, DNS may name any; with an s in the URI, any that is secure. */
static void select_transports(struct selection *s, enum probe_transport transport)
{
    unsigned secure = 1u << PROBE_TLS | 1u << PROBE_DTLS;
    unsigned any = secure | 1u << PROBE_UDP | 1u << PROBE_TCP;
    if (add_naptr(s, s->url->host, s->url->tls ? secure : any, "", 0) &&
        s->out->count > 0)
        return;
    bool has_first = add_service(s, s->url->tls ? PROBE_TLS : PROBE_UDP);
    bool has_second = add_service(s, s->url->tls ? PROBE_DTLS : PROBE_TCP);
    if (!has_first && !has_second)
        add_host(s, s->url->host, resolve_port(s->url, transport), transport, "");
}

void resolve_select(const struct ice_url *url, const struct resolve_options *options,
                    const struct lookups *lookups, struct resolved *ret, bool *ret_failed)
{
    struct selection s = { .url = url,
                           .family = options->family,
                           .lookups = lookups,
                           .rng = options->rng,
                           .out = ret };
    enum probe_transport transport = resolve_default_transport(url, options);
    struct endpoint literal = { .port = resolve_port(url, transport) };
    if (address_parse(url->host, &literal.address)) {
        if (s.family == ADDRESS_NONE || s.family == literal.address.family)
            add(&s, &literal, transport, "", NULL);
    } else if (url->port) {
        add_host(&s, url->host, url->port, transport, "");
    } else if (!url->turn || url->transport || options->has_transport) {
        if (!add_service(&s, transport))
            add_host(&s, url->host, literal.port, transport, "");
    } else {
        select_transports(&s, transport);
    }
    *ret_failed = s.has_failed;
}
