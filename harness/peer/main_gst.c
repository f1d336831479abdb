/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtclab-peer-gst: GStreamer's webrtcbin as a peer of rtclab (harness/peer/README.md).
 *
 *     main_gst.c              configure, commands, the end
 *     main_gst_connection.c   webrtcbin, and its signals as events
 *     main_gst_channel.c      the data channel
 *     main_gst_media.c        test sources, and decoding what comes
 *     main_gst_stats.c        its statistics in W3C's form
 *     main_gst_signal.c       descriptions and candidates
 */
#include "peer/main_gst.h"

#include "base/clock.h"
#include "base/error.h"

/* ---- from other threads ---- */

struct posted {
    struct gst_peer *peer;
    void (*function)(struct gst_peer *peer, gpointer data);
    gpointer data;
    GDestroyNotify free_data;
};

static gboolean run_posted(gpointer user)
{
    struct posted *posted = user;
    posted->function(posted->peer, posted->data);
    return G_SOURCE_REMOVE;
}

static void free_posted(gpointer user)
{
    struct posted *posted = user;
    if (posted->free_data)
        posted->free_data(posted->data);
    g_free(posted);
}

void gst_peer_call(struct gst_peer *peer,
                   void (*function)(struct gst_peer *peer, gpointer data), gpointer data,
                   GDestroyNotify free_data)
{
    struct posted *posted = g_new(struct posted, 1);
    *posted = (struct posted){ peer, function, data, free_data };
    g_idle_add_full(G_PRIORITY_DEFAULT, run_posted, posted, free_posted);
}

static void send_message(struct gst_peer *peer, gpointer message)
{
    contract_peer_send(peer->contract, json_incref(message));
}

static void free_message(gpointer message)
{
    json_decref(message);
}

void gst_peer_report(struct gst_peer *peer, enum event_kind kind, json_t *data)
{
    json_t *message = contract_make_event(kind, clock_now_ns(), data);
    if (g_atomic_int_get(&peer->is_closing))
        json_decref(message);
    else
        gst_peer_call(peer, send_message, message, free_message);
}

/* ---- commands ---- */

static bool configure(void *stack, const struct contract_configuration *c)
{
    return gst_peer_connect(stack, c);
}

static void take_signal(void *stack, const struct contract_message *message)
{
    gst_peer_take_signal(stack, message);
}

static void restart_ice(void *stack)
{
    struct gst_peer *peer = stack;
    contract_peer_warn(peer->contract, "restart-ice: webrtcbin %s has none",
                       GST_WEBRTC_VERSION);
}

static void send_data(void *stack, const struct contract_message *message)
{
    gst_peer_send(stack, message);
}

static void finish(struct gst_peer *peer, gpointer data)
{
    (void)data;
    contract_loop_finish(peer->loop);
}

/* Its statistics have come: they end with it. */
static void end(struct gst_peer *peer, gpointer promise)
{
    static const enum event_kind kinds[] = { EVENT_PEER_ICE_STATE,
                                             EVENT_PEER_CONNECTION_STATE };
    gst_peer_report(
        peer, EVENT_PEER_STATS,
        json_pack("{s:o}", "stats",
                  gst_peer_describe_stats(peer, gst_promise_get_reply(promise))));
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        gst_peer_report(peer, kinds[i], json_pack("{s:s}", "state", "closed"));
    g_atomic_int_set(&peer->is_closing, TRUE);
    gst_element_set_state(peer->pipeline, GST_STATE_NULL);
    gst_peer_call(peer, finish, NULL, NULL);
}

static void close_call(void *stack)
{
    struct gst_peer *peer = stack;
    if (peer->pipeline)
        g_signal_emit_by_name(peer->webrtc, "get-stats", NULL,
                              gst_peer_promise(peer, end));
    else
        gst_peer_call(peer, finish, NULL, NULL);
}

static const struct contract_commands commands = {
    .configure = configure,
    .signal = take_signal,
    .restart_ice = restart_ice,
    .send = send_data,
    .close = close_call,
};

/* ---- the whole ---- */

/* An element of GStreamer's that a call needs and that is in none of its plugins here;
   NULL: all are there. Those of webrtcbin's own are those that it asks for itself. */
static const char *find_missing(void)
{
    static const char *const elements[] = {
        "webrtcbin",    "rtpbin",        "nicesrc", "nicesink",  "dtlssrtpdec",
        "dtlssrtpenc",  "sctpdec",       "sctpenc", "decodebin", "audiotestsrc",
        "audioconvert", "audioresample", "opusenc", "opusdec",   "rtpopuspay",
        "rtpopusdepay", "videotestsrc",  "vp8enc",  "vp8dec",    "rtpvp8pay",
        "rtpvp8depay",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
        g_autoptr(GstElementFactory) factory = gst_element_factory_find(elements[i]);
        if (!factory)
            return elements[i];
    }
    return NULL;
}

static int run(struct gst_peer *peer)
{
    const char *missing = find_missing();
    if (missing) {
        g_autofree char *what = g_strdup_printf("GStreamer's %s", missing);
        return contract_loop_lack(peer->loop, what);
    }
    const unsigned can = CONTRACT_CAN_TRICKLE | CONTRACT_CAN_DATA | CONTRACT_CAN_AUDIO |
                         CONTRACT_CAN_VIDEO | CONTRACT_CAN_RELAY | CONTRACT_CAN_ICE_TCP |
                         CONTRACT_CAN_DTLS;
    return contract_loop_run(peer->loop,
                             contract_make_hello("webrtcbin", GST_WEBRTC_VERSION, can));
}

int main(void)
{
    struct gst_peer peer = { 0 };
    peer.loop = contract_loop_new("rtclab-peer-gst", &commands, &peer);
    if (!peer.loop)
        return EXIT_USAGE;
    peer.contract = contract_loop_peer(peer.loop);
    peer.early = g_ptr_array_new_with_free_func(free_message);
    peer.remote_sections = g_ptr_array_new_with_free_func(gst_peer_free_section);
    peer.local_sections = g_ptr_array_new_with_free_func(gst_peer_free_section);
    gst_init(NULL, NULL);

    int status = run(&peer);
    g_atomic_int_set(&peer.is_closing, TRUE);
    if (peer.pipeline)
        gst_element_set_state(peer.pipeline, GST_STATE_NULL);
    g_clear_object(&peer.dtls);
    g_clear_object(&peer.channel);
    g_clear_object(&peer.pipeline);
    g_ptr_array_unref(peer.early);
    g_ptr_array_unref(peer.remote_sections);
    g_ptr_array_unref(peer.local_sections);
    contract_loop_free(peer.loop);
    return status;
}
