/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading clocks. Those of the wall and of the machine's uptime are the page's, to the
 * nanosecond; those of CPUs are real. Nobody can set one: a lab runs as root, and the
 * call would move the machine's clock.
 *
 * As computing takes no time, one who reads a clock until it shows something would read
 * for ever, and the lab not come to rest. So a thread that does little else than to read
 * the same time again and again waits a little, and longer each time.
 *
 * Not so one that is at work: V8 reads the clock twice for each function that it
 * compiles, 24,000 times while it loads a large program. How often varies by a few from
 * run to run, and if time passed for it, so would when it passes.
 *
 * Deliberately not replaced: what the kernel itself stamps, such as the times of files
 * and SO_TIMESTAMP.
 */
#include "shim/shim.h"

#include <sys/timeb.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <unistd.h>

/* glibc has it for its own libraries, and no header declares it. */
SHIM_EXPORT int __clock_gettime(clockid_t clock, struct timespec *t);

enum {
    READINGS = 1000,          /* of the same time, after which a thread is looked at */
    READINGS_AT_WORK = 50000, /* as many are too many, whatever is done between them */
};
/* Of processor time: GStreamer's clock, which spins for what is too short for the kernel,
 * reads twice a microsecond; V8 needs 6 to 50 us for each reading. */
static const int64_t reading_at_work_ns = 2 * NS_PER_US;
static const int64_t first_step_ns = NS_PER_US;
static const int64_t last_step_ns = 100 * NS_PER_US;

static __thread int64_t last_read_ns;
static __thread int64_t step_ns;
static __thread unsigned n_same;
static __thread int64_t looked_at_ns; /* its processor time then */

static int64_t pass_time(int64_t now_ns)
{
    n_same = 0;
    wait_until(add_ns(now_ns, step_ns), false);
    step_ns = step_ns * 2 < last_step_ns ? step_ns * 2 : last_step_ns;
    last_read_ns = shim_now_ns();
    return last_read_ns;
}

/* After every READINGS, of which the first only begin the measurement. */
static bool is_spinning(void)
{
    struct timespec t = { 0 };
    RAW(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &t);
    int64_t used_ns = timespec_to_ns(&t) - looked_at_ns;
    looked_at_ns += used_ns;
    if (n_same == READINGS)
        return false;
    return used_ns < READINGS * reading_at_work_ns || n_same >= READINGS_AT_WORK ||
           step_ns > first_step_ns; /* it was before */
}

static int64_t read_now_ns(void)
{
    int64_t now_ns = shim_now_ns();
    if (now_ns == last_read_ns)
        return ++n_same % READINGS == 0 && is_spinning() ? pass_time(now_ns) : now_ns;
    last_read_ns = now_ns;
    step_ns = first_step_ns;
    n_same = 0;
    return now_ns;
}

static int64_t clock_read_ns(clockid_t clock)
{
    int64_t now_ns = read_now_ns();
    return clock_is_calendar(clock) ? add_ns(now_ns, shim_calendar_ns()) : now_ns;
}

SHIM_EXPORT int clock_gettime(clockid_t clock, struct timespec *t)
{
    if (!shim_is_on())
        return REAL(clock_gettime)(clock, t);
    if (!clock_is_virtual(clock))
        return (int)raw_to_errno(RAW(SYS_clock_gettime, clock, t));
    *t = timespec_from_ns(clock_read_ns(clock));
    return 0;
}

SHIM_EXPORT int __clock_gettime(clockid_t clock, struct timespec *t)
{
    return clock_gettime(clock, t);
}

SHIM_EXPORT int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    if (!shim_is_on())
        return REAL(gettimeofday)(t, zone);
    if (zone)
        *(struct timezone *)zone = (struct timezone){ 0 };
    *t = timeval_from_ns(clock_read_ns(CLOCK_REALTIME));
    return 0;
}

SHIM_EXPORT time_t time(time_t *t)
{
    if (!shim_is_on())
        return REAL(time)(t);
    time_t now_s = clock_read_ns(CLOCK_REALTIME) / NS_PER_S;
    if (t)
        *t = now_s;
    return now_s;
}

SHIM_EXPORT int timespec_get(struct timespec *t, int base)
{
    if (!shim_is_on() || base != TIME_UTC)
        return REAL(timespec_get)(t, base);
    *t = timespec_from_ns(clock_read_ns(CLOCK_REALTIME));
    return base;
}

SHIM_EXPORT int clock_getres(clockid_t clock, struct timespec *t)
{
    if (!shim_is_on() || !clock_is_virtual(clock))
        return REAL(clock_getres)(clock, t);
    if (t)
        *t = timespec_from_ns(1);
    return 0;
}

/* C23's, which the headers hide from C11. */
SHIM_EXPORT int timespec_getres(struct timespec *t, int base);

SHIM_EXPORT int timespec_getres(struct timespec *t, int base)
{
    if (!shim_is_on() || base != TIME_UTC)
        return REAL(timespec_getres)(t, base);
    if (t)
        *t = timespec_from_ns(1);
    return base;
}

/* Declared deprecated, but programs from before that still call it. */
SHIM_EXPORT int ftime(struct timeb *t);

SHIM_EXPORT int ftime(struct timeb *t)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    *t = (struct timeb){ .time = now.tv_sec,
                         .millitm = (unsigned short)(now.tv_nsec / NS_PER_MS) };
    return 0;
}

SHIM_EXPORT clock_t times(struct tms *t)
{
    clock_t real = REAL(times)(t);
    if (real == (clock_t)-1 || !shim_is_on())
        return real;
    return shim_now_ns() / (NS_PER_S / sysconf(_SC_CLK_TCK));
}

static int refuse(void)
{
    errno = EPERM;
    return -1;
}

SHIM_EXPORT int clock_settime(clockid_t clock, const struct timespec *t)
{
    return shim_is_on() ? refuse() : REAL(clock_settime)(clock, t);
}

SHIM_EXPORT int settimeofday(const struct timeval *t, const struct timezone *zone)
{
    return shim_is_on() ? refuse() : REAL(settimeofday)(t, zone);
}

SHIM_EXPORT int adjtime(const struct timeval *delta, struct timeval *old)
{
    return shim_is_on() && delta ? refuse() : REAL(adjtime)(delta, old);
}

SHIM_EXPORT int adjtimex(struct timex *t)
{
    return shim_is_on() && t->modes ? refuse() : REAL(adjtimex)(t);
}

SHIM_EXPORT int ntp_adjtime(struct timex *t)
{
    return shim_is_on() && t->modes ? refuse() : REAL(ntp_adjtime)(t);
}

SHIM_EXPORT int clock_adjtime(clockid_t clock, struct timex *t)
{
    return shim_is_on() && t->modes ? refuse() : REAL(clock_adjtime)(clock, t);
}
