/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns names into numbers: sites in the order of the network (parents first, then one
 * site for each server), interfaces counted through, the servers' names in URLs replaced
 * by their addresses. Nothing can be wrong any more, so nothing is checked here.
 */
#include "scenario/assemble.h"

#include <string.h>

#include "wire/ice_url.h"

static struct interface_config
interface_of(const char *host, const struct address *addresses, unsigned n, bool silent)
{
    struct interface_config iface = { .name = g_strconcat(host, "/eth0", NULL),
                                      .n_addresses = n,
                                      .silent = silent };
    memcpy(iface.addresses, addresses, n * sizeof *addresses);
    return iface;
}

static void add_host(struct scenario *scenario, const char *name, bool silent)
{
    struct host *host = &scenario->hosts[scenario->n_hosts];
    *host = (struct host){ g_strdup(name), scenario->n_hosts, silent };
    scenario->n_hosts++;
}

/* The preset's rules after the file's own, so that these come first. */
static struct firewall_config firewall_of(const struct firewall_document *firewall)
{
    struct firewall_config config = firewall->config;
    memcpy(config.rules, firewall->rules, firewall->n_rules * sizeof *config.rules);
    memcpy(config.rules + firewall->n_rules, firewall->config.rules,
           firewall->config.n_rules * sizeof *config.rules);
    config.n_rules += firewall->n_rules;
    return config;
}

static void fill_middleboxes(const struct site_document *from, struct site_config *site)
{
    unsigned counts[2] = { 0 };
    for (unsigned i = 0; i < from->n_middleboxes; i++) {
        struct middlebox_config *box = &site->middleboxes[i];
        const struct nat_document *nat = from->middleboxes[i].nat;
        box->kind = nat ? MIDDLEBOX_NAT : MIDDLEBOX_FIREWALL;
        unsigned number = ++counts[box->kind];
        g_autofree char *suffix = number > 1 ? g_strdup_printf("%u", number) : NULL;
        box->name = g_strconcat(from->name, nat ? "/nat" : "/firewall", suffix, NULL);
        if (nat)
            box->nat = nat->config;
        else
            box->firewall = firewall_of(from->middleboxes[i].firewall);
    }
    site->n_middleboxes = from->n_middleboxes;
}

static void fill_sites(const struct document *document, struct scenario *scenario)
{
    g_autofree unsigned *order = document_order(document);
    g_autofree int *place = g_new0(int, document->n_sites);
    for (unsigned i = 0; i < document->n_sites; i++) {
        const struct site_document *from = &document->sites[order[i]];
        struct site_config *site = &scenario->network.sites[i];
        place[order[i]] = (int)i;
        site->name = g_strdup(from->name);
        site->parent =
            from->parent ? place[document_find_site(document, from->parent)] : -1;
        site->link = (struct link_config){ from->link.up, from->link.down };
        fill_middleboxes(from, site);
        site->interfaces = g_new0(struct interface_config, from->n_hosts);
        site->n_interfaces = from->n_hosts;
        for (unsigned j = 0; j < from->n_hosts; j++) {
            const struct host_document *host = &from->hosts[j];
            site->interfaces[j] = interface_of(host->name, host->addresses,
                                               host->n_addresses, host->silent);
            add_host(scenario, host->name, host->silent);
        }
    }
}

static void fill_servers(const struct document *document, struct scenario *scenario)
{
    scenario->servers = g_new0(struct server, document->n_servers);
    scenario->n_servers = document->n_servers;
    for (unsigned i = 0; i < document->n_servers; i++) {
        const struct server_document *from = &document->servers[i];
        struct site_config *site = &scenario->network.sites[document->n_sites + i];
        bool silent = from->type == SERVER_SILENT;
        site->name = g_strdup(from->name);
        site->parent = -1;
        site->link = (struct link_config){ from->link.up, from->link.down };
        site->interfaces = g_new0(struct interface_config, 1);
        site->n_interfaces = 1;
        site->interfaces[0] =
            interface_of(from->name, from->addresses, from->n_addresses, silent);
        scenario->servers[i] = (struct server){
            .name = g_strdup(from->name),
            .type = from->type,
            .iface = scenario->n_hosts,
            .port = document_server_port(document, from),
            .alternate_port = from->alternate_port,
        };
        add_host(scenario, from->name, silent);
    }
}

static char *resolve_url(const struct document *document, const char *text)
{
    struct ice_url url = { 0 };
    char resolved[ICE_URL_TEXT_SIZE];
    ice_url_parse(text, strlen(text), &url);
    const struct server_document *server = document_find_server(document, url.host);
    if (server)
        address_format(&server->addresses[0], url.host);
    return g_strdup(ice_url_format(&url, resolved));
}

static void fill_ice_servers(const struct document *document, enum role role,
                             struct peer_setup *peer)
{
    const struct ice_server_document *from =
        document_peer_ice_servers(document, role, &peer->n_ice_servers);
    peer->ice_servers = g_new0(struct ice_server, peer->n_ice_servers);
    for (unsigned i = 0; i < peer->n_ice_servers; i++) {
        char **urls = g_strdupv((char **)from[i].urls);
        for (unsigned j = 0; urls[j]; j++) {
            char *resolved = resolve_url(document, urls[j]);
            g_free(urls[j]);
            urls[j] = resolved;
        }
        peer->ice_servers[i] = (struct ice_server){
            .urls = urls,
            .username = g_strdup(from[i].username),
            .credential = g_strdup(from[i].credential),
        };
    }
}

static void fill_peers(const struct document *document, struct scenario *scenario)
{
    for (enum role role = ROLE_OFFERER; role < N_ROLES; role++) {
        const struct peer_document *from = &document->peers.roles[role];
        struct peer_setup *peer = &scenario->peers[role];
        peer->iface =
            scenario_find_host(scenario, document_peer_host(document, role))->iface;
        peer->relay_only = from->relay_only;
        peer->udp = from->protocols & PROTOCOL_UDP;
        peer->tcp = from->protocols & PROTOCOL_TCP;
        fill_ice_servers(document, role, peer);
    }
}

void assemble_scenario(const struct document *document, struct scenario *scenario)
{
    unsigned n_hosts = document->n_servers;
    for (unsigned i = 0; i < document->n_sites; i++)
        n_hosts += document->sites[i].n_hosts;

    scenario->title = g_strdup(document->title);
    scenario->description = g_strdup(document->description);
    scenario->tags = g_strdupv((char **)document->tags);
    scenario->network.n_sites = document->n_sites + document->n_servers;
    scenario->network.sites = g_new0(struct site_config, scenario->network.n_sites);
    scenario->hosts = g_new0(struct host, n_hosts);
    fill_sites(document, scenario);
    fill_servers(document, scenario);
    fill_peers(document, scenario);
    scenario->session = document->session;
    scenario->signaling_delay_ns = document->signaling.delay_ns;
    scenario->signaling_tls = document->signaling.tls;
    for (unsigned i = 0; i < scenario->n_servers; i++)
        if (document->signaling.transport == SIGNALING_WEBSOCKET &&
            scenario->servers[i].type == SERVER_SIGNALING)
            scenario->signaling_server = &scenario->servers[i];
    scenario->needs_wall_clock = document->needs_wall_clock;

    const struct expect_document *expect = &document->expect;
    scenario->expect.outcome = expect->outcome;
    scenario->expect.selected = g_strdupv((char **)expect->selected);
    scenario->expect.selected_protocols = g_strdupv((char **)expect->selected_protocols);
    memcpy(scenario->expect.setup_max_ms, expect->setup_max_ms.modes,
           sizeof scenario->expect.setup_max_ms);
}
