/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the cases X share. */
#ifndef RTCLAB_PROBES_AUDIT_INTERNAL_H
#define RTCLAB_PROBES_AUDIT_INTERNAL_H

#include "probes/cases/trial.h"

/** Of the intrusive ones, for what is said before them. */
enum {
    AUDIT_LIMIT_REQUESTS = 1500, /**< X11: Allocates without credentials, */
    AUDIT_LIMIT_S = 3,           /**< within this time */
    AUDIT_OPEN_REQUESTS = 1000,  /**< X12: the same, each from a port of its own, */
    AUDIT_OPEN_S = 2
};

/* audit_gain.c */
void audit_binding_gain(struct trial *t);
void audit_challenge_gain(struct trial *t);

/* audit_open.c: what needs no credentials */
void audit_unauthenticated(struct trial *t);
void audit_challenge_limit(struct trial *t);
void audit_half_open(struct trial *t);

/* audit_peers.c */
void audit_own_peers(struct trial *t);
void audit_local_peers(struct trial *t);
void audit_policy_peers(struct trial *t);
void audit_disguised_peers(struct trial *t);
void audit_server_as_peer(struct trial *t);
void audit_other_methods(struct trial *t);

/* audit_memory.c */
void audit_long_data(struct trial *t);

#endif
