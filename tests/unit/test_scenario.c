/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenario files: every kind of mistake and its message, defaults, the address plan, the
 * shipped files, and the schema that is made from the same table as the reader.
 *
 * With RTCLAB_WRITE_SCHEMA in the environment scenarios/schema.json is written anew.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "scenario/scenario.h"
#include "scenario/selection.h"

/* A scenario without a mistake, which the tables below edit. */
static const char *const sound =
    "{\"title\": \"Sound\","
    " \"sites\": {"
    "  \"home-a\": {\"link\": {\"delay_ms\": 10},"
    "   \"middleboxes\": [{\"nat\": \"symmetric\"}, {\"firewall\": \"stateful\"}],"
    "   \"hosts\": {\"offerer\": {}}},"
    "  \"home-b\": {\"hosts\": {\"answerer\": {}}}},"
    " \"servers\": {\"turn\": {}},"
    " \"ice_servers\": [{\"urls\": [\"stun:turn\", \"turn:turn\"]}],"
    " \"expect\": {\"outcome\": \"connected\"}}";

static struct scenario *parse(const char *text, GPtrArray *problems)
{
    return scenario_parse(text, strlen(text), "x.json", "group/x", problems);
}

static json_t *parse_json(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    return value;
}

/* Sets what a JSON pointer leads to, or takes it away when `text` is NULL. */
static void edit(json_t *root, const char *pointer, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(pointer + 1, "/", -1);
    json_t *at = root;
    size_t i = 0;
    for (; parts[i + 1]; i++) {
        json_t *inner = json_is_array(at) ? json_array_get(at, (size_t)atoi(parts[i]))
                                          : json_object_get(at, parts[i]);
        if (!inner)
            json_object_set_new(at, parts[i], inner = json_object());
        at = inner;
    }
    if (!text)
        json_object_del(at, parts[i]);
    else if (json_is_array(at))
        json_array_set_new(at, (size_t)atoi(parts[i]), parse_json(text));
    else
        json_object_set_new(at, parts[i], parse_json(text));
}

static struct scenario *parse_edited(const char *pointer, const char *text,
                                     GPtrArray *problems)
{
    g_autoptr(json_t) root = parse_json(sound);
    if (pointer)
        edit(root, pointer, text);
    char *dump = json_dumps(root, 0);
    struct scenario *scenario = parse(dump, problems);
    free(dump);
    return scenario;
}

static void assert_no_problems(const GPtrArray *problems)
{
    for (unsigned i = 0; i < problems->len; i++)
        ASSERT_TEXT(problems->pdata[i], "no problem");
}

/* The sound scenario with one edit, which must be no mistake. */
static struct scenario *must_parse(const char *pointer, const char *text)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    struct scenario *scenario = parse_edited(pointer, text, problems);
    assert_no_problems(problems);
    CU_ASSERT_PTR_NOT_NULL_FATAL(scenario);
    return scenario;
}

/* ---- mistakes ---- */

#define BOX  "/sites/home-a/middleboxes/0"
#define LINK "/sites/home-a/link"

static const struct mistake {
    const char *pointer, *value; /* the edit */
    const char *message;         /* after "x.json: " */
} mistakes[] = {
    /* kinds of values */
    { "/title", "5", "/title: must be one line of text, is 5" },
    { "/title", "\"a\\u001bb\"", "/title: must be one line of text, is \"a?b\"" },
    { "/title", "\"\"", "/title: must be one line of text, is \"\"" },
    { "/description", "null", "/description: must be lines of text, is null" },
    { "/tags", "{}", "/tags: must be a list, is an empty object" },
    { "/tags", "[\"nat\", \"Nat\"]",
      "/tags/1: must be a name of lower-case letters, digits and hyphens, a letter "
      "first, at most 32 long, is \"Nat\"" },
    { "/tags", "[\"nat\", \"x\", \"nat\"]",
      "/tags/2: must be there once, is \"nat\" again" },
    { LINK, "[]", LINK ": must be an object, is an empty list" },
    { LINK "/delay_ms", "-0.5", LINK "/delay_ms: must be 0 or more, is -0.5" },
    { LINK "/delay_ms", "1e300", LINK "/delay_ms: must be 60000 or less, is 1e+300" },
    { LINK "/delay_ms", "true", LINK "/delay_ms: must be a number, is true" },
    { LINK "/rate_kbps", "1.5", LINK "/rate_kbps: must be a whole number, is 1.5" },
    { LINK "/rate_kbps", "9223372036854775807",
      LINK "/rate_kbps: must be 100000000 or less, is 9223372036854775807" },
    { LINK "/queue_bytes", "0", LINK "/queue_bytes: must be 1 or more, is 0" },
    { LINK "/loss", "1.01", LINK "/loss: must be 1 or less, is 1.01" },
    { LINK "/reorder", "-1", LINK "/reorder: must be 0 or more, is -1" },
    { LINK "/mtu_bytes", "67", LINK "/mtu_bytes: must be 68 or more, is 67" },
    { LINK "/duplicate", "2", LINK "/duplicate: must be 1 or less, is 2" },
    { LINK "/up", "{\"dely_ms\": 1}",
      LINK "/up/dely_ms: must be a key of a link's direction, is unknown; did you mean "
           "\"delay_ms\"?" },
    { LINK "/burst_loss", "{\"leave\": 0.5}",
      LINK "/burst_loss/enter: must be given, is missing" },
    { BOX, "{}", BOX ": must have one of the keys \"nat\" or \"firewall\", has 0" },
    { BOX, "\"symmetric\"", BOX ": must be an object, is \"symmetric\"" },
    { BOX "/nat", "{\"hairpin\": \"on\"}",
      BOX "/nat/hairpin: must be \"off\", \"external-source\" or \"internal-source\", is "
          "\"on\"" },
    { BOX "/nat", "{\"port_parity\": 1}",
      BOX "/nat/port_parity: must be true or false, is 1" },
    { BOX "/nat", "{\"udp_lifetime_ms\": 0}",
      BOX "/nat/udp_lifetime_ms: must be 1 or more, is 0" },
    { BOX "/nat", "{\"external_addresses\": 5}",
      BOX "/nat/external_addresses: must be 4 or less, is 5" },
    { BOX "/nat", "{\"external\": []}",
      BOX "/nat/external: must have at least 1, has 0" },
    { BOX "/nat", "{\"a/b~c\": 1}",
      BOX "/nat/a~1b~0c: must be a key of a NAT, is unknown" },
    /* what must agree */
    { BOX "/nat", "{\"external\": [\"192.0.2.1\"], \"external_addresses\": 2}",
      BOX "/nat/external: must be the only one, is beside external_addresses" },
    { BOX "/nat", "{\"port_min\": 70, \"port_max\": 60}",
      BOX "/nat/port_max: must be port_min (70) or more, is 60" },
    { BOX,
      "{\"firewall\": {\"rules\": [{\"direction\": \"outbound\", \"action\": "
      "\"allow\", \"remote_port\": {\"min\": 9, \"max\": 8}}]}}",
      BOX "/firewall/rules/0/remote_port: must have min at most max, is 9 to 8" },
    { BOX,
      "{\"firewall\": {\"rules\": [{\"direction\": \"outbound\", \"action\": "
      "\"allow\", \"protocol\": \"icmp\", \"local_port\": 7}]}}",
      BOX "/firewall/rules/0/local_port: must not be there, is of a protocol without "
          "ports" },
    { "/sites/home-b/parent", "\"home-b\"",
      "/sites/home-b/parent: must lead to the internet, is \"home-b\", which leads back "
      "to \"home-b\"" },
    { "/sites/internet", "{}",
      "/sites/internet: must be unique, is \"internet\" as the root" },
    { "/sites/turn", "{}", "/servers/turn: must be unique, is \"turn\" as /sites/turn" },
    { "/sites/home-b/hosts/turn", "{}",
      "/sites/home-b/hosts/turn: must be unique, is \"turn\" as /servers/turn" },
    { "/sites/home-b/hosts/answerer/addresses", "[\"224.0.0.1\"]",
      "/sites/home-b/hosts/answerer/addresses/0: must be a unicast IPv4 address, is "
      "\"224.0.0.1\"" },
    { "/sites/home-b/hosts/answerer/addresses", "[\"127.0.0.1\"]",
      "/sites/home-b/hosts/answerer/addresses/0: must be a unicast IPv4 address, is "
      "\"127.0.0.1\"" },
    { "/sites/home-b/hosts/answerer/addresses", "[\"192.0.2.1\", \"192.0.2.1\"]",
      "/sites/home-b/hosts/answerer/addresses/1: must be unique, is \"192.0.2.1\" as "
      "/sites/home-b/hosts/answerer/addresses/0" },
    { "/servers/turn/alternate_port", "3478",
      "/servers/turn/alternate_port: must differ from port, is 3478 as well" },
    { "/ice_servers", "[{\"urls\": \"turn:tur\"}]",
      "/ice_servers/0/urls: must name a server or an address, is \"turn:tur\"; did you "
      "mean \"turn\"?" },
    { "/ice_servers", "[{}]", "/ice_servers/0/urls: must be given, is missing" },
    { "/peers/offerer/ice_servers", "[{\"urls\": [\"stun:elsewhere\", \"stun:turn\"]}]",
      "/peers/offerer/ice_servers/0/urls/0: must name a server or an address, is "
      "\"stun:elsewhere\"" },
    { "/peers/offerer/protocols", "[]",
      "/peers/offerer/protocols: must have at least 1, has 0" },
    { "/peers/offerer/protocols", "[\"udp\", \"udp\"]",
      "/peers/offerer/protocols/1: must be there once, is \"udp\" again" },
    { "/peers/relay", "{}", "/peers/relay: must be a key of the peers, is unknown" },
    { "/signaling/transport", "\"websocket\"",
      "/signaling/transport: must be \"direct\" without a server of type \"signaling\", "
      "is "
      "\"websocket\"" },
    { "/signaling/transport", "\"carrier-pigeon\"",
      "/signaling/transport: must be \"direct\" or \"websocket\", is "
      "\"carrier-pigeon\"" },
    { "/signaling", "{\"tls\": true}",
      "/signaling/tls: must not be there, is of the transport \"websocket\"" },
    { "/servers",
      "{\"turn\": {}, \"a\": {\"type\": \"signaling\"}, \"b\": {\"type\": "
      "\"signaling\"}}",
      "/servers/b/type: must be \"signaling\" only once, is what \"a\" is already" },
    { "/echo", "[\"data\", \"audio\"]",
      "/echo: must be of what is negotiated, is of \"audio\" too" },
    { "/direction", "\"inactive\"",
      "/direction: must be \"sendrecv\", \"sendonly\" or \"recvonly\", is \"inactive\"" },
    { "/bundle_policy", "\"max-bundel\"",
      "/bundle_policy: must be \"max-bundle\", \"balanced\" or \"max-compat\", is "
      "\"max-bundel\"; did you mean \"max-bundle\"?" },
    { "/data_channel", "{\"orderd\": true}",
      "/data_channel/orderd: must be a key of a data channel, is unknown; did you mean "
      "\"ordered\"?" },
    { "/duration_ms", "600001", "/duration_ms: must be 600000 or less, is 600001" },
    { "/expect/selected", "\"host\"",
      "/expect/selected: must be OFFERER~ANSWERER, each \"host\", \"srflx\", \"prflx\", "
      "\"relay\" or \"*\", is \"host\"" },
    { "/expect/selected_protocols", "[\"sctp\"]",
      "/expect/selected_protocols/0: must be \"udp\" or \"tcp\", is \"sctp\"; did you "
      "mean \"tcp\"?" },
    { "/expect", "{\"outcome\": \"failed\", \"setup_max_ms\": 5}",
      "/expect/setup_max_ms: must not be there, is of a call that is not to connect" },
    { "/expect/outcome", "\"error\"",
      "/expect/outcome: must be \"connected\", \"failed\" or \"timeout\", is \"error\"" },
};

static void test_each_mistake(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        struct scenario *scenario =
            parse_edited(mistakes[i].pointer, mistakes[i].value, problems);
        CU_ASSERT_PTR_NULL(scenario);
        scenario_free(scenario);
        g_autofree char *expected = g_strconcat("x.json: ", mistakes[i].message, NULL);
        ASSERT_TEXT(problems->len > 0 ? problems->pdata[0] : NULL, expected);
        ASSERT_TEXT(problems->len > 1 ? problems->pdata[1] : NULL, NULL);
    }
}

static char *read_text(const char *path)
{
    char *text = NULL;
    CU_ASSERT_TRUE_FATAL(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* Each file has one mistake; NAME.txt has its message without the file's path. */
static void test_invalid_files(void)
{
    const char *folder = TEST_DATA "/scenario/invalid";
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    const char *name;
    unsigned n = 0;
    while ((name = g_dir_read_name(dir))) {
        if (!g_str_has_suffix(name, ".json"))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".json"));
        g_autofree char *wanted_path = g_strconcat(stem, ".txt", NULL);
        g_autofree char *wanted = g_strchomp(read_text(wanted_path));
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        CU_ASSERT_PTR_NULL(scenario_load(path, name, problems));
        CU_ASSERT_EQUAL_FATAL(problems->len, 1);
        /* "FILE: /pointer: …", or "FILE:line:column: …" of a syntax error */
        const char *message = problems->pdata[0];
        CU_ASSERT_TRUE_FATAL(g_str_has_prefix(message, path));
        message += strlen(path);
        message += g_str_has_prefix(message, ": ") ? strlen(": ") : strlen(":");
        ASSERT_TEXT(message, wanted);
        n++;
    }
    CU_ASSERT_TRUE(n >= 25);
}

static void test_all_mistakes(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CU_ASSERT_PTR_NULL(
        parse("{\"titel\": 1, \"sites\": {\"a\": {\"link\": {\"delay_ms\": "
              "-1, \"loss\": 2}, \"hosts\": {\"offerer\": {}}}}, "
              "\"ice_servers\": [{\"urls\": \"stun:none\"}], "
              "\"expect\": {\"outcome\": \"conected\"}}",
              problems));
    static const char *const expected[] = {
        "x.json: /title: must be given, is missing",
        "x.json: /sites/a/link/delay_ms: must be 0 or more, is -1",
        "x.json: /sites/a/link/loss: must be 1 or less, is 2",
        "x.json: /expect/outcome: must be \"connected\", \"failed\" or \"timeout\", is "
        "\"conected\"; did you mean \"connected\"?",
        "x.json: /titel: must be a key of a scenario, is unknown; did you mean "
        "\"title\"?",
        "x.json: /ice_servers/0/urls: must name a server or an address, is \"stun:none\"",
        "x.json: /peers/answerer/host: must be a host of a site, is \"answerer\" by "
        "default, which is not defined",
    };
    CU_ASSERT_EQUAL_FATAL(problems->len, G_N_ELEMENTS(expected));
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        ASSERT_TEXT(problems->pdata[i], expected[i]);
}

/* A long text is cut, and nothing of the file breaks the line or the terminal. */
static void test_one_line(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CU_ASSERT_PTR_NULL(parse_edited(
        "/expect/outcome",
        "\"ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ\\n\\u001b[2JÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ\"",
        problems));
    CU_ASSERT_EQUAL_FATAL(problems->len, 1);
    ASSERT_TEXT(problems->pdata[0],
                "x.json: /expect/outcome: must be \"connected\", \"failed\" or "
                "\"timeout\", is \"ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ??[2JÄÄÄÄÄ…\"");
}

static void test_signaling_server(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(json_t) root = parse_json(sound);
    edit(root, "/servers/signal", "{\"type\": \"signaling\"}");
    edit(root, "/signaling", "{\"transport\": \"websocket\", \"tls\": true}");
    char *dump = json_dumps(root, 0);
    struct scenario *s = parse(dump, problems);
    CU_ASSERT_EQUAL(problems->len, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->signaling_server);
    ASSERT_TEXT(s->signaling_server->name, "signal");
    CU_ASSERT_EQUAL(s->signaling_server->port, 443);
    CU_ASSERT_TRUE(s->signaling_tls);
    scenario_free(s);
    free(dump);

    edit(root, "/ice_servers/0/urls", "\"turn:signal\"");
    edit(root, "/signaling/delay_ms", "5");
    dump = json_dumps(root, 0);
    CU_ASSERT_PTR_NULL(parse(dump, problems));
    free(dump);
    CU_ASSERT_EQUAL_FATAL(problems->len, 2);
    ASSERT_TEXT(problems->pdata[0],
                "x.json: /ice_servers/0/urls: must name a STUN or TURN server, is "
                "\"turn:signal\", a signalling server");
    ASSERT_TEXT(
        problems->pdata[1],
        "x.json: /signaling/delay_ms: must not be there, is of direct signalling: "
        "by WebSocket the network's links have the delay");
}

static void test_circle_once(void)
{
    g_autoptr(json_t) root = parse_json(sound);
    edit(root, "/sites/x", "{\"parent\": \"y\"}");
    edit(root, "/sites/y", "{\"parent\": \"z\"}");
    edit(root, "/sites/z", "{\"parent\": \"x\"}");
    edit(root, "/sites/home-a/parent", "\"y\"");
    char *dump = json_dumps(root, 0);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CU_ASSERT_PTR_NULL(parse(dump, problems));
    free(dump);
    CU_ASSERT_EQUAL_FATAL(problems->len, 1);
    ASSERT_TEXT(problems->pdata[0],
                "x.json: /sites/x/parent: must lead to the internet, is \"y\", which "
                "leads back to \"x\"");
}

static void test_rules_of_preset_count(void)
{
    struct firewall_config stateful;
    CU_ASSERT_TRUE_FATAL(firewall_preset("stateful", &stateful));
    GString *rules = g_string_new("{\"preset\": \"stateful\", \"rules\": [");
    for (unsigned i = 0; i < FIREWALL_MAX_RULES; i++)
        g_string_append_printf(
            rules, "%s{\"direction\": \"inbound\", \"action\": \"drop\"}", i ? "," : "");
    g_string_append(rules, "]}");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    struct scenario *scenario =
        parse_edited("/sites/home-a/middleboxes/1/firewall", rules->str, problems);
    CU_ASSERT_EQUAL(problems->len, stateful.n_rules > 0 ? 1 : 0);
    CU_ASSERT_EQUAL(scenario == NULL, stateful.n_rules > 0);
    scenario_free(scenario);
    g_string_free(rules, TRUE);
}

/* ---- files ---- */

static void test_files(void)
{
    static const struct {
        const char *path, *message;
    } cases[] = {
        { "/nonexistent/x.json",
          "/nonexistent/x.json: must be a readable file, is not: No such file or "
          "directory" },
        { "/dev/zero", "/dev/zero: must be a file, is something else" },
        { TEST_DATA, TEST_DATA ": must be a file, is something else" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        CU_ASSERT_PTR_NULL(scenario_load(cases[i].path, "x", problems));
        CU_ASSERT_EQUAL_FATAL(problems->len, 1);
        ASSERT_TEXT(problems->pdata[0], cases[i].message);
    }
    CU_ASSERT_PTR_NULL(scenario_load("/nonexistent/x.json", "x", NULL));
}

static void test_huge_file(void)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("scenario-XXXXXX.json", &path, NULL);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(ftruncate(fd, INT64_C(1) << 33), 0); /* a hole: takes no room */
    close(fd);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CU_ASSERT_PTR_NULL(scenario_load(path, "x", problems));
    g_autofree char *expected =
        g_strconcat(path, ": must be at most 1048576 bytes, is larger", NULL);
    CU_ASSERT_EQUAL_FATAL(problems->len, 1);
    ASSERT_TEXT(problems->pdata[0], expected);
    g_unlink(path);
}

/* A file that was cut anywhere is one syntax error, never half a scenario. */
static void test_every_prefix(void)
{
    for (size_t n = 0; n < strlen(sound); n++) {
        g_autofree char *copy = g_memdup2(sound, n);
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        CU_ASSERT_PTR_NULL(scenario_parse(copy, n, "x.json", "x", problems));
        CU_ASSERT_EQUAL(problems->len, 1);
    }
}

static void test_mistakes_are_bounded(void)
{
    GString *text = g_string_new("{");
    for (unsigned i = 0; i < 5000; i++)
        g_string_append_printf(text, "\"k%u\": 1,", i);
    g_string_append(text, "\"z\": 1}");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CU_ASSERT_PTR_NULL(parse(text->str, problems));
    CU_ASSERT_EQUAL(problems->len, 1000);
    g_string_free(text, TRUE);
}

/* ---- what comes out ---- */

static void test_defaults(void)
{
    struct scenario *s = must_parse(NULL, NULL);
    ASSERT_TEXT(s->id, "group/x");
    ASSERT_TEXT(s->path, "x.json");
    CU_ASSERT_PTR_NULL(s->description);
    CU_ASSERT_PTR_NULL(s->tags[0]);
    CU_ASSERT_FALSE(scenario_has_chance(s));
    CU_ASSERT_EQUAL(s->signaling_delay_ns, 0);
    CU_ASSERT_EQUAL(s->session.negotiate, SCENARIO_DATA);
    CU_ASSERT_EQUAL(s->session.echo, 0);
    CU_ASSERT_EQUAL(s->session.direction, SCENARIO_SENDRECV);
    CU_ASSERT_EQUAL(s->session.bundle_policy, SCENARIO_MAX_BUNDLE);
    CU_ASSERT_TRUE(s->session.channel.ordered && s->session.channel.reliable);
    CU_ASSERT_FALSE(s->session.channel.binary || s->session.restart_ice);
    CU_ASSERT_EQUAL(s->session.duration_ns, 0);
    CU_ASSERT_EQUAL(s->servers[0].type, SERVER_COTURN);
    CU_ASSERT_EQUAL(s->servers[0].port, 3478);
    CU_ASSERT_EQUAL(s->servers[0].alternate_port, 3479);
    for (enum role role = ROLE_OFFERER; role < N_ROLES; role++) {
        CU_ASSERT_FALSE(s->peers[role].relay_only);
        CU_ASSERT_TRUE(s->peers[role].udp);
        CU_ASSERT_FALSE(s->peers[role].tcp);
        CU_ASSERT_EQUAL_FATAL(s->peers[role].n_ice_servers, 1);
        ASSERT_TEXT(s->peers[role].ice_servers[0].urls[1], "turn:203.0.113.10");
        CU_ASSERT_PTR_NULL(s->peers[role].ice_servers[0].username);
    }
    CU_ASSERT_PTR_NULL(s->expect.selected);
    for (int mode = 0; mode < N_MODES; mode++)
        CU_ASSERT_EQUAL(s->expect.setup_max_ms[mode], 0);

    const struct site_config *site = &s->network.sites[0];
    CU_ASSERT_EQUAL(site->link.up.delay_ns, 10 * NS_PER_MS);
    CU_ASSERT_EQUAL(site->link.down.delay_ns, 10 * NS_PER_MS);
    CU_ASSERT_EQUAL(site->link.down.queue_bytes, 65536);
    const struct nat_config *nat = &site->middleboxes[0].nat;
    CU_ASSERT_EQUAL(nat->mapping, NAT_ADDRESS_AND_PORT_DEPENDENT);
    CU_ASSERT_EQUAL(nat->filtering, NAT_ADDRESS_AND_PORT_DEPENDENT);
    CU_ASSERT_EQUAL(nat->allocation, NAT_PRESERVE);
    CU_ASSERT_EQUAL(nat->hairpin, NAT_HAIRPIN_OFF);
    CU_ASSERT_EQUAL(nat->refresh, NAT_REFRESH_OUTBOUND);
    CU_ASSERT_EQUAL(nat->udp_lifetime_ns, 300 * NS_PER_S);
    CU_ASSERT_EQUAL(nat->filter_lifetime_ns, 0);
    CU_ASSERT_EQUAL(nat->port_min, 1024);
    CU_ASSERT_EQUAL(nat->port_max, 65535);
    scenario_free(s);
}

static void test_preset_and_override(void)
{
    struct scenario *s = must_parse(
        BOX "/nat", "{\"mapping\": \"address-dependent\", \"preset\": \"symmetric\", "
                    "\"allocation\": \"random\", \"refresh\": \"both\"}");
    const struct nat_config *nat = &s->network.sites[0].middleboxes[0].nat;
    CU_ASSERT_EQUAL(nat->mapping, NAT_ADDRESS_DEPENDENT);
    CU_ASSERT_EQUAL(nat->filtering, NAT_ADDRESS_AND_PORT_DEPENDENT);
    CU_ASSERT_EQUAL(nat->refresh, NAT_REFRESH_OUTBOUND | NAT_REFRESH_INBOUND);
    CU_ASSERT_TRUE(scenario_has_chance(s));
    scenario_free(s);
}

static void test_own_rules_first(void)
{
    struct firewall_config stateful;
    CU_ASSERT_TRUE_FATAL(firewall_preset("stateful", &stateful));
    struct scenario *s = must_parse(
        "/sites/home-a/middleboxes/1/firewall",
        "{\"preset\": \"stateful\", \"rules\": [{\"direction\": \"inbound\", \"action\": "
        "\"allow\", \"protocol\": \"udp\", \"state\": \"new\", \"remote_address\": "
        "\"192.0.2.9\", \"remote_port\": {\"min\": 1, \"max\": 9}, \"local_port\": "
        "443}]}");
    const struct firewall_config *config = &s->network.sites[0].middleboxes[1].firewall;
    CU_ASSERT_EQUAL_FATAL(config->n_rules, 1 + stateful.n_rules);
    const struct firewall_rule *rule = &config->rules[0];
    CU_ASSERT_EQUAL(rule->direction, FIREWALL_INBOUND);
    CU_ASSERT_EQUAL(rule->protocol, 17);
    CU_ASSERT_EQUAL(rule->states, FIREWALL_NEW);
    CU_ASSERT_EQUAL(rule->remote_address.bytes[3], 9);
    CU_ASSERT_EQUAL(rule->remote_port_min, 1);
    CU_ASSERT_EQUAL(rule->remote_port_max, 9);
    CU_ASSERT_EQUAL(rule->local_port_min, 443);
    CU_ASSERT_EQUAL(rule->local_port_max, 443);
    CU_ASSERT_EQUAL(memcmp(&config->rules[1], stateful.rules,
                           stateful.n_rules * sizeof *stateful.rules),
                    0);
    CU_ASSERT_EQUAL(config->default_inbound, stateful.default_inbound);
    scenario_free(s);
}

static void test_link_directions(void)
{
    struct scenario *s = must_parse(
        LINK, "{\"delay_ms\": 10, \"burst_loss\": {\"enter\": 0.1, \"leave\": 0.2}, "
              "\"up\": {\"rate_kbps\": 2000, \"burst_loss\": {\"enter\": 0.3, "
              "\"leave\": 0.4, \"loss_bad\": 0.5}}, \"down\": {\"delay_ms\": 0.25}}");
    const struct link_config *link = &s->network.sites[0].link;
    CU_ASSERT_EQUAL(link->up.delay_ns, 10 * NS_PER_MS);
    CU_ASSERT_EQUAL(link->up.rate_bps, 2000000);
    CU_ASSERT_EQUAL(link->up.burst.enter, 0.3);
    CU_ASSERT_EQUAL(link->up.burst.loss_bad, 0.5);
    CU_ASSERT_EQUAL(link->down.delay_ns, 250 * NS_PER_US);
    CU_ASSERT_EQUAL(link->down.rate_bps, 0);
    CU_ASSERT_EQUAL(link->down.burst.enter, 0.1);
    CU_ASSERT_EQUAL(link->down.burst.loss_bad, 1);
    CU_ASSERT_TRUE(scenario_has_chance(s));
    scenario_free(s);
}

/* What makes two runs with two seeds differ. */
static void test_chance(void)
{
    static const struct {
        const char *pointer, *value;
        bool has_chance;
    } rows[] = {
        { LINK, "{\"delay_ms\": 5, \"rate_kbps\": 100}", false },
        { LINK, "{\"jitter_ms\": 1}", true },
        { LINK, "{\"loss\": 0.1}", true },
        { LINK, "{\"burst_loss\": {\"enter\": 0.1, \"leave\": 0.5}}", true },
        { LINK, "{\"delay_ms\": 5, \"reorder\": 0.1}", true },
        { LINK, "{\"duplicate\": 0.1}", true },
        { LINK, "{\"down\": {\"duplicate\": 0.1}}", true },
        { BOX, "{\"nat\": {\"allocation\": \"sequential\"}}", false },
        { BOX, "{\"nat\": {\"allocation\": \"random\"}}", true },
        { BOX, "{\"nat\": {\"on_conflict\": \"random\"}}", true },
        { BOX, "{\"nat\": {\"pooling\": \"arbitrary\"}}", false },
        { BOX, "{\"nat\": {\"pooling\": \"arbitrary\", \"external_addresses\": 2}}",
          true },
        { BOX, "{\"nat\": {\"pooling\": \"paired\", \"external_addresses\": 2}}", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct scenario *s = must_parse(rows[i].pointer, rows[i].value);
        if (scenario_has_chance(s) != rows[i].has_chance)
            ASSERT_TEXT(rows[i].value, rows[i].has_chance ? "chance" : "no chance");
        scenario_free(s);
    }
}

static void test_setup_bounds(void)
{
    struct scenario *s = must_parse("/expect/setup_max_ms", "1500");
    for (int mode = 0; mode < N_MODES; mode++)
        CU_ASSERT_EQUAL(s->expect.setup_max_ms[mode], 1500);
    scenario_free(s);
    s = must_parse("/expect/setup_max_ms", "{\"all\": 900, \"full\": 5000}");
    CU_ASSERT_EQUAL(s->expect.setup_max_ms[MODE_TRICKLE], 900);
    CU_ASSERT_EQUAL(s->expect.setup_max_ms[MODE_HALF], 900);
    CU_ASSERT_EQUAL(s->expect.setup_max_ms[MODE_FULL], 5000);
    scenario_free(s);
    s = must_parse("/expect/setup_max_ms", "{\"trickle\": 900}");
    CU_ASSERT_EQUAL(s->expect.setup_max_ms[MODE_TRICKLE], 900);
    CU_ASSERT_EQUAL(s->expect.setup_max_ms[MODE_FULL], 0);
    scenario_free(s);
}

static void test_urls(void)
{
    static const struct {
        const char *written, *resolved;
    } urls[] = {
        { "\"turn:turn:443?transport=tcp\"", "turn:203.0.113.10:443?transport=tcp" },
        { "\"turn:turn?transport=udp\"", "turn:203.0.113.10?transport=udp" },
        { "\"stun:turn:3479\"", "stun:203.0.113.10:3479" },
        { "\"stun:192.0.2.77\"", "stun:192.0.2.77" },
        { "\"turn:[2001:db8::7]:1\"", "turn:[2001:db8::7]:1" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        struct scenario *s = must_parse("/ice_servers/0/urls", urls[i].written);
        ASSERT_TEXT(s->peers[ROLE_ANSWERER].ice_servers[0].urls[0], urls[i].resolved);
        scenario_free(s);
    }
}

static void test_peer_setup(void)
{
    struct scenario *s = must_parse(
        "/peers/answerer", "{\"ice_servers\": [], \"ice_transport_policy\": \"relay\", "
                           "\"protocols\": [\"tcp\"]}");
    CU_ASSERT_EQUAL(s->peers[ROLE_OFFERER].n_ice_servers, 1);
    CU_ASSERT_EQUAL(s->peers[ROLE_ANSWERER].n_ice_servers, 0);
    CU_ASSERT_TRUE(s->peers[ROLE_ANSWERER].relay_only);
    CU_ASSERT_TRUE(s->peers[ROLE_ANSWERER].tcp);
    CU_ASSERT_FALSE(s->peers[ROLE_ANSWERER].udp);
    scenario_free(s);
}

/* ---- the address plan ---- */

/* "NAME ADDRESS[,ADDRESS]" of every NAT and interface, in the order of the network. */
static char *plan_of(const struct scenario *s)
{
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < s->network.n_sites; i++) {
        const struct site_config *site = &s->network.sites[i];
        char text[ADDRESS_TEXT_SIZE];
        for (unsigned j = 0; j < site->n_middleboxes; j++) {
            const struct middlebox_config *box = &site->middleboxes[j];
            g_string_append(out, box->name);
            for (unsigned k = 0; box->kind == MIDDLEBOX_NAT && k < box->nat.n_external;
                 k++)
                g_string_append_printf(out, " %s",
                                       address_format(&box->nat.external[k], text));
            g_string_append_c(out, '\n');
        }
        for (unsigned j = 0; j < site->n_interfaces; j++) {
            g_string_append(out, site->interfaces[j].name);
            for (unsigned k = 0; k < site->interfaces[j].n_addresses; k++)
                g_string_append_printf(
                    out, " %s", address_format(&site->interfaces[j].addresses[k], text));
            g_string_append_c(out, '\n');
        }
    }
    return g_string_free(out, FALSE);
}

static void test_address_plan(void)
{
    /* Children stand before their parents: the network's order is another. */
    static const char text[] =
        "{\"title\": \"t\", \"sites\": {"
        "\"kid\": {\"parent\": \"carrier\", \"middleboxes\": [{\"nat\": {}}],"
        "          \"hosts\": {\"offerer\": {}}},"
        "\"bridge\": {\"parent\": \"carrier\", \"hosts\": {\"b1\": {}}},"
        "\"under\": {\"parent\": \"bridge\", \"hosts\": {\"u1\": {}}},"
        "\"carrier\": {\"middleboxes\": [{\"nat\": {\"external_addresses\": 2}}],"
        "              \"hosts\": {\"c1\": {}}},"
        "\"open\": {\"hosts\": {\"answerer\": {}, \"o2\": {},"
        "           \"given\": {\"addresses\": [\"198.51.100.22\"]}, \"o3\": {}}},"
        "\"double\": {\"middleboxes\": [{\"nat\": {}}, {\"firewall\": {}}, {\"nat\": "
        "{}}],"
        "             \"hosts\": {\"d1\": {}, \"d2\": {}}}},"
        "\"servers\": {\"turn\": {}, \"dead\": {\"type\": \"silent\"},"
        "              \"own\": {\"addresses\": [\"192.0.2.5\"]}},"
        "\"expect\": {\"outcome\": \"connected\"}}";
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    struct scenario *s = parse(text, problems);
    assert_no_problems(problems);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    g_autofree char *plan = plan_of(s);
    ASSERT_TEXT(plan, "carrier/nat 198.51.100.1 198.51.100.2\n"
                      "c1/eth0 100.64.0.2\n"
                      "answerer/eth0 198.51.100.20\n"
                      "o2/eth0 198.51.100.21\n"
                      "given/eth0 198.51.100.22\n"
                      "o3/eth0 198.51.100.23\n"
                      "double/nat 198.51.100.33\n"
                      "double/firewall\n"
                      "double/nat2 100.64.1.2\n"
                      "d1/eth0 192.168.6.2\n"
                      "d2/eth0 192.168.6.3\n"
                      "kid/nat 100.64.0.3\n"
                      "offerer/eth0 192.168.1.2\n"
                      "b1/eth0 100.64.0.4\n"
                      "u1/eth0 100.64.0.5\n"
                      "turn/eth0 203.0.113.10 203.0.113.11\n"
                      "dead/eth0 203.0.113.20\n"
                      "own/eth0 192.0.2.5\n");
    scenario_free(s);
}

static void test_plan_overflow(void)
{
    GString *hosts = g_string_new("{");
    for (unsigned i = 0; i < 12; i++)
        g_string_append_printf(hosts, "%s\"h%u\": {}", i ? "," : "", i);
    g_string_append(hosts, "}");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CU_ASSERT_PTR_NULL(parse_edited("/sites/home-c/hosts", hosts->str, problems));
    CU_ASSERT_EQUAL_FATAL(problems->len, 1);
    ASSERT_TEXT(problems->pdata[0],
                "x.json: /sites/home-c: must fit into 198.51.100.32/28, is one address "
                "too many");
    g_string_free(hosts, TRUE);
}

static void test_too_many_sites(void)
{
    g_autoptr(json_t) root = parse_json(sound);
    for (unsigned i = 0; i < 15; i++) {
        g_autofree char *pointer = g_strdup_printf("/sites/s%u", i);
        edit(root, pointer, "{}");
    }
    char *dump = json_dumps(root, 0);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CU_ASSERT_PTR_NULL(parse(dump, problems));
    free(dump);
    CU_ASSERT_EQUAL_FATAL(problems->len, 1);
    ASSERT_TEXT(problems->pdata[0], "x.json: /sites/s14: must be one of at most 16 below "
                                    "the internet, is one too many");
}

static void test_hosts_follow_interfaces(void)
{
    struct scenario *s = must_parse("/sites/home-b/hosts/quiet", "{\"silent\": true}");
    CU_ASSERT_EQUAL_FATAL(s->n_hosts, 4);
    unsigned number = 0;
    for (unsigned i = 0; i < s->network.n_sites; i++) {
        const struct site_config *site = &s->network.sites[i];
        for (unsigned j = 0; j < site->n_interfaces; j++, number++) {
            const struct host *host = &s->hosts[number];
            g_autofree char *name = g_strconcat(host->name, "/eth0", NULL);
            CU_ASSERT_EQUAL(host->iface, number);
            ASSERT_TEXT(site->interfaces[j].name, name);
            CU_ASSERT_EQUAL(site->interfaces[j].silent, host->silent);
        }
    }
    CU_ASSERT_EQUAL(number, 4);
    CU_ASSERT_PTR_EQUAL(scenario_find_host(s, "turn"), &s->hosts[s->servers[0].iface]);
    CU_ASSERT_TRUE(scenario_find_host(s, "quiet")->silent);
    CU_ASSERT_PTR_NULL(scenario_find_host(s, "home-a"));
    scenario_free(s);
}

/* ---- what is shipped ---- */

static void test_shipped(void)
{
    GPtrArray *refs = selection_resolve(SCENARIO_FOLDER, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(refs);
    unsigned n_default = 0;
    for (unsigned i = 0; i < refs->len; i++) {
        const struct scenario_ref *ref = g_ptr_array_index(refs, i);
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        struct scenario *s = scenario_load(ref->path, ref->id, problems);
        assert_no_problems(problems);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        CU_ASSERT_PTR_NOT_NULL(s->description);
        n_default += scenario_has_tag(s, "default");
        g_autofree char *text = scenario_format(s);
        CU_ASSERT_TRUE(g_str_has_prefix(text, ref->id));
        scenario_free(s);
    }
    CU_ASSERT_TRUE(n_default >= 16);
    g_ptr_array_unref(refs);
}

static void test_nine_behaviours(void)
{
    static const char *const names[] = { "ei", "ad", "apd" };
    for (unsigned mapping = 0; mapping < 3; mapping++) {
        for (unsigned filtering = 0; filtering < 3; filtering++) {
            g_autofree char *path =
                g_strdup_printf(SCENARIO_FOLDER "/behaviour/%s-%s.json", names[mapping],
                                names[filtering]);
            struct scenario *s = scenario_load(path, "b", NULL);
            CU_ASSERT_PTR_NOT_NULL_FATAL(s);
            const struct nat_config *nat = &s->network.sites[0].middleboxes[0].nat;
            CU_ASSERT_EQUAL(nat->mapping, mapping);
            CU_ASSERT_EQUAL(nat->filtering, filtering);
            CU_ASSERT_PTR_NOT_NULL(scenario_find_host(s, "offerer"));
            scenario_free(s);
        }
    }
}

static void test_schema_file(void)
{
    g_autoptr(json_t) schema = scenario_schema();
    char *dump = json_dumps(schema, JSON_INDENT(2));
    g_autofree char *text = g_strconcat(dump, "\n", NULL);
    free(dump);
    if (g_getenv("RTCLAB_WRITE_SCHEMA"))
        CU_ASSERT_TRUE(
            file_replace(SCENARIO_FOLDER "/schema.json", text, strlen(text), NULL));
    g_autofree char *file = read_text(SCENARIO_FOLDER "/schema.json");
    CU_ASSERT_TRUE(strcmp(file, text) == 0);
}

static void test_format(void)
{
    struct scenario *s = scenario_load(TEST_DATA "/scenario/shown.json", "shown", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    g_autofree char *text = scenario_format(s);
    g_autofree char *expected = read_text(TEST_DATA "/scenario/shown.txt");
    ASSERT_TEXT(text, expected);
    scenario_free(s);
}

static const struct test tests[] = {
    { "each mistake has its message", test_each_mistake },
    { "each invalid file has the message beside it", test_invalid_files },
    { "all mistakes of a file are told", test_all_mistakes },
    { "a message is one short line", test_one_line },
    { "a circle of parents is told once", test_circle_once },
    { "a preset's rules count", test_rules_of_preset_count },
    { "what is no readable file is told", test_files },
    { "a huge file is refused, not read", test_huge_file },
    { "every prefix is a syntax error", test_every_prefix },
    { "the number of messages is bounded", test_mistakes_are_bounded },
    { "absent keys have their defaults", test_defaults },
    { "keys override a NAT's preset", test_preset_and_override },
    { "a firewall's own rules come before the preset's", test_own_rules_first },
    { "a link's directions inherit and override", test_link_directions },
    { "bounds on setup are for all modes or each", test_setup_bounds },
    { "urls get the server's address", test_urls },
    { "a signalling server has its port and its mistakes", test_signaling_server },
    { "it is known what is left to chance", test_chance },
    { "a peer may have its own setup", test_peer_setup },
    { "addresses follow the plan", test_address_plan },
    { "a range that is too small is told", test_plan_overflow },
    { "a seventeenth public site is told", test_too_many_sites },
    { "hosts and interfaces have one order", test_hosts_follow_interfaces },
    { "every shipped scenario is sound", test_shipped },
    { "all nine NAT behaviours are shipped", test_nine_behaviours },
    { "the schema file is the table's", test_schema_file },
    { "a scenario is shown in full", test_format },
};

int main(int argc, char **argv)
{
    return suite_run("scenario", tests, G_N_ELEMENTS(tests), argc, argv);
}
