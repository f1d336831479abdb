/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webrtcbin as an RTCPeerConnection: made from a configuration, and its signals turned
 * into events. Its states are W3C webrtc-pc's already; what webrtcbin does not tell (the
 * selected pair) is asked of libnice inside it.
 */
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include <string.h>

#include <nice/agent.h>

#include "peer/main_gst.h"
#include "peer/main_nice_candidate.h"

static const struct {
    const char *property;
    enum event_kind kind;
} states[] = {
    { "signaling-state", EVENT_PEER_SIGNALING_STATE },
    { "ice-gathering-state", EVENT_PEER_GATHERING_STATE },
    { "ice-connection-state", EVENT_PEER_ICE_STATE },
    { "connection-state", EVENT_PEER_CONNECTION_STATE },
};

static const GstWebRTCBundlePolicy bundle_policies[] = {
    [CONTRACT_MAX_BUNDLE] = GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE,
    [CONTRACT_BALANCED] = GST_WEBRTC_BUNDLE_POLICY_BALANCED,
    [CONTRACT_MAX_COMPAT] = GST_WEBRTC_BUNDLE_POLICY_MAX_COMPAT,
};

/* For webrtcbin to tell what libnice has told it. */
enum { GATHERED_LIMIT_MS = 50 };

/* An enum property as W3C writes it: GStreamer's nicks are its words. */
static const char *state_text(GObject *object, const char *property)
{
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), property);
    int value = 0;
    g_object_get(object, property, &value, NULL);
    const GEnumValue *entry =
        g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, value);
    return entry ? entry->value_nick : "?";
}

/* ---- what webrtcbin reports ---- */

static void end_candidates(struct gst_peer *peer, gpointer data)
{
    (void)data;
    if (!peer->is_gathered)
        gst_peer_tell_candidate(peer, 0, NULL);
    peer->is_gathered = true;
}

static void on_state(GObject *webrtc, GParamSpec *spec, gpointer user)
{
    struct gst_peer *peer = user;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        if (strcmp(spec->name, states[i].property) != 0)
            continue;
        const char *state = state_text(webrtc, spec->name);
        bool is_gathered = states[i].kind == EVENT_PEER_GATHERING_STATE &&
                           strcmp(state, "complete") == 0;
        if (is_gathered)
            gst_peer_call(peer, end_candidates, NULL, NULL);
        gst_peer_report(peer, states[i].kind, json_pack("{s:s}", "state", state));
    }
}

struct found {
    unsigned m_line_index;
    char *candidate;
};

static void free_found(gpointer user)
{
    struct found *found = user;
    g_free(found->candidate);
    g_free(found);
}

static void take_found(struct gst_peer *peer, gpointer data)
{
    const struct found *found = data;
    gst_peer_tell_candidate(peer, found->m_line_index, found->candidate);
}

static void on_candidate(GstElement *webrtc, guint m_line_index, char *candidate,
                         struct gst_peer *peer)
{
    (void)webrtc;
    if (!candidate || !*candidate)
        return; /* the end: the gathering state tells it too */
    struct found *found = g_new(struct found, 1);
    *found = (struct found){ m_line_index, g_strdup(candidate) };
    json_t *data = gst_peer_describe_candidate(candidate);
    if (data)
        gst_peer_report(peer, EVENT_PEER_CANDIDATE, data);
    gst_peer_call(peer, take_found, found, free_found);
}

static void offer(struct gst_peer *peer, gpointer data)
{
    (void)data;
    if (!peer->has_offered)
        gst_peer_offer(peer);
    peer->has_offered = true;
}

static void on_negotiation_needed(GstElement *webrtc, struct gst_peer *peer)
{
    (void)webrtc;
    if (peer->offerer)
        gst_peer_call(peer, offer, NULL, NULL);
}

void gst_peer_fail(struct gst_peer *peer, const char *reason)
{
    contract_peer_warn(peer->contract, "%s", reason);
    g_autofree char *text = g_utf8_make_valid(reason, -1);
    gst_peer_report(peer, EVENT_PEER_CONNECTION_STATE,
                    json_pack("{s:s, s:s}", "state", "failed", "reason", text));
}

/* After an error a pipeline does not go on. */
static gboolean on_bus(GstBus *bus, GstMessage *message, gpointer user)
{
    (void)bus;
    g_autoptr(GError) error = NULL;
    g_autofree char *debug = NULL;
    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
        return G_SOURCE_CONTINUE;
    gst_message_parse_error(message, &error, &debug);
    g_printerr("%s: %s\n%s\n", GST_MESSAGE_SRC_NAME(message), error->message,
               debug ? debug : "");
    g_autofree char *reason =
        g_strdup_printf("%s: %s", GST_MESSAGE_SRC_NAME(message), error->message);
    gst_peer_fail(user, reason);
    return G_SOURCE_CONTINUE;
}

/* ---- what libnice reports ---- */

/* webrtcbin takes a candidate that it has yet to hand out for a sign that it will look at
   the gathering state again, and then does not (_update_ice_gathering_state_task()): it
   says "gathering" for good. What it had to hand out it has handed out by now. */
static gboolean on_gathered_late(gpointer user)
{
    struct gst_peer *peer = user;
    if (!peer->is_gathered && !g_atomic_int_get(&peer->is_closing)) {
        end_candidates(peer, NULL);
        gst_peer_report(peer, EVENT_PEER_GATHERING_STATE,
                        json_pack("{s:s, s:s}", "state", "complete", "told_by",
                                  "libnice, as webrtcbin does not"));
    }
    return G_SOURCE_REMOVE;
}

static void wait_for_gathered(struct gst_peer *peer, gpointer data)
{
    (void)data;
    if (!peer->is_gathered)
        g_timeout_add(GATHERED_LIMIT_MS, on_gathered_late, peer);
}

static void on_gathered(NiceAgent *agent, guint stream, struct gst_peer *peer)
{
    (void)agent, (void)stream;
    gst_peer_call(peer, wait_for_gathered, NULL, NULL);
}

static void on_pair(NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
                    NiceCandidate *remote, struct gst_peer *peer)
{
    (void)agent, (void)stream, (void)component;
    gst_peer_report(peer, EVENT_PEER_SELECTED_PAIR,
                    json_pack("{s:o, s:o}", "local", nice_candidate_event(local),
                              "remote", nice_candidate_event(remote)));
}

/* ---- the data channel ---- */

static void on_channel(GstElement *webrtc, GObject *channel, struct gst_peer *peer)
{
    (void)webrtc;
    gst_peer_take_channel(peer, channel);
}

/* ---- DTLS ---- */

static void on_dtls_state(GObject *dtls, GParamSpec *spec, gpointer user)
{
    gst_peer_report(user, EVENT_PEER_DTLS_STATE,
                    json_pack("{s:s}", "state", state_text(dtls, spec->name)));
}

/* All m-sections are bundled: any transport is the only one (RFC 9143). */
static GObject *find_dtls(struct gst_peer *peer)
{
    GObject *dtls = NULL;
    g_autoptr(GObject) sctp = NULL;
    g_object_get(peer->webrtc, "sctp-transport", &sctp, NULL);
    if (sctp)
        g_object_get(sctp, "transport", &dtls, NULL);
    g_autoptr(GArray) transceivers = NULL;
    if (!dtls)
        g_signal_emit_by_name(peer->webrtc, "get-transceivers", &transceivers);
    for (guint i = 0; !dtls && transceivers && i < transceivers->len; i++) {
        g_autoptr(GObject) sender = NULL;
        g_object_get(g_array_index(transceivers, GObject *, i), "sender", &sender, NULL);
        if (sender)
            g_object_get(sender, "transport", &dtls, NULL);
    }
    return dtls;
}

void gst_peer_watch_dtls(struct gst_peer *peer)
{
    if (peer->dtls)
        return;
    peer->dtls = find_dtls(peer);
    if (peer->dtls)
        g_signal_connect(peer->dtls, "notify::state", G_CALLBACK(on_dtls_state), peer);
}

/* ---- making it ---- */

/* URIs as GStreamer has them: W3C's with "//", and their credentials before the host. */
static void add_server(struct gst_peer *peer, const struct contract_server *s,
                       bool *has_stun)
{
    const char *left = strchr(s->url.host, ':') ? "[" : "";
    const char *right = *left ? "]" : "";
    unsigned port = ice_url_port(&s->url);
    if (!s->url.turn) {
        g_autofree char *uri =
            g_strdup_printf("stun://%s%s%s:%u", left, s->url.host, right, port);
        if (*has_stun)
            contract_peer_warn(peer->contract,
                               "%s: not used: webrtcbin takes one STUN server", s->text);
        else
            g_object_set(peer->webrtc, "stun-server", uri, NULL);
        *has_stun = true;
        return;
    }
    g_autofree char *user = g_uri_escape_string(s->username, NULL, FALSE);
    g_autofree char *password = g_uri_escape_string(s->credential, NULL, FALSE);
    g_autofree char *uri =
        g_strdup_printf("%s://%s:%s@%s%s%s:%u?transport=%s",
                        s->url.tls ? "turns" : "turn", user, password, left, s->url.host,
                        right, port, ice_url_is_tcp(&s->url) ? "tcp" : "udp");
    gboolean is_taken = FALSE;
    g_signal_emit_by_name(peer->webrtc, "add-turn-server", uri, &is_taken);
    if (!is_taken)
        contract_peer_warn(peer->contract, "%s: webrtcbin refused it", s->text);
}

static void configure_ice(struct gst_peer *peer, const struct contract_configuration *c)
{
    g_autoptr(GObject) ice = NULL;
    g_autoptr(GObject) agent = NULL;
    g_object_get(peer->webrtc, "ice-agent", &ice, NULL);
    g_object_set(ice, "ice-udp", (gboolean)c->udp, "ice-tcp", (gboolean)c->tcp, NULL);
    g_object_get(ice, "agent", &agent, NULL);
    g_object_set(agent, "upnp", FALSE, NULL); /* no lab has such a router */
    g_signal_connect(agent, "new-selected-pair-full", G_CALLBACK(on_pair), peer);
    g_signal_connect(agent, "candidate-gathering-done", G_CALLBACK(on_gathered), peer);
    if (c->relay_only)
        g_object_set(peer->webrtc, "ice-transport-policy",
                     GST_WEBRTC_ICE_TRANSPORT_POLICY_RELAY, NULL);
    bool has_stun = false;
    for (size_t i = 0; i < c->n_servers; i++)
        add_server(peer, &c->servers[i], &has_stun);
}

static bool refuse(struct gst_peer *peer, const char *why)
{
    contract_peer_send(peer->contract, contract_make_unsupported(why));
    return false;
}

/* What webrtcbin cannot do of what is asked for; NULL: nothing. Caller owns. */
static char *find_unsupported(const struct contract_configuration *c)
{
    if (c->echo & ~(unsigned)CONTRACT_CAN_DATA)
        return g_strdup("this peer does not send received media back");
    for (size_t i = 0; i < c->n_servers; i++)
        if (c->servers[i].url.tls)
            return g_strdup_printf("%s: libnice has no TURN over TLS",
                                   c->servers[i].text);
    return NULL;
}

bool gst_peer_connect(struct gst_peer *peer, const struct contract_configuration *c)
{
    g_autoptr(GError) error = NULL;
    peer->offerer = c->offerer;
    peer->negotiate = c->negotiate;
    peer->echo = c->echo;
    peer->direction = c->direction;
    g_autofree char *unsupported = find_unsupported(c);
    if (unsupported)
        return refuse(peer, unsupported);
    peer->webrtc = gst_element_factory_make("webrtcbin", NULL);
    peer->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    gst_bin_add(GST_BIN(peer->pipeline), peer->webrtc);
    g_object_set(peer->webrtc, "bundle-policy", bundle_policies[c->bundle_policy], NULL);
    g_autoptr(GstBus) bus = gst_element_get_bus(peer->pipeline);
    gst_bus_add_watch(bus, on_bus, peer);
    configure_ice(peer, c);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autofree char *signal = g_strconcat("notify::", states[i].property, NULL);
        g_signal_connect(peer->webrtc, signal, G_CALLBACK(on_state), peer);
    }
    g_signal_connect(peer->webrtc, "on-ice-candidate", G_CALLBACK(on_candidate), peer);
    g_signal_connect(peer->webrtc, "on-negotiation-needed",
                     G_CALLBACK(on_negotiation_needed), peer);
    g_signal_connect(peer->webrtc, "on-data-channel", G_CALLBACK(on_channel), peer);
    gst_peer_report(peer, EVENT_PEER_CONNECTION_STATE,
                    json_pack("{s:s}", "state", "new"));
    if (c->offerer && !gst_peer_add_media(peer, NULL, &error))
        return refuse(peer, error->message);
    gst_element_set_state(peer->pipeline, GST_STATE_PLAYING);
    if (c->offerer && (c->negotiate & CONTRACT_CAN_DATA))
        gst_peer_make_channel(peer, &c->channel);
    return true;
}
