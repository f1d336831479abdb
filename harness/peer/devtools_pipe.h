/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chromium's DevTools protocol over its pipe (--remote-debugging-pipe): JSON texts, each
 * ended by a NUL, on a descriptor a direction. Nothing here blocks.
 */
#ifndef RTCLAB_PEER_DEVTOOLS_PIPE_H
#define RTCLAB_PEER_DEVTOOLS_PIPE_H

#include "peer/browser_rpc.h"

/** Texts that end with a NUL, out of a stream; memory is bounded. */
struct devtools_frames {
    GByteArray *bytes; /**< NULL until the first byte */
    size_t start;      /**< first byte that was not given out */
    size_t searched;   /**< no NUL stands before this */
    size_t max;        /**< longest text in bytes */
};

void devtools_frames_init(struct devtools_frames *frames, size_t max);
void devtools_frames_clear(struct devtools_frames *frames);

/** Adds bytes. Take all texts out before the next. */
void devtools_frames_feed(struct devtools_frames *frames, const void *bytes, size_t size);

/**
 * The next text, NUL-terminated; borrowed until the next feed.
 * @return NULL: none is complete
 */
const char *devtools_frames_next(struct devtools_frames *frames, size_t *ret_size);

/** True if what is there and not complete is over the limit: the stream is lost. */
bool devtools_frames_is_over_long(const struct devtools_frames *frames);

struct devtools_pipe;

enum devtools_next {
    DEVTOOLS_NONE,    /**< nothing more now */
    DEVTOOLS_MESSAGE, /**< a message */
    DEVTOOLS_INVALID, /**< nonsense; the reason is in the GError */
    DEVTOOLS_END,     /**< the browser is gone, or said more than is borne */
};

/** Takes both descriptors over; what waits is sent from the default main context. */
struct devtools_pipe *devtools_pipe_new(int to_browser, int from_browser);
void devtools_pipe_free(struct devtools_pipe *pipe);

/** Readable when devtools_pipe_next() has something to tell. */
int devtools_pipe_fd(const struct devtools_pipe *pipe);

/** Requests `method`; see browser_rpc_request(). */
void devtools_pipe_request(struct devtools_pipe *pipe, unsigned tag, const char *session,
                           const char *method, json_t *params);

/** The next message; call it until DEVTOOLS_NONE each time the descriptor is readable. */
enum devtools_next devtools_pipe_next(struct devtools_pipe *pipe,
                                      struct browser_rpc_message *ret_message,
                                      GError **error);

/** As browser_rpc_oldest_ns(). */
int64_t devtools_pipe_oldest_ns(const struct devtools_pipe *pipe);

#endif
