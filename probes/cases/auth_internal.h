/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the cases A share. */
#ifndef RTCLAB_PROBES_AUTH_INTERNAL_H
#define RTCLAB_PROBES_AUTH_INTERNAL_H

#include "probes/cases/trial.h"

/** Starts a plain Allocate without credentials. */
void auth_begin_allocate(struct client *c, struct draft *request);

/**
 * Sends a request that must be answered with a code, 0 being a success.
 * @param what what is special about it, for the verdict: "without NONCE"
 * @param ret  the answer, which the caller clears; NULL: not wanted
 */
bool auth_expect(struct trial *t, struct client *c, const struct draft *request,
                 unsigned code, const char *what, struct answer *ret);

/** A client of RFC 8489, whatever the profile, that has got its challenge. */
struct client *auth_modern_client(struct trial *t);

/** The same length and, where there is one, the same cookie, but never sent by a server;
 * caller owns. */
char *auth_forge_nonce(struct trial *t, const char *nonce);

/** Whether a 401 or 438 has what the client needs to go on; if not it says so. */
bool auth_expect_challenge(struct trial *t, const struct answer *answer);

/** Puts a text of ours in the place of one of struct auth's. */
void auth_replace(char **place, char *text_consumed);

/* auth_identity.c: names, passwords, realms and proofs */
void auth_challenge(struct trial *t);
void auth_missing_parts(struct trial *t);
void auth_unknown_user(struct trial *t);
void auth_wrong_password(struct trial *t);
void auth_same_refusal(struct trial *t);
void auth_proven_replies(struct trial *t);
void auth_wrong_realm(struct trial *t);
void auth_altered_request(struct trial *t);
void auth_non_ascii_password(struct trial *t);

/* auth_nonce.c */
void auth_forged_nonce(struct trial *t);
void auth_expired_nonce(struct trial *t);
void auth_nonce_per_source(struct trial *t);
void auth_nonce_cookie(struct trial *t);
void auth_algorithms_promised(struct trial *t);

/* auth_modern.c: what RFC 8489 added to RFC 5389 */
void auth_sha256_reply(struct trial *t);
void auth_altered_list(struct trial *t);
void auth_half_pair(struct trial *t);
void auth_unlisted_algorithm(struct trial *t);
void auth_no_algorithms(struct trial *t);
void auth_userhash(struct trial *t);
void auth_truncated(struct trial *t);

/* auth_expiry.c: time-limited names (A22), tokens (A23, A24) */
void auth_expired_name(struct trial *t);
void auth_third_party_said(struct trial *t);
void auth_token(struct trial *t);

#endif
