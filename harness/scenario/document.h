/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario file as it was written: names are still names, addresses not yet assigned.
 * Texts are borrowed from the JSON value. Made by the tables of fields.c, checked by
 * check.c, turned into a struct scenario by assemble.c.
 */
#ifndef RTCLAB_SCENARIO_DOCUMENT_H
#define RTCLAB_SCENARIO_DOCUMENT_H

#include "scenario/scenario.h"

enum {
    DOCUMENT_MAX_BYTES = 1 << 20,
    DOCUMENT_MAX_SITES = 64,
    DOCUMENT_MAX_HOSTS = 64, /**< of one site */
    DOCUMENT_MAX_SERVERS = 24,
    DOCUMENT_MAX_ICE_SERVERS = 16,
    DOCUMENT_MAX_TEXTS = 32, /**< of any list of texts */
};

struct link_document {
    struct link_direction both, up, down;
};

struct nat_document {
    struct nat_config config; /**< `external` holds only what the file gives */
    unsigned external_addresses;
};

struct firewall_document {
    struct firewall_config config; /**< the preset */
    struct firewall_rule rules[FIREWALL_MAX_RULES];
    unsigned n_rules; /**< the file's own: they come before the preset's */
};

struct middlebox_document {
    struct nat_document *nat;           /**< either this */
    struct firewall_document *firewall; /**< or this */
};

struct host_document {
    const char *name;
    struct address addresses[NETWORK_MAX_ADDRESSES];
    unsigned n_addresses;
    bool silent;
};

struct site_document {
    const char *name;
    const char *parent;
    struct link_document link;
    struct middlebox_document middleboxes[NETWORK_MAX_MIDDLEBOXES];
    unsigned n_middleboxes;
    struct host_document *hosts;
    unsigned n_hosts;
};

struct server_document {
    const char *name;
    enum server_type type;
    uint16_t port, alternate_port;
    struct link_document link;
    struct address addresses[NETWORK_MAX_ADDRESSES];
    unsigned n_addresses;
};

struct ice_server_document {
    const char **urls;
    const char *username;
    const char *credential;
};

enum { PROTOCOL_UDP = 1, PROTOCOL_TCP = 2 };

struct peer_document {
    const char *host;                        /**< NULL: the host with the role's name */
    struct ice_server_document *ice_servers; /**< NULL: the scenario's */
    unsigned n_ice_servers;
    bool relay_only;
    unsigned protocols;
};

struct peers_document {
    struct peer_document roles[N_ROLES];
};

enum signaling_transport { SIGNALING_DIRECT, SIGNALING_WEBSOCKET };

struct signaling_document {
    enum signaling_transport transport;
    bool tls;
    int64_t delay_ns;
};

struct setup_document {
    double all;
    double modes[N_MODES];
};

struct expect_document {
    enum outcome outcome;
    const char **selected;
    const char **selected_protocols;
    struct setup_document setup_max_ms;
};

struct document {
    const char *schema;
    const char *title;
    const char *description;
    const char **tags;
    struct site_document *sites;
    unsigned n_sites;
    struct server_document *servers;
    unsigned n_servers;
    struct ice_server_document *ice_servers;
    unsigned n_ice_servers;
    struct peers_document peers;
    struct scenario_session session;
    struct signaling_document signaling;
    bool needs_wall_clock;
    struct expect_document expect;
};

/** The server of a name, or NULL. */
const struct server_document *document_find_server(const struct document *document,
                                                   const char *name);

/** The server's port: its own, or what IANA has for what it is. */
uint16_t document_server_port(const struct document *document,
                              const struct server_document *server);

/** The host of a name in any site, or NULL. */
const struct host_document *document_find_host(const struct document *document,
                                               const char *name);

/** The index of a site, or -1. */
int document_find_site(const struct document *document, const char *name);

/**
 * The sites with each parent before its children, otherwise as in the file. The parents
 * must be known and form a tree.
 * @return n_sites indices; caller owns (g_free)
 */
unsigned *document_order(const struct document *document);

/** The name of the host that a peer runs on, whether or not there is such a host. */
const char *document_peer_host(const struct document *document, enum role role);

/** A peer's ICE servers: its own, or the scenario's. */
const struct ice_server_document *
document_peer_ice_servers(const struct document *document, enum role role,
                          unsigned *ret_n);

#endif
