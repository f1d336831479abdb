/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timerfd: an eventfd(2), to which the coordinator adds 1 at each expiration.
 *
 * The two agree in what matters: both are readable when something has happened, a read
 * takes eight bytes with the number of times and starts again from 0, and it waits or
 * says EAGAIN if there is nothing. What shows the difference: fstat(), /proc/self/fd, and
 * that one can write to it.
 *
 * A timer survives exec() unless it is close-on-exec: its slot is found again by process
 * and descriptor. Slots whose descriptor is gone are freed then, so that the coordinator
 * does not write to what took the number.
 */
#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shim/fds.h"
#include "shim/shim.h"

static int fail(int error)
{
    errno = error;
    return -1;
}

/** Whether it is an eventfd, which is all that can be told of one after exec(). */
static bool is_eventfd(int fd)
{
    char path[32] = "/proc/self/fd/";
    char target[32] = "";
    size_t n = strlen(path);
    char digits[12];
    int n_digits = 0;
    do
        digits[n_digits++] = (char)('0' + fd % 10);
    while ((fd /= 10) > 0);
    while (n_digits > 0)
        path[n++] = digits[--n_digits];
    path[n] = '\0';
    long length = RAW(SYS_readlinkat, -100 /* AT_FDCWD */, path, target, sizeof target);
    static const char wanted[] = "anon_inode:[eventfd]";
    return length == sizeof wanted - 1 && memcmp(target, wanted, sizeof wanted - 1) == 0;
}

void timerfds_start(void)
{
    struct clock_page *page = shim_page();
    int32_t pid = (int32_t)RAW(SYS_getpid);
    uint32_t n = atomic_load(&page->n_slots);
    for (uint32_t i = 0; i < n; i++) {
        struct clock_slot *slot = &page->slots[i];
        if (atomic_load(&slot->state) == SLOT_FREE || slot->pid != pid ||
            slot->kind != SLOT_EVENTFD)
            continue;
        struct fd_entry *entry = is_eventfd(slot->fd) ? fd_entry(slot->fd) : NULL;
        if (!entry) {
            slot_free(slot);
            continue;
        }
        entry->slot = slot;
        entry->clock = (int32_t)slot->owner;
        atomic_store(&entry->flags, FD_IS_TIMER);
    }
}

SHIM_EXPORT int timerfd_create(clockid_t clock, int flags)
{
    if (!shim_is_on())
        return REAL(timerfd_create)(clock, flags);
    bool is_possible = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
                       clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME_ALARM ||
                       clock == CLOCK_BOOTTIME_ALARM;
    if (!is_possible || (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)))
        return fail(EINVAL);
    int fd =
        (int)raw_to_errno(RAW(SYS_eventfd2, 0, flags)); /* the flags are O_* in both */
    if (fd < 0)
        return fd;
    struct fd_entry *entry = fd_entry(fd);
    if (!entry) {
        RAW(SYS_close, fd);
        return fail(EMFILE);
    }
    entry->slot = slot_take(SLOT_EVENTFD);
    entry->slot->fd = fd;
    entry->slot->owner = (uint64_t)clock; /* for timerfds_start() */
    entry->clock = clock;
    atomic_store(&entry->flags, FD_IS_TIMER);
    return fd;
}

static struct itimerspec timer_state(const struct clock_slot *slot)
{
    struct itimerspec state = { 0 };
    state.it_interval = timespec_from_ns(slot->interval_ns);
    if (atomic_load(&slot->state) == SLOT_WAITING)
        state.it_value = timespec_from_ns(until_ns(slot->deadline_ns));
    return state;
}

static void forget_expirations(int fd)
{
    uint64_t count;
    struct {
        int fd;
        short events, revents;
    } poll = { fd, 1 /* POLLIN */, 0 };
    if (RAW(SYS_ppoll, &poll, 1, &(struct timespec){ 0 }, NULL, 0) == 1)
        RAW(SYS_read, fd, &count, sizeof count);
}

/** Starts a timer. One in the past has expired at once, perhaps more than once. */
static void start_timer(int fd, struct clock_slot *slot, int64_t deadline_ns,
                        int64_t interval_ns)
{
    int64_t now_ns = shim_now_ns();
    if (deadline_ns > now_ns) {
        slot_arm(slot, deadline_ns, interval_ns);
        return;
    }
    uint64_t count = 1;
    if (interval_ns > 0) {
        count += (uint64_t)((now_ns - deadline_ns) / interval_ns);
        slot_arm(slot, add_ns(deadline_ns, (int64_t)count * interval_ns), interval_ns);
    }
    RAW(SYS_write, fd, &count, sizeof count);
}

SHIM_EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec *to,
                                struct itimerspec *ret_old)
{
    if (!shim_is_on() || !fd_has(fd, FD_IS_TIMER))
        return REAL(timerfd_settime)(fd, flags, to, ret_old);
    if (!timespec_is_valid(&to->it_value) || !timespec_is_valid(&to->it_interval) ||
        (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)))
        return fail(EINVAL);
    struct fd_entry *entry = fd_entry(fd);
    struct clock_slot *slot = entry->slot;
    struct itimerspec old = timer_state(slot);
    int64_t value_ns = timespec_to_ns(&to->it_value);
    int64_t interval_ns = timespec_to_ns(&to->it_interval);
    slot_disarm(slot);
    forget_expirations(fd);
    if (value_ns > 0) {
        int64_t deadline_ns = flags & TFD_TIMER_ABSTIME
                                  ? deadline_at(entry->clock, value_ns)
                                  : deadline_in(value_ns);
        start_timer(fd, slot, deadline_ns, interval_ns);
    }
    if (ret_old)
        *ret_old = old;
    return 0;
}

SHIM_EXPORT int timerfd_gettime(int fd, struct itimerspec *ret_state)
{
    if (!shim_is_on() || !fd_has(fd, FD_IS_TIMER))
        return REAL(timerfd_gettime)(fd, ret_state);
    *ret_state = timer_state(fd_entry(fd)->slot);
    return 0;
}
