/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the cases of allocations, permissions and channels: RFC 8656 §7 to §12. */
#include "probes/cases/relay_steps.h"

#include <string.h>

#include "base/clock.h"

/* ---- Requests --------------------------------------------------------------------- */

bool step_make_ready(struct trial *t, struct client *c)
{
    return !subject_can(trial_subject(t), CAN(CHALLENGE)) || trial_challenge(t, c);
}

struct client *step_ready_over(struct trial *t, enum probe_transport transport)
{
    struct client *c = trial_client_over(t, transport);
    return c && step_make_ready(t, c) ? c : NULL;
}

struct client *step_ready(struct trial *t)
{
    return step_ready_over(t, trial_subject(t)->transport);
}

void step_sign(struct client *c, struct draft *request)
{
    if (auth_is_ready(client_auth(c)))
        client_sign(c, request);
}

bool step_expect_code(struct trial *t, struct client *c, const struct draft *request,
                      unsigned code, const char *what)
{
    g_auto(auto_answer) answer = { 0 };
    if (!trial_exchange(t, c, request, &answer))
        return false;
    g_autofree char *said = answer_describe(&answer);
    if (answer_code(&answer) == code) {
        trial_pass(t, "%s", said);
        return true;
    }
    trial_fail(t, "%s %s, must be %u", said, what, code);
    if (answer.message.class == STUNMSG_SUCCESS &&
        answer.message.method == STUNMSG_ALLOCATE)
        turn_release(c);
    return false;
}

static void begin_allocate(struct client *c, struct draft *request,
                           const struct allocate_options *options)
{
    client_begin(c, request, STUNMSG_ALLOCATE, STUNMSG_REQUEST);
    turn_add_allocate(&request->b, options);
    step_sign(c, request);
}

bool step_refuse_allocate(struct trial *t, struct client *c,
                          const struct allocate_options *options, unsigned code)
{
    struct draft request;
    begin_allocate(c, &request, options);
    return trial_expect_code(t, c, &request, code);
}

bool step_expect_allocation(struct trial *t, struct client *c,
                            const struct allocate_options *options,
                            struct allocation *ret)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    begin_allocate(c, &request, options);
    if (!trial_expect_success(t, c, &request, &answer))
        return false;
    turn_read_allocation(&answer.message, ret);
    return true;
}

struct endpoint step_peer_address(const struct trial *t,
                                  const struct allocation *allocation, uint16_t port)
{
    struct endpoint peer = allocation->mapped;
    /* Our own address, if a relay to it was seen to work; else one for documentation (RFC
       5737, RFC 3849), which few servers deny. */
    if (!subject_can(trial_subject(t), CAN(PEER)) ||
        peer.address.family != allocation->relayed.address.family)
        address_parse(allocation->relayed.address.family == ADDRESS_IPV6 ? "2001:db8::1"
                                                                         : "192.0.2.1",
                      &peer.address);
    peer.port = port;
    return peer;
}

void step_begin_bind(struct client *c, struct draft *request, uint16_t channel,
                     const struct endpoint *peer)
{
    client_begin(c, request, STUNMSG_CHANNEL_BIND, STUNMSG_REQUEST);
    if (channel)
        stunmsg_add_number(&request->b, STUNMSG_CHANNEL_NUMBER, channel);
    if (peer)
        stunmsg_add_address(&request->b, STUNMSG_XOR_PEER_ADDRESS, peer);
}

bool step_expect_bound(struct trial *t, struct client *c, uint16_t channel,
                       const struct endpoint *peer)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    step_begin_bind(c, &request, channel, peer);
    step_sign(c, &request);
    if (!trial_exchange(t, c, &request, &answer))
        return false;
    if (answer.message.class == STUNMSG_SUCCESS)
        return true;
    char at[ENDPOINT_TEXT_SIZE];
    g_autofree char *said = answer_describe(&answer);
    endpoint_format(peer, at);
    if (answer_code(&answer) == STUNMSG_CODE_FORBIDDEN)
        trial_inconclusive(t, "binding 0x%04X to %s: %s", channel, at, said);
    else
        trial_fail(t, "binding 0x%04X to %s: %s", channel, at, said);
    return false;
}

bool step_refuse_bind(struct trial *t, struct client *c, uint16_t channel,
                      const struct endpoint *peer, unsigned code)
{
    struct draft request;
    step_begin_bind(c, &request, channel, peer);
    step_sign(c, &request);
    return trial_expect_code(t, c, &request, code);
}

/* ---- Data ------------------------------------------------------------------------- */

/* Where data must arrive, a path that loses it in bursts is given more chances. */
enum { MOST_ROUNDS = 3 };

static bool judge_arrival(struct trial *t, enum passage passage, const char *direction)
{
    switch (passage) {
    case PASSAGE_ARRIVED:
        return true;
    case PASSAGE_NOT:
        trial_fail(t, "data %s the peer does not arrive", direction);
        return false;
    case PASSAGE_UNPROVEN:
        break;
    }
    trial_inconclusive(t, "data %s the peer does not arrive, nor is a Binding answered",
                       direction);
    return false;
}

bool step_expect_to_peer(struct trial *t, struct client *c, uint16_t channel,
                         const struct peer *peer)
{
    enum passage passage = PASSAGE_NOT;
    for (unsigned i = 0; i < MOST_ROUNDS && passage == PASSAGE_NOT; i++)
        passage = trial_client_to_peer(t, c, channel, peer, NULL);
    return judge_arrival(t, passage, "to");
}

bool step_expect_from_peer(struct trial *t, const struct relay *relay,
                           struct turn_data *ret)
{
    enum passage passage = PASSAGE_NOT;
    for (unsigned i = 0; i < MOST_ROUNDS && passage == PASSAGE_NOT; i++)
        passage =
            trial_peer_to_client(t, relay->client, &relay->allocation, relay->peer, ret);
    return judge_arrival(t, passage, "from");
}

static bool expect_none(struct trial *t, enum passage passage, const char *crossing)
{
    switch (passage) {
    case PASSAGE_ARRIVED:
        trial_fail(t, "%s", crossing);
        return false;
    case PASSAGE_NOT:
        trial_pass(t, "dropped, and a Binding after it answered");
        return true;
    case PASSAGE_UNPROVEN:
        break;
    }
    trial_inconclusive(t, "nothing arrived, but neither was a Binding answered");
    return false;
}

bool step_expect_none_to_peer(struct trial *t, struct client *c, uint16_t channel,
                              const struct peer *peer, const char *crossing)
{
    return expect_none(t, trial_client_to_peer(t, c, channel, peer, NULL), crossing);
}

bool step_expect_none_from_peer(struct trial *t, struct client *c,
                                const struct allocation *allocation,
                                const struct peer *peer, const char *crossing)
{
    return expect_none(t, trial_peer_to_client(t, c, allocation, peer, NULL), crossing);
}

void step_open_way(const struct peer *peer, const struct allocation *allocation)
{
    connection_punch(peer->connection, &allocation->relayed);
}

bool step_hears_empty(const struct peer *peer, const struct allocation *allocation,
                      int64_t deadline_ns)
{
    struct received in;
    struct endpoint from;
    while (connection_receive_from(peer->connection, deadline_ns, &in, &from, NULL))
        if (in.size == 0 && endpoint_equal(&from, &allocation->relayed))
            return true;
    return false;
}

/* ---- Minutes ---------------------------------------------------------------------- */

struct vigil vigil_start(struct client *c, const struct allocation *kept)
{
    enum { LONGEST_S = 120 };
    int64_t now_ns = clock_now_ns();
    int64_t half_s = kept ? kept->lifetime_s / 2 : 0;
    return (struct vigil){
        .client = c,
        .start_ns = now_ns,
        .refreshed_ns = now_ns,
        .refresh_ns = kept ? CLAMP(half_s, 1, LONGEST_S) * NS_PER_S : CLOCK_NEVER,
    };
}

static void keep_path(struct client *c)
{
    struct draft request;
    g_auto(auto_answer) answer = { 0 };
    client_begin(c, &request, STUNMSG_BINDING, STUNMSG_REQUEST);
    client_exchange(c, &request, &answer, NULL);
}

bool vigil_until_s(struct trial *t, struct vigil *vigil, unsigned seconds)
{
    enum { STEP_S = 20 };
    int64_t end_ns = vigil->start_ns + seconds * NS_PER_S;
    for (;;) {
        int64_t now_ns = clock_now_ns();
        if (now_ns >= end_ns)
            return true;
        int64_t step_ns = MIN(end_ns - now_ns, STEP_S * NS_PER_S);
        if (!trial_wait_s(t, (double)step_ns / (double)NS_PER_S))
            return false;
        keep_path(vigil->client);
        if (clock_now_ns() - vigil->refreshed_ns >= vigil->refresh_ns) {
            turn_refresh(vigil->client, TURN_DEFAULT_LIFETIME_S, NULL, NULL);
            vigil->refreshed_ns = clock_now_ns();
        }
    }
}
