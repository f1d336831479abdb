/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libsoup does not limit of a WebSocket: the size of a message in fragments (it
 * knows only that of a frame), and how many frames come in a time (each ping is one, and
 * is answered). It sees each frame as an extension that nobody negotiates.
 */
#ifndef RTCLAB_SIGNALING_FRAME_LIMIT_H
#define RTCLAB_SIGNALING_FRAME_LIMIT_H

#include <libsoup/soup.h>

#define FRAME_LIMIT_TYPE (frame_limit_get_type())
G_DECLARE_FINAL_TYPE(FrameLimit, frame_limit, FRAME, LIMIT, SoupWebsocketExtension)

/**
 * @param message_max_bytes of a message, in however many fragments; more closes the
 *                          connection with 1009
 * @param frames_max        until frame_limit_renew(); more closes it with 1008
 */
FrameLimit *frame_limit_new(gsize message_max_bytes, unsigned frames_max);

/** Whether it was what ended the connection: libsoup then says so to the other end. */
gboolean frame_limit_has_refused(const FrameLimit *limit);

/** The frames are counted from 0 again. */
void frame_limit_renew(FrameLimit *limit);

#endif
