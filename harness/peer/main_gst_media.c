/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webrtcbin peer's media: a tone and a test picture go out, Opus (RFC 7587) and VP8
 * (RFC 7741); what comes in is decoded, and its first frame reported.
 */
#include "peer/main_gst.h"

#include <string.h>

#include "base/error.h"

static const struct {
    enum contract_capability kind;
    const char *media, *source;
} sources[] = {
    { CONTRACT_CAN_AUDIO, "audio",
      "audiotestsrc is-live=true wave=sine ! audioconvert ! audioresample ! "
      "opusenc ! rtpopuspay pt=111 ! "
      "capsfilter caps=application/x-rtp,media=audio,encoding-name=OPUS,payload=111" },
    { CONTRACT_CAN_VIDEO, "video",
      "videotestsrc is-live=true pattern=ball ! "
      "video/x-raw,width=320,height=240,framerate=15/1 ! "
      "vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay pt=96 ! "
      "capsfilter caps=application/x-rtp,media=video,encoding-name=VP8,payload=96" },
};

/* ---- what comes ---- */

static GstPadProbeReturn on_first_frame(GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
    (void)info;
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    const char *name =
        caps ? gst_structure_get_name(gst_caps_get_structure(caps, 0)) : "";
    gst_peer_report(user, EVENT_PEER_FIRST_MEDIA,
                    json_pack("{s:s}", "media",
                              g_str_has_prefix(name, "video/") ? "video" : "audio"));
    return GST_PAD_PROBE_REMOVE;
}

/* A decoded stream ends in a sink that takes it as it comes. */
static void on_decoded(GstElement *decoder, GstPad *pad, struct gst_peer *peer)
{
    GstElement *sink = gst_element_factory_make("fakesink", NULL);
    g_object_set(sink, "async", FALSE, "sync", FALSE, NULL);
    gst_bin_add(GST_BIN(GST_ELEMENT_PARENT(decoder)), sink);
    gst_element_sync_state_with_parent(sink);
    g_autoptr(GstPad) into = gst_element_get_static_pad(sink, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_first_frame, peer, NULL);
    gst_pad_link(pad, into);
}

static void on_received(GstElement *webrtc, GstPad *pad, struct gst_peer *peer)
{
    (void)webrtc;
    if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
        return;
    GstElement *decoder = gst_element_factory_make("decodebin", NULL);
    g_signal_connect(decoder, "pad-added", G_CALLBACK(on_decoded), peer);
    gst_bin_add(GST_BIN(peer->pipeline), decoder);
    gst_element_sync_state_with_parent(decoder);
    g_autoptr(GstPad) into = gst_element_get_static_pad(decoder, "sink");
    gst_pad_link(pad, into);
}

/* ---- what goes ---- */

bool gst_peer_add_media(struct gst_peer *peer, GError **error)
{
    g_signal_connect(peer->webrtc, "pad-added", G_CALLBACK(on_received), peer);
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
        if (!(peer->negotiate & sources[i].kind))
            continue;
        g_autoptr(GError) cause = NULL;
        GstElement *source =
            gst_parse_bin_from_description(sources[i].source, TRUE, &cause);
        if (!source) {
            g_set_error(error, RTC_ERROR, RTC_ERROR_ENVIRONMENT,
                        "%s: %s; install it with `apt-get install "
                        "gstreamer1.0-plugins-good gstreamer1.0-plugins-base`",
                        sources[i].media, cause->message);
            return false;
        }
        gst_bin_add(GST_BIN(peer->pipeline), source);
        gst_element_link(source, peer->webrtc);
    }
    return true;
}
