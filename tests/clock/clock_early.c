/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library of clock_program's, whose constructor waits and starts a thread that waits:
 * it runs before the shim's own.
 */
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock/clock_early.h"

static pthread_t thread;
static struct timespec before, after;

static void *sleep_for_an_hour(void *data)
{
    sleep(3600);
    return data;
}

/* Past the C library, as a sanitizer's runtime asks for the time. */
static void sleep_by_instruction(void)
{
    struct timespec t = { .tv_nsec = 1000 };
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_nanosleep), "D"(&t), "S"(0L)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_nanosleep;
    register long first __asm__("x0") = (long)&t;
    register long second __asm__("x1") = 0;
    __asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second) : "memory");
#endif
}

__attribute__((constructor)) static void start(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "early-bypass") == 0)
        sleep_by_instruction(); /* there is no case of that name: main() does nothing */
    if (argc != 2 || strcmp(argv[1], EARLY_CASE) != 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &before);
    sleep(1);
    clock_gettime(CLOCK_MONOTONIC, &after);
    pthread_create(&thread, NULL, sleep_for_an_hour, NULL);
}

bool early_has_begun(void)
{
    return after.tv_sec > 0;
}

int64_t early_join(int64_t *ret_slept_ns)
{
    *ret_slept_ns = (after.tv_sec - before.tv_sec) * INT64_C(1000000000) + after.tv_nsec -
                    before.tv_nsec;
    pthread_join(thread, NULL);
    return after.tv_sec * INT64_C(1000000000) + after.tv_nsec;
}
