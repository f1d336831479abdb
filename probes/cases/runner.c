/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running cases. A pool of threads takes one after the other; slow ones, which mostly
 * wait, have a thread each beside the pool, and those that want to be alone come at the
 * end, one by one. The caller's thread hands out what is done, in the order of the table.
 */
#include "probes/cases/runner.h"

#include <string.h>

#include "base/clock.h"
#include "probes/cases/trial_internal.h"
#include "probes/core/wait.h"

struct run {
    const struct runner_options *options;
    GMutex lock;
    GCond changed;
    json_t **items; /* by place in the table; NULL: not done */
};

struct job {
    struct run *run;
    size_t place;
};

static const char *clause_of(const struct test_case *c, const struct subject *s)
{
    return !s->is_modern && c->classic ? c->classic : c->clause;
}

static json_t *make_item(const struct runner_options *options, const struct test_case *c,
                         struct trial *t, double duration_ms)
{
    const struct subject *s = options->subject;
    const char *observed = t->observed ? t->observed : "";
    g_autofree char *again =
        g_strdup_printf("%s %s%s --seed %" G_GUINT64_FORMAT, options->again_before, c->id,
                        options->again_after, s->seed);
    json_t *item = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:f, s:o}", "name", c->id, "title",
        c->title, "group", case_group_of(c)->tag, "clause", clause_of(c, s), "level",
        case_level_name(c->level), "status", verdict_name(t->verdict), "message",
        report_json_text(observed, strlen(observed)), "expected", c->expected,
        "duration_ms", duration_ms, "again", report_json_text(again, strlen(again)));
    json_object_set_new(item, "transport", json_string(transport_name(s->transport)));
    if (t->gains)
        json_object_set(item, "gains", t->gains);
    json_object_set_new(item, "transcript", transcript_to_json(t->transcript));
    return item;
}

/* Whether it is to be tried at all; if not the verdict is said. */
static bool is_for(struct trial *t, const struct subject *s, const struct test_case *c)
{
    unsigned profile = s->is_modern ? CASE_MODERN : CASE_CLASSIC;
    if (wait_is_interrupted()) {
        t->verdict = VERDICT_SKIPPED;
        t->observed = g_strdup("interrupted");
    } else if (c->profiles && !(c->profiles & profile)) {
        trial_unsupported(t, "not part of profile %s", s->is_modern ? "8489" : "5389");
    } else if (!subject_can(s, c->needs)) {
        trial_unsupported(t, "%s", subject_lack(s, c->needs));
    } else {
        return true;
    }
    return false;
}

json_t *runner_try(const struct runner_options *options, const struct test_case *c)
{
    struct trial *t = trial_new(options->subject, c, options->is_strict);
    int64_t start_ns = clock_now_ns();
    if (is_for(t, options->subject, c)) {
        c->run(t);
        if (t->verdict == VERDICT_N) {
            t->verdict = VERDICT_ERROR;
            t->observed = g_strdup("the case came to no verdict");
        }
    }
    double duration_ms = (double)(clock_now_ns() - start_ns) / (double)NS_PER_MS;
    json_t *item = make_item(options, c, t, duration_ms);
    trial_free(t);
    return item;
}

static void run_job(gpointer data, gpointer user_data)
{
    struct job *job = data;
    struct run *run = job->run;
    (void)user_data;
    json_t *item = runner_try(run->options, run->options->cases[job->place]);
    g_mutex_lock(&run->lock);
    run->items[job->place] = item;
    g_cond_signal(&run->changed);
    g_mutex_unlock(&run->lock);
    g_free(job);
}

static gpointer run_slow(gpointer data)
{
    run_job(data, NULL);
    return NULL;
}

static struct job *make_job(struct run *run, size_t place)
{
    struct job *job = g_new(struct job, 1);
    *job = (struct job){ .run = run, .place = place };
    return job;
}

/* Those side by side, and when all of them are done those alone. */
static gpointer conduct(gpointer data)
{
    struct run *run = data;
    const struct test_case *const *cases = run->options->cases;
    GThreadPool *pool =
        g_thread_pool_new(run_job, NULL, (gint)MAX(run->options->jobs, 1u), TRUE, NULL);
    g_autoptr(GPtrArray) threads = g_ptr_array_new();
    for (size_t i = 0; cases[i]; i++) {
        if (cases[i]->tags & CASE_ALONE)
            continue;
        if (cases[i]->tags & CASE_SLOW)
            g_ptr_array_add(threads, g_thread_new("case", run_slow, make_job(run, i)));
        else
            g_thread_pool_push(pool, make_job(run, i), NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < threads->len; i++)
        g_thread_join(g_ptr_array_index(threads, i));
    for (size_t i = 0; cases[i]; i++)
        if (cases[i]->tags & CASE_ALONE)
            run_job(make_job(run, i), NULL);
    return NULL;
}

void runner_run(const struct runner_options *options)
{
    size_t n_cases = 0;
    while (options->cases[n_cases])
        n_cases++;
    g_autofree json_t **items = g_new0(json_t *, n_cases + 1);
    struct run run = { .options = options, .items = items };
    g_mutex_init(&run.lock);
    g_cond_init(&run.changed);
    GThread *conductor = g_thread_new("conductor", conduct, &run);
    for (size_t i = 0; i < n_cases; i++) {
        g_mutex_lock(&run.lock);
        while (!items[i])
            g_cond_wait(&run.changed, &run.lock);
        g_mutex_unlock(&run.lock);
        options->done(items[i], options->data);
    }
    g_thread_join(conductor);
    g_cond_clear(&run.changed);
    g_mutex_clear(&run.lock);
}
