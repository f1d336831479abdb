/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must agree between the values of a scenario file: names that are used and names
 * that are defined, sites that form a tree, addresses that are somebody's alone, bounds
 * that are in order. It works on a file that has other mistakes too, so that all are
 * told at once; what an earlier mistake left out is not told a second time.
 *
 * It does not ask whether a scenario makes sense: an author may want one that does not.
 */
#include "scenario/check.h"

#include <string.h>

#include "base/nearest.h"
#include "wire/ice_url.h"

struct check {
    const struct document *document;
    struct problems *problems;
    GHashTable *names;     /**< of sites, hosts and servers: where each was used first */
    GHashTable *addresses; /**< the same of addresses in text */
};

/* Claims a text for a pointer (consumed); tells if somebody else has it. */
static void claim(struct check *check, GHashTable *owners, const char *text,
                  char *pointer)
{
    const char *owner = g_hash_table_lookup(owners, text);
    if (owner) {
        problems_add(check->problems, pointer, "must be unique, is \"%s\" as %s", text,
                     owner);
        g_free(pointer);
        return;
    }
    g_hash_table_insert(owners, g_strdup(text), pointer);
}

static bool is_host_address(const struct address *a)
{
    if (a->family != ADDRESS_IPV4)
        return false;
    bool reserved = a->bytes[0] == 0 || a->bytes[0] == 127 || a->bytes[0] >= 240;
    return !reserved && !address_is_multicast(a);
}

static void check_addresses(struct check *check, const struct address *addresses,
                            unsigned n, const char *pointer)
{
    for (unsigned i = 0; i < n; i++) {
        char text[ADDRESS_TEXT_SIZE];
        g_autofree char *where = g_strdup_printf("%s/%u", pointer, i);
        address_format(&addresses[i], text);
        if (!is_host_address(&addresses[i]))
            problems_add(check->problems, where,
                         "must be a unicast IPv4 address, is \"%s\"", text);
        else
            claim(check, check->addresses, text, g_steal_pointer(&where));
    }
}

/* ---- sites ---- */

static int parent_of(const struct document *document, int site)
{
    const char *parent = document->sites[site].parent;
    return parent ? document_find_site(document, parent) : -1;
}

static void check_parent(struct check *check, int index)
{
    const struct document *document = check->document;
    const struct site_document *site = &document->sites[index];
    if (!site->parent)
        return;
    g_autofree char *pointer = pointer_of("sites", site->name, "parent", NULL);
    if (document_find_site(document, site->parent) < 0) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (unsigned i = 0; i < document->n_sites; i++) {
            if ((int)i != index)
                g_ptr_array_add(names, (gpointer)document->sites[i].name);
        }
        g_ptr_array_add(names, NULL);
        g_autofree char *hint =
            nearest_hint(site->parent, (const char *const *)names->pdata);
        problems_add(check->problems, pointer,
                     "must be a site, is \"%s\", which is not defined%s", site->parent,
                     hint);
        return;
    }
    /* A circle is told once, at the first of its sites. */
    int above = index;
    for (unsigned steps = 0; steps < document->n_sites; steps++) {
        above = parent_of(document, above);
        if (above < index)
            return; /* the internet, or a circle that is told further up */
        if (above == index) {
            problems_add(
                check->problems, pointer,
                "must lead to the internet, is \"%s\", which leads back to \"%s\"",
                site->parent, site->name);
            return;
        }
    }
}

static void check_nat(struct check *check, const struct nat_document *nat,
                      const char *pointer)
{
    if (nat->config.port_min > nat->config.port_max) {
        g_autofree char *where = g_strconcat(pointer, "/port_max", NULL);
        problems_add(check->problems, where, "must be port_min (%u) or more, is %u",
                     nat->config.port_min, nat->config.port_max);
    }
    g_autofree char *where = g_strconcat(pointer, "/external", NULL);
    if (nat->config.n_external > 0 && nat->external_addresses > 0)
        problems_add(check->problems, where,
                     "must be the only one, is beside external_addresses");
    check_addresses(check, nat->config.external, nat->config.n_external, where);
}

static void check_firewall(struct check *check, const struct firewall_document *firewall,
                           const char *pointer)
{
    unsigned n = firewall->n_rules + firewall->config.n_rules;
    if (n > FIREWALL_MAX_RULES) {
        g_autofree char *where = g_strconcat(pointer, "/rules", NULL);
        problems_add(check->problems, where,
                     "must have at most %u beside the preset's %u, has %u",
                     FIREWALL_MAX_RULES - firewall->config.n_rules,
                     firewall->config.n_rules, firewall->n_rules);
    }
    for (unsigned i = 0; i < firewall->n_rules; i++) {
        const struct firewall_rule *rule = &firewall->rules[i];
        bool portless =
            rule->protocol != 0 && rule->protocol != 17 && rule->protocol != 6;
        const struct {
            const char *key;
            uint16_t min, max;
        } ranges[] = {
            { "remote_port", rule->remote_port_min, rule->remote_port_max },
            { "local_port", rule->local_port_min, rule->local_port_max },
        };
        for (size_t j = 0; j < G_N_ELEMENTS(ranges); j++) {
            g_autofree char *where =
                g_strdup_printf("%s/rules/%u/%s", pointer, i, ranges[j].key);
            if (ranges[j].min > ranges[j].max)
                problems_add(check->problems, where,
                             "must have min at most max, is %u to %u", ranges[j].min,
                             ranges[j].max);
            if (portless && ranges[j].min > 0)
                problems_add(check->problems, where,
                             "must not be there, is of a protocol without ports");
        }
    }
}

static void check_site(struct check *check, unsigned index)
{
    const struct site_document *site = &check->document->sites[index];
    check_parent(check, (int)index);
    for (unsigned i = 0; i < site->n_middleboxes; i++) {
        const struct middlebox_document *box = &site->middleboxes[i];
        g_autofree char *number = g_strdup_printf("%u", i);
        g_autofree char *nat =
            pointer_of("sites", site->name, "middleboxes", number, "nat", NULL);
        g_autofree char *firewall =
            pointer_of("sites", site->name, "middleboxes", number, "firewall", NULL);
        if (box->nat)
            check_nat(check, box->nat, nat);
        if (box->firewall)
            check_firewall(check, box->firewall, firewall);
    }
    claim(check, check->names, site->name, pointer_of("sites", site->name, NULL));
    for (unsigned i = 0; i < site->n_hosts; i++) {
        const struct host_document *host = &site->hosts[i];
        g_autofree char *pointer =
            pointer_of("sites", site->name, "hosts", host->name, "addresses", NULL);
        check_addresses(check, host->addresses, host->n_addresses, pointer);
    }
}

/* ---- servers and ICE servers ---- */

static void check_server(struct check *check, const struct server_document *server)
{
    claim(check, check->names, server->name, pointer_of("servers", server->name, NULL));
    g_autofree char *pointer = pointer_of("servers", server->name, "addresses", NULL);
    check_addresses(check, server->addresses, server->n_addresses, pointer);
    unsigned port = document_server_port(check->document, server);
    if (server->type == SERVER_COTURN && port == server->alternate_port) {
        g_autofree char *where =
            pointer_of("servers", server->name, "alternate_port", NULL);
        problems_add(check->problems, where, "must differ from port, is %u as well",
                     port);
    }
}

static void check_url(struct check *check, const char *text, const char *pointer)
{
    struct ice_url url;
    struct address address;
    if (!ice_url_parse(text, strlen(text), &url) || url.tls) {
        problems_add(
            check->problems, pointer,
            "must be stun:SERVER[:PORT] or turn:SERVER[:PORT][?transport=udp|tcp]"
            ", is \"%s\"",
            text);
        return;
    }
    const struct server_document *server =
        document_find_server(check->document, url.host);
    if (server && server->type == SERVER_SIGNALING)
        problems_add(check->problems, pointer,
                     "must name a STUN or TURN server, is \"%s\", a signalling server",
                     text);
    if (server || address_parse(url.host, &address))
        return;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < check->document->n_servers; i++)
        g_ptr_array_add(names, (gpointer)check->document->servers[i].name);
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = nearest_hint(url.host, (const char *const *)names->pdata);
    problems_add(check->problems, pointer,
                 "must name a server or an address, is \"%s\"%s", text, hint);
}

static void check_ice_servers(struct check *check,
                              const struct ice_server_document *servers, unsigned n,
                              const char *pointer)
{
    for (unsigned i = 0; i < n; i++) {
        const char **urls = servers[i].urls;
        for (unsigned j = 0; urls && urls[j]; j++) {
            /* A single one may stand without a list around it. */
            g_autofree char *where = urls[1]
                                         ? g_strdup_printf("%s/%u/urls/%u", pointer, i, j)
                                         : g_strdup_printf("%s/%u/urls", pointer, i);
            if (*urls[j])
                check_url(check, urls[j], where);
        }
    }
}

/* ---- peers and expectations ---- */

static void check_peer(struct check *check, enum role role)
{
    const struct document *document = check->document;
    const struct peer_document *peer = &document->peers.roles[role];
    const char *name = document_peer_host(document, role);
    const struct host_document *host = document_find_host(document, name);
    g_autofree char *pointer = pointer_of("peers", role_names[role], "host", NULL);
    /* Without any site the mistake is there. */
    if (!host && document->n_sites > 0)
        problems_add(check->problems, pointer,
                     "must be a host of a site, is \"%s\"%s, which is not defined", name,
                     peer->host ? "" : " by default");
    else if (host && host->silent)
        problems_add(check->problems, pointer,
                     "must be a host that is there, is \"%s\", which is silent", name);
    g_autofree char *servers = pointer_of("peers", role_names[role], "ice_servers", NULL);
    if (peer->ice_servers)
        check_ice_servers(check, peer->ice_servers, peer->n_ice_servers, servers);
}

static void check_echo(struct check *check)
{
    const struct scenario_session *session = &check->document->session;
    for (unsigned i = 0; i < SCENARIO_N_NEGOTIATE; i++)
        if (session->echo & ~session->negotiate & 1u << i)
            problems_add(check->problems, "/echo",
                         "must be of what is negotiated, is of \"%s\" too",
                         scenario_negotiate_names[i]);
    if ((session->echo & ~(unsigned)SCENARIO_DATA) &&
        session->direction != SCENARIO_SENDRECV)
        problems_add(check->problems, "/echo",
                     "must be of \"data\" alone, as media flows one way (\"%s\")",
                     scenario_direction_names[session->direction]);
}

/* By WebSocket there is one server for it, which has the network's delays. */
static void check_signaling(struct check *check)
{
    const struct document *document = check->document;
    const struct signaling_document *signaling = &document->signaling;
    const struct server_document *first = NULL;
    for (unsigned i = 0; i < document->n_servers; i++) {
        const struct server_document *server = &document->servers[i];
        if (server->type != SERVER_SIGNALING)
            continue;
        g_autofree char *pointer = pointer_of("servers", server->name, "type", NULL);
        if (first)
            problems_add(check->problems, pointer,
                         "must be \"signaling\" only once, is what \"%s\" is already",
                         first->name);
        else
            first = server;
    }
    if (signaling->transport == SIGNALING_WEBSOCKET) {
        if (!first)
            problems_add(check->problems, "/signaling/transport",
                         "must be \"direct\" without a server of type \"signaling\", is "
                         "\"websocket\"");
        if (signaling->delay_ns > 0)
            problems_add(check->problems, "/signaling/delay_ms",
                         "must not be there, is of direct signalling: by WebSocket the "
                         "network's links have the delay");
    } else if (signaling->tls) {
        problems_add(check->problems, "/signaling/tls",
                     "must not be there, is of the transport \"websocket\"");
    }
}

static void check_expectation(struct check *check)
{
    const struct expect_document *expect = &check->document->expect;
    if (expect->outcome == OUTCOME_CONNECTED)
        return;
    bool bounded = false;
    for (int mode = 0; mode < N_MODES; mode++)
        bounded |= expect->setup_max_ms.modes[mode] > 0;
    const struct {
        const char *key;
        bool given;
    } only_connected[] = {
        { "selected", expect->selected != NULL },
        { "selected_protocols", expect->selected_protocols != NULL },
        { "setup_max_ms", bounded },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(only_connected); i++) {
        g_autofree char *pointer = pointer_of("expect", only_connected[i].key, NULL);
        if (only_connected[i].given)
            problems_add(check->problems, pointer,
                         "must not be there, is of a call that is not to connect");
    }
}

void check_document(const struct document *document, struct problems *problems)
{
    struct check check = {
        .document = document,
        .problems = problems,
        .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
    /* The root of the tree, whose name stands in captures beside the sites'. */
    g_hash_table_insert(check.names, g_strdup("internet"), g_strdup("the root"));
    for (unsigned i = 0; i < document->n_sites; i++)
        check_site(&check, i);
    for (unsigned i = 0; i < document->n_servers; i++)
        check_server(&check, &document->servers[i]);

    /* Hosts and servers share one name space, and sites and servers: a host may be named
       as its site. */
    GHashTable *hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (unsigned i = 0; i < document->n_servers; i++)
        g_hash_table_insert(hosts, g_strdup(document->servers[i].name),
                            pointer_of("servers", document->servers[i].name, NULL));
    for (unsigned i = 0; i < document->n_sites; i++) {
        const struct site_document *site = &document->sites[i];
        for (unsigned j = 0; j < site->n_hosts; j++)
            claim(&check, hosts, site->hosts[j].name,
                  pointer_of("sites", site->name, "hosts", site->hosts[j].name, NULL));
    }
    g_hash_table_unref(hosts);

    check_ice_servers(&check, document->ice_servers, document->n_ice_servers,
                      "/ice_servers");
    for (enum role role = ROLE_OFFERER; role < N_ROLES; role++)
        check_peer(&check, role);
    const char *offerer = document_peer_host(document, ROLE_OFFERER);
    if (strcmp(offerer, document_peer_host(document, ROLE_ANSWERER)) == 0)
        problems_add(problems, "/peers/answerer/host",
                     "must be another host than the offerer's, is \"%s\" too", offerer);
    check_echo(&check);
    check_signaling(&check);
    check_expectation(&check);
    g_hash_table_unref(check.names);
    g_hash_table_unref(check.addresses);
}
