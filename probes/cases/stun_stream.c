/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases S26 to S29 and S32: STUN over TCP and TLS, and this program's own codecs.
 *
 * RFC 8489 §6.2.2, §6.2.3; RFC 7443; RFC 5769.
 */
#include <string.h>

#include "base/clock.h"
#include "probes/cases/stun_cases.h"
#include "probes/cases/trial_internal.h"
#include "probes/core/error.h"
#include "probes/core/self_check.h"
#include "probes/core/wait.h"

/* ---- TCP -------------------------------------------------------------------------- */

/* A client over TCP, or over TLS where there is no TCP. */
static struct client *open_stream(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    if (subject_can(s, CAN(TCP)))
        return trial_client_over(t, PROBE_TCP);
    if (subject_can(s, CAN(TLS)))
        return trial_client_over(t, PROBE_TLS);
    trial_unsupported(t, "%s", subject_lack(s, CAN(TCP)));
    return NULL;
}

/* How many of some transactions are answered, each counted once. */
static unsigned count_answers(struct trial *t, struct client *c,
                              const struct draft *requests, unsigned n_requests)
{
    unsigned answered = 0; /* bits */
    int64_t deadline_ns =
        clock_now_ns() + trial_subject(t)->timing.timeout_ms * NS_PER_MS;
    while (answered != (1u << n_requests) - 1) {
        g_auto(auto_inbound) in = { 0 };
        struct stunmsg m;
        if (!client_next(c, deadline_ns, &in, NULL))
            break;
        if (stunmsg_decode(in.bytes, in.size, &m) != STUNMSG_OK)
            continue;
        for (unsigned i = 0; i < n_requests; i++)
            if (memcmp(m.transaction, draft_transaction(&requests[i]),
                       sizeof m.transaction) == 0)
                answered |= 1u << i;
    }
    return (unsigned)__builtin_popcount(answered);
}

/* Several in one write, which is one segment on any path that takes 60 bytes. */
static bool try_one_segment(struct trial *t)
{
    enum { MESSAGES = 3 };
    struct draft requests[MESSAGES];
    uint8_t bytes[MESSAGES * STUNMSG_HEADER_SIZE];
    size_t size = 0;
    g_autoptr(GError) error = NULL;
    struct client *c = open_stream(t);
    if (!c)
        return false;
    for (unsigned i = 0; i < MESSAGES; i++) {
        stun_case_begin(c, &requests[i]);
        memcpy(bytes + size, requests[i].bytes, STUNMSG_HEADER_SIZE);
        size += STUNMSG_HEADER_SIZE;
    }
    if (!connection_send(client_connection(c), bytes, size, "one segment", &error)) {
        trial_say_error(t, "sending three messages at once", error);
        return false;
    }
    unsigned n_answered = count_answers(t, c, requests, MESSAGES);
    if (n_answered == MESSAGES)
        return true;
    trial_fail(t, "%u of %d requests in one segment were answered", n_answered, MESSAGES);
    return false;
}

/* A server that cannot wait for the rest of a message may close. */
static void say_bytewise_error(struct trial *t, const GError *error)
{
    if (g_error_matches(error, PROBE_ERROR, PROBE_ERROR_CLOSED))
        trial_fail(t, "a request in 1-byte segments: %s", error->message);
    else
        trial_say_error(t, "sending bytewise", error);
}

void stun_case_segments(struct trial *t)
{
    struct draft request;
    g_autoptr(GError) error = NULL;
    struct client *c = try_one_segment(t) ? open_stream(t) : NULL;
    if (!c)
        return;
    stun_case_begin(c, &request);
    stunmsg_add_text(&request.b, STUNMSG_SOFTWARE, "rtcprobe");
    if (!connection_send_bytewise(client_connection(c), request.bytes,
                                  draft_size(&request), &error))
        say_bytewise_error(t, error);
    else if (count_answers(t, c, &request, 1) == 1)
        trial_pass(t, "three in one segment and one in 1-byte segments were answered");
    else
        trial_fail(t, "a request in 1-byte segments was not answered");
}

void stun_case_stays_open(struct trial *t)
{
    enum { REQUESTS = 2 };
    g_autoptr(GError) error = NULL;
    struct client *c = open_stream(t);
    for (unsigned i = 0; c && i < REQUESTS; i++) {
        struct draft request;
        g_auto(auto_answer) answer = { 0 };
        if (i > 0 && !wait_until(trial_soon_ns(t), &error)) {
            trial_say_error(t, "waiting", error);
            return;
        }
        stun_case_begin(c, &request);
        if (client_exchange(c, &request, &answer, &error))
            continue;
        if (i == 0) {
            trial_say_error(t, "asking for a Binding", error);
            return;
        }
        {
            trial_fail(t, "after the first reply: %s", error->message);
            return;
        }
    }
    if (c)
        trial_pass(t, "a second request was answered");
}

/* Whether a connection, new or old, still serves. */
static bool is_served(struct client *c)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    stun_case_begin(c, &request);
    return client_exchange(c, &request, &answer, NULL);
}

void stun_case_garbage(struct trial *t)
{
    uint8_t garbage[256];
    struct client *spoilt = open_stream(t);
    struct client *innocent = spoilt ? open_stream(t) : NULL;
    if (!innocent)
        return;
    if (!is_served(innocent)) {
        trial_inconclusive(t, "a Binding before the garbage was not answered");
        return;
    }
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (uint8_t)(rng_next(trial_rng(t)) | 0xc0); /* neither STUN nor TURN */
    connection_send(client_connection(spoilt), garbage, sizeof garbage, NULL, NULL);
    wait_until(trial_soon_ns(t), NULL);
    if (!is_served(innocent)) {
        trial_fail(t, "another connection was not served any more");
        return;
    }
    struct client *late = open_stream(t);
    if (!late) {
        trial_fail(t, "no new connection after it");
        return;
    }
    if (!is_served(late)) {
        trial_fail(t, "a new connection after it was not served");
        return;
    }
    trial_pass(t, "connections before and after it were served");
}

/* ---- TLS -------------------------------------------------------------------------- */

static void judge_report(struct trial *t, const struct tls_report *r)
{
    int64_t left_s = r->not_after_s - clock_calendar_ns() / NS_PER_S;
    enum { DAY_S = 86400 };
    if (r->problem && trial_subject(t)->tls.accepts_any)
        trial_warn(t, "%s (accepted by --insecure)", r->problem);
    else if (r->problem)
        trial_fail(t, "%s", r->problem);
    else
        trial_pass(t, "%s, name ok, certificate %" G_GINT64_FORMAT " days, ALPN %s",
                   r->version, left_s / DAY_S, r->alpn ? r->alpn : "not taken up");
}

/* With the names of RFC 7443 offered; a server that knows no ALPN passes over them (RFC
   7301 §3.1), one that turns them away shuts out clients that follow that RFC. */
void stun_case_certificate(struct trial *t)
{
    static const char *const names[] = { "stun.turn", "stun.nat-discovery", NULL };
    const struct subject *s = trial_subject(t);
    struct tls_options tls = s->tls;
    struct client_options options = trial_client_options(t, PROBE_TLS);
    struct tls_report report = { 0 };
    g_autoptr(GError) error = NULL;
    tls.alpn = names;
    tls.accepts_any = true;
    options.connection.tls = &tls;
    if (options.connection.server.address.family == ADDRESS_NONE) {
        trial_unsupported(t, "no TLS port is known");
        return;
    }
    g_autoptr(auto_client) c = client_open(&options, NULL, &report, &error);
    if (c)
        judge_report(t, &report);
    else if (!subject_can(s, CAN(TLS)) && s->transport != PROBE_TLS)
        trial_unsupported(t, "%s", error->message);
    else if (g_error_matches(error, PROBE_ERROR, PROBE_ERROR_TLS))
        trial_fail(t, "with ALPN offered: %s", error->message);
    else
        trial_say_error(t, "opening TLS", error);
    if (c && trial_verdict(t) == VERDICT_PASS && !is_served(c))
        trial_fail(t, "a good certificate, but no answer to a Binding");
    tls_report_clear(&report);
}

/* ---- This program ----------------------------------------------------------------- */

void stun_case_vectors(struct trial *t)
{
    g_autoptr(GError) error = NULL;
    if (self_check(trial_subject(t)->alters_vectors, &error))
        trial_pass(t, "all four of RFC 5769 §2 were read, and made again");
    else
        trial_fail(t, "%s", error->message);
}
