/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits with a limit for semaphores, POSIX' and System V's, and for message queues.
 *
 * A POSIX semaphore stays libc's, for sem_post() and sem_wait() are: 64 bits with the
 * value in the lower half, which is the futex, and the number of those who wait in the
 * upper one, without which sem_post() wakes nobody. The layout is glibc's since 2.21 and
 * part of its ABI, because semaphores are shared between processes.
 *
 * The others are the kernel's, and their calls without a limit can be interrupted.
 */
#include "shim/shim.h"

#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/sem.h>

struct glibc_semaphore {
    _Atomic uint64_t data;
    int32_t shared; /**< 0, or FUTEX_PRIVATE_FLAG's value if shared between processes */
    int32_t padding;
};

_Static_assert(sizeof(struct glibc_semaphore) <= sizeof(sem_t), "glibc's 64-bit layout");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the value comes first");

#define ONE_WAITER (UINT64_C(1) << 32)

/** Takes one, and one waiter less; false if there is none. */
static bool take(struct glibc_semaphore *semaphore, uint64_t waiters)
{
    uint64_t data = atomic_load(&semaphore->data);
    while ((uint32_t)data > 0)
        if (atomic_compare_exchange_weak(&semaphore->data, &data, data - 1 - waiters))
            return true;
    return false;
}

static void give_up(void *semaphore)
{
    atomic_fetch_sub(&((struct glibc_semaphore *)semaphore)->data, ONE_WAITER);
}

static int semaphore_wait_until(struct glibc_semaphore *semaphore, int64_t deadline_ns)
{
    long error = 0;
    atomic_fetch_add(&semaphore->data, ONE_WAITER);
    pthread_cleanup_push(give_up, semaphore);
    while (error == 0 && !take(semaphore, ONE_WAITER)) {
        long result =
            futex_wait(&semaphore->data, 0, semaphore->shared != 0, deadline_ns, true);
        if (result == -ETIMEDOUT || result == -EINTR)
            error = result;
    }
    pthread_cleanup_pop(0);
    if (error == 0)
        return 0;
    give_up(semaphore);
    return (int)raw_to_errno(error);
}

SHIM_EXPORT int sem_clockwait(sem_t *restrict semaphore, clockid_t clock,
                              const struct timespec *restrict until)
{
    if (!shim_is_on())
        return REAL(sem_clockwait)(semaphore, clock, until);
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
        errno = EINVAL;
        return -1;
    }
    struct glibc_semaphore *own = (struct glibc_semaphore *)semaphore;
    if (take(own, 0)) /* a free one needs no valid time */
        return 0;
    if (until->tv_nsec < 0 || until->tv_nsec >= NS_PER_S) {
        errno = EINVAL;
        return -1;
    }
    return semaphore_wait_until(own, deadline_at(clock, timespec_to_ns(until)));
}

SHIM_EXPORT int sem_timedwait(sem_t *restrict semaphore,
                              const struct timespec *restrict until)
{
    if (!shim_is_on())
        return REAL(sem_timedwait)(semaphore, until);
    return sem_clockwait(semaphore, CLOCK_REALTIME, until);
}

SHIM_EXPORT int semtimedop(int id, struct sembuf *operations, size_t n,
                           const struct timespec *timeout)
{
    if (!shim_is_on() || !timeout)
        return REAL(semtimedop)(id, operations, n, timeout);
    if (!timespec_is_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    int64_t deadline_ns = deadline_in(timespec_to_ns(timeout));
    long result = deadline_ns <= shim_now_ns()
                      ? RAW(SYS_semtimedop, id, operations, n, &(struct timespec){ 0 })
                      : WAIT(deadline_ns, SYS_semtimedop, id, operations, n, NULL);
    return (int)raw_to_errno(result == -ETIMEDOUT ? -EAGAIN : result);
}

/* A time that has passed on the real clock too, with which the kernel only tries. */
static const struct timespec past = { 0, 1 };

/** Whether there is a valid one; with any other libc says what is wrong. */
static bool has_limit(const struct timespec *until)
{
    return until && timespec_is_valid(until);
}

SHIM_EXPORT int mq_timedsend(mqd_t queue, const char *message, size_t bytes,
                             unsigned int priority, const struct timespec *until)
{
    if (!shim_is_on() || !has_limit(until))
        return REAL(mq_timedsend)(queue, message, bytes, priority, until);
    int64_t deadline_ns = deadline_at(CLOCK_REALTIME, timespec_to_ns(until));
    long result =
        deadline_ns <= shim_now_ns()
            ? RAW(SYS_mq_timedsend, queue, message, bytes, priority, &past)
            : WAIT(deadline_ns, SYS_mq_timedsend, queue, message, bytes, priority, NULL);
    return (int)raw_to_errno(result);
}

SHIM_EXPORT ssize_t mq_timedreceive(mqd_t queue, char *restrict message, size_t bytes,
                                    unsigned int *restrict priority,
                                    const struct timespec *restrict until)
{
    if (!shim_is_on() || !has_limit(until))
        return REAL(mq_timedreceive)(queue, message, bytes, priority, until);
    int64_t deadline_ns = deadline_at(CLOCK_REALTIME, timespec_to_ns(until));
    long result = deadline_ns <= shim_now_ns()
                      ? RAW(SYS_mq_timedreceive, queue, message, bytes, priority, &past)
                      : WAIT(deadline_ns, SYS_mq_timedreceive, queue, message, bytes,
                             priority, NULL);
    return raw_to_errno(result);
}
