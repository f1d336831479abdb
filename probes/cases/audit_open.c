/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases X03, X11 and X12: what anyone can do without credentials. X11 and X12 send
 * many requests, as many and as fast as audit_internal.h says, and run alone.
 */
#include "probes/cases/audit_internal.h"

#include <string.h>

#include "base/clock.h"

/* ---- X03 -------------------------------------------------------------------------- */

/* A zeroed MESSAGE-INTEGRITY of some size. */
static void add_blank_proof(struct stunmsg_builder *b, size_t size)
{
    static const uint8_t zeros[STUNMSG_SHA256_SIZE];
    stunmsg_add(b, STUNMSG_MESSAGE_INTEGRITY, zeros, size);
}

static void add_name(struct stunmsg_builder *b, const struct auth *auth, const char *user)
{
    stunmsg_add_text(b, STUNMSG_USERNAME, user);
    stunmsg_add_text(b, STUNMSG_REALM, auth->realm);
    stunmsg_add_text(b, STUNMSG_NONCE, auth->nonce);
}

/* A proof by a user whose name and password are empty. */
static void add_empty_user(struct stunmsg_builder *b, const struct auth *auth)
{
    uint8_t key[STUNMSG_KEY_SIZE];
    add_name(b, auth, "");
    stunmsg_long_term_key("", auth->realm, "", key);
    stunmsg_add_integrity(b, key, sizeof key);
}

static void add_nothing(struct stunmsg_builder *b, const struct auth *auth)
{
    (void)b, (void)auth;
}

static void add_name_alone(struct stunmsg_builder *b, const struct auth *auth)
{
    add_name(b, auth, auth->username ? auth->username : "user");
}

static void add_empty_proof(struct stunmsg_builder *b, const struct auth *auth)
{
    add_name_alone(b, auth);
    add_blank_proof(b, 0);
}

static void add_zero_proof(struct stunmsg_builder *b, const struct auth *auth)
{
    add_name_alone(b, auth);
    add_blank_proof(b, STUNMSG_SHA1_SIZE);
}

static void add_keyless_proof(struct stunmsg_builder *b, const struct auth *auth)
{
    add_name_alone(b, auth);
    stunmsg_add_integrity(b, "", 0);
}

static void add_token_alone(struct stunmsg_builder *b, const struct auth *auth)
{
    static const uint8_t token[ACCESS_TOKEN_SIZE];
    add_name_alone(b, auth);
    stunmsg_add(b, STUNMSG_ACCESS_TOKEN, token, sizeof token);
    stunmsg_add_integrity(b, "", 0);
}

static const struct {
    void (*add)(struct stunmsg_builder *b, const struct auth *auth);
    const char *what;
} ways_in[] = {
    { add_nothing, "no credentials" },
    { add_name_alone, "USERNAME, REALM and NONCE without an integrity" },
    { add_empty_proof, "an integrity of 0 bytes" },
    { add_zero_proof, "an integrity of zeros" },
    { add_keyless_proof, "an integrity by an empty key" },
    { add_empty_user, "an empty user with an empty password" },
    { add_token_alone, "an access token of zeros" },
};

/* Whether a success came; anything else, and silence, is as good. */
static bool hears_success(struct client *c, int64_t deadline_ns)
{
    g_auto(auto_inbound) in = { 0 };
    while (client_next(c, deadline_ns, &in, NULL)) {
        struct stunmsg m;
        if (stunmsg_decode(in.bytes, in.size, &m) == STUNMSG_OK &&
            m.class == STUNMSG_SUCCESS && m.method == STUNMSG_ALLOCATE)
            return true;
        inbound_clear(&in);
    }
    return false;
}

/* Sends an Allocate with one of the ways in; NULL, having said why: it could not. */
static struct client *knock(struct trial *t, unsigned way, bool needs_challenge)
{
    struct draft request;
    g_autoptr(GError) error = NULL;
    struct client *c = trial_client(t);
    if (!c || (needs_challenge && !trial_challenge(t, c)))
        return NULL;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    ways_in[way].add(&request.b, client_auth(c));
    if (client_send(c, &request, &error))
        return c;
    trial_inconclusive(t, "%s", error->message);
    return NULL;
}

/* The way without credentials comes first: who is let in by it gets no challenge. */
void audit_unauthenticated(struct trial *t)
{
    struct client *clients[G_N_ELEMENTS(ways_in)];
    g_autoptr(GString) found = g_string_new(NULL);
    clients[0] = knock(t, 0, false);
    if (!clients[0])
        return;
    if (hears_success(clients[0], trial_soon_ns(t))) {
        trial_fail(t, "an allocation with %s", ways_in[0].what);
        return;
    }
    for (unsigned i = 1; i < G_N_ELEMENTS(ways_in); i++)
        if (!(clients[i] = knock(t, i, true)))
            return;
    int64_t deadline_ns = trial_soon_ns(t);
    for (unsigned i = 1; i < G_N_ELEMENTS(ways_in); i++)
        if (hears_success(clients[i], deadline_ns))
            g_string_append_printf(found, "%s%s", found->len ? "; " : "",
                                   ways_in[i].what);
    if (found->len > 0)
        trial_fail(t, "an allocation with %s", found->str);
    else
        trial_pass(t, "none of %u ways in", (unsigned)G_N_ELEMENTS(ways_in));
}

/* ---- X11, X12 --------------------------------------------------------------------- */

static void send_bare_allocate(struct client *c)
{
    struct draft request;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    client_send(c, &request, NULL); /* a full buffer is a loss like others */
}

/* How many 401s come until a time. */
static unsigned count_challenges(struct client *c, int64_t deadline_ns)
{
    unsigned n = 0;
    g_auto(auto_inbound) in = { 0 };
    while (client_next(c, deadline_ns, &in, NULL)) {
        struct stunmsg m;
        struct stunmsg_error_code code;
        if (stunmsg_decode(in.bytes, in.size, &m) == STUNMSG_OK &&
            stunmsg_get_error(&m, STUNMSG_ERROR_CODE, &code) == STUNMSG_OK &&
            code.code == STUNMSG_CODE_UNAUTHENTICATED)
            n++;
        inbound_clear(&in);
    }
    return n;
}

/* A limit is met when a good part of the requests goes unanswered, while Bindings still
   are answered. */
void audit_challenge_limit(struct trial *t)
{
    enum { BURST = 10, N_BURSTS = AUDIT_LIMIT_REQUESTS / BURST, BURSTS_A_PORT = 10 };
    const int64_t gap_ns = AUDIT_LIMIT_S * NS_PER_S / N_BURSTS;
    unsigned n_challenges = 0;
    struct client *c = NULL;
    for (unsigned i = 0; i < N_BURSTS; i++) {
        if (i % BURSTS_A_PORT == 0 && !(c = trial_client_over(t, PROBE_UDP)))
            return;
        int64_t next_ns = clock_now_ns() + gap_ns;
        for (unsigned k = 0; k < BURST; k++)
            send_bare_allocate(c);
        n_challenges += count_challenges(c, next_ns);
    }
    n_challenges += count_challenges(c, trial_soon_ns(t));
    if (n_challenges == 0)
        trial_inconclusive(t, "no 401 at all");
    else if (n_challenges > AUDIT_LIMIT_REQUESTS * 9 / 10)
        trial_warn(t, "%u of %u requests in %u s got a 401: no limit was met",
                   n_challenges, (unsigned)AUDIT_LIMIT_REQUESTS, (unsigned)AUDIT_LIMIT_S);
    else if (trial_is_answered(c))
        trial_pass(t, "%u of %u requests got a 401", n_challenges,
                   (unsigned)AUDIT_LIMIT_REQUESTS);
    else
        trial_inconclusive(t,
                           "%u of %u requests got a 401, but neither was a Binding "
                           "after them answered",
                           n_challenges, (unsigned)AUDIT_LIMIT_REQUESTS);
}

/*
 * Where the crowd comes from: a server on loopback has other addresses of ours, so that a
 * limit by address does not look like exhaustion.
 */
static bool find_crowd(struct trial *t, struct endpoint *ret)
{
    static const struct address loopback = { ADDRESS_IPV4, { 127 } },
                                crowd = { ADDRESS_IPV4, { 127, 99, 0, 1 } };
    const struct subject *s = trial_subject(t);
    if (!address_in_prefix(&s->servers[PROBE_UDP].address, &loopback, 8))
        return false;
    *ret = (struct endpoint){ .address = crowd };
    return true;
}

/* Clients that get a challenge each and go no further. */
static bool open_crowd(struct trial *t, const struct endpoint *from)
{
    const int64_t gap_ns = AUDIT_OPEN_S * NS_PER_S / AUDIT_OPEN_REQUESTS;
    int64_t next_ns = clock_now_ns();
    for (unsigned i = 0; i < AUDIT_OPEN_REQUESTS; i++) {
        struct client_options options = trial_client_options(t, PROBE_UDP);
        if (from)
            options.connection.local = *from;
        struct client *c = trial_client_with(t, &options);
        if (!c)
            return false;
        send_bare_allocate(c);
        next_ns += gap_ns;
        count_challenges(c, next_ns);
        trial_close(t, c);
    }
    return true;
}

void audit_half_open(struct trial *t)
{
    struct endpoint crowd;
    struct allocation allocation;
    g_autoptr(GError) error = NULL;
    bool is_apart = find_crowd(t, &crowd);
    if (!open_crowd(t, is_apart ? &crowd : NULL))
        return;
    int64_t start_ns = clock_now_ns();
    struct client *c = trial_client(t);
    if (!c)
        return;
    if (turn_allocate(c, NULL, &allocation, &error)) {
        turn_release(c);
        trial_pass(t, "served in %.1f ms after %u challenges",
                   (double)(clock_now_ns() - start_ns) / (double)NS_PER_MS,
                   (unsigned)AUDIT_OPEN_REQUESTS);
    } else if (is_apart) {
        trial_fail(t, "not served after %u challenges to another address: %s",
                   (unsigned)AUDIT_OPEN_REQUESTS, error->message);
    } else {
        trial_inconclusive(t,
                           "not served after %u challenges: %s; the server is "
                           "exhausted, or limits this address: try from another",
                           (unsigned)AUDIT_OPEN_REQUESTS, error->message);
    }
}
