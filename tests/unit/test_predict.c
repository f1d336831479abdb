/* SPDX-License-Identifier: Apache-2.0 */
/* The model of gathering, the paths it takes from the network, and what it says of the
 * scenarios of the suite. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/predict.h"

static const struct predict_stack *stack_of(const char *name)
{
    for (size_t i = 0; i < predict_n_stacks; i++)
        if (strcmp(predict_stacks[i].name, name) == 0)
            return &predict_stacks[i];
    CU_FAIL_FATAL("no such stack");
    return NULL;
}

static struct scenario *load(const char *id)
{
    g_autofree char *path = g_strdup_printf("%s/%s.json", SCENARIO_FOLDER, id);
    struct scenario *scenario = scenario_load(path, id, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scenario);
    return scenario;
}

static struct predict_server server(bool is_turn, bool is_tcp, int64_t round_trip_ms)
{
    return (struct predict_server){
        .is_turn = is_turn,
        .is_tcp = is_tcp,
        .path = { .is_open = round_trip_ms >= 0,
                  .round_trip_ns = MAX(round_trip_ms, 0) * NS_PER_MS },
    };
}

static void assert_gathering(const struct predict_server *servers, unsigned n,
                             int64_t complete_ms, int64_t reflexive_ms,
                             int64_t relayed_ms)
{
    struct predict_gathering g = predict_gather(stack_of("nice"), servers, n);
    CU_ASSERT_EQUAL(g.complete_ms, complete_ms);
    CU_ASSERT_EQUAL(g.reflexive_ms, reflexive_ms);
    CU_ASSERT_EQUAL(g.relayed_ms, relayed_ms);
}

/* ---- gathering ---- */

static void test_nothing_to_ask(void)
{
    assert_gathering(NULL, 0, 0, -1, -1);
}

/* 401 at 30, again at the tick of 40, the allocation at 70, the end at 80. */
static void test_turn_takes_two_round_trips(void)
{
    assert_gathering((struct predict_server[]){ server(true, false, 30) }, 1, 80, 70, 70);
}

static void test_stun_takes_one(void)
{
    assert_gathering((struct predict_server[]){ server(false, false, 30) }, 1, 40, 30,
                     -1);
}

static void test_silent_server(void)
{
    assert_gathering((struct predict_server[]){ server(false, false, -1) }, 1, 2000, -1,
                     -1);
    /* The second is asked a tick later, and so given up. */
    assert_gathering(
        (struct predict_server[]){ server(true, false, -1), server(false, false, -1) }, 2,
        2020, -1, -1);
    /* One that answers changes nothing for one that does not. */
    assert_gathering(
        (struct predict_server[]){ server(true, false, -1), server(true, false, 30) }, 2,
        2000, 90, 90);
}

/* The connection stands at 30; 401 at 60, the tick; the allocation at 90. */
static void test_turn_over_tcp(void)
{
    assert_gathering((struct predict_server[]){ server(true, true, 30) }, 1, 100, -1, 90);
    struct predict_server refused = server(true, true, -1);
    refused.path.is_refused = true;
    refused.path.round_trip_ns = 30 * NS_PER_MS;
    assert_gathering(&refused, 1, 40, -1, -1);
}

/* ---- paths ---- */

static struct predict_path path_of(const char *id, enum role role, uint16_t port,
                                   bool is_tcp)
{
    struct scenario *s = load(id);
    unsigned to = s->servers[0].iface;
    struct endpoint end = { scenario_interface(s, to)->addresses[0], port };
    struct predict_path path =
        predict_path(&s->network, s->peers[role].iface, to, &end, is_tcp);
    scenario_free(s);
    return path;
}

static void test_paths(void)
{
    struct predict_path open = path_of("open/open~open", ROLE_OFFERER, 3478, false);
    CU_ASSERT_TRUE(open.is_open);
    CU_ASSERT_EQUAL(open.there_ns, 15 * NS_PER_MS);
    CU_ASSERT_EQUAL(open.round_trip_ns, 30 * NS_PER_MS);
    struct predict_path behind =
        path_of("nat/double~port-restricted-cone", ROLE_OFFERER, 3478, false);
    CU_ASSERT_TRUE(behind.is_open);
    CU_ASSERT_TRUE(path_of("link/rtt-300", ROLE_ANSWERER, 3478, true).round_trip_ns ==
                   160 * NS_PER_MS);
    CU_ASSERT_FALSE(
        path_of("firewall/udp-blocked~open", ROLE_OFFERER, 3478, false).is_open);
    CU_ASSERT_TRUE(
        path_of("firewall/udp-blocked~open", ROLE_OFFERER, 3478, true).is_open);
    CU_ASSERT_FALSE(
        path_of("firewall/tcp-443-only~open", ROLE_OFFERER, 3478, true).is_open);
    CU_ASSERT_TRUE(
        path_of("firewall/tcp-443-only~open", ROLE_OFFERER, 443, true).is_open);
    CU_ASSERT_FALSE(path_of("stun/dead", ROLE_OFFERER, 3478, false).is_open);
}

static bool reaches(const char *id, enum role from)
{
    struct scenario *s = load(id);
    enum role to = from == ROLE_OFFERER ? ROLE_ANSWERER : ROLE_OFFERER;
    bool it_does =
        predict_reaches(&s->network, s->peers[from].iface, s->peers[to].iface, false);
    scenario_free(s);
    return it_does;
}

static void test_reaching_hosts(void)
{
    for (enum role role = 0; role < N_ROLES; role++) {
        CU_ASSERT_TRUE(reaches("open/open~open", role));
        CU_ASSERT_TRUE(reaches("lan/one-lan", role));
        /* Into the firewall, too, after what its host has sent. */
        CU_ASSERT_TRUE(reaches("firewall/stateful~open", role));
        CU_ASSERT_FALSE(reaches("firewall/udp-blocked~open", role));
        CU_ASSERT_FALSE(reaches("nat/full-cone~full-cone", role));
    }
    CU_ASSERT_TRUE(reaches("behaviour/ei-ei", ROLE_OFFERER));
    CU_ASSERT_FALSE(reaches("behaviour/ei-ei", ROLE_ANSWERER));
}

/* ---- savings ---- */

static void assert_saving(const char *id, const char *stack, double wanted_ms)
{
    struct scenario *s = load(id);
    const char *const names[N_ROLES] = { stack, stack };
    struct prediction prediction;
    g_autofree char *why = NULL;
    CU_ASSERT_TRUE_FATAL(predict_saving(s, names, LAB_CLOCK_VIRTUAL, &prediction, &why));
    CU_ASSERT_PTR_NULL(why);
    if (prediction.saving_ms != wanted_ms)
        printf("\n    %s: %g, wanted %g", id, prediction.saving_ms, wanted_ms);
    CU_ASSERT_EQUAL(prediction.saving_ms, wanted_ms);
    CU_ASSERT_EQUAL(prediction.saving_ms, prediction.full_ms - prediction.trickle_ms);
    g_autofree char *words = predict_describe(&prediction);
    CU_ASSERT_PTR_NOT_NULL(strstr(words, "the offerer gathers for "));
    scenario_free(s);
}

static void test_savings(void)
{
    assert_saving("open/open~open", "nice", 160);
    assert_saving("stun/dead", "nice", 4000);
    assert_saving("stun/beside-turn", "nice", 4040);
    assert_saving("link/rtt-300", "nice", 640);
    assert_saving("tcp/open~open", "nice", 0);
    /* The answerer waits for its own check of an address behind the NAT, from the offer
       on: its own gathering costs nothing. */
    assert_saving("behaviour/apd-apd", "nice", 80);
    assert_saving("nat/symmetric~symmetric", "nice", 160);
    /* webrtcbin does not wait for it: what decides is found by gathering, in trickle,
       too. */
    assert_saving("nat/symmetric~symmetric", "gst", 90);
    assert_saving("turn/relay-only", "gst", 90);
}

static void assert_none(const char *id, const char *offerer, enum lab_clock clock,
                        const char *wanted)
{
    struct scenario *s = load(id);
    const char *const names[N_ROLES] = { offerer, "nice" };
    struct prediction prediction = { .saving_ms = -1 };
    g_autofree char *why = NULL;
    CU_ASSERT_FALSE(predict_saving(s, names, clock, &prediction, &why));
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, wanted));
    CU_ASSERT_EQUAL(prediction.saving_ms, -1);
    scenario_free(s);
}

static void test_no_prediction(void)
{
    assert_none("open/open~open", "nice", LAB_CLOCK_WALL, "wall clock");
    assert_none("link/bursty-loss", "nice", LAB_CLOCK_VIRTUAL, "chance");
    assert_none("turn/wrong-credentials", "nice", LAB_CLOCK_VIRTUAL, "not to connect");
    assert_none("open/open~open", "./my-peer", LAB_CLOCK_VIRTUAL,
                "no model of ./my-peer");
}

static const struct test tests[] = {
    { "without servers gathering is over at once", test_nothing_to_ask },
    { "TURN takes two round trips and the ticks between",
      test_turn_takes_two_round_trips },
    { "STUN takes one round trip", test_stun_takes_one },
    { "a silent server costs what the stack waits", test_silent_server },
    { "TURN over TCP waits for its connection", test_turn_over_tcp },
    { "paths are the network's own", test_paths },
    { "a host is reached, or it is not", test_reaching_hosts },
    { "savings follow from gathering and what decides", test_savings },
    { "what cannot be predicted is not, and says why", test_no_prediction },
};

int main(int argc, char **argv)
{
    return suite_run("predict", tests, G_N_ELEMENTS(tests), argc, argv);
}
