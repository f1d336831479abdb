/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up by name in a scenario file as it was written. */
#include "scenario/document.h"

#include <string.h>

const struct server_document *document_find_server(const struct document *document,
                                                   const char *name)
{
    for (unsigned i = 0; i < document->n_servers; i++) {
        if (strcmp(document->servers[i].name, name) == 0)
            return &document->servers[i];
    }
    return NULL;
}

uint16_t document_server_port(const struct document *document,
                              const struct server_document *server)
{
    if (server->port)
        return server->port;
    if (server->type != SERVER_SIGNALING)
        return 3478;
    return document->signaling.tls ? 443 : 80;
}

const struct host_document *document_find_host(const struct document *document,
                                               const char *name)
{
    for (unsigned i = 0; i < document->n_sites; i++) {
        for (unsigned j = 0; j < document->sites[i].n_hosts; j++) {
            if (strcmp(document->sites[i].hosts[j].name, name) == 0)
                return &document->sites[i].hosts[j];
        }
    }
    return NULL;
}

int document_find_site(const struct document *document, const char *name)
{
    for (unsigned i = 0; i < document->n_sites; i++) {
        if (strcmp(document->sites[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

const char *document_peer_host(const struct document *document, enum role role)
{
    const char *host = document->peers.roles[role].host;
    return host ? host : role_names[role];
}

const struct ice_server_document *
document_peer_ice_servers(const struct document *document, enum role role,
                          unsigned *ret_n)
{
    const struct peer_document *peer = &document->peers.roles[role];
    *ret_n = peer->ice_servers ? peer->n_ice_servers : document->n_ice_servers;
    return peer->ice_servers ? peer->ice_servers : document->ice_servers;
}

unsigned *document_order(const struct document *document)
{
    unsigned *order = g_new(unsigned, document->n_sites);
    g_autofree bool *placed = g_new0(bool, document->n_sites);
    unsigned n = 0;
    while (n < document->n_sites) {
        for (unsigned i = 0; i < document->n_sites; i++) {
            const char *name = document->sites[i].parent;
            int parent = name ? document_find_site(document, name) : -1;
            if (!placed[i] && (parent < 0 || placed[parent])) {
                placed[i] = true;
                order[n++] = i;
            }
        }
    }
    return order;
}
