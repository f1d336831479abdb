/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call makes of its peers' messages, and what it tells them.
 *
 * Nothing that a peer says is trusted: times that it stamps are kept between the call's
 * begin and now, lines that break the contract become peer.warning events and, when there
 * are too many, end the call, as does a peer that does not stop talking.
 */
#include "call/call_state.h"

#include <string.h>

enum { INVALID_LINES_MAX = 100 };

static const char *name_of(const struct call_peer *peer)
{
    return role_names[peer->role];
}

static void reach(struct call_peer *peer, enum call_phase phase, int64_t at_ns)
{
    if (peer->phases_ns[phase] < 0)
        peer->phases_ns[phase] = at_ns;
}

static void warn_of(struct call *call, struct call_peer *peer, const char *what)
{
    record_add(call->record, lab_now_ns(call->lab), name_of(peer), EVENT_PEER_WARNING,
               json_pack("{s:s}", "what", what));
}

/* ---- hello ---- */

static void take_hello(struct call *call, struct call_peer *peer,
                       const struct contract_message *m)
{
    if (peer->stack) {
        warn_of(call, peer, "a second hello");
        return;
    }
    if (m->contract != CONTRACT_VERSION) {
        call_decide(call, OUTCOME_UNSUPPORTED,
                    "%s speaks version %d of the contract, this is version %d",
                    name_of(peer), m->contract, CONTRACT_VERSION);
        return;
    }
    peer->stack = g_strdup(m->stack);
    peer->version = g_strdup(m->version);
    peer->capabilities = m->capabilities;
    unsigned iface = call->spec->scenario->peers[peer->role].iface;
    if (m->no_loopback && !lab_remove_loopback(call->lab, iface))
        warn_of(call, peer, "its host's loopback keeps its addresses");
    record_add(call->record, lab_now_ns(call->lab), name_of(peer), EVENT_PEER_STARTED,
               json_pack("{s:s, s:s, s:s}", "stack", m->stack, "version", m->version,
                         "tap", network_tap_name(lab_network(call->lab), iface)));
}

/* ---- signals ---- */

static json_t *describe_body(const json_t *body)
{
    json_t *description = json_object_get(body, "description");
    if (description)
        return json_copy(description);
    return json_pack("{s:O}", "candidate",
                     json_object_get(json_object_get(body, "candidate"), "candidate"));
}

static bool is_description(const struct signal *signal, const char *type)
{
    const json_t *description = json_object_get(signal->body, "description");
    return g_strcmp0(json_string_value(json_object_get(description, "type")), type) == 0;
}

static void take_signal(struct call *call, struct call_peer *peer,
                        const struct contract_message *m)
{
    if (!call->started) {
        warn_of(call, peer, "a signal before it was configured");
        return;
    }
    int64_t now_ns = lab_now_ns(call->lab);
    const struct signal *sent =
        signaling_submit(call->signaling, peer->role, m->json, now_ns);
    const json_t *description = json_object_get(m->json, "description");
    if (!sent && json_is_object(description))
        record_add(call->record, now_ns, name_of(peer), EVENT_SIGNAL_HELD,
                   json_pack("{s:O?}", "type", json_object_get(description, "type")));
    if (!sent)
        return;
    record_add(call->record, now_ns, name_of(peer), EVENT_SIGNAL_SENT,
               describe_body(sent->body));
    if (is_description(sent, "offer"))
        reach(peer, PHASE_OFFER_SENT, now_ns);
}

bool call_deliver_signal(struct call *call)
{
    int64_t now_ns = lab_now_ns(call->lab);
    struct signal *signal = signaling_pop(call->signaling, now_ns);
    if (!signal)
        return false;
    if (call->spec->scenario->signaling_server && !signal->has_arrived) {
        call_carry_signal(call, signal);
        signal_free(signal);
        return true;
    }
    struct call_peer *to = &call->peers[!signal->from];
    record_add(call->record, now_ns, name_of(to), EVENT_SIGNAL_DELIVERED,
               describe_body(signal->body));
    if (is_description(signal, "answer"))
        reach(to, PHASE_ANSWER_RECEIVED, now_ns);
    json_t *message = json_copy(signal->body);
    json_object_set_new(message, "type", json_string("signal"));
    if (call->restart_ns >= 0 && json_object_get(signal->body, "description"))
        to->restarted_ns = now_ns;
    call_tell(call, to, message);
    signal_free(signal);
    return true;
}

/* ---- events ---- */

static const char *text_of(const json_t *data, const char *key)
{
    const char *text = json_string_value(json_object_get(data, key));
    return text ? text : "";
}

static void take_failure(struct call *call, struct call_peer *peer, int64_t at_ns)
{
    peer->has_failed = true;
    if (call->first_failure_ns < 0)
        call->first_failure_ns = at_ns;
}

static void take_connection_state(struct call *call, struct call_peer *peer,
                                  const json_t *data, int64_t at_ns)
{
    const char *state = text_of(data, "state");
    const char *reason = text_of(data, "reason");
    peer->is_connected = strcmp(state, "connected") == 0;
    peer->has_failed = false;
    if (!call->peers[!peer->role].has_failed)
        call->first_failure_ns = -1; /* recovered: a later failure has its own grace */
    if (peer->is_connected && peer->connected_ns < 0) {
        peer->connected_ns = at_ns;
        peer->next_send_ns = lab_now_ns(call->lab);
    }
    if (strcmp(state, "failed") == 0) {
        take_failure(call, peer, at_ns);
        g_free(peer->reason);
        peer->reason = g_strdup(*reason ? reason : NULL);
    }
}

/* A pair that is selected, or ICE that is connected, after a restart. */
static void take_pair(struct call *call, struct call_peer *peer, int64_t at_ns)
{
    if (call->stage == STAGE_RESTARTING && peer->restarted_ns >= 0 &&
        at_ns >= peer->restarted_ns && peer->reconnected_ns < 0)
        peer->reconnected_ns = at_ns;
}

static void follow(struct call *call, struct call_peer *peer, enum event_kind kind,
                   json_t *data, int64_t at_ns)
{
    const char *state = text_of(data, "state");
    if (kind == EVENT_PEER_CANDIDATE)
        reach(peer, PHASE_FIRST_CANDIDATE, at_ns);
    if (kind == EVENT_PEER_GATHERING_STATE && strcmp(state, "complete") == 0)
        reach(peer, PHASE_GATHERING_COMPLETE, at_ns);
    if (kind == EVENT_PEER_ICE_STATE &&
        (strcmp(state, "connected") == 0 || strcmp(state, "completed") == 0)) {
        reach(peer, PHASE_ICE_CONNECTED, at_ns);
        take_pair(call, peer, at_ns);
    }
    if (kind == EVENT_PEER_DTLS_STATE && strcmp(state, "connected") == 0)
        reach(peer, PHASE_DTLS_CONNECTED, at_ns);
    if (kind == EVENT_PEER_CHANNEL_OPEN)
        reach(peer, PHASE_CHANNEL_OPEN, at_ns);
    if (kind == EVENT_PEER_FIRST_MEDIA) {
        reach(peer, PHASE_FIRST_MEDIA, at_ns);
        for (unsigned i = 0; i < SCENARIO_N_NEGOTIATE; i++)
            if (strcmp(text_of(data, "media"), scenario_negotiate_names[i]) == 0)
                peer->awaits &= ~(1u << i);
    }
    if (kind == EVENT_PEER_CONNECTION_STATE)
        take_connection_state(call, peer, data, at_ns);
    /* Some stacks never say that they failed when there is no pair to check. */
    if (kind == EVENT_PEER_CHECK_LIST && strcmp(state, "failed") == 0)
        take_failure(call, peer, at_ns);
    if (kind == EVENT_PEER_MESSAGE && !call_take_payload(peer, data))
        warn_of(call, peer, "received data that was not sent to it");
    if (kind == EVENT_PEER_SELECTED_PAIR) {
        json_decref(peer->selected);
        peer->selected = json_incref(data);
        take_pair(call, peer, at_ns);
    }
    if (kind == EVENT_PEER_STATS) {
        json_decref(peer->stats);
        peer->stats = json_incref(data);
        peer->stats_ns = at_ns;
    }
}

static void take_event(struct call *call, struct call_peer *peer,
                       const struct contract_message *m)
{
    int64_t now_ns = lab_now_ns(call->lab);
    int64_t at_ns = m->t_ns >= call->start_ns && m->t_ns <= now_ns ? m->t_ns : now_ns;
    json_t *data = m->data ? m->data : json_object();
    if (m->kind == EVENT_PEER_WARNING) {
        g_free(peer->last_warning);
        peer->last_warning = g_strdup(text_of(data, "what"));
    }
    record_add(call->record, at_ns, name_of(peer), m->kind, json_incref(data));
    if (call->started)
        follow(call, peer, m->kind, data, at_ns);
    if (!m->data)
        json_decref(data);
}

/* ---- all messages ---- */

static void take(struct call *call, struct call_peer *peer,
                 const struct contract_message *m)
{
    bool is_warning = m->type == CONTRACT_EVENT && m->kind == EVENT_PEER_WARNING;
    if (!peer->stack && m->type != CONTRACT_HELLO && m->type != CONTRACT_UNSUPPORTED &&
        !is_warning) {
        warn_of(call, peer, "something other than hello first");
        return;
    }
    switch (m->type) {
    case CONTRACT_HELLO:
        take_hello(call, peer, m);
        break;
    case CONTRACT_SIGNAL:
        take_signal(call, peer, m);
        break;
    case CONTRACT_EVENT:
        take_event(call, peer, m);
        break;
    case CONTRACT_UNSUPPORTED:
        call_decide(call, OUTCOME_UNSUPPORTED, "%s: %s", name_of(peer), m->text);
        break;
    case CONTRACT_DONE:
        peer->is_done = true;
        break;
    case CONTRACT_CONFIGURE:
    case CONTRACT_RESTART_ICE:
    case CONTRACT_SEND:
    case CONTRACT_CLOSE:
    case CONTRACT_N_TYPES:
        break; /* contract_parse() refuses what only the harness may say */
    }
}

void call_read_peer(struct call *call, struct call_peer *peer)
{
    for (;;) {
        g_auto(contract_message) message = { 0 };
        g_autoptr(GError) error = NULL;
        switch (peer_link_next(peer->link, &message, &error)) {
        case PEER_LINK_NONE:
            return;
        case PEER_LINK_END:
            if (!peer->is_done)
                peer->closed_ns = lab_now_ns(call->lab);
            peer->is_done = true;
            return;
        case PEER_LINK_FLOOD:
            peer->is_done = true;
            call_decide(call, OUTCOME_ERROR, "%s said more than %d MiB on its contract",
                        name_of(peer), PEER_LINK_MAX_MIB);
            return;
        case PEER_LINK_MESSAGE:
            take(call, peer, &message);
            break;
        case PEER_LINK_INVALID:
            warn_of(call, peer, error->message);
            if (++peer->n_invalid > INVALID_LINES_MAX) {
                /* On the virtual clock a peer that always has more to say leaves no
                   moment at which the goodbye could run out of time. */
                peer_link_stop(peer->link);
                peer->is_done = true;
                call_decide(call, OUTCOME_ERROR, "%s breaks its contract: %s",
                            name_of(peer), error->message);
                return;
            }
            break;
        }
    }
}

/* What a peer must be able to do for what the scenario names. */
static unsigned capabilities_for(unsigned negotiate)
{
    static const unsigned kinds[SCENARIO_N_NEGOTIATE] = {
        [SCENARIO_DATA_BIT] = CONTRACT_CAN_DATA,
        [SCENARIO_AUDIO_BIT] = CONTRACT_CAN_AUDIO,
        [SCENARIO_VIDEO_BIT] = CONTRACT_CAN_VIDEO,
    };
    unsigned set = 0;
    for (unsigned i = 0; i < SCENARIO_N_NEGOTIATE; i++)
        if (negotiate & 1u << i)
            set |= kinds[i];
    return set;
}

/* What the scenario asks of a peer and it does not have, or 0. */
static unsigned lacks(const struct call *call, const struct call_peer *peer)
{
    const struct scenario_session *session = &call->spec->scenario->session;
    const struct peer_setup *setup = &call->spec->scenario->peers[peer->role];
    unsigned wanted = capabilities_for(session->negotiate);
    bool trickles = call->spec->mode == MODE_TRICKLE ||
                    (call->spec->mode == MODE_HALF && peer->role == ROLE_ANSWERER);
    if (trickles)
        wanted |= CONTRACT_CAN_TRICKLE;
    if (setup->tcp)
        wanted |= CONTRACT_CAN_ICE_TCP;
    if (setup->relay_only)
        wanted |= CONTRACT_CAN_RELAY;
    if (session->restart_ice)
        wanted |= CONTRACT_CAN_RESTART_ICE;
    if (peer->role == ROLE_ANSWERER && (session->echo & ~(unsigned)SCENARIO_DATA))
        wanted |= CONTRACT_CAN_ECHO_MEDIA;
    return wanted & ~peer->capabilities;
}

/* Media in WebRTC goes without saying (RFC 8827 section 6.5). */
bool call_peer_does_dtls(const struct call_peer *peer)
{
    return peer->capabilities &
           (CONTRACT_CAN_DTLS | CONTRACT_CAN_AUDIO | CONTRACT_CAN_VIDEO);
}

void call_match_peers(struct call *call)
{
    const struct call_peer *a = &call->peers[ROLE_OFFERER];
    const struct call_peer *b = &call->peers[ROLE_ANSWERER];
    if (call_peer_does_dtls(a) == call_peer_does_dtls(b))
        return;
    const struct call_peer *bare = call_peer_does_dtls(a) ? b : a;
    call_decide(call, OUTCOME_UNSUPPORTED,
                "%s (%s) is a bare ICE agent, without the DTLS that the other peer needs",
                name_of(bare), bare->stack);
}

static json_t *list_media(unsigned set)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < SCENARIO_N_NEGOTIATE; i++)
        if (set & 1u << i)
            json_array_append_new(list, json_string(scenario_negotiate_names[i]));
    return list;
}

/* The same flow, as the other peer sees it. */
static enum scenario_direction direction_for(const struct scenario_session *session,
                                             enum role role)
{
    static const enum scenario_direction mirrored[SCENARIO_N_DIRECTIONS] = {
        [SCENARIO_SENDRECV] = SCENARIO_SENDRECV,
        [SCENARIO_SENDONLY] = SCENARIO_RECVONLY,
        [SCENARIO_RECVONLY] = SCENARIO_SENDONLY,
    };
    return role == ROLE_OFFERER ? session->direction : mirrored[session->direction];
}

static json_t *make_configure(const struct call *call, const struct call_peer *peer)
{
    const struct scenario_session *session = &call->spec->scenario->session;
    const struct peer_setup *setup = &call->spec->scenario->peers[peer->role];
    json_t *protocols = json_array();
    if (setup->udp)
        json_array_append_new(protocols, json_string("udp"));
    if (setup->tcp)
        json_array_append_new(protocols, json_string("tcp"));
    json_t *channel = json_pack("{s:b}", "ordered", session->channel.ordered);
    if (!session->channel.reliable)
        json_object_set_new(channel, "maxRetransmits", json_integer(0));
    return json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:s, s:o, s:o}", "type", "configure", "role",
        name_of(peer), "iceServers", servers_ice_servers(call->servers, setup),
        "iceTransportPolicy", setup->relay_only ? "relay" : "all", "bundlePolicy",
        scenario_bundle_policy_names[session->bundle_policy], "protocols", protocols,
        "negotiate", list_media(session->negotiate), "direction",
        scenario_direction_names[direction_for(session, peer->role)], "dataChannel",
        channel, "echo", list_media(peer->role == ROLE_ANSWERER ? session->echo : 0));
}

void call_configure_peer(struct call *call, struct call_peer *peer)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        CONTRACT_CAPABILITIES(X)
#undef X
    };
    unsigned missing = lacks(call, peer);
    for (unsigned bit = 0; bit < G_N_ELEMENTS(names); bit++)
        if (missing & 1u << bit)
            call_decide(call, OUTCOME_UNSUPPORTED, "%s (%s) cannot do %s", name_of(peer),
                        peer->stack, names[bit]);
    if (missing)
        return;
    call_tell(call, peer, make_configure(call, peer));
}
