/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread's wait: the deadline goes into its slot, and the system call has no limit.
 *
 * The coordinator acts only while all threads of the lab sleep in the kernel. So nothing
 * can come between the publication of a deadline and the sleep, and a plain EINTR is
 * enough to end the system call: CLOCK_SIGNAL has a handler without SA_RESTART.
 * SLOT_FIRED tells it from a signal that is the program's own. Whether the program's
 * own ends the call is the kernel's affair; if it restarts it, the deadline still stands.
 *
 * A thread takes its slot at its first wait and keeps it until it ends; the coordinator
 * frees those of threads that were killed. The thread's id is compared at each wait,
 * since a process can come about by ways that no library hears of (_Fork(), clone()).
 *
 * Waits nest when a signal handler waits: the inner one puts back what it found. A wait
 * that was left by longjmp() is known by its place: it lies deeper in the stack than the
 * new one. (On an alternate signal stack this guess can be wrong; the worst is that a
 * later wait returns EINTR once for no reason.)
 *
 * For deferred cancellation the thread is made cancellable at any instruction while it is
 * in the system call. As with all such schemes, something that the call received in the
 * very moment of the cancellation is lost.
 */
#include "shim/shim.h"

#include <poll.h>
#include <pthread.h>
#include <sys/single_threaded.h>

static pthread_key_t slot_key; /* whose destructor gives an ended thread's slot back */
static _Atomic bool has_slot_key;

static __thread struct clock_slot *own_slot;
static __thread int32_t own_tid;
static __thread struct shim_wait *innermost;

static void free_own_slot(void *slot)
{
    if (slot != own_slot || own_tid != (int32_t)RAW(SYS_gettid))
        return;
    own_slot = NULL; /* a destructor that waits after this takes another */
    slot_free(slot);
}

void waits_start(void)
{
    atomic_store(&has_slot_key, pthread_key_create(&slot_key, free_own_slot) == 0);
}

static struct clock_slot *thread_slot(void)
{
    int32_t tid = (int32_t)RAW(SYS_gettid);
    if (!own_slot || own_tid != tid) {
        struct clock_slot *slot = slot_take(SLOT_THREAD);
        slot->tid = tid;
        own_tid = tid;
        own_slot = slot;
        innermost = NULL;
        if (atomic_load(&has_slot_key))
            pthread_setspecific(slot_key, slot);
    }
    return own_slot;
}

void waits_after_fork(void)
{
    own_slot = NULL;
    innermost = NULL;
}

void wait_begin(struct shim_wait *wait, int64_t deadline_ns)
{
    struct clock_slot *slot = thread_slot();
    wait->slot = slot;
    wait->outer = (uintptr_t)innermost > (uintptr_t)wait ? innermost : NULL;
    wait->outer_state = wait->outer ? atomic_load(&slot->state) : SLOT_IDLE;
    wait->outer_deadline_ns = slot->deadline_ns;
    atomic_store(&slot->state, SLOT_IDLE);
    slot->deadline_ns = deadline_ns;
    innermost = wait;
    atomic_store_explicit(&slot->state, SLOT_WAITING, memory_order_release);
}

bool wait_end(struct shim_wait *wait)
{
    struct clock_slot *slot = wait->slot;
    if (slot != own_slot) /* a signal handler forked, and this is the child */
        return false;
    bool has_fired = atomic_load(&slot->state) == SLOT_FIRED;
    atomic_store(&slot->state, SLOT_IDLE);
    slot->deadline_ns = wait->outer_deadline_ns;
    innermost = wait->outer;
    atomic_store_explicit(&slot->state, wait->outer_state, memory_order_release);
    return has_fired;
}

static long make_call(const struct raw_call *call)
{
    const long *a = call->argument;
    return raw_syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void end_cancelled(void *wait)
{
    if (wait)
        wait_end(wait);
}

static long make_cancellable_call(struct shim_wait *wait, const struct raw_call *call)
{
    if (__libc_single_threaded)
        return make_call(call);
    long result = 0;
    int type;
    pthread_cleanup_push(end_cancelled, wait);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
    result = make_call(call);
    pthread_setcanceltype(type, NULL);
    pthread_cleanup_pop(0);
    return result;
}

long wait_in_call(int64_t deadline_ns, bool may_be_cancelled, const struct raw_call *call)
{
    struct shim_wait wait;
    struct shim_wait *limit = NULL;
    if (deadline_ns != CLOCK_PAGE_NEVER) {
        if (deadline_ns <= shim_now_ns())
            return -ETIMEDOUT;
        wait_begin(&wait, deadline_ns);
        limit = &wait;
    }
    long result = may_be_cancelled ? make_cancellable_call(limit, call) : make_call(call);
    if (limit && wait_end(limit) && result == -EINTR)
        return -ETIMEDOUT;
    return result;
}

long wait_until(int64_t deadline_ns, bool may_be_cancelled)
{
    /* ppoll() of nothing is pause(), which aarch64 does not have. */
    long result = WAIT_PAD(deadline_ns, may_be_cancelled, SYS_ppoll, NULL, 0, NULL, NULL,
                           KERNEL_SIGSET_BYTES, 0, 0);
    return result == -ETIMEDOUT ? 0 : result;
}
