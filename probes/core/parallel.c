/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers take the next number until there is none. The caller is a worker too, so that
 * it all gets done without any other.
 */
#include "probes/core/parallel.h"

#include <glib.h>

struct job {
    unsigned n;
    guint next; /* atomic */
    void (*run)(unsigned i, void *data);
    void *data;
};

static void *work(void *argument)
{
    struct job *job = argument;
    unsigned i;
    while ((i = (unsigned)g_atomic_int_add(&job->next, 1)) < job->n)
        job->run(i, job->data);
    return NULL;
}

void parallel_for(unsigned n, unsigned most, void (*run)(unsigned i, void *data),
                  void *data)
{
    struct job job = { .n = n, .run = run, .data = data };
    g_autoptr(GPtrArray) threads = g_ptr_array_new();
    for (unsigned i = 1; i < MIN(n, most); i++) {
        GThread *thread = g_thread_try_new("probe", work, &job, NULL);
        if (!thread)
            break;
        g_ptr_array_add(threads, thread);
    }
    work(&job);
    for (unsigned i = 0; i < threads->len; i++)
        g_thread_join(threads->pdata[i]);
}
