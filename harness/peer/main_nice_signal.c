/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libnice peer's signalling: descriptions and candidates, out and in (RFC 8838, W3C
 * webrtc-pc's RTCIceCandidateInit). What comes in is from the other peer, and may be
 * hostile: what cannot be taken is a peer.warning, and the call goes on without it.
 *
 * Deliberately not done: resolving mDNS candidates (their multicast would leave the
 * model of the network), and rollback.
 */
#include <string.h>

#include "peer/main_nice.h"
#include "peer/main_nice_candidate.h"
#include "peer/peer_event.h"
#include "wire/candidate.h"

/* Candidates that may wait for their description. */
#define EARLY_MAX SDP_CANDIDATES_MAX

void nice_peer_tell_candidate(struct nice_peer *peer, const NiceCandidate *candidate)
{
    /* A peer-reflexive candidate is learnt from a check and known to the other side by
     * it: RFC 8445 section 7.2.5.3.1 keeps it out of the signalling. */
    if (candidate->type == NICE_CANDIDATE_TYPE_PEER_REFLEXIVE)
        return;
    struct candidate c = candidate_from_nice(candidate);
    char text[CANDIDATE_LINE_SIZE] = "";
    g_snprintf(c.extensions, sizeof c.extensions, "ufrag %s", peer->local.ufrag);
    candidate_format(&c, text, sizeof text);
    contract_peer_event(peer->contract, EVENT_PEER_CANDIDATE,
                        peer_event_candidate(&c, text));
    contract_peer_send(peer->contract, contract_make_candidate(text, peer->local.mid, 0,
                                                               peer->local.ufrag));
}

void nice_peer_tell_end(struct nice_peer *peer)
{
    contract_peer_send(peer->contract, contract_make_candidate("", peer->local.mid, 0,
                                                               peer->local.ufrag));
}

void nice_peer_describe(struct nice_peer *peer, bool offer)
{
    g_autofree char *ufrag = NULL;
    g_autofree char *pwd = NULL;
    nice_agent_get_local_credentials(peer->agent, peer->stream, &ufrag, &pwd);
    g_strlcpy(peer->local.ufrag, ufrag, sizeof peer->local.ufrag);
    g_strlcpy(peer->local.pwd, pwd, sizeof peer->local.pwd);
    peer->awaits_answer = offer;
    g_autofree char *sdp =
        sdp_session_format(&peer->local, peer->session_id, ++peer->session_version);
    contract_peer_send(peer->contract, contract_make_description(offer, sdp));
}

/* Whether the agent can be given a candidate; what it cannot is a warning. */
static bool is_usable(struct nice_peer *peer, const struct candidate *c)
{
    if (c->place.name[0]) {
        contract_peer_warn(peer->contract,
                           "candidate: a name (%s) is not resolved here, ignored",
                           c->place.name);
        return false;
    }
    if (c->component != NICE_PEER_COMPONENT) {
        contract_peer_warn(peer->contract, "candidate: component %u was ignored",
                           c->component);
        return false;
    }
    if (c->transport == CANDIDATE_UDP ? !peer->udp : !peer->tcp) {
        contract_peer_warn(peer->contract, "candidate: %s is not configured, ignored",
                           peer_event_protocol(c));
        return false;
    }
    return true;
}

static void take_candidate(struct nice_peer *peer, const char *text)
{
    struct candidate c;
    enum candidate_error problem = candidate_parse(text, strlen(text), &c);
    if (problem != CANDIDATE_OK) {
        contract_peer_warn(peer->contract, "candidate: %s: \"%.60s\"",
                           candidate_error_text(problem), text);
        return;
    }
    if (!is_usable(peer, &c))
        return;
    contract_peer_event(peer->contract, EVENT_PEER_REMOTE_CANDIDATE,
                        peer_event_candidate(&c, text));
    NiceCandidate *nice = candidate_to_nice(&c, peer->stream);
    GSList one = { .data = nice };
    if (nice_agent_set_remote_candidates(peer->agent, peer->stream, NICE_PEER_COMPONENT,
                                         &one) > 0)
        peer->n_remote++;
    nice_candidate_free(nice);
}

static void take_end(struct nice_peer *peer)
{
    peer->remote_ended = true;
    nice_agent_peer_candidate_gathering_done(peer->agent, peer->stream);
    nice_peer_check_pairs(peer);
}

/* A candidate is of the present generation if it does not say otherwise. */
static void take_candidate_signal(struct nice_peer *peer, const char *text,
                                  const char *ufrag)
{
    if (ufrag && strcmp(ufrag, peer->remote_ufrag) != 0)
        contract_peer_warn(peer->contract,
                           "candidate: of another generation (ufrag %s), ignored", ufrag);
    else if (text[0] == '\0')
        take_end(peer);
    else
        take_candidate(peer, text);
}

/* Waits as "UFRAG\nCANDIDATE": an SDP value holds no newline. */
static void keep_early(struct nice_peer *peer, const struct contract_message *m)
{
    if (peer->early->len >= EARLY_MAX) {
        contract_peer_warn(peer->contract, "too many candidates before a description");
        return;
    }
    const char *ufrag = m->username_fragment ? m->username_fragment : "";
    g_ptr_array_add(peer->early, g_strconcat(ufrag, "\n", m->candidate, NULL));
}

static void take_early(struct nice_peer *peer)
{
    g_autoptr(GPtrArray) early = g_steal_pointer(&peer->early);
    peer->early = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < early->len; i++) {
        g_auto(GStrv) parts = g_strsplit(g_ptr_array_index(early, i), "\n", 2);
        take_candidate_signal(peer, parts[1], parts[0][0] ? parts[0] : NULL);
    }
}

/* The other side's credentials and candidates; a new ufrag is a new generation. */
static void take_session(struct nice_peer *peer, const struct sdp_session *session)
{
    if (strcmp(peer->remote_ufrag, session->ufrag) != 0) {
        peer->n_remote = 0;
        peer->remote_ended = false;
        peer->no_pair_reported = false;
    }
    g_strlcpy(peer->remote_ufrag, session->ufrag, sizeof peer->remote_ufrag);
    peer->has_remote = true;
    nice_agent_set_remote_credentials(peer->agent, peer->stream, session->ufrag,
                                      session->pwd);
    for (guint i = 0; i < session->candidates->len; i++)
        take_candidate(peer, g_ptr_array_index(session->candidates, i));
    take_early(peer);
    if (session->end_of_candidates)
        take_end(peer);
}

static void take_offer(struct nice_peer *peer, const struct sdp_session *session)
{
    bool first = !peer->has_remote;
    bool restarts = !first && strcmp(peer->remote_ufrag, session->ufrag) != 0;
    if (restarts)
        nice_agent_restart(peer->agent);
    g_strlcpy(peer->local.mid, session->mid, sizeof peer->local.mid);
    nice_peer_describe(peer, false);
    take_session(peer, session);
    if (first || restarts)
        nice_peer_gather(peer);
}

static void take_description(struct nice_peer *peer, const struct contract_message *m)
{
    if (m->offer ? peer->awaits_answer || (!peer->has_remote && peer->offerer)
                 : !peer->awaits_answer) {
        contract_peer_warn(peer->contract, "an %s out of turn was ignored",
                           m->offer ? "offer" : "answer");
        return;
    }
    g_autoptr(GError) error = NULL;
    struct sdp_session session;
    if (!sdp_session_parse(m->sdp, &session, &error)) {
        contract_peer_warn(peer->contract, "%s", error->message);
        return;
    }
    if (m->offer) {
        take_offer(peer, &session);
    } else {
        peer->awaits_answer = false;
        take_session(peer, &session);
    }
    sdp_session_clear(&session);
}

void nice_peer_take_signal(struct nice_peer *peer, const struct contract_message *m)
{
    if (!m->candidate)
        take_description(peer, m);
    else if (!peer->has_remote || peer->awaits_answer)
        keep_early(peer, m);
    else
        take_candidate_signal(peer, m->candidate, m->username_fragment);
}

void nice_peer_restart(struct nice_peer *peer)
{
    if (!peer->has_remote || peer->awaits_answer) {
        contract_peer_warn(peer->contract, "restart-ice: only once offer and answer met");
        return;
    }
    nice_agent_restart(peer->agent);
    nice_peer_describe(peer, true);
    nice_peer_gather(peer);
}
