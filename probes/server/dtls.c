/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DTLS, many sessions on one socket: a datagram is given to the session of the address it
 * came from, by the functions that GnuTLS reads and writes with. A client must send a
 * cookie before anything is kept for it (RFC 6347 §4.2.1).
 *
 * RFC 7350; RFC 8489 §6.2.3.
 */
#include "probes/server/dtls.h"

#include <errno.h>

#include <gnutls/dtls.h>

#include "probes/server/allocation.h"
#include "probes/server/message.h"
#include "probes/server/path.h"
#include "probes/server/tls.h"

/* An idle session outlives the longest lifetime of an allocation. */
enum { HANDSHAKE_SECONDS = 30, IDLE_SECONDS = 3700, DATAGRAM_BYTES = 16384 };
#define LEAST_REPEAT_MS 50u

struct srv_dtls {
    struct srv_path path;
    gnutls_session_t session;
    const uint8_t *datagram; /* what is to be read, while it is */
    size_t datagram_bytes;
    bool is_handshaking, is_over;
    int64_t until_ns;
    int64_t repeat_ns; /* when to send the flight again */
};

void srv_dtls_free(gpointer session)
{
    struct srv_dtls *d = session;
    gnutls_deinit(d->session);
    g_free(d);
}

static ssize_t push(gnutls_transport_ptr_t at, const void *bytes, size_t size)
{
    const struct srv_path *path = at;
    srv_path_send_udp(path->listener, &path->client, bytes, size, 0);
    return (ssize_t)size;
}

static ssize_t session_push(gnutls_transport_ptr_t at, const void *bytes, size_t size)
{
    struct srv_dtls *d = at;
    return push(&d->path, bytes, size);
}

static ssize_t session_pull(gnutls_transport_ptr_t at, void *bytes, size_t size)
{
    struct srv_dtls *d = at;
    if (!d->datagram) {
        gnutls_transport_set_errno(d->session, EAGAIN);
        return -1;
    }
    size_t taken = MIN(size, d->datagram_bytes);
    memcpy(bytes, d->datagram, taken);
    d->datagram = NULL;
    return (ssize_t)taken;
}

static int session_pull_timeout(gnutls_transport_ptr_t at, unsigned ms)
{
    const struct srv_dtls *d = at;
    (void)ms;
    return d->datagram ? 1 : 0;
}

static struct srv_dtls *find(struct probe_server *s, const struct srv_path *path)
{
    for (guint i = 0; i < s->dtls->len; i++) {
        struct srv_dtls *d = s->dtls->pdata[i];
        if (!d->is_over && srv_path_equal(&d->path, path))
            return d;
    }
    return NULL;
}

/* A first datagram: a session if it has our cookie, else a cookie. */
static struct srv_dtls *admit(struct probe_server *s, const struct srv_path *path,
                              const uint8_t *bytes, size_t size)
{
    gnutls_dtls_prestate_st state = { 0 };
    char client[ENDPOINT_TEXT_SIZE] = { 0 };
    endpoint_format(&path->client, client);
    int status = gnutls_dtls_cookie_verify(&s->tls->cookie_key, client, sizeof client,
                                           (void *)bytes, size, &state);
    if (status < 0) {
        struct srv_path back = *path;
        (void)gnutls_dtls_cookie_send(&s->tls->cookie_key, client, sizeof client, &state,
                                      &back, push);
        return NULL;
    }
    if (s->dtls->len >= SRV_MAX_DTLS)
        return NULL;
    struct srv_dtls *d = g_new0(struct srv_dtls, 1);
    d->path = *path;
    d->session = srv_tls_session(s, GNUTLS_SERVER | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK);
    d->is_handshaking = true;
    d->until_ns = s->now_ns + HANDSHAKE_SECONDS * NS_PER_S;
    d->repeat_ns = CLOCK_NEVER;
    gnutls_dtls_prestate_set(d->session, &state);
    gnutls_dtls_set_timeouts(d->session, 1000, HANDSHAKE_SECONDS * 1000);
    gnutls_dtls_set_mtu(d->session, 1400);
    gnutls_transport_set_ptr(d->session, d);
    gnutls_transport_set_push_function(d->session, session_push);
    gnutls_transport_set_pull_function(d->session, session_pull);
    gnutls_transport_set_pull_timeout_function(d->session, session_pull_timeout);
    g_ptr_array_add(s->dtls, d);
    return d;
}

static void end(struct probe_server *s, struct srv_dtls *d)
{
    if (d->is_over)
        return;
    d->is_over = true;
    srv_allocation_path_gone(s, &d->path);
}

static void handshake(struct probe_server *s, struct srv_dtls *d)
{
    int status = gnutls_handshake(d->session);
    d->repeat_ns = CLOCK_NEVER;
    if (status == GNUTLS_E_SUCCESS) {
        d->is_handshaking = false;
        d->until_ns = s->now_ns + IDLE_SECONDS * NS_PER_S;
        /* Data is fragmented by IP where it must be, as over bare UDP. */
        gnutls_dtls_set_mtu(d->session, DATAGRAM_BYTES);
    } else if (gnutls_error_is_fatal(status)) {
        (void)gnutls_alert_send_appropriate(d->session, status);
        end(s, d);
    } else {
        /* It says 0 while there is nothing to repeat yet. */
        unsigned timeout_ms = gnutls_dtls_get_timeout(d->session);
        d->repeat_ns = s->now_ns + MAX(timeout_ms, LEAST_REPEAT_MS) * NS_PER_MS;
    }
}

static void read_records(struct probe_server *s, struct srv_dtls *d)
{
    uint8_t message[DATAGRAM_BYTES];
    for (;;) {
        ssize_t size = gnutls_record_recv(d->session, message, sizeof message);
        if (size == GNUTLS_E_AGAIN)
            return;
        if (size == 0 || (size < 0 && gnutls_error_is_fatal((int)size))) {
            (void)gnutls_bye(d->session, GNUTLS_SHUT_WR);
            end(s, d);
            return;
        }
        if (size > 0 && !srv_has(s, DEFECT_DTLS_SILENT))
            srv_message_receive(s, &d->path, message, (size_t)size);
    }
}

void srv_dtls_receive(struct probe_server *s, const struct srv_path *path,
                      const uint8_t *bytes, size_t size)
{
    struct srv_dtls *d = find(s, path);
    if (!d)
        d = admit(s, path, bytes, size);
    if (!d)
        return;
    /* The messages found in it are handled by way of the server's input. */
    g_autofree uint8_t *datagram = g_memdup2(bytes, size);
    d->datagram = datagram;
    d->datagram_bytes = size;
    if (d->is_handshaking)
        handshake(s, d);
    if (!d->is_handshaking && !d->is_over) {
        d->until_ns = s->now_ns + IDLE_SECONDS * NS_PER_S;
        read_records(s, d);
    }
    d->datagram = NULL;
}

void srv_dtls_send(struct probe_server *s, const struct srv_path *path,
                   const uint8_t *bytes, size_t size)
{
    struct srv_dtls *d = find(s, path);
    if (d && !d->is_handshaking)
        (void)gnutls_record_send(d->session, bytes, size);
}

int64_t srv_dtls_expire(struct probe_server *s)
{
    int64_t next_ns = CLOCK_NEVER;
    for (guint i = s->dtls->len; i > 0; i--) {
        struct srv_dtls *d = s->dtls->pdata[i - 1];
        if (!d->is_over && d->repeat_ns <= s->now_ns)
            handshake(s, d);
        if (d->until_ns <= s->now_ns)
            end(s, d);
        if (d->is_over)
            g_ptr_array_remove_index_fast(s->dtls, i - 1);
        else
            next_ns = MIN(next_ns, MIN(d->until_ns, d->repeat_ns));
    }
    return next_ns;
}
