/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping: a wait for nothing but the deadline, which a signal may cut short.
 *
 * Sleeps on a CPU's clock are real. A sleep of nothing returns at once, as with a real
 * clock; a program that does only that, over and over, keeps the virtual time from
 * moving.
 */
#include "shim/shim.h"

#include <threads.h>
#include <unistd.h>

SHIM_EXPORT int __nanosleep(const struct timespec *t, struct timespec *rest);

/** As clock_nanosleep(): returns 0 or the errno. */
static int sleep_for(int64_t ns, struct timespec *rest)
{
    int64_t deadline_ns = deadline_in(ns);
    if (wait_until(deadline_ns, true) == 0)
        return 0;
    if (rest)
        *rest = timespec_from_ns(until_ns(deadline_ns));
    return EINTR;
}

SHIM_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t,
                                struct timespec *rest)
{
    if (!shim_is_on() || !clock_is_virtual(clock))
        return REAL(clock_nanosleep)(clock, flags, t, rest);
    if (!timespec_is_valid(t))
        return EINVAL;
    if (!(flags & TIMER_ABSTIME))
        return sleep_for(timespec_to_ns(t), rest);
    return wait_until(deadline_at(clock, timespec_to_ns(t)), true) == 0 ? 0 : EINTR;
}

SHIM_EXPORT int nanosleep(const struct timespec *t, struct timespec *rest)
{
    if (!shim_is_on())
        return REAL(nanosleep)(t, rest);
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, t, rest);
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

SHIM_EXPORT int __nanosleep(const struct timespec *t, struct timespec *rest)
{
    return nanosleep(t, rest);
}

SHIM_EXPORT int usleep(useconds_t us)
{
    if (!shim_is_on())
        return REAL(usleep)(us);
    struct timespec t = timespec_from_ns((int64_t)us * NS_PER_US);
    return nanosleep(&t, NULL);
}

SHIM_EXPORT unsigned int sleep(unsigned int s)
{
    if (!shim_is_on())
        return REAL(sleep)(s);
    struct timespec rest;
    if (sleep_for((int64_t)s * NS_PER_S, &rest) == 0)
        return 0;
    /* glibc counts whole seconds only; never 0, which would say that all were slept. */
    return rest.tv_sec > 0 ? (unsigned int)rest.tv_sec : 1;
}

SHIM_EXPORT int thrd_sleep(const struct timespec *t, struct timespec *rest)
{
    if (!shim_is_on())
        return REAL(thrd_sleep)(t, rest);
    int error = clock_nanosleep(CLOCK_REALTIME, 0, t, rest);
    return error == 0 ? 0 : error == EINTR ? -1 : -2;
}
