/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a stream, cut into pieces by its own first byte: the messages taken out
 * are those that one after the other stand in it, however it is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/core/connection.h"
#include "probes/core/stream_frames.h"
#include "wire/stunmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes out all that is whole; the stream's message must begin at `*at`. */
static enum stream_frame drain(struct stream_frames *frames, const uint8_t *stream,
                               size_t size, size_t *at)
{
    for (;;) {
        const uint8_t *bytes;
        size_t n, expected;
        enum stream_frame peeked = stream_frames_peek(frames);
        enum stream_frame found = stream_frames_next(frames, &bytes, &n);
        if (peeked != found)
            abort();
        if (found != STREAM_FRAME_MESSAGE)
            return found;
        if (n > CONNECTION_MAX_MESSAGE || n > size - *at ||
            memcmp(bytes, stream + *at, n) != 0 ||
            stunmsg_frame_size(stream + *at, size - *at, &expected) != STUNMSG_OK ||
            expected != n)
            abort();
        *at += n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream_frames frames = { 0 };
    enum stream_frame found = STREAM_FRAME_MORE;
    size_t taken = 0, fed = 0, rest, expected;
    if (size == 0)
        return 0;
    size_t piece = data[0] == 0 ? size : data[0];
    const uint8_t *stream = data + 1;
    size--;
    while (fed < size && found == STREAM_FRAME_MORE) {
        size_t room;
        uint8_t *at = stream_frames_room(&frames, &room);
        if (room < STREAM_FRAMES_ROOM)
            abort();
        size_t n = piece < size - fed ? piece : size - fed;
        n = n < room ? n : room;
        memcpy(at, stream + fed, n);
        stream_frames_added(&frames, n);
        fed += n;
        found = drain(&frames, stream, size, &taken);
    }
    stream_frames_rest(&frames, &rest);
    if (taken + rest != fed)
        abort();
    /* It stops for one of two reasons only. */
    enum stunmsg_error next = stunmsg_frame_size(stream + taken, size - taken, &expected);
    if ((found == STREAM_FRAME_LOST) != (next == STUNMSG_NOT_STUN) && size > taken)
        abort();
    if (found == STREAM_FRAME_MORE && next == STUNMSG_OK && expected <= size - taken)
        abort();
    stream_frames_clear(&frames);
    return 0;
}
