/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of sites. Each LAN, and the internet, has a table of the addresses that live
 * on it: those of its own interfaces, and those by which the sites below it are known.
 * A site behind a NAT is known by the external addresses of its outermost NAT; any other
 * by all addresses that live in it, so that a public address in a site without a NAT is
 * reachable from the internet. An address that stands on a LAN twice belongs to the
 * LAN's own interface: that is what overlapping address spaces do (RFC 4787 §4.4).
 */
#include "net/topology.h"

#include "base/clock.h"

static uint32_t add_tap(struct network *net, char *name)
{
    net->taps[net->n_taps].name = name;
    return net->n_taps++;
}

/* `address` is known on the LAN around `site` as being in it. */
static void publish(struct network *net, struct site *site, const struct address *address)
{
    uint32_t value = site->number | ROUTE_SITE;
    if (!site->parent) {
        address_map_add(&net->internet_routes, address, value);
        return;
    }
    address_map_add(&site->parent->routes, address, value);
    if (!site->parent->has_nat)
        publish(net, site->parent, address);
}

/* Makes known by which addresses a site is reached. */
static void publish_site(struct network *net, struct site *site)
{
    const struct site_config *c = site->config;
    for (unsigned i = 0; i < c->n_middleboxes; i++) {
        if (c->middleboxes[i].kind != MIDDLEBOX_NAT)
            continue;
        const struct nat_config *nat = &c->middleboxes[i].nat;
        for (unsigned a = 0; a < nat->n_external; a++)
            publish(net, site, &nat->external[a]);
        return;
    }
    for (unsigned i = 0; i < c->n_interfaces; i++)
        for (unsigned a = 0; a < c->interfaces[i].n_addresses; a++)
            publish(net, site, &c->interfaces[i].addresses[a]);
}

static struct site_link make_link(const struct site_config *c,
                                  const struct link_direction *direction,
                                  const char *suffix, const struct rng *rng)
{
    g_autofree char *name = g_strdup_printf("link:%s:%s", c->name, suffix);
    return (struct site_link){ .link = link_init(direction, rng_fork(rng, name)) };
}

static void build_middlebox(struct network *net, struct middlebox *box,
                            const struct middlebox_config *c, const struct rng *rng)
{
    box->config = c;
    box->tap = add_tap(net, g_strdup(c->name));
    box->scheduled_ns = CLOCK_NEVER;
    switch (c->kind) {
    case MIDDLEBOX_NAT: {
        g_autofree char *name = g_strdup_printf("nat:%s", c->name);
        box->nat =
            nat_new(&c->nat, rng_fork(rng, name), net->pool, &net->events, box->tap);
        break;
    }
    case MIDDLEBOX_FIREWALL:
        box->firewall = firewall_new(&c->firewall);
        break;
    }
}

static void build_site(struct network *net, uint32_t number, const struct rng *rng)
{
    const struct site_config *c = &net->config->sites[number];
    struct site *site = &net->sites[number];
    site->config = c;
    site->number = number;
    site->parent = c->parent >= 0 ? &net->sites[c->parent] : NULL;
    site->link_tap = add_tap(net, g_strdup_printf("%s/link", c->name));
    site->up = make_link(c, &c->link.up, "up", rng);
    site->down = make_link(c, &c->link.down, "down", rng);
    for (unsigned i = 0; i < c->n_middleboxes; i++) {
        build_middlebox(net, &site->middleboxes[i], &c->middleboxes[i], rng);
        site->has_nat |= c->middleboxes[i].kind == MIDDLEBOX_NAT;
    }
}

static void count(struct network *net, unsigned *ret_n_taps)
{
    *ret_n_taps = 1; /* the internet */
    for (unsigned s = 0; s < net->config->n_sites; s++) {
        net->n_interfaces += net->config->sites[s].n_interfaces;
        *ret_n_taps += 1 + net->config->sites[s].n_middleboxes;
    }
    *ret_n_taps += net->n_interfaces;
}

void topology_build(struct network *net, const struct rng *rng)
{
    const struct network_config *c = net->config;
    unsigned n_taps;
    count(net, &n_taps);
    net->sites = g_new0(struct site, c->n_sites);
    net->interfaces = g_new0(struct interface, net->n_interfaces);
    net->taps = g_new0(struct tap, n_taps);

    uint32_t number = 0;
    for (unsigned s = 0; s < c->n_sites; s++)
        for (unsigned i = 0; i < c->sites[s].n_interfaces; i++, number++) {
            const struct interface_config *ic = &c->sites[s].interfaces[i];
            net->interfaces[number] = (struct interface){ ic, &net->sites[s] };
            add_tap(net, g_strdup(ic->name));
            for (unsigned a = 0; a < ic->n_addresses; a++)
                address_map_add(&net->sites[s].routes, &ic->addresses[a], number);
        }
    for (unsigned s = 0; s < c->n_sites; s++)
        build_site(net, s, rng);
    for (unsigned s = 0; s < c->n_sites; s++)
        publish_site(net, &net->sites[s]);
    net->internet_tap = add_tap(net, g_strdup("internet"));
}

void topology_clear(struct network *net)
{
    for (unsigned s = 0; s < net->config->n_sites; s++) {
        struct site *site = &net->sites[s];
        for (unsigned i = 0; i < site->config->n_middleboxes; i++) {
            nat_free(site->middleboxes[i].nat);
            firewall_free(site->middleboxes[i].firewall);
        }
        address_map_clear(&site->routes);
        link_clear(&site->up.link);
        link_clear(&site->down.link);
    }
    for (unsigned i = 0; i < net->n_taps; i++)
        g_free(net->taps[i].name);
    address_map_clear(&net->internet_routes);
    g_free(net->sites);
    g_free(net->interfaces);
    g_free(net->taps);
}
