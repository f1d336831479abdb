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

/* Candidates that may wait for their description. */
#define EARLY_MAX SDP_CANDIDATES_MAX

static enum sdp_transport transport_of(NiceCandidateTransport transport)
{
    switch (transport) {
    case NICE_CANDIDATE_TRANSPORT_UDP:
        return SDP_UDP;
    case NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE:
        return SDP_TCP_ACTIVE;
    case NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE:
        return SDP_TCP_PASSIVE;
    case NICE_CANDIDATE_TRANSPORT_TCP_SO:
        return SDP_TCP_SO;
    }
    return SDP_UDP;
}

static enum sdp_candidate_type type_of(NiceCandidateType type)
{
    switch (type) {
    case NICE_CANDIDATE_TYPE_HOST:
        return SDP_HOST;
    case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE:
        return SDP_SRFLX;
    case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE:
        return SDP_PRFLX;
    case NICE_CANDIDATE_TYPE_RELAYED:
        return SDP_RELAY;
    }
    return SDP_HOST;
}

/* RFC 6544 section 4.5: an active candidate's port is 9, "discard". */
static uint16_t port_of(const NiceAddress *address, NiceCandidateTransport transport)
{
    guint port = nice_address_get_port(address);
    return port == 0 && transport == NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE ? 9
                                                                         : (uint16_t)port;
}

static struct sdp_candidate from_nice(const NiceCandidate *nice)
{
    struct sdp_candidate c = {
        .component = nice->component_id,
        .transport = transport_of(nice->transport),
        .priority = nice->priority,
        .port = port_of(&nice->addr, nice->transport),
        .type = type_of(nice->type),
    };
    g_strlcpy(c.foundation, nice->foundation, sizeof c.foundation);
    nice_address_to_string(&nice->addr, c.address);
    if (nice->type != NICE_CANDIDATE_TYPE_HOST &&
        nice_address_is_valid(&nice->base_addr)) {
        nice_address_to_string(&nice->base_addr, c.related_address);
        c.related_port = port_of(&nice->base_addr, nice->transport);
    }
    return c;
}

static json_t *candidate_data(const struct sdp_candidate *c, const char *text)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s*}", "candidate", text, "type",
                     sdp_candidate_type_name(c->type), "protocol",
                     c->transport == SDP_UDP ? "udp" : "tcp", "address", c->address,
                     "port", (int)c->port, "tcptype", sdp_tcp_type_name(c->transport));
}

json_t *nice_peer_candidate_data(struct nice_peer *peer, const NiceCandidate *candidate)
{
    (void)peer;
    struct sdp_candidate c = from_nice(candidate);
    g_autofree char *text = sdp_candidate_format(&c, NULL);
    return candidate_data(&c, text);
}

void nice_peer_tell_candidate(struct nice_peer *peer, const NiceCandidate *candidate)
{
    /* A peer-reflexive candidate is learnt from a check and known to the other side by
     * it: RFC 8445 section 7.2.5.3.1 keeps it out of the signalling. */
    if (candidate->type != NICE_CANDIDATE_TYPE_PEER_REFLEXIVE) {
        struct sdp_candidate c = from_nice(candidate);
        g_autofree char *text = sdp_candidate_format(&c, peer->local.ufrag);
        contract_peer_event(peer->contract, EVENT_PEER_CANDIDATE,
                            candidate_data(&c, text));
        contract_peer_send(peer->contract, contract_make_candidate(text, peer->local.mid,
                                                                   0, peer->local.ufrag));
    }
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

/* An address that the agent can be given; a name or nonsense is a warning. */
static bool usable_address(struct nice_peer *peer, const struct sdp_candidate *c,
                           NiceAddress *ret_address)
{
    if (g_str_has_suffix(c->address, ".local")) {
        contract_peer_warn(peer->contract, "%s: an mDNS candidate was ignored",
                           c->address);
        return false;
    }
    if (!nice_address_set_from_string(ret_address, c->address)) {
        contract_peer_warn(peer->contract, "candidate: \"%s\" is no address", c->address);
        return false;
    }
    nice_address_set_port(ret_address, c->port);
    return true;
}

static const NiceCandidateType nice_types[] = {
    [SDP_HOST] = NICE_CANDIDATE_TYPE_HOST,
    [SDP_SRFLX] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
    [SDP_PRFLX] = NICE_CANDIDATE_TYPE_PEER_REFLEXIVE,
    [SDP_RELAY] = NICE_CANDIDATE_TYPE_RELAYED,
};

static const NiceCandidateTransport nice_transports[] = {
    [SDP_UDP] = NICE_CANDIDATE_TRANSPORT_UDP,
    [SDP_TCP_ACTIVE] = NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE,
    [SDP_TCP_PASSIVE] = NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE,
    [SDP_TCP_SO] = NICE_CANDIDATE_TRANSPORT_TCP_SO,
};

static void take_candidate(struct nice_peer *peer, const char *text)
{
    g_autoptr(GError) error = NULL;
    struct sdp_candidate c;
    NiceAddress address;
    nice_address_init(&address);
    if (!sdp_candidate_parse(text, &c, &error)) {
        contract_peer_warn(peer->contract, "%s", error->message);
        return;
    }
    if (!usable_address(peer, &c, &address))
        return;
    if (c.component != NICE_PEER_COMPONENT) {
        contract_peer_warn(peer->contract, "candidate: component %u was ignored",
                           c.component);
        return;
    }
    if (c.transport == SDP_UDP ? !peer->udp : !peer->tcp) {
        contract_peer_warn(peer->contract, "candidate: %s is not configured, ignored",
                           c.transport == SDP_UDP ? "udp" : "tcp");
        return;
    }
    contract_peer_event(peer->contract, EVENT_PEER_REMOTE_CANDIDATE,
                        candidate_data(&c, text));
    NiceCandidate *nice = nice_candidate_new(nice_types[c.type]);
    nice->transport = nice_transports[c.transport];
    nice->addr = address;
    nice->component_id = c.component;
    nice->stream_id = peer->stream;
    nice->priority = c.priority;
    g_strlcpy(nice->foundation, c.foundation, sizeof nice->foundation);
    nice_address_init(&nice->base_addr);
    if (c.related_address[0] &&
        nice_address_set_from_string(&nice->base_addr, c.related_address))
        nice_address_set_port(&nice->base_addr, c.related_port);
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
