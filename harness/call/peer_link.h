/* SPDX-License-Identifier: Apache-2.0 */
/* The harness's end of the peer contract: one peer's process and its messages. */
#ifndef RTCLAB_CALL_PEER_LINK_H
#define RTCLAB_CALL_PEER_LINK_H

#include <glib.h>
#include <jansson.h>

#include "lab/lab.h"
#include "peer/contract.h"

struct peer_link;

/** What a peer may say in one call, in MiB: some thousand times what calls need. */
#define PEER_LINK_MAX_MIB 16

/**
 * The program of a peer.
 *
 * @param peer a stack's name, such as "nice": the program rtclab-peer-nice beside this
 *             one or in PATH; or, with a slash in it, the path of any executable
 * @param ret_program an absolute path, caller owns; NULL: a known stack's is not there
 * @return FALSE with RTC_ERROR_USAGE: neither such a program nor such a stack
 */
gboolean peer_link_find_program(const char *peer, char **ret_program, GError **error);

/** What a peer is called in a call's key: its name, or its program's base name. */
char *peer_link_name(const char *peer);

/** The descriptor on which a peer has its contract, as process_start() gives it. */
#define PEER_LINK_FD 3

/** In a worker: the environment of a peer. Caller owns. */
char **peer_link_environment(void);

/**
 * Starts a peer in a host and watches its contract: LAB_READABLE then has `watch`.
 *
 * @param name     "offerer" or "answerer", for messages
 * @param log_path where both its outputs go
 * @param variables of its environment beside the harness' own: "NAME=VALUE", NULL-ended;
 *                 NULL: none
 * @return caller owns (peer_link_free, before the lab); NULL with an error
 */
struct peer_link *peer_link_start(struct lab *lab, const char *name, const char *program,
                                  unsigned iface, const char *log_path,
                                  char *const *variables, GError **error);
void peer_link_free(struct peer_link *link);

/** The process, the lab's; for matching LAB_EXITED. */
struct process *peer_link_process(const struct peer_link *link);

enum peer_link_next {
    PEER_LINK_NONE,    /**< nothing more now */
    PEER_LINK_MESSAGE, /**< a message */
    PEER_LINK_INVALID, /**< a line that breaks the contract; the error says how */
    PEER_LINK_FLOOD,   /**< it said more than any call needs; nothing more is read */
    PEER_LINK_END,     /**< the peer closed the contract */
};

/** The next message, to be taken until there is none each time it is readable. */
enum peer_link_next peer_link_next(struct peer_link *link,
                                   struct contract_message *ret_message, GError **error);

/** Takes in no more of what the peer says; it can still be told to close. */
void peer_link_stop(struct peer_link *link);

/**
 * Sends a message, consumed, without blocking: what the peer does not take at once is
 * kept and sent when it does.
 * @return FALSE if the peer is gone, or has left too much unread; or if the message is
 *         longer than the contract allows
 */
gboolean peer_link_send(struct peer_link *link, json_t *message);

#endif
