/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Condition variables of our own, in the memory of libc's.
 *
 * libc's cannot be ended at a virtual deadline from outside, so these replace them whole,
 * POSIX' and C11's. The algorithm is the one with a sequence counter: a waiter reads it,
 * unlocks, and waits on it as on a futex for as long as it has the value that was read; a
 * signal adds one and wakes. A signal between the unlocking and the wait changes the
 * value, and the waiter does not go to sleep. It then returns although another may have
 * been woken as well, which POSIX allows.
 *
 * Whether a timed wait ended by a wake or by its deadline is what the kernel says: a
 * waiter that was taken off the futex' queue by a wake returns 0 even if its deadline
 * came at the same time, so no wake is lost.
 *
 * `inside` counts who is between reading the counter and having left the futex. A signal
 * without anybody inside needs no system call; pthread_cond_destroy() waits until all are
 * out, so that it is safe right after a broadcast. The last one out does not touch the
 * memory after it has been counted out, but for a wake, which needs no memory.
 *
 * All zeros is a valid one, as PTHREAD_COND_INITIALIZER is all zeros: calendar clock,
 * private to the process. Without a virtual clock all calls are libc's.
 */
#include "shim/shim.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <threads.h>

enum {
    COND_IS_MONOTONIC = 1,
    COND_IS_SHARED = 2,
    DESTROYER_WAITS = 0x80000000, /* in `inside` */
};

struct cond {
    _Atomic uint32_t sequence;
    _Atomic uint32_t inside;
    uint32_t flags;
};

_Static_assert(sizeof(struct cond) <= sizeof(pthread_cond_t), "fits into libc's");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "C11's is POSIX' one");
_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "C11's is POSIX' one");

static struct cond *cond_of(void *of_libc)
{
    return of_libc;
}

static bool is_shared(const struct cond *cond)
{
    return cond->flags & COND_IS_SHARED;
}

static void leave(struct cond *cond, bool shared)
{
    if (atomic_fetch_sub(&cond->inside, 1) == (DESTROYER_WAITS | 1u))
        futex_wake(&cond->inside, INT_MAX, shared);
}

static int cond_wake(struct cond *cond, int n)
{
    atomic_fetch_add(&cond->sequence, 1);
    if (atomic_load(&cond->inside) > 0)
        futex_wake(&cond->sequence, n, is_shared(cond));
    return 0;
}

struct cancelled_wait {
    struct cond *cond;
    pthread_mutex_t *mutex;
};

static void leave_cancelled(void *data)
{
    struct cancelled_wait *wait = data;
    cond_wake(wait->cond, 1); /* it may have been woken as well; then another is due */
    leave(wait->cond, is_shared(wait->cond));
    pthread_mutex_lock(wait->mutex);
}

static int cond_wait(struct cond *cond, pthread_mutex_t *mutex, int64_t deadline_ns)
{
    atomic_fetch_add(&cond->inside, 1);
    uint32_t sequence = atomic_load(&cond->sequence);
    bool shared = is_shared(cond);
    int error = pthread_mutex_unlock(mutex);
    if (error) {
        leave(cond, shared);
        return error;
    }
    struct cancelled_wait wait = { cond, mutex };
    long result = 0;
    pthread_cleanup_push(leave_cancelled, &wait);
    do
        result = futex_wait(&cond->sequence, sequence, shared, deadline_ns, true);
    while (result == -EINTR);
    pthread_cleanup_pop(0);
    leave(cond, shared);
    error = pthread_mutex_lock(mutex);
    return error ? error : result == -ETIMEDOUT ? ETIMEDOUT : 0;
}

static int cond_timedwait(struct cond *cond, pthread_mutex_t *mutex, clockid_t clock,
                          const struct timespec *until)
{
    if (until->tv_nsec < 0 || until->tv_nsec >= NS_PER_S)
        return EINVAL;
    return cond_wait(cond, mutex, deadline_at(clock, timespec_to_ns(until)));
}

static void cond_destroy(struct cond *cond)
{
    uint32_t inside = atomic_fetch_or(&cond->inside, DESTROYER_WAITS) | DESTROYER_WAITS;
    while (inside != DESTROYER_WAITS) {
        futex_wait(&cond->inside, inside, is_shared(cond), CLOCK_PAGE_NEVER, false);
        inside = atomic_load(&cond->inside);
    }
    atomic_store(&cond->inside, 0);
}

SHIM_EXPORT int pthread_cond_init(pthread_cond_t *restrict cond,
                                  const pthread_condattr_t *restrict attributes)
{
    if (!shim_is_on())
        return REAL(pthread_cond_init)(cond, attributes);
    struct cond *own = cond_of(cond);
    memset(cond, 0, sizeof *cond);
    if (!attributes)
        return 0;
    clockid_t clock = CLOCK_REALTIME;
    int shared = PTHREAD_PROCESS_PRIVATE;
    pthread_condattr_getclock(attributes, &clock);
    pthread_condattr_getpshared(attributes, &shared);
    own->flags = (clock == CLOCK_MONOTONIC ? COND_IS_MONOTONIC : 0u) |
                 (shared == PTHREAD_PROCESS_SHARED ? COND_IS_SHARED : 0u);
    return 0;
}

SHIM_EXPORT int pthread_cond_destroy(pthread_cond_t *cond)
{
    if (!shim_is_on())
        return REAL(pthread_cond_destroy)(cond);
    cond_destroy(cond_of(cond));
    return 0;
}

SHIM_EXPORT int pthread_cond_wait(pthread_cond_t *restrict cond,
                                  pthread_mutex_t *restrict mutex)
{
    if (!shim_is_on())
        return REAL(pthread_cond_wait)(cond, mutex);
    return cond_wait(cond_of(cond), mutex, CLOCK_PAGE_NEVER);
}

SHIM_EXPORT int pthread_cond_timedwait(pthread_cond_t *restrict cond,
                                       pthread_mutex_t *restrict mutex,
                                       const struct timespec *restrict until)
{
    if (!shim_is_on())
        return REAL(pthread_cond_timedwait)(cond, mutex, until);
    bool is_monotonic = cond_of(cond)->flags & COND_IS_MONOTONIC;
    return cond_timedwait(cond_of(cond), mutex,
                          is_monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, until);
}

SHIM_EXPORT int pthread_cond_clockwait(pthread_cond_t *restrict cond,
                                       pthread_mutex_t *restrict mutex, clockid_t clock,
                                       const struct timespec *restrict until)
{
    if (!shim_is_on())
        return REAL(pthread_cond_clockwait)(cond, mutex, clock, until);
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return EINVAL;
    return cond_timedwait(cond_of(cond), mutex, clock, until);
}

SHIM_EXPORT int pthread_cond_signal(pthread_cond_t *cond)
{
    return shim_is_on() ? cond_wake(cond_of(cond), 1) : REAL(pthread_cond_signal)(cond);
}

SHIM_EXPORT int pthread_cond_broadcast(pthread_cond_t *cond)
{
    return shim_is_on() ? cond_wake(cond_of(cond), INT_MAX)
                        : REAL(pthread_cond_broadcast)(cond);
}

static int to_thrd(int error)
{
    return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

SHIM_EXPORT int cnd_init(cnd_t *cond)
{
    return to_thrd(pthread_cond_init((pthread_cond_t *)cond, NULL));
}

SHIM_EXPORT void cnd_destroy(cnd_t *cond)
{
    pthread_cond_destroy((pthread_cond_t *)cond);
}

SHIM_EXPORT int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
    return to_thrd(pthread_cond_wait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex));
}

SHIM_EXPORT int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex,
                              const struct timespec *restrict until)
{
    return to_thrd(
        pthread_cond_timedwait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex, until));
}

SHIM_EXPORT int cnd_signal(cnd_t *cond)
{
    return to_thrd(pthread_cond_signal((pthread_cond_t *)cond));
}

SHIM_EXPORT int cnd_broadcast(cnd_t *cond)
{
    return to_thrd(pthread_cond_broadcast((pthread_cond_t *)cond));
}
