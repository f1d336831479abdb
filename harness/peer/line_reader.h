/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines from a stream that may be hostile: bounded memory, never blocking, no surprise
 * from what is inside a line. Both ends of the peer contract read with it.
 *
 *     while ((got = line_reader_read(&reader, fd)) == LINE_READ_DATA)
 *         while ((status = line_reader_next(&reader, &line, &size)) != LINE_NONE)
 *             …
 */
#ifndef RTCLAB_PEER_LINE_READER_H
#define RTCLAB_PEER_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

struct line_reader {
    char *buffer;     /**< allocated on the first byte; at most max + a chunk */
    size_t allocated; /**< bytes of it */
    size_t start;     /**< first byte not yet given out */
    size_t end;       /**< past the last byte read */
    size_t searched;  /**< no newline stands before this */
    size_t total;     /**< bytes read from a descriptor so far, dropped ones too */
    size_t max;       /**< longest line in bytes, its newline not counted */
    bool skipping;    /**< the rest of an over-long line is being dropped */
};

enum line_read {
    LINE_READ_DATA,  /**< bytes came; take the lines out before the next read */
    LINE_READ_AGAIN, /**< nothing to read now */
    LINE_READ_FULL,  /**< the lines that are there must be taken out first */
    LINE_READ_END,   /**< end of file: the other side closed, or is gone */
    LINE_READ_ERROR, /**< errno says which */
};

enum line_status {
    LINE_NONE,      /**< no complete line */
    LINE_OK,        /**< a line */
    LINE_OVER_LONG, /**< a line longer than the limit began; all of it is dropped */
    LINE_NUL,       /**< a line with a NUL in it was dropped */
};

/** A reader of lines of at most `max` bytes, the newline not counted. */
void line_reader_init(struct line_reader *reader, size_t max);

/** Frees the buffer; the reader may be used again, from the start of a line. */
void line_reader_clear(struct line_reader *reader);

/**
 * Reads what a socket or pipe holds, once, without blocking and without changing the
 * descriptor's flags (which its other users share).
 */
enum line_read line_reader_read(struct line_reader *reader, int fd);

/**
 * Takes bytes from memory instead.
 * @return how many were taken; fewer than `size` only when lines must be taken out first
 */
size_t line_reader_feed(struct line_reader *reader, const char *bytes, size_t size);

/**
 * Takes the next line out.
 *
 * @param ret_line  the line, NUL-terminated, without "\n" or "\r\n"; borrowed until the
 *                  next call with this reader; set only with LINE_OK
 * @param ret_size  its length in bytes; set only with LINE_OK
 */
enum line_status line_reader_next(struct line_reader *reader, const char **ret_line,
                                  size_t *ret_size);

/**
 * Reads until a descriptor holds no more, and hands on each line that is one; broken and
 * over-long ones are left out.
 * @return false: there will be no more, as it has ended
 */
bool line_reader_drain(struct line_reader *reader, int fd,
                       void (*take)(void *user, const char *line), void *user);

/** True if bytes of a line without its newline are there: at the end, a broken line. */
bool line_reader_has_rest(const struct line_reader *reader);

#endif
