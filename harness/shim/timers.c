/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process' interval timer, by alarm() and setitimer(): a slot for which the
 * coordinator sends SIGALRM. Those of CPU time stay real.
 *
 * There is one a process. It survives exec(), where it is found again by its `owner`, and
 * is not inherited by fork(). All other slots of the process before exec() are given back
 * here: those of threads and of timer_create() (posix_timers.c), which do not survive.
 */
#include "shim/shim.h"

#include <sys/time.h>
#include <unistd.h>

#define ALARM_OWNER UINT64_C(0x6d72616c61) /* "alarm" */

static struct clock_slot *_Atomic alarm_slot;

void timers_start(void)
{
    struct clock_page *page = shim_page();
    int32_t pid = (int32_t)RAW(SYS_getpid);
    uint32_t n = atomic_load(&page->n_slots);
    for (uint32_t i = 0; i < n; i++) {
        struct clock_slot *slot = &page->slots[i];
        if (atomic_load(&slot->state) == SLOT_FREE || slot->pid != pid ||
            slot->kind == SLOT_EVENTFD)
            continue;
        if (slot->kind == SLOT_SIGNAL && slot->owner == ALARM_OWNER)
            atomic_store(&alarm_slot, slot);
        else
            slot_free(slot);
    }
}

void timers_after_fork(void)
{
    atomic_store(&alarm_slot, NULL);
    posix_timers_after_fork();
}

static struct itimerval alarm_state(void)
{
    struct itimerval state = { 0 };
    const struct clock_slot *slot = atomic_load(&alarm_slot);
    if (slot && atomic_load(&slot->state) == SLOT_WAITING) {
        state.it_value = timeval_from_ns(until_ns(slot->deadline_ns));
        state.it_interval = timeval_from_ns(slot->interval_ns);
    }
    return state;
}

static void set_alarm(int64_t value_ns, int64_t interval_ns)
{
    struct clock_slot *slot = atomic_load(&alarm_slot);
    if (value_ns <= 0) {
        if (slot)
            slot_disarm(slot);
        return;
    }
    if (!slot) {
        slot = slot_take(SLOT_SIGNAL);
        slot->signal_number = SIGALRM;
        slot->owner = ALARM_OWNER;
        atomic_store(&alarm_slot, slot);
    }
    slot_arm(slot, deadline_in(value_ns), interval_ns);
}

SHIM_EXPORT int setitimer(__itimer_which_t which, const struct itimerval *restrict to,
                          struct itimerval *restrict ret_old)
{
    if (!shim_is_on() || which != ITIMER_REAL)
        return REAL(setitimer)(which, to, ret_old);
    struct itimerval old = alarm_state();
    if (to && (!timeval_is_valid(&to->it_value) || !timeval_is_valid(&to->it_interval))) {
        errno = EINVAL;
        return -1;
    }
    set_alarm(to ? timeval_to_ns(&to->it_value) : 0,
              to ? timeval_to_ns(&to->it_interval) : 0);
    if (ret_old)
        *ret_old = old;
    return 0;
}

SHIM_EXPORT int getitimer(__itimer_which_t which, struct itimerval *ret_state)
{
    if (!shim_is_on() || which != ITIMER_REAL)
        return REAL(getitimer)(which, ret_state);
    *ret_state = alarm_state();
    return 0;
}

SHIM_EXPORT unsigned int alarm(unsigned int s)
{
    if (!shim_is_on())
        return REAL(alarm)(s);
    struct timeval rest = alarm_state().it_value;
    set_alarm((int64_t)s * NS_PER_S, 0);
    /* as the kernel rounds: to the nearest second, but never a running one to 0 */
    if (rest.tv_usec >= 500000 || (rest.tv_sec == 0 && rest.tv_usec > 0))
        rest.tv_sec++;
    return (unsigned int)rest.tv_sec;
}

SHIM_EXPORT useconds_t ualarm(useconds_t us, useconds_t interval_us)
{
    if (!shim_is_on())
        return REAL(ualarm)(us, interval_us);
    struct timeval rest = alarm_state().it_value;
    set_alarm(us * NS_PER_US, interval_us * NS_PER_US);
    return (useconds_t)(rest.tv_sec * (NS_PER_S / NS_PER_US) + rest.tv_usec);
}
