/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/urandom and /dev/random with a seed. The device itself is opened, so that the
 * descriptor is as real as any; its number is remembered and reads of it are answered
 * here. A stdio stream is one of ours, since libc's reads past read().
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shim/fds.h"
#include "shim/shim.h"
#include "shim/streams.h"

SHIM_EXPORT int __open_2(const char *path, int flags);
SHIM_EXPORT int __open64_2(const char *path, int flags);
SHIM_EXPORT int __openat_2(int folder, const char *path, int flags);
SHIM_EXPORT int __openat64_2(int folder, const char *path, int flags);

static bool is_random_device(const char *path)
{
    return random_is_seeded() && path &&
           (strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0);
}

static int remember(const char *path, int fd)
{
    struct fd_entry *entry = NULL;
    if (fd >= 0 && is_random_device(path))
        entry = fd_entry(fd);
    if (entry)
        atomic_store(&entry->flags, FD_IS_RANDOM);
    return fd;
}

ssize_t random_read(void *to, size_t bytes)
{
    random_fill(to, bytes);
    return (ssize_t)bytes;
}

ssize_t random_readv(const struct iovec *to, int n)
{
    ssize_t total = 0;
    for (int i = 0; i < n; i++)
        total += random_read(to[i].iov_base, to[i].iov_len);
    return total;
}

SHIM_EXPORT ssize_t pread(int fd, void *to, size_t bytes, off_t offset)
{
    return fd_has(fd, FD_IS_RANDOM) ? random_read(to, bytes)
                                    : REAL(pread)(fd, to, bytes, offset);
}

SHIM_EXPORT ssize_t pread64(int fd, void *to, size_t bytes, off64_t offset)
{
    return fd_has(fd, FD_IS_RANDOM) ? random_read(to, bytes)
                                    : REAL(pread64)(fd, to, bytes, offset);
}

/** Whether open() has a mode after its flags. */
static bool has_mode(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define DEFINE_OPEN(function)                                     \
    SHIM_EXPORT int function(const char *path, int flags, ...)    \
    {                                                             \
        mode_t mode = 0;                                          \
        if (has_mode(flags)) {                                    \
            va_list arguments;                                    \
            va_start(arguments, flags);                           \
            mode = va_arg(arguments, mode_t);                     \
            va_end(arguments);                                    \
        }                                                         \
        return remember(path, REAL(function)(path, flags, mode)); \
    }

#define DEFINE_OPENAT(function)                                            \
    SHIM_EXPORT int function(int folder, const char *path, int flags, ...) \
    {                                                                      \
        mode_t mode = 0;                                                   \
        if (has_mode(flags)) {                                             \
            va_list arguments;                                             \
            va_start(arguments, flags);                                    \
            mode = va_arg(arguments, mode_t);                              \
            va_end(arguments);                                             \
        }                                                                  \
        return remember(path, REAL(function)(folder, path, flags, mode));  \
    }

DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

/* What <fcntl.h> makes of open() with _FORTIFY_SOURCE. */

SHIM_EXPORT int __open_2(const char *path, int flags)
{
    return remember(path, REAL(__open_2)(path, flags));
}

SHIM_EXPORT int __open64_2(const char *path, int flags)
{
    return remember(path, REAL(__open64_2)(path, flags));
}

SHIM_EXPORT int __openat_2(int folder, const char *path, int flags)
{
    return remember(path, REAL(__openat_2)(folder, path, flags));
}

SHIM_EXPORT int __openat64_2(int folder, const char *path, int flags)
{
    return remember(path, REAL(__openat64_2)(folder, path, flags));
}

static ssize_t read_cookie(void *cookie, char *to, size_t bytes)
{
    (void)cookie;
    return random_read(to, bytes);
}

static int close_cookie(void *cookie)
{
    return close((int)(intptr_t)cookie);
}

/* With a descriptor that fileno() gives away, as NSS reads from that. */
static FILE *open_stream(const char *path, const char *mode)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    FILE *stream = fopencookie(
        (void *)(intptr_t)fd, mode,
        (cookie_io_functions_t){ .read = read_cookie, .close = close_cookie });
    if (stream)
        stream->_fileno = fd;
    else
        close(fd);
    return stream;
}

SHIM_EXPORT FILE *fopen(const char *restrict path, const char *restrict mode)
{
    return is_random_device(path) ? open_stream(path, mode) : REAL(fopen)(path, mode);
}

SHIM_EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    return is_random_device(path) ? open_stream(path, mode) : REAL(fopen64)(path, mode);
}
