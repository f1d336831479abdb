/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program for the virtual clock: each case waits in one way, and wants exactly the time
 * to have gone by that it asked for.
 *
 *   clock_program --list      names of the cases, a line each
 *   clock_program CASE        0, or 1 and what was wanted and found
 *
 * It knows nothing of the shim and uses libc only, as any program of a lab might. The
 * real time it asks of the kernel with an instruction of its own: a case that really
 * waits has failed, whatever the clocks say.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock/cases.h"

static const int64_t real_limit_ns = 30 * NS_PER_S;

const char *own_path;

static int64_t real_now_ns(void)
{
    struct timespec t = { 0, 0 };
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_clock_gettime), "D"(CLOCK_MONOTONIC), "S"(&t)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_clock_gettime;
    register long first __asm__("x0") = CLOCK_MONOTONIC;
    register struct timespec *second __asm__("x1") = &t;
    __asm__ volatile("svc #0" : "+r"(first) : "r"(number), "r"(second) : "memory");
#endif
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

void expect(const char *what, int64_t wanted, int64_t found)
{
    if (wanted == found)
        return;
    printf("%s: wanted %" PRId64 ", found %" PRId64 "\n", what, wanted, found);
    fflush(stdout);
    _exit(1);
}

int64_t now_on(clockid_t clock)
{
    struct timespec t;
    expect("clock_gettime", 0, clock_gettime(clock, &t));
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t now_ns(void)
{
    return now_on(CLOCK_MONOTONIC);
}

struct timespec in_timespec(int64_t ns)
{
    return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

struct timespec at_timespec(clockid_t clock, int64_t after_ns)
{
    return in_timespec(now_on(clock) + after_ns);
}

void expect_elapsed(const char *what, int64_t since_ns, int64_t wanted_ns)
{
    expect(what, wanted_ns, now_ns() - since_ns);
}

struct later_call {
    int64_t after_ns;
    void (*function)(void *);
    void *argument;
};

static void *call_later(void *data)
{
    struct later_call call = *(struct later_call *)data;
    free(data);
    struct timespec t = in_timespec(call.after_ns);
    nanosleep(&t, NULL);
    call.function(call.argument);
    return NULL;
}

void call_after(int64_t after_ns, void (*function)(void *), void *argument)
{
    struct later_call *call = malloc(sizeof *call);
    *call = (struct later_call){ after_ns, function, argument };
    pthread_t thread;
    expect("pthread_create", 0, pthread_create(&thread, NULL, call_later, call));
    pthread_detach(thread);
}

static void on_signal(int signal_number)
{
    (void)signal_number;
}

static void interrupt(void *data)
{
    pthread_kill(*(pthread_t *)data, SIGUSR1);
}

void interrupt_after(int64_t after_ns)
{
    static pthread_t self;
    self = pthread_self();
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGUSR1, &action, NULL);
    call_after(after_ns, interrupt, &self);
}

static const struct clock_case *const tables[] = {
    fd_cases,    sleep_cases,  lock_cases,    cond_cases,   kernel_cases,
    timer_cases, socket_cases, process_cases, random_cases,
};

int main(int argc, char **argv)
{
    own_path = argv[0];
    if (argc != 2) {
        fprintf(stderr, "usage: clock_program CASE | --list\n");
        return 2;
    }
    bool lists = strcmp(argv[1], "--list") == 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct clock_case *c = tables[i]; c->name; c++) {
            if (lists) {
                puts(c->name);
            } else if (strcmp(c->name, argv[1]) == 0) {
                int64_t since_ns = real_now_ns();
                c->run(c);
                bool is_fast = real_now_ns() - since_ns < real_limit_ns;
                expect("less than 30 s of real time", 1, is_fast);
                fflush(stdout);
                _exit(0);
            }
        }
    }
    if (!lists)
        fprintf(stderr, "there is no case \"%s\"\n", argv[1]);
    return lists ? 0 : 2;
}
