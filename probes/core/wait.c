/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting. An interrupt makes an eventfd readable for good, which every poll(2) here
 * watches too: no wait has to be told of it, and none can miss it.
 */
#include "probes/core/wait.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/core/error.h"

enum { MAX_FDS = 64 };

static int interrupt_fd = -1;
static atomic_bool is_interrupted; /* written by a signal handler, read by all threads */

void wait_interrupt(void)
{
    static const uint64_t one = 1;
    int saved = errno;
    is_interrupted = true;
    if (interrupt_fd >= 0 && write(interrupt_fd, &one, sizeof one) < 0) {
        /* Full is as good as written; nothing else can happen to an eventfd. */
    }
    errno = saved;
}

/* timeout(1), and a shell that ends a group, send two at once, which are one. A second
   one after that finds the default action: nobody is locked in. */
static void on_signal(int number)
{
    enum { AT_ONCE_MS = 300 };
    static _Atomic int64_t first_ns;
    int64_t now_ns = clock_now_ns();
    if (!is_interrupted) {
        first_ns = now_ns;
        wait_interrupt();
    } else if (now_ns - first_ns > AT_ONCE_MS * NS_PER_MS) {
        signal(number, SIG_DFL);
        raise(number); /* comes when this one is done */
    }
}

static gboolean open_interrupt(void)
{
    static gsize done;
    if (g_once_init_enter(&done)) {
        interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        g_once_init_leave(&done, 1);
    }
    return interrupt_fd >= 0;
}

gboolean wait_catch_interrupts(GError **error)
{
    if (!open_interrupt()) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot make an eventfd");
        return FALSE;
    }
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return TRUE;
}

int wait_interrupt_fd(void)
{
    open_interrupt();
    return interrupt_fd;
}

bool wait_is_interrupted(void)
{
    return is_interrupted;
}

void wait_reset(void)
{
    uint64_t count;
    is_interrupted = false;
    if (interrupt_fd >= 0 && read(interrupt_fd, &count, sizeof count) < 0) {
        /* There was nothing to forget. */
    }
}

static int milliseconds_left(int64_t deadline_ns)
{
    if (deadline_ns == CLOCK_NEVER)
        return -1;
    int64_t left_ns = deadline_ns - clock_now_ns();
    if (left_ns <= 0)
        return 0;
    int64_t ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS; /* not before it */
    return ms > G_MAXINT ? G_MAXINT : (int)ms;
}

enum wait_end wait_for(struct pollfd *fds, unsigned n_fds, int64_t deadline_ns)
{
    struct pollfd all[MAX_FDS + 1];
    g_assert(n_fds <= MAX_FDS);
    open_interrupt();
    all[0] = (struct pollfd){ .fd = interrupt_fd, .events = POLLIN };
    if (n_fds > 0)
        memcpy(all + 1, fds, n_fds * sizeof *fds);
    for (;;) {
        if (is_interrupted)
            return WAIT_INTERRUPTED;
        int timeout_ms = milliseconds_left(deadline_ns);
        int n = poll(all, n_fds + 1, timeout_ms);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            g_error("poll: %s",
                    g_strerror(errno)); /* only a wrong argument can do this */
        if (n > 0 && !(n == 1 && all[0].revents))
            break;
        if (n == 0 && (timeout_ms == 0 || clock_now_ns() >= deadline_ns))
            return WAIT_TIMEOUT;
    }
    for (unsigned i = 0; i < n_fds; i++)
        fds[i].revents = all[i + 1].revents;
    return WAIT_READY;
}

enum wait_end wait_for_fd(int fd, short events, int64_t deadline_ns)
{
    struct pollfd one = { .fd = fd, .events = events };
    return wait_for(&one, 1, deadline_ns);
}

gboolean wait_until(int64_t deadline_ns, GError **error)
{
    if (wait_for(NULL, 0, deadline_ns) != WAIT_INTERRUPTED)
        return TRUE;
    g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED, "interrupted");
    return FALSE;
}
