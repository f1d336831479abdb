/* SPDX-License-Identifier: Apache-2.0 */
/* Locks: tried for an hour in vain, and let go by another thread after a second. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <threads.h>

#include "clock/cases.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;

/* A thread that holds a lock for a while: a lock belongs to the thread that took it. */
static void *hold_mutex(void *data)
{
    pthread_mutex_lock(&mutex);
    struct timespec t = in_timespec(*(int64_t *)data);
    nanosleep(&t, NULL);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void *hold_rwlock(void *data)
{
    pthread_rwlock_wrlock(&rwlock);
    struct timespec t = in_timespec(*(int64_t *)data);
    nanosleep(&t, NULL);
    pthread_rwlock_unlock(&rwlock);
    return NULL;
}

static void hold(void *(*holder)(void *), int64_t for_ns)
{
    static int64_t duration_ns;
    duration_ns = for_ns;
    pthread_t thread;
    pthread_create(&thread, NULL, holder, &duration_ns);
    struct timespec t = in_timespec(NS_PER_MS); /* until it has it */
    nanosleep(&t, NULL);
}

enum { N_WAITERS = 3 };

typedef int try_function(clockid_t clock, const struct timespec *until);

static int try_mutex(clockid_t clock, const struct timespec *until)
{
    int error = clock == CLOCK_REALTIME ? pthread_mutex_timedlock(&mutex, until)
                                        : pthread_mutex_clocklock(&mutex, clock, until);
    if (error == 0)
        pthread_mutex_unlock(&mutex);
    return error;
}

static int try_read(clockid_t clock, const struct timespec *until)
{
    int error = clock == CLOCK_REALTIME
                    ? pthread_rwlock_timedrdlock(&rwlock, until)
                    : pthread_rwlock_clockrdlock(&rwlock, clock, until);
    if (error == 0)
        pthread_rwlock_unlock(&rwlock);
    return error;
}

static int try_write(clockid_t clock, const struct timespec *until)
{
    int error = clock == CLOCK_REALTIME
                    ? pthread_rwlock_timedwrlock(&rwlock, until)
                    : pthread_rwlock_clockwrlock(&rwlock, clock, until);
    if (error == 0)
        pthread_rwlock_unlock(&rwlock);
    return error;
}

static int try_mtx(clockid_t clock, const struct timespec *until)
{
    (void)clock;
    int result = mtx_timedlock((mtx_t *)&mutex, until);
    if (result == thrd_success)
        mtx_unlock((mtx_t *)&mutex);
    return result == thrd_success ? 0 : result == thrd_timedout ? ETIMEDOUT : -1;
}

static void try_in_vain(const char *what, try_function *try, clockid_t clock)
{
    int64_t since_ns = now_ns();
    struct timespec until = at_timespec(clock, HOUR_NS / 4);
    expect(what, ETIMEDOUT, try(clock, &until));
    expect_elapsed(what, since_ns, HOUR_NS / 4);
    expect("a time that has passed", ETIMEDOUT, try(clock, &until));
    expect_elapsed(what, since_ns, HOUR_NS / 4);
}

struct waiter {
    try_function *try;
    int64_t since_ns;
};

static void *wait_for_release(void *data)
{
    const struct waiter *waiter = data;
    struct timespec until = at_timespec(CLOCK_REALTIME, HOUR_NS);
    expect("released", 0, waiter->try(CLOCK_REALTIME, &until));
    expect_elapsed("released", waiter->since_ns, NS_PER_S);
    return NULL;
}

/* Several wait, and each has its turn. */
static void run_lock(const char *what, try_function *try, void *(*holder)(void *))
{
    hold(holder, HOUR_NS / 2 + 2 * NS_PER_MS);
    try_in_vain(what, try, CLOCK_REALTIME);
    try_in_vain(what, try, CLOCK_MONOTONIC);
    struct timespec t = in_timespec(NS_PER_S);
    nanosleep(&t, NULL);
    struct waiter waiter = { try, now_ns() };
    hold(holder, NS_PER_S);
    pthread_t threads[N_WAITERS];
    for (int i = 0; i < N_WAITERS; i++)
        pthread_create(&threads[i], NULL, wait_for_release, &waiter);
    for (int i = 0; i < N_WAITERS; i++)
        pthread_join(threads[i], NULL);
}

static void make_mutex(int kind, int protocol)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, kind);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    pthread_mutex_init(&mutex, &attributes);
}

static void run_mutex(const struct clock_case *self)
{
    run_lock(self->name, try_mutex, hold_mutex);
}

static void run_mutex_recursive(const struct clock_case *self)
{
    make_mutex(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE);
    run_lock(self->name, try_mutex, hold_mutex);
}

static void run_mutex_errorcheck(const struct clock_case *self)
{
    make_mutex(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE);
    run_lock(self->name, try_mutex, hold_mutex);
    pthread_mutex_lock(&mutex);
    struct timespec until = at_timespec(CLOCK_REALTIME, HOUR_NS);
    expect("one's own", EDEADLK, pthread_mutex_timedlock(&mutex, &until));
}

/* Tried once a millisecond: not for long, as each try is a turn of the lab. */
static void run_mutex_priority(const struct clock_case *self)
{
    make_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT);
    hold(hold_mutex, NS_PER_S / 5);
    int64_t since_ns = now_ns();
    struct timespec until = at_timespec(CLOCK_REALTIME, NS_PER_S / 10);
    expect(self->name, ETIMEDOUT, try_mutex(CLOCK_REALTIME, &until));
    expect_elapsed(self->name, since_ns, NS_PER_S / 10);
}

static void run_mtx(const struct clock_case *self)
{
    hold(hold_mutex, HOUR_NS / 2);
    try_in_vain(self->name, try_mtx, CLOCK_REALTIME);
}

static void run_read(const struct clock_case *self)
{
    run_lock(self->name, try_read, hold_rwlock);
}

static void run_write(const struct clock_case *self)
{
    run_lock(self->name, try_write, hold_rwlock);
}

static int try_semaphore(clockid_t clock, const struct timespec *until)
{
    int result = clock == CLOCK_REALTIME ? sem_timedwait(&semaphore, until)
                                         : sem_clockwait(&semaphore, clock, until);
    return result == 0 ? 0 : errno;
}

static void post(void *data)
{
    (void)data;
    sem_post(&semaphore);
}

static void run_semaphore(const struct clock_case *self)
{
    sem_init(&semaphore, 0, 0);
    try_in_vain(self->name, try_semaphore, CLOCK_REALTIME);
    try_in_vain(self->name, try_semaphore, CLOCK_MONOTONIC);
    int64_t since_ns = now_ns();
    call_after(NS_PER_S, post, NULL);
    struct timespec until = at_timespec(CLOCK_MONOTONIC, HOUR_NS);
    expect("posted", 0, try_semaphore(CLOCK_MONOTONIC, &until));
    expect_elapsed("posted", since_ns, NS_PER_S);
    interrupt_after(NS_PER_S);
    expect("a signal", EINTR, try_semaphore(CLOCK_MONOTONIC, &until));
    post(NULL);
    int value = 0;
    sem_getvalue(&semaphore, &value);
    expect("value", 1, value);
}

static void *end_after(void *data)
{
    struct timespec t = in_timespec(*(int64_t *)data);
    nanosleep(&t, NULL);
    return data;
}

static void run_join(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    int64_t length_ns = HOUR_NS;
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, end_after, &length_ns);
    struct timespec until = at_timespec(CLOCK_REALTIME, NS_PER_S);
    expect(self->name, ETIMEDOUT, pthread_timedjoin_np(thread, &result, &until));
    expect_elapsed(self->name, since_ns, NS_PER_S);
    until = at_timespec(CLOCK_MONOTONIC, 2 * HOUR_NS);
    expect(self->name, 0, pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &until));
    expect_elapsed(self->name, since_ns, HOUR_NS);
    expect("result", 1, result == &length_ns);
}

const struct clock_case lock_cases[] = {
    { "mutex", run_mutex, NULL },
    { "mutex-recursive", run_mutex_recursive, NULL },
    { "mutex-errorcheck", run_mutex_errorcheck, NULL },
    { "mutex-priority", run_mutex_priority, NULL },
    { "mtx", run_mtx, NULL },
    { "rwlock-read", run_read, NULL },
    { "rwlock-write", run_write, NULL },
    { "semaphore", run_semaphore, NULL },
    { "join", run_join, NULL },
    { NULL, NULL, NULL },
};
