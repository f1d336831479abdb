/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: each child is on the same clock, however it came about. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock/cases.h"
#include "clock/clock_early.h"

extern char **environ;

static void expect_end(const char *what, pid_t child)
{
    int status = -1;
    expect(what, child, waitpid(child, &status, 0));
    expect(what, 0, status);
}

static void run_fork(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    sleep(1); /* the parent has a slot */
    pid_t child = fork();
    if (child == 0) {
        sleep(3600);
        expect_elapsed("child", since_ns, HOUR_NS + NS_PER_S);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            sleep(10);
            expect_elapsed("grandchild", since_ns, HOUR_NS + 11 * NS_PER_S);
            _exit(0);
        }
        expect_end("grandchild", grandchild);
        _exit(0);
    }
    sleep(5);
    expect_elapsed("parent", since_ns, 6 * NS_PER_S);
    expect_end(self->name, child);
    expect_elapsed(self->name, since_ns, HOUR_NS + 11 * NS_PER_S);
}

static void run_spawn(const struct clock_case *self)
{
    char *argv[] = { (char *)own_path, (char *)"sleep", NULL };
    int64_t since_ns = now_ns();
    pid_t child;
    expect("posix_spawn", 0, posix_spawn(&child, own_path, NULL, NULL, argv, environ));
    sleep(1);
    expect_end(self->name, child);
    expect_elapsed(self->name, since_ns, HOUR_NS + NS_PER_S);
}

static void run_vfork(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    sleep(1);
    pid_t child = vfork();
    if (child == 0) {
        close(0);
        execl("/bin/sleep", "sleep", "3600", NULL);
        _exit(1);
    }
    expect_end(self->name, child);
    expect_elapsed(self->name, since_ns, HOUR_NS + NS_PER_S);
}

/* A timer lives on through exec(), and what has its descriptor's number does not get what
 * was meant for one that was closed on the way. */
static void run_exec_timerfd(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    pid_t child = fork();
    if (child == 0) {
        int kept = timerfd_create(CLOCK_MONOTONIC, 0);
        int closed = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        struct itimerspec t = { .it_value = { 100, 0 } };
        timerfd_settime(kept, 0, &t, NULL);
        t.it_value.tv_sec = 50;
        timerfd_settime(closed, 0, &t, NULL);
        char command[100];
        snprintf(command, sizeof command,
                 "exec %d>/dev/null; head -c 8 <&%d | od -An -td8; sleep 5", closed,
                 kept);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(1);
    }
    expect_end(self->name, child);
    expect_elapsed(self->name, since_ns, 105 * NS_PER_S);
}

/* A signal mask that blocks all is inherited through exec(). */
static void run_exec_blocked(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    pid_t child = fork();
    if (child == 0) {
        sigset_t all;
        sigfillset(&all);
        sigdelset(&all, SIGUSR1);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        execl(own_path, own_path, "sleep", NULL);
        _exit(1);
    }
    expect_end(self->name, child);
    expect_elapsed(self->name, since_ns, HOUR_NS + NS_PER_S);
}

static void run_system(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    expect(self->name, 0, system("sleep 100 & sleep 3600; wait"));
    expect_elapsed(self->name, since_ns, HOUR_NS);
}

/* An alarm survives exec(): it ends a sleep that would be longer. */
static void run_exec_alarm(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    pid_t child = fork();
    if (child == 0) {
        alarm(100);
        execl("/bin/sleep", "sleep", "3600", NULL);
        _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    expect(self->name, SIGALRM, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    expect_elapsed(self->name, since_ns, 100 * NS_PER_S);
}

/* fork() does not hand on an alarm. */
static void run_fork_alarm(const struct clock_case *self)
{
    alarm(100);
    pid_t child = fork();
    if (child == 0) {
        expect("child's alarm", 0, alarm(0));
        _exit(0);
    }
    expect_end(self->name, child);
    sleep(10);
    expect("parent's alarm", 90, alarm(0));
}

static void *fork_and_wait(void *data)
{
    pid_t child = fork();
    if (child == 0) {
        sleep(60);
        _exit(0);
    }
    expect_end(data, child);
    return NULL;
}

static void run_fork_threads(const struct clock_case *self)
{
    enum { N_THREADS = 10 };
    pthread_t threads[N_THREADS];
    int64_t since_ns = now_ns();
    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, fork_and_wait, (void *)self->name);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    expect_elapsed(self->name, since_ns, 60 * NS_PER_S);
}

/* Libraries' constructors run before the shim's. */
static void run_constructor(const struct clock_case *self)
{
    int64_t slept_ns;
    if (!early_has_begun())
        execl(own_path, own_path, self->name, NULL);
    int64_t since_ns = early_join(&slept_ns);
    expect("sleep in it", NS_PER_S, slept_ns);
    expect_elapsed(self->name, since_ns, HOUR_NS);
}

static int ready_pipe[2];

static void *wait_for_ready(void *data)
{
    struct pollfd p = { ready_pipe[0], POLLIN, 0 };
    poll(&p, 1, 1000);
    return data;
}

/* More threads than the page has slots, and never a moment at which all of them sleep. */
static void run_many_threads(const struct clock_case *self)
{
    enum { N_THREADS = 20000 };
    expect("pipe", 0, pipe(ready_pipe));
    expect("write", 1, write(ready_pipe[1], "x", 1));
    for (int i = 0; i < N_THREADS; i++) {
        pthread_t thread;
        expect("pthread_create", 0, pthread_create(&thread, NULL, wait_for_ready, NULL));
        pthread_join(thread, NULL);
    }
    (void)self;
}

static int ping[2];

static void pass_on(int from, int to)
{
    char byte;
    if (read(from, &byte, 1) == 1)
        expect("write", 1, write(to, &byte, 1));
}

enum { N_ROUNDS = 2000 };

static void *pass_back(void *data)
{
    for (int i = 0; i < N_ROUNDS; i++)
        pass_on(ready_pipe[0], ping[1]);
    return data;
}

static void *tick(void *data)
{
    for (;;)
        usleep(1000);
    return data;
}

/* Threads that leave the lab's processor: no time goes by while they wake each other. */
static void run_processors(const struct clock_case *self)
{
    pthread_t back, other;
    cpu_set_t all;
    CPU_ZERO(&all);
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        CPU_SET(i, &all);
    expect("pipe", 0, pipe(ping) + pipe(ready_pipe));
    pthread_create(&back, NULL, pass_back, NULL);
    pthread_create(&other, NULL, tick, NULL);
    sleep(1);
    expect("affinity", 0, sched_setaffinity(0, sizeof all, &all));
    expect("affinity", 0, pthread_setaffinity_np(back, sizeof all, &all));
    int64_t since_ns = now_ns();
    for (int i = 0; i < N_ROUNDS; i++) {
        expect("write", 1, write(ready_pipe[1], "x", 1));
        char byte;
        expect("read", 1, read(ping[0], &byte, 1));
    }
    expect_elapsed(self->name, since_ns, 0);
}

const struct clock_case process_cases[] = {
    { "fork", run_fork, NULL },
    { "posix-spawn", run_spawn, NULL },
    { "vfork", run_vfork, NULL },
    { "exec-keeps-timerfd", run_exec_timerfd, NULL },
    { "exec-with-all-blocked", run_exec_blocked, NULL },
    { "system", run_system, NULL },
    { "exec-keeps-alarm", run_exec_alarm, NULL },
    { "fork-drops-alarm", run_fork_alarm, NULL },
    { "fork-from-threads", run_fork_threads, NULL },
    { EARLY_CASE, run_constructor, NULL },
    { "many-threads", run_many_threads, NULL },
    { "processors", run_processors, NULL },
    { NULL, NULL, NULL },
};
