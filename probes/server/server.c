/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's life: options, thread, and the one loop in which all of it happens. The
 * thread ends when the event descriptor that it also waits for is written to.
 */
#include "probes/server/server.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "probes/server/allocation.h"
#include "probes/server/dtls.h"
#include "probes/server/listen.h"
#include "probes/server/relay_port.h"
#include "probes/server/stream.h"
#include "probes/server/tls.h"
#include "probes/server/watch.h"

struct probe_server *srv_new(const struct probe_server_options *options)
{
    struct probe_server *s = g_new0(struct probe_server, 1);
    s->options = *options;
    s->wake_fd = -1;
    s->now_ns = clock_now_ns();
    s->listeners = g_ptr_array_new_with_free_func(srv_listener_free);
    s->streams = g_ptr_array_new_with_free_func(srv_stream_free);
    s->dtls = g_ptr_array_new_with_free_func(srv_dtls_free);
    s->allocations = g_ptr_array_new_with_free_func(srv_allocation_free);
    s->watches = g_ptr_array_new_with_free_func(g_free);
    s->reservations = g_array_new(FALSE, FALSE, sizeof(struct srv_reservation));
    g_array_set_clear_func(s->reservations, srv_reservation_clear);
    rng_entropy(s->nonce_key, sizeof s->nonce_key);
    rng_entropy(&s->next_connection, sizeof s->next_connection);
    return s;
}

void srv_free(struct probe_server *s)
{
    for (guint i = 0; i < s->streams->len; i++)
        srv_stream_close(s, s->streams->pdata[i]);
    for (guint i = 0; i < s->allocations->len; i++)
        srv_allocation_delete(s, s->allocations->pdata[i]);
    g_ptr_array_unref(s->streams);
    g_ptr_array_unref(s->dtls);
    g_ptr_array_unref(s->allocations);
    g_ptr_array_unref(s->listeners);
    g_ptr_array_unref(s->watches);
    g_array_unref(s->reservations);
    for (size_t i = 0; i < SRV_REMEMBERED; i++)
        g_clear_pointer(&s->remembered[i].reply, g_bytes_unref);
    srv_tls_free(s->tls);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    g_free(s);
}

/* Ends what is over; returns when something else will be. */
static int64_t expire(struct probe_server *s)
{
    int64_t next_ns = srv_allocations_expire(s);
    next_ns = MIN(next_ns, srv_reservations_expire(s));
    next_ns = MIN(next_ns, srv_dtls_expire(s));
    /* Last: it frees what the others have closed. */
    return MIN(next_ns, srv_streams_expire(s));
}

static gpointer serve(gpointer server)
{
    struct probe_server *s = server;
    while (!g_atomic_int_get(&s->stopping)) {
        s->now_ns = clock_now_ns();
        srv_watch_wait(s, expire(s));
    }
    return NULL;
}

static void woken(struct probe_server *s, void *subject, short events)
{
    (void)s, (void)subject, (void)events; /* the loop's condition has changed */
}

static gboolean open_all(struct probe_server *s, GError **error)
{
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->wake_fd < 0) {
        rtc_set_errno_error(error, RTC_ERROR_ENVIRONMENT, errno,
                            "cannot make an eventfd");
        return FALSE;
    }
    srv_watch_add(s, s->wake_fd, POLLIN, woken, NULL);
    return (!s->options.has_tls || srv_tls_start(s, error)) && srv_listen(s, error);
}

struct probe_server *probe_server_start(const struct probe_server_options *options,
                                        GError **error)
{
    struct probe_server *s = srv_new(options);
    if (open_all(s, error))
        s->thread = g_thread_try_new("probe-server", serve, s, error);
    if (s->thread)
        return s;
    srv_free(s);
    return NULL;
}

void probe_server_stop(struct probe_server *server)
{
    const uint64_t one = 1;
    g_atomic_int_set(&server->stopping, 1);
    while (write(server->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
    g_thread_join(server->thread);
    srv_free(server);
}

const struct probe_server_endpoints *
probe_server_endpoints(const struct probe_server *server)
{
    return &server->endpoints;
}

const char *probe_server_certificate(const struct probe_server *server)
{
    return server->tls ? server->tls->certificate_pem : NULL;
}
