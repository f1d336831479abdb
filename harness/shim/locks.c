/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutexes, read-write locks and joins with a limit. The locks stay libc's: without a
 * limit they are taken and given back by libc, so what waits here must be woken by libc.
 *
 * A mutex is a futex with three values: free, taken, and taken with somebody waiting (2).
 * We mark it as the last, wait on it, and try again. Having got it we leave the mark,
 * as libc's own waiters do: others may wait still, and unlocking must wake them.
 * Robust mutexes and those with priorities have other protocols, which no outsider can
 * follow; these are tried once a millisecond of virtual time.
 *
 * A read-write lock does not lend its futexes. pthread_rwlock_unlock() is ours, and while
 * somebody waits with a limit it wakes all of them in the process to try again. Locks
 * shared between processes are tried once a millisecond.
 *
 * A thread that ends makes the kernel clear its id and wake who waits there; libc's own
 * symbols for debuggers say where that is.
 */
#include "shim/shim.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <threads.h>

enum {
    MUTEX_CONTENDED = 2,
    MUTEX_KIND_BITS = 127,
    MUTEX_SHARED_BIT = 128,
};

/** Sleeps until the next try. Returns whether there is one. */
static bool wait_to_try_again(int64_t deadline_ns)
{
    int64_t now_ns = shim_now_ns();
    if (deadline_ns <= now_ns)
        return false;
    int64_t next_ns = add_ns(now_ns, POLL_INTERVAL_NS);
    wait_until(next_ns < deadline_ns ? next_ns : deadline_ns, false);
    return true;
}

static bool is_valid(const struct timespec *until)
{
    return until->tv_nsec >= 0 && until->tv_nsec < NS_PER_S;
}

static int mutex_lock_until(pthread_mutex_t *mutex, int64_t deadline_ns)
{
    int kind = mutex->__data.__kind & MUTEX_KIND_BITS;
    bool is_shared = mutex->__data.__kind & MUTEX_SHARED_BIT;
    bool is_plain =
        kind == PTHREAD_MUTEX_TIMED_NP || kind == PTHREAD_MUTEX_RECURSIVE_NP ||
        kind == PTHREAD_MUTEX_ERRORCHECK_NP || kind == PTHREAD_MUTEX_ADAPTIVE_NP;
    int *lock = &mutex->__data.__lock;
    for (;;) {
        int error = pthread_mutex_trylock(mutex);
        if (error != EBUSY)
            return error;
        if (kind == PTHREAD_MUTEX_ERRORCHECK_NP &&
            __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED) == RAW(SYS_gettid))
            return EDEADLK;
        if (!is_plain) {
            if (!wait_to_try_again(deadline_ns))
                return ETIMEDOUT;
            continue;
        }
        break;
    }
    for (;;) {
        int value = 1;
        if (__atomic_compare_exchange_n(lock, &value, MUTEX_CONTENDED, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
            value == MUTEX_CONTENDED) {
            if (futex_wait(lock, MUTEX_CONTENDED, is_shared, deadline_ns, false) ==
                -ETIMEDOUT)
                return ETIMEDOUT;
        }
        int error = pthread_mutex_trylock(mutex);
        if (error != EBUSY) {
            if (error == 0)
                __atomic_store_n(lock, MUTEX_CONTENDED, __ATOMIC_SEQ_CST);
            return error;
        }
    }
}

SHIM_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                                        const struct timespec *restrict until)
{
    if (!shim_is_on())
        return REAL(pthread_mutex_timedlock)(mutex, until);
    return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, until);
}

SHIM_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                        const struct timespec *restrict until)
{
    if (!shim_is_on())
        return REAL(pthread_mutex_clocklock)(mutex, clock, until);
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return EINVAL;
    int error = pthread_mutex_trylock(mutex); /* a free one needs no valid time */
    if (error != EBUSY)
        return error;
    if (!is_valid(until))
        return EINVAL;
    return mutex_lock_until(mutex, deadline_at(clock, timespec_to_ns(until)));
}

SHIM_EXPORT int mtx_timedlock(mtx_t *restrict mutex,
                              const struct timespec *restrict until)
{
    int error = pthread_mutex_timedlock((pthread_mutex_t *)mutex, until);
    return error == 0           ? thrd_success
           : error == ETIMEDOUT ? thrd_timedout
           : error == EBUSY     ? thrd_busy
                                : thrd_error;
}

static _Atomic uint32_t n_unlocks; /* of read-write locks, while somebody waits */
static _Atomic uint32_t n_timed_waiters;

typedef int try_function(pthread_rwlock_t *lock);

static int rwlock_lock_until(pthread_rwlock_t *lock, clockid_t clock,
                             const struct timespec *until, try_function *try_lock)
{
    if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) || !is_valid(until))
        return EINVAL;
    int64_t deadline_ns = deadline_at(clock, timespec_to_ns(until));
    if (lock->__data.__cur_writer == RAW(SYS_gettid))
        return EDEADLK;
    atomic_fetch_add(&n_timed_waiters, 1);
    int error;
    for (;;) {
        uint32_t n_seen = atomic_load(&n_unlocks);
        error = try_lock(lock);
        if (error != EBUSY)
            break;
        bool may_try_again =
            lock->__data.__shared
                ? wait_to_try_again(deadline_ns)
                : futex_wait(&n_unlocks, n_seen, false, deadline_ns, false) != -ETIMEDOUT;
        if (!may_try_again) {
            error = ETIMEDOUT;
            break;
        }
    }
    atomic_fetch_sub(&n_timed_waiters, 1);
    return error;
}

SHIM_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    int error = REAL(pthread_rwlock_unlock)(lock);
    if (atomic_load(&n_timed_waiters) > 0) {
        atomic_fetch_add(&n_unlocks, 1);
        futex_wake(&n_unlocks, INT_MAX, false);
    }
    return error;
}

SHIM_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                                           const struct timespec *restrict until)
{
    return shim_is_on()
               ? rwlock_lock_until(lock, CLOCK_REALTIME, until, pthread_rwlock_tryrdlock)
               : REAL(pthread_rwlock_timedrdlock)(lock, until);
}

SHIM_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict lock,
                                           clockid_t clock,
                                           const struct timespec *restrict until)
{
    return shim_is_on() ? rwlock_lock_until(lock, clock, until, pthread_rwlock_tryrdlock)
                        : REAL(pthread_rwlock_clockrdlock)(lock, clock, until);
}

SHIM_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                                           const struct timespec *restrict until)
{
    return shim_is_on()
               ? rwlock_lock_until(lock, CLOCK_REALTIME, until, pthread_rwlock_trywrlock)
               : REAL(pthread_rwlock_timedwrlock)(lock, until);
}

SHIM_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict lock,
                                           clockid_t clock,
                                           const struct timespec *restrict until)
{
    return shim_is_on() ? rwlock_lock_until(lock, clock, until, pthread_rwlock_trywrlock)
                        : REAL(pthread_rwlock_clockwrlock)(lock, clock, until);
}

/** Where the kernel clears the id of a thread that ended; NULL if libc does not say. */
static const int32_t *thread_id_place(pthread_t thread)
{
    /* nptl_db's descriptor of a field: bits, count, offset */
    const uint32_t *field = dlsym(RTLD_DEFAULT, "_thread_db_pthread_tid");
    if (!field || field[0] != 32)
        return NULL;
    return (const int32_t *)((uintptr_t)thread + field[2]);
}

SHIM_EXPORT int pthread_clockjoin_np(pthread_t thread, void **ret_value, clockid_t clock,
                                     const struct timespec *until)
{
    if (!shim_is_on() || !until)
        return REAL(pthread_clockjoin_np)(thread, ret_value, clock, until);
    if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) || !is_valid(until))
        return EINVAL;
    int64_t deadline_ns = deadline_at(clock, timespec_to_ns(until));
    const int32_t *place = thread_id_place(thread);
    for (;;) {
        int error = pthread_tryjoin_np(thread, ret_value);
        if (error != EBUSY)
            return error;
        int32_t tid = place ? __atomic_load_n(place, __ATOMIC_ACQUIRE) : 0;
        if (!place) {
            if (!wait_to_try_again(deadline_ns))
                return ETIMEDOUT;
        } else if (tid != 0 && futex_wait(place, (uint32_t)tid, true, deadline_ns,
                                          true) == -ETIMEDOUT)
            return ETIMEDOUT;
    }
}

SHIM_EXPORT int pthread_timedjoin_np(pthread_t thread, void **ret_value,
                                     const struct timespec *until)
{
    if (!shim_is_on() || !until)
        return REAL(pthread_timedjoin_np)(thread, ret_value, until);
    return pthread_clockjoin_np(thread, ret_value, CLOCK_REALTIME, until);
}
