/* SPDX-License-Identifier: Apache-2.0 */
/* A program that sleeps by an instruction of its own, which nothing preloaded can see. */
#include <sys/syscall.h>
#include <time.h>

int main(void)
{
    struct timespec t = { .tv_nsec = 1000000 };
    for (int i = 0; i < 3; i++) {
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
    return 0;
}
