/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages out of a byte stream: STUN by RFC 8489 §6.2.2, ChannelData with its padding by
 * RFC 8656 §12.5. Pure: the bytes come from wherever the caller reads them.
 *
 *     for (;;) {
 *         switch (stream_frames_next(&frames, &bytes, &size)) { … }
 *         uint8_t *room = stream_frames_room(&frames, &n_room);
 *         stream_frames_added(&frames, (size_t)recv(fd, room, n_room, 0));
 *     }
 */
#ifndef RTCLAB_PROBES_STREAM_FRAMES_H
#define RTCLAB_PROBES_STREAM_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed, it is empty. */
struct stream_frames {
    uint8_t *buffer;
    size_t start, end; /**< what has come and not yet been handed out */
    size_t allocated;
};

void stream_frames_clear(struct stream_frames *f);

enum stream_frame {
    STREAM_FRAME_MESSAGE,
    STREAM_FRAME_MORE, /**< more must come first */
    STREAM_FRAME_LOST, /**< no message begins here: nothing further can be found */
};

/**
 * Takes the next message out.
 * @param ret_bytes set on STREAM_FRAME_MESSAGE only; borrowed until stream_frames_room()
 * @param ret_size  with the padding, at most CONNECTION_MAX_MESSAGE
 */
enum stream_frame stream_frames_next(struct stream_frames *f, const uint8_t **ret_bytes,
                                     size_t *ret_size);

/** What stream_frames_next() would say, without taking the message out. */
enum stream_frame stream_frames_peek(const struct stream_frames *f);

/** What one TLS record can hold (RFC 8446 §5.1). */
#define STREAM_FRAMES_ROOM 16384

/**
 * Where to put what comes next. Ends what was borrowed.
 * @param ret_size how much there is room for: STREAM_FRAMES_ROOM or more unless a whole
 *                 message stands to be taken out, or the stream is lost
 */
uint8_t *stream_frames_room(struct stream_frames *f, size_t *ret_size);

/** Says how much of that room was filled. */
void stream_frames_added(struct stream_frames *f, size_t size);

/** What stands in it and is no whole message: for saying what a lost stream began with.
 */
const uint8_t *stream_frames_rest(const struct stream_frames *f, size_t *ret_size);

#endif
