/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations: who has which relayed address for how long (RFC 8656 §6). */
#ifndef RTCLAB_PROBES_SERVER_ALLOCATION_H
#define RTCLAB_PROBES_SERVER_ALLOCATION_H

#include "probes/server/request.h"

enum { SRV_RELAY_IPV4, SRV_RELAY_IPV6, SRV_N_RELAYS, SRV_TICKET_BYTES = 32 };

struct srv_relay {
    struct srv_allocation *allocation;
    struct endpoint
        local; /* the relayed transport address; of no family: there is none */
    int fd;
    struct srv_watch *watch;
};

struct srv_permission {
    struct endpoint peer; /* its port counts for DEFECT_PERMISSION_BY_PORT alone */
    int64_t until_ns;
};

struct srv_channel {
    uint16_t number;
    struct endpoint peer;
    int64_t until_ns;
};

struct srv_allocation {
    struct srv_path path;
    /* Where the client has moved to, until it sends data from there (RFC 8016 §3.2.2). */
    struct srv_path next_path;
    bool has_next_path;
    char *user;
    bool is_tcp;  /* RFC 6062 */
    bool is_gone; /* freed by srv_allocations_expire() */
    bool is_mobile;
    uint8_t ticket[SRV_TICKET_BYTES];
    struct srv_relay relays[SRV_N_RELAYS];
    int64_t granted_ns, until_ns;
    struct srv_permission permissions[SRV_MAX_PERMISSIONS];
    size_t n_permissions;
    struct srv_channel channels[SRV_MAX_CHANNELS];
    size_t n_channels;
    GPtrArray *connections; /* struct srv_connection, owned */
};

/* The allocation of a 5-tuple, or NULL. */
struct srv_allocation *srv_allocation_find(const struct probe_server *s,
                                           const struct srv_path *path);

/* The one that a Send or ChannelData of a path is for, or NULL. Data from the path that a
 * mobile client has moved to ends the old one. */
struct srv_allocation *srv_allocation_for_data(const struct probe_server *s,
                                               const struct srv_path *path);

/* The one that a proven request is for; else NULL, and the request is answered with
 * 437 or 441; with the defect `becomes_400`, 400. */
struct srv_allocation *srv_allocation_for_request(struct probe_server *s,
                                                  const struct srv_request *q,
                                                  enum probe_defect becomes_400);

size_t srv_allocation_count(const struct probe_server *s, const char *user);

/* A new one, without relays yet. */
struct srv_allocation *srv_allocation_new(struct probe_server *s,
                                          const struct srv_request *q);

/* Ends one; NULL is allowed. Its memory stays until srv_allocations_expire(). */
void srv_allocation_delete(struct probe_server *s, struct srv_allocation *a);

/* Closes one relayed address of an allocation. */
void srv_allocation_close_relay(struct srv_relay *relay);

/* A connection is over, and what lived by it. */
void srv_allocation_path_gone(struct probe_server *s, const struct srv_path *path);

/* How long a request may have, of what it asks for: RFC 8656 §7.2. */
uint32_t srv_allocation_lifetime_s(const struct probe_server *s,
                                   const struct srv_request *q);
void srv_allocation_extend(struct probe_server *s, struct srv_allocation *a,
                           uint32_t lifetime_s);

/* Ends those whose time is over; returns when to be called again. */
int64_t srv_allocations_expire(struct probe_server *s);

void srv_allocation_free(gpointer allocation);

#endif
