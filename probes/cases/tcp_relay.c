/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases T: TCP relay, RFC 6062. The control connection has the allocation; each
 * connection to a peer has one of its own to the client, which is bound by its id. What
 * flows there is no STUN; our payloads look like ChannelData, so that the framing of
 * connection.h hands them out whole.
 */
#include "probes/cases/trial.h"

#include <string.h>

#include "base/clock.h"
#include "probes/cases/tcp_peer.h"
#include "probes/core/error.h"

static const struct allocate_options tcp_options = { .protocol = TURN_PROTOCOL_TCP };

/* ---- Shared ----------------------------------------------------------------------- */

/* The URI's transport if it is a stream, else TCP. */
static struct client *open_stream(struct trial *t)
{
    enum probe_transport transport = trial_subject(t)->transport;
    return trial_client_over(t, transport_is_stream(transport) ? transport : PROBE_TCP);
}

static struct client *open_control(struct trial *t, struct allocation *ret)
{
    struct client *c = open_stream(t);
    return c && trial_allocate(t, c, &tcp_options, ret) ? c : NULL;
}

/* Where on this machine peers can be: not behind a NAT, which lets no connection in. */
static bool find_local(struct trial *t, struct endpoint *ret)
{
    struct peer *peer = trial_peer(t);
    if (!peer)
        return false;
    *ret = connection_local(peer->connection);
    ret->port = 0;
    if (address_equal(&ret->address, &peer->address.address))
        return true;
    trial_inconclusive(t, "this machine is behind a NAT, which lets no TCP in");
    return false;
}

static int listen_as_peer(struct trial *t, struct endpoint *ret)
{
    struct endpoint local;
    g_autoptr(GError) error = NULL;
    if (!find_local(t, &local))
        return -1;
    int fd = tcp_peer_listen(&local, ret, &error);
    if (fd < 0)
        trial_error(t, error);
    return fd;
}

/*
 * Asks for a connection to a peer. A server may try for 30 s and more (RFC 6062 §5.2), so
 * silence proves nothing.
 */
static bool connect_to(struct trial *t, struct client *control,
                       const struct endpoint *peer, struct outcome *ret)
{
    struct draft request;
    g_autoptr(GError) error = NULL;
    client_begin(control, &request, STUNMSG_CONNECT, STUNMSG_REQUEST);
    stunmsg_add_address(&request.b, STUNMSG_XOR_PEER_ADDRESS, peer);
    if (client_request(control, &request, &ret->answer, &error)) {
        ret->said = g_strdup("success");
        return true;
    }
    bool is_answer = g_error_matches(error, PROBE_ERROR, PROBE_ERROR_ANSWER) ||
                     g_error_matches(error, PROBE_ERROR, PROBE_ERROR_CREDENTIALS);
    ret->code = is_answer ? client_last_code(control) : 0;
    ret->said = g_strdup(error->message);
    if (ret->code == 0)
        trial_inconclusive(t, "Connect: %s: it may still be trying", error->message);
    return ret->code > 0;
}

/* Binds a connection of its own to an id, with the credentials of the control connection
   (RFC 6062 §5.4). NULL: there is a verdict, or none was to be had. */
static struct client *bind_connection(struct trial *t, struct client *control,
                                      uint32_t id, struct outcome *ret)
{
    struct draft request;
    struct client *c = open_stream(t);
    if (!c)
        return NULL;
    auth_learn_from(client_auth(c), client_auth(control));
    client_begin(c, &request, STUNMSG_CONNECTION_BIND, STUNMSG_REQUEST);
    stunmsg_add_number(&request.b, STUNMSG_CONNECTION_ID, id);
    return trial_request(t, c, &request, ret) ? c : NULL;
}

/* ---- T01, T02: allocations -------------------------------------------------------- */

static void over_datagrams(struct trial *t)
{
    enum probe_transport transport = trial_subject(t)->transport;
    struct draft request;
    g_auto(auto_outcome) outcome = { 0 };
    struct client *c =
        trial_client_over(t, transport_is_stream(transport) ? PROBE_UDP : transport);
    if (!c)
        return;
    client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request.b, &tcp_options);
    if (trial_request(t, c, &request, &outcome))
        trial_expect_outcome(t, &outcome, STUNMSG_CODE_BAD_REQUEST);
}

static void unfit_attributes(struct trial *t)
{
    uint8_t token[TRIAL_PAYLOAD_SIZE];
    trial_payload(t, token);
    const struct {
        struct allocate_options options;
        const char *what;
    } variants[] = {
        { { .protocol = TURN_PROTOCOL_TCP, .is_even = true }, "EVEN-PORT" },
        { { .protocol = TURN_PROTOCOL_TCP, .does_not_fragment = true }, "DONT-FRAGMENT" },
        { { .protocol = TURN_PROTOCOL_TCP, .token = token }, "RESERVATION-TOKEN" },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(variants); i++) {
        struct draft request;
        g_auto(auto_outcome) outcome = { 0 };
        struct client *c = open_stream(t);
        if (!c)
            return;
        client_begin(c, &request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
        turn_add_allocate(&request.b, &variants[i].options);
        if (!trial_request(t, c, &request, &outcome))
            return;
        /* A server that knows no DONT-FRAGMENT at all says so first. */
        bool is_unknown = outcome.code == STUNMSG_CODE_UNKNOWN_ATTRIBUTE &&
                          variants[i].options.does_not_fragment;
        if (outcome.code != STUNMSG_CODE_BAD_REQUEST && !is_unknown)
            trial_fail(t, "with %s: %s, must be 400", variants[i].what, outcome.said);
    }
    trial_pass(t, "400 with EVEN-PORT, DONT-FRAGMENT and RESERVATION-TOKEN");
}

/* ---- T03 to T06, T08: connections to peers ---------------------------------------- */

/* A payload that is framed as ChannelData. */
static void make_payload(struct trial *t, uint8_t out[TRIAL_PAYLOAD_SIZE])
{
    trial_payload(t, out);
    stunmsg_channel_data_header(out, STUNMSG_CHANNEL_MIN,
                                TRIAL_PAYLOAD_SIZE - STUNMSG_CHANNEL_HEADER_SIZE);
}

/* Bytes both ways between a bound connection and the peer's. */
static void try_bytes(struct trial *t, struct client *data, int peer)
{
    uint8_t there[TRIAL_PAYLOAD_SIZE], back[TRIAL_PAYLOAD_SIZE], got[TRIAL_PAYLOAD_SIZE];
    struct received received;
    g_autoptr(GError) error = NULL;
    make_payload(t, there);
    make_payload(t, back);
    if (!connection_send(client_connection(data), there, sizeof there, NULL, &error)) {
        trial_fail(t, "the bound connection: %s", error->message);
        return;
    }
    if (!tcp_peer_read(peer, got, sizeof got, trial_soon_ns(t)) ||
        memcmp(got, there, sizeof got) != 0) {
        trial_fail(t, "bytes of the client did not get to the peer");
        return;
    }
    if (!tcp_peer_write(peer, back, sizeof back) ||
        !connection_receive(client_connection(data), trial_soon_ns(t), &received,
                            &error) ||
        received.size != sizeof back || memcmp(received.bytes, back, sizeof back) != 0)
        trial_fail(t, "bytes of the peer did not get to the client");
    else
        trial_pass(t, "a CONNECTION-ID, and bytes both ways");
}

static void connection_flows(struct trial *t)
{
    struct allocation allocation;
    struct endpoint address, from = { 0 };
    uint32_t id;
    g_auto(auto_outcome) connected = { 0 }, bound = { 0 };
    struct client *control = open_control(t, &allocation);
    g_auto(tcp_peer_fd) listener = control ? listen_as_peer(t, &address) : -1;
    if (listener < 0 || !connect_to(t, control, &address, &connected))
        return;
    if (connected.code > 0 || stunmsg_get_u32(&connected.answer.message,
                                              STUNMSG_CONNECTION_ID, &id) != STUNMSG_OK) {
        trial_fail(t, "%s, must be a success with CONNECTION-ID", connected.said);
        return;
    }
    g_auto(tcp_peer_fd) peer = tcp_peer_accept(listener, trial_soon_ns(t), &from);
    if (peer < 0) {
        trial_fail(t, "a success, but no connection to the peer");
        return;
    }
    if (!endpoint_equal(&from, &allocation.relayed)) {
        char seen[ENDPOINT_TEXT_SIZE], relayed[ENDPOINT_TEXT_SIZE];
        trial_fail(t, "the connection comes from %s, not from the relayed address %s",
                   endpoint_format(&from, seen),
                   endpoint_format(&allocation.relayed, relayed));
        return;
    }
    struct client *data = bind_connection(t, control, id, &bound);
    if (!data)
        return;
    if (bound.code > 0)
        trial_fail(t, "%s, must be a success", bound.said);
    else
        try_bytes(t, data, peer);
}

static void second_connect(struct trial *t)
{
    struct allocation allocation;
    struct endpoint address;
    g_auto(auto_outcome) first = { 0 }, second = { 0 };
    struct client *control = open_control(t, &allocation);
    g_auto(tcp_peer_fd) listener = control ? listen_as_peer(t, &address) : -1;
    if (listener < 0 || !connect_to(t, control, &address, &first))
        return;
    if (first.code > 0)
        trial_inconclusive(t, "the first one: %s", first.said);
    else if (connect_to(t, control, &address, &second))
        trial_expect_outcome(t, &second, STUNMSG_CODE_CONNECTION_ALREADY_EXISTS);
}

static void refusing_peer(struct trial *t)
{
    struct allocation allocation;
    struct endpoint address;
    g_auto(auto_outcome) outcome = { 0 };
    struct client *control = open_control(t, &allocation);
    int listener = control ? listen_as_peer(t, &address) : -1;
    if (listener < 0)
        return;
    tcp_peer_close(listener); /* its port refuses now */
    if (connect_to(t, control, &address, &outcome))
        trial_expect_outcome(t, &outcome, STUNMSG_CODE_CONNECTION_TIMEOUT);
}

static void unknown_connection(struct trial *t)
{
    struct allocation allocation;
    g_auto(auto_outcome) outcome = { 0 };
    struct client *control = open_control(t, &allocation);
    if (control && bind_connection(t, control, UINT32_MAX, &outcome))
        trial_expect_outcome(t, &outcome, STUNMSG_CODE_BAD_REQUEST);
}

/* Where Connect, if it is not refused, does no harm: at the server itself. */
static bool is_at_server(const struct address *a)
{
    static const struct address loopback = { ADDRESS_IPV4, { 127 } },
                                unspecified = { ADDRESS_IPV4, { 0 } };
    return address_in_prefix(a, &loopback, 8) || address_in_prefix(a, &unspecified, 8);
}

static void denied_peer(struct trial *t)
{
    const struct subject *s = trial_subject(t);
    struct allocation allocation;
    g_auto(auto_outcome) outcome = { 0 };
    if (!is_at_server(&s->denied_peer.address) && !s->allows_intrusion) {
        trial_unsupported(t, "the server denies no address of its own; that others are "
                             "denied only --intrusive tries, since else it connects");
        return;
    }
    struct client *control = open_control(t, &allocation);
    if (control && connect_to(t, control, &s->denied_peer, &outcome))
        trial_expect_outcome(t, &outcome, STUNMSG_CODE_FORBIDDEN);
}

/* ---- T07: connections from peers -------------------------------------------------- */

/* The indication that a peer has connected. */
static bool hear_attempt(struct trial *t, struct client *control,
                         const struct endpoint *peer)
{
    int64_t deadline_ns = trial_soon_ns(t);
    g_auto(auto_inbound) in = { 0 };
    while (client_next(control, deadline_ns, &in, NULL)) {
        struct stunmsg m;
        uint32_t id;
        struct endpoint from;
        bool is_attempt = stunmsg_decode(in.bytes, in.size, &m) == STUNMSG_OK &&
                          m.class == STUNMSG_INDICATION &&
                          m.method == STUNMSG_CONNECTION_ATTEMPT;
        if (is_attempt &&
            (stunmsg_get_u32(&m, STUNMSG_CONNECTION_ID, &id) != STUNMSG_OK ||
             stunmsg_get_address(&m, STUNMSG_XOR_PEER_ADDRESS, &from) != STUNMSG_OK ||
             !address_equal(&from.address, &peer->address))) {
            trial_fail(t, "a ConnectionAttempt without CONNECTION-ID, or without the "
                          "peer's address");
            return false;
        }
        inbound_clear(&in);
        if (is_attempt)
            return true;
    }
    trial_fail(t, "no ConnectionAttempt for a peer with a permission");
    return false;
}

/* RFC 6062 §5.3: after 30 s the server must close what the client has not bound. */
static void unbound_closes(struct trial *t)
{
    enum { LIMIT_S = 30, MARGIN_S = 10 };
    struct allocation allocation;
    struct client *control = open_control(t, &allocation);
    struct peer *seen = control ? trial_peer(t) : NULL;
    if (!seen || !trial_permit(t, control, seen))
        return;
    struct endpoint local = connection_local(seen->connection);
    local.port = 0;
    g_auto(tcp_peer_fd) peer =
        tcp_peer_connect(&local, &allocation.relayed, trial_soon_ns(t));
    if (peer < 0) {
        trial_fail(t, "the relayed address takes no connection");
        return;
    }
    int64_t start_ns = clock_now_ns();
    if (!hear_attempt(t, control, &seen->address))
        return;
    if (tcp_peer_ends(peer, start_ns + (LIMIT_S - MARGIN_S) * NS_PER_S)) {
        trial_fail(t, "closed after %.1f s, though the client has 30 s to bind it",
                   (double)(clock_now_ns() - start_ns) / (double)NS_PER_S);
        return;
    }
    if (tcp_peer_ends(peer, start_ns + (LIMIT_S + MARGIN_S) * NS_PER_S))
        trial_pass(t, "a ConnectionAttempt; closed after %.1f s",
                   (double)(clock_now_ns() - start_ns) / (double)NS_PER_S);
    else
        trial_fail(t, "still open after 40 s, though nobody bound it");
}

/* ---- The table -------------------------------------------------------------------- */

#define CAPABLE CAN(TCP_RELAY)

static const struct test_case cases[] = {
    { .id = "T01",
      .title = "a client over UDP gets no TCP allocation",
      .clause = "RFC 6062 §5.1",
      .classic = "RFC 6062 §5.1",
      .level = CASE_MUST,
      .needs = CAPABLE | CAN(UDP),
      .expected = "400 (Bad Request)",
      .run = over_datagrams },
    { .id = "T02",
      .title = "no EVEN-PORT, DONT-FRAGMENT or token with a TCP allocation",
      .clause = "RFC 6062 §5.1",
      .classic = "RFC 6062 §5.1",
      .level = CASE_MUST,
      .needs = CAPABLE,
      .expected = "400 (Bad Request)",
      .run = unfit_attributes },
    { .id = "T03",
      .title = "Connect opens a connection to the peer, and bytes flow",
      .clause = "RFC 6062 §5.2, §5.4",
      .classic = "RFC 6062 §5.2, §5.4",
      .level = CASE_MUST,
      .needs = CAPABLE | CAN(PEER),
      .expected = "CONNECTION-ID, then bytes both ways",
      .run = connection_flows },
    { .id = "T04",
      .title = "a second Connect to the same peer is refused",
      .clause = "RFC 6062 §5.2",
      .classic = "RFC 6062 §5.2",
      .level = CASE_MUST,
      .needs = CAPABLE | CAN(PEER),
      .expected = "446 (Connection Already Exists)",
      .run = second_connect },
    { .id = "T05",
      .title = "a peer that refuses is told of",
      .clause = "RFC 6062 §5.2",
      .classic = "RFC 6062 §5.2",
      .level = CASE_MUST,
      .needs = CAPABLE | CAN(PEER),
      .expected = "447 (Connection Timeout or Failure)",
      .run = refusing_peer },
    { .id = "T06",
      .title = "ConnectionBind with an unknown id is a bad request",
      .clause = "RFC 6062 §5.4",
      .classic = "RFC 6062 §5.4",
      .level = CASE_MUST,
      .needs = CAPABLE,
      .expected = "400 (Bad Request)",
      .run = unknown_connection },
    { .id = "T07",
      .title = "a peer's connection is announced, and closed if nobody binds it",
      .clause = "RFC 6062 §5.3",
      .classic = "RFC 6062 §5.3",
      .level = CASE_MUST,
      .tags = CASE_SLOW,
      .needs = CAPABLE | CAN(PEER),
      .expected = "ConnectionAttempt, then closed after 30 s",
      .run = unbound_closes },
    { .id = "T08",
      .title = "Connect to a denied peer is forbidden",
      .clause = "RFC 6062 §5.2",
      .classic = "RFC 6062 §5.2",
      .level = CASE_MUST,
      .needs = CAPABLE | CAN(DENIED),
      .expected = "403 (Forbidden)",
      .run = denied_peer },
};

const struct case_group cases_tcp_relay = { .letter = 'T',
                                            .tag = "tcp-relay",
                                            .title = "TCP relay, RFC 6062",
                                            .cases = cases,
                                            .n_cases = G_N_ELEMENTS(cases) };
