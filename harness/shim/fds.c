/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of file descriptors, and the calls that close and copy them.
 *
 * The table is in untouched memory and costs nothing until a descriptor is remembered.
 * Descriptors above FDS_MAX are not: timers cannot be made there, sockets have no limits.
 *
 * A copy shares what its original has. A timer's slot names one of them to the
 * coordinator; when that one is closed, another takes its place. After fork() parent and
 * child share a timer's eventfd as they would share a timer, but only the parent can set
 * it, and it ends with the parent.
 *
 * A child of vfork() closes its own descriptors in its parent's memory. It is told by its
 * process id, which is asked for only if something is remembered.
 */
#include "shim/fds.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "shim/shim.h"

static struct fd_entry entries[FDS_MAX];
static _Atomic int n_entries; /* those from here on were never used */
static _Atomic int32_t owner_pid;

_Atomic bool fds_have_limits;

static bool is_remembered(int fd)
{
    return fd >= 0 && fd < atomic_load_explicit(&n_entries, memory_order_relaxed) &&
           atomic_load(&entries[fd].flags) != 0;
}

void fds_start(void)
{
    atomic_store(&owner_pid, (int32_t)RAW(SYS_getpid));
}

/** Whether this is not a child of vfork(). */
static bool is_own_memory(void)
{
    int32_t owner = atomic_load(&owner_pid);
    return owner == 0 || owner == RAW(SYS_getpid);
}

struct fd_entry *fd_entry(int fd)
{
    if (fd < 0 || fd >= FDS_MAX || !is_own_memory())
        return NULL;
    int n = atomic_load(&n_entries);
    while (n <= fd && !atomic_compare_exchange_weak(&n_entries, &n, fd + 1))
        ;
    return &entries[fd];
}

bool fd_has(int fd, uint32_t flags)
{
    return is_remembered(fd) && (atomic_load(&entries[fd].flags) & flags) == flags;
}

/** Has another copy of the timer, if there is one, stand for it. */
static void pass_timer_on(struct clock_slot *slot, int fd)
{
    if (slot->fd != fd || slot->pid != RAW(SYS_getpid))
        return;
    int n = atomic_load(&n_entries);
    for (int other = 0; other < n; other++) {
        if (other != fd && fd_has(other, FD_IS_TIMER) && entries[other].slot == slot) {
            slot->fd = other;
            return;
        }
    }
    slot_free(slot);
}

void fd_forget(int fd)
{
    if (!is_remembered(fd))
        return;
    struct fd_entry *entry = &entries[fd];
    if (!is_own_memory())
        return;
    uint32_t flags = atomic_exchange(&entry->flags, 0);
    if (flags & FD_IS_TIMER)
        pass_timer_on(entry->slot, fd);
    entry->receive_limit_ns = entry->send_limit_ns = 0;
}

static void remember_copy(int fd, int copy)
{
    if (copy < 0 || copy == fd)
        return;
    fd_forget(copy);
    struct fd_entry *to = is_remembered(fd) ? fd_entry(copy) : NULL;
    if (!to)
        return;
    const struct fd_entry *from = &entries[fd];
    to->clock = from->clock;
    to->slot = from->slot;
    to->receive_limit_ns = from->receive_limit_ns;
    to->send_limit_ns = from->send_limit_ns;
    atomic_store(&to->flags, atomic_load(&from->flags));
}

SHIM_EXPORT int close(int fd)
{
    fd_forget(fd); /* first: the number may be another's as soon as it is closed */
    return REAL(close)(fd);
}

SHIM_EXPORT int fclose(FILE *file)
{
    fd_forget(fileno(file)); /* libc closes it without close() */
    return REAL(fclose)(file);
}

static void forget_range(unsigned int first, unsigned int last)
{
    unsigned int n = (unsigned int)atomic_load(&n_entries);
    for (unsigned int fd = first; fd < n && fd <= last; fd++)
        fd_forget((int)fd);
}

SHIM_EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
    if (flags == 0)
        forget_range(first, last);
    return REAL(close_range)(first, last, flags);
}

SHIM_EXPORT void closefrom(int first)
{
    forget_range(first > 0 ? (unsigned int)first : 0, UINT32_MAX);
    REAL(closefrom)(first);
}

SHIM_EXPORT int dup(int fd)
{
    int copy = REAL(dup)(fd);
    remember_copy(fd, copy);
    return copy;
}

SHIM_EXPORT int dup2(int fd, int onto)
{
    int copy = REAL(dup2)(fd, onto);
    remember_copy(fd, copy);
    return copy;
}

SHIM_EXPORT int dup3(int fd, int onto, int flags)
{
    int copy = REAL(dup3)(fd, onto, flags);
    remember_copy(fd, copy);
    return copy;
}

/* The last argument is a number, a pointer or absent: passed on as a pointer, as libc's
 * own fcntl() reads it. */
#define DEFINE_FCNTL(function)                                \
    SHIM_EXPORT int function(int fd, int command, ...)        \
    {                                                         \
        va_list arguments;                                    \
        va_start(arguments, command);                         \
        void *argument = va_arg(arguments, void *);           \
        va_end(arguments);                                    \
        int result = REAL(function)(fd, command, argument);   \
        if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) \
            remember_copy(fd, result);                        \
        return result;                                        \
    }

DEFINE_FCNTL(fcntl)
DEFINE_FCNTL(fcntl64)
