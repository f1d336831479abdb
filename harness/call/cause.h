/* SPDX-License-Identifier: Apache-2.0 */
/* What the files cause*.c share: a cause that is being looked for. */
#ifndef RTCLAB_CALL_CAUSE_H
#define RTCLAB_CALL_CAUSE_H

#include "call/blame_walk.h"

struct cause {
    bool is_found;
    enum blame_cause code;
    char *text;
    char *element;   /**< NULL: nobody's */
    GArray *packets; /**< uint32_t: frame numbers; NULL: none */
};

/** The cause is known; the first one stands. All but `code` is consumed; `element` and
 *  `packets` may be NULL. */
void cause_set(struct cause *cause, enum blame_cause code, char *element, GArray *packets,
               char *text);

/** Who dropped packets, and how many; a class of reasons at a time. */
struct cause_drops {
    enum blame_cause code;
    unsigned count;  /**< of this class */
    char *element;   /**< who dropped the most of them */
    char *words;     /**< "home-a/nat 3, home-b/nat 2 (nat-filtered)" */
    GArray *packets; /**< frame numbers, the first of them */
};

/**
 * The class of reasons that most of some packets were dropped for. What no route leads to
 * counts only if there is nothing else: checks of private addresses are lost there in
 * every call through a NAT.
 *
 * @param packets uint32_t: index in the timeline's packets; others than dropped ones are
 *                left out
 * @param ret_drops cleared with cause_drops_clear()
 * @return whether any was dropped
 */
bool cause_count_drops(const struct timeline *timeline, const GArray *packets,
                       struct cause_drops *ret_drops);
void cause_drops_clear(struct cause_drops *drops);

/** Looks among the servers that a peer asked; `for_relay`: TURN alone (cause_servers.c).
 */
void cause_find_server(const struct timeline *timeline, enum role role, bool for_relay,
                       struct cause *cause);

/** Whether a peer got a relayed address. */
bool cause_has_relay(const struct timeline *timeline, enum role role);

/** Looks among the connectivity checks (cause_checks.c). */
void cause_find_checks(const struct timeline *timeline, struct cause *cause);

/** Whether a peer has a pair that its own check found to work. */
bool cause_has_pair(const struct timeline *timeline, enum role role);

#endif
