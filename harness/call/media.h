/* SPDX-License-Identifier: Apache-2.0 */
/* The media path of a call, from what a peer's own statistics say at its end. */
#ifndef RTCLAB_CALL_MEDIA_H
#define RTCLAB_CALL_MEDIA_H

#include <jansson.h>

/* What is told of audio and of video; symbol and key, with its unit. Counts are over the
 * whole call. Lost: by RFC 3550 section 6.4.1, of what was to come; jitter:
 * section 6.4.1's estimate; round trip: from the other side's RTCP reports. */
#define MEDIA_FIGURES(X)                    \
    X(PACKETS_SENT, "packets_sent")         \
    X(PACKETS_RECEIVED, "packets_received") \
    X(PACKETS_LOST, "packets_lost")         \
    X(JITTER_MS, "jitter_ms")               \
    X(ROUND_TRIP_MS, "round_trip_ms")       \
    X(FRAMES_DECODED, "frames_decoded")     \
    X(RECEIVED_KBPS, "received_kbps")

enum media_figure {
#define X(symbol, name) MEDIA_##symbol,
    MEDIA_FIGURES(X)
#undef X
        MEDIA_N_FIGURES
};

extern const char *const media_figure_names[MEDIA_N_FIGURES];

/** "audio", "video". */
enum { MEDIA_N_KINDS = 2 };
extern const char *const media_kind_names[MEDIA_N_KINDS];

/**
 * @param stats    the values of an RTCStatsReport (W3C webrtc-stats), from a peer and so
 *                 not trusted
 * @param seconds  how long media could flow; 0: not at all
 * @return {"audio":{…},"video":{…}}, null for each figure that is not known; caller owns
 */
json_t *media_describe(const json_t *stats, double seconds);

#endif
