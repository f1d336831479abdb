/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's side of the workers. A worker that ends in the middle of a call has
 * crashed, was killed, or was told to end: that is the outcome of its call, and of no
 * other. One that ends between two calls is quietly replaced.
 *
 * A fork inherits the sockets of the workers before it, in the keeper (lab/sandbox.c) for
 * good. So a stream is ended by shutdown(2), which no copy of a descriptor outlives.
 */
#include "call/workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/worker.h"
#include "lab/sandbox.h"

/* What a call on the wall clock may take beside its own time-out: servers, hello,
   goodbye. */
static const int64_t wall_grace_ns = 60 * NS_PER_S;
/* What one on the virtual clock may take in real time; the coordinator gives up sooner
   (lab/coordinator.c). */
static const int64_t virtual_limit_ns = 180 * NS_PER_S;

enum { IDLE = -1 };

struct worker {
    pid_t pid;
    int fd;
    int64_t call; /* index in the plan; IDLE: none */
    int64_t started_ns;
    GByteArray *output; /* of the call: its answer so far */
    bool has_ended;     /* its stream has */
    bool told_to_end;
};

struct workers {
    const GArray *calls;
    enum lab_clock clock;
    unsigned n;
    struct worker **all; /* by number; NULL: not started */
};

struct workers *workers_new(const GArray *calls, enum lab_clock clock, unsigned n)
{
    struct workers *workers = g_new0(struct workers, 1);
    workers->calls = calls;
    workers->clock = clock;
    workers->n = n;
    workers->all = g_new0(struct worker *, n);
    return workers;
}

static int reap(struct worker *w)
{
    int status = 0;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(w->fd);
    g_byte_array_unref(w->output);
    g_free(w);
    return status;
}

void workers_free(struct workers *workers)
{
    for (unsigned i = 0; i < workers->n; i++)
        if (workers->all[i])
            shutdown(workers->all[i]->fd, SHUT_RDWR);
    for (unsigned i = 0; i < workers->n; i++)
        if (workers->all[i])
            reap(workers->all[i]);
    g_free(workers->all);
    g_free(workers);
}

/* ---- asking ---- */

static bool is_busy(const struct worker *w)
{
    return w && w->call != IDLE;
}

static bool is_idle(const struct worker *w)
{
    return w && w->call == IDLE && !w->has_ended && !w->told_to_end;
}

bool workers_have_room(const struct workers *workers)
{
    for (unsigned i = 0; i < workers->n; i++)
        if (!workers->all[i] || is_idle(workers->all[i]))
            return true;
    return false;
}

unsigned workers_n_busy(const struct workers *workers)
{
    unsigned n = 0;
    for (unsigned i = 0; i < workers->n; i++)
        n += is_busy(workers->all[i]);
    return n;
}

static const struct call_spec *spec_of(const struct workers *workers,
                                       const struct worker *w)
{
    return &g_array_index(workers->calls, struct call_spec, w->call);
}

static int by_age(const void *a, const void *b)
{
    int64_t left = (*(struct worker *const *)a)->started_ns;
    int64_t right = (*(struct worker *const *)b)->started_ns;
    return (left > right) - (left < right);
}

const char **workers_list_busy(const struct workers *workers)
{
    g_autoptr(GPtrArray) busy = g_ptr_array_new();
    for (unsigned i = 0; i < workers->n; i++)
        if (is_busy(workers->all[i]))
            g_ptr_array_add(busy, workers->all[i]);
    g_ptr_array_sort(busy, by_age);
    const char **keys = g_new0(const char *, busy->len + 1);
    for (unsigned i = 0; i < busy->len; i++)
        keys[i] = spec_of(workers, busy->pdata[i])->key;
    return keys;
}

/* ---- starting and giving ---- */

struct start {
    const struct workers *workers;
    struct worker_task task;
};

static int work(void *data, const GError *problem)
{
    const struct start *start = data;
    /* With many workers the others' sockets would use up the descriptors that a lab
       needs. */
    for (unsigned i = 0; i < start->workers->n; i++)
        if (start->workers->all[i])
            close(start->workers->all[i]->fd);
    return worker_run(&start->task, problem);
}

static struct worker *start_worker(const struct workers *workers, unsigned number,
                                   GError **error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot make a socket");
        return NULL;
    }
    struct start start = {
        .workers = workers,
        .task = { .calls = workers->calls,
                  .clock = workers->clock,
                  .number = number,
                  .fd = ends[1] },
    };
    pid_t pid = sandbox_start(work, &start, error);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return NULL;
    }
    struct worker *w = g_new0(struct worker, 1);
    w->pid = pid;
    w->fd = ends[0];
    w->call = IDLE;
    w->output = g_byte_array_new();
    return w;
}

/* One with nothing to do, or else a new one; the lowest number first. */
static struct worker *find_room(struct workers *workers, GError **error)
{
    for (unsigned i = 0; i < workers->n; i++)
        if (is_idle(workers->all[i]))
            return workers->all[i];
    for (unsigned i = 0; i < workers->n; i++)
        if (!workers->all[i])
            return workers->all[i] = start_worker(workers, i, error);
    g_assert_not_reached();
}

gboolean workers_give(struct workers *workers, unsigned call, GError **error)
{
    struct worker *w = find_room(workers, error);
    if (!w)
        return FALSE;
    w->call = call;
    w->started_ns = clock_now_ns();
    g_byte_array_set_size(w->output, 0);
    /* The socket is empty, so it has room. If the worker has just ended, its stream
       says so next. */
    if (send(w->fd, &call, sizeof call, MSG_NOSIGNAL) < 0)
        g_debug("worker %d is gone: %s", w->pid, g_strerror(errno));
    return TRUE;
}

/* ---- waiting and taking ---- */

static void tell_to_end(struct worker *w)
{
    if (!w->told_to_end)
        kill(w->pid, SIGTERM);
    w->told_to_end = true;
}

void workers_tell_to_end(struct workers *workers)
{
    for (unsigned i = 0; i < workers->n; i++)
        if (workers->all[i])
            tell_to_end(workers->all[i]);
}

static void watch_over(struct workers *workers)
{
    int64_t now_ns = clock_now_ns();
    for (unsigned i = 0; i < workers->n; i++) {
        struct worker *w = workers->all[i];
        if (!is_busy(w))
            continue;
        int64_t limit_ns = virtual_limit_ns;
        if (workers->clock == LAB_CLOCK_WALL)
            limit_ns = clock_after_ns(spec_of(workers, w)->timeout_ns, wall_grace_ns);
        if (now_ns - w->started_ns > limit_ns)
            tell_to_end(w);
    }
}

static void read_from(struct worker *w)
{
    uint8_t chunk[4096];
    ssize_t n = read(w->fd, chunk, sizeof chunk);
    if (n > 0)
        g_byte_array_append(w->output, chunk, (unsigned)n);
    w->has_ended = n == 0 || (n < 0 && errno != EINTR);
}

void workers_wait(struct workers *workers, int wake_fd, int timeout_ms)
{
    g_autofree struct pollfd *polls = g_new0(struct pollfd, workers->n + 1);
    for (unsigned i = 0; i < workers->n; i++) {
        bool is_there = workers->all[i] && !workers->all[i]->has_ended;
        polls[i] = (struct pollfd){ .fd = is_there ? workers->all[i]->fd : -1,
                                    .events = POLLIN };
    }
    polls[workers->n] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
    if (poll(polls, workers->n + 1, timeout_ms) > 0)
        for (unsigned i = 0; i < workers->n; i++)
            if (polls[i].revents)
                read_from(workers->all[i]);
    watch_over(workers);
}

static char *describe_end(int status)
{
    /* The keeper passes on how its worker has ended. */
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return code > 128
               ? g_strdup_printf("the worker was ended by signal %d (%s)", code - 128,
                                 strsignal(code - 128))
               : g_strdup_printf("the worker exited with %d and left no result", code);
}

static void read_answer(const GByteArray *output, struct workers_answer *answer)
{
    g_autoptr(json_t) both = json_loadb((const char *)output->data, output->len, 0, NULL);
    json_t *cost = json_object_get(both, "cost");
    answer->result = json_incref(json_object_get(both, "result"));
    answer->cost = json_is_object(cost) ? json_incref(cost) : NULL;
}

bool workers_pop(struct workers *workers, struct workers_answer *ret)
{
    for (unsigned i = 0; i < workers->n; i++) {
        struct worker *w = workers->all[i];
        if (!w)
            continue;
        bool is_whole = w->output->len > 0 && w->output->data[w->output->len - 1] == '\n';
        if (!is_whole && !w->has_ended)
            continue;
        struct workers_answer answer = {
            .call = (unsigned)w->call,
            .told_to_end = w->told_to_end,
            .elapsed_s = (double)(clock_now_ns() - w->started_ns) / (double)NS_PER_S,
        };
        bool was_busy = is_busy(w);
        if (was_busy)
            read_answer(w->output, &answer);
        w->call = IDLE;
        g_byte_array_set_size(w->output, 0);
        if (w->has_ended) {
            workers->all[i] = NULL;
            g_autofree char *how = describe_end(reap(w));
            if (was_busy && !answer.result)
                answer.why = g_steal_pointer(&how);
        }
        if (was_busy) {
            *ret = answer;
            return true;
        }
    }
    return false;
}
