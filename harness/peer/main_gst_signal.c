/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webrtcbin peer's signalling: descriptions and candidates, out and in (JSEP, RFC
 * 9429; W3C webrtc-pc's RTCIceCandidateInit). What comes in is from the other peer, and
 * may be hostile: what cannot be taken is a peer.warning, and the call goes on without.
 *
 * webrtcbin answers through promises, in its own thread; what follows is done in the
 * main loop's.
 */
#define GST_USE_UNSTABLE_API
#include <gst/sdp/sdp.h>
#include <gst/webrtc/webrtc.h>

#include <string.h>

#include "peer/main_gst.h"
#include "peer/peer_event.h"

/* ---- promises ---- */

struct answer {
    struct gst_peer *peer;
    void (*then)(struct gst_peer *peer, gpointer promise);
};

/* Called once, whatever becomes of the promise: it takes over the reference that
   gst_peer_promise() has made. webrtcbin has its own. */
static void on_promise(GstPromise *promise, gpointer user)
{
    const struct answer *answer = user;
    if (gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED)
        gst_peer_call(answer->peer, answer->then, promise,
                      (GDestroyNotify)gst_promise_unref);
    else
        gst_promise_unref(promise);
}

GstPromise *gst_peer_promise(struct gst_peer *peer,
                             void (*then)(struct gst_peer *peer, gpointer promise))
{
    struct answer *answer = g_new(struct answer, 1);
    *answer = (struct answer){ peer, then };
    return gst_promise_new_with_change_func(on_promise, answer, g_free);
}

/* Whether it brought an error, which is told. */
static bool has_failed(struct gst_peer *peer, GstPromise *promise, const char *what)
{
    const GstStructure *reply = gst_promise_get_reply(promise);
    g_autoptr(GError) error = NULL;
    if (!reply || !gst_structure_has_field_typed(reply, "error", G_TYPE_ERROR))
        return false;
    gst_structure_get(reply, "error", G_TYPE_ERROR, &error, NULL);
    g_autofree char *reason = g_strdup_printf("%s: %s", what, error->message);
    gst_peer_fail(peer, reason);
    return true;
}

/* ---- out ---- */

json_t *gst_peer_describe_candidate(const char *text)
{
    struct candidate c;
    if (candidate_parse(text, strlen(text), &c) != CANDIDATE_OK)
        return NULL;
    return peer_event_candidate(&c, text);
}

void gst_peer_free_section(gpointer user)
{
    struct gst_section *section = user;
    g_free(section->mid);
    g_free(section->ufrag);
    g_free(section);
}

static const char *attribute(const GstSDPMedia *media, const char *name,
                             const char *otherwise)
{
    const char *value = gst_sdp_media_get_attribute_val(media, name);
    if (!value)
        value = otherwise;
    return value ? value : "";
}

static GPtrArray *read_sections(const GstSDPMessage *sdp)
{
    GPtrArray *sections = g_ptr_array_new_with_free_func(gst_peer_free_section);
    const char *ufrag = gst_sdp_message_get_attribute_val(sdp, "ice-ufrag");
    for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++) {
        const GstSDPMedia *media = gst_sdp_message_get_media(sdp, i);
        struct gst_section *section = g_new(struct gst_section, 1);
        *section = (struct gst_section){
            .mid = g_strdup(attribute(media, "mid", NULL)),
            .ufrag = g_strdup(attribute(media, "ice-ufrag", ufrag)),
        };
        g_ptr_array_add(sections, section);
    }
    return sections;
}

/* What was found before our description went out. */
static void send_early(struct gst_peer *peer)
{
    g_autoptr(GPtrArray) early = g_steal_pointer(&peer->early);
    peer->early = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
    for (guint i = 0; i < early->len; i++) {
        const json_t *found = g_ptr_array_index(early, i);
        const char *candidate = json_string_value(json_object_get(found, "candidate"));
        gst_peer_tell_candidate(
            peer, (unsigned)json_integer_value(json_object_get(found, "index")),
            *candidate ? candidate : NULL);
    }
}

static void on_local_set(struct gst_peer *peer, gpointer promise)
{
    has_failed(peer, promise, "description of its own");
}

static void describe(struct gst_peer *peer, GstPromise *promise, const char *field)
{
    g_autoptr(GstWebRTCSessionDescription) description = NULL;
    const GstStructure *reply = gst_promise_get_reply(promise);
    if (has_failed(peer, promise, field))
        return;
    gst_structure_get(reply, field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description,
                      NULL);
    if (!description) {
        g_autofree char *reason = g_strdup_printf("webrtcbin made no %s", field);
        gst_peer_fail(peer, reason);
        return;
    }
    g_signal_emit_by_name(peer->webrtc, "set-local-description", description,
                          gst_peer_promise(peer, on_local_set));
    g_autofree char *text = gst_sdp_message_as_text(description->sdp);
    g_ptr_array_unref(peer->local_sections);
    peer->local_sections = read_sections(description->sdp);
    contract_peer_send(
        peer->contract,
        contract_make_description(description->type == GST_WEBRTC_SDP_TYPE_OFFER, text));
    send_early(peer);
    gst_peer_watch_dtls(peer);
}

static void send_offer(struct gst_peer *peer, gpointer promise)
{
    describe(peer, promise, "offer");
}

static void send_answer(struct gst_peer *peer, gpointer promise)
{
    describe(peer, promise, "answer");
}

void gst_peer_offer(struct gst_peer *peer)
{
    g_signal_emit_by_name(peer->webrtc, "create-offer", NULL,
                          gst_peer_promise(peer, send_offer));
}

void gst_peer_tell_candidate(struct gst_peer *peer, unsigned m_line_index,
                             const char *candidate)
{
    const char *text = candidate ? candidate : "";
    if (peer->local_sections->len == 0) {
        g_ptr_array_add(peer->early, json_pack("{s:i, s:s}", "index", (int)m_line_index,
                                               "candidate", text));
        return;
    }
    const struct gst_section *section = g_ptr_array_index(
        peer->local_sections, MIN(m_line_index, peer->local_sections->len - 1));
    contract_peer_send(
        peer->contract,
        contract_make_candidate(text, section->mid, (int)m_line_index, section->ufrag));
}

/* ---- in ---- */

static void on_remote_set(struct gst_peer *peer, gpointer promise)
{
    if (has_failed(peer, promise, "description"))
        return;
    gst_peer_watch_dtls(peer);
    if (!peer->offerer)
        g_signal_emit_by_name(peer->webrtc, "create-answer", NULL,
                              gst_peer_promise(peer, send_answer));
}

static void report_candidates(struct gst_peer *peer, const GstSDPMessage *sdp)
{
    for (guint m = 0; m < gst_sdp_message_medias_len(sdp); m++) {
        const GstSDPMedia *media = gst_sdp_message_get_media(sdp, m);
        const char *value;
        for (guint i = 0;
             (value = gst_sdp_media_get_attribute_val_n(media, "candidate", i)); i++) {
            g_autofree char *text = g_strconcat("candidate:", value, NULL);
            json_t *data = gst_peer_describe_candidate(text);
            if (data)
                gst_peer_report(peer, EVENT_PEER_REMOTE_CANDIDATE, data);
        }
    }
}

static void take_description(struct gst_peer *peer, const struct contract_message *m)
{
    GstSDPMessage *sdp = NULL;
    g_autoptr(GError) error = NULL;
    if (m->offer == peer->offerer || peer->has_remote) {
        contract_peer_warn(peer->contract, "an %s out of turn was ignored",
                           m->offer ? "offer" : "answer");
        return;
    }
    /* GStreamer skips what it does not know. RFC 8866 section 5: "v=" must be there. */
    if (gst_sdp_message_new_from_text(m->sdp, &sdp) != GST_SDP_OK ||
        !gst_sdp_message_get_version(sdp)) {
        gst_sdp_message_free(sdp);
        gst_peer_fail(peer, "description: it is no SDP");
        return;
    }
    peer->has_remote = true;
    g_ptr_array_unref(peer->remote_sections);
    peer->remote_sections = read_sections(sdp);
    report_candidates(peer, sdp);
    if (m->offer && !gst_peer_add_media(peer, sdp, &error)) {
        gst_sdp_message_free(sdp);
        gst_peer_fail(peer, error->message);
        return;
    }
    g_autoptr(GstWebRTCSessionDescription) description =
        gst_webrtc_session_description_new(
            m->offer ? GST_WEBRTC_SDP_TYPE_OFFER : GST_WEBRTC_SDP_TYPE_ANSWER, sdp);
    g_signal_emit_by_name(peer->webrtc, "set-remote-description", description,
                          gst_peer_promise(peer, on_remote_set));
}

/* Whether it is of the description in force; until that has come, nobody knows. */
static bool is_current(const struct gst_peer *peer, const char *ufrag)
{
    if (!ufrag || peer->remote_sections->len == 0)
        return true;
    for (guint i = 0; i < peer->remote_sections->len; i++) {
        const struct gst_section *section = g_ptr_array_index(peer->remote_sections, i);
        if (strcmp(section->ufrag, ufrag) == 0)
            return true;
    }
    return false;
}

/* The m-section that a candidate is for: by sdpMid, else by its number (W3C webrtc-pc).
 */
static guint section_index(const struct gst_peer *peer, const struct contract_message *m)
{
    for (guint i = 0; m->sdp_mid && i < peer->remote_sections->len; i++) {
        const struct gst_section *section = g_ptr_array_index(peer->remote_sections, i);
        if (strcmp(section->mid, m->sdp_mid) == 0)
            return i;
    }
    return (guint)MAX(0, m->sdp_m_line_index);
}

static void take_candidate(struct gst_peer *peer, const struct contract_message *m)
{
    if (!is_current(peer, m->username_fragment)) {
        contract_peer_warn(peer->contract,
                           "candidate: of another generation (ufrag %s), ignored",
                           m->username_fragment);
        return;
    }
    json_t *data = m->candidate[0] ? gst_peer_describe_candidate(m->candidate) : NULL;
    if (m->candidate[0] && !data) {
        contract_peer_warn(peer->contract, "candidate: cannot be read: \"%.60s\"",
                           m->candidate);
        return;
    }
    if (data)
        gst_peer_report(peer, EVENT_PEER_REMOTE_CANDIDATE, data);
    g_signal_emit_by_name(peer->webrtc, "add-ice-candidate", section_index(peer, m),
                          m->candidate);
}

void gst_peer_take_signal(struct gst_peer *peer, const struct contract_message *m)
{
    if (m->candidate)
        take_candidate(peer, m);
    else
        take_description(peer, m);
}
