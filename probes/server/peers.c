/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom clients may reach: nobody but the prefixes of the options. A relay that allows
 * more lets the world into whatever network the server stands in (RFC 8656 §21.1.4); an
 * IPv4 address is as reachable within an IPv6 one.
 *
 * The lists below are what each defect lets through.
 */
#include "probes/server/peers.h"

#include <glib.h>

struct prefix {
    const char *address;
    unsigned bits;
};

static const struct prefix loopback[] = {
    { "127.0.0.0", 8 }, { "0.0.0.0", 8 }, { "::1", 128 }, { "::", 128 }
};
static const struct prefix metadata[] = {
    { "169.254.0.0", 16 }, { "fe80::", 10 }, { "fc00::", 7 }, { "100.100.100.200", 32 }
};
static const struct prefix private[] = { { "10.0.0.0", 8 },     { "172.16.0.0", 12 },
                                         { "192.168.0.0", 16 }, { "100.64.0.0", 10 },
                                         { "224.0.0.0", 4 },    { "240.0.0.0", 4 },
                                         { "ff00::", 8 } };
/* RFC 4291 §2.5.5, RFC 6052 §2.1, RFC 8215, RFC 3056 §2, RFC 4380 §4 */
static const struct prefix disguises[] = { { "::ffff:0:0", 96 }, { "::", 96 },
                                           { "64:ff9b::", 96 },  { "64:ff9b:1::", 48 },
                                           { "2002::", 16 },     { "2001::", 32 } };

static bool is_within(const struct address *a, const struct prefix *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct address prefix;
        if (address_parse(list[i].address, &prefix) &&
            address_in_prefix(a, &prefix, list[i].bits))
            return true;
    }
    return false;
}

static bool is_own(const struct probe_server *s, const struct address *a)
{
    return address_equal(a, &s->options.primary) ||
           address_equal(a, &s->options.alternate) || address_equal(a, &s->options.ipv6);
}

bool srv_peers_allow(const struct probe_server *s, const struct address *peer)
{
    if (srv_has(s, DEFECT_OWN_ADDRESS_REFUSED) && is_own(s, peer))
        return false;
    if ((srv_has(s, DEFECT_LOOPBACK_PEERS) &&
         is_within(peer, loopback, G_N_ELEMENTS(loopback))) ||
        (srv_has(s, DEFECT_METADATA_PEERS) &&
         is_within(peer, metadata, G_N_ELEMENTS(metadata))) ||
        (srv_has(s, DEFECT_PRIVATE_PEERS) &&
         is_within(peer, private, G_N_ELEMENTS(private))) ||
        (srv_has(s, DEFECT_DISGUISED_PEERS) &&
         is_within(peer, disguises, G_N_ELEMENTS(disguises))))
        return true;
    for (size_t i = 0; i < s->options.n_peers; i++) {
        const struct probe_server_prefix *p = &s->options.peers[i];
        if (address_in_prefix(peer, &p->address, p->bits))
            return true;
    }
    return false;
}
