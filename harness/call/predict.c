/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model of predict.h. With G a peer's gathering, g the time until it has the
 * candidate that decides, and S the way of a signal, the offerer can check that pair
 *
 *     in full    after  G(offerer) + S + G(answerer) + S
 *     in trickle after  max(g(offerer), S + g(answerer)) + S
 *
 * and the saving is the difference. A host candidate is there at once, so that where host
 * candidates decide it is all of both peers' gathering.
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

static bool has_error(const struct scenario *scenario)
{
    return scenario->expect.outcome != OUTCOME_CONNECTED;
}

static const struct address *host_address(const struct scenario *scenario, enum role role)
{
    return &scenario_interface(scenario, scenario->peers[role].iface)->addresses[0];
}

/* Whether what a peer sends from its host comes to the other's host. */
static bool reaches(const struct scenario *scenario, enum role from)
{
    enum role to = from == ROLE_OFFERER ? ROLE_ANSWERER : ROLE_OFFERER;
    struct endpoint end = { .address = *host_address(scenario, to), .port = 40001 };
    return predict_path(&scenario->network, scenario->peers[from].iface,
                        scenario->peers[to].iface, &end, !scenario->peers[from].udp)
        .is_open;
}

/* Whether a relay on the internet, or anyone there, comes to a peer's host. */
static bool is_reached(const struct scenario *scenario, enum role role)
{
    struct endpoint end = { .address = *host_address(scenario, role), .port = 40001 };
    for (unsigned i = 0; i < scenario->n_servers; i++)
        if (scenario->servers[i].type == SERVER_COTURN)
            return predict_path(&scenario->network, scenario->servers[i].iface,
                                scenario->peers[role].iface, &end, false)
                .is_open;
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

bool predict_saving(const struct scenario *scenario, const char *const names[N_ROLES],
                    enum lab_clock clock, struct prediction *ret_prediction,
                    char **ret_why)
{
    struct prediction prediction = { 0 };
    int64_t decides[N_ROLES];
    if (clock != LAB_CLOCK_VIRTUAL) {
        *ret_why = g_strdup("on the wall clock computing takes time, too");
        return false;
    }
    if (scenario_has_chance(scenario)) {
        *ret_why = g_strdup("there is chance in the scenario's network");
        return false;
    }
    if (has_error(scenario)) {
        *ret_why = g_strdup("the call is not to connect");
        return false;
    }
    for (enum role role = 0; role < N_ROLES; role++) {
        const struct predict_stack *stack = find_stack(names[role]);
        if (!stack) {
            *ret_why = g_strdup_printf("there is no model of %s", names[role]);
            return false;
        }
        prediction.gathering[role] = gather(scenario, stack, role);
        decides[role] = decides_ms(scenario, stack, role, &prediction.gathering[role]);
        if (decides[role] < 0) {
            *ret_why = g_strdup_printf("the %s gets no candidate that could connect it",
                                       role_names[role]);
            return false;
        }
    }
    int64_t signal = signal_ms(scenario);
    prediction.waits_ms =
        MAX(decides[ROLE_OFFERER], signal + decides[ROLE_ANSWERER]) - signal;
    prediction.saving_ms =
        (double)(prediction.gathering[ROLE_OFFERER].complete_ms +
                 prediction.gathering[ROLE_ANSWERER].complete_ms - prediction.waits_ms);
    *ret_prediction = prediction;
    return true;
}

char *predict_describe(const struct prediction *prediction)
{
    return g_strdup_printf("the offerer gathers for %" G_GINT64_FORMAT
                           " ms, the answerer for %" G_GINT64_FORMAT
                           " ms; of that trickle waits for %" G_GINT64_FORMAT " ms",
                           prediction->gathering[ROLE_OFFERER].complete_ms,
                           prediction->gathering[ROLE_ANSWERER].complete_ms,
                           prediction->waits_ms);
}
