/* SPDX-License-Identifier: Apache-2.0 */
/* probes/core/nat_discovery.h on loopback, where there is no NAT: its names, and what it
 * makes of servers that lack what it needs. Real NATs: tests/lab/test_natdiscovery.sh. */
#include "suite.h"

#include <string.h>

#include "base/clock.h"
#include "probes/core/error.h"
#include "probes/core/nat_discovery.h"
#include "probes/server/server.h"

#define EI  NAT_BEHAVIOUR_ENDPOINT_INDEPENDENT
#define AD  NAT_BEHAVIOUR_ADDRESS_DEPENDENT
#define APD NAT_BEHAVIOUR_ADDRESS_AND_PORT_DEPENDENT

/* A server, and what test I says of it. */
struct fixture {
    struct probe_server *server;
    struct nat_discovery *discovery;
};

static struct nat_discovery *begin(const struct endpoint *server, GError **error)
{
    const struct nat_discovery_options options = {
        .server = *server,
        .timing = { .rto_ms = 20, .rc = 3, .rm = 2, .timeout_ms = 1000 },
        .rng = rng_seed(7),
    };
    return nat_discovery_begin(&options, error);
}

static struct fixture start(enum probe_defect defect, bool has_two_addresses)
{
    struct fixture f = { NULL, NULL };
    struct probe_server_options options;
    g_autoptr(GError) error = NULL;
    probe_server_options_init(&options);
    if (!has_two_addresses)
        options.alternate = (struct address){ .family = ADDRESS_NONE };
    if (defect < PROBE_N_DEFECTS)
        probe_defects_add(&options.defects, defect);
    f.server = probe_server_start(&options, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.server);
    f.discovery = begin(&probe_server_endpoints(f.server)->plain, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.discovery);
    return f;
}

static void stop(struct fixture *f)
{
    nat_discovery_free(f->discovery);
    probe_server_stop(f->server);
}

static void assert_blamed(const GError *error, const char *what)
{
    CU_ASSERT_TRUE(g_error_matches(error, PROBE_ERROR, PROBE_ERROR_ANSWER));
    if (!error || !strstr(error->message, what))
        ASSERT_TEXT(error ? error->message : NULL, what);
}

static void test_names(void)
{
    static const struct {
        bool is_translated;
        enum nat_behaviour mapping, filtering;
        const char *name;
    } rows[] = {
        { true, EI, EI, "full cone" },
        { true, EI, AD, "restricted cone" },
        { true, EI, APD, "port-restricted cone" },
        { true, AD, EI, "symmetric" },
        { true, APD, APD, "symmetric" },
        { false, EI, EI, "open Internet" },
        { false, EI, AD, "symmetric UDP firewall" },
        { false, EI, APD, "symmetric UDP firewall" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        ASSERT_TEXT(
            nat_classic_name(rows[i].is_translated, rows[i].mapping, rows[i].filtering),
            rows[i].name);
    ASSERT_TEXT(nat_behaviour_name(AD), "address-dependent");
}

static void test_no_nat(void)
{
    struct fixture f = start(PROBE_N_DEFECTS, true);
    struct nat_view view = nat_discovery_view(f.discovery);
    struct nat_mapping mapping;
    struct nat_filtering filtering;
    struct nat_hairpin hairpin;
    CU_ASSERT_TRUE(endpoint_equal(&view.local, &view.mapped));
    CU_ASSERT_TRUE(
        endpoint_equal(&view.other, &probe_server_endpoints(f.server)->alternate));
    CU_ASSERT_TRUE_FATAL(nat_discovery_mapping(f.discovery, &mapping, NULL));
    CU_ASSERT_EQUAL(mapping.behaviour, EI);
    CU_ASSERT_FALSE(mapping.is_translated);
    CU_ASSERT_EQUAL(mapping.n_tests, 2);
    CU_ASSERT_TRUE_FATAL(nat_discovery_filtering(f.discovery, &filtering, NULL));
    CU_ASSERT_EQUAL(filtering.behaviour, EI);
    CU_ASSERT_TRUE(filtering.is_certain);
    CU_ASSERT_TRUE_FATAL(nat_discovery_hairpin(f.discovery, &hairpin, NULL));
    CU_ASSERT_FALSE(hairpin.is_translated || hairpin.works);
    stop(&f);
}

/* What never ends is waited for as long as asked, and no longer. */
static void test_a_mapping_without_end(void)
{
    struct nat_lifetime lifetime;
    struct fixture f = start(PROBE_N_DEFECTS, false); /* RESPONSE-PORT needs no second */
    int64_t start_ns = clock_now_ns();
    CU_ASSERT_TRUE_FATAL(nat_discovery_lifetime(f.discovery, NS_PER_S, &lifetime, NULL));
    CU_ASSERT_TRUE(lifetime.at_least_ns >= NS_PER_S);
    CU_ASSERT_EQUAL(lifetime.below_ns, CLOCK_NEVER);
    CU_ASSERT_TRUE(clock_now_ns() - start_ns < nat_discovery_lifetime_takes_ns(NS_PER_S));
    stop(&f);
}

static void test_a_server_with_one_address(void)
{
    struct nat_mapping mapping;
    struct nat_filtering filtering;
    g_autoptr(GError) no_mapping = NULL;
    g_autoptr(GError) no_filtering = NULL;
    struct fixture f = start(PROBE_N_DEFECTS, false);
    CU_ASSERT_FALSE(nat_discovery_mapping(f.discovery, &mapping, &no_mapping));
    assert_blamed(no_mapping, "names no OTHER-ADDRESS");
    CU_ASSERT_FALSE(nat_discovery_filtering(f.discovery, &filtering, &no_filtering));
    assert_blamed(no_filtering, "names no OTHER-ADDRESS");
    stop(&f);
}

static void test_a_server_that_names_itself(void)
{
    struct nat_mapping mapping;
    g_autoptr(GError) error = NULL;
    struct fixture f = start(DEFECT_OTHER_ADDRESS_SAME, true);
    CU_ASSERT_FALSE(nat_discovery_mapping(f.discovery, &mapping, &error));
    assert_blamed(error, "is not another address and port");
    stop(&f);
}

static void test_a_server_that_does_not_change(void)
{
    struct nat_filtering filtering;
    g_autoptr(GError) error = NULL;
    struct fixture f = start(DEFECT_CHANGE_IGNORED, true);
    CU_ASSERT_FALSE(nat_discovery_filtering(f.discovery, &filtering, &error));
    assert_blamed(error, "does not honour it");
    stop(&f);
}

static void test_a_server_that_answers_the_wrong_port(void)
{
    struct nat_lifetime lifetime;
    g_autoptr(GError) error = NULL;
    struct fixture f = start(DEFECT_RESPONSE_PORT_IGNORED, true);
    CU_ASSERT_FALSE(nat_discovery_lifetime(f.discovery, NS_PER_S, &lifetime, &error));
    assert_blamed(error, "RESPONSE-PORT to the port that it came from");
    stop(&f);
}

static void test_nobody_there(void)
{
    g_autoptr(GError) error = NULL;
    static const struct endpoint nobody = {
        .address = { .family = ADDRESS_IPV4, .bytes = { 127, 0, 0, 1 } }, .port = 1
    };
    CU_ASSERT_PTR_NULL(begin(&nobody, &error));
    CU_ASSERT_TRUE(g_error_matches(error, PROBE_ERROR, PROBE_ERROR_SILENT));
}

static const struct test tests[] = {
    { "RFC 3489's names are told", test_names },
    { "no NAT is told", test_no_nat },
    { "a mapping without end is waited for as long as asked",
      test_a_mapping_without_end },
    { "a server with one address is blamed", test_a_server_with_one_address },
    { "so is one that names itself as the other", test_a_server_that_names_itself },
    { "so is one that does not honour CHANGE-REQUEST",
      test_a_server_that_does_not_change },
    { "so is one that does not honour RESPONSE-PORT",
      test_a_server_that_answers_the_wrong_port },
    { "silence is told where nobody is there", test_nobody_there },
};

int main(int argc, char **argv)
{
    return suite_run("nat_discovery", tests, G_N_ELEMENTS(tests), argc, argv);
}
