/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call after the other. Between two nothing is left of the first but hosts, which are
 * as if new (lab/host_pool.h), and programs that wait to be forked before their main()
 * (lab/forkserver.h): no process, no file, no descriptor of the call. A worker that finds
 * something left tells its result and ends; the parent starts another.
 *
 * On the virtual clock the worker stays on one processor: of the threads of a call only
 * one runs at a time anyway, and their order is then the scheduler's of one queue.
 * Process ids start over with each call, as programs make seeds and names from them.
 */
#include "call/worker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "lab/forkserver.h"
#include "lab/host_pool.h"
#include "lab/sandbox.h"

/* Processes of a call have ids above this one, however many its worker has started. */
enum { LAST_ID = 100 };

static void stay_on_processor(unsigned number)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return; /* more processors than fit: the coordinator chooses */
    unsigned wanted = number % (unsigned)CPU_COUNT(&allowed);
    size_t processor = 0;
    for (;; processor++)
        if (CPU_ISSET(processor, &allowed) && wanted-- == 0)
            break;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        g_debug("cannot stay on processor %zu: %s", processor, g_strerror(errno));
}

/* Those of kept hosts and programs left out. */
static unsigned count_descriptors(void)
{
    unsigned n = 0;
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    while (folder && g_dir_read_name(folder))
        n++;
    return n - host_pool_n_descriptors() - forkserver_n_descriptors();
}

/* Waits for the next call; false: there is none, or the worker shall end. */
static bool take_call(int fd, unsigned *ret_call)
{
    unsigned call;
    size_t size = 0;
    while (size < sizeof call) {
        struct pollfd polls[] = { { .fd = fd, .events = POLLIN },
                                  { .fd = sandbox_wake_fd(), .events = POLLIN } };
        if (poll(polls, G_N_ELEMENTS(polls), -1) < 0 && errno != EINTR)
            return false;
        if (sandbox_must_end())
            return false;
        uint64_t count;
        if (polls[1].revents && read(polls[1].fd, &count, sizeof count) < 0)
            return false;
        if (!polls[0].revents)
            continue;
        ssize_t n = read(fd, (char *)&call + size, sizeof call - size);
        if (n <= 0)
            return false;
        size += (size_t)n;
    }
    *ret_call = call;
    return true;
}

/* Whether the worker is as it was before the call. */
static bool is_as_new(unsigned n_descriptors)
{
    g_autoptr(GError) error = NULL;
    if (!sandbox_clear(forkserver_is, &error)) {
        g_printerr("rtclab: a worker is replaced: %s\n", error->message);
        return false;
    }
    unsigned n_now = count_descriptors();
    if (n_now != n_descriptors)
        g_debug("%u descriptors, there were %u", n_now, n_descriptors);
#ifndef NDEBUG
    g_assert(n_now == n_descriptors);
#endif
    return n_now == n_descriptors && !sandbox_must_end();
}

/* With the digits of results.json: what is computed from a call in this process and from
   the file afterwards is then the same. */
static bool answer(int fd, json_t *result, json_t *cost, bool is_last)
{
    g_autoptr(json_t) both = json_pack("{s:O, s:O?}", "result", result, "cost", cost);
    char *text = json_dumps(both, JSON_COMPACT | FILE_JSON_REALS);
    bool ok = text && file_write_all(fd, text, strlen(text)) &&
              (is_last || file_write_all(fd, "\n", 1));
    free(text);
    return ok;
}

int worker_run(const struct worker_task *task, const GError *problem)
{
    if (task->clock == LAB_CLOCK_VIRTUAL)
        stay_on_processor(task->number);
    unsigned n_descriptors = count_descriptors();
    unsigned call;
    bool is_fit = true;
    while (is_fit && take_call(task->fd, &call)) {
        const struct call_spec *spec =
            &g_array_index(task->calls, struct call_spec, call);
        g_autoptr(json_t) result = NULL;
        g_autoptr(json_t) cost = NULL;
        if (problem) {
            result = call_blank_result(spec, problem->message);
        } else {
            if (task->clock == LAB_CLOCK_VIRTUAL)
                sandbox_restart_ids(LAST_ID);
            result = call_run(spec, &cost);
            is_fit = is_as_new(n_descriptors);
        }
        if (!answer(task->fd, result, cost, !is_fit))
            return 1;
    }
    return 0;
}
