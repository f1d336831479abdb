/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer_create() and its kin. A timer that signals is a slot, for which the coordinator
 * sends the signal; one that calls a function (SIGEV_THREAD) is a helper thread of ours
 * that waits and starts a thread for each expiration, as libc does it; one that does
 * nothing is arithmetic. Timers on clocks of CPUs are libc's.
 *
 * Approximate: the overrun count is always 0. Periodic signals come one by one at their
 * times, so it only differs for a program that blocks the signal meanwhile.
 */
#include "shim/shim.h"

#include <pthread.h>

enum { MAX_TIMERS = 1024 };

struct timer {
    _Atomic uint32_t is_used;
    _Atomic uint32_t n_changes; /**< what the helper of SIGEV_THREAD waits on */
    _Atomic bool is_deleted;    /**< the helper is to end, and to give it back */
    clockid_t clock;
    struct clock_slot *slot; /**< of SIGEV_SIGNAL and SIGEV_THREAD_ID */
    struct sigevent event;
    pthread_mutex_t lock; /**< of the two below, of timers without a slot */
    int64_t deadline_ns;  /**< CLOCK_PAGE_NEVER: stopped */
    int64_t interval_ns;
};

static struct timer timers[MAX_TIMERS];

void posix_timers_after_fork(void)
{
    for (int i = 0; i < MAX_TIMERS; i++)
        if (atomic_load(&timers[i].is_used))
            atomic_store(&timers[i].is_used, 0);
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/** NULL if it is libc's. */
static struct timer *timer_of(timer_t id)
{
    uintptr_t at = (uintptr_t)id;
    if (at < (uintptr_t)timers || at >= (uintptr_t)(timers + MAX_TIMERS))
        return NULL;
    return (struct timer *)id;
}

static struct timer *take_timer(void)
{
    for (int i = 0; i < MAX_TIMERS; i++) {
        uint32_t is_used = 0;
        if (atomic_compare_exchange_strong(&timers[i].is_used, &is_used, 1))
            return &timers[i];
    }
    return NULL;
}

/** When it is next, of one that is due already. */
static int64_t next_deadline(int64_t deadline_ns, int64_t interval_ns, int64_t now_ns)
{
    if (interval_ns <= 0)
        return CLOCK_PAGE_NEVER;
    int64_t n = (now_ns - deadline_ns) / interval_ns + 1;
    return add_ns(deadline_ns, n * interval_ns);
}

/** One in the past expires at once, and but once: the latest of its times until now. */
static int64_t last_deadline(int64_t deadline_ns, int64_t interval_ns, int64_t now_ns)
{
    if (deadline_ns >= now_ns || interval_ns <= 0)
        return deadline_ns;
    return next_deadline(deadline_ns, interval_ns, now_ns) - interval_ns;
}

static void *call_function(void *data)
{
    struct sigevent event = ((struct timer *)data)->event;
    event.sigev_notify_function(event.sigev_value);
    return NULL;
}

static void start_call(struct timer *timer)
{
    pthread_attr_t detached;
    const pthread_attr_t *attributes = timer->event.sigev_notify_attributes;
    if (!attributes) {
        pthread_attr_init(&detached);
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        attributes = &detached;
    }
    pthread_t thread;
    pthread_create(&thread, attributes, call_function, timer);
    if (attributes == &detached)
        pthread_attr_destroy(&detached);
}

static void *help(void *data)
{
    struct timer *timer = data;
    while (!atomic_load(&timer->is_deleted)) {
        uint32_t n_seen = atomic_load(&timer->n_changes);
        pthread_mutex_lock(&timer->lock);
        int64_t deadline_ns = timer->deadline_ns;
        bool is_due = deadline_ns <= shim_now_ns();
        if (is_due)
            timer->deadline_ns =
                next_deadline(deadline_ns, timer->interval_ns, shim_now_ns());
        pthread_mutex_unlock(&timer->lock);
        if (is_due)
            start_call(timer);
        else
            futex_wait(&timer->n_changes, n_seen, false, deadline_ns, false);
    }
    atomic_store(&timer->is_used, 0);
    return NULL;
}

/** Starts the helper with all signals blocked: none of the program's is for it. */
static int start_helper(struct timer *timer)
{
    sigset_t all, old;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = REAL(pthread_create)(&thread, NULL, help, timer);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!error)
        pthread_detach(thread);
    return error;
}

static void take_signal_slot(struct timer *timer)
{
    timer->slot = slot_take(SLOT_SIGNAL);
    timer->slot->signal_number = timer->event.sigev_signo;
    timer->slot->value = (uint64_t)(uintptr_t)timer->event.sigev_value.sival_ptr;
    if (timer->event.sigev_notify == SIGEV_THREAD_ID)
        timer->slot->tid = timer->event._sigev_un._tid;
}

static bool is_valid(const struct sigevent *event)
{
    switch (event->sigev_notify) {
    case SIGEV_SIGNAL:
    case SIGEV_THREAD_ID:
        return event->sigev_signo > 0 && event->sigev_signo < NSIG &&
               !signal_is_ours(event->sigev_signo);
    case SIGEV_NONE:
    case SIGEV_THREAD:
        return true;
    default:
        return false;
    }
}

SHIM_EXPORT int timer_create(clockid_t clock, struct sigevent *restrict event,
                             timer_t *restrict ret_id)
{
    if (!shim_is_on() || !clock_is_virtual(clock))
        return REAL(timer_create)(clock, event, ret_id);
    if (event && !is_valid(event))
        return fail(EINVAL);
    struct timer *timer = take_timer();
    if (!timer)
        return fail(EAGAIN);
    timer->clock = clock;
    timer->event = event ? *event
                         : (struct sigevent){ .sigev_notify = SIGEV_SIGNAL,
                                              .sigev_signo = SIGALRM,
                                              .sigev_value.sival_ptr = timer };
    timer->slot = NULL;
    timer->deadline_ns = CLOCK_PAGE_NEVER;
    timer->interval_ns = 0;
    atomic_store(&timer->is_deleted, false);
    pthread_mutex_init(&timer->lock, NULL);
    int how = timer->event.sigev_notify;
    if (how == SIGEV_THREAD && start_helper(timer) != 0) {
        atomic_store(&timer->is_used, 0);
        return fail(EAGAIN);
    }
    if (how == SIGEV_SIGNAL || how == SIGEV_THREAD_ID)
        take_signal_slot(timer);
    *ret_id = timer;
    return 0;
}

static struct itimerspec timer_state(struct timer *timer)
{
    struct itimerspec state = { 0 };
    int64_t deadline_ns = timer->deadline_ns;
    int64_t interval_ns = timer->interval_ns;
    if (timer->slot) {
        bool is_running = atomic_load(&timer->slot->state) == SLOT_WAITING;
        deadline_ns = is_running ? timer->slot->deadline_ns : CLOCK_PAGE_NEVER;
        interval_ns = timer->slot->interval_ns;
    } else if (deadline_ns <= shim_now_ns()) {
        deadline_ns = next_deadline(deadline_ns, interval_ns, shim_now_ns());
    }
    state.it_interval = timespec_from_ns(interval_ns);
    if (deadline_ns != CLOCK_PAGE_NEVER)
        state.it_value = timespec_from_ns(until_ns(deadline_ns));
    return state;
}

SHIM_EXPORT int timer_settime(timer_t id, int flags, const struct itimerspec *restrict to,
                              struct itimerspec *restrict ret_old)
{
    struct timer *timer = timer_of(id);
    if (!timer)
        return REAL(timer_settime)(id, flags, to, ret_old);
    if (!atomic_load(&timer->is_used)) /* deleted, or of the parent of this process */
        return fail(EINVAL);
    if (!timespec_is_valid(&to->it_value) || !timespec_is_valid(&to->it_interval))
        return fail(EINVAL);
    int64_t value_ns = timespec_to_ns(&to->it_value);
    int64_t interval_ns = timespec_to_ns(&to->it_interval);
    int64_t deadline_ns = flags & TIMER_ABSTIME ? deadline_at(timer->clock, value_ns)
                                                : deadline_in(value_ns);
    if (value_ns == 0)
        deadline_ns = CLOCK_PAGE_NEVER;
    else
        deadline_ns = last_deadline(deadline_ns, interval_ns, shim_now_ns());
    pthread_mutex_lock(&timer->lock);
    struct itimerspec old = timer_state(timer);
    if (timer->slot && deadline_ns == CLOCK_PAGE_NEVER)
        slot_disarm(timer->slot);
    else if (timer->slot)
        slot_arm(timer->slot, deadline_ns, interval_ns);
    timer->deadline_ns = deadline_ns;
    timer->interval_ns = interval_ns;
    pthread_mutex_unlock(&timer->lock);
    atomic_fetch_add(&timer->n_changes, 1);
    if (timer->event.sigev_notify == SIGEV_THREAD)
        futex_wake(&timer->n_changes, 1, false);
    if (ret_old)
        *ret_old = old;
    return 0;
}

SHIM_EXPORT int timer_gettime(timer_t id, struct itimerspec *ret_state)
{
    struct timer *timer = timer_of(id);
    if (!timer)
        return REAL(timer_gettime)(id, ret_state);
    if (!atomic_load(&timer->is_used))
        return fail(EINVAL);
    pthread_mutex_lock(&timer->lock);
    *ret_state = timer_state(timer);
    pthread_mutex_unlock(&timer->lock);
    return 0;
}

SHIM_EXPORT int timer_getoverrun(timer_t id)
{
    return timer_of(id) ? 0 : REAL(timer_getoverrun)(id);
}

SHIM_EXPORT int timer_delete(timer_t id)
{
    struct timer *timer = timer_of(id);
    if (!timer)
        return REAL(timer_delete)(id);
    if (!atomic_load(&timer->is_used))
        return fail(EINVAL);
    if (timer->slot)
        slot_free(timer->slot);
    if (timer->event.sigev_notify != SIGEV_THREAD) {
        atomic_store(&timer->is_used, 0);
        return 0;
    }
    atomic_store(&timer->is_deleted, true); /* the helper gives it back */
    atomic_fetch_add(&timer->n_changes, 1);
    futex_wake(&timer->n_changes, 1, false);
    return 0;
}
