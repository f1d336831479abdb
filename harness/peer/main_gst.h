/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webrtcbin peer: what its files share.
 *
 * webrtcbin, and libnice inside it, work in threads of their own and emit their signals
 * there; the contract belongs to the main loop's. What a handler has to say goes over
 * with gst_peer_report(), stamped with the time at which it happened.
 */
#ifndef RTCLAB_PEER_MAIN_GST_H
#define RTCLAB_PEER_MAIN_GST_H

#include <gst/gst.h>
#include <gst/sdp/sdp.h>

#include "peer/contract_loop.h"

/** What signalling has to know of an m-section. */
struct gst_section {
    char *mid;   /**< "" if it has none */
    char *ufrag; /**< its own, or the session's; "" if there is none */
};

enum { GST_PEER_N_MEDIA = 2 };

/** Audio or video that comes. */
struct gst_media {
    struct gst_peer *peer;
    const char *name; /**< "audio", "video" */
    gint ssrc;        /**< atomic: of the stream, as unsigned; 0: none yet */
    gint n_frames;    /**< atomic: how many were decoded */
};

struct gst_peer {
    struct contract_loop *loop;
    struct contract_peer *contract; /**< the loop's */

    bool offerer;
    unsigned negotiate; /**< CONTRACT_CAN_DATA, _AUDIO, _VIDEO */
    unsigned echo;      /**< of these */
    enum contract_direction direction;
    GstElement *pipeline; /**< NULL until configured */
    GstElement *webrtc;   /**< in the pipeline; borrowed */
    GObject *channel;     /**< GstWebRTCDataChannel; NULL until there is one */
    gboolean is_closing;  /**< atomic: nothing more is reported */
    struct gst_media media[GST_PEER_N_MEDIA];

    /* The main loop's thread only: */
    bool has_offered;
    bool has_remote;  /**< a description of the other side was taken in */
    bool is_gathered; /**< gathering is complete, and end-of-candidates was sent */
    GPtrArray *remote_sections; /**< struct gst_section: of that description */
    GPtrArray *local_sections;  /**< of ours; empty: not made yet */
    GPtrArray *early; /**< json_t: candidates found before our description was sent */
    GObject *dtls;    /**< GstWebRTCDTLSTransport that is watched; NULL: none yet */
};

/** Has the harness told of an event that happens now; from any thread. `data`: consumed
 */
void gst_peer_report(struct gst_peer *peer, enum event_kind kind, json_t *data);

/** Runs a function in the main loop's thread, after all that was reported before. */
void gst_peer_call(struct gst_peer *peer,
                   void (*function)(struct gst_peer *peer, gpointer data), gpointer data,
                   GDestroyNotify free_data);

/* main_gst_connection.c: webrtcbin, and what it reports */

/** Makes the pipeline. @return false, after telling the harness why, if it cannot */
bool gst_peer_connect(struct gst_peer *peer,
                      const struct contract_configuration *configuration);
/** The call cannot come about, or has ended: in the stack's own words. */
void gst_peer_fail(struct gst_peer *peer, const char *reason);
/** Watches the DTLS transport as soon as descriptions have made one. */
void gst_peer_watch_dtls(struct gst_peer *peer);

/* main_gst_channel.c: the data channel */

/** Makes it. */
void gst_peer_make_channel(struct gst_peer *peer, const struct contract_channel *channel);
/** Uses one that the other side made. */
void gst_peer_take_channel(struct gst_peer *peer, GObject *channel);
/** Sends a message. */
void gst_peer_send(struct gst_peer *peer, const struct contract_message *message);

/* main_gst_media.c: what is sent and what comes */

/**
 * Adds what the call sends, and takes what it gets.
 * @param offer the other side's, whose payload types webrtcbin must send with; NULL: this
 *              peer makes the offer
 * @return false: a part is missing
 */
bool gst_peer_add_media(struct gst_peer *peer, const GstSDPMessage *offer,
                        GError **error);

/* main_gst_stats.c */

/** What webrtcbin answered to get-stats, in W3C's form; caller owns. */
json_t *gst_peer_describe_stats(const struct gst_peer *peer, const GstStructure *stats);

/* main_gst_signal.c: descriptions and candidates, out and in */

/** Runs a function in the main loop's thread with what a promise brought. */
GstPromise *gst_peer_promise(struct gst_peer *peer,
                             void (*then)(struct gst_peer *peer, gpointer promise));
void gst_peer_free_section(gpointer section);
/** Makes and sends an offer. */
void gst_peer_offer(struct gst_peer *peer);
/** Sends a local candidate; `candidate` NULL: the end of them. */
void gst_peer_tell_candidate(struct gst_peer *peer, unsigned m_line_index,
                             const char *candidate);
/** What an event says of a candidate; caller owns. NULL: it cannot be read. */
json_t *gst_peer_describe_candidate(const char *text);
/** Takes a description or candidate of the other peer in. */
void gst_peer_take_signal(struct gst_peer *peer, const struct contract_message *message);

#endif
