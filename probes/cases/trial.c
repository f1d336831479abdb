/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trial's life and its verdicts, and the clients and peers that a case opens. What a
 * case expects of an exchange is in trial_expect.c, data through a relay in
 * trial_relay.c.
 */
#include "probes/cases/trial_internal.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "probes/core/error.h"
#include "probes/core/wait.h"

struct trial_client {
    struct client *client;
    bool has_allocation;
};

struct trial *trial_new(const struct subject *subject, const struct test_case *test,
                        bool is_strict)
{
    struct trial *t = g_new0(struct trial, 1);
    struct rng all = rng_seed(subject->seed);
    t->subject = subject;
    t->test = test;
    t->rng = rng_fork(&all, test->id);
    t->transcript = transcript_new(clock_now_ns());
    t->is_strict = is_strict;
    t->verdict = VERDICT_N;
    t->clients = g_ptr_array_new();
    t->peers = g_ptr_array_new();
    return t;
}

static void end_client(struct trial_client *own, bool gives_back)
{
    if (gives_back && own->has_allocation)
        turn_release(own->client);
    client_close(own->client);
    g_free(own);
}

void trial_free(struct trial *t)
{
    for (guint i = 0; i < t->clients->len; i++)
        end_client(g_ptr_array_index(t->clients, i), true);
    for (guint i = 0; i < t->peers->len; i++) {
        struct peer *peer = g_ptr_array_index(t->peers, i);
        connection_close(peer->connection);
        g_free(peer);
    }
    g_ptr_array_unref(t->clients);
    g_ptr_array_unref(t->peers);
    transcript_free(t->transcript);
    json_decref(t->gains);
    g_free(t->observed);
    g_free(t);
}

const struct subject *trial_subject(const struct trial *t)
{
    return t->subject;
}

struct rng *trial_rng(struct trial *t)
{
    return &t->rng;
}

/* ---- Verdicts --------------------------------------------------------------------- */

enum verdict trial_verdict(const struct trial *t)
{
    return t->verdict;
}

/* A failure stands: a case that goes on after it may find more, but nothing better. */
static void conclude(struct trial *t, enum verdict verdict, const char *format,
                     va_list arguments)
{
    if (t->verdict == VERDICT_FAIL)
        return;
    if (t->verdict == VERDICT_NON_STRICT && verdict == VERDICT_PASS)
        return;
    t->verdict = verdict;
    g_free(t->observed);
    t->observed = g_strdup_vprintf(format, arguments);
}

#define SAY(verdict)                             \
    do {                                         \
        va_list arguments;                       \
        va_start(arguments, format);             \
        conclude(t, verdict, format, arguments); \
        va_end(arguments);                       \
    } while (0)

void trial_pass(struct trial *t, const char *format, ...)
{
    SAY(VERDICT_PASS);
}

void trial_fail(struct trial *t, const char *format, ...)
{
    bool is_advice = t->test->level == CASE_SHOULD && !t->is_strict;
    SAY(is_advice ? VERDICT_NON_STRICT : VERDICT_FAIL);
}

void trial_warn(struct trial *t, const char *format, ...)
{
    SAY(t->is_strict ? VERDICT_FAIL : VERDICT_NON_STRICT);
}

void trial_info(struct trial *t, const char *format, ...)
{
    SAY(VERDICT_INFO);
}

void trial_unsupported(struct trial *t, const char *format, ...)
{
    SAY(VERDICT_UNSUPPORTED);
}

void trial_inconclusive(struct trial *t, const char *format, ...)
{
    SAY(VERDICT_INCONCLUSIVE);
}

static void say_broken(struct trial *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say_broken(struct trial *t, const char *format, ...)
{
    SAY(VERDICT_ERROR);
}

static void say_skipped(struct trial *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say_skipped(struct trial *t, const char *format, ...)
{
    SAY(VERDICT_SKIPPED);
}

void trial_gain(struct trial *t, const char *kind, double gain)
{
    if (!t->gains)
        t->gains = json_object();
    json_object_set_new(t->gains, kind, json_real(gain));
}

void trial_error(struct trial *t, const GError *error)
{
    say_broken(t, "%s", error->message);
}

void trial_say_error(struct trial *t, const char *doing, const GError *error)
{
    if (g_error_matches(error, PROBE_ERROR, PROBE_ERROR_INTERRUPTED))
        say_skipped(t, "interrupted");
    else if (error->domain == RTC_ERROR ||
             g_error_matches(error, PROBE_ERROR, PROBE_ERROR_LOCAL))
        say_broken(t, "%s: %s", doing, error->message);
    else
        trial_inconclusive(t, "%s: %s", doing, error->message);
}

/* ---- Clients ---------------------------------------------------------------------- */

struct client_options trial_client_options(struct trial *t,
                                           enum probe_transport transport)
{
    const struct subject *s = t->subject;
    uint64_t seed = rng_next(&t->rng);
    return (struct client_options){
        .connection = { .transport = transport,
                        .server = s->servers[transport],
                        .local = s->local,
                        .tls = &s->tls,
                        .transcript = t->transcript },
        .timing = s->timing,
        .username = s->username,
        .password = s->password,
        .is_modern = s->is_modern,
        .rng = rng_seed(seed),
    };
}

static struct client *keep(struct trial *t, struct client *c)
{
    struct trial_client *own = g_new0(struct trial_client, 1);
    own->client = c;
    g_ptr_array_add(t->clients, own);
    return c;
}

struct client *trial_client_with(struct trial *t, const struct client_options *options)
{
    g_autoptr(GError) error = NULL;
    struct client *c = client_open(options, NULL, NULL, &error);
    if (c)
        return keep(t, c);
    trial_say_error(t, "opening a path to the server", error);
    return NULL;
}

struct client *trial_client_over(struct trial *t, enum probe_transport transport)
{
    struct client_options options = trial_client_options(t, transport);
    return trial_client_with(t, &options);
}

struct client *trial_client(struct trial *t)
{
    return trial_client_over(t, t->subject->transport);
}

static struct trial_client *find_own(const struct trial *t, const struct client *c)
{
    for (guint i = 0; i < t->clients->len; i++) {
        struct trial_client *own = g_ptr_array_index(t->clients, i);
        if (own->client == c)
            return own;
    }
    g_assert_not_reached();
}

void trial_note_allocation(struct trial *t, struct client *c)
{
    find_own(t, c)->has_allocation = true;
}

void trial_close(struct trial *t, struct client *c)
{
    struct trial_client *own = find_own(t, c);
    g_ptr_array_remove(t->clients, own);
    end_client(own, false);
}

void trial_abort(struct trial *t, struct client *c)
{
    struct trial_client *own = find_own(t, c);
    g_ptr_array_remove(t->clients, own);
    client_abort(own->client);
    g_free(own);
}

bool trial_challenge(struct trial *t, struct client *c)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    if (!trial_exchange(t, c, &request, &answer))
        return false;
    if (answer_code(&answer) == STUNMSG_CODE_UNAUTHENTICATED &&
        auth_learn(client_auth(c), &answer.message))
        return true;
    g_autofree char *said = answer_describe(&answer);
    trial_inconclusive(t, "an Allocate without credentials got %s, no challenge", said);
    return false;
}

struct client *trial_challenged(struct trial *t)
{
    struct client *c = trial_client(t);
    return c && trial_challenge(t, c) ? c : NULL;
}

bool trial_allocate(struct trial *t, struct client *c,
                    const struct allocate_options *options, struct allocation *ret)
{
    g_autoptr(GError) error = NULL;
    if (!turn_allocate(c, options, ret, &error)) {
        trial_say_error(t, "allocating", error);
        return false;
    }
    trial_note_allocation(t, c);
    return true;
}

struct client *trial_allocated(struct trial *t, const struct allocate_options *options,
                               struct allocation *ret)
{
    g_autoptr(GError) error = NULL;
    struct client_options own = trial_client_options(t, t->subject->transport);
    struct client *c = turn_open(&own, options, ret, &error);
    if (!c) {
        trial_say_error(t, "allocating", error);
        return NULL;
    }
    keep(t, c);
    trial_note_allocation(t, c);
    return c;
}

/* ---- Waiting ---------------------------------------------------------------------- */

int64_t trial_soon_ns(const struct trial *t)
{
    enum { ROUND_TRIPS = 4, LEAST_MS = 200 };
    int64_t long_ns = ROUND_TRIPS * t->subject->rtt_ns;
    return clock_now_ns() + MAX(long_ns, LEAST_MS * NS_PER_MS);
}

bool trial_wait_s(struct trial *t, double seconds)
{
    g_autoptr(GError) error = NULL;
    int64_t until_ns = clock_now_ns() + (int64_t)(seconds * (double)NS_PER_S);
    if (wait_until(until_ns, &error))
        return true;
    trial_say_error(t, "waiting", error);
    return false;
}
