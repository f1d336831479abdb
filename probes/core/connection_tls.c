/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS and DTLS, by GnuTLS over our own non-blocking socket: it never waits by itself, so
 * that each wait has the deadline and ends on an interrupt. DTLS sends its flights again
 * by GnuTLS's timers, which read CLOCK_REALTIME: on the virtual clock they are virtual.
 *
 * The chain and the name are judged after the handshake, not within: with accepts_any, or
 * for the report, we want to know all that is wrong. Nothing of ours was sent by then.
 *
 * A session is never resumed: the handshake is part of what is measured.
 *
 * RFC 8489 §6.2.3, RFC 7350 (DTLS), RFC 7443 (ALPN), RFC 6347 §4.2.4 (timers).
 */
#include "probes/core/connection_internal.h"

#include <errno.h>
#include <sys/socket.h>

#include <gnutls/dtls.h>

#include "probes/core/error.h"
#include "probes/core/wait.h"

enum {
    DTLS_HEADER_SIZE = 13,       /* RFC 6347 §4.1 */
    DTLS_TIMER_MS = 1000,        /* RFC 6347 §4.2.4.1 */
    DTLS_HANDSHAKE_MTU = 1200,   /* fits any path of today */
    DTLS_LARGEST_RECORD = 16384, /* IP cuts up what is larger than the path's MTU */
};

/* ---- What GnuTLS calls ---------------------------------------------------------- */

/* Datagrams that hold no record header, which GnuTLS would put before the next one, or
 * take for the end. */
static bool is_scrap(const struct connection *c, ssize_t n)
{
    return !transport_is_stream(c->transport) && n >= 0 && n < DTLS_HEADER_SIZE;
}

/* GnuTLS goes on as long as there is something to pull, which a server can see to. */
static bool is_too_late(const struct connection *c)
{
    return wait_is_interrupted() ||
           (c->handshake_deadline_ns != 0 && clock_now_ns() >= c->handshake_deadline_ns);
}

static ssize_t pull(gnutls_transport_ptr_t place, void *out, size_t size)
{
    struct connection *c = place;
    ssize_t n;
    if (is_too_late(c)) {
        errno = EAGAIN;
        return -1;
    }
    do {
        n = recv(c->fd, out, size, MSG_DONTWAIT);
    } while (n < 0 && (errno == EINTR || errno == EMSGSIZE));
    if (is_scrap(c, n)) { /* who waits for more looks at the time first */
        errno = EAGAIN;
        n = -1;
    }
    if (n < 0)
        c->socket_errno = errno;
    if (n > 0 && !c->has_first_byte) {
        c->has_first_byte = true;
        c->first_byte = *(const uint8_t *)out;
    }
    return n;
}

static ssize_t push(gnutls_transport_ptr_t place, const void *bytes, size_t size)
{
    struct connection *c = place;
    ssize_t n;
    do {
        n = send(c->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    c->is_full = n < 0 && errno == EAGAIN;
    if (n < 0)
        c->socket_errno = errno;
    return n;
}

/* Asked by DTLS whether there is something to pull; our sessions ask with 0 ms. */
static int pull_timeout(gnutls_transport_ptr_t place, unsigned ms)
{
    struct connection *c = place;
    int64_t deadline_ns = ms == GNUTLS_INDEFINITE_TIMEOUT
                              ? CLOCK_NEVER
                              : clock_after_ns(clock_now_ns(), ms * NS_PER_MS);
    return wait_for_fd(c->fd, POLLIN, deadline_ns) == WAIT_READY;
}

/* ---- A session ------------------------------------------------------------------ */

static int offer_protocols(gnutls_session_t session, const char *const *names)
{
    gnutls_datum_t protocols[8];
    unsigned n = 0;
    for (; names && names[n] && n < G_N_ELEMENTS(protocols); n++)
        protocols[n] =
            (gnutls_datum_t){ (unsigned char *)names[n], (unsigned)strlen(names[n]) };
    return n > 0 ? gnutls_alpn_set_protocols(session, protocols, n, 0) : 0;
}

static void set_timers(gnutls_session_t session, int64_t deadline_ns)
{
    /* Ours is the deadline; GnuTLS's own lies behind it. */
    int64_t left_ms = (deadline_ns - clock_now_ns()) / NS_PER_MS + 60000;
    gnutls_dtls_set_mtu(session, DTLS_HANDSHAKE_MTU);
    gnutls_dtls_set_timeouts(session, DTLS_TIMER_MS,
                             (unsigned)CLAMP(left_ms, 60000, G_MAXINT));
}

static int prepare(struct connection *c, const struct tls_options *options,
                   const char *name, gnutls_certificate_credentials_t credentials,
                   gnutls_session_t session)
{
    struct address address;
    int status = gnutls_set_default_priority(session);
    if (status >= 0)
        status = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    if (status >= 0 && !address_parse(name, &address)) /* RFC 6066 §3: never an address */
        status = gnutls_server_name_set(session, GNUTLS_NAME_DNS, name, strlen(name));
    if (status >= 0)
        status = offer_protocols(session, options->alpn);
    gnutls_transport_set_ptr(session, c);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_push_function(session, push);
    gnutls_transport_set_pull_timeout_function(session, pull_timeout);
    gnutls_handshake_set_timeout(session, 0);
    return status;
}

/* ---- The handshake -------------------------------------------------------------- */

static bool is_tls(uint8_t first_byte)
{
    return first_byte >= 20 && first_byte <= 24; /* RFC 8446 §5.1 content types */
}

static void set_handshake_error(struct connection *c, gnutls_session_t session,
                                int status, const char *phase, GError **error)
{
    const char *cause = gnutls_strerror(status);
    g_autofree char *alert = NULL;
    bool is_socket = status == GNUTLS_E_PULL_ERROR || status == GNUTLS_E_PUSH_ERROR;
    bool is_reset =
        is_socket && (c->socket_errno == ECONNRESET || c->socket_errno == EPIPE);
    if (is_socket && !is_reset) {
        connection_set_errno_error(c, c->socket_errno, phase, error);
        return;
    }
    if (status == GNUTLS_E_FATAL_ALERT_RECEIVED)
        cause = alert = g_strdup_printf("the server sent the alert \"%s\"",
                                        gnutls_alert_get_name(gnutls_alert_get(session)));
    else if (is_reset)
        cause = "the server reset the connection";
    else if (status == GNUTLS_E_PREMATURE_TERMINATION)
        cause = "the server closed the connection";
    else if (c->has_first_byte && !is_tls(c->first_byte))
        cause = "what the server sends is not TLS";
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_TLS, "%s: %s", phase, cause);
}

/* Until it can go on, at the latest until DTLS wants to send its flight again. */
static gboolean wait_to_go_on(struct connection *c, gnutls_session_t session,
                              int64_t deadline_ns, const char *phase, GError **error)
{
    /* gnutls_record_get_direction() says "write" of DTLS that waits for an answer. */
    short events = c->is_full ? POLLOUT : POLLIN;
    int64_t now_ns = clock_now_ns(), until_ns = deadline_ns;
    if (now_ns < deadline_ns && !transport_is_stream(c->transport)) {
        unsigned left_ms = MAX(gnutls_dtls_get_timeout(session), 1);
        until_ns = MIN(deadline_ns, clock_after_ns(now_ns, left_ms * NS_PER_MS));
    }
    enum wait_end end = WAIT_TIMEOUT;
    if (now_ns < deadline_ns)
        end = wait_for_fd(c->fd, events, until_ns);
    if (end == WAIT_READY || (end == WAIT_TIMEOUT && until_ns < deadline_ns))
        return TRUE;
    if (end == WAIT_INTERRUPTED)
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED, "%s: interrupted",
                    phase);
    else
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_SILENT, "%s: %s", phase,
                    c->has_first_byte ? "not finished in time" : "no answer");
    return FALSE;
}

static gboolean shake_hands(struct connection *c, gnutls_session_t session,
                            int64_t deadline_ns, const char *phase, GError **error)
{
    for (;;) {
        int status = gnutls_handshake(session);
        if (status == GNUTLS_E_SUCCESS)
            return TRUE;
        if (gnutls_error_is_fatal(status)) {
            set_handshake_error(c, session, status, phase, error);
            return FALSE;
        }
        if (!wait_to_go_on(c, session, deadline_ns, phase, error))
            return FALSE;
    }
}

/* ---- Its outcome ---------------------------------------------------------------- */

static void report_session(gnutls_session_t session, struct tls_report *report)
{
    gnutls_datum_t alpn;
    report->version =
        g_strdup(gnutls_protocol_get_name(gnutls_protocol_get_version(session)));
    report->cipher = g_strdup(gnutls_cipher_get_name(gnutls_cipher_get(session)));
    if (gnutls_alpn_get_selected_protocol(session, &alpn) == 0)
        report->alpn = g_strndup((const char *)alpn.data, alpn.size);
}

static gboolean verify(gnutls_session_t session, const char *name, bool accepts_any,
                       const char *phase, struct tls_report *report, GError **error)
{
    tls_certificate_judge(session, name, clock_calendar_ns() / NS_PER_S, report);
    if (!report->problem || accepts_any)
        return TRUE;
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_TLS, "%s: %s", phase, report->problem);
    return FALSE;
}

static gboolean open_session(struct connection *c, gnutls_session_t session,
                             const struct tls_options *options, const char *name,
                             int64_t deadline_ns, struct connection_times *times,
                             struct tls_report *report, GError **error)
{
    char text[ENDPOINT_TEXT_SIZE];
    const char *protocol = c->transport == PROBE_DTLS ? "DTLS" : "TLS";
    endpoint_format(&c->server, text);
    g_autofree char *phase = g_strdup_printf("%s handshake with %s", protocol, text);
    g_autofree char *judging = g_strdup_printf("%s certificate of %s", protocol, text);
    int64_t start_ns = clock_now_ns();
    if (c->transport == PROBE_DTLS)
        set_timers(session, deadline_ns);
    c->handshake_deadline_ns = deadline_ns;
    gboolean done = shake_hands(c, session, deadline_ns, phase, error);
    c->handshake_deadline_ns = 0;
    times->tls_ns = clock_now_ns() - start_ns;
    if (!done)
        return FALSE;
    report_session(session, report);
    return verify(session, name, options->accepts_any, judging, report, error);
}

gboolean connection_tls_open(struct connection *c, const struct tls_options *options,
                             int64_t deadline_ns, struct connection_times *times,
                             struct tls_report *report, GError **error)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *name = options->server_name ? options->server_name
                                            : address_format(&c->server.address, text);
    gnutls_session_t session = NULL;
    unsigned flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;
    gnutls_certificate_credentials_t credentials =
        tls_certificate_credentials(options, error);
    if (!credentials)
        return FALSE;
    if (c->transport == PROBE_DTLS)
        flags |= GNUTLS_DATAGRAM;
    int status = gnutls_init(&session, flags);
    if (status >= 0)
        status = prepare(c, options, name, credentials, session);
    if (status < 0) {
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL, "cannot start TLS: %s",
                    gnutls_strerror(status));
    } else if (open_session(c, session, options, name, deadline_ns, times, report,
                            error)) {
        if (c->transport == PROBE_DTLS)
            gnutls_dtls_set_mtu(session, DTLS_LARGEST_RECORD);
        c->session = session;
        return TRUE;
    }
    if (session)
        gnutls_deinit(session);
    return FALSE;
}

void connection_tls_close(struct connection *c, bool says_goodbye)
{
    if (!c->session)
        return;
    if (says_goodbye) /* once, and whether or not it can be sent */
        gnutls_bye(c->session, GNUTLS_SHUT_WR);
    gnutls_deinit(c->session);
    c->session = NULL;
}

/* ---- Records -------------------------------------------------------------------- */

static enum io fail(struct connection *c, ssize_t status, GError **error)
{
    g_autofree char *name = connection_name(c);
    int fault = (int)status;
    if (fault == GNUTLS_E_PULL_ERROR || fault == GNUTLS_E_PUSH_ERROR)
        connection_set_errno_error(c, c->socket_errno, name, error);
    else if (fault == GNUTLS_E_FATAL_ALERT_RECEIVED)
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_CLOSED,
                    "%s: ended by the server's alert \"%s\"", name,
                    gnutls_alert_get_name(gnutls_alert_get(c->session)));
    else if (fault == GNUTLS_E_LARGE_PACKET)
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_LOCAL,
                    "%s: too large for one DTLS record, which holds %u bytes", name,
                    gnutls_dtls_get_data_mtu(c->session));
    else
        g_set_error(error, PROBE_ERROR, PROBE_ERROR_GARBAGE, "%s: %s", name,
                    gnutls_strerror(fault));
    return IO_FAILED;
}

enum io connection_tls_read(struct connection *c, uint8_t *out, size_t size,
                            size_t *ret_size, GError **error)
{
    ssize_t n = gnutls_record_recv(c->session, out, size);
    if (n > 0) {
        *ret_size = (size_t)n;
        return IO_DONE;
    }
    if (n == 0 || n == GNUTLS_E_PREMATURE_TERMINATION)
        return IO_ENDED;
    if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
        return IO_AGAIN;
    /* A warning, or a wish to shake hands again, which we may pass over (RFC 5246
     * §7.4.1.1). */
    return gnutls_error_is_fatal((int)n) ? fail(c, n, error) : IO_PARTIAL;
}

enum io connection_tls_write(struct connection *c, const uint8_t *bytes, size_t size,
                             size_t *ret_size, GError **error)
{
    ssize_t n = gnutls_record_send(c->session, bytes, size);
    if (n >= 0) {
        *ret_size = (size_t)n;
        return IO_DONE;
    }
    return n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? IO_AGAIN
                                                            : fail(c, n, error);
}
