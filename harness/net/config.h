/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an emulated network is made of: plain data, filled by the scenario loader or by a
 * test, and read by network_new(). All times are nanoseconds.
 *
 * The network is a tree. Its root is the internet; a site hangs below the internet or
 * below another site's LAN: a link, then a chain of middleboxes from the outside in, then
 * a LAN with interfaces. Servers are interfaces of sites without middleboxes.
 */
#ifndef RTCLAB_NET_CONFIG_H
#define RTCLAB_NET_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/address.h"

enum {
    NETWORK_MAX_ADDRESSES = 4,   /**< of one interface, or outside one NAT */
    NETWORK_MAX_MIDDLEBOXES = 4, /**< in one site's chain */
    FIREWALL_MAX_RULES = 16,
};

/** What a hostile host can make an element remember, at most; more is dropped. */
enum {
    NAT_MAX_MAPPINGS = 1 << 18, /**< with port overloading ports are no bound */
    NAT_MAX_SESSIONS = 1 << 18, /**< filter entries and TCP connections in one NAT */
    NAT_MAX_PAIRINGS = 1 << 16, /**< addresses that got their external one in turn */
    FIREWALL_MAX_FLOWS = 1 << 18,
    LINK_MAX_IN_FLIGHT_BYTES = 128 << 20, /**< memory of a direction's packets */
};

/* ---- links ---- */

/** Loss in bursts: a chain of two states (Gilbert 1960, Elliott 1963). */
struct burst_loss {
    double enter;     /**< probability, at each packet, to go from good to bad */
    double leave;     /**< probability, at each packet, to go from bad to good */
    double loss_good; /**< loss probability in the good state */
    double loss_bad;  /**< loss probability in the bad state */
};

/** One direction of a link. All zeros: a wire that takes no time and loses nothing. */
struct link_direction {
    int64_t delay_ns;
    int64_t jitter_ns; /**< uniform from 0 to this, added; never reorders by itself */
    double loss;       /**< independent loss probability */
    struct burst_loss burst; /**< used when `enter` > 0, beside `loss` */
    uint64_t rate_bps;       /**< bits a second at the IP layer; 0: unlimited */
    uint32_t queue_bytes; /**< tail-drop bound of the queue before the rate; 0: 64 KiB */
    double reorder;       /**< probability that a packet overtakes: it skips the jitter
                               and the order, and arrives `reorder_gap_ns` early */
    int64_t reorder_gap_ns; /**< at most delay_ns is taken off */
    double duplicate;       /**< probability that a packet arrives twice */
    uint32_t mtu_bytes; /**< of an IP datagram; 0: no bound. Larger ones are fragmented,
                             or with DF answered by an ICMP error (RFC 1191) */
};

struct link_config {
    struct link_direction up;   /**< from the hosts towards the internet */
    struct link_direction down; /**< from the internet towards the hosts */
};

/* ---- NATs: RFC 4787 (UDP), RFC 5382 (TCP), RFC 5508 (ICMP) ---- */

/** An axis of RFC 4787 §4.1 (mapping) and §5 (filtering). */
enum nat_behaviour {
    NAT_ENDPOINT_INDEPENDENT,
    NAT_ADDRESS_DEPENDENT,
    NAT_ADDRESS_AND_PORT_DEPENDENT,
};

/** How the external port is chosen (RFC 4787 §4.2). */
enum nat_allocation { NAT_PRESERVE, NAT_SEQUENTIAL, NAT_RANDOM };

/** What `preserve` does when the port is taken. */
enum nat_conflict {
    NAT_CONFLICT_NEXT,     /**< the next free port above */
    NAT_CONFLICT_RANDOM,   /**< a random free port */
    NAT_CONFLICT_OVERLOAD, /**< the same port, shared by mappings (violates REQ-3 and
                                RFC 5382 REQ-7) */
    NAT_CONFLICT_REFUSE,   /**< no mapping: the packet is dropped */
    NAT_CONFLICT_DEPEND,   /**< the next free port, but for an address- and
                                port-dependent mapping (violates REQ-11) */
};

/** Packets from inside to an external endpoint of the same NAT (RFC 4787 §6). */
enum nat_hairpin {
    NAT_HAIRPIN_OFF,
    NAT_HAIRPIN_EXTERNAL_SOURCE,
    NAT_HAIRPIN_INTERNAL_SOURCE
};

/** Which directions refresh a mapping (RFC 4787 §4.3); bits. */
enum nat_refresh { NAT_REFRESH_OUTBOUND = 1, NAT_REFRESH_INBOUND = 2 };

/** RFC 4787 §4.1, REQ-2: which external address an inside address gets. */
enum nat_pooling { NAT_POOLING_PAIRED, NAT_POOLING_ARBITRARY };

/** What an inbound SYN without a mapping or permission gets (RFC 5382 REQ-4). */
enum nat_unsolicited_syn { NAT_SYN_DROP, NAT_SYN_RESET, NAT_SYN_ICMP };

/** What becomes of fragments (RFC 4787 §11). */
enum nat_fragments {
    NAT_FRAGMENTS_ANY_ORDER, /**< a later one may come before the first: it waits */
    NAT_FRAGMENTS_IN_ORDER, /**< one whose first was not seen is dropped (violates REQ-14)
                             */
    NAT_FRAGMENTS_NONE,     /**< all are dropped */
};

struct nat_config {
    enum nat_behaviour mapping;
    enum nat_behaviour filtering;
    enum nat_allocation allocation;
    enum nat_conflict on_conflict;
    uint16_t port_min; /**< of the external range; 0: 1024 */
    uint16_t port_max; /**< 0: 65535 */
    bool port_parity;  /**< an even port gets an even one, an odd an odd (REQ-4) */
    enum nat_pooling pooling;
    enum nat_hairpin hairpin;
    unsigned refresh;           /**< enum nat_refresh bits; 0: outbound only */
    int64_t udp_lifetime_ns;    /**< 0: 300 s (RFC 4787 REQ-5 recommends 5 minutes) */
    int64_t filter_lifetime_ns; /**< of a filter entry; 0: as the mapping */
    int64_t tcp_transitory_ns;  /**< partly open or closing; 0: 240 s (RFC 5382 REQ-5) */
    int64_t tcp_established_ns; /**< idle; 0: 7440 s (RFC 5382 REQ-5) */
    int64_t icmp_lifetime_ns;   /**< of a query mapping; 0: 60 s (RFC 5508 REQ-2) */
    enum nat_unsolicited_syn unsolicited_syn;
    enum nat_fragments fragments;
    bool rewrites_payload; /**< an ALG that replaces the inside address wherever it stands
                                in a UDP payload (violates REQ-10; the reason for STUN's
                                XOR-MAPPED-ADDRESS, RFC 8489 §14.2) */
    bool drops_icmp_errors; /**< violates RFC 5508 REQ-4, REQ-5 and REQ-7, against RFC
                                 4787 REQ-12b and RFC 5382 REQ-9 */
    bool icmp_error_ends_mapping; /**< violates RFC 4787 REQ-12, RFC 5382 REQ-10 */
    uint32_t max_mappings;        /**< 0: no bound but the ports and NAT_MAX_MAPPINGS */
    struct address external[NETWORK_MAX_ADDRESSES]; /**< its addresses outside */
    unsigned n_external;
};

/** A named set of axes, such as RFC 3489's "full-cone". */
struct nat_preset {
    const char *name;
    enum nat_behaviour mapping;
    enum nat_behaviour filtering;
};
extern const struct nat_preset nat_presets[];
extern const size_t nat_n_presets;

/* ---- firewalls ---- */

enum firewall_action {
    FIREWALL_ALLOW,
    FIREWALL_DROP,
    FIREWALL_REJECT, /**< ICMP destination unreachable, administratively prohibited */
    FIREWALL_RESET,  /**< TCP: a RST; otherwise as reject */
};

enum firewall_direction { FIREWALL_OUTBOUND, FIREWALL_INBOUND };

/** Bits: which packets a rule is about. */
enum firewall_state {
    FIREWALL_NEW = 1,         /**< the flow has no state yet */
    FIREWALL_ESTABLISHED = 2, /**< of an allowed flow, or an ICMP error about one */
};

/** One rule; the first that matches decides. A zero field matches everything. */
struct firewall_rule {
    enum firewall_direction direction;
    uint8_t protocol;              /**< IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP; 0: any */
    unsigned states;               /**< enum firewall_state bits; 0: any */
    struct address remote_address; /**< the outer end; family ADDRESS_NONE: any */
    uint16_t remote_port_min;      /**< of the outer end; 0: any */
    uint16_t remote_port_max;
    uint16_t local_port_min; /**< of the inner end; 0: any */
    uint16_t local_port_max;
    enum firewall_action action;
};

/** A stateful packet filter. An empty one allows everything. */
struct firewall_config {
    struct firewall_rule rules[FIREWALL_MAX_RULES];
    unsigned n_rules;
    enum firewall_action default_outbound; /**< when no rule matches */
    enum firewall_action default_inbound;
    int64_t udp_lifetime_ns; /**< of a flow's state; 0: 120 s */
    int64_t tcp_lifetime_ns; /**< 0: 7440 s */
};

/**
 * A named firewall: "stateful" (out: all; in: replies only), "udp-blocked" (stateful, and
 * no UDP either way), "tcp-443-only" (out: new TCP to port 443 only; in: replies),
 * "inbound-blocked" (nothing comes in, not even a reply).
 * @return false, with `ret_config` untouched, if there is no such preset
 */
bool firewall_preset(const char *name, struct firewall_config *ret_config);

/** The presets' names, ended by NULL. */
extern const char *const firewall_preset_names[];

/* ---- the tree ---- */

enum middlebox_kind { MIDDLEBOX_NAT, MIDDLEBOX_FIREWALL };

struct middlebox_config {
    const char *name; /**< unique in the network, such as "home-a/nat" */
    enum middlebox_kind kind;
    union {
        struct nat_config nat;
        struct firewall_config firewall;
    };
};

/** An interface of a host: one TUN in the lab. */
struct interface_config {
    const char *name; /**< unique, such as "alice/eth0" */
    struct address addresses[NETWORK_MAX_ADDRESSES];
    unsigned n_addresses;
    bool silent; /**< nobody is there: packets to it vanish ("host-silent") */
};

struct site_config {
    const char *name;
    int parent; /**< index of the site in whose LAN its link ends; -1: the internet */
    struct link_config link;
    struct middlebox_config middleboxes[NETWORK_MAX_MIDDLEBOXES]; /**< outside first */
    unsigned n_middleboxes;
    struct interface_config *interfaces;
    unsigned n_interfaces;
};

/** All strings and arrays are borrowed for as long as the network lives. */
struct network_config {
    struct site_config *sites; /**< a parent stands before its children */
    unsigned n_sites;
};

#endif
