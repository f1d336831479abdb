/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RTCLAB_TESTS_CLOCK_INSTRUCTION_H
#define RTCLAB_TESTS_CLOCK_INSTRUCTION_H

#include <sys/syscall.h>
#include <time.h>

/** Sleeps a microsecond past the C library: nothing preloaded can see it. */
static inline void sleep_by_instruction(void)
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

#endif
