/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the audit looks for, as a seccomp filter: system calls that read the time or wait
 * with a limit, and whose instruction is not the shim's.
 *
 * One table of calls, each with a condition on one argument; the program is a block of
 * instructions for each, which ends in the trap or falls through to the next block.
 * A filter sees no memory: of a time that is pointed to, only whether there is one.
 *
 * Random numbers count only if they should come from a seed, and not if they must not be
 * waited for: libc's malloc() draws its own that way, to no visible effect.
 */
#include "shim/audit.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "shim/shim.h"

enum condition {
    ALWAYS,
    IS_GIVEN,    /**< a pointer that is not NULL */
    IS_POSITIVE, /**< an int above 0 */
    IS_ZERO,
    IS_CLOCK,       /**< a clock that is not a CPU's */
    IS_FUTEX_LIMIT, /**< a futex operation that waits, with a limit */
    IS_SOCKET_LIMIT,
};

static const struct rule {
    const char *name;
    unsigned number;
    enum condition condition;
    unsigned argument;
    bool is_random;
} rules[] = {
#define RULE(name, ...)                \
    {                                  \
#name, SYS_##name, __VA_ARGS__ \
    }
#ifdef __x86_64__
    RULE(poll, IS_POSITIVE, 2, false),
    RULE(select, IS_GIVEN, 4, false),
    RULE(epoll_wait, IS_POSITIVE, 3, false),
    RULE(time, ALWAYS, 0, false),
    RULE(alarm, ALWAYS, 0, false),
#endif
    RULE(ppoll, IS_GIVEN, 2, false),
    RULE(pselect6, IS_GIVEN, 4, false),
    RULE(epoll_pwait, IS_POSITIVE, 3, false),
#ifdef SYS_epoll_pwait2
    RULE(epoll_pwait2, IS_GIVEN, 3, false),
#endif
    RULE(nanosleep, ALWAYS, 0, false),
    RULE(clock_nanosleep, IS_CLOCK, 0, false),
    RULE(clock_gettime, IS_CLOCK, 0, false),
    RULE(gettimeofday, ALWAYS, 0, false),
    RULE(futex, IS_FUTEX_LIMIT, 3, false),
#ifdef SYS_futex_waitv
    RULE(futex_waitv, IS_GIVEN, 3, false),
#endif
    RULE(rt_sigtimedwait, IS_GIVEN, 2, false),
    RULE(recvmmsg, IS_GIVEN, 4, false),
    RULE(semtimedop, IS_GIVEN, 3, false),
    RULE(mq_timedsend, IS_GIVEN, 4, false),
    RULE(mq_timedreceive, IS_GIVEN, 4, false),
    RULE(timerfd_settime, ALWAYS, 0, false),
    RULE(timer_settime, ALWAYS, 0, false),
    RULE(setitimer, IS_ZERO, 0, false),
    RULE(setsockopt, IS_SOCKET_LIMIT, 0, false),
    RULE(io_getevents, IS_GIVEN, 4, false),
    RULE(getrandom, IS_ZERO, 2, true),
#undef RULE
};

enum { N_RULES = sizeof rules / sizeof *rules, MAX_INSTRUCTIONS = 16 * N_RULES + 16 };

struct program {
    struct sock_filter code[MAX_INSTRUCTIONS];
    unsigned short n;
};

static void add(struct program *p, unsigned code, unsigned k, int if_true, int if_false)
{
    p->code[p->n++] =
        (struct sock_filter){ (uint16_t)code, (uint8_t)if_true, (uint8_t)if_false, k };
}

static void load(struct program *p, size_t offset)
{
    add(p, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

/* The lower half of an argument comes first on both machines. */
static void load_low(struct program *p, unsigned argument)
{
    load(p, offsetof(struct seccomp_data, args) + 8 * argument);
}

static void load_high(struct program *p, unsigned argument)
{
    load(p, offsetof(struct seccomp_data, args) + 8 * argument + 4);
}

static void jump_if(struct program *p, unsigned value, int if_true, int if_false)
{
    add(p, BPF_JMP | BPF_JEQ | BPF_K, value, if_true, if_false);
}

static void jump_if_negative(struct program *p, int if_true)
{
    add(p, BPF_JMP | BPF_JSET | BPF_K, 0x80000000u, if_true, 0);
}

/** The condition: goes on to what follows it, or past the one instruction after that. */
static void add_condition(struct program *p, enum condition condition, unsigned argument)
{
    switch (condition) {
    case ALWAYS:
        return;
    case IS_GIVEN:
        load_low(p, argument);
        jump_if(p, 0, 0, 2);
        load_high(p, argument);
        jump_if(p, 0, 1, 0);
        return;
    case IS_POSITIVE:
        load_low(p, argument);
        jump_if(p, 0, 2, 0);
        jump_if_negative(p, 1);
        return;
    case IS_ZERO:
        load_low(p, argument);
        jump_if(p, 0, 0, 1);
        return;
    case IS_CLOCK:
        load_low(p, argument);
        jump_if_negative(p, 3);
        jump_if(p, CLOCK_PROCESS_CPUTIME_ID, 2, 0);
        jump_if(p, CLOCK_THREAD_CPUTIME_ID, 1, 0);
        return;
    case IS_FUTEX_LIMIT:
        load_low(p, 1);
        add(p, BPF_ALU | BPF_AND | BPF_K, (unsigned)FUTEX_CMD_MASK, 0, 0);
        jump_if(p, FUTEX_WAIT, 4, 0);
        jump_if(p, FUTEX_WAIT_BITSET, 3, 0);
        jump_if(p, FUTEX_WAIT_REQUEUE_PI, 2, 0);
        jump_if(p, FUTEX_LOCK_PI, 1, 0);
        jump_if(p, FUTEX_LOCK_PI2, 0, 5);
        add_condition(p, IS_GIVEN, argument);
        return;
    case IS_SOCKET_LIMIT:
        load_low(p, 1);
        jump_if(p, SOL_SOCKET, 0, 6);
        load_low(p, 2);
        jump_if(p, SO_RCVTIMEO, 3, 0);
        jump_if(p, SO_SNDTIMEO, 2, 0);
        jump_if(p, 66 /* SO_RCVTIMEO_NEW */, 1, 0);
        jump_if(p, 67 /* SO_SNDTIMEO_NEW */, 0, 1);
        return;
    }
}

static void add_rule(struct program *p, const struct rule *rule)
{
    load(p, offsetof(struct seccomp_data, nr));
    unsigned short at = p->n;
    jump_if(p, rule->number, 0, 0);
    add_condition(p, rule->condition, rule->argument);
    add(p, BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0);
    p->code[at].jf = (uint8_t)(p->n - at - 1);
}

static void add_start(struct program *p)
{
#ifdef __x86_64__
    const unsigned machine = AUDIT_ARCH_X86_64;
#else
    const unsigned machine = AUDIT_ARCH_AARCH64;
#endif
    load(p, offsetof(struct seccomp_data, arch));
    jump_if(p, machine, 1, 0);
    add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    load(p, offsetof(struct seccomp_data, instruction_pointer) + 4);
    jump_if(p, (unsigned)(AUDIT_TRAMPOLINE >> 32), 0, 4);
    load(p, offsetof(struct seccomp_data, instruction_pointer));
    add(p, BPF_ALU | BPF_AND | BPF_K, ~0xfffu, 0, 0);
    jump_if(p, (unsigned)(AUDIT_TRAMPOLINE & 0xffffffff), 0, 1);
    add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

long audit_install_filter(bool with_random)
{
    static struct program p;
    add_start(&p);
    for (size_t i = 0; i < N_RULES; i++)
        if (with_random || !rules[i].is_random)
            add_rule(&p, &rules[i]);
    add(&p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    const struct sock_fprog program = { p.n, p.code };
    long result =
        RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (result != -EACCES)
        return result;
    RAW(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}

const char *audit_call_name(long number)
{
    for (size_t i = 0; i < N_RULES; i++)
        if (rules[i].number == number)
            return rules[i].name;
    return "?";
}
