/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel waits for: futexes by number, signals, semaphores and queues. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock/cases.h"

static atomic_uint word;

static long futex(int operation, unsigned value, const struct timespec *t)
{
    return syscall(SYS_futex, &word, (long)operation, (long)value, t, NULL,
                   (long)FUTEX_BITSET_MATCH_ANY);
}

static void wake(void *data)
{
    (void)data;
    atomic_store(&word, 1);
    futex(FUTEX_WAKE_PRIVATE, INT_MAX, NULL);
}

static void run_futex(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    struct timespec t = in_timespec(HOUR_NS / 4);
    expect(self->name, -1, futex(FUTEX_WAIT_PRIVATE, 0, &t));
    expect("errno", ETIMEDOUT, errno);
    expect_elapsed(self->name, since_ns, HOUR_NS / 4);
    t = at_timespec(CLOCK_MONOTONIC, HOUR_NS / 4);
    expect(self->name, -1, futex(FUTEX_WAIT_BITSET_PRIVATE, 0, &t));
    expect("errno", ETIMEDOUT, errno);
    expect_elapsed("monotonic", since_ns, HOUR_NS / 2);
    t = at_timespec(CLOCK_REALTIME, HOUR_NS / 4);
    expect(self->name, -1,
           futex(FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &t));
    expect("errno", ETIMEDOUT, errno);
    expect_elapsed("realtime", since_ns, 3 * HOUR_NS / 4);
    t = in_timespec(NS_PER_S * 10);
    expect("another value", -1, futex(FUTEX_WAIT_PRIVATE, 7, &t));
    expect("errno", EAGAIN, errno);
    call_after(NS_PER_S, wake, NULL);
    expect("woken", 0, futex(FUTEX_WAIT_PRIVATE, 0, &t));
    expect_elapsed("woken", since_ns, 3 * HOUR_NS / 4 + NS_PER_S);
}

static void run_futex_past(const struct clock_case *self)
{
    int64_t since_ns = now_ns();
    struct timespec t = { 0, 0 };
    expect(self->name, -1, futex(FUTEX_WAIT_BITSET_PRIVATE, 0, &t));
    expect("errno", ETIMEDOUT, errno);
    expect("another value", -1, futex(FUTEX_WAIT_BITSET_PRIVATE, 7, &t));
    expect("errno", EAGAIN, errno);
    expect_elapsed(self->name, since_ns, 0);
}

static void run_sigtimedwait(const struct clock_case *self)
{
    sigset_t set;
    sigfillset(&set);
    int64_t since_ns = now_ns();
    interrupt_after(HOUR_NS + NS_PER_S);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct timespec t = in_timespec(HOUR_NS);
    expect(self->name, -1, sigtimedwait(&set, NULL, &t));
    expect("errno", EAGAIN, errno);
    expect_elapsed(self->name, since_ns, HOUR_NS);
    siginfo_t info;
    expect("the signal", SIGUSR1, sigtimedwait(&set, &info, &t));
    expect("from", getpid(), info.si_pid);
    expect_elapsed("the signal", since_ns, HOUR_NS + NS_PER_S);
    t = in_timespec(NS_PER_S);
    expect("by number", -1, syscall(SYS_rt_sigtimedwait, &set, &info, &t, 8L));
    expect_elapsed("by number", since_ns, HOUR_NS + 2 * NS_PER_S);
}

static int system_v_id;

static void add_one(void *data)
{
    (void)data;
    struct sembuf add = { 0, 1, 0 };
    semop(system_v_id, &add, 1);
}

static void run_system_v(const struct clock_case *self)
{
    system_v_id = semget(IPC_PRIVATE, 1, 0600);
    expect("semget", 1, system_v_id >= 0);
    struct sembuf take = { 0, -1, 0 };
    struct timespec t = in_timespec(HOUR_NS);
    int64_t since_ns = now_ns();
    expect(self->name, -1, semtimedop(system_v_id, &take, 1, &t));
    int error = errno;
    int64_t elapsed_ns = now_ns() - since_ns;
    call_after(NS_PER_S, add_one, NULL);
    int result = semtimedop(system_v_id, &take, 1, &t);
    semctl(system_v_id, 0, IPC_RMID);
    expect("errno", EAGAIN, error);
    expect(self->name, HOUR_NS, elapsed_ns);
    expect("added", 0, result);
    expect_elapsed("added", since_ns, HOUR_NS + NS_PER_S);
}

/* By number, and with a limit that was set by number. */
static void run_by_number(const struct clock_case *self)
{
    int id = semget(IPC_PRIVATE, 1, 0600);
    struct sembuf take = { 0, -1, 0 };
    struct timespec t = in_timespec(HOUR_NS);
    int64_t since_ns = now_ns();
    long result = syscall(SYS_semtimedop, id, &take, 1L, &t);
    int error = errno;
    semctl(id, 0, IPC_RMID);
    expect("semtimedop", -1, result);
    expect("errno", EAGAIN, error);
    expect_elapsed("semtimedop", since_ns, HOUR_NS);
    int pair[2];
    expect("socketpair", 0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    struct timeval limit = { 10, 0 };
    expect("setsockopt", 0,
           syscall(SYS_setsockopt, (long)pair[0], (long)SOL_SOCKET, (long)SO_RCVTIMEO,
                   &limit, (long)sizeof limit));
    char byte;
    expect(self->name, -1,
           syscall(SYS_recvfrom, (long)pair[0], &byte, 1L, 0L, NULL, NULL));
    expect("errno", EAGAIN, errno);
    expect_elapsed(self->name, since_ns, HOUR_NS + 10 * NS_PER_S);
}

static mqd_t queue;

static void send_message(void *data)
{
    (void)data;
    mq_send(queue, "x", 1, 0);
}

static void run_queue(const struct clock_case *self)
{
    static const char name[] = "/rtclab-clock-program";
    struct mq_attr attributes = { .mq_maxmsg = 1, .mq_msgsize = 1 };
    queue = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
    if (queue == (mqd_t)-1)
        return; /* a kernel without queues */
    mq_unlink(name);
    char message[1];
    int64_t since_ns = now_ns();
    struct timespec t = at_timespec(CLOCK_REALTIME, HOUR_NS / 2);
    expect(self->name, -1, mq_timedreceive(queue, message, 1, NULL, &t));
    expect("errno", ETIMEDOUT, errno);
    expect_elapsed(self->name, since_ns, HOUR_NS / 2);
    call_after(NS_PER_S, send_message, NULL);
    t = at_timespec(CLOCK_REALTIME, HOUR_NS / 2);
    expect("sent", 1, mq_timedreceive(queue, message, 1, NULL, &t));
    expect_elapsed("sent", since_ns, HOUR_NS / 2 + NS_PER_S);
    expect("room", 0, mq_timedsend(queue, "x", 1, 0, &t));
    t = at_timespec(CLOCK_REALTIME, HOUR_NS / 4);
    expect("no room", -1, mq_timedsend(queue, "x", 1, 0, &t));
    expect("errno", ETIMEDOUT, errno);
}

const struct clock_case kernel_cases[] = {
    { "syscall-futex", run_futex, NULL },
    { "syscall-futex-past", run_futex_past, NULL },
    { "sigtimedwait", run_sigtimedwait, NULL },
    { "semtimedop", run_system_v, NULL },
    { "mq-timed", run_queue, NULL },
    { "syscall-limits", run_by_number, NULL },
    { NULL, NULL, NULL },
};
