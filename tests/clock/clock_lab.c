/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock_lab.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "lab/lab.h"
#include "lab/sandbox.h"

static const int64_t default_limit_ns = 5400 * NS_PER_S;
static const int64_t default_calendar_ns = 1735689600 * NS_PER_S;

struct work {
    const struct clock_lab_task *task;
    struct clock_lab_result *result; /* shared with the worker */
};

static void fail(struct clock_lab_result *result, enum clock_lab_end end, const char *why)
{
    result->end = end;
    g_strlcpy(result->why, why, sizeof result->why);
}

static void attend(struct lab *lab, const struct clock_lab_task *task,
                   struct process *const *processes, struct clock_lab_result *result)
{
    int64_t limit_ns =
        lab_now_ns(lab) + (task->limit_ns ? task->limit_ns : default_limit_ns);
    for (unsigned left = task->n_commands; left > 0;) {
        struct lab_event event;
        lab_next(lab, CLOCK_NEVER, limit_ns, &event);
        switch (event.kind) {
        case LAB_EXITED:
            for (unsigned i = 0; i < task->n_commands; i++)
                if (processes[i] == event.process)
                    result->statuses[i] = event.process->status;
            left--;
            break;
        case LAB_NETWORK:
            packet_free(event.network.packet);
            break;
        case LAB_READABLE:
            break;
        case LAB_TIMEOUT:
            result->end = CLOCK_LAB_LIMIT;
            return;
        case LAB_DEAD:
            result->end = CLOCK_LAB_DEAD;
            return;
        case LAB_BROKEN:
            fail(result, CLOCK_LAB_BROKEN, event.why);
            return;
        case LAB_MUST_END:
            fail(result, CLOCK_LAB_FAILED, "interrupted");
            return;
        }
    }
    result->end = CLOCK_LAB_ENDED;
}

static void run_in(struct lab *lab, const struct clock_lab_task *task,
                   struct clock_lab_result *result)
{
    struct process *processes[CLOCK_LAB_COMMANDS] = { NULL };
    for (unsigned i = 0; i < task->n_commands; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = g_strdup_printf("command-%u", i);
        struct process_spec spec = {
            .argv = task->commands[i],
            .host = lab_find_host(lab, i % CLOCK_LAB_HOSTS),
            .log_path = task->log_path,
            .extra_fd = -1,
        };
        processes[i] = lab_start(lab, name, &spec, NULL, &error);
        if (!processes[i]) {
            fail(result, CLOCK_LAB_FAILED, error->message);
            return;
        }
    }
    int64_t since_ns = lab_now_ns(lab);
    attend(lab, task, processes, result);
    result->virtual_ns = lab_now_ns(lab) - since_ns;
}

static int work(void *data, const GError *problem)
{
    const struct work *w = data;
    struct interface_config interfaces[CLOCK_LAB_HOSTS] = {
        { .name = "a/eth0",
          .addresses = { { .family = ADDRESS_IPV4, .bytes = { 198, 51, 100, 4 } } },
          .n_addresses = 1 },
        { .name = "b/eth0",
          .addresses = { { .family = ADDRESS_IPV4, .bytes = { 198, 51, 100, 20 } } },
          .n_addresses = 1 },
    };
    struct site_config sites[CLOCK_LAB_HOSTS] = {
        { .name = "a", .parent = -1, .interfaces = &interfaces[0], .n_interfaces = 1 },
        { .name = "b", .parent = -1, .interfaces = &interfaces[1], .n_interfaces = 1 },
    };
    sites[0].link.up.delay_ns = w->task->delay_ns;
    sites[0].link.down.delay_ns = w->task->delay_ns;
    struct network_config network = { .sites = sites, .n_sites = CLOCK_LAB_HOSTS };
    struct rng rng = rng_seed(w->task->seed);
    struct lab_options options = {
        .network = &network,
        .rng = &rng,
        .clock = LAB_CLOCK_VIRTUAL,
        .calendar_ns = w->task->calendar_ns ? w->task->calendar_ns : default_calendar_ns,
        .audit_path = w->task->audit_path,
    };
    g_autoptr(GError) error = problem ? g_error_copy(problem) : NULL;
    struct lab *lab = problem ? NULL : lab_new(&options, &error);
    if (!lab) {
        fail(w->result, CLOCK_LAB_FAILED, error->message);
        return 1;
    }
    run_in(lab, w->task, w->result);
    lab_free(lab);
    return 0;
}

struct clock_lab_result clock_lab_run(const struct clock_lab_task *task)
{
    struct clock_lab_result *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *shared = (struct clock_lab_result){ .end = CLOCK_LAB_FAILED, .why = "no worker" };
    struct work w = { .task = task, .result = shared };
    int64_t since_ns = clock_now_ns();
    pid_t pid = sandbox_start(work, &w, NULL);
    int status;
    if (pid > 0)
        waitpid(pid, &status, 0);
    struct clock_lab_result result = *shared;
    munmap(shared, sizeof *shared);
    result.real_ns = clock_now_ns() - since_ns;
    return result;
}

char *clock_lab_program(const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self ? self : "./");
    return g_build_filename(folder, name, NULL);
}
