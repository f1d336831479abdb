/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/devtools_pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/clock.h"
#include "base/error.h"

enum {
    CHUNK_BYTES = 64 * 1024,
    TEXT_MAX_BYTES = 64 * 1024 * 1024, /* a picture of a large page, in base64 */
};

/* ---- frames ---- */

void devtools_frames_init(struct devtools_frames *frames, size_t max)
{
    *frames = (struct devtools_frames){ .max = max };
}

void devtools_frames_clear(struct devtools_frames *frames)
{
    g_clear_pointer(&frames->bytes, g_byte_array_unref);
    devtools_frames_init(frames, frames->max);
}

void devtools_frames_feed(struct devtools_frames *frames, const void *bytes, size_t size)
{
    if (!frames->bytes)
        frames->bytes = g_byte_array_new();
    if (frames->start > 0) {
        g_byte_array_remove_range(frames->bytes, 0, (guint)frames->start);
        frames->searched -= frames->start;
        frames->start = 0;
    }
    g_byte_array_append(frames->bytes, bytes, (guint)size);
}

const char *devtools_frames_next(struct devtools_frames *frames, size_t *ret_size)
{
    size_t end = frames->bytes ? frames->bytes->len : 0;
    const char *data = frames->bytes ? (const char *)frames->bytes->data : NULL;
    const char *nul = frames->searched < end
                          ? memchr(data + frames->searched, '\0', end - frames->searched)
                          : NULL;
    if (!nul) {
        frames->searched = end;
        return NULL;
    }
    const char *text = data + frames->start;
    *ret_size = (size_t)(nul - text);
    frames->start = frames->searched = (size_t)(nul - data) + 1;
    return text;
}

bool devtools_frames_is_over_long(const struct devtools_frames *frames)
{
    return frames->bytes && frames->bytes->len - frames->start > frames->max;
}

/* ---- the pipe ---- */

struct devtools_pipe {
    int out, in;
    struct browser_rpc *rpc;
    struct devtools_frames frames;
    GByteArray *unsent;
    guint writer; /* source that waits until there is room; 0: none */
};

struct devtools_pipe *devtools_pipe_new(int to_browser, int from_browser)
{
    struct devtools_pipe *pipe = g_new0(struct devtools_pipe, 1);
    pipe->out = to_browser;
    pipe->in = from_browser;
    g_unix_set_fd_nonblocking(pipe->out, TRUE, NULL);
    g_unix_set_fd_nonblocking(pipe->in, TRUE, NULL);
    pipe->rpc = browser_rpc_new();
    pipe->unsent = g_byte_array_new();
    devtools_frames_init(&pipe->frames, TEXT_MAX_BYTES);
    return pipe;
}

void devtools_pipe_free(struct devtools_pipe *pipe)
{
    if (!pipe)
        return;
    if (pipe->writer)
        g_source_remove(pipe->writer);
    close(pipe->out);
    close(pipe->in);
    browser_rpc_free(pipe->rpc);
    devtools_frames_clear(&pipe->frames);
    g_byte_array_unref(pipe->unsent);
    g_free(pipe);
}

int devtools_pipe_fd(const struct devtools_pipe *pipe)
{
    return pipe->in;
}

int64_t devtools_pipe_oldest_ns(const struct devtools_pipe *pipe)
{
    return browser_rpc_oldest_ns(pipe->rpc);
}

/* Sends what waits. @return whether something is left that may still be sent */
static bool flush(struct devtools_pipe *pipe)
{
    while (pipe->unsent->len > 0) {
        ssize_t n = write(pipe->out, pipe->unsent->data, pipe->unsent->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n < 0) {
            g_byte_array_set_size(pipe->unsent, 0); /* that it is gone, reading tells */
            return false;
        }
        g_byte_array_remove_range(pipe->unsent, 0, (guint)n);
    }
    return false;
}

static gboolean on_writable(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    struct devtools_pipe *pipe = user;
    if (flush(pipe))
        return G_SOURCE_CONTINUE;
    pipe->writer = 0;
    return G_SOURCE_REMOVE;
}

void devtools_pipe_request(struct devtools_pipe *pipe, unsigned tag, const char *session,
                           const char *method, json_t *params)
{
    char *text =
        browser_rpc_request(pipe->rpc, tag, method, session, params, clock_now_ns());
    if (!text)
        return;
    g_byte_array_append(pipe->unsent, (const guint8 *)text, (guint)strlen(text) + 1);
    free(text);
    if (flush(pipe) && !pipe->writer)
        pipe->writer =
            g_unix_fd_add(pipe->out, G_IO_OUT | G_IO_ERR | G_IO_HUP, on_writable, pipe);
}

/* One read; false: there is nothing now, or (`*ret_ended`) never again. */
static bool read_more(struct devtools_pipe *pipe, bool *ret_ended)
{
    guint8 chunk[CHUNK_BYTES];
    ssize_t n = read(pipe->in, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
        return true;
    *ret_ended = n == 0 || (n < 0 && errno != EAGAIN);
    if (n > 0)
        devtools_frames_feed(&pipe->frames, chunk, (size_t)n);
    return n > 0;
}

enum devtools_next devtools_pipe_next(struct devtools_pipe *pipe,
                                      struct browser_rpc_message *ret_message,
                                      GError **error)
{
    for (;;) {
        size_t size;
        bool has_ended = false;
        const char *text = devtools_frames_next(&pipe->frames, &size);
        if (text)
            return browser_rpc_take(pipe->rpc, text, size, ret_message, error)
                       ? DEVTOOLS_MESSAGE
                       : DEVTOOLS_INVALID;
        if (devtools_frames_is_over_long(&pipe->frames))
            return DEVTOOLS_END;
        if (!read_more(pipe, &has_ended))
            return has_ended ? DEVTOOLS_END : DEVTOOLS_NONE;
    }
}
