/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps that the cases of allocations, permissions and channels share, on top of trial.h.
 * Where they return NULL or false, the verdict is said.
 */
#ifndef RTCLAB_PROBES_RELAY_STEPS_H
#define RTCLAB_PROBES_RELAY_STEPS_H

#include "probes/cases/trial.h"

/** A client that can sign, where the server wants that; else a plain one. */
struct client *step_ready(struct trial *t);
struct client *step_ready_over(struct trial *t, enum probe_transport transport);
/** Gets what is needed to sign for a client at hand. */
bool step_make_ready(struct trial *t, struct client *c);

/** Signs, if the client was told how. */
void step_sign(struct client *c, struct draft *request);

/** trial_expect_code() where several requests are tried: `what` says which one failed,
 * such as "with a token and EVEN-PORT". */
bool step_expect_code(struct trial *t, struct client *c, const struct draft *request,
                      unsigned code, const char *what);

/** An Allocate, signed, that must be refused with that code. */
bool step_refuse_allocate(struct trial *t, struct client *c,
                          const struct allocate_options *options, unsigned code);
/** One that must succeed. */
bool step_expect_allocation(struct trial *t, struct client *c,
                            const struct allocate_options *options,
                            struct allocation *ret);

/** Where a peer of ours could be: for requests after which nothing is sent. */
struct endpoint step_peer_address(const struct trial *t,
                                  const struct allocation *allocation, uint16_t port);

/** Starts a ChannelBind; what is 0 or NULL is left out. */
void step_begin_bind(struct client *c, struct draft *request, uint16_t channel,
                     const struct endpoint *peer);
/** A ChannelBind that must succeed; a peer that is denied is inconclusive. */
bool step_expect_bound(struct trial *t, struct client *c, uint16_t channel,
                       const struct endpoint *peer);
/** One that must be refused with that code. */
bool step_refuse_bind(struct trial *t, struct client *c, uint16_t channel,
                      const struct endpoint *peer, unsigned code);

/** Data crosses, or is the failure: "data to the peer does not arrive". */
bool step_expect_to_peer(struct trial *t, struct client *c, uint16_t channel,
                         const struct peer *peer);
bool step_expect_from_peer(struct trial *t, const struct relay *relay,
                           struct turn_data *ret);
/** Data does not cross, though the server is alive; `crossing` names the failure. */
bool step_expect_none_to_peer(struct trial *t, struct client *c, uint16_t channel,
                              const struct peer *peer, const char *crossing);
bool step_expect_none_from_peer(struct trial *t, struct client *c,
                                const struct allocation *allocation,
                                const struct peer *peer, const char *crossing);

/** Opens the way back through a NAT or firewall before the peer: an empty datagram to the
 * relayed address. */
void step_open_way(const struct peer *peer, const struct allocation *allocation);

/** Whether an empty datagram comes to a peer from the relayed address before the
 * deadline. */
bool step_hears_empty(const struct peer *peer, const struct allocation *allocation,
                      int64_t deadline_ns);

/**
 * Minutes that pass on a client's 5-tuple: Bindings keep its path open (a NAT may forget
 * one after two minutes, RFC 4787 §4.3), and Refreshes the allocation, if wanted; neither
 * touches permissions or channels.
 */
struct vigil {
    struct client *client;
    int64_t start_ns;
    int64_t refresh_ns; /**< between Refreshes; CLOCK_NEVER: none */
    int64_t refreshed_ns;
};
/** Starts its time. @param kept  the allocation to keep alive; NULL: it is left alone */
struct vigil vigil_start(struct client *c, const struct allocation *kept);
/** Waits until so many seconds after the start. */
bool vigil_until_s(struct trial *t, struct vigil *vigil, unsigned seconds);

/** How many seconds before and after a lifetime's end is looked, for servers' timers and
 * for what messages take. */
enum { STEP_BEFORE_S = 15, STEP_AFTER_S = 15 };

#endif
