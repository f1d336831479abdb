/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups by libc. SRV and NAPTR come from libresolv, with a state of this resolver's
 * own; addresses from getaddrinfo(3), so that /etc/hosts holds, unless a server is given.
 *
 * A resolver that is not there must not cost a wait for each type: the first such failure
 * ends the questions to it, so that what /etc/hosts has is still found in time.
 *
 * Deliberately not: search lists for SRV and NAPTR, which would look for a service in the
 * domain of this machine.
 */
#include "probes/core/resolve_lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

/* Of each server, doubling, and how often all are asked: 3 s with one. */
#define RETRANSMIT_S 1
#define TRIES        2

struct resolver {
    struct __res_state state;
    bool has_nameserver;
    bool is_unreachable; /* no server answered: none is asked again for these */
    gint is_given_up;    /* atomic */
};

struct resolver *resolver_new(const struct endpoint *nameserver)
{
    struct resolver *r = g_new0(struct resolver, 1);
    if (res_ninit(&r->state) != 0) {
        g_free(r);
        return NULL;
    }
    r->state.retrans = RETRANSMIT_S;
    r->state.retry = TRIES;
    if (nameserver->address.family == ADDRESS_IPV4) {
        struct sockaddr_in *server = &r->state.nsaddr_list[0];
        *server = (struct sockaddr_in){ .sin_family = AF_INET,
                                        .sin_port = htons(nameserver->port) };
        memcpy(&server->sin_addr, nameserver->address.bytes, sizeof server->sin_addr);
        r->state.nscount = 1;
        r->has_nameserver = true;
    }
    return r;
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    res_nclose(&r->state);
    g_free(r);
}

void resolver_give_up(struct resolver *r)
{
    g_atomic_int_set(&r->is_given_up, 1);
}

static enum lookup_status look_up_records(void *context, const char *name,
                                          enum dns_type type, struct dns_records *ret)
{
    struct resolver *r = context;
    if (g_atomic_int_get(&r->is_given_up) || r->is_unreachable)
        return LOOKUP_FAILED;
    g_autofree uint8_t *answer = g_malloc(NS_MAXMSG);
    errno = 0;
    int size = res_nquery(&r->state, name, ns_c_in, (int)type, answer, NS_MAXMSG);
    if (size < 0) {
        r->is_unreachable = errno == ETIMEDOUT || errno == ECONNREFUSED;
        return r->state.res_h_errno == HOST_NOT_FOUND || r->state.res_h_errno == NO_DATA
                   ? LOOKUP_ABSENT
                   : LOOKUP_FAILED;
    }
    if (!dns_records_parse(answer, (size_t)MIN(size, NS_MAXMSG), type, ret))
        return LOOKUP_FAILED;
    return ret->count > 0 ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

/* ---- Addresses ---- */

static bool read_sockaddr(const struct sockaddr *from, struct address *out)
{
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)from;
        *out = address_from_bytes(ADDRESS_IPV4, (const uint8_t *)&v4->sin_addr);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)from;
        *out = address_from_bytes(ADDRESS_IPV6, v6->sin6_addr.s6_addr);
        return true;
    }
    return false;
}

static enum lookup_status ask_libc(const char *name, enum address_family family,
                                   struct dns_records *ret)
{
    const struct addrinfo hints = { .ai_family = family == ADDRESS_IPV4   ? AF_INET
                                                 : family == ADDRESS_IPV6 ? AF_INET6
                                                                          : AF_UNSPEC,
                                    .ai_socktype = SOCK_DGRAM };
    struct addrinfo *list = NULL;
    int status = getaddrinfo(name, NULL, &hints, &list);
    if (status != 0)
        return status == EAI_NONAME || status == EAI_NODATA || status == EAI_ADDRFAMILY
                   ? LOOKUP_ABSENT
                   : LOOKUP_FAILED;
    ret->count = 0;
    for (struct addrinfo *at = list; at && ret->count < DNS_MAX_RECORDS; at = at->ai_next)
        if (read_sockaddr(at->ai_addr, &ret->address[ret->count]))
            ret->count++;
    freeaddrinfo(list);
    return ret->count > 0 ? LOOKUP_FOUND : LOOKUP_ABSENT;
}

static void append_addresses(struct dns_records *to, const struct dns_records *from)
{
    for (size_t i = 0; i < from->count && to->count < DNS_MAX_RECORDS; i++)
        to->address[to->count++] = from->address[i];
}

static enum lookup_status ask_server(struct resolver *r, const char *name,
                                     enum address_family family, struct dns_records *ret)
{
    static const struct {
        enum address_family family;
        enum dns_type type;
    } both[] = { { ADDRESS_IPV6, DNS_AAAA }, { ADDRESS_IPV4, DNS_A } };
    bool has_failed = false;
    g_autofree struct dns_records *found = g_new0(struct dns_records, 1);
    ret->count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        if (family != ADDRESS_NONE && family != both[i].family)
            continue;
        enum lookup_status status = look_up_records(r, name, both[i].type, found);
        has_failed |= status == LOOKUP_FAILED;
        if (status == LOOKUP_FOUND)
            append_addresses(ret, found);
    }
    return ret->count > 0 ? LOOKUP_FOUND : has_failed ? LOOKUP_FAILED : LOOKUP_ABSENT;
}

static enum lookup_status look_up_addresses(void *context, const char *name,
                                            enum address_family family,
                                            struct dns_records *ret)
{
    struct resolver *r = context;
    if (g_atomic_int_get(&r->is_given_up))
        return LOOKUP_FAILED;
    return r->has_nameserver ? ask_server(r, name, family, ret)
                             : ask_libc(name, family, ret);
}

struct lookups resolver_lookups(struct resolver *r)
{
    return (struct lookups){ .records = look_up_records,
                             .addresses = look_up_addresses,
                             .context = r };
}
