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

enum sdp_transport { SDP_UDP, SDP_TCP_ACTIVE, SDP_TCP_PASSIVE, SDP_TCP_SO };
enum sdp_candidate_type { SDP_HOST, SDP_SRFLX, SDP_PRFLX, SDP_RELAY };

/** A candidate-attribute (RFC 8839 section 5.1, RFC 6544 section 4.5). */
struct sdp_candidate {
    char foundation[33];
    unsigned component;
    enum sdp_transport transport;
    uint32_t priority;
    char address[256]; /**< an address, or a name such as an mDNS one */
    uint16_t port;
    enum sdp_candidate_type type;
    char related_address[64]; /**< "" if there is none */
    uint16_t related_port;
};

/** What an ICE agent needs of a description. */
struct sdp_session {
    char ufrag[SDP_CREDENTIAL_SIZE];
    char pwd[SDP_CREDENTIAL_SIZE];
    char mid[33]; /**< of the first m-section; "0" if it has none */
    bool trickle; /**< a=ice-options says so */
    bool end_of_candidates;
    GPtrArray *candidates; /**< "candidate:…" texts, unread; owned: sdp_session_clear() */
};

/** "host", "srflx", "prflx" or "relay". */
const char *sdp_candidate_type_name(enum sdp_candidate_type type);

/** RFC 6544's "active", "passive" or "so"; NULL for UDP. */
const char *sdp_tcp_type_name(enum sdp_transport transport);

/**
 * Reads "candidate:…", with or without "a=" before it. Extensions are skipped.
 * @return FALSE with RTC_ERROR_ENVIRONMENT, and `ret_candidate` untouched
 */
gboolean sdp_candidate_parse(const char *text, struct sdp_candidate *ret_candidate,
                             GError **error);

/** The text of a candidate, "candidate:…", with `ufrag` in it; caller owns. */
char *sdp_candidate_format(const struct sdp_candidate *candidate, const char *ufrag);

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
