/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libnice peer's agent: made from a configuration, and its signals turned into
 * events. What libnice calls a component state is mapped to the states of W3C webrtc-pc
 * (RTCIceConnectionState, RTCPeerConnectionState); the native name goes with it.
 *
 * Deliberately libnice's defaults: aggressive nomination, keepalives, timers, no consent
 * (RFC 7675). UPnP is off, as it would wait for a router that no lab has.
 */
#include <string.h>

#include <nice/interfaces.h>

#include "peer/main_nice.h"
#include "peer/main_nice_candidate.h"
#include "peer/peer_event.h"

static const struct {
    const char *ice_state;        /* RTCIceConnectionState */
    const char *connection_state; /* RTCPeerConnectionState; NULL: unchanged */
} states[] = {
    [NICE_COMPONENT_STATE_DISCONNECTED] = { "new", NULL },
    [NICE_COMPONENT_STATE_GATHERING] = { "new", NULL },
    [NICE_COMPONENT_STATE_CONNECTING] = { "checking", "connecting" },
    [NICE_COMPONENT_STATE_CONNECTED] = { "connected", NULL },
    [NICE_COMPONENT_STATE_READY] = { "completed", "connected" },
    [NICE_COMPONENT_STATE_FAILED] = { "failed", "failed" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(states) == NICE_COMPONENT_STATE_LAST);

void nice_peer_report_connection(struct nice_peer *peer, const char *state)
{
    if (g_strcmp0(peer->connection_state, state) == 0)
        return;
    peer->connection_state = state;
    contract_peer_event(peer->contract, EVENT_PEER_CONNECTION_STATE,
                        json_pack("{s:s}", "state", state));
}

/* The public API tells how many candidates there are, not the pairs. */
static void report_check_list(struct nice_peer *peer, const char *state,
                              const char *reason)
{
    GSList *local =
        nice_agent_get_local_candidates(peer->agent, peer->stream, NICE_PEER_COMPONENT);
    GSList *remote =
        nice_agent_get_remote_candidates(peer->agent, peer->stream, NICE_PEER_COMPONENT);
    contract_peer_event(peer->contract, EVENT_PEER_CHECK_LIST,
                        json_pack("{s:s, s:i, s:i, s:s*}", "state", state,
                                  "local_candidates", (int)g_slist_length(local),
                                  "remote_candidates", (int)g_slist_length(remote),
                                  "reason", reason));
    g_slist_free_full(local, (GDestroyNotify)nice_candidate_free);
    g_slist_free_full(remote, (GDestroyNotify)nice_candidate_free);
}

/*
 * libnice fails a component only if it had remote candidates and pairs to check; without
 * them it stays where it is for good. That the list is and stays empty is known when this
 * side has no candidate at all, or the other side ended without one.
 */
void nice_peer_check_pairs(struct nice_peer *peer)
{
    if (!peer->gathered || !peer->has_remote || peer->no_pair_reported)
        return;
    GSList *local =
        nice_agent_get_local_candidates(peer->agent, peer->stream, NICE_PEER_COMPONENT);
    const char *reason = !local ? "no local candidate"
                         : peer->remote_ended && peer->n_remote == 0
                             ? "no remote candidate"
                             : NULL;
    g_slist_free_full(local, (GDestroyNotify)nice_candidate_free);
    if (!reason)
        return;
    peer->no_pair_reported = true;
    report_check_list(peer, "failed", reason);
}

static void on_state(NiceAgent *agent, guint stream, guint component, guint state,
                     struct nice_peer *peer)
{
    (void)agent, (void)stream, (void)component;
    if (state >= NICE_COMPONENT_STATE_LAST || peer->closing)
        return;
    const char *ice_state = states[state].ice_state;
    if (state == NICE_COMPONENT_STATE_CONNECTING)
        peer->was_connecting = true;
    else if (state == NICE_COMPONENT_STATE_GATHERING && peer->was_connecting)
        ice_state = "checking"; /* a restart: W3C does not go back to "new" */
    contract_peer_event(
        peer->contract, EVENT_PEER_ICE_STATE,
        json_pack("{s:s, s:s}", "state", ice_state, "native",
                  nice_component_state_to_string((NiceComponentState)state)));
    if (state == NICE_COMPONENT_STATE_READY)
        report_check_list(peer, "completed", NULL);
    else if (state == NICE_COMPONENT_STATE_FAILED)
        report_check_list(peer, "failed", NULL);
    if (state == NICE_COMPONENT_STATE_GATHERING && peer->was_connecting)
        nice_peer_report_connection(peer, "connecting");
    else if (states[state].connection_state)
        nice_peer_report_connection(peer, states[state].connection_state);
}

static void on_candidate(NiceAgent *agent, NiceCandidate *candidate,
                         struct nice_peer *peer)
{
    (void)agent;
    peer->has_relayed |= candidate->type == NICE_CANDIDATE_TYPE_RELAYED;
    nice_peer_tell_candidate(peer, candidate);
}

static void on_remote_candidate(NiceAgent *agent, NiceCandidate *candidate,
                                struct nice_peer *peer)
{
    (void)agent;
    peer->n_remote++;
    contract_peer_event(peer->contract, EVENT_PEER_REMOTE_CANDIDATE,
                        nice_candidate_event(candidate));
}

static void report_gathering(struct nice_peer *peer, const char *state)
{
    contract_peer_event(peer->contract, EVENT_PEER_GATHERING_STATE,
                        json_pack("{s:s}", "state", state));
}

/*
 * Which server a relayed candidate is from cannot be asked:
 * nice_candidate_relay_address() of 0.1.21 crashes on each candidate that the public API
 * gives out, as those are copies without their server. So only the failure of all TURN
 * servers is known. A missing server-reflexive candidate says nothing: without a NAT it
 * is a duplicate, and dropped.
 */
static void report_candidate_errors(struct nice_peer *peer)
{
    for (guint i = 0; !peer->has_relayed && i < peer->turn_urls->len; i++)
        contract_peer_event(peer->contract, EVENT_PEER_CANDIDATE_ERROR,
                            json_pack("{s:s, s:s}", "url",
                                      g_ptr_array_index(peer->turn_urls, i), "errorText",
                                      "gave no relayed candidate"));
}

static void on_gathered(NiceAgent *agent, guint stream, struct nice_peer *peer)
{
    (void)agent, (void)stream;
    if (!peer->gathering)
        return;
    peer->gathering = false;
    peer->gathered = true;
    report_candidate_errors(peer);
    nice_peer_tell_end(peer);
    report_gathering(peer, "complete");
    nice_peer_check_pairs(peer);
}

static void on_pair(NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
                    NiceCandidate *remote, struct nice_peer *peer)
{
    (void)agent, (void)stream, (void)component;
    contract_peer_event(peer->contract, EVENT_PEER_SELECTED_PAIR,
                        json_pack("{s:o, s:o}", "local", nice_candidate_event(local),
                                  "remote", nice_candidate_event(remote)));
}

static void on_message(NiceAgent *agent, guint stream, guint component, guint size,
                       char *bytes, gpointer user)
{
    (void)agent, (void)stream, (void)component;
    struct nice_peer *peer = user;
    contract_peer_event(peer->contract, EVENT_PEER_MESSAGE,
                        peer_event_message(bytes, size, false));
    if (peer->echoes)
        nice_peer_send(peer, bytes, size);
}

/* The addresses to gather on: no loopback, no link-local ones. */
static void add_local_addresses(struct nice_peer *peer)
{
    GList *texts = nice_interfaces_get_local_ips(FALSE);
    unsigned n_added = 0;
    for (GList *i = texts; i; i = i->next) {
        const char *text = i->data;
        NiceAddress address;
        nice_address_init(&address);
        bool link_local = g_str_has_prefix(text, "169.254.") ||
                          g_ascii_strncasecmp(text, "fe80:", 5) == 0;
        if (!link_local && nice_address_set_from_string(&address, text))
            n_added += (unsigned)nice_agent_add_local_address(peer->agent, &address);
    }
    g_list_free_full(texts, g_free);
    if (n_added == 0)
        contract_peer_warn(peer->contract, "this host has no address to gather on");
}

/* libnice has one STUN server for all; its TURN servers are numbered by preference. */
static void add_servers(struct nice_peer *peer, const struct contract_configuration *c)
{
    bool has_stun = false;
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct contract_server *s = &c->servers[i];
        if (!s->url.turn) {
            if (has_stun)
                contract_peer_warn(peer->contract,
                                   "%s: not used: libnice takes one STUN server",
                                   s->text);
            else
                g_object_set(peer->agent, "stun-server", s->url.host, "stun-server-port",
                             (guint)ice_url_port(&s->url), NULL);
            has_stun = true;
            continue;
        }
        if (!nice_agent_set_relay_info(
                peer->agent, peer->stream, NICE_PEER_COMPONENT, s->url.host,
                ice_url_port(&s->url), s->username, s->credential,
                ice_url_is_tcp(&s->url) ? NICE_RELAY_TYPE_TURN_TCP
                                        : NICE_RELAY_TYPE_TURN_UDP)) {
            contract_peer_warn(peer->contract, "%s: libnice refused it", s->text);
            continue;
        }
        g_ptr_array_add(peer->turn_urls, g_strdup(s->text));
    }
}

/* What libnice cannot do of what is asked for; NULL: nothing. Caller owns. */
static char *find_unsupported(const struct contract_configuration *c)
{
    if (c->negotiate & ~(unsigned)CONTRACT_CAN_DATA)
        return g_strdup("libnice has no audio and video");
    for (size_t i = 0; i < c->n_servers; i++)
        if (c->servers[i].url.tls)
            return g_strdup_printf("%s: libnice has no TURN over TLS",
                                   c->servers[i].text);
    return NULL;
}

bool nice_peer_make_agent(struct nice_peer *peer, const struct contract_configuration *c)
{
    g_autofree char *unsupported = find_unsupported(c);
    peer->echoes = c->echo & CONTRACT_CAN_DATA;
    if (unsupported) {
        contract_peer_send(peer->contract, contract_make_unsupported(unsupported));
        return false;
    }
    peer->offerer = c->offerer;
    peer->udp = c->udp;
    peer->tcp = c->tcp;
    peer->agent = nice_agent_new_full(NULL, NICE_COMPATIBILITY_RFC5245,
                                      NICE_AGENT_OPTION_ICE_TRICKLE);
    g_object_set(peer->agent, "controlling-mode", (gboolean)c->offerer, "upnp", FALSE,
                 "ice-udp", (gboolean)c->udp, "ice-tcp", (gboolean)c->tcp, "force-relay",
                 (gboolean)c->relay_only, NULL);
    g_signal_connect(peer->agent, "component-state-changed", G_CALLBACK(on_state), peer);
    g_signal_connect(peer->agent, "new-candidate-full", G_CALLBACK(on_candidate), peer);
    g_signal_connect(peer->agent, "new-remote-candidate-full",
                     G_CALLBACK(on_remote_candidate), peer);
    g_signal_connect(peer->agent, "candidate-gathering-done", G_CALLBACK(on_gathered),
                     peer);
    g_signal_connect(peer->agent, "new-selected-pair-full", G_CALLBACK(on_pair), peer);
    peer->stream = nice_agent_add_stream(peer->agent, 1);
    nice_agent_attach_recv(peer->agent, peer->stream, NICE_PEER_COMPONENT, NULL,
                           on_message, peer);
    add_local_addresses(peer);
    add_servers(peer, c);
    return true;
}

void nice_peer_gather(struct nice_peer *peer)
{
    bool again = peer->gathering || peer->gathered;
    peer->gathering = true;
    report_gathering(peer, "gathering");
    if (!again) {
        if (!nice_agent_gather_candidates(peer->agent, peer->stream)) {
            contract_peer_warn(peer->contract, "libnice could not gather");
            on_gathered(peer->agent, peer->stream, peer);
        }
        return;
    }
    /* libnice gathers once and keeps its candidates through a restart, which may come
     * before it is done: then the rest follows by itself, with the new credentials. */
    GSList *candidates =
        nice_agent_get_local_candidates(peer->agent, peer->stream, NICE_PEER_COMPONENT);
    for (GSList *i = candidates; i; i = i->next)
        nice_peer_tell_candidate(peer, i->data);
    g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
    if (peer->gathered)
        on_gathered(peer->agent, peer->stream, peer);
}

void nice_peer_send(struct nice_peer *peer, const char *bytes, size_t size)
{
    if (size > UINT16_MAX ||
        nice_agent_send(peer->agent, peer->stream, NICE_PEER_COMPONENT, (guint)size,
                        bytes) != (gint)size)
        contract_peer_warn(peer->contract, "send: libnice did not take %zu bytes", size);
}
