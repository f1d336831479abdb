/* SPDX-License-Identifier: Apache-2.0 */
/* `gather`: reading iceServers, an agent on the loopback, and its lines. */
#include "suite.h"

#include <string.h>

#include "base/error.h"
#include "loopback.h"
#include "probes/commands/gather_text.h"
#include "probes/core/error.h"
#include "probes/core/gather_run.h"
#include "probes/core/wait.h"

/* ---- iceServers ----------------------------------------------------------------- */

static gboolean read_text(const char *text, struct ice_servers *ret, GError **error)
{
    return ice_servers_read(text, strlen(text), "x.json", ret, error);
}

static void test_read(void)
{
    struct ice_servers s = { 0 };
    CU_ASSERT_TRUE(
        read_text("[{\"urls\": \"stun:a.test\"},"
                  " {\"urls\": [\"turn:b.test:443?transport=tcp\", \"turns:b.test\"],"
                  "  \"username\": \"u\", \"credential\": \"c\", \"later\": [1]}]",
                  &s, NULL));
    CU_ASSERT_EQUAL_FATAL(s.n, 3);
    ASSERT_TEXT(s.servers[0].text, "stun:a.test");
    CU_ASSERT_PTR_NULL(s.servers[0].username);
    ASSERT_TEXT(s.servers[1].url.host, "b.test");
    CU_ASSERT_EQUAL(s.servers[1].url.port, 443);
    CU_ASSERT_TRUE(s.servers[2].url.tls);
    ASSERT_TEXT(s.servers[2].username, "u");
    ASSERT_TEXT(s.servers[2].credential, "c");
    ice_servers_clear(&s);
    CU_ASSERT_TRUE(read_text("{\"iceServers\": []}", &s, NULL));
    CU_ASSERT_EQUAL(s.n, 0);
    ice_servers_clear(&s);
}

static void test_read_wrong(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "[", "x.json:1:1: not JSON: " },
        { "[{\"credential\": \"hush-hush", "x.json:1:26: not JSON: " },
        { "[{\"credential\": hush-hush}]", "x.json:1:20: not JSON: invalid token" },
        { "7", "x.json: must be an array of servers, or an object with \"iceServers\"" },
        { "{\"iceServers\": 7}", "x.json: must be an array of servers, or an object" },
        { "[[]]", "x.json: /0: must be an object with \"urls\"" },
        { "[{}]", "x.json: /0/urls: must be a string, or an array of strings" },
        { "[{\"urls\":[7]}]", "x.json: /0/urls: must be a string, or an array" },
        { "[{\"urls\":[]},{\"urls\":\"stun:\"}]",
          "x.json: /1/urls: must be a URI such as turn:HOST?transport=tcp, is "
          "\"stun:\"" },
        { "[{\"urls\":\"turn:a\",\"username\":\"u\"}]",
          "x.json: /0: a TURN server needs \"username\" and \"credential\"" },
        { "[{\"urls\":\"turn:a\",\"username\":\"u\",\"credential\":{}}]",
          "x.json: /0/credential: must be a string" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ice_servers s = { 0 };
        g_autoptr(GError) error = NULL;
        CU_ASSERT_FALSE(read_text(cases[i].text, &s, &error));
        CU_ASSERT_PTR_NULL(strstr(error->message, "hush"));
        CU_ASSERT_TRUE(g_error_matches(error, RTC_ERROR, RTC_ERROR_USAGE));
        g_autofree char *start = g_strndup(error->message, strlen(cases[i].message));
        ASSERT_TEXT(start, cases[i].message);
        CU_ASSERT_TRUE(s.n == 0 && !s.servers);
    }
}

static void test_read_many(void)
{
    struct ice_servers s = { 0 };
    g_autoptr(GString) text = g_string_new("[{\"urls\":[\"stun:a\"");
    for (unsigned i = 1; i < ICE_SERVERS_MAX; i++)
        g_string_append(text, ",\"stun:a\"");
    g_autofree char *most = g_strconcat(text->str, "]}]", NULL);
    g_autofree char *too_many = g_strconcat(text->str, ",\"stun:a\"]}]", NULL);
    CU_ASSERT_TRUE(read_text(most, &s, NULL));
    CU_ASSERT_EQUAL(s.n, ICE_SERVERS_MAX);
    ice_servers_clear(&s);
    CU_ASSERT_FALSE(read_text(too_many, &s, NULL));
}

/* ---- The agent ------------------------------------------------------------------ */

static void on_candidate(const struct gather_candidate *found, void *data)
{
    g_string_append_printf(data, "%s %s %d; ", candidate_type_name(found->candidate.type),
                           candidate_transport_name(found->candidate.transport),
                           found->candidate.component);
}

static struct gather_options make_options(const struct ice_servers *servers,
                                          GString *candidates)
{
    struct gather_options options = { .servers = servers,
                                      .components = 2,
                                      .is_udp_only = true,
                                      .timeout_ns = 50 * NS_PER_MS,
                                      .tell = on_candidate,
                                      .data = candidates };
    address_parse("127.0.0.1", &options.local);
    return options;
}

static void test_hosts(void)
{
    struct ice_servers none = { 0 };
    struct gather_result result;
    g_autoptr(GString) candidates = g_string_new(NULL);
    struct gather_options options = make_options(&none, candidates);
    CU_ASSERT_TRUE(gather_run(&options, &result, NULL));
    CU_ASSERT_TRUE(result.is_complete && result.n_addresses == 1);
    CU_ASSERT_EQUAL(result.counts[CANDIDATE_HOST], 2);
    ASSERT_TEXT(candidates->str, "host UDP 1; host UDP 2; ");
    gather_result_clear(&result);
}

static void test_silent_servers(void)
{
    struct loopback server = { 0 };
    struct ice_servers s = { 0 };
    struct gather_result result;
    g_autoptr(GString) candidates = g_string_new(NULL);
    loopback_start(&server, SOCK_DGRAM, NULL, NULL);
    g_autofree char *text = g_strdup_printf(
        "[{\"urls\":[\"stun:127.0.0.1:%d\",\"stun:a.test\",\"turn:127.0.0.1:%d\","
        "\"turns:a.test\"],\"username\":\"u\",\"credential\":\"c\"}]",
        server.at.port, server.at.port);
    CU_ASSERT_TRUE(read_text(text, &s, NULL));
    struct gather_options options = make_options(&s, candidates);
    CU_ASSERT_TRUE(gather_run(&options, &result, NULL));
    CU_ASSERT_FALSE(result.is_complete);
    CU_ASSERT_TRUE(result.duration_ns >= 50 * NS_PER_MS);
    CU_ASSERT_PTR_NULL(result.servers[0].unused);
    CU_ASSERT_PTR_NOT_NULL(result.servers[1].unused);
    CU_ASSERT_PTR_NULL(result.servers[2].unused);
    CU_ASSERT_PTR_NOT_NULL(result.servers[3].unused);
    CU_ASSERT_EQUAL(result.servers[2].n_relayed, 0);
    gather_result_clear(&result);
    /* An interrupt ends it, too. */
    wait_interrupt();
    options.timeout_ns = 60 * NS_PER_S;
    CU_ASSERT_TRUE(gather_run(&options, &result, NULL));
    CU_ASSERT_TRUE(!result.is_complete && result.duration_ns < 10 * NS_PER_S);
    wait_reset();
    gather_result_clear(&result);
    ice_servers_clear(&s);
    loopback_stop(&server);
}

static void test_no_address(void)
{
    struct ice_servers none = { 0 };
    struct gather_result result;
    g_autoptr(GError) error = NULL;
    struct gather_options options = make_options(&none, NULL);
    address_parse("192.0.2.77", &options.local);
    CU_ASSERT_FALSE(gather_run(&options, &result, &error));
    CU_ASSERT_TRUE(g_error_matches(error, PROBE_ERROR, PROBE_ERROR_LOCAL));
}

/* ---- Lines ---------------------------------------------------------------------- */

static void test_lines(void)
{
    json_t *candidate = json_loads(
        "{\"t_ms\":30.04,\"type\":\"srflx\",\"component\":1,\"foundation\":\"4\","
        "\"protocol\":\"tcp\",\"tcp_type\":\"active\",\"address\":\"198.51.100.1:9\","
        "\"related\":\"192.168.1.2:9\",\"priority_parts\":{\"type\":50,\"local\":32768,"
        "\"component\":255},\"url\":\"turn:\\u001b[31m\"}",
        0, NULL);
    g_autofree char *line = gather_format_candidate(candidate);
    ASSERT_TEXT(line,
                "      30.0  srflx     1  4           tcp active    50 | 32768 | 255  "
                "198.51.100.1:9 from 192.168.1.2:9 by turn:\\x1b[31m\n");
    json_decref(candidate);
    json_t *item = json_pack("{s:s, s:s, s:s}", "name", "turn:a", "status", "fail",
                             "message", "no relayed candidate");
    g_autofree char *text = gather_format_item(item, false);
    ASSERT_TEXT(text, "FAIL turn:a: no relayed candidate\n");
    json_decref(item);
}

static const struct test tests[] = {
    { "iceServers are read as W3C writes them", test_read },
    { "what is wrong in iceServers is said, and where", test_read_wrong },
    { "there is a limit to iceServers", test_read_many },
    { "an agent without servers has its host candidates", test_hosts },
    { "silent servers end with the time-out, or an interrupt", test_silent_servers },
    { "no address to gather on is an error", test_no_address },
    { "candidates and servers are lines", test_lines },
};

int main(int argc, char **argv)
{
    return suite_run("gather", tests, G_N_ELEMENTS(tests), argc, argv);
}
