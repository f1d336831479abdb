/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: timerfd, the process' alarm, and POSIX'. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock/cases.h"

static volatile sig_atomic_t n_signals;

static uint64_t read_count(int fd)
{
    uint64_t count = 0;
    expect("read", sizeof count, read(fd, &count, sizeof count));
    return count;
}

static void run_timerfd(const struct clock_case *self)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    int epoll = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN };
    expect("epoll_ctl", 0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    int64_t since_ns = now_ns();
    struct itimerspec t = { { 10, 0 }, { 5, 1 } };
    expect(self->name, 0, timerfd_settime(fd, 0, &t, NULL));
    for (int i = 0; i < 5; i++) {
        expect("epoll_wait", 1, epoll_wait(epoll, &event, 1, -1));
        expect("count", 1, (int64_t)read_count(fd));
        expect_elapsed("expired", since_ns, 5 * NS_PER_S + 1 + i * 10 * NS_PER_S);
    }
    sleep(100);
    expect("count", 10, (int64_t)read_count(fd));
    timerfd_gettime(fd, &t);
    expect("what is left", 5 * NS_PER_S + 1 + 150 * NS_PER_S - (now_ns() - since_ns),
           t.it_value.tv_sec * NS_PER_S + t.it_value.tv_nsec);
    sleep(20);
    memset(&t, 0, sizeof t);
    timerfd_settime(fd, 0, &t, NULL);
    expect("stopped", 0, epoll_wait(epoll, &event, 1, 3600000));
}

static void run_timerfd_absolute(const struct clock_case *self)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    uint64_t count;
    expect("nothing yet", -1, read(fd, &count, sizeof count));
    expect("errno", EAGAIN, errno);
    int64_t since_ns = now_ns();
    struct itimerspec t = { .it_value = at_timespec(CLOCK_REALTIME, HOUR_NS) };
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL);
    int copy = dup(fd);
    close(fd);
    struct pollfd p = { copy, POLLIN, 0 };
    expect(self->name, 1, poll(&p, 1, -1));
    expect_elapsed(self->name, since_ns, HOUR_NS);
    expect("count", 1, (int64_t)read_count(copy));
    t.it_interval = in_timespec(HOUR_NS / 4);
    t.it_value = at_timespec(CLOCK_REALTIME, -HOUR_NS); /* it has passed, several times */
    timerfd_settime(copy, TFD_TIMER_ABSTIME, &t, NULL);
    expect("count", 5, (int64_t)read_count(copy));
}

static sem_t posted;
static volatile int64_t last_ns;
static volatile sig_atomic_t n_signals;

static void on_alarm(int signal_number)
{
    (void)signal_number;
    n_signals++;
    last_ns = now_ns();
}

static void catch_signal(int signal_number)
{
    struct sigaction action = { .sa_handler = on_alarm };
    sigaction(signal_number, &action, NULL);
}

static void expect_pause(const char *what, int64_t since_ns, int64_t wanted_ns)
{
    pause();
    expect(what, wanted_ns, last_ns - since_ns);
}

static void run_alarm(const struct clock_case *self)
{
    catch_signal(SIGALRM);
    int64_t since_ns = now_ns();
    alarm(3600);
    expect_pause(self->name, since_ns, HOUR_NS);
    alarm(10);
    sleep(3);
    expect("what is left", 7, alarm(0));
    sleep(20);
    expect("signals", 1, n_signals);
}

static void run_setitimer(const struct clock_case *self)
{
    catch_signal(SIGALRM);
    int64_t since_ns = now_ns();
    struct itimerval t = { { 2, 0 }, { 1, 500000 } };
    setitimer(ITIMER_REAL, &t, NULL);
    for (int i = 0; i < 5; i++)
        expect_pause(self->name, since_ns, 1500 * NS_PER_MS + i * 2 * NS_PER_S);
    getitimer(ITIMER_REAL, &t);
    expect("what is left", 2, t.it_value.tv_sec);
}

static void run_timer_signal(const struct clock_case *self)
{
    catch_signal(SIGUSR2);
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
    timer_t timer;
    expect("timer_create", 0, timer_create(CLOCK_MONOTONIC, &event, &timer));
    int64_t since_ns = now_ns();
    struct itimerspec t = { { 3, 0 }, { 1, 0 } };
    expect("timer_settime", 0, timer_settime(timer, 0, &t, NULL));
    for (int i = 0; i < 5; i++)
        expect_pause(self->name, since_ns, NS_PER_S + i * 3 * NS_PER_S);
    timer_gettime(timer, &t);
    expect("what is left", 3, t.it_value.tv_sec);
    expect("timer_delete", 0, timer_delete(timer));
    sleep(100);
    expect("signals", 5, n_signals);
}

static void run_timer_value(const struct clock_case *self)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
                              .sigev_signo = SIGRTMIN,
                              .sigev_value.sival_int = 4711 };
    timer_t timer;
    timer_create(CLOCK_REALTIME, &event, &timer);
    int64_t since_ns = now_ns();
    struct itimerspec t = { .it_value = at_timespec(CLOCK_REALTIME, HOUR_NS) };
    timer_settime(timer, TIMER_ABSTIME, &t, NULL);
    siginfo_t info;
    expect(self->name, SIGRTMIN, sigwaitinfo(&set, &info));
    expect_elapsed(self->name, since_ns, HOUR_NS);
    expect("value", 4711, info.si_value.sival_int);
    expect("code", SI_TIMER, info.si_code);
}

static void on_expiry(union sigval value)
{
    expect("value", 42, value.sival_int);
    last_ns = now_ns();
    sem_post(&posted);
}

static void run_timer_thread(const struct clock_case *self)
{
    sem_init(&posted, 0, 0);
    struct sigevent event = { .sigev_notify = SIGEV_THREAD,
                              .sigev_notify_function = on_expiry,
                              .sigev_value.sival_int = 42 };
    timer_t timer;
    expect("timer_create", 0, timer_create(CLOCK_MONOTONIC, &event, &timer));
    int64_t since_ns = now_ns();
    struct itimerspec t = { { 10, 0 }, { 7, 0 } };
    timer_settime(timer, 0, &t, NULL);
    for (int i = 0; i < 5; i++) {
        sem_wait(&posted);
        expect(self->name, 7 * NS_PER_S + i * 10 * NS_PER_S, last_ns - since_ns);
    }
    timer_delete(timer);
    sleep(100);
    int value;
    sem_getvalue(&posted, &value);
    expect("after its end", 0, value);
}

static void count_signal(int signal_number)
{
    (void)signal_number;
    n_signals++;
}

/* One that began long ago expires at once and then at its next time, as the kernel's do:
 * not once for each time that has gone by. */
static void run_timer_past(const struct clock_case *self)
{
    struct sigaction action = { .sa_handler = count_signal };
    sigaction(SIGUSR2, &action, NULL);
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
    timer_t timer;
    expect("timer_create", 0, timer_create(CLOCK_REALTIME, &event, &timer));
    struct itimerspec t = { { 10, 0 }, at_timespec(CLOCK_REALTIME, -15 * NS_PER_S) };
    t.it_value.tv_sec -= 1000000000; /* a multiple of the interval */
    int64_t since_ns = now_ns();
    timer_settime(timer, TIMER_ABSTIME, &t, NULL);
    expect("at once", -1, usleep(1000000));
    expect_elapsed("at once", since_ns, 0);
    expect("next", -1, usleep(100000000));
    expect_elapsed("next", since_ns, 5 * NS_PER_S);
    timer_delete(timer);
    expect(self->name, 2, n_signals);
}

/* fork() hands on no timer: the child cannot set its parent's. */
static void run_timer_fork(const struct clock_case *self)
{
    struct sigevent event = { .sigev_notify = SIGEV_NONE };
    struct itimerspec t = { .it_value = { 100, 0 } };
    timer_t timer;
    expect("timer_create", 0, timer_create(CLOCK_MONOTONIC, &event, &timer));
    timer_settime(timer, 0, &t, NULL);
    pid_t child = fork();
    if (child == 0) {
        expect("child", -1, timer_settime(timer, 0, &t, NULL));
        expect("errno", EINVAL, errno);
        expect("child", -1, timer_gettime(timer, &t));
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    expect(self->name, 0, status);
    timer_gettime(timer, &t);
    expect(self->name, 100, t.it_value.tv_sec);
}

const struct clock_case timer_cases[] = {
    { "timerfd", run_timerfd, NULL },
    { "timerfd-absolute", run_timerfd_absolute, NULL },
    { "alarm", run_alarm, NULL },
    { "setitimer", run_setitimer, NULL },
    { "timer-signal", run_timer_signal, NULL },
    { "timer-value", run_timer_value, NULL },
    { "timer-thread", run_timer_thread, NULL },
    { "timer-past", run_timer_past, NULL },
    { "timer-fork", run_timer_fork, NULL },
    { NULL, NULL, NULL },
};
