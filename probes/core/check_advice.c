/* SPDX-License-Identifier: Apache-2.0 */
/* What to look at when a check failed: by how it failed, in which phase, and the code. */
#include <string.h>

#include "base/clock.h"
#include "probes/core/check_internal.h"
#include "probes/core/error.h"

enum { TCP_PATIENCE_MS = 1500 };

static const struct {
    unsigned code;
    const char *advice;
} codes[] = {
    { STUNMSG_CODE_TRY_ALTERNATE,
      "the server sends us to another one that cannot be followed: ask that one" },
    { STUNMSG_CODE_BAD_REQUEST,
      "a server of STUN alone takes no Allocate: try the stun: URI" },
    { STUNMSG_CODE_FORBIDDEN,
      "the server's policy forbids it to this user or from this address" },
    { STUNMSG_CODE_ALLOCATION_MISMATCH,
      "the server holds an allocation of this 5-tuple from before: try again" },
    { STUNMSG_CODE_STALE_NONCE,
      "the server finds each of its own nonces stale: are there several behind a load "
      "balancer that does not keep clients with one?" },
    { STUNMSG_CODE_ADDRESS_FAMILY_NOT_SUPPORTED,
      "the server relays no IPv4: look at its relay addresses" },
    { STUNMSG_CODE_WRONG_CREDENTIALS,
      "another user holds an allocation of this 5-tuple: try again" },
    { STUNMSG_CODE_UNSUPPORTED_TRANSPORT, "the server does not relay UDP" },
    { STUNMSG_CODE_ALLOCATION_QUOTA_REACHED, "this user has as many allocations as the "
                                             "server allows: wait, or raise the quota" },
    { STUNMSG_CODE_INSUFFICIENT_CAPACITY,
      "the server has no relay address or port left: look at its relay addresses, port "
      "range and total quota" },
    { STUNMSG_CODE_SERVER_ERROR, "the server failed: look at its log" },
};

static const char *advise_on_code(unsigned code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (codes[i].code == code)
            return codes[i].advice;
    }
    return "look at the server's log";
}

static char *advise_on_credentials(const struct check_options *options,
                                   const struct check_address *to)
{
    const struct credentials *c = options->credentials;
    int64_t now_s = clock_calendar_ns() / NS_PER_S;
    if (!c)
        return g_strdup("give -u USER with --pass-file or --pass-env, or --secret-file");
    if (c->expires_s > 0 && c->expires_s <= now_s) {
        g_autofree char *expiry = credentials_format_expiry(c->expires_s, now_s);
        return g_strdup_printf("the user name %s: get a new one", expiry);
    }
    const char *what = c->secret ? "the shared secret, and both clocks"
                                 : "the user name and the password";
    return g_strdup_printf("check %s; the server's realm is %s", what,
                           to->realm ? to->realm : "not known");
}

/* Whether the same port answers over TCP, where it is silent over UDP. */
static const char *try_tcp(const struct check_options *options,
                           const struct endpoint *server)
{
    g_autoptr(GError) error = NULL;
    struct connection_options connection = options->client.connection;
    connection.transport = PROBE_TCP;
    connection.server = *server;
    int64_t deadline_ns = clock_now_ns() + TCP_PATIENCE_MS * NS_PER_MS;
    g_autoptr(auto_connection) c = connection_open(
        &connection, MIN(deadline_ns, options->deadline_ns), NULL, NULL, &error);
    if (c)
        return "; TCP answers there";
    if (g_error_matches(error, PROBE_ERROR, PROBE_ERROR_REFUSED))
        return "; TCP is refused there";
    return g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT)
               ? "; so is TCP: the host may be down"
               : "";
}

static char *advise_on_silence(const struct check_options *options,
                               const struct check_address *to,
                               const struct endpoint *server)
{
    unsigned port = server->port;
    if (to->failed == CHECK_PHASE_RELAY)
        return g_strdup(
            "look at the server's relay ports (a firewall?) and, behind a NAT, "
            "at its external address: can it reach that itself?");
    if (to->failed > CHECK_PHASE_CHALLENGE)
        return g_strdup("the server answered before: the path loses packets, or it "
                        "hangs (its user database?)");
    if (!transport_is_stream(to->transport) && to->is_answered)
        return g_strdup_printf(
            "UDP %u answers, but not what was asked: is it the right port?", port);
    if (!transport_is_stream(to->transport))
        return g_strdup_printf("UDP %u is silent: a firewall, or no server there%s", port,
                               try_tcp(options, server));
    if (to->failed == CHECK_PHASE_CONNECT)
        return g_strdup_printf("TCP %u is silent: a firewall, or the host is down", port);
    if (to->failed == CHECK_PHASE_TLS)
        return g_strdup_printf("TCP %u is open but speaks no TLS: is it the right port?",
                               port);
    return g_strdup_printf("something listens on TCP %u that speaks no STUN", port);
}

static const char *advise_on_tls(const struct check_address *to)
{
    if (!to->tls.subject)
        return "is it the port of TLS? --sni asks for another name";
    if (to->tls.is_expired)
        return "the server needs a new certificate; --insecure goes on regardless";
    if (to->tls.is_early)
        return "is this machine's clock right? --insecure goes on regardless";
    if (!to->tls.is_trusted)
        return "--ca FILE trusts another authority, --insecure goes on regardless";
    if (!to->tls.is_name_ok)
        return "--sni NAME asks for another name; --insecure goes on regardless";
    return "look at the server's certificate and protocol versions";
}

char *check_advise(const struct check_options *options, const struct check_address *to,
                   const struct endpoint *server)
{
    const char *name = transport_is_stream(to->transport) ? "TCP" : "UDP";
    if (to->error->domain != PROBE_ERROR)
        return g_strdup("");
    switch ((enum probe_error)to->error->code) {
    case PROBE_ERROR_SILENT:
        return advise_on_silence(options, to, server);
    case PROBE_ERROR_REFUSED:
        return g_strdup_printf("nothing listens on %s %u there, or a firewall rejects it",
                               name, server->port);
    case PROBE_ERROR_CLOSED:
        return g_strdup("is it the right port, and has the server connections left?");
    case PROBE_ERROR_TLS:
        return g_strdup(advise_on_tls(to));
    case PROBE_ERROR_REDIRECTED:
    case PROBE_ERROR_GARBAGE:
        return g_strdup("what listens there is no STUN server");
    case PROBE_ERROR_CREDENTIALS:
        return advise_on_credentials(options, to);
    case PROBE_ERROR_ANSWER:
        return g_strdup(to->code ? advise_on_code(to->code) : "look at the server's log");
    case PROBE_ERROR_LOCAL:
        return g_strdup("look at this machine's addresses and routes");
    case PROBE_ERROR_RESOLVE:
    case PROBE_ERROR_INTERRUPTED:
        break;
    }
    return g_strdup("");
}
