/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding out what a server can do, by asking it as a well-behaved client would: a few
 * Bindings, an Allocate without credentials, and with credentials a handful of
 * allocations of different kinds, each given back at once. How long cases wait follows
 * from the round trip that was met.
 */
#include "probes/cases/subject.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/binding.h"
#include "probes/core/credentials.h"
#include "probes/core/error.h"
#include "probes/core/turn.h"

const char *capability_name(enum capability capability)
{
    static const char *const names[CAPABILITY_N] = {
#define X(symbol, name, lack) [CAPABILITY_##symbol] = name,
        CAPABILITIES(X)
#undef X
    };
    return names[capability];
}

bool subject_can(const struct subject *s, unsigned needs)
{
    return (s->capabilities & needs) == needs;
}

const char *subject_lack(const struct subject *s, unsigned needs)
{
    static const char *const lacks[CAPABILITY_N] = {
#define X(symbol, name, lack) [CAPABILITY_##symbol] = lack,
        CAPABILITIES(X)
#undef X
    };
    for (unsigned i = 0; i < CAPABILITY_N; i++)
        if ((needs & (1u << i)) && !(s->capabilities & (1u << i)))
            return s->lacks[i] ? s->lacks[i] : lacks[i];
    return NULL;
}

void subject_clear(struct subject *s)
{
    g_free(s->uri);
    g_free(s->username);
    g_free(s->other_username);
    credentials_wipe(s->password);
    credentials_wipe(s->other_password);
    credentials_wipe(s->shared_secret);
    for (unsigned i = 0; i < CAPABILITY_N; i++)
        g_free(s->lacks[i]);
    access_token_key_free(s->token_key);
    g_free(s->realm);
    g_free(s->software);
    *s = (struct subject){ 0 };
}

/* What is found here decides over all cases: a burst of loss must not. */
enum { SILENT_TRIES = 3 };

/* What exploring needs beside the subject. */
struct exploration {
    struct subject *s;
    struct transcript *transcript;
    struct rng rng;
};

static void set_can(struct subject *s, enum capability capability)
{
    s->capabilities |= 1u << capability;
}

static void set_lack(struct subject *s, enum capability capability, const GError *error)
{
    g_free(s->lacks[capability]);
    s->lacks[capability] = g_strdup(error->message);
}

static struct client_options make_options(struct exploration *e,
                                          enum probe_transport transport,
                                          const struct endpoint *server)
{
    struct subject *s = e->s;
    struct client_options options = {
        .connection = { .transport = transport,
                        .server = *server,
                        .local = s->local,
                        .tls = &s->tls,
                        .transcript = e->transcript },
        .timing = s->timing,
        .username = s->username,
        .password = s->password,
        .is_modern = s->is_modern,
        .rng = rng_seed(rng_next(&e->rng)),
    };
    if (s->local.address.family != server->address.family)
        options.connection.local = (struct endpoint){ 0 };
    return options;
}

static struct client *open_client(struct exploration *e, enum probe_transport transport,
                                  const struct endpoint *server, GError **error)
{
    struct client_options options = make_options(e, transport, server);
    return client_open(&options, NULL, NULL, error);
}

static struct client *open_primary(struct exploration *e, GError **error)
{
    return open_client(e, e->s->transport, &e->s->servers[e->s->transport], error);
}

/* ---- Bindings --------------------------------------------------------------------- */

static gboolean bind_once(struct client *c, struct answer *ret, GError **error)
{
    struct draft request;
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    return client_exchange(c, &request, ret, error);
}

static void read_binding(struct subject *s, const struct stunmsg *m)
{
    struct stunmsg_text software;
    if (stunmsg_has(m, STUNMSG_FINGERPRINT))
        set_can(s, CAPABILITY_FINGERPRINT);
    if (stunmsg_get_address(m, STUNMSG_OTHER_ADDRESS, &s->other_address) == STUNMSG_OK)
        set_can(s, CAPABILITY_OTHER_ADDRESS);
    if (!s->software && stunmsg_get_text(m, STUNMSG_SOFTWARE, &software) == STUNMSG_OK)
        s->software = g_strndup(software.at, software.size);
}

/* The primary path: its round trip is what waits are made from. */
static gboolean explore_primary(struct exploration *e, GError **error)
{
    enum { BINDINGS = 3 };
    struct subject *s = e->s;
    g_autoptr(auto_client) c = open_primary(e, error);
    if (!c)
        return FALSE;
    s->rtt_ns = CLOCK_NEVER;
    for (unsigned i = 0; i < BINDINGS; i++) {
        g_auto(auto_answer) answer = { 0 };
        if (!bind_once(c, &answer, error))
            return FALSE;
        if (answer.transmissions == 1)
            s->rtt_ns = MIN(s->rtt_ns, answer.received_ns - answer.sent_ns);
        read_binding(s, &answer.message);
    }
    if (s->rtt_ns == CLOCK_NEVER) /* each was sent twice: the path loses a lot */
        s->rtt_ns = s->timing.rto_ms * NS_PER_MS;
    return TRUE;
}

static void explore_transport(struct exploration *e, enum probe_transport transport,
                              enum capability capability, const struct endpoint *server)
{
    g_autoptr(GError) error = NULL;
    g_auto(auto_answer) answer = { 0 };
    if (server->address.family == ADDRESS_NONE)
        return;
    g_autoptr(auto_client) c = open_client(e, transport, server, &error);
    if (c && bind_once(c, &answer, &error)) {
        set_can(e->s, capability);
        read_binding(e->s, &answer.message);
    } else {
        set_lack(e->s, capability, error);
    }
}

static void explore_transports(struct exploration *e)
{
    static const enum capability capabilities[PROBE_N_TRANSPORTS] = {
        [PROBE_UDP] = CAPABILITY_UDP,
        [PROBE_TCP] = CAPABILITY_TCP,
        [PROBE_TLS] = CAPABILITY_TLS,
        [PROBE_DTLS] = CAPABILITY_DTLS,
    };
    struct subject *s = e->s;
    /* One port commonly serves both, plain and secure (RFC 8489 §8.1). */
    static const enum probe_transport twins[PROBE_N_TRANSPORTS] = { PROBE_TCP, PROBE_UDP,
                                                                    PROBE_DTLS,
                                                                    PROBE_TLS };
    enum probe_transport twin = twins[s->transport];
    if (s->servers[twin].address.family == ADDRESS_NONE)
        s->servers[twin] = s->servers[s->transport];
    set_can(s, capabilities[s->transport]);
    for (unsigned i = 0; i < PROBE_N_TRANSPORTS; i++)
        if (i != s->transport)
            explore_transport(e, (enum probe_transport)i, capabilities[i],
                              &s->servers[i]);
    explore_transport(e, s->transport, CAPABILITY_IPV6, &s->server_ipv6);
}

/* ---- TURN ------------------------------------------------------------------------- */

static void read_challenge(struct subject *s, const struct stunmsg *m)
{
    uint32_t features = 0;
    struct auth auth;
    auth_init(&auth, NULL, NULL, true);
    if (auth_learn(&auth, m)) {
        set_can(s, CAPABILITY_CHALLENGE);
        g_free(s->realm);
        s->realm = g_strdup(auth.realm);
        if (auth.algorithms_size > 0)
            set_can(s, CAPABILITY_ALGORITHMS);
        if (auth.algorithm == AUTH_ALGORITHM_SHA256)
            set_can(s, CAPABILITY_SHA256);
        if (auth_nonce_features(auth.nonce, &features) &&
            (features & AUTH_FEATURE_ANONYMITY))
            set_can(s, CAPABILITY_USERHASH);
    }
    if (stunmsg_has(m, STUNMSG_THIRD_PARTY_AUTHORIZATION))
        set_can(s, CAPABILITY_THIRD_PARTY);
    auth_clear(&auth);
}

/* An Allocate without credentials: a TURN server asks for them. */
static void explore_challenge(struct exploration *e)
{
    struct draft request;
    g_autoptr(GError) error = NULL;
    g_auto(auto_answer) answer = { 0 };
    bool is_answered = false;
    g_autoptr(auto_client) c = open_primary(e, &error);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, NULL);
    for (unsigned i = 0; i < SILENT_TRIES && !is_answered; i++)
        is_answered = client_exchange(c, &request, &answer, NULL);
    if (!is_answered)
        return;
    switch (answer_code(&answer)) {
    case 0: /* a success: open to all */
        if (answer.message.class == STUNMSG_SUCCESS)
            set_can(e->s, CAPABILITY_TURN);
        break;
    case STUNMSG_CODE_UNAUTHENTICATED:
        set_can(e->s, CAPABILITY_TURN);
        read_challenge(e->s, &answer.message);
        break;
    case STUNMSG_CODE_TRY_ALTERNATE:
        set_can(e->s, CAPABILITY_TURN);
        set_can(e->s, CAPABILITY_ALTERNATE);
        break;
    default:
        break;
    }
}

/* A client with an allocation; NULL: that is not to be had, and `error` says why. */
static struct client *allocate(struct exploration *e, enum probe_transport transport,
                               const struct allocate_options *options,
                               struct allocation *ret, GError **error)
{
    struct client *c = NULL;
    g_autoptr(GError) cause = NULL;
    for (unsigned i = 0; i < SILENT_TRIES && !c; i++) {
        struct client_options own = make_options(e, transport, &e->s->servers[transport]);
        g_clear_error(&cause);
        c = turn_open(&own, options, ret, &cause);
        if (cause && !g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_SILENT))
            break;
    }
    if (!c)
        g_propagate_error(error, g_steal_pointer(&cause));
    return c;
}

static void explore_denied(struct exploration *e, struct client *c)
{
    static const char *const candidates[] = { "127.0.0.1", "0.0.0.0", "169.254.169.254",
                                              "224.0.0.1", "255.255.255.255" };
    for (unsigned i = 0; i < G_N_ELEMENTS(candidates); i++) {
        struct endpoint peer = { .port = 9 };
        g_autoptr(GError) error = NULL;
        if (address_parse(candidates[i], &peer.address) &&
            !turn_permit(c, &peer, 1, &error) &&
            client_last_code(c) == STUNMSG_CODE_FORBIDDEN) {
            e->s->denied_peer = peer;
            set_can(e->s, CAPABILITY_DENIED);
            return;
        }
    }
}

static bool hears(struct connection *peer, const uint8_t *payload, size_t size,
                  int64_t deadline_ns)
{
    struct received in;
    struct endpoint from;
    while (connection_receive_from(peer, deadline_ns, &in, &from, NULL))
        if (in.size == size && memcmp(in.bytes, payload, size) == 0)
            return true;
    return false;
}

struct endpoint subject_learn_mapped(const struct subject *s, struct connection *peer,
                                     struct rng *rng)
{
    struct binding_way way = { .by = peer,
                               .to = s->servers[PROBE_UDP],
                               .timing = s->timing };
    struct endpoint mapped = connection_local(peer);
    struct draft request;
    g_auto(auto_heard) heard = { 0 };
    if (way.to.address.family != mapped.address.family)
        return mapped;
    draft_begin(&request, rng, STUNMSG_BINDING, STUNMSG_REQUEST);
    if (binding_ask(&way, &request, &heard, NULL))
        stunmsg_get_address(&heard.answer.message, STUNMSG_XOR_MAPPED_ADDRESS, &mapped);
    return mapped;
}

/* A datagram through the relay to a socket of ours. */
static gboolean cross_relay(struct exploration *e, struct client *c,
                            const struct allocation *allocation, GError **error)
{
    enum { TRIES = 3, PAYLOAD_SIZE = 8 };
    struct endpoint local = connection_local(client_connection(c)), mapped;
    local.port = 0;
    g_autoptr(auto_connection) peer = connection_open_peer(&local, e->transcript, error);
    if (!peer)
        return FALSE;
    mapped = subject_learn_mapped(e->s, peer, &e->rng);
    connection_punch(peer, &allocation->relayed); /* opens its NAT */
    if (!turn_permit(c, &mapped, 1, error))
        return FALSE;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t payload = rng_next(&e->rng);
        int64_t deadline_ns = clock_now_ns() + e->s->timing.rto_ms * NS_PER_MS;
        if (!turn_send(c, &mapped, (uint8_t *)&payload, PAYLOAD_SIZE, error))
            return FALSE;
        if (hears(peer, (uint8_t *)&payload, PAYLOAD_SIZE, deadline_ns))
            return TRUE;
    }
    char at[ENDPOINT_TEXT_SIZE];
    g_set_error(error, PROBE_ERROR, PROBE_ERROR_SILENT,
                "no datagram came through the relay to a peer of ours at %s: a firewall "
                "or NAT before this machine, or the server",
                endpoint_format(&mapped, at));
    return FALSE;
}

/* Our peers have the address family in which we speak to the server. */
static void explore_peer(struct exploration *e, struct client *plain,
                         const struct allocation *plain_allocation)
{
    struct subject *s = e->s;
    struct allocate_options options = { .family = ADDRESS_IPV6 };
    struct allocation allocation = *plain_allocation;
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_client) own = NULL;
    if (s->servers[s->transport].address.family == ADDRESS_IPV6) {
        s->relay_family = ADDRESS_IPV6;
        own = allocate(e, s->transport, &options, &allocation, &error);
        if (!own) {
            set_lack(s, CAPABILITY_PEER, error);
            return;
        }
    }
    if (cross_relay(e, own ? own : plain, &allocation, &error))
        set_can(s, CAPABILITY_PEER);
    else
        set_lack(s, CAPABILITY_PEER, error);
    if (own)
        turn_release(own);
}

static void explore_kind(struct exploration *e, enum probe_transport transport,
                         const struct allocate_options *options,
                         enum capability capability)
{
    struct allocation allocation;
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_client) c = allocate(e, transport, options, &allocation, &error);
    bool is_there = c && (capability != CAPABILITY_RESERVE || allocation.has_token);
    if (is_there)
        set_can(e->s, capability);
    else if (error)
        set_lack(e->s, capability, error);
    if (c)
        turn_release(c);
}

/* A ticket comes back in the success of an Allocate that has an empty one (RFC 8016
 * §3.1). */
static void explore_mobility(struct exploration *e)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(auto_client) c = open_primary(e, NULL);
    struct allocate_options mobile = { .is_mobile = true };
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, &mobile);
    if (!client_request(c, &request, &answer, &error)) {
        set_lack(e->s, CAPABILITY_MOBILITY, error);
        return;
    }
    if (stunmsg_has(&answer.message, STUNMSG_MOBILITY_TICKET))
        set_can(e->s, CAPABILITY_MOBILITY);
    turn_release(c);
}

static void explore_kinds(struct exploration *e)
{
    static const struct allocate_options ipv6 = { .family = ADDRESS_IPV6 };
    static const struct allocate_options reserving = { .is_even = true,
                                                       .reserves = true };
    static const struct allocate_options tcp = { .protocol = TURN_PROTOCOL_TCP };
    struct subject *s = e->s;
    explore_kind(e, s->transport, &ipv6, CAPABILITY_RELAY_IPV6);
    explore_kind(e, s->transport, &reserving, CAPABILITY_RESERVE);
    if (transport_is_stream(s->transport))
        explore_kind(e, s->transport, &tcp, CAPABILITY_TCP_RELAY);
    else if (subject_can(s, CAN(TCP)))
        explore_kind(e, PROBE_TCP, &tcp, CAPABILITY_TCP_RELAY);
    explore_mobility(e);
}

static gboolean explore_allocation(struct exploration *e, GError **error)
{
    struct allocation allocation;
    g_autoptr(GError) cause = NULL;
    g_autoptr(auto_client) c = allocate(e, e->s->transport, NULL, &allocation, &cause);
    if (!c) {
        if (g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_CREDENTIALS)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (g_error_matches(cause, PROBE_ERROR, PROBE_ERROR_REDIRECTED))
            set_can(e->s, CAPABILITY_ALTERNATE);
        set_lack(e->s, CAPABILITY_ALLOCATE, cause);
        return TRUE;
    }
    set_can(e->s, CAPABILITY_ALLOCATE);
    explore_denied(e, c);
    explore_peer(e, c, &allocation);
    turn_release(c);
    explore_kinds(e);
    return TRUE;
}

bool subject_is_alive(const struct subject *s)
{
    struct subject copy = *s; /* asking changes nothing in it */
    struct rng all = rng_seed(s->seed);
    struct exploration e = { .s = &copy, .rng = rng_fork(&all, "is alive") };
    g_auto(auto_answer) answer = { 0 };
    g_autoptr(auto_client) c = open_primary(&e, NULL);
    return c && bind_once(c, &answer, NULL);
}

/* ---- All of it -------------------------------------------------------------------- */

/* Cases ask often for what may not be answered, so they wait for some round trips only.
 */
static void set_case_timing(struct subject *s)
{
    enum { ROUND_TRIPS = 4, LEAST_MS = 100, TRANSMISSIONS = 4, LAST = 8 };
    int64_t rto_ms = ROUND_TRIPS * s->rtt_ns / NS_PER_MS;
    s->timing.rto_ms = (unsigned)CLAMP(rto_ms, LEAST_MS, (int64_t)s->timing.rto_ms);
    s->timing.rc = MIN(s->timing.rc, (unsigned)TRANSMISSIONS);
    s->timing.rm = LAST;
    /* 1 + 2 + 4 + 8 of them, over streams as well. */
    s->timing.timeout_ms =
        MIN(s->timing.timeout_ms, s->timing.rto_ms * ((1u << TRANSMISSIONS) - 1));
}

gboolean subject_explore(struct subject *s, struct transcript *transcript, GError **error)
{
    struct rng all = rng_seed(s->seed);
    struct exploration e = { .s = s,
                             .transcript = transcript,
                             .rng = rng_fork(&all, "explore") };
    if (!explore_primary(&e, error))
        return FALSE;
    set_case_timing(s);
    explore_transports(&e);
    explore_challenge(&e);
    if (s->username && s->password)
        set_can(s, CAPABILITY_AUTH);
    if (!subject_can(s, CAN(TURN)))
        return TRUE;
    if (subject_can(s, CAN(CHALLENGE)) && !subject_can(s, CAN(AUTH))) {
        g_free(s->lacks[CAPABILITY_ALLOCATE]);
        s->lacks[CAPABILITY_ALLOCATE] = g_strdup(subject_lack(s, CAN(AUTH)));
        return TRUE;
    }
    return explore_allocation(&e, error);
}
