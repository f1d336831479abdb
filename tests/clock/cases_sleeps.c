/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeping, and that all clocks agree on how long it was. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timeb.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <threads.h>
#include <unistd.h>

#include "clock/cases.h"

static void run_nanosleep(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    struct timespec t = in_timespec(HOUR_NS + 1);
    expect(self->name, 0, nanosleep(&t, NULL));
    expect_elapsed(self->name, since_ns, HOUR_NS + 1);
    t.tv_nsec = NS_PER_S;
    expect("an invalid time", -1, nanosleep(&t, NULL));
    expect("errno", EINVAL, errno);
}

static void run_nanosleep_signal(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    struct timespec t = in_timespec(HOUR_NS);
    struct timespec rest;
    interrupt_after(5 * NS_PER_S + 3);
    expect(self->name, -1, nanosleep(&t, &rest));
    expect("errno", EINTR, errno);
    expect_elapsed(self->name, since_ns, 5 * NS_PER_S + 3);
    expect("rest", HOUR_NS - 5 * NS_PER_S - 3, rest.tv_sec * NS_PER_S + rest.tv_nsec);
}

static void sleep_on(const char *what, clockid_t clock)
{
    int64_t since_ns = now_ns();
    struct timespec t = in_timespec(HOUR_NS / 4);
    expect(what, 0, clock_nanosleep(clock, 0, &t, NULL));
    expect_elapsed(what, since_ns, HOUR_NS / 4);
    t = at_timespec(clock, HOUR_NS / 4);
    expect(what, 0, clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL));
    expect_elapsed(what, since_ns, HOUR_NS / 2);
    expect("a time that has passed", 0, clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL));
    expect_elapsed("a time that has passed", since_ns, HOUR_NS / 2);
}

static void run_sleep_monotonic(const struct clock_case *self)
{
    sleep_on(self->name, CLOCK_MONOTONIC);
}

static void run_sleep_realtime(const struct clock_case *self)
{
    sleep_on(self->name, CLOCK_REALTIME);
}

static void run_sleep_boottime(const struct clock_case *self)
{
    sleep_on(self->name, CLOCK_BOOTTIME);
}

static void run_sleep(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    expect(self->name, 0, sleep(3600));
    expect_elapsed(self->name, since_ns, HOUR_NS);
    interrupt_after(NS_PER_S);
    expect("what is left", 9, sleep(10));
}

static void run_usleep(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    expect(self->name, 0, usleep(3600000000u));
    expect_elapsed(self->name, since_ns, HOUR_NS);
}

static void run_thrd_sleep(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    struct timespec t = in_timespec(HOUR_NS);
    expect(self->name, 0, thrd_sleep(&t, NULL));
    expect_elapsed(self->name, since_ns, HOUR_NS);
}

static void run_syscall(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    struct timespec t = in_timespec(HOUR_NS / 2);
    expect(self->name, 0, syscall(SYS_nanosleep, &t, NULL));
    expect(self->name, 0,
           syscall(SYS_clock_nanosleep, (long)CLOCK_REALTIME, 0L, &t, NULL));
    expect_elapsed(self->name, since_ns, HOUR_NS);
    expect("syscall's clock", 0, syscall(SYS_clock_gettime, (long)CLOCK_MONOTONIC, &t));
    expect("syscall's clock", now_ns(), t.tv_sec * NS_PER_S + t.tv_nsec);
}

/* A handler that sleeps itself: the outer sleep ends when the handler does. */
static void sleep_in_handler(int signal_number)
{
    (void)signal_number;
    struct timespec t = in_timespec(10 * NS_PER_S);
    nanosleep(&t, NULL);
}

static void run_nested(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    interrupt_after(NS_PER_S);
    struct sigaction action = { .sa_handler = sleep_in_handler };
    sigaction(SIGUSR1, &action, NULL);
    struct timespec t = in_timespec(HOUR_NS);
    struct timespec rest;
    expect(self->name, -1, nanosleep(&t, &rest));
    expect_elapsed(self->name, since_ns, 11 * NS_PER_S);
    expect("rest", HOUR_NS - 11 * NS_PER_S, rest.tv_sec * NS_PER_S + rest.tv_nsec);
}

/* The clock's signal cannot be kept from its work. */
static void run_blocked(const struct clock_case *self)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    sigprocmask(SIG_BLOCK, &all, NULL);
    syscall(SYS_rt_sigprocmask, (long)SIG_BLOCK, &all, NULL, 8L);
    for (int i = 1; i < NSIG; i++)
        if (i != SIGUSR1)
            signal(i, SIG_IGN);
    run_sleep_monotonic(self);
}

static void *sleep_for_ever(void *data)
{
    (void)data;
    sleep(3600);
    return NULL;
}

static void run_cancel(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    pthread_t thread;
    pthread_create(&thread, NULL, sleep_for_ever, NULL);
    sleep(1);
    pthread_cancel(thread);
    void *result;
    pthread_join(thread, &result);
    expect(self->name, 1, result == PTHREAD_CANCELED);
    expect_elapsed(self->name, since_ns, NS_PER_S);
    sleep(10);
    expect_elapsed(self->name, since_ns, 11 * NS_PER_S);
}

static void run_clocks(const struct clock_case *self)
{
    (void)self;
    struct timespec t = in_timespec(1234 * NS_PER_S + 567891234);
    nanosleep(&t, NULL);
    int64_t up_ns = now_ns();
    int64_t calendar_ns = now_on(CLOCK_REALTIME);
    expect("raw", up_ns, now_on(CLOCK_MONOTONIC_RAW));
    expect("coarse", up_ns, now_on(CLOCK_MONOTONIC_COARSE));
    expect("boot", up_ns, now_on(CLOCK_BOOTTIME));
    expect("coarse calendar", calendar_ns, now_on(CLOCK_REALTIME_COARSE));
    expect("TAI", calendar_ns, now_on(CLOCK_TAI));
    struct timeval tv;
    gettimeofday(&tv, NULL);
    expect("gettimeofday", calendar_ns / 1000, tv.tv_sec * INT64_C(1000000) + tv.tv_usec);
    expect("time", calendar_ns / NS_PER_S, time(NULL));
    timespec_get(&t, TIME_UTC);
    expect("timespec_get", calendar_ns, t.tv_sec * NS_PER_S + t.tv_nsec);
    struct tms tms;
    expect("times", up_ns / (NS_PER_S / sysconf(_SC_CLK_TCK)), times(&tms));
    expect("CPU time", 1, now_on(CLOCK_PROCESS_CPUTIME_ID) < 10 * NS_PER_S);
    clockid_t thread_clock;
    pthread_getcpuclockid(pthread_self(), &thread_clock);
    expect("thread's CPU time", 1, now_on(thread_clock) < 10 * NS_PER_S);
    expect("an invalid clock", -1, clock_gettime(99, &t));
    expect("errno", EINVAL, errno);
}

/* To look at the clock until it is time must come to an end, and soon after that time. */
static void run_spin(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    int64_t spun_ns;
    while ((spun_ns = now_ns() - since_ns) < NS_PER_S)
        ;
    expect(self->name, 1, spun_ns <= NS_PER_S + NS_PER_MS / 10);
    since_ns = now_ns();
    sleep(1);
    expect_elapsed("sleep", since_ns, NS_PER_S);
}

static const int64_t work_ns = 5000; /* of processor time */

/* Reads the clock after some work. */
static int64_t read_at_work(void)
{
    int64_t since_ns = now_on(CLOCK_THREAD_CPUTIME_ID);
    while (now_on(CLOCK_THREAD_CPUTIME_ID) - since_ns < work_ns)
        ;
    return now_ns();
}

/* For who is at work no time passes, and be it that it reads the clock for each thing
   that it does, as compilers of JavaScript do. */
static void run_work(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    for (unsigned i = 0; i < 20000; i++)
        read_at_work();
    expect(self->name, since_ns, now_ns());
}

/* But to look at the clock seldom until it is time must come to an end, too. */
static void run_slow_spin(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    int64_t spun_ns;
    while ((spun_ns = read_at_work() - since_ns) < NS_PER_MS)
        ;
    expect(self->name, 1, spun_ns <= NS_PER_MS + NS_PER_MS / 10);
}

static void run_set(const struct clock_case *self)
{
    (void)self;
    struct timespec t = { 1, 0 };
    struct timeval tv = { 1, 0 };
    expect("clock_settime", -1, clock_settime(CLOCK_REALTIME, &t));
    expect("errno", EPERM, errno);
    expect("settimeofday", -1, settimeofday(&tv, NULL));
    expect("adjtime", -1, adjtime(&tv, NULL));
    struct timex timex = { .modes = ADJ_OFFSET };
    expect("adjtimex", -1, adjtimex(&timex));
}

const struct clock_case sleep_cases[] = {
    { "nanosleep", run_nanosleep, NULL },
    { "nanosleep-signal", run_nanosleep_signal, NULL },
    { "clock-nanosleep-monotonic", run_sleep_monotonic, NULL },
    { "clock-nanosleep-realtime", run_sleep_realtime, NULL },
    { "clock-nanosleep-boottime", run_sleep_boottime, NULL },
    { "sleep", run_sleep, NULL },
    { "usleep", run_usleep, NULL },
    { "thrd-sleep", run_thrd_sleep, NULL },
    { "syscall-nanosleep", run_syscall, NULL },
    { "sleep-in-handler", run_nested, NULL },
    { "sleep-with-all-blocked", run_blocked, NULL },
    { "sleep-cancelled", run_cancel, NULL },
    { "clocks", run_clocks, NULL },
    { "clock-spin", run_spin, NULL },
    { "clock-at-work", run_work, NULL },
    { "clock-slow-spin", run_slow_spin, NULL },
    { "clocks-cannot-be-set", run_set, NULL },
    { NULL, NULL, NULL },
};
