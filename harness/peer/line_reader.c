/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines from a stream.
 *
 * Theory of operation: one buffer of at most `max` + CHUNK bytes. Complete lines are
 * given out in place (their newline becomes a NUL), so a line is copied once, from the
 * kernel. When more than `max` bytes stand without a newline the line is reported once as
 * over long, and everything up to its newline is dropped without being kept. As long as
 * the caller takes all lines out between reads there is always room for a chunk.
 *
 * It does not know JSON or UTF-8: that is for the parser of a line. It refuses NULs, as a
 * line is also a C string.
 */
#include "peer/line_reader.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#define CHUNK ((size_t)16 * 1024)

void line_reader_init(struct line_reader *reader, size_t max)
{
    *reader = (struct line_reader){ .max = max };
}

void line_reader_clear(struct line_reader *reader)
{
    g_free(reader->buffer);
    line_reader_init(reader, reader->max);
}

/* Makes room and returns how much there is: 0 if lines must be taken out first. */
static size_t make_room(struct line_reader *reader)
{
    if (reader->start > 0) {
        if (reader->end > reader->start)
            memmove(reader->buffer, reader->buffer + reader->start,
                    reader->end - reader->start);
        reader->end -= reader->start;
        reader->searched -= reader->start;
        reader->start = 0;
    }
    size_t limit = reader->max + CHUNK;
    if (reader->allocated - reader->end < CHUNK && reader->allocated < limit) {
        size_t wanted = MAX(reader->allocated * 2, CHUNK * 2);
        reader->allocated = MIN(wanted, limit);
        reader->buffer = g_realloc(reader->buffer, reader->allocated);
    }
    return reader->allocated - reader->end;
}

/* recv(2) takes MSG_DONTWAIT; a pipe is asked with poll(2) first. */
static ssize_t read_now(int fd, void *out, size_t size)
{
    ssize_t n = recv(fd, out, size, MSG_DONTWAIT);
    if (n >= 0 || errno != ENOTSOCK)
        return n;
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    int polled = poll(&ready, 1, 0);
    if (polled == 0)
        errno = EAGAIN;
    return polled > 0 ? read(fd, out, size) : -1;
}

enum line_read line_reader_read(struct line_reader *reader, int fd)
{
    size_t room = make_room(reader);
    if (room == 0)
        return LINE_READ_FULL;
    ssize_t n;
    do {
        n = read_now(fd, reader->buffer + reader->end, room);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        reader->end += (size_t)n;
        reader->total += (size_t)n;
        return LINE_READ_DATA;
    }
    if (n == 0 || errno == ECONNRESET)
        return LINE_READ_END;
    return errno == EAGAIN || errno == EWOULDBLOCK ? LINE_READ_AGAIN : LINE_READ_ERROR;
}

size_t line_reader_feed(struct line_reader *reader, const char *bytes, size_t size)
{
    size_t taken = 0;
    while (taken < size) {
        size_t room = make_room(reader);
        if (room == 0)
            break;
        size_t part = MIN(room, size - taken);
        memcpy(reader->buffer + reader->end, bytes + taken, part);
        reader->end += part;
        taken += part;
    }
    return taken;
}

/* No newline stands in what is there: keep it, or drop it if no line can be so long. */
static enum line_status without_newline(struct line_reader *reader)
{
    reader->searched = reader->end;
    if (!reader->skipping && reader->end - reader->start <= reader->max)
        return LINE_NONE;
    bool first = !reader->skipping;
    reader->skipping = true;
    reader->start = reader->end;
    return first ? LINE_OVER_LONG : LINE_NONE;
}

enum line_status line_reader_next(struct line_reader *reader, const char **ret_line,
                                  size_t *ret_size)
{
    for (;;) {
        if (reader->start == reader->end)
            return LINE_NONE;
        char *newline = memchr(reader->buffer + reader->searched, '\n',
                               reader->end - reader->searched);
        if (!newline)
            return without_newline(reader);

        char *line = reader->buffer + reader->start;
        size_t size = (size_t)(newline - line);
        reader->start += size + 1;
        reader->searched = reader->start;
        if (reader->skipping) {
            reader->skipping = false;
            continue;
        }
        if (size > reader->max)
            return LINE_OVER_LONG;
        if (size > 0 && line[size - 1] == '\r')
            size--;
        line[size] = '\0';
        if (memchr(line, '\0', size))
            return LINE_NUL;
        *ret_line = line;
        *ret_size = size;
        return LINE_OK;
    }
}

bool line_reader_drain(struct line_reader *reader, int fd,
                       void (*take)(void *user, const char *line), void *user)
{
    for (;;) {
        enum line_read got = line_reader_read(reader, fd);
        const char *line;
        size_t size;
        enum line_status status;
        while ((status = line_reader_next(reader, &line, &size)) != LINE_NONE)
            if (status == LINE_OK)
                take(user, line);
        if (got == LINE_READ_AGAIN)
            return true;
        if (got == LINE_READ_END || got == LINE_READ_ERROR)
            return false;
    }
}

bool line_reader_has_rest(const struct line_reader *reader)
{
    return reader->skipping || reader->end > reader->start;
}
