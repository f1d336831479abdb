/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan: workers side by side, each with one call, then results.json.
 *
 * The parent has one thread and does three things: start a worker when there is room,
 * read results from the workers' pipes, watch for signals. A worker writes one JSON value
 * and ends; one that ends without it has crashed, which is the outcome of its call.
 *
 * SIGINT, SIGTERM or SIGHUP: no further call begins, the workers are told to end, and
 * what is finished is written with "complete": false.
 */
#include "call/run.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/plan.h"
#include "call/progress.h"
#include "lab/sandbox.h"
#include "reports/compare.h"

/* On the wall clock a call mostly waits: so many fit on a core before its neighbours'
   start-ups make packets late (measured; see tests/bench/README.md). */
enum { JOBS_A_CORE = 4, PROGRESS_MS = 200 };

/* What a call may take beside its own time-out: servers, hello, goodbye. */
static const int64_t worker_grace_ns = 60 * NS_PER_S;

struct worker {
    const struct call_spec *spec;
    pid_t pid;
    int fd; /* its result comes from here */
    GByteArray *output;
    int64_t started_ns;
    bool told_to_end;
};

struct run {
    const struct run_options *options;
    const struct plan *plan;
    unsigned next;      /* of the plan */
    GPtrArray *workers; /* struct worker */
    json_t **results;   /* by the plan's order */
    unsigned done;
    int64_t started_ns;
    double finished_s;
    bool is_interrupted;
};

/* ---- signals ---- */

static volatile sig_atomic_t signals_seen;
static int signal_fd = -1;

static void on_signal(int number)
{
    (void)number;
    int problem = errno;
    signals_seen = 1;
    uint64_t one = 1;
    if (write(signal_fd, &one, sizeof one) < 0) {
        /* full: the poll ends anyway */
    }
    errno = problem;
}

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };

static void catch_signals(struct sigaction previous[G_N_ELEMENTS(caught)])
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    for (size_t i = 0; i < G_N_ELEMENTS(caught); i++) {
        sigaction(caught[i], &action, &previous[i]);
        if (caught[i] == SIGHUP && previous[i].sa_handler == SIG_IGN)
            sigaction(SIGHUP, &previous[i], NULL); /* under nohup */
    }
}

static void restore_signals(const struct sigaction previous[G_N_ELEMENTS(caught)])
{
    for (size_t i = 0; i < G_N_ELEMENTS(caught); i++)
        sigaction(caught[i], &previous[i], NULL);
}

/* ---- workers ---- */

struct worker_task {
    const struct run *run;
    const struct call_spec *spec;
    int fd;
};

static int work(void *data, const GError *problem)
{
    const struct worker_task *task = data;
    /* The other workers' pipes, which a fork inherits: with many jobs they would use up
       the descriptors that a lab needs. */
    for (unsigned i = 0; i < task->run->workers->len; i++)
        close(((struct worker *)task->run->workers->pdata[i])->fd);
    g_autoptr(json_t) result =
        problem ? call_blank_result(task->spec, problem->message) : call_run(task->spec);
    return json_dumpfd(result, task->fd, JSON_COMPACT) == 0 ? 0 : 1;
}

static void worker_free(gpointer data)
{
    struct worker *w = data;
    close(w->fd);
    g_byte_array_unref(w->output);
    g_free(w);
}

static gboolean start_worker(struct run *run, const struct call_spec *spec,
                             GError **error)
{
    if (!file_make_folder(spec->folder, error))
        return FALSE;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno, "cannot make a pipe");
        return FALSE;
    }
    struct worker_task task = { .run = run, .spec = spec, .fd = fds[1] };
    pid_t pid = sandbox_start(work, &task, error);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return FALSE;
    }
    struct worker *w = g_new0(struct worker, 1);
    w->spec = spec;
    w->pid = pid;
    w->fd = fds[0];
    w->output = g_byte_array_new();
    w->started_ns = clock_now_ns();
    g_ptr_array_add(run->workers, w);
    return TRUE;
}

static void keep_result(struct run *run, const struct call_spec *spec, json_t *result)
{
    unsigned index =
        (unsigned)(spec - &g_array_index(run->plan->calls, struct call_spec, 0));
    run->results[index] = result;
    run->done++;
}

/* A worker has closed its pipe: it has ended or is about to. */
static void finish_worker(struct run *run, struct worker *w)
{
    int status = 0;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    json_t *result = json_loadb((const char *)w->output->data, w->output->len, 0, NULL);
    if (!result && !run->is_interrupted) {
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        g_autofree char *why =
            code > 128
                ? g_strdup_printf("the worker was ended by signal %d (%s)", code - 128,
                                  strsignal(code - 128))
                : g_strdup_printf("the worker exited with %d and left no result", code);
        result = call_blank_result(w->spec, why);
    }
    run->finished_s += (double)(clock_now_ns() - w->started_ns) / (double)NS_PER_S;
    /* A call that was cut short says nothing; it is not among the results. */
    if (result && !(run->is_interrupted && w->told_to_end))
        keep_result(run, w->spec, result);
    else
        json_decref(result);
    g_ptr_array_remove(run->workers, w);
}

/* Returns true when its pipe has ended. */
static bool read_worker(struct worker *w)
{
    uint8_t chunk[4096];
    ssize_t n = read(w->fd, chunk, sizeof chunk);
    if (n > 0)
        g_byte_array_append(w->output, chunk, (unsigned)n);
    return n == 0 || (n < 0 && errno != EINTR);
}

static void tell_to_end(struct worker *w)
{
    if (!w->told_to_end)
        kill(w->pid, SIGTERM);
    w->told_to_end = true;
}

static void interrupt(struct run *run)
{
    run->is_interrupted = true;
    for (unsigned i = 0; i < run->workers->len; i++)
        tell_to_end(run->workers->pdata[i]);
}

/* ---- the loop ---- */

static void show_progress(const struct run *run, unsigned jobs)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    for (unsigned i = 0; i < run->workers->len; i++) {
        const struct worker *w = run->workers->pdata[i];
        g_ptr_array_add(keys, (char *)w->spec->key);
    }
    g_ptr_array_add(keys, NULL);
    progress_show(&(struct progress){
        .done = run->done,
        .planned = run->plan->calls->len,
        .jobs = jobs,
        .finished_s = run->finished_s,
        .running = (const char *const *)keys->pdata,
    });
}

static void fill_jobs(struct run *run, unsigned jobs)
{
    while (!run->is_interrupted && run->workers->len < jobs &&
           run->next < run->plan->calls->len) {
        const struct call_spec *spec =
            &g_array_index(run->plan->calls, struct call_spec, run->next++);
        g_autoptr(GError) error = NULL;
        if (!start_worker(run, spec, &error))
            keep_result(run, spec, call_blank_result(spec, error->message));
    }
}

static void wait_for_workers(struct run *run, int timeout_ms)
{
    unsigned n = run->workers->len;
    g_autofree struct pollfd *polls = g_new0(struct pollfd, n + 1);
    polls[n] = (struct pollfd){ .fd = signal_fd, .events = POLLIN };
    for (unsigned i = 0; i < n; i++)
        polls[i] = (struct pollfd){ .fd = ((struct worker *)run->workers->pdata[i])->fd,
                                    .events = POLLIN };
    if (poll(polls, n + 1, timeout_ms) <= 0)
        return;
    uint64_t count;
    if (polls[n].revents && read(signal_fd, &count, sizeof count) < 0)
        g_debug("the wake-up was for somebody else");
    for (unsigned i = n; i-- > 0;) { /* downwards: finish_worker() takes one out */
        struct worker *w = run->workers->pdata[i];
        if (polls[i].revents && read_worker(w))
            finish_worker(run, w);
    }
}

static void watch_over(struct run *run)
{
    int64_t now_ns = clock_now_ns();
    for (unsigned i = 0; i < run->workers->len; i++) {
        struct worker *w = run->workers->pdata[i];
        if (now_ns - w->started_ns > w->spec->timeout_ns + worker_grace_ns)
            tell_to_end(w);
    }
}

static void run_plan(struct run *run)
{
    unsigned jobs = run->options->jobs;
    if (jobs == 0)
        jobs = JOBS_A_CORE * (unsigned)g_get_num_processors();
    bool shows = progress_is_wanted();
    for (;;) {
        if (signals_seen && !run->is_interrupted)
            interrupt(run);
        fill_jobs(run, jobs);
        if (run->workers->len == 0)
            break;
        if (shows)
            show_progress(run, jobs);
        wait_for_workers(run, PROGRESS_MS);
        watch_over(run);
    }
    if (shows)
        progress_clear();
}

/* ---- results.json ---- */

static json_t *describe_host(void)
{
    struct utsname name;
    uname(&name);
    return json_pack("{s:s, s:s, s:s, s:i}", "system", name.sysname, "kernel",
                     name.release, "machine", name.machine, "cores",
                     (int)g_get_num_processors());
}

static json_t *describe_run(const struct run *run, int64_t calendar_ns)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(calendar_ns / NS_PER_S);
    g_autofree char *started = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *compact = g_date_time_format(at, "%Y%m%dT%H%M%SZ");
    g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, run->options->seed);
    g_autofree char *id = g_strdup_printf("%s-%s", compact, seed);
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b, s:f, s:o}", "id", id, "started", started,
        "version", RTCLAB_VERSION, "seed", seed, "clock", "wall", "complete",
        !run->is_interrupted && run->done == run->plan->calls->len, "elapsed_s",
        round((double)(clock_now_ns() - run->started_ns) / (double)NS_PER_MS) / 1e3,
        "host", describe_host());
    if (run->is_interrupted)
        json_object_set_new(object, "interrupted", json_true());
    if (run->options->n_shards > 1) {
        g_autofree char *shard =
            g_strdup_printf("%u/%u", run->options->shard, run->options->n_shards);
        json_object_set_new(object, "shard", json_string(shard));
    }
    return object;
}

static json_t *describe_scenarios(const GPtrArray *scenarios)
{
    json_t *all = json_object();
    for (unsigned i = 0; i < scenarios->len; i++) {
        const struct scenario *s = scenarios->pdata[i];
        json_t *expect = json_object_get(s->document, "expect");
        json_t *tags = json_array();
        for (char **tag = s->tags; tag && *tag; tag++)
            json_array_append_new(tags, json_string(*tag));
        json_object_set_new(all, s->id,
                            json_pack("{s:s, s:o, s:O?}", "title", s->title, "tags", tags,
                                      "expect", expect));
    }
    return all;
}

static json_t *make_results(const struct run *run, const GPtrArray *scenarios,
                            int64_t calendar_ns)
{
    json_t *calls = json_array();
    for (unsigned i = 0; i < run->plan->calls->len; i++)
        if (run->results[i])
            json_array_append(calls, run->results[i]);
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "schema", "rtclab/results/1", "run",
                     describe_run(run, calendar_ns), "scenarios",
                     describe_scenarios(scenarios), "calls", calls, "comparisons",
                     compare_modes(calls));
}

gboolean run_execute(const GPtrArray *scenarios, const struct run_options *options,
                     json_t **ret_results, GError **error)
{
    struct plan *plan = plan_new(scenarios, options, error);
    if (!plan)
        return FALSE;
    if (!file_make_folder(options->out, error) || !sandbox_probe(error)) {
        plan_free(plan);
        return FALSE;
    }
    struct run run = {
        .options = options,
        .plan = plan,
        .workers = g_ptr_array_new_with_free_func(worker_free),
        .results = g_new0(json_t *, plan->calls->len + 1),
        .started_ns = clock_now_ns(),
    };
    int64_t calendar_ns = clock_calendar_ns();
    struct sigaction previous[G_N_ELEMENTS(caught)];
    signals_seen = 0;
    signal_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    catch_signals(previous);
    run_plan(&run);
    json_t *results = make_results(&run, scenarios, calendar_ns);
    g_autofree char *path = g_build_filename(options->out, "results.json", NULL);
    gboolean ok = file_replace_json(path, results, error);
    restore_signals(previous);
    close(signal_fd);
    if (ok)
        *ret_results = json_incref(results);
    json_decref(results);
    for (unsigned i = 0; i < plan->calls->len; i++)
        json_decref(run.results[i]);
    g_free(run.results);
    g_ptr_array_unref(run.workers);
    plan_free(plan);
    return ok;
}

int run_exit_code(const json_t *results)
{
    const json_t *run = json_object_get(results, "run");
    const json_t *calls = json_object_get(results, "calls");
    bool has_error = false;
    bool has_unexpected = false;
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        bool expected = json_is_true(json_object_get(call, "as_expected"));
        const char *outcome = json_string_value(json_object_get(call, "outcome"));
        bool is_error = g_strcmp0(outcome, outcome_names[OUTCOME_ERROR]) == 0;
        bool is_unsupported = g_strcmp0(outcome, outcome_names[OUTCOME_UNSUPPORTED]) == 0;
        has_error |= is_error;
        has_unexpected |= !expected && !is_error && !is_unsupported;
    }
    if (json_is_true(json_object_get(run, "interrupted")))
        return EXIT_INTERRUPTED;
    if (has_error)
        return EXIT_ENVIRONMENT;
    if (has_unexpected)
        return EXIT_UNEXPECTED;
    if (json_array_size(calls) == 0 || !json_is_true(json_object_get(run, "complete")))
        return EXIT_INCOMPLETE;
    return EXIT_AS_EXPECTED;
}
