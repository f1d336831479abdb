/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model of predict.h. With G a peer's gathering, g the time until it has the
 * candidate that decides, and S the way of a signal, the offerer can check that pair
 *
 *     in full    after  G(offerer) + S + G(answerer) + S
 *     in trickle after  max(g(offerer), S + g(answerer)) + S
 *
 * and the answerer one signal and its own gathering earlier. The saving is the
 * difference. A host candidate is there at once, so that where host candidates decide it
 * is all of both peers' gathering, or only the offerer's where only the answerer waits
 * for a check that leads nowhere.
 *
 * Not modelled: what candidates cost beyond the first that works (pacing of their pairs),
 * loss and jitter, computing time, and stacks without a row. Nothing here is fitted to a
 * scenario.
 */
#include "call/predict.h"

#include <string.h>

#include "base/clock.h"
#include "wire/ice_url.h"

/*
 * libnice 0.1.21 (and webrtcbin 1.22, whose ICE it is):
 *   pacing_ms     NICE_AGENT_TIMER_TA_DEFAULT, agent/agent-priv.h
 *   resend_ms     STUN_TIMER_DEFAULT_TIMEOUT 500, doubled once, and
 *   silent_ms     STUN_TIMER_DEFAULT_MAX_RETRANSMISSIONS 3, whose last wait is half of
 *                 the one before: 500 + 1000 + 500; stun_timer_refresh(),
 *                 stun/usages/timer.c
 *   stream_ms     STUN_TIMER_DEFAULT_RELIABLE_TIMEOUT, stun/usages/timer.h
 *   loses_stun_…  conn_check_handle_inbound_stun(), agent/conncheck.c
 *   waits_for_…   conn_check_update_check_list_state_for_ready(), agent/conncheck.c;
 *                 webrtcbin goes on to DTLS before that, when the component is CONNECTED
 *                 (gstwebrtcnice's _on_component_state_changed())
 */
#define LIBNICE                                                                        \
    .pacing_ms = 20, .resend_ms = { 500, 1500 }, .silent_ms = 2000, .stream_ms = 2000, \
    .loses_stun_beside_turn = true

const struct predict_stack predict_stacks[] = {
    { .name = "nice", LIBNICE, .waits_for_dead_pairs = true },
    { .name = "gst", LIBNICE },
};
const size_t predict_n_stacks = G_N_ELEMENTS(predict_stacks);

static const struct predict_stack *find_stack(const char *name)
{
    for (size_t i = 0; i < predict_n_stacks; i++)
        if (strcmp(predict_stacks[i].name, name) == 0)
            return &predict_stacks[i];
    return NULL;
}

/* ---- servers ---- */

static const struct server *find_server(const struct scenario *scenario,
                                        const struct address *address)
{
    for (unsigned i = 0; i < scenario->n_servers; i++) {
        const struct interface_config *interface =
            scenario_interface(scenario, scenario->servers[i].iface);
        for (unsigned j = 0; j < interface->n_addresses; j++)
            if (address_equal(&interface->addresses[j], address))
                return &scenario->servers[i];
    }
    return NULL;
}

/* One that no server of the scenario stands for is silent. */
static struct predict_path find_path(const struct scenario *scenario, unsigned from,
                                     const struct ice_url *url)
{
    struct endpoint to = { .port = ice_url_port(url) };
    const struct server *server =
        address_parse(url->host, &to.address) ? find_server(scenario, &to.address) : NULL;
    bool answers = server && server->type == SERVER_COTURN;
    return answers ? predict_path(&scenario->network, from, server->iface, &to,
                                  ice_url_is_tcp(url))
                   : (struct predict_path){ 0 };
}

static void add_servers(const struct scenario *scenario, const struct peer_setup *peer,
                        bool adds_turn, GArray *servers)
{
    for (unsigned i = 0; i < peer->n_ice_servers; i++)
        for (char **text = peer->ice_servers[i].urls; *text; text++) {
            struct ice_url url;
            if (!ice_url_parse(*text, strlen(*text), &url) || url.tls ||
                url.turn != adds_turn || !peer->udp)
                continue;
            struct predict_server server = {
                .is_turn = url.turn,
                .is_tcp = ice_url_is_tcp(&url),
                .path = find_path(scenario, peer->iface, &url),
            };
            g_array_append_val(servers, server);
            if (!adds_turn)
                return; /* one STUN server is asked */
        }
}

static bool has_turn_over_udp(const GArray *servers)
{
    for (unsigned i = 0; i < servers->len; i++) {
        const struct predict_server *server =
            &g_array_index(servers, struct predict_server, i);
        if (server->is_turn && !server->is_tcp)
            return true;
    }
    return false;
}

/* TURN servers are asked first: a STUN server's address is resolved first, even if it is
   one (nice_agent_gather_candidates()). */
static struct predict_gathering gather(const struct scenario *scenario,
                                       const struct predict_stack *stack, enum role role)
{
    const struct peer_setup *peer = &scenario->peers[role];
    g_autoptr(GArray) servers = g_array_new(FALSE, TRUE, sizeof(struct predict_server));
    add_servers(scenario, peer, true, servers);
    unsigned n_turn = servers->len;
    bool is_stun_lost = stack->loses_stun_beside_turn && has_turn_over_udp(servers);
    add_servers(scenario, peer, false, servers);
    if (is_stun_lost && servers->len > n_turn)
        g_array_index(servers, struct predict_server, n_turn).path.is_open = false;
    return predict_gather(stack, (const struct predict_server *)servers->data,
                          servers->len);
}

/* ---- what decides ---- */

/* Whether a check from a peer's host to the other's gets there. */
static bool reaches(const struct scenario *scenario, enum role from)
{
    enum role to = from == ROLE_OFFERER ? ROLE_ANSWERER : ROLE_OFFERER;
    return predict_reaches(&scenario->network, scenario->peers[from].iface,
                           scenario->peers[to].iface, !scenario->peers[from].udp);
}

/* Whether a relay on the internet, or anyone there, comes to a peer's host. */
static bool is_reached(const struct scenario *scenario, enum role role)
{
    for (unsigned i = 0; i < scenario->n_servers; i++)
        if (scenario->servers[i].type == SERVER_COTURN)
            return predict_reaches(&scenario->network, scenario->servers[i].iface,
                                   scenario->peers[role].iface, false);
    return false;
}

/* When a peer has the candidate that decides; -1: never. */
static int64_t decides_ms(const struct scenario *scenario,
                          const struct predict_stack *stack, enum role role,
                          const struct predict_gathering *gathering)
{
    if (scenario->peers[role].relay_only)
        return gathering->relayed_ms;
    if (stack->waits_for_dead_pairs || reaches(scenario, ROLE_OFFERER) ||
        reaches(scenario, ROLE_ANSWERER) || is_reached(scenario, role))
        return 0;
    if (gathering->reflexive_ms >= 0 && gathering->relayed_ms >= 0)
        return MIN(gathering->reflexive_ms, gathering->relayed_ms);
    return MAX(gathering->reflexive_ms, gathering->relayed_ms);
}

/* How long a signal takes. */
static int64_t signal_ms(const struct scenario *scenario)
{
    const struct server *server = scenario->signaling_server;
    if (!server)
        return scenario->signaling_delay_ns / NS_PER_MS;
    struct endpoint end = {
        .address = scenario_interface(scenario, server->iface)->addresses[0],
        .port = server->port,
    };
    int64_t ns = 0;
    for (enum role role = 0; role < N_ROLES; role++)
        ns += predict_path(&scenario->network, scenario->peers[role].iface, server->iface,
                           &end, true)
                  .there_ns;
    return ns / NS_PER_MS;
}

/* What decides, of one call. */
struct decision {
    const struct predict_stack *stacks[N_ROLES];
    int64_t found_ms[N_ROLES]; /* from when the peer begins to gather */
    bool is_dead[N_ROLES];     /* the peer's check of the other's host is not answered */
    int64_t signal_ms;
};

/* Until what decides has been checked.
   @param offer_ms, answer_ms when each is sent, from when its peer begins to gather */
static int64_t until_decided(const struct decision *decision, int64_t offer_ms,
                             int64_t answer_ms)
{
    const int64_t known_ms[N_ROLES] = {
        /* by the answerer, the offerer's; the offer made its gathering begin */
        [ROLE_ANSWERER] = offer_ms + decision->signal_ms,
        [ROLE_OFFERER] = answer_ms + decision->signal_ms,
    };
    int64_t end_ms = MAX(known_ms[ROLE_OFFERER], known_ms[ROLE_ANSWERER]);
    for (enum role role = 0; role < N_ROLES; role++)
        if (decision->is_dead[role])
            end_ms = MAX(end_ms, known_ms[role] + decision->stacks[role]->silent_ms);
    return end_ms;
}

static bool decide(const struct scenario *scenario, const char *const names[N_ROLES],
                   struct prediction *prediction, struct decision *decision,
                   char **ret_why)
{
    bool have_hosts = !scenario->peers[ROLE_OFFERER].relay_only &&
                      !scenario->peers[ROLE_ANSWERER].relay_only;
    for (enum role role = 0; role < N_ROLES; role++) {
        const struct predict_stack *stack = find_stack(names[role]);
        if (!stack) {
            *ret_why = g_strdup_printf("there is no model of %s", names[role]);
            return false;
        }
        prediction->gathering[role] = gather(scenario, stack, role);
        decision->stacks[role] = stack;
        decision->found_ms[role] =
            decides_ms(scenario, stack, role, &prediction->gathering[role]);
        decision->is_dead[role] =
            stack->waits_for_dead_pairs && have_hosts && !reaches(scenario, role);
        if (decision->found_ms[role] < 0) {
            *ret_why = g_strdup_printf("the %s gets no candidate that could connect it",
                                       role_names[role]);
            return false;
        }
    }
    decision->signal_ms = signal_ms(scenario);
    return true;
}

/* Why nothing can be predicted, whatever the stacks; NULL: it can. */
static const char *find_hindrance(const struct scenario *scenario, enum lab_clock clock)
{
    if (clock != LAB_CLOCK_VIRTUAL)
        return "on the wall clock computing takes time, too";
    if (scenario_has_chance(scenario))
        return "there is chance in the scenario's network";
    if (scenario->expect.outcome != OUTCOME_CONNECTED)
        return "the call is not to connect";
    return NULL;
}

bool predict_saving(const struct scenario *scenario, const char *const names[N_ROLES],
                    enum lab_clock clock, struct prediction *ret_prediction,
                    char **ret_why)
{
    struct prediction prediction = { 0 };
    struct decision decision = { 0 };
    const char *why = find_hindrance(scenario, clock);
    if (why) {
        *ret_why = g_strdup(why);
        return false;
    }
    if (!decide(scenario, names, &prediction, &decision, ret_why))
        return false;
    const int64_t all_ms[N_ROLES] = { prediction.gathering[ROLE_OFFERER].complete_ms,
                                      prediction.gathering[ROLE_ANSWERER].complete_ms };
    int64_t signal = decision.signal_ms;
    /* An answerer begins when the offer has come: in trickle that is sent at once. */
    int64_t full_ms =
        until_decided(&decision, all_ms[ROLE_OFFERER],
                      all_ms[ROLE_OFFERER] + signal + all_ms[ROLE_ANSWERER]);
    int64_t trickle_ms = until_decided(&decision, decision.found_ms[ROLE_OFFERER],
                                       signal + decision.found_ms[ROLE_ANSWERER]);
    prediction.full_ms = (double)full_ms;
    prediction.trickle_ms = (double)trickle_ms;
    prediction.saving_ms = (double)(full_ms - trickle_ms);
    *ret_prediction = prediction;
    return true;
}

char *predict_describe(const struct prediction *prediction)
{
    return g_strdup_printf(
        "the offerer gathers for %" G_GINT64_FORMAT
        " ms, the answerer for %" G_GINT64_FORMAT
        " ms; what decides is checked after %.0f ms in full, %.0f ms in trickle",
        prediction->gathering[ROLE_OFFERER].complete_ms,
        prediction->gathering[ROLE_ANSWERER].complete_ms, prediction->full_ms,
        prediction->trickle_ms);
}
