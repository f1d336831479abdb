/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps CLOCK_SIGNAL for the shim: no program may block it, handle it, ignore it, or take
 * it by sigwait() or signalfd(). As libc does with the signals that are its own, sets are
 * cleaned where they are applied, and sigfillset() still fills.
 *
 * With the audit the same goes for SIGSYS, by which it learns of calls. Programs know
 * nothing of CLOCK_SIGNAL and take its refusal as they do that of libc's own; SIGSYS is
 * one of the classic signals, which some set and demand to have set: for it all seems
 * well.
 *
 * Not here, as they cannot name a signal above 32 or restore only what was cleaned
 * before: sigblock(), sigsetmask(), sigpause(), siglongjmp(), setcontext(). A mask that a
 * process inherits through exec() is mended by signals_start().
 */
#include "shim/shim.h"

#include <pthread.h>
#include <string.h>
#include <sys/signalfd.h>

SHIM_EXPORT int __sigaction(int signal_number, const struct sigaction *restrict action,
                            struct sigaction *restrict old);
SHIM_EXPORT sighandler_t bsd_signal(int signal_number, sighandler_t handler);
SHIM_EXPORT sighandler_t __sysv_signal(int signal_number, sighandler_t handler);

static uint64_t signal_bit(int signal_number)
{
    return UINT64_C(1) << (signal_number - 1);
}

bool signal_is_ours(int signal_number)
{
    return (signal_number == CLOCK_SIGNAL && shim_is_on()) ||
           (signal_number == SIGSYS && audit_is_on());
}

const uint64_t *signals_clean(const void *set, uint64_t *storage)
{
    if (!set)
        return NULL;
    memcpy(storage, set, sizeof *storage);
    if (shim_is_on())
        *storage &= ~signal_bit(CLOCK_SIGNAL);
    if (audit_is_on())
        *storage &= ~signal_bit(SIGSYS);
    return storage;
}

/** signals_clean() of libc's longer set. */
static const sigset_t *clean(const sigset_t *set, sigset_t *storage)
{
    if (!set)
        return NULL;
    uint64_t first;
    *storage = *set;
    memcpy(storage, signals_clean(set, &first), sizeof first);
    return storage;
}

static void on_clock_signal(int signal_number)
{
    (void)signal_number; /* it has done its work: a system call returns EINTR */
}

void signals_start(void)
{
    struct sigaction action = { .sa_handler = on_clock_signal, .sa_flags = SA_ONSTACK };
    REAL(sigaction)(CLOCK_SIGNAL, &action, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, CLOCK_SIGNAL);
    REAL(pthread_sigmask)(SIG_UNBLOCK, &set, NULL);
}

SHIM_EXPORT int sigaction(int signal_number, const struct sigaction *restrict action,
                          struct sigaction *restrict old)
{
    if (signal_is_ours(signal_number)) {
        if (old)
            memset(old, 0, sizeof *old);
        errno = EINVAL;
        return signal_number == SIGSYS ? 0 : -1;
    }
    if (!action)
        return REAL(sigaction)(signal_number, action, old);
    struct sigaction cleaned = *action;
    clean(&action->sa_mask, &cleaned.sa_mask);
    return REAL(sigaction)(signal_number, &cleaned, old);
}

SHIM_EXPORT int __sigaction(int signal_number, const struct sigaction *restrict action,
                            struct sigaction *restrict old)
{
    return sigaction(signal_number, action, old);
}

static sighandler_t refuse(int signal_number)
{
    errno = EINVAL;
    return signal_number == SIGSYS ? SIG_DFL : SIG_ERR;
}

SHIM_EXPORT sighandler_t signal(int signal_number, sighandler_t handler)
{
    return signal_is_ours(signal_number) ? refuse(signal_number)
                                         : REAL(signal)(signal_number, handler);
}

SHIM_EXPORT sighandler_t bsd_signal(int signal_number, sighandler_t handler)
{
    return signal(signal_number, handler);
}

SHIM_EXPORT sighandler_t ssignal(int signal_number, sighandler_t handler)
{
    return signal(signal_number, handler);
}

SHIM_EXPORT sighandler_t sysv_signal(int signal_number, sighandler_t handler)
{
    return signal_is_ours(signal_number) ? refuse(signal_number)
                                         : REAL(sysv_signal)(signal_number, handler);
}

SHIM_EXPORT sighandler_t __sysv_signal(int signal_number, sighandler_t handler)
{
    return sysv_signal(signal_number, handler);
}

SHIM_EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    sigset_t cleaned;
    return REAL(sigprocmask)(how, how == SIG_UNBLOCK ? set : clean(set, &cleaned), old);
}

SHIM_EXPORT int pthread_sigmask(int how, const sigset_t *restrict set,
                                sigset_t *restrict old)
{
    sigset_t cleaned;
    return REAL(pthread_sigmask)(how, how == SIG_UNBLOCK ? set : clean(set, &cleaned),
                                 old);
}

SHIM_EXPORT int pthread_attr_setsigmask_np(pthread_attr_t *attributes,
                                           const sigset_t *set)
{
    sigset_t cleaned;
    return REAL(pthread_attr_setsigmask_np)(attributes, clean(set, &cleaned));
}

SHIM_EXPORT int sigsuspend(const sigset_t *set)
{
    sigset_t cleaned;
    return REAL(sigsuspend)(clean(set, &cleaned));
}

SHIM_EXPORT int signalfd(int fd, const sigset_t *set, int flags)
{
    sigset_t cleaned;
    return REAL(signalfd)(fd, clean(set, &cleaned), flags);
}

SHIM_EXPORT int sigwait(const sigset_t *restrict set, int *restrict ret_signal)
{
    sigset_t cleaned;
    return REAL(sigwait)(clean(set, &cleaned), ret_signal);
}

SHIM_EXPORT int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict ret_info)
{
    sigset_t cleaned;
    return REAL(sigwaitinfo)(clean(set, &cleaned), ret_info);
}

SHIM_EXPORT int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict ret_info,
                             const struct timespec *restrict timeout)
{
    if (!shim_is_on())
        return REAL(sigtimedwait)(set, ret_info, timeout);
    if (timeout && !timespec_is_valid(timeout)) {
        errno = EINVAL;
        return -1;
    }
    uint64_t storage;
    const uint64_t *cleaned = signals_clean(set, &storage);
    int64_t deadline_ns =
        timeout ? deadline_in(timespec_to_ns(timeout)) : CLOCK_PAGE_NEVER;
    siginfo_t info;
    long result = deadline_ns <= shim_now_ns()
                      ? RAW(SYS_rt_sigtimedwait, cleaned, &info, &(struct timespec){ 0 },
                            KERNEL_SIGSET_BYTES)
                      : WAIT(deadline_ns, SYS_rt_sigtimedwait, cleaned, &info, NULL,
                             KERNEL_SIGSET_BYTES);
    if (result > 0 && ret_info) {
        if (info.si_code == SI_TKILL) /* as in libc: raise() is the same as kill() */
            info.si_code = SI_USER;
        *ret_info = info;
    }
    return (int)raw_to_errno(result == -ETIMEDOUT ? -EAGAIN : result);
}

long signals_mask_syscall(long how, long set, long old, long set_bytes)
{
    uint64_t cleaned;
    if (set && how != SIG_UNBLOCK && set_bytes == KERNEL_SIGSET_BYTES)
        set = (long)signals_clean((const void *)set, &cleaned);
    return RAW(SYS_rt_sigprocmask, how, set, old, set_bytes);
}

long signals_action_syscall(long signal_number, long action, long old, long set_bytes)
{
    /* the kernel's struct, the same on x86-64 and aarch64 */
    struct kernel_action {
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } cleaned;
    if (signal_is_ours((int)signal_number))
        return signal_number == SIGSYS ? 0 : -EINVAL;
    if (action && set_bytes == KERNEL_SIGSET_BYTES) {
        memcpy(&cleaned, (const void *)action, sizeof cleaned);
        uint64_t mask = cleaned.mask;
        signals_clean(&mask, &cleaned.mask);
        action = (long)&cleaned;
    }
    return RAW(SYS_rt_sigaction, signal_number, action, old, set_bytes);
}
