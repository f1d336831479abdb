/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webrtcbin peer's media: a tone and a test picture go out, Opus (RFC 7587) and VP8
 * (RFC 7741); what comes in is decoded, and its first frame reported.
 */
#define GST_USE_UNSTABLE_API
#include <gst/sdp/sdp.h>
#include <gst/webrtc/webrtc.h>

#include "base/error.h"
#include "peer/main_gst.h"

static const struct {
    enum contract_capability kind;
    GstWebRTCKind webrtc_kind;
    const char *media, *source, *encoding;
    int clock_rate_hz;
    int payload; /* as it is offered */
} kinds[GST_PEER_N_MEDIA] = {
    { CONTRACT_CAN_AUDIO, GST_WEBRTC_KIND_AUDIO, "audio",
      "audiotestsrc is-live=true wave=sine ! audioconvert ! audioresample ! "
      "opusenc ! rtpopuspay",
      "OPUS", 48000, 111 },
    { CONTRACT_CAN_VIDEO, GST_WEBRTC_KIND_VIDEO, "video",
      "videotestsrc is-live=true pattern=ball ! "
      "video/x-raw,width=320,height=240,framerate=15/1 ! "
      "vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay",
      "VP8", 90000, 96 },
};

/* ---- what comes ---- */

/* A thread of webrtcbin's, one for each stream. */
static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
    (void)pad, (void)info;
    struct gst_media *media = user;
    if (g_atomic_int_add(&media->n_frames, 1) == 0)
        gst_peer_report(media->peer, EVENT_PEER_FIRST_MEDIA,
                        json_pack("{s:s}", "media", media->name));
    return GST_PAD_PROBE_OK;
}

/* A decoded stream ends in a sink that takes it as it comes. */
static void on_decoded(GstElement *decoder, GstPad *pad, struct gst_peer *peer)
{
    GstElement *sink = gst_element_factory_make("fakesink", NULL);
    g_object_set(sink, "async", FALSE, "sync", FALSE, NULL);
    gst_bin_add(GST_BIN(GST_ELEMENT_PARENT(decoder)), sink);
    gst_element_sync_state_with_parent(sink);
    g_autoptr(GstPad) into = gst_element_get_static_pad(sink, "sink");
    g_autoptr(GstCaps) caps = gst_pad_query_caps(pad, NULL);
    const char *name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(name, kinds[i].media))
            gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, &peer->media[i],
                              NULL);
    gst_pad_link(pad, into);
}

/* RFC 3550 section 5.1: the SSRC is the third word. A thread of webrtcbin's. */
static GstPadProbeReturn on_first_packet(GstPad *pad, GstPadProbeInfo *info,
                                         gpointer user)
{
    (void)pad;
    struct gst_media *media = user;
    GstBuffer *packet = gst_pad_probe_info_get_buffer(info);
    guint32 ssrc;
    if (packet && gst_buffer_extract(packet, 8, &ssrc, sizeof ssrc) == sizeof ssrc)
        g_atomic_int_set(&media->ssrc, (gint)g_ntohl(ssrc));
    return GST_PAD_PROBE_REMOVE;
}

static void keep_ssrc(struct gst_peer *peer, GstPad *pad)
{
    GstWebRTCKind kind = GST_WEBRTC_KIND_UNKNOWN;
    g_autoptr(GObject) transceiver = NULL;
    g_object_get(pad, "transceiver", &transceiver, NULL);
    if (transceiver)
        g_object_get(transceiver, "kind", &kind, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].webrtc_kind == kind)
            gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_first_packet,
                              &peer->media[i], NULL);
}

static void on_received(GstElement *webrtc, GstPad *pad, struct gst_peer *peer)
{
    (void)webrtc;
    if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
        return;
    keep_ssrc(peer, pad);
    GstElement *decoder = gst_element_factory_make("decodebin", NULL);
    g_signal_connect(decoder, "pad-added", G_CALLBACK(on_decoded), peer);
    gst_bin_add(GST_BIN(peer->pipeline), decoder);
    gst_element_sync_state_with_parent(decoder);
    g_autoptr(GstPad) into = gst_element_get_static_pad(decoder, "sink");
    gst_pad_link(pad, into);
}

/* ---- what goes ---- */

static char *describe_caps(size_t i, int payload)
{
    return g_strdup_printf("application/x-rtp,media=%s,encoding-name=%s,payload=%d,"
                           "clock-rate=%d",
                           kinds[i].media, kinds[i].encoding, payload,
                           kinds[i].clock_rate_hz);
}

static void add_receiver(struct gst_peer *peer, size_t i)
{
    g_autofree char *text = describe_caps(i, kinds[i].payload);
    g_autoptr(GstCaps) caps = gst_caps_from_string(text);
    g_autoptr(GObject) transceiver = NULL;
    g_signal_emit_by_name(peer->webrtc, "add-transceiver",
                          GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, caps,
                          &transceiver);
}

static void send_only(GstElement *source)
{
    g_autoptr(GstPad) out = gst_element_get_static_pad(source, "src");
    g_autoptr(GstPad) into = gst_pad_get_peer(out);
    g_autoptr(GObject) transceiver = NULL;
    g_object_get(into, "transceiver", &transceiver, NULL);
    g_object_set(transceiver, "direction", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY,
                 NULL);
}

static bool add_source(struct gst_peer *peer, size_t i, int payload, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *caps = describe_caps(i, payload);
    g_autofree char *text =
        g_strdup_printf("%s pt=%d ! capsfilter caps=%s", kinds[i].source, payload, caps);
    GstElement *source = gst_parse_bin_from_description(text, TRUE, &cause);
    if (!source) {
        g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT, "%s: %s", kinds[i].media,
                    cause->message);
        return false;
    }
    gst_bin_add(GST_BIN(peer->pipeline), source);
    gst_element_link(source, peer->webrtc);
    if (peer->direction == CONTRACT_SENDONLY)
        send_only(source);
    gst_element_sync_state_with_parent(source);
    return true;
}

/* A format of an m-section as a payload type (RFC 3550 section 5.1: seven bits); -1: it
   is none. */
static int read_payload(const char *format)
{
    guint64 payload;
    return g_ascii_string_to_unsigned(format, 10, 0, 127, &payload, NULL) ? (int)payload
                                                                          : -1;
}

/* The payload type of a kind's codec in an offer; -1: it is not offered. */
static int find_payload(const GstSDPMessage *offer, size_t i)
{
    for (guint m = 0; m < gst_sdp_message_medias_len(offer); m++) {
        const GstSDPMedia *media = gst_sdp_message_get_media(offer, m);
        if (g_strcmp0(gst_sdp_media_get_media(media), kinds[i].media) != 0)
            continue;
        for (guint f = 0; f < gst_sdp_media_formats_len(media); f++) {
            int payload = read_payload(gst_sdp_media_get_format(media, f));
            if (payload < 0)
                continue;
            g_autoptr(GstCaps) caps = gst_sdp_media_get_caps_from_media(media, payload);
            const char *name =
                caps ? gst_structure_get_string(gst_caps_get_structure(caps, 0),
                                                "encoding-name")
                     : NULL;
            if (name && g_ascii_strcasecmp(name, kinds[i].encoding) == 0)
                return payload;
        }
    }
    return -1;
}

bool gst_peer_add_media(struct gst_peer *peer, const GstSDPMessage *offer, GError **error)
{
    g_signal_connect(peer->webrtc, "pad-added", G_CALLBACK(on_received), peer);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        peer->media[i] = (struct gst_media){ .peer = peer, .name = kinds[i].media };
        int payload = offer ? find_payload(offer, i) : kinds[i].payload;
        if (!(peer->negotiate & kinds[i].kind) || payload < 0)
            continue;
        /* An answerer's transceivers for what it only gets come with the offer. */
        if (peer->direction == CONTRACT_RECVONLY && !offer)
            add_receiver(peer, i);
        else if (peer->direction != CONTRACT_RECVONLY &&
                 !add_source(peer, i, payload, error))
            return false;
    }
    return true;
}
