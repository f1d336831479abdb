/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolution within a deadline. A thread makes the lookups, and what it finds belongs to
 * it and to the caller together: whoever lets go last frees it. So the caller may go away
 * in the middle of a lookup that libc will not give up for seconds.
 */
#include "probes/core/resolve.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"
#include "probes/core/error.h"
#include "probes/core/resolve_lookup.h"
#include "probes/core/wait.h"

struct job {
    gatomicrefcount references;
    struct ice_url url;
    struct resolve_options options;
    struct resolver *resolver;
    int done_fd; /* readable when the rest is filled */
    struct resolved found;
    bool has_failed;
};

void resolved_clear(struct resolved *r)
{
    for (size_t i = 0; i < r->count; i++)
        g_free(r->addresses[i].how);
    r->count = 0;
}

static void job_unref(struct job *job)
{
    if (!g_atomic_ref_count_dec(&job->references))
        return;
    resolver_free(job->resolver);
    resolved_clear(&job->found);
    close(job->done_fd);
    g_free(job);
}

static void *run(void *data)
{
    static const uint64_t one = 1;
    struct job *job = data;
    struct lookups lookups = resolver_lookups(job->resolver);
    resolve_select(&job->url, &job->options, &lookups, &job->found, &job->has_failed);
    if (write(job->done_fd, &one, sizeof one) < 0)
        g_error("eventfd: %s", g_strerror(errno)); /* an empty one takes a 1 */
    job_unref(job);
    return NULL;
}

static struct job *job_start(const struct ice_url *url,
                             const struct resolve_options *options, GError **error)
{
    struct job *job = g_new0(struct job, 1);
    g_atomic_ref_count_init(&job->references);
    job->url = *url;
    job->options = *options;
    job->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    job->resolver = job->done_fd < 0 ? NULL : resolver_new(&options->nameserver);
    GThread *thread = NULL;
    if (job->resolver) {
        g_atomic_ref_count_inc(&job->references);
        thread = g_thread_try_new("resolve", run, job, NULL);
    }
    if (thread) {
        g_thread_unref(thread);
        return job;
    }
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL,
                "cannot look names up: no descriptors, threads or memory are left");
    if (job->resolver)
        g_atomic_ref_count_dec(&job->references);
    if (job->done_fd < 0)
        g_free(job);
    else
        job_unref(job);
    return NULL;
}

/* Why there is no address, in words. */
static gboolean fail_empty(const struct ice_url *url,
                           const struct resolve_options *options, bool has_failed,
                           GError **error)
{
    g_autofree char *host = text_escape(url->host);
    struct address literal;
    const char *family = options->family == ADDRESS_IPV4   ? "IPv4 "
                         : options->family == ADDRESS_IPV6 ? "IPv6 "
                                                           : "";
    if (address_parse(url->host, &literal))
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_RESOLVE, "%s is no %saddress", host,
                    family);
    else if (has_failed)
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_RESOLVE,
                    "DNS gives no answer about %s", host);
    else
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_RESOLVE, "%s has no %saddress", host,
                    family);
    return FALSE;
}

static gboolean wait_for_job(struct job *job, int64_t deadline_ns, GError **error)
{
    enum wait_end end = wait_for_fd(job->done_fd, POLLIN, deadline_ns);
    if (end == WAIT_READY)
        return TRUE;
    resolver_give_up(job->resolver);
    if (end == WAIT_INTERRUPTED) {
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED, "interrupted");
        return FALSE;
    }
    g_autofree char *host = text_escape(job->url.host);
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_RESOLVE,
                "DNS gives no answer about %s in time", host);
    return FALSE;
}

/* An address needs no thread, which would only cost what is measured. */
static gboolean resolve_literal(const struct ice_url *url,
                                const struct resolve_options *options,
                                struct resolved *ret, GError **error)
{
    static const struct lookups none;
    struct resolved found = { .count = 0 };
    bool has_failed;
    resolve_select(url, options, &none, &found, &has_failed);
    if (found.count == 0)
        return fail_empty(url, options, false, error);
    *ret = found;
    return TRUE;
}

gboolean resolve_url(const struct ice_url *url, const struct resolve_options *options,
                     int64_t deadline_ns, struct resolved *ret, GError **error)
{
    struct address literal;
    if (address_parse(url->host, &literal))
        return resolve_literal(url, options, ret, error);
    struct job *job = job_start(url, options, error);
    if (!job)
        return FALSE;
    gboolean ok = wait_for_job(job, deadline_ns, error);
    if (ok && job->found.count == 0) {
        ok = fail_empty(url, options, job->has_failed, error);
    } else if (ok) {
        *ret = job->found;
        job->found.count = 0;
    }
    job_unref(job);
    return ok;
}
