/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One buffer that begins small and grows to hold the longest message, no further, so
 * that a server which announces much and sends little takes little. Messages are handed
 * out in place; what is left moves to the front when more is to be read.
 *
 * It goes by the first four bytes alone and does not look whether the rest is STUN: that
 * is for the decoder, and a case wants to see what came. So "HTTP/1.1", whose "HT" is a
 * channel number, is waited for like any ChannelData; see stream_frames_rest().
 *
 * RFC 8489 §6.2.2, RFC 8656 §12.5.
 */
#include "probes/core/stream_frames.h"

#include <glib.h>

#include "probes/core/connection.h"
#include "wire/stunmsg.h"

enum { LIMIT = CONNECTION_MAX_MESSAGE + STREAM_FRAMES_ROOM };

/* The longest of both: a STUN message, whose length is a multiple of 4, and ChannelData.
 */
G_STATIC_ASSERT(STUNMSG_HEADER_SIZE + 0xfffc <= CONNECTION_MAX_MESSAGE);
G_STATIC_ASSERT(STUNMSG_CHANNEL_HEADER_SIZE + 0x10000 <= CONNECTION_MAX_MESSAGE);

void stream_frames_clear(struct stream_frames *f)
{
    g_free(f->buffer);
    *f = (struct stream_frames){ 0 };
}

static enum stream_frame look(const struct stream_frames *f, size_t *ret_size)
{
    size_t size;
    if (f->start == f->end)
        return STREAM_FRAME_MORE;
    switch (stunmsg_frame_size(f->buffer + f->start, f->end - f->start, &size)) {
    case STUNMSG_OK:
        *ret_size = size;
        return size <= f->end - f->start ? STREAM_FRAME_MESSAGE : STREAM_FRAME_MORE;
    case STUNMSG_SHORT:
        return STREAM_FRAME_MORE;
    default:
        return STREAM_FRAME_LOST;
    }
}

enum stream_frame stream_frames_peek(const struct stream_frames *f)
{
    size_t size;
    return look(f, &size);
}

enum stream_frame stream_frames_next(struct stream_frames *f, const uint8_t **ret_bytes,
                                     size_t *ret_size)
{
    size_t size;
    enum stream_frame found = look(f, &size);
    if (found == STREAM_FRAME_MESSAGE) {
        *ret_bytes = f->buffer + f->start;
        *ret_size = size;
        f->start += size;
    }
    return found;
}

uint8_t *stream_frames_room(struct stream_frames *f, size_t *ret_size)
{
    if (f->start > 0) {
        memmove(f->buffer, f->buffer + f->start, f->end - f->start);
        f->end -= f->start;
        f->start = 0;
    }
    if (f->allocated - f->end < STREAM_FRAMES_ROOM && f->allocated < LIMIT) {
        size_t wanted = f->allocated + 2 * STREAM_FRAMES_ROOM;
        f->allocated = MIN(wanted, LIMIT);
        f->buffer = g_realloc(f->buffer, f->allocated);
    }
    *ret_size = f->allocated - f->end;
    return f->buffer + f->end;
}

void stream_frames_added(struct stream_frames *f, size_t size)
{
    g_assert(size <= f->allocated - f->end);
    f->end += size;
}

const uint8_t *stream_frames_rest(const struct stream_frames *f, size_t *ret_size)
{
    *ret_size = f->end - f->start;
    return f->buffer ? f->buffer + f->start : NULL;
}
