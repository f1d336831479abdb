/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place that reads a clock. Times are signed nanoseconds: `_ns` in the code,
 * `_us` in events, `_ms` in scenarios and results.
 */
#ifndef RTCLAB_BASE_CLOCK_H
#define RTCLAB_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/** "No deadline": later than every time. */
#define CLOCK_NEVER INT64_MAX

/** The time `ns` (not negative) after `at_ns`; CLOCK_NEVER where that is beyond all
 * times, so that a lifetime or delay of CLOCK_NEVER means what it says. */
static inline int64_t clock_after_ns(int64_t at_ns, int64_t ns)
{
    int64_t sum;
    return __builtin_add_overflow(at_ns, ns, &sum) ? CLOCK_NEVER : sum;
}

/** Monotonic time in ns (CLOCK_MONOTONIC); the clock of peers' `t_ns` too. */
int64_t clock_now_ns(void);

/** Calendar time in ns since 1970-01-01 UTC (CLOCK_REALTIME). */
int64_t clock_calendar_ns(void);

#endif
