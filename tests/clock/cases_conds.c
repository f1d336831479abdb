/* SPDX-License-Identifier: Apache-2.0 */
/* Condition variables: one that nobody signals, one that somebody does, and hundreds of
 * threads whose signals come just before, at and just after their deadlines. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <threads.h>

#include "clock/cases.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool is_set;

typedef int wait_function(int64_t for_ns);

static int wait_static(int64_t for_ns)
{
    struct timespec until = at_timespec(CLOCK_REALTIME, for_ns);
    return pthread_cond_timedwait(&cond, &mutex, &until);
}

static int wait_monotonic(int64_t for_ns)
{
    struct timespec until = at_timespec(CLOCK_MONOTONIC, for_ns);
    return pthread_cond_timedwait(&cond, &mutex, &until);
}

static int wait_clock(int64_t for_ns)
{
    struct timespec until = at_timespec(CLOCK_MONOTONIC, for_ns);
    return pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &until);
}

static int wait_cnd(int64_t for_ns)
{
    struct timespec until = at_timespec(CLOCK_REALTIME, for_ns);
    int result = cnd_timedwait((cnd_t *)&cond, (mtx_t *)&mutex, &until);
    return result == thrd_success ? 0 : result == thrd_timedout ? ETIMEDOUT : -1;
}

static void set(void *data)
{
    (void)data;
    pthread_mutex_lock(&mutex);
    is_set = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
}

static void run_waits(const char *what, wait_function *wait)
{
    int64_t since_ns = now_ns();
    pthread_mutex_lock(&mutex);
    expect(what, ETIMEDOUT, wait(HOUR_NS));
    expect_elapsed(what, since_ns, HOUR_NS);
    expect("a time that has passed", ETIMEDOUT, wait(-1));
    expect("locked", EBUSY, pthread_mutex_trylock(&mutex));
    interrupt_after(NS_PER_S / 2); /* which conditions do not mind */
    call_after(NS_PER_S, set, NULL);
    while (!is_set)
        expect("signalled", 0, wait(HOUR_NS));
    expect_elapsed("signalled", since_ns, HOUR_NS + NS_PER_S);
    pthread_mutex_unlock(&mutex);
    expect("destroy", 0, pthread_cond_destroy(&cond));
}

static void run_static(const struct clock_case *self)
{
    run_waits(self->name, wait_static);
}

static void run_monotonic(const struct clock_case *self)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&cond, &attributes);
    run_waits(self->name, wait_monotonic);
}

static void run_clockwait(const struct clock_case *self)
{
    run_waits(self->name, wait_clock);
}

static void run_cnd(const struct clock_case *self)
{
    cnd_init((cnd_t *)&cond);
    run_waits(self->name, wait_cnd);
}

static void unlock(void *data)
{
    pthread_mutex_unlock(data);
}

static void *wait_for_ever(void *data)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, &mutex);
    for (;;)
        data ? wait_static(HOUR_NS) : pthread_cond_wait(&cond, &mutex);
    pthread_cleanup_pop(1);
    return NULL;
}

static void run_cancel(const struct clock_case *self)
{
    pthread_t threads[2];
    void *result;
    pthread_create(&threads[0], NULL, wait_for_ever, NULL);
    pthread_create(&threads[1], NULL, wait_for_ever, &cond);
    struct timespec t = in_timespec(NS_PER_S);
    nanosleep(&t, NULL);
    for (int i = 0; i < 2; i++) {
        pthread_cancel(threads[i]);
        pthread_join(threads[i], &result);
        expect(self->name, 1, result == PTHREAD_CANCELED);
        expect("unlocked", 0, pthread_mutex_trylock(&mutex));
        pthread_mutex_unlock(&mutex);
    }
    expect("destroy", 0, pthread_cond_destroy(&cond)); /* nobody is left in it */
}

/* A condition that lives only as long as somebody waits: destroyed and freed at once
 * after the broadcast, while those woken have not yet run. */
struct brief {
    pthread_mutex_t *mutex;
    pthread_cond_t *cond;
    bool *is_over;
};

static void *wait_briefly(void *data)
{
    struct brief *brief = data;
    pthread_mutex_lock(brief->mutex);
    while (!*brief->is_over)
        pthread_cond_wait(brief->cond, brief->mutex);
    pthread_mutex_unlock(brief->mutex);
    return NULL;
}

static void run_destroy(const struct clock_case *self)
{
    enum { N_ROUNDS = 100, N_WAITERS = 8 };
    for (int round = 0; round < N_ROUNDS; round++) {
        bool is_over = false;
        struct brief brief = { &mutex, malloc(sizeof(pthread_cond_t)), &is_over };
        pthread_t threads[N_WAITERS];
        pthread_cond_init(brief.cond, NULL);
        for (int i = 0; i < N_WAITERS; i++)
            pthread_create(&threads[i], NULL, wait_briefly, &brief);
        struct timespec t = in_timespec(NS_PER_MS);
        nanosleep(&t, NULL);
        pthread_mutex_lock(&mutex);
        is_over = true;
        pthread_cond_broadcast(brief.cond);
        pthread_mutex_unlock(&mutex);
        expect(self->name, 0, pthread_cond_destroy(brief.cond));
        free(brief.cond);
        for (int i = 0; i < N_WAITERS; i++)
            pthread_join(threads[i], NULL);
    }
}

/* Pairs of threads: one waits a given time on a condition of its own, the other signals
 * it once, shortly before, at, or shortly after that time. */
enum { N_PAIRS = 100, N_ROUNDS = 20 };

struct pair {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool has_signal;
    unsigned random;
    pthread_barrier_t barrier;
};

static atomic_int n_signals, n_taken, n_timeouts, n_late;
static int64_t race_start_ns;

/* The same numbers in both threads of a pair. */
static int64_t draw_ns(unsigned *random, int64_t below_ns)
{
    *random = *random * 1103515245u + 12345u;
    return (*random >> 8) % below_ns;
}

static void sleep_until(int64_t at_ns)
{
    struct timespec t = in_timespec(at_ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void *race_waiter(void *data)
{
    struct pair *pair = data;
    unsigned random = pair->random;
    for (int round = 0; round < N_ROUNDS; round++) {
        int64_t start_ns = race_start_ns + (round + 1) * NS_PER_S;
        int64_t deadline_ns = start_ns + 1000 * draw_ns(&random, 1000);
        int64_t signal_ns = deadline_ns + draw_ns(&random, 3) - 1;
        sleep_until(start_ns);
        pthread_mutex_lock(&pair->mutex);
        struct timespec until = in_timespec(deadline_ns);
        int error = 0;
        while (!pair->has_signal && error == 0)
            error = pthread_cond_timedwait(&pair->cond, &pair->mutex, &until);
        if (error == ETIMEDOUT) {
            atomic_fetch_add(&n_timeouts, 1);
            expect("no earlier than the deadline", deadline_ns, now_ns());
            expect("no signal that came before", 1, signal_ns >= deadline_ns);
        } else {
            expect("pthread_cond_timedwait", 0, error);
            expect("woken at the signal", signal_ns > start_ns ? signal_ns : start_ns,
                   now_ns());
            expect("no later than the deadline", 1, signal_ns <= deadline_ns);
        }
        pthread_mutex_unlock(&pair->mutex);
        pthread_barrier_wait(&pair->barrier); /* the signal has been sent */
        pthread_mutex_lock(&pair->mutex);
        atomic_fetch_add(error ? &n_late : &n_taken, pair->has_signal);
        pair->has_signal = false;
        pthread_mutex_unlock(&pair->mutex);
        pthread_barrier_wait(&pair->barrier);
    }
    return NULL;
}

static void *race_signaller(void *data)
{
    struct pair *pair = data;
    unsigned random = pair->random;
    for (int round = 0; round < N_ROUNDS; round++) {
        int64_t start_ns = race_start_ns + (round + 1) * NS_PER_S;
        int64_t deadline_ns = start_ns + 1000 * draw_ns(&random, 1000);
        sleep_until(deadline_ns + draw_ns(&random, 3) - 1);
        pthread_mutex_lock(&pair->mutex);
        pair->has_signal = true;
        atomic_fetch_add(&n_signals, 1);
        pthread_cond_signal(&pair->cond);
        pthread_mutex_unlock(&pair->mutex);
        pthread_barrier_wait(&pair->barrier);
        pthread_barrier_wait(&pair->barrier);
    }
    return NULL;
}

static void run_race(const struct clock_case *self)
{
    static struct pair pairs[N_PAIRS];
    static pthread_t threads[2 * N_PAIRS];
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    race_start_ns = now_ns();
    for (int i = 0; i < N_PAIRS; i++) {
        pthread_mutex_init(&pairs[i].mutex, NULL);
        pthread_cond_init(&pairs[i].cond, &attributes);
        pthread_barrier_init(&pairs[i].barrier, NULL, 2);
        pairs[i].random = (unsigned)i * 7919u;
        pthread_create(&threads[2 * i], NULL, race_waiter, &pairs[i]);
        pthread_create(&threads[2 * i + 1], NULL, race_signaller, &pairs[i]);
    }
    for (int i = 0; i < 2 * N_PAIRS; i++)
        pthread_join(threads[i], NULL);
    expect("signals", N_PAIRS * N_ROUNDS, n_signals);
    expect("signals taken or late", n_signals, n_taken + n_late);
    expect("time-outs and late signals", n_timeouts, n_late);
    expect(self->name, 1, n_taken > 0 && n_late > 0);
}

/* All wait on one condition that is signalled once for each: no wake is lost. */
enum { N_TAKERS = 100, N_GIVEN = 2000 };
static int n_items;
static bool is_closed;

static void *take_items(void *data)
{
    uintptr_t n = 0;
    unsigned random = (unsigned)(uintptr_t)data;
    pthread_mutex_lock(&mutex);
    while (n_items > 0 || !is_closed) {
        if (n_items > 0) {
            n_items--;
            n++;
        } else {
            int64_t since_ns = now_ns();
            int64_t limit_ns = 1 + draw_ns(&random, 1000000);
            int error = wait_clock(limit_ns);
            if (error == ETIMEDOUT)
                expect("a time-out at its time", 1, now_ns() >= since_ns + limit_ns);
            else
                expect("in time", 1, now_ns() <= since_ns + limit_ns);
        }
    }
    pthread_mutex_unlock(&mutex);
    return (void *)n;
}

static void run_shared_race(const struct clock_case *self)
{
    pthread_t threads[N_TAKERS];
    for (uintptr_t i = 0; i < N_TAKERS; i++)
        pthread_create(&threads[i], NULL, take_items, (void *)i);
    struct timespec t = in_timespec(100000);
    for (int i = 0; i < N_GIVEN; i++) {
        if (i % 10 == 0)
            nanosleep(&t, NULL);
        pthread_mutex_lock(&mutex);
        n_items++;
        pthread_cond_signal(&cond);
        pthread_mutex_unlock(&mutex);
    }
    pthread_mutex_lock(&mutex);
    is_closed = true;
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&mutex);
    int64_t n_taken_in_all = 0;
    for (int i = 0; i < N_TAKERS; i++) {
        void *n;
        pthread_join(threads[i], &n);
        n_taken_in_all += (int64_t)(uintptr_t)n;
    }
    expect(self->name, N_GIVEN, n_taken_in_all);
}

const struct clock_case cond_cases[] = {
    { "cond-static", run_static, NULL },
    { "cond-monotonic", run_monotonic, NULL },
    { "cond-clockwait", run_clockwait, NULL },
    { "cnd", run_cnd, NULL },
    { "cond-cancelled", run_cancel, NULL },
    { "cond-destroyed", run_destroy, NULL },
    { "cond-race", run_race, NULL },
    { "cond-shared-race", run_shared_race, NULL },
    { NULL, NULL, NULL },
};
