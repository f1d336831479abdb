/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session descriptions of a bare ICE agent: one m-section with its credentials and
 * candidates and nothing to negotiate (RFC 8839, RFC 8840).
 */
#ifndef RTCLAB_PEER_SDP_H
#define RTCLAB_PEER_SDP_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#define SDP_CREDENTIAL_SIZE \
    257 /**< ice-char of at most 256 (RFC 8839 section 5.4) + NUL */
#define SDP_CANDIDATES_MAX 256 /**< of a description; more are refused */

/** What an ICE agent needs of a description. */
struct sdp_session {
    char ufrag[SDP_CREDENTIAL_SIZE];
    char pwd[SDP_CREDENTIAL_SIZE];
    char mid[33]; /**< of the first m-section; "0" if it has none */
    bool trickle; /**< a=ice-options says so */
    bool end_of_candidates;
    GPtrArray *candidates; /**< "candidate:…" texts, unread; owned: sdp_session_clear() */
};

/**
 * Reads a description that may be hostile: credentials of the session and of its first
 * m-section, and that section's candidates.
 * @return FALSE with RTC_ERROR_ENVIRONMENT, and `ret_session` untouched
 */
gboolean sdp_session_parse(const char *text, struct sdp_session *ret_session,
                           GError **error);

void sdp_session_clear(struct sdp_session *session);

/**
 * A description without candidates, which trickle.
 *
 * @param session  its ufrag, pwd and mid
 * @param id       of the session, the same for all its versions
 * @param version  one higher with each description sent
 * @return the text; caller owns
 */
char *sdp_session_format(const struct sdp_session *session, uint64_t id,
                         unsigned version);

#endif
