/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futexes: what the shim's own locks wait on (conds.c, locks.c), and what programs call
 * by syscall(SYS_futex), as GLib and many runtimes do.
 *
 * The kernel compares the word before it looks at the time, so a wait whose deadline has
 * passed still says EAGAIN if the word has changed. Priority-inheriting locks have no
 * wait that could end without one thread owning the lock; those with a limit are tried
 * once a millisecond of virtual time.
 */
#include "shim/shim.h"

#include <limits.h>
#include <linux/futex.h>

/* Passed on the real clock as well: with it the kernel only compares. */
static const struct timespec past = { 0, 1 };
/* Never comes; but a wait with a limit is not restarted after a signal's handler, be it
 * with SA_RESTART, and one without is (signal(7)). */
static const struct timespec far = { SHIM_FAR_S, 0 };

static long wait_bitset(const void *word, long flags, uint32_t value, uint32_t bits,
                        int64_t deadline_ns, bool may_be_cancelled)
{
    if (deadline_ns <= shim_now_ns()) {
        return RAW(SYS_futex, word, FUTEX_WAIT_BITSET | flags, value, &past, NULL, bits);
    }
    return WAIT_PAD(deadline_ns, may_be_cancelled, SYS_futex, word,
                    FUTEX_WAIT_BITSET | flags, value,
                    deadline_ns == CLOCK_PAGE_NEVER ? NULL : &far, NULL, bits, 0);
}

long futex_wait(const void *word, uint32_t value, bool is_shared, int64_t deadline_ns,
                bool may_be_cancelled)
{
    return wait_bitset(word, is_shared ? 0 : FUTEX_PRIVATE_FLAG, value,
                       FUTEX_BITSET_MATCH_ANY, deadline_ns, may_be_cancelled);
}

void futex_wake(const void *word, int n, bool is_shared)
{
    RAW(SYS_futex, word, FUTEX_WAKE | (is_shared ? 0 : FUTEX_PRIVATE_FLAG), n);
}

/* Takes a priority-inheriting lock as soon as trying finds it free. */
static long lock_pi_until(long word, long flags, int64_t deadline_ns)
{
    for (;;) {
        long result = RAW(SYS_futex, word, FUTEX_TRYLOCK_PI | flags, 0, NULL);
        if (result != -EAGAIN)
            return result;
        int64_t now_ns = shim_now_ns();
        if (deadline_ns <= now_ns)
            return -ETIMEDOUT;
        int64_t next_ns = add_ns(now_ns, POLL_INTERVAL_NS);
        wait_until(next_ns < deadline_ns ? next_ns : deadline_ns, false);
    }
}

long futex_syscall(long word, long operation, long value, long timeout, long word2,
                   long value3)
{
    int command = (int)operation & FUTEX_CMD_MASK;
    bool is_timed = command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET ||
                    command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2 ||
                    command == FUTEX_WAIT_REQUEUE_PI;
    const struct timespec *limit = (const struct timespec *)timeout;
    if (!is_timed || !limit || !shim_is_on())
        return RAW(SYS_futex, word, operation, value, timeout, word2, value3);
    if (!timespec_is_valid(limit))
        return -EINVAL;
    int64_t limit_ns = timespec_to_ns(limit);
    bool is_calendar = (operation & FUTEX_CLOCK_REALTIME) || command == FUTEX_LOCK_PI;
    int64_t deadline_ns =
        deadline_at(is_calendar ? CLOCK_REALTIME : CLOCK_MONOTONIC, limit_ns);
    long private_flag = operation & FUTEX_PRIVATE_FLAG;
    switch (command) {
    case FUTEX_WAIT:
        return wait_bitset((const void *)word, private_flag, (uint32_t)value,
                           FUTEX_BITSET_MATCH_ANY, deadline_in(limit_ns), false);
    case FUTEX_WAIT_BITSET:
        return wait_bitset((const void *)word, private_flag, (uint32_t)value,
                           (uint32_t)value3, deadline_ns, false);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
        return lock_pi_until(word, private_flag, deadline_ns);
    default:
        return WAIT_THROUGH(deadline_ns, SYS_futex, word,
                            FUTEX_WAIT_REQUEUE_PI | private_flag, value, &far, word2,
                            value3);
    }
}

long futex_waitv_syscall(long waiters, long n, long flags, long timeout, long clock)
{
#ifdef SYS_futex_waitv
    const struct timespec *limit = (const struct timespec *)timeout;
    if (!limit || !shim_is_on())
        return RAW(SYS_futex_waitv, waiters, n, flags, timeout, clock);
    if (!timespec_is_valid(limit) ||
        (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME))
        return -EINVAL;
    int64_t deadline_ns = deadline_at((clockid_t)clock, timespec_to_ns(limit));
    if (deadline_ns <= shim_now_ns())
        return RAW(SYS_futex_waitv, waiters, n, flags, &past, clock);
    return WAIT_THROUGH(deadline_ns, SYS_futex_waitv, waiters, n, flags, &far,
                        CLOCK_MONOTONIC);
#else
    (void)waiters, (void)n, (void)flags, (void)timeout, (void)clock;
    return -ENOSYS;
#endif
}
