/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 6455 §5.2: the first byte of a frame is FIN and the opcode; 0 is a continuation, 8
 * and above are control frames, which may stand between the fragments of a message.
 */
#include "signaling/frame_limit.h"

enum { FIN = 0x80, OPCODE = 0x0f, FIRST_CONTROL = 0x08 };

struct _FrameLimit {
    SoupWebsocketExtension parent;
    gsize message_max_bytes;
    gsize message_bytes; /* of the fragments so far */
    unsigned frames_max;
    unsigned n_frames;
    gboolean has_refused;
};

G_DEFINE_TYPE(FrameLimit, frame_limit, SOUP_TYPE_WEBSOCKET_EXTENSION)

static GBytes *refuse(FrameLimit *limit, GError **error, int code, const char *why)
{
    limit->has_refused = TRUE;
    g_set_error_literal(error, SOUP_WEBSOCKET_ERROR, code, why);
    return NULL;
}

static GBytes *look_at(SoupWebsocketExtension *extension, guint8 *header, GBytes *payload,
                       GError **error)
{
    FrameLimit *limit = FRAME_LIMIT(extension);
    if (++limit->n_frames > limit->frames_max)
        return refuse(limit, error, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION,
                      "too many frames");
    if ((*header & OPCODE) >= FIRST_CONTROL)
        return payload;
    limit->message_bytes += g_bytes_get_size(payload);
    if (limit->message_bytes > limit->message_max_bytes)
        return refuse(limit, error, SOUP_WEBSOCKET_CLOSE_TOO_BIG,
                      "the message is too long");
    if (*header & FIN)
        limit->message_bytes = 0;
    return payload;
}

static void frame_limit_class_init(FrameLimitClass *class)
{
    SOUP_WEBSOCKET_EXTENSION_CLASS(class)->process_incoming_message = look_at;
}

static void frame_limit_init(FrameLimit *limit)
{
    (void)limit;
}

FrameLimit *frame_limit_new(gsize message_max_bytes, unsigned frames_max)
{
    FrameLimit *limit = g_object_new(FRAME_LIMIT_TYPE, NULL);
    limit->message_max_bytes = message_max_bytes;
    limit->frames_max = frames_max;
    return limit;
}

gboolean frame_limit_has_refused(const FrameLimit *limit)
{
    return limit->has_refused;
}

void frame_limit_renew(FrameLimit *limit)
{
    limit->n_frames = 0;
}
