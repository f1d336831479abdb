/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One address of a server, phase after phase, until one fails. The challenge is an
 * Allocate without credentials, as each client sends it first (RFC 8489 §9.2.3.1): the
 * 401 to it has the realm and the nonce. A server that asks for none allocates at once.
 *
 * A 300 is followed to its ALTERNATE-SERVER over the same transport (RFC 8489 §10), at
 * most three times and never to where it came from; the phases are then those there.
 */
#include <string.h>

#include "base/clock.h"
#include "probes/core/check_internal.h"
#include "probes/core/error.h"

enum { MAX_REDIRECTS = 3 };

typedef gboolean phase_function(struct attempt *a, GError **error);

static void set_text(struct check_address *to, enum check_phase phase,
                     char *text_consumed)
{
    g_free(to->steps[phase].text);
    to->steps[phase].text = text_consumed;
}

/* Runs a phase and writes down what came of it. */
static bool run_phase(struct attempt *a, enum check_phase phase, phase_function *run)
{
    struct check_address *to = a->to;
    struct check_step *step = &to->steps[phase];
    int64_t start_ns = clock_now_ns();
    gboolean done = run(a, &to->error);
    step->duration_ns = clock_now_ns() - start_ns;
    step->state = done ? CHECK_DONE : CHECK_FAILED;
    if (!done)
        to->failed = phase;
    return done;
}

/* ---- Connecting ------------------------------------------------------------------- */

/* What is left of the time for all, at most `most_ms`; 0: nothing. */
static unsigned limited_ms(const struct attempt *a, unsigned most_ms)
{
    if (a->options->deadline_ns == CLOCK_NEVER)
        return most_ms;
    int64_t left_ms = (a->options->deadline_ns - clock_now_ns()) / NS_PER_MS;
    return left_ms <= 0 ? 0 : (unsigned)MIN(left_ms, (int64_t)most_ms);
}

static gboolean fail_late(GError **error)
{
    g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_SILENT,
                        "the time for the whole check is up");
    return FALSE;
}

gboolean check_limit_time(const struct attempt *a, struct client *c, GError **error)
{
    unsigned ms = limited_ms(a, a->options->client.timing.timeout_ms);
    client_timing(c)->timeout_ms = ms;
    return ms > 0 || fail_late(error);
}

struct client *check_open(struct attempt *a, unsigned index,
                          struct connection_times *ret_times, GError **error)
{
    struct client_options options = a->options->client;
    char text[ENDPOINT_TEXT_SIZE];
    endpoint_format(&a->server, text);
    struct rng of_uri = rng_fork(&a->options->rng, a->options->uri);
    struct rng of_address = rng_fork(&of_uri, text);
    options.rng = rng_fork(&of_address, index ? "second" : "first");
    options.connection.server = a->server;
    options.connection.transport = a->to->transport;
    options.timing.timeout_ms = limited_ms(a, options.timing.timeout_ms);
    if (options.timing.timeout_ms == 0) {
        fail_late(error);
        return NULL;
    }
    struct tls_report tls = { 0 };
    struct client *c = client_open(&options, ret_times, &tls, error);
    if (index == 0) {
        tls_report_clear(&a->to->tls);
        a->to->tls = tls;
    } else {
        tls_report_clear(&tls);
    }
    return c;
}

static char *describe_tls(const struct tls_report *tls)
{
    g_autofree char *version = g_strdup(tls->version ? tls->version : "TLS");
    char *digit = version + strcspn(version, "0123456789");
    g_autofree char *family = g_strndup(version, (gsize)(digit - version));
    if (!tls->subject && tls->not_after_s == 0)
        return g_strdup_printf("%s%s%s", family, *digit ? " " : "", digit);
    bool is_over = check_days_left(tls) < 0;
    int64_t days = is_over ? -check_days_left(tls) - 1 : check_days_left(tls); /* whole */
    return g_strdup_printf(
        "%s%s%s, %s%s, certificate %s%" G_GINT64_FORMAT " day%s%s", family,
        *digit ? " " : "", digit, tls->is_name_ok ? "name ok" : "another name",
        tls->is_trusted ? "" : ", not trusted", is_over ? "expired " : "", days,
        days == 1 ? "" : "s", is_over ? " ago" : "");
}

/* The handshakes: two phases in one call. */
static gboolean connect_to(struct attempt *a, GError **error)
{
    struct check_address *to = a->to;
    struct connection_times times = { 0 };
    bool is_secure = transport_is_secure(to->transport);
    char text[ENDPOINT_TEXT_SIZE];
    g_autoptr(GError) cause = NULL;
    a->clients[0] = check_open(a, 0, &times, &cause);
    bool is_through = a->clients[0] || (is_secure && times.is_connected);
    to->steps[CHECK_PHASE_CONNECT].state = is_through ? CHECK_DONE : CHECK_FAILED;
    to->steps[CHECK_PHASE_CONNECT].duration_ns = times.connect_ns;
    set_text(to, CHECK_PHASE_CONNECT,
             g_strdup_printf("%s over %s", endpoint_format(&a->server, text),
                             transport_name(to->transport)));
    to->has_tls = is_secure && is_through;
    if (to->has_tls) {
        to->steps[CHECK_PHASE_TLS].state = a->clients[0] ? CHECK_DONE : CHECK_FAILED;
        to->steps[CHECK_PHASE_TLS].duration_ns = times.tls_ns;
        set_text(to, CHECK_PHASE_TLS, describe_tls(&to->tls));
    }
    if (a->clients[0])
        return TRUE;
    to->failed = is_through ? CHECK_PHASE_TLS : CHECK_PHASE_CONNECT;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* ---- The first request ------------------------------------------------------------ */

static void learn_from(struct attempt *a, const struct answer *answer)
{
    struct check_address *to = a->to;
    struct stunmsg_text text;
    to->code = answer_code(answer);
    if (answer->transmissions == 1)
        to->rtt_ns = answer->received_ns - answer->sent_ns;
    if (!to->software &&
        stunmsg_get_text(&answer->message, STUNMSG_SOFTWARE, &text) == STUNMSG_OK)
        to->software = check_text(text.at, text.size);
    if (stunmsg_get_text(&answer->message, STUNMSG_REALM, &text) == STUNMSG_OK) {
        g_free(to->realm);
        to->realm = check_text(text.at, text.size);
    }
    struct endpoint alternate;
    if (to->code == STUNMSG_CODE_TRY_ALTERNATE &&
        stunmsg_get_address(&answer->message, STUNMSG_ALTERNATE_SERVER, &alternate) ==
            STUNMSG_OK &&
        alternate.address.family == a->server.address.family)
        a->redirect = alternate;
}

static gboolean fail_with(const struct attempt *a, const char *method,
                          const struct answer *answer, GError **error)
{
    g_autofree char *said = answer_describe(answer);
    bool are_missing =
        a->to->code == STUNMSG_CODE_UNAUTHENTICATED && !a->options->credentials;
    g_set_error(error, PROBE_ERROR,
                are_missing ? PROBE_ERROR_CREDENTIALS : PROBE_ERROR_ANSWER, "%s: %s%s",
                method, said, are_missing ? ", and no credentials were given" : "");
    return FALSE;
}

static gboolean bind_once(struct attempt *a, GError **error)
{
    struct client *c = a->clients[0];
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    struct endpoint mapped;
    char text[ENDPOINT_TEXT_SIZE];
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    if (!check_limit_time(a, c, error) || !client_exchange(c, &request, &answer, error))
        return FALSE;
    learn_from(a, &answer);
    if (answer.message.class != STUNMSG_SUCCESS)
        return fail_with(a, "Binding", &answer, error);
    if (stunmsg_get_address(&answer.message, STUNMSG_XOR_MAPPED_ADDRESS, &mapped) !=
        STUNMSG_OK) {
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                            "Binding: the success response has no XOR-MAPPED-ADDRESS");
        return FALSE;
    }
    a->to->mapped = mapped;
    set_text(a->to, CHECK_PHASE_BINDING,
             g_strdup_printf("seen as %s", endpoint_format(&mapped, text)));
    return TRUE;
}

static void take_allocation(struct attempt *a)
{
    struct check_address *to = a->to;
    char text[ENDPOINT_TEXT_SIZE];
    a->has_allocation[0] = true;
    to->allocation = a->allocations[0];
    to->mapped = to->allocation.mapped;
    set_text(to, CHECK_PHASE_ALLOCATE,
             g_strdup_printf("relay %s, lifetime %u s",
                             endpoint_format(&to->allocation.relayed, text),
                             (unsigned)to->allocation.lifetime_s));
}

static gboolean get_challenged(struct attempt *a, GError **error)
{
    struct client *c = a->clients[0];
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    if (!check_limit_time(a, c, error) || !client_exchange(c, &request, &answer, error))
        return FALSE;
    learn_from(a, &answer);
    if (answer.message.class == STUNMSG_SUCCESS) {
        turn_read_allocation(&answer.message, &a->allocations[0]);
        a->has_allocation[0] = true;
        set_text(a->to, CHECK_PHASE_CHALLENGE, g_strdup("none: anyone may allocate"));
        return TRUE;
    }
    if (a->to->code != STUNMSG_CODE_UNAUTHENTICATED || !a->options->credentials)
        return fail_with(a, "Allocate", &answer, error);
    if (!auth_learn(client_auth(c), &answer.message)) {
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                            "Allocate: the 401 has no usable REALM and NONCE");
        return FALSE;
    }
    a->to->code = 0;
    set_text(a->to, CHECK_PHASE_CHALLENGE, g_strdup_printf("realm %s", a->to->realm));
    return TRUE;
}

static gboolean allocate(struct attempt *a, GError **error)
{
    struct client *c = a->clients[0];
    if (!a->has_allocation[0]) {
        if (!check_limit_time(a, c, error))
            return FALSE;
        gboolean done = turn_allocate(c, NULL, &a->allocations[0], error);
        a->to->code = done ? 0 : client_last_code(c);
        if (!done)
            return FALSE;
    } else if (a->allocations[0].relayed.address.family == ADDRESS_NONE) {
        g_set_error_literal(error, PROBE_ERROR, PROBE_ERROR_ANSWER,
                            "Allocate: the success response has no XOR-RELAYED-ADDRESS");
        return FALSE;
    }
    take_allocation(a);
    return TRUE;
}

/* ---- All of it -------------------------------------------------------------------- */

static void run_all(struct attempt *a)
{
    bool is_turn = a->options->url.turn && a->options->scope > CHECK_ANSWERS;
    if (!connect_to(a, &a->to->error))
        return;
    if (!is_turn) {
        run_phase(a, CHECK_PHASE_BINDING, bind_once);
        return;
    }
    if (!run_phase(a, CHECK_PHASE_CHALLENGE, get_challenged) ||
        !run_phase(a, CHECK_PHASE_ALLOCATE, allocate) || a->options->scope < CHECK_RELAYS)
        return;
    check_open_second(a);
    if (run_phase(a, CHECK_PHASE_PERMISSION, check_permit) && !a->to->relay.not_tried)
        run_phase(a, CHECK_PHASE_RELAY, check_relay_payloads);
}

/* Gives an allocation back, for which there is always a little time: else it would stay
   for ten minutes. A server that asks for no credentials gets none. */
static void release(struct attempt *a, struct client *c)
{
    enum { LEAST_MS = 50, MOST_MS = 1000 };
    client_timing(c)->timeout_ms = MAX(limited_ms(a, MOST_MS), LEAST_MS);
    turn_refresh(c, 0, NULL, NULL);
}

static void close_all(struct attempt *a)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(a->clients); i++) {
        if (a->has_allocation[i])
            release(a, a->clients[i]);
        client_close(a->clients[i]);
        a->clients[i] = NULL;
        a->has_allocation[i] = false;
    }
}

/* Forgets what a server said that sent us on. */
static void start_again(struct check_address *to)
{
    for (unsigned i = 0; i < CHECK_N_PHASES; i++)
        g_free(to->steps[i].text);
    memset(to->steps, 0, sizeof to->steps);
    g_clear_error(&to->error);
    to->code = 0;
    to->rtt_ns = -1;
}

void check_try_address(const struct check_options *options, struct check_address *to)
{
    struct attempt a = { .options = options, .to = to, .server = to->endpoint };
    int64_t start_ns = clock_now_ns();
    for (unsigned hop = 0;; hop++) {
        run_all(&a);
        to->is_answered = a.clients[0] && client_unread(a.clients[0]) > 0;
        close_all(&a);
        if (a.redirect.address.family == ADDRESS_NONE || hop == MAX_REDIRECTS ||
            endpoint_equal(&a.redirect, &a.server) ||
            endpoint_equal(&a.redirect, &to->endpoint))
            break;
        a.server = to->redirected = a.redirect;
        a.redirect = (struct endpoint){ 0 };
        start_again(to);
    }
    if (to->error)
        to->advice = check_advise(options, to, &a.server);
    to->duration_ns = clock_now_ns() - start_ns;
}
