/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call must come to, and when its outcome is known.
 *
 *     connecting ─► [ restarting ICE ─► resuming ─► ] going on ─► connected
 *
 * Connected: both peers are, a payload that this call made up has crossed in each
 * direction, and the first frame of all media that was asked for has been decoded. A
 * payload is sent again until it has come, as a datagram may be lost. Where the answerer
 * echoes, the offerer gets back what it sent, and nothing of the answerer's own. After an
 * ICE restart new payloads must cross. For as long as the call goes on after that, the
 * peers must stay connected.
 *
 * Failed: both peers say so, or one does and the other is not connected for five seconds
 * after it.
 */
#include "call/call_state.h"

#include <string.h>

#include "base/clock.h"
#include "base/rng.h"

static const int64_t resend_ns = 250 * NS_PER_MS;
static const int64_t failure_grace_ns = 5 * NS_PER_S;
static const int64_t exit_limit_ns = 1 * NS_PER_S;

static const struct scenario_session *session_of(const struct call *call)
{
    return &call->spec->scenario->session;
}

void call_tell(struct call *call, struct call_peer *peer, json_t *message)
{
    if (!peer_link_send(peer->link, message) && !peer->is_done)
        call_decide(call, OUTCOME_ERROR, "%s does not read its contract",
                    role_names[peer->role]);
}

/* ---- payloads ---- */

/* Two digits a byte; its first byte, ff, is in no UTF-8 text. */
static char *make_hex(uint64_t number)
{
    return g_strdup_printf("ff00%016" G_GINT64_MODIFIER "x", number);
}

static void await_payloads(struct call *call)
{
    if (!(session_of(call)->negotiate & SCENARIO_DATA))
        return;
    struct rng rng = rng_seed(call->spec->seed);
    for (unsigned role = 0; role < N_ROLES; role++) {
        struct call_peer *peer = &call->peers[role];
        g_autofree char *name =
            g_strdup_printf("%s %u", role_names[role], peer->payloads->len);
        struct rng own = rng_fork(&rng, name);
        uint64_t number = rng_next(&own);
        g_ptr_array_add(peer->payloads,
                        session_of(call)->channel.binary
                            ? make_hex(number)
                            : g_strdup_printf("rtclab to %s %016" G_GINT64_MODIFIER "x",
                                              role_names[role], number));
        peer->awaits |= SCENARIO_DATA;
        peer->next_send_ns = lab_now_ns(call->lab);
    }
    if (session_of(call)->echo & SCENARIO_DATA) {
        GPtrArray *offerers = call->peers[ROLE_OFFERER].payloads;
        GPtrArray *answerers = call->peers[ROLE_ANSWERER].payloads;
        g_free(offerers->pdata[offerers->len - 1]);
        offerers->pdata[offerers->len - 1] =
            g_strdup(answerers->pdata[answerers->len - 1]);
    }
}

/* Media that must come to a peer. */
static unsigned media_for(const struct scenario_session *session, enum role role)
{
    bool comes = session->direction == SCENARIO_SENDRECV ||
                 (session->direction == SCENARIO_SENDONLY) == (role == ROLE_ANSWERER);
    return comes ? session->negotiate & ~(unsigned)SCENARIO_DATA : 0;
}

void call_begin_session(struct call *call)
{
    for (unsigned role = 0; role < N_ROLES; role++)
        call->peers[role].awaits = media_for(session_of(call), role);
    await_payloads(call);
}

bool call_take_payload(struct call_peer *peer, const json_t *data)
{
    const char *text = json_string_value(json_object_get(data, "data"));
    const char *hex = json_string_value(json_object_get(data, "data_hex"));
    for (unsigned i = 0; i < peer->payloads->len; i++) {
        const char *payload = g_ptr_array_index(peer->payloads, i);
        if (g_strcmp0(text, payload) != 0 && g_strcmp0(hex, payload) != 0)
            continue;
        if (i == peer->payloads->len - 1)
            peer->awaits &= ~(unsigned)SCENARIO_DATA;
        return true;
    }
    return false;
}

/* A data channel opens some round trips after the connection. To wait here until it is
   said to be open, not in the peer, is what makes a call repeatable: nobody else of its
   threads is then at work. */
static bool can_send(const struct call_peer *peer)
{
    return peer->is_connected &&
           (!call_peer_does_dtls(peer) || peer->phases_ns[PHASE_CHANNEL_OPEN] >= 0);
}

/* Whether somebody awaits what a peer sends, and it can. */
static bool has_to_send(const struct call *call, const struct call_peer *peer)
{
    unsigned awaits = call->peers[!peer->role].awaits;
    if (session_of(call)->echo & SCENARIO_DATA)
        awaits = peer->role == ROLE_OFFERER ? awaits | peer->awaits : 0;
    return can_send(peer) && (awaits & SCENARIO_DATA);
}

static void send_payloads(struct call *call, int64_t now_ns)
{
    for (unsigned role = 0; role < N_ROLES; role++) {
        struct call_peer *peer = &call->peers[role];
        const GPtrArray *payloads = call->peers[!role].payloads;
        if (!has_to_send(call, peer) || now_ns < peer->next_send_ns)
            continue;
        peer->next_send_ns = now_ns + resend_ns;
        const char *payload = payloads->pdata[payloads->len - 1];
        call_tell(call, peer,
                  session_of(call)->channel.binary ? contract_make_send_binary(payload)
                                                   : contract_make_send(payload));
    }
}

/* ---- stages ---- */

static bool both(const struct call *call, bool (*test)(const struct call_peer *peer))
{
    return test(&call->peers[ROLE_OFFERER]) && test(&call->peers[ROLE_ANSWERER]);
}

static bool is_served(const struct call_peer *peer)
{
    return peer->connected_ns >= 0 && peer->awaits == 0;
}

static bool is_reconnected(const struct call_peer *peer)
{
    return peer->reconnected_ns >= 0;
}

static void restart_ice(struct call *call, int64_t now_ns)
{
    call->stage = STAGE_RESTARTING;
    call->restart_ns = now_ns;
    call_tell(call, &call->peers[ROLE_OFFERER],
              contract_make_plain(CONTRACT_RESTART_ICE));
}

static void go_on(struct call *call, int64_t now_ns)
{
    call->stage = STAGE_GOING_ON;
    call->served_ns = now_ns;
}

static void end_in_good_order(struct call *call)
{
    for (unsigned role = 0; role < N_ROLES; role++)
        if (!call->peers[role].is_connected)
            call_decide(call, OUTCOME_FAILED, "%s did not stay connected",
                        role_names[role]);
    call_decide(call, OUTCOME_CONNECTED, NULL);
}

static void advance(struct call *call, int64_t now_ns)
{
    if (call->stage == STAGE_CONNECTING && both(call, is_served)) {
        if (session_of(call)->restart_ice)
            restart_ice(call, now_ns);
        else
            go_on(call, now_ns);
    }
    if (call->stage == STAGE_RESTARTING && both(call, is_reconnected)) {
        call->stage = STAGE_RESUMING;
        await_payloads(call);
    }
    if (call->stage == STAGE_RESUMING && both(call, is_served))
        go_on(call, now_ns);
    if (call->stage == STAGE_GOING_ON &&
        now_ns >= call->served_ns + session_of(call)->duration_ns)
        end_in_good_order(call);
}

/* ---- the outcome ---- */

static void fail(struct call *call, const char *who, const struct call_peer *peer)
{
    g_autofree char *reason =
        peer->reason ? g_strdup_printf(": %s", peer->reason) : g_strdup("");
    g_autofree char *when =
        call->served_ns < 0
            ? g_strdup("")
            : g_strdup_printf(" %.1f s after the call was up",
                              (double)(call->first_failure_ns - call->served_ns) /
                                  NS_PER_S);
    call_decide(call, OUTCOME_FAILED, "%s failed%s%s", who, when, reason);
}

static void decide_by_state(struct call *call, int64_t now_ns)
{
    const struct call_peer *a = &call->peers[ROLE_OFFERER];
    const struct call_peer *b = &call->peers[ROLE_ANSWERER];
    const struct call_peer *failed = a->has_failed ? a : b;
    if (a->has_failed && b->has_failed)
        fail(call, "both peers", a->reason ? a : b);
    else if ((a->has_failed || b->has_failed) &&
             now_ns >= call->first_failure_ns + failure_grace_ns)
        fail(call, role_names[failed->role], failed);
}

/* A contract that ends is followed by the process's end, which says more. */
static void decide_by_silence(struct call *call, int64_t now_ns)
{
    for (unsigned role = 0; role < N_ROLES; role++) {
        int64_t closed_ns = call->peers[role].closed_ns;
        if (closed_ns >= 0 && now_ns >= closed_ns + exit_limit_ns)
            call_decide(call, OUTCOME_ERROR, "%s closed its contract; see %s.log",
                        role_names[role], role_names[role]);
    }
}

/* What the call waited for in vain. */
static char *describe_wait(const struct call *call)
{
    if (call->stage == STAGE_RESTARTING)
        return g_strdup("no pair after the ICE restart");
    for (unsigned role = 0; role < N_ROLES; role++) {
        const struct call_peer *peer = &call->peers[role];
        if (call->peers[!role].connected_ns < 0 || peer->connected_ns < 0)
            continue;
        for (unsigned i = 0; i < SCENARIO_N_NEGOTIATE; i++)
            if (peer->awaits & 1u << i)
                return g_strdup_printf("connected, but no %s came to the %s",
                                       scenario_negotiate_names[i], role_names[role]);
    }
    return g_strdup("not connected");
}

int64_t call_limit_ns(const struct call *call)
{
    return call->stage == STAGE_GOING_ON ? CLOCK_NEVER
                                         : call->start_ns + call->spec->timeout_ns;
}

static void decide_by_time(struct call *call, int64_t now_ns)
{
    if (call->is_decided || now_ns < call_limit_ns(call))
        return;
    g_autofree char *what = describe_wait(call);
    call_decide(call, OUTCOME_TIMEOUT, "%s after %.1f s", what,
                (double)call->spec->timeout_ns / NS_PER_S);
}

void call_act(struct call *call)
{
    int64_t now_ns = lab_now_ns(call->lab);
    advance(call, now_ns);
    decide_by_state(call, now_ns);
    decide_by_silence(call, now_ns);
    decide_by_time(call, now_ns);
    if (!call->is_decided)
        send_payloads(call, now_ns);
}

int64_t call_session_deadline(const struct call *call)
{
    int64_t deadline_ns = CLOCK_NEVER;
    if (call->stage == STAGE_GOING_ON)
        deadline_ns = call->served_ns + session_of(call)->duration_ns;
    for (unsigned role = 0; role < N_ROLES; role++) {
        const struct call_peer *peer = &call->peers[role];
        if (has_to_send(call, peer))
            deadline_ns = MIN(deadline_ns, peer->next_send_ns);
        if (peer->has_failed)
            deadline_ns = MIN(deadline_ns, call->first_failure_ns + failure_grace_ns);
        if (peer->closed_ns >= 0)
            deadline_ns = MIN(deadline_ns, peer->closed_ns + exit_limit_ns);
    }
    return deadline_ns;
}
