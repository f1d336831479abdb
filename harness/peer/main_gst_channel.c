/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webrtcbin peer's data channel (RFC 8831, RFC 8832). Its signals come in threads of
 * webrtcbin's; what is sent is sent from the main loop's.
 */
#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include <string.h>

#include "peer/main_gst.h"
#include "peer/peer_event.h"

/** A message: a text, with its NUL, or bytes. */
struct outgoing {
    GBytes *data;
    bool is_text;
};

static struct outgoing *outgoing_new_text(const char *text)
{
    struct outgoing *outgoing = g_new(struct outgoing, 1);
    *outgoing = (struct outgoing){ g_bytes_new(text, strlen(text) + 1), true };
    return outgoing;
}

static struct outgoing *outgoing_new_bytes(GBytes *bytes)
{
    struct outgoing *outgoing = g_new(struct outgoing, 1);
    *outgoing = (struct outgoing){ g_bytes_ref(bytes), false };
    return outgoing;
}

static void outgoing_free(gpointer user)
{
    struct outgoing *outgoing = user;
    g_bytes_unref(outgoing->data);
    g_free(outgoing);
}

/* ---- out ---- */

static bool is_open(const struct gst_peer *peer)
{
    GstWebRTCDataChannelState state = GST_WEBRTC_DATA_CHANNEL_STATE_CONNECTING;
    if (peer->channel)
        g_object_get(peer->channel, "ready-state", &state, NULL);
    return state == GST_WEBRTC_DATA_CHANNEL_STATE_OPEN;
}

static void emit(struct gst_peer *peer, const struct outgoing *outgoing)
{
    if (outgoing->is_text)
        g_signal_emit_by_name(peer->channel, "send-string",
                              g_bytes_get_data(outgoing->data, NULL));
    else
        g_signal_emit_by_name(peer->channel, "send-data", outgoing->data);
}

void gst_peer_send(struct gst_peer *peer, const struct contract_message *message)
{
    struct outgoing *outgoing = message->bytes ? outgoing_new_bytes(message->bytes)
                                               : outgoing_new_text(message->text);
    if (is_open(peer))
        emit(peer, outgoing);
    else
        contract_peer_warn(peer->contract, "send: the data channel is not open");
    outgoing_free(outgoing);
}

static void send_back(struct gst_peer *peer, gpointer outgoing)
{
    if (is_open(peer))
        emit(peer, outgoing);
}

/* ---- in ---- */

static void on_open(GObject *channel, struct gst_peer *peer)
{
    g_autofree char *label = NULL;
    g_object_get(channel, "label", &label, NULL);
    gst_peer_report(peer, EVENT_PEER_CHANNEL_OPEN, json_pack("{s:s}", "label", label));
}

static void take(struct gst_peer *peer, const void *data, size_t size,
                 struct outgoing *same)
{
    gst_peer_report(peer, EVENT_PEER_MESSAGE,
                    peer_event_message(data, size, !same->is_text));
    if (peer->echo & CONTRACT_CAN_DATA)
        gst_peer_call(peer, send_back, same, outgoing_free);
    else
        outgoing_free(same);
}

/* An empty message comes as NULL (RFC 8831 section 6.6). */
static void on_text(GObject *channel, const char *text, struct gst_peer *peer)
{
    (void)channel;
    text = text ? text : "";
    take(peer, text, strlen(text), outgoing_new_text(text));
}

static void on_bytes(GObject *channel, GBytes *bytes, struct gst_peer *peer)
{
    (void)channel;
    g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
    gsize size;
    bytes = bytes ? bytes : empty;
    const void *data = g_bytes_get_data(bytes, &size);
    take(peer, data ? data : "", size, outgoing_new_bytes(bytes));
}

static void on_error(GObject *channel, const GError *error, struct gst_peer *peer)
{
    (void)channel;
    g_autofree char *what =
        g_strdup_printf("data channel: %s", error ? error->message : "an error");
    gst_peer_report(peer, EVENT_PEER_WARNING, json_pack("{s:s}", "what", what));
}

static void use_channel(struct gst_peer *peer, gpointer channel)
{
    g_set_object(&peer->channel, channel);
}

/* Its own handlers first, so that no message is lost. */
void gst_peer_take_channel(struct gst_peer *peer, GObject *channel)
{
    g_signal_connect(channel, "on-open", G_CALLBACK(on_open), peer);
    g_signal_connect(channel, "on-message-string", G_CALLBACK(on_text), peer);
    g_signal_connect(channel, "on-message-data", G_CALLBACK(on_bytes), peer);
    g_signal_connect(channel, "on-error", G_CALLBACK(on_error), peer);
    gst_peer_call(peer, use_channel, g_object_ref(channel), g_object_unref);
}

void gst_peer_make_channel(struct gst_peer *peer, const struct contract_channel *c)
{
    g_autoptr(GstStructure) options = gst_structure_new(
        "options", "ordered", G_TYPE_BOOLEAN, (gboolean)c->ordered, "max-retransmits",
        G_TYPE_INT, c->max_retransmits, "max-packet-lifetime", G_TYPE_INT,
        c->max_packet_lifetime_ms, NULL);
    g_autoptr(GObject) channel = NULL;
    g_signal_emit_by_name(peer->webrtc, "create-data-channel", "rtclab", options,
                          &channel);
    if (channel)
        gst_peer_take_channel(peer, channel);
    else
        contract_peer_warn(peer->contract, "webrtcbin made no data channel");
}
