/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a NAT, shared by its files: nat.c (packets), nat_table.c (mappings and
 * sessions), nat_ports.c (external endpoints), nat_tcp.c, nat_icmp.c, nat_fragment.c.
 */
#ifndef RTCLAB_NET_NAT_TABLE_H
#define RTCLAB_NET_NAT_TABLE_H

#include "net/fragments.h"
#include "net/hash_index.h"
#include "net/lifetimes.h"
#include "net/nat.h"
#include "net/slab.h"

/** Transport protocols that have ports (or identifiers) of their own. */
enum nat_port_space { NAT_SPACE_UDP, NAT_SPACE_TCP, NAT_SPACE_ICMP, NAT_N_SPACES };

enum { NAT_MAX_HELD = 64 };

/** An inside endpoint's place outside (RFC 4787 §4.1). */
struct nat_mapping {
    struct endpoint internal;
    struct endpoint external;
    struct endpoint remote; /**< where its first packet went */
    uint32_t number;        /**< in nat.mappings */
    uint8_t protocol;
    uint8_t dependence;     /**< an enum nat_behaviour: what it is bound to */
    uint8_t external_index; /**< in the configuration's addresses */
    uint32_t inside_hash, outside_hash;
    uint32_t first_session; /**< SLAB_NONE: none */
};

/** TCP segments seen on a connection; bits. */
enum {
    NAT_TCP_OUT = 1, /**< a segment from inside, other than a RST */
    NAT_TCP_IN = 2,
    NAT_TCP_ACKED = 4, /**< one without SYN after both directions were seen */
    NAT_TCP_FIN_OUT = 8,
    NAT_TCP_FIN_IN = 16,
    NAT_TCP_RST = 32,
};

/** What a mapping knows of one remote: a filter's permission, a TCP connection. */
struct nat_session {
    struct endpoint remote; /**< port 0 where only the address counts */
    uint32_t number;        /**< in nat.sessions */
    uint32_t mapping;
    uint32_t hash;
    uint32_t before, after; /**< among those of the mapping */
    uint8_t tcp;            /**< NAT_TCP_ bits */
    bool has_lifetime;      /**< of its own; else it ends with the mapping */
};

/** Lists of nat.mapping_lifetimes and nat.session_lifetimes. */
enum { NAT_CLASS_UDP, NAT_CLASS_ICMP };
enum { NAT_CLASS_FILTER, NAT_CLASS_TCP_TRANSITORY, NAT_CLASS_TCP_ESTABLISHED };

/** Which ports of one external address are taken. */
struct nat_ports {
    uint64_t taken[65536 / 64];
};

/** A packet that waits: an unsolicited SYN for its answer, a fragment for its first. */
struct nat_held {
    struct packet *packet;
    struct ip_view ip;
    enum packet_direction direction;
    int64_t due_ns;
    struct endpoint external, remote; /**< of a SYN */
    enum drop_reason reason;          /**< of a SYN */
};

struct nat_held_list {
    struct nat_held items[NAT_MAX_HELD];
    unsigned n;
};

struct nat {
    const struct nat_config *config;
    struct rng rng;
    struct packet_pool *pool;
    struct event_queue *events;
    uint32_t tap;

    struct slab mappings, sessions;
    struct hash_index inside;  /**< mappings by internal endpoint (and remote) */
    struct hash_index outside; /**< mappings by external endpoint */
    struct hash_index remotes; /**< sessions by mapping and what the filter knows of the
                                    remote */
    struct lifetimes mapping_lifetimes, session_lifetimes;

    struct nat_ports *ports[NAT_N_SPACES][NETWORK_MAX_ADDRESSES]; /**< made when needed */
    uint32_t next_port[NAT_N_SPACES][NETWORK_MAX_ADDRESSES]; /**< sequential allocation */
    struct address_map pairings; /**< inside address to index of an external one */

    struct fragments fragments;
    struct nat_held_list held_fragments, held_syns;
    struct nat_late late[2 * NAT_MAX_HELD];
    unsigned n_late;
};

/* ---- nat_table.c ---- */

void nat_table_init(struct nat *nat);
void nat_table_clear(struct nat *nat);

/** The mapping that a packet from `internal` to `remote` uses; NULL: none. */
struct nat_mapping *nat_find_inside(const struct nat *nat, uint8_t protocol,
                                    const struct endpoint *internal,
                                    const struct endpoint *remote);

/** The mapping of an external endpoint; of several (overloading) the one that knows
 * `remote` best. NULL: none. */
struct nat_mapping *nat_find_outside(const struct nat *nat, uint8_t protocol,
                                     const struct endpoint *external,
                                     const struct endpoint *remote);

/** Makes a mapping, or says why not: NULL, and the reason. */
struct nat_mapping *nat_create(struct nat *nat, uint8_t protocol,
                               const struct endpoint *internal,
                               const struct endpoint *remote, int64_t now_ns,
                               enum drop_reason *ret_reason);

/** Removes a mapping and all its sessions; an event says that it expired. */
void nat_remove(struct nat *nat, struct nat_mapping *m, int64_t now_ns);

/** The session for `remote`: for TCP of just that endpoint, else as filtering sees it. */
struct nat_session *nat_session_find(const struct nat *nat, const struct nat_mapping *m,
                                     const struct endpoint *remote);

/** Adds the session for `remote`; NULL if there are NAT_MAX_SESSIONS. */
struct nat_session *nat_session_add(struct nat *nat, struct nat_mapping *m,
                                    const struct endpoint *remote, unsigned class,
                                    int64_t now_ns);

/** True if the filtering behaviour lets `remote` in (RFC 4787 §5, RFC 5382 REQ-3). */
bool nat_permits(const struct nat *nat, const struct nat_mapping *m,
                 const struct endpoint *remote);

/** A packet uses a UDP or ICMP mapping: refreshes it and its permission. False if the
 * permission that it needs has no room; never for a new mapping. */
bool nat_touch(struct nat *nat, struct nat_mapping *m, const struct endpoint *remote,
               enum packet_direction direction, bool is_new, int64_t now_ns);

void nat_report(struct nat *nat, enum network_event_kind kind,
                const struct nat_mapping *m, enum packet_direction refreshed_by,
                int64_t now_ns);

/** Expires mappings and sessions. */
void nat_expire(struct nat *nat, int64_t now_ns);

/* ---- nat_ports.c ---- */

enum nat_port_space nat_space_of(uint8_t protocol);

/**
 * Takes an external endpoint for an internal one (RFC 4787 §4.2).
 *
 * @param ret_dependence raised where a conflict makes the mapping a dependent one
 * @return false with the reason
 */
bool nat_ports_take(struct nat *nat, uint8_t protocol, const struct endpoint *internal,
                    struct endpoint *ret_external, uint8_t *ret_index,
                    uint8_t *ret_dependence, enum drop_reason *ret_reason);

/** Gives a port back. */
void nat_ports_give(struct nat *nat, uint8_t protocol, unsigned index, uint16_t port);

/* ---- nat_tcp.c ---- */

/** A TCP segment that may pass: moves its connection on and refreshes it. False if a new
 * connection has no room; never for a new mapping. */
bool nat_tcp_touch(struct nat *nat, struct nat_mapping *m, const struct endpoint *remote,
                   uint8_t flags, enum packet_direction direction, bool is_new,
                   int64_t now_ns);

/** The verdict on a packet that no mapping or filter lets in (RFC 5382 REQ-4). */
struct nat_verdict nat_unsolicited(struct nat *nat, const struct packet *p,
                                   const struct ip_view *ip,
                                   const struct transport_view *t,
                                   enum drop_reason reason, int64_t now_ns);

/** An outbound SYN ends the wait of an inbound one (RFC 5382 REQ-4). */
void nat_forget_held_syn(struct nat *nat, const struct nat_mapping *m,
                         const struct endpoint *remote);

/** Answers the SYNs that have waited. */
void nat_answer_held_syns(struct nat *nat, int64_t now_ns);

/* ---- nat_icmp.c ---- */

/** An ICMP error from inside, or from outside (RFC 5508 §4.2). */
struct nat_verdict nat_icmp_error_outbound(struct nat *nat, struct packet *p,
                                           struct ip_view *ip, struct transport_view *t,
                                           int64_t now_ns);
struct nat_verdict nat_icmp_error_inbound(struct nat *nat, struct packet *p,
                                          struct ip_view *ip, struct transport_view *t,
                                          int64_t now_ns);

/* ---- nat_fragment.c ---- */

/** A later fragment, or any where the configuration drops all. */
struct nat_verdict nat_fragment(struct nat *nat, struct packet *p, struct ip_view *ip,
                                enum packet_direction direction, int64_t now_ns);

/** A first fragment was decided about: remembers, and frees those that waited for it. */
void nat_fragment_first(struct nat *nat, const struct ip_view *key,
                        const struct fragment_decision *decision,
                        enum packet_direction direction, int64_t now_ns);

/** Drops the fragments that have waited in vain. */
void nat_drop_held_fragments(struct nat *nat, int64_t now_ns);

/* ---- nat.c ---- */

static inline struct nat_verdict nat_refuse(enum drop_reason reason)
{
    return (struct nat_verdict){ .action = NAT_REFUSE, .reason = reason };
}

/** Keeps a copy of a packet, without bytes beyond its datagram; false: no room. */
bool nat_hold(struct nat *nat, struct nat_held_list *list, const struct packet *p,
              struct nat_held held);

/** Takes the item at `i` out of a list; its packet passes to the caller. */
struct nat_held nat_unhold(struct nat_held_list *list, unsigned i);

void nat_push_late(struct nat *nat, const struct nat_held *held,
                   struct nat_verdict verdict, bool answer_only);

#endif
