/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan: workers side by side (workers.c), then what results.json will hold
 * (run_results.c).
 *
 * The parent has one thread and does three things: give calls to workers that have
 * nothing to do, take in their results, watch for signals. Calls on the virtual clock
 * come first: those on the wall clock want the processors' idle time. Those with browsers
 * come last, few at a time.
 *
 * SIGINT, SIGTERM or SIGHUP: no further call begins, the workers are told to end, and
 * what is finished is handed out with "complete": false. Whatever ends it, what it has
 * done is in its journal (journal.c), and it can go on.
 */
#include "call/run.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "call/journal.h"
#include "call/known.h"
#include "call/plan.h"
#include "call/progress.h"
#include "call/repeats.h"
#include "call/retries.h"
#include "call/run_results.h"
#include "call/workers.h"
#include "lab/sandbox.h"

enum { PROGRESS_MS = 200 };

/* Parts of a run, one after the other. */
enum part { PART_VIRTUAL, PART_WALL, PART_BROWSERS, N_PARTS };

struct run {
    const struct run_options *options;
    const struct plan *plan;
    struct repeats *repeats;
    struct retries *retries;
    bool *has_begun;  /* by the plan's order; also what was skipped */
    json_t **results; /* by the plan's order; NULL: none */
    json_t *costs;    /* by key */
    struct journal *journal;
    int64_t started_ns; /* of the whole run: earlier parts of it count */
    unsigned done, skipped;
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

/* ---- the loop ---- */

static const struct call_spec *spec_of(const struct run *run, unsigned call)
{
    return &g_array_index(run->plan->calls, struct call_spec, call);
}

static void take_result(struct run *run, unsigned call, json_t *result)
{
    run->results[call] = result;
    run->done++;
    repeats_take(run->repeats, call, result);
}

static void keep_result(struct run *run, unsigned call, json_t *result,
                        const json_t *cost)
{
    known_mark(run->options->known, result);
    retries_mark(run->retries, call, result);
    journal_add(run->journal, result, cost, clock_now_ns() - run->started_ns);
    if (cost)
        json_object_set(run->costs, spec_of(run, call)->key, (json_t *)cost);
    take_result(run, call, result);
}

static void take_answer(struct run *run, struct workers_answer *answer)
{
    run->finished_s += answer->elapsed_s;
    g_autofree char *why = answer->why;
    g_autoptr(json_t) cost = answer->cost;
    /* A call that was cut short says nothing; it is not among the results. */
    if (run->is_interrupted && (answer->told_to_end || !answer->result)) {
        json_decref(answer->result);
        return;
    }
    json_t *result = answer->result;
    if (!result)
        result = call_blank_result(spec_of(run, answer->call), why);
    known_mark(run->options->known, result);
    if (retries_ask(run->retries, answer->call, spec_of(run, answer->call), result)) {
        run->has_begun[answer->call] = false; /* interrupted too: it is not done */
        json_decref(result);
        return;
    }
    keep_result(run, answer->call, result, cost);
}

static enum part part_of(const struct call_spec *spec)
{
    if (spec->clock == LAB_CLOCK_VIRTUAL)
        return PART_VIRTUAL;
    return spec->has_browser ? PART_BROWSERS : PART_WALL;
}

/* The next call of a part that may begin; false: there is none, or none yet. */
static bool pop_call(struct run *run, enum part part, unsigned *ret_call)
{
    for (unsigned i = 0; i < run->plan->calls->len; i++) {
        if (run->has_begun[i] || part_of(spec_of(run, i)) != part)
            continue;
        switch (repeats_ask(run->repeats, i)) {
        case REPEATS_RUN:
            run->has_begun[i] = true;
            *ret_call = i;
            return true;
        case REPEATS_WAIT:
            break;
        case REPEATS_SKIP:
            run->has_begun[i] = true;
            run->skipped++;
            break;
        }
    }
    return false;
}

static void begin_calls(struct run *run, struct workers *workers, enum part part)
{
    unsigned call;
    while (!run->is_interrupted && workers_have_room(workers) &&
           pop_call(run, part, &call)) {
        const struct call_spec *spec = spec_of(run, call);
        g_autoptr(GError) error = NULL;
        if (spec->missing)
            keep_result(run, call, call_missing_result(spec), NULL);
        else if (!file_make_folder(spec->folder, &error) ||
                 !workers_give(workers, call, &error))
            keep_result(run, call, call_blank_result(spec, error->message), NULL);
    }
}

static void show_progress(const struct run *run, const struct workers *workers,
                          unsigned jobs)
{
    g_autofree const char **keys = workers_list_busy(workers);
    progress_show(&(struct progress){
        .done = run->done,
        .planned = run->plan->calls->len - run->skipped,
        .jobs = jobs,
        .finished_s = run->finished_s,
        .running = keys,
    });
}

/* So many calls at once, unless the user says. */
static unsigned default_jobs(enum part part)
{
    unsigned cores = (unsigned)g_get_num_processors();
    switch (part) {
    case PART_VIRTUAL:
        return cores; /* it computes */
    case PART_WALL:
        /* A call mostly waits: so many fit on a core before its neighbours' start-ups
           make packets late (measured; see tests/bench/README.md). */
        return 4 * cores;
    case PART_BROWSERS:
        return MAX(1, cores / 2); /* each has several processes that compute */
    case N_PARTS:
        break;
    }
    g_assert_not_reached();
}

/* Makes all calls of one part. */
static void run_part(struct run *run, enum part part)
{
    enum lab_clock clock = part == PART_VIRTUAL ? LAB_CLOCK_VIRTUAL : LAB_CLOCK_WALL;
    unsigned jobs = run->options->jobs ? run->options->jobs : default_jobs(part);
    struct workers *workers = workers_new(run->plan->calls, clock, jobs);
    bool shows = progress_is_wanted();
    for (;;) {
        if (signals_seen && !run->is_interrupted) {
            run->is_interrupted = true;
            workers_tell_to_end(workers);
        }
        begin_calls(run, workers, part);
        if (workers_n_busy(workers) == 0)
            break;
        if (shows)
            show_progress(run, workers, jobs);
        workers_wait(workers, signal_fd, PROGRESS_MS);
        uint64_t count;
        if (read(signal_fd, &count, sizeof count) > 0)
            g_debug("woken by a signal");
        struct workers_answer answer;
        while (workers_pop(workers, &answer))
            take_answer(run, &answer);
    }
    if (shows)
        progress_clear();
    workers_free(workers);
}

/* ---- all of it ---- */

/* Where the machine has no virtual clock, the calls run on the other. */
static void check_clock(struct plan *plan)
{
    g_autoptr(GError) error = NULL;
    for (unsigned i = 0; i < plan->calls->len; i++) {
        if (g_array_index(plan->calls, struct call_spec, i).clock != LAB_CLOCK_VIRTUAL)
            continue;
        if (!lab_try_virtual_clock(&error))
            plan_leave_virtual_clock(plan, error->message);
        return;
    }
}

/* Takes in what earlier parts of the run did. Of calls that were cut off nothing stays.
 */
static void take_past(struct run *run, const struct journal_past *past)
{
    for (unsigned i = 0; i < run->plan->calls->len; i++) {
        const char *key = spec_of(run, i)->key;
        json_t *result = json_object_get(past->results, key);
        json_t *cost = json_object_get(past->costs, key);
        if (!result) {
            if (past->n_parts > 0)
                file_remove_tree(spec_of(run, i)->folder);
            continue;
        }
        run->has_begun[i] = true;
        if (cost)
            json_object_set(run->costs, key, cost);
        take_result(run, i, json_incref(result));
    }
}

static void make_calls(struct run *run)
{
    struct sigaction previous[G_N_ELEMENTS(caught)];
    signals_seen = 0;
    signal_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    catch_signals(previous);
    for (enum part part = 0; part < N_PARTS; part++)
        run_part(run, part);
    restore_signals(previous);
    close(signal_fd);
}

static struct plan *make_plan(const GPtrArray *scenarios,
                              const struct run_options *options, GError **error)
{
    struct plan *plan = plan_new(scenarios, options, error);
    if (!plan)
        return NULL;
    if (!file_make_folder(options->out, error) || !sandbox_probe(error)) {
        plan_free(plan);
        return NULL;
    }
    check_clock(plan);
    return plan;
}

gboolean run_execute(const GPtrArray *scenarios, const struct run_options *options,
                     json_t **ret_results, GError **error)
{
    struct plan *plan = make_plan(scenarios, options, error);
    if (!plan)
        return FALSE;
    struct journal_past past = { .calendar_ns = clock_calendar_ns() };
    struct journal *journal = options->resumes
                                  ? journal_resume(options, plan, &past, error)
                                  : journal_begin(options, plan, past.calendar_ns, error);
    if (!journal) {
        plan_free(plan);
        return FALSE;
    }
    struct run run = {
        .options = options,
        .plan = plan,
        .repeats = repeats_new(plan, options->all_repeats),
        .retries = retries_new(plan->calls->len, options->retries),
        .has_begun = g_new0(bool, plan->calls->len + 1),
        .results = g_new0(json_t *, plan->calls->len + 1),
        .costs = json_object(),
        .journal = journal,
        .started_ns = clock_now_ns() - past.elapsed_ns,
    };
    take_past(&run, &past);
    make_calls(&run);
    *ret_results = run_results_make(&(struct run_facts){
        .options = options,
        .plan = plan,
        .scenarios = scenarios,
        .repeats = run.repeats,
        .results = run.results,
        .costs = run.costs,
        .calendar_ns = past.calendar_ns,
        .elapsed_ns = clock_now_ns() - run.started_ns,
        .n_resumed = past.n_parts,
        .is_complete = !run.is_interrupted && run.done + run.skipped == plan->calls->len,
        .is_interrupted = run.is_interrupted,
    });
    journal_past_clear(&past);
    journal_close(journal);
    for (unsigned i = 0; i < plan->calls->len; i++)
        json_decref(run.results[i]);
    g_free(run.results);
    json_decref(run.costs);
    g_free(run.has_begun);
    repeats_free(run.repeats);
    retries_free(run.retries);
    plan_free(plan);
    return TRUE;
}
