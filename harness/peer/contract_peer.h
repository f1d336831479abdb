/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer's end of the contract, for peers in C with a GLib main loop: pull messages when
 * its descriptor is readable, push events at any time.
 */
#ifndef RTCLAB_PEER_CONTRACT_PEER_H
#define RTCLAB_PEER_CONTRACT_PEER_H

#include "peer/contract.h"

struct contract_peer;

enum contract_next {
    CONTRACT_NEXT_NONE,    /**< nothing more now */
    CONTRACT_NEXT_MESSAGE, /**< a message */
    CONTRACT_NEXT_INVALID, /**< nonsense; the reason is in the GError */
    CONTRACT_NEXT_END,     /**< the harness closed the contract: exit now */
};

/**
 * The descriptor that CONTRACT_FD_VARIABLE names; it is made close-on-exec.
 * @return -1 with RTC_ERROR_USAGE
 */
int contract_peer_fd(GError **error);

/** An end on `fd`, which it closes when freed. Sends from the default main context. */
struct contract_peer *contract_peer_new(int fd);

/** The harness' end of it instead, for a program that drives a peer from its main loop:
 *  contract_peer_next() then gives what a peer says. */
struct contract_peer *contract_peer_new_harness(int fd);

/** Closes the contract; what is not yet sent is lost: see contract_peer_flush(). */
void contract_peer_free(struct contract_peer *peer);

/**
 * The next message of the harness; reads when there is none. Call it until it says
 * CONTRACT_NEXT_NONE each time the descriptor is readable.
 */
enum contract_next contract_peer_next(struct contract_peer *peer,
                                      struct contract_message *ret_message,
                                      GError **error);

/** Sends a message, consumed, without blocking; what the socket does not take follows. */
void contract_peer_send(struct contract_peer *peer, json_t *message);

/** Sends an event that happens now; `data`, an object, is consumed. */
void contract_peer_event(struct contract_peer *peer, enum event_kind kind, json_t *data);

/** Sends a peer.warning. A flood of them is cut off. */
void contract_peer_warn(struct contract_peer *peer, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/** Waits, for at most `timeout_ms`, until all is sent. @return FALSE if it is not */
gboolean contract_peer_flush(struct contract_peer *peer, int timeout_ms);

#endif
