/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times: libc's structures to nanoseconds and back, and clocks to deadlines.
 *
 * All of it saturates: what lies beyond 292 years is CLOCK_PAGE_NEVER, and a wait until
 * then is one without a limit.
 */
#include "shim/shim.h"

int64_t add_ns(int64_t a_ns, int64_t b_ns)
{
    int64_t sum_ns;
    if (!__builtin_add_overflow(a_ns, b_ns, &sum_ns))
        return sum_ns;
    return b_ns < 0 ? INT64_MIN : CLOCK_PAGE_NEVER;
}

bool timespec_is_valid(const struct timespec *t)
{
    return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < NS_PER_S;
}

bool timeval_is_valid(const struct timeval *t)
{
    return t->tv_sec >= 0 && t->tv_usec >= 0 && t->tv_usec < NS_PER_S / NS_PER_US;
}

static int64_t to_ns(int64_t s, int64_t ns)
{
    int64_t total_ns;
    if (__builtin_mul_overflow(s, NS_PER_S, &total_ns))
        return s < 0 ? INT64_MIN : CLOCK_PAGE_NEVER;
    return add_ns(total_ns, ns);
}

int64_t timespec_to_ns(const struct timespec *t)
{
    return to_ns(t->tv_sec, t->tv_nsec);
}

int64_t timeval_to_ns(const struct timeval *t)
{
    return to_ns(t->tv_sec, t->tv_usec * NS_PER_US);
}

struct timespec timespec_from_ns(int64_t ns)
{
    return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

struct timeval timeval_from_ns(int64_t ns)
{
    return (struct timeval){ .tv_sec = ns / NS_PER_S,
                             .tv_usec = ns % NS_PER_S / NS_PER_US };
}

bool clock_is_calendar(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
           clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

bool clock_is_virtual(clockid_t clock)
{
    return clock_is_calendar(clock) || clock == CLOCK_MONOTONIC ||
           clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE ||
           clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM;
}

int64_t deadline_in(int64_t after_ns)
{
    return after_ns == CLOCK_PAGE_NEVER ? after_ns : add_ns(shim_now_ns(), after_ns);
}

int64_t deadline_at(clockid_t clock, int64_t at_ns)
{
    if (!clock_is_calendar(clock) || at_ns == CLOCK_PAGE_NEVER)
        return at_ns;
    return add_ns(at_ns, -shim_calendar_ns());
}

int64_t until_ns(int64_t deadline_ns)
{
    int64_t now_ns = shim_now_ns();
    return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}
