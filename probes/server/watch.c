/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting with poll(2). The list of descriptors is made anew for each wait: there are a
 * few dozen. A watch that is removed while others are called stays in the list, marked,
 * until the round is over, so that what poll() found still belongs to it.
 *
 * The newest are called first, so that a peer's datagram that waits at a relay is handled
 * before a client's request, come later, changes what is to become of it.
 */
#include "probes/server/watch.h"

struct srv_watch {
    int fd;
    short events;
    bool is_removed;
    srv_ready ready;
    void *subject;
};

struct srv_watch *srv_watch_add(struct probe_server *s, int fd, short events,
                                srv_ready ready, void *subject)
{
    struct srv_watch *watch = g_new(struct srv_watch, 1);
    *watch = (struct srv_watch){
        .fd = fd, .events = events, .ready = ready, .subject = subject
    };
    g_ptr_array_add(s->watches, watch);
    return watch;
}

void srv_watch_set_events(struct srv_watch *watch, short events)
{
    watch->events = events;
}

void srv_watch_remove(struct srv_watch *watch)
{
    if (watch)
        watch->is_removed = true;
}

static void sweep(struct probe_server *s)
{
    for (guint i = s->watches->len; i > 0; i--) {
        const struct srv_watch *watch = s->watches->pdata[i - 1];
        if (watch->is_removed)
            g_ptr_array_remove_index_fast(s->watches, i - 1);
    }
}

/* Rounded up: a deadline must have passed when poll() returns. */
static int timeout_ms(int64_t now_ns, int64_t deadline_ns)
{
    if (deadline_ns == CLOCK_NEVER)
        return -1;
    int64_t left_ms = (deadline_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
    return (int)CLAMP(left_ms, 0, G_MAXINT);
}

void srv_watch_wait(struct probe_server *s, int64_t deadline_ns)
{
    sweep(s);
    guint n = s->watches->len;
    g_autofree struct pollfd *fds = g_new0(struct pollfd, n);
    for (guint i = 0; i < n; i++) {
        const struct srv_watch *watch = s->watches->pdata[i];
        fds[i] = (struct pollfd){ .fd = watch->fd, .events = watch->events };
    }
    int found = poll(fds, n, timeout_ms(clock_now_ns(), deadline_ns));
    s->now_ns = clock_now_ns();
    for (guint i = n; i > 0 && found > 0; i--) {
        struct srv_watch *watch = s->watches->pdata[i - 1];
        if (fds[i - 1].revents && !watch->is_removed)
            watch->ready(s, watch->subject, fds[i - 1].revents);
    }
}
